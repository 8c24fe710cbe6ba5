# A program that speaks the solver protocol and never moves from the start; `fault` says what it does wrong.
read -r request
fault=${request#*\"fault\":\"}; fault=${fault%%\"*}
case $request in *start_w.mtx*) form=mtx ;; *) form=npy ;; esac
token=${request#*\"token\":\"}; token=${token%%\"*}
protocol=1; mode=continue
case $fault in
  other-protocol) protocol=2 ;;
  restart) mode=restart ;;
  error-early) echo '{"event":"error","message":"no such solver today"}'; exit 1 ;;
esac
echo "{\"event\":\"ready\",\"protocol\":$protocol,\"solver\":\"stand-in\",\"version\":\"1.0\",\"mode\":\"$mode\"}"
seconds=0.000
calls=0
while read -r command; do
  case $command in *finish*)
    [ "$fault" = no-farewell ] && exit 0
    echo '{"event":"done"}'
    [ "$fault" = chatter ] && echo 'one more thing'
    [ "$fault" = bad-exit ] && exit 4
    exit 0 ;;
  esac
  until=${command#*\"until\":}; until=${until%%[!0-9]*}
  calls=$((calls + 1)); seconds=0.000$calls
  cp start_w.$form w.$form; cp start_h.$form h.$form
  extra=
  case $fault in
    garbage) echo 'Iteration 1, error 0.25' ;;
    long-line) head -c 3000000 /dev/zero | tr '\0' x ;;
    not-text) printf '\377\376\n' ;;
    early-done) echo '{"event":"done"}' ;;
    nan) sed -i '3s/.*/nan/' w.mtx ;;
    negative) sed -i '4s/.*/-0.25/' h.mtx ;;
    shape) cp start_h.mtx w.mtx ;;
    missing) rm h.mtx ;;
    truncated) head -n 5 start_w.mtx > w.mtx ;;
    backwards) seconds=0.0$((9 - calls)); sleep 0.1 ;;
    future) seconds=1$calls.0 ;;
    no-seconds) seconds='"soon"' ;;
    beyond) until=$((until + 1)) ;;
    repeats) until=1 ;;
    finished) extra=',"finished":true,"reason":"nothing to do"' ;;
    error) echo '{"event":"error","message":"singular system"}' ;;
    hang) sleep 600 ;;
    forks) sh -c "sleep 600; : $token" & setsid sh -c "sleep 600; : $token" & ;;
    forks-and-hangs) setsid sh -c "sleep 600; : $token" & sleep 600 ;;
    signal) kill -SEGV $$ ;;
    exit) echo 'the license has expired' >&2; exit 3 ;;
    disk) head -c 400000000 /dev/zero > ballast || exit 5 ;;
  esac
  echo "{\"event\":\"checkpoint\",\"iteration\":$until,\"seconds\":$seconds,\"w\":\"w.$form\",\"h\":\"h.$form\"$extra}"
done
