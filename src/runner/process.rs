//! One run in a process of its own: started, watched, ended.
//!
//! A crash, a runaway step or the out-of-memory killer then ends one run and not the sweep, and peak memory is the run's
//! own. The child sits in a process group of its own, so that Ctrl-C reaches only this program, and it ends when the
//! pipe to its standard input closes, so that it never outlives it.

use crate::results::record::{Checkpoint, ProgramFacts, Status};
use crate::runner::protocol::{Done, Event, Request};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How a run's process ended.
pub(crate) struct Outcome {
    pub(crate) trace: Vec<Checkpoint>,
    /// The program of another language that solves, if one does and got as far as saying so.
    pub(crate) program: Option<ProgramFacts>,
    pub(crate) end: End,
    /// The end of what was said on standard error.
    pub(crate) stderr: String,
}

pub(crate) enum End {
    /// It said so itself.
    Done(Box<Done>),
    /// It did not get that far: status and reason.
    Cut(Status, String),
}

/// What a child may be told while it runs.
pub(crate) struct Watch<'a> {
    /// Wall time after which it is killed.
    pub(crate) limit: Option<Duration>,
    /// True once the user wants to stop.
    pub(crate) interrupted: &'a dyn Fn() -> bool,
    /// Called at each look.
    pub(crate) look: &'a mut dyn FnMut(&Checkpoint),
}

/// How often an interrupt and the limit are looked at.
const TICK: Duration = Duration::from_millis(50);
/// Lines of standard error that are kept, and bytes of them.
const KEPT_LINES: usize = 12;
const KEPT_BYTES: usize = 8192;

/// Runs `command` for one request.
///
/// # Errors
/// When the process cannot be started or spoken to at all.
pub(crate) fn execute(mut command: Command, request: &Request, watch: &mut Watch<'_>) -> std::io::Result<Outcome> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut guard = Guard { child: command.spawn()?, ended: false };
    let child = &mut guard.child;
    let mut stdin = child.stdin.take().expect("piped");
    let text = serde_json::to_string(request).expect("a request is plain data");
    // A child that dies at once breaks the pipe; its end then says why.
    let _ = writeln!(stdin, "{text}").and_then(|()| stdin.flush());
    let lines = read_lines(child.stdout.take().expect("piped"));
    let errors = Tail::of(child.stderr.take().expect("piped"));

    let began = Instant::now();
    let mut trace = Vec::new();
    let mut program = None;
    let mut done = None;
    let mut cut = None;
    loop {
        match lines.recv_timeout(TICK) {
            Ok(line) => match serde_json::from_str(&line) {
                Ok(Event::Checkpoint(look)) => {
                    (watch.look)(&look);
                    trace.push(look);
                }
                Ok(Event::Ready(facts)) => program = Some(facts),
                Ok(Event::Done(end)) => done = Some(Box::new(end)),
                Err(e) => {
                    cut = Some((Status::Crashed, format!("the run said something that is no report: {e}")));
                    break;
                }
            },
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if (watch.interrupted)() {
            cut = Some((Status::Interrupted, "stopped by the user".into()));
            break;
        }
        if let Some(limit) = watch.limit.filter(|limit| began.elapsed() > *limit) {
            cut = Some((Status::Timeout, format!("wall limit of {:.0} s", limit.as_secs_f64())));
            break;
        }
    }
    drop(stdin);
    let exit = guard.end(cut.is_none())?;
    let stderr = errors.text();
    let end = match (cut, done) {
        (Some((status, reason)), _) => End::Cut(status, reason),
        (None, Some(done)) if exit.success() => End::Done(done),
        _ => {
            let (status, reason) = why(exit, &stderr);
            End::Cut(status, reason)
        }
    };
    Ok(Outcome { trace, program, end, stderr })
}

/// How long a run's process may take to end by itself, with whatever it has started.
const GRACE: Duration = Duration::from_secs(2);

/// Ends the process, and its group with it, also when the runner leaves early.
struct Guard {
    child: Child,
    ended: bool,
}

impl Guard {
    /// Waits for the process, for ever where it is ending well, and ends what is left of its group.
    fn end(&mut self, well: bool) -> std::io::Result<ExitStatus> {
        let began = Instant::now();
        while !self.exited() && (well || began.elapsed() < GRACE) {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.end_group();
        self.ended = true;
        self.child.wait()
    }

    /// Whether it has ended; it keeps its number, and its group, until it is waited for.
    fn exited(&self) -> bool {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        self.pid().is_none_or(|pid| !matches!(waitid(WaitId::Pid(pid), options), Ok(None)))
    }

    fn end_group(&self) {
        if let Some(pid) = self.pid() {
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
    }

    fn pid(&self) -> Option<rustix::process::Pid> {
        rustix::process::Pid::from_raw(i32::try_from(self.child.id()).ok()?)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.ended {
            self.end_group();
            let _ = self.child.wait();
        }
    }
}

/// Lines as they come; the channel closes at the end of the stream.
fn read_lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { break };
            if send.send(line).is_err() {
                break;
            }
        }
    });
    receive
}

/// The end of a stream of text, whatever its length.
struct Tail(Arc<Mutex<VecDeque<u8>>>, Receiver<()>);

impl Tail {
    fn of(mut stream: impl Read + Send + 'static) -> Self {
        let kept = Arc::new(Mutex::new(VecDeque::new()));
        let (send, ended) = channel();
        let tail = Tail(Arc::clone(&kept), ended);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.extend(&buffer[..count]);
                let surplus = kept.len().saturating_sub(KEPT_BYTES);
                kept.drain(..surplus);
            }
            let _ = send.send(());
        });
        tail
    }

    /// What has come so far; the stream may be held open by a process that nobody knows of.
    fn text(self) -> String {
        let _ = self.1.recv_timeout(Duration::from_millis(500));
        let kept: Vec<u8> = self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        let text = String::from_utf8_lossy(&kept).trim_end().to_owned();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(KEPT_LINES)..].join("\n")
    }
}

/// What an exit without a report means.
fn why(exit: ExitStatus, said: &str) -> (Status, String) {
    let out_of_memory = said.contains("memory allocation of");
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&exit) {
        const KILL: i32 = 9;
        if signal == KILL {
            let reason = "killed by the system, most likely for lack of memory (signal 9)";
            return (Status::OutOfMemory, reason.into());
        }
        let status = if out_of_memory { Status::OutOfMemory } else { Status::Crashed };
        return (status, format!("ended by signal {signal}: {said}"));
    }
    let status = if out_of_memory { Status::OutOfMemory } else { Status::Crashed };
    (status, format!("ended with {exit}: {said}"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::experiment::Timing;
    use nmfbench_algorithms::{Schedule, Stop};

    fn request() -> Request {
        Request {
            matrix: "a".into(),
            weights: None,
            start: "s".into(),
            rank: 1,
            objective: nmfbench_algorithms::Objective::Frobenius,
            algorithm: "mu".into(),
            parameters: serde_json::Map::new(),
            precision: "f64".into(),
            threads: 1,
            key: [0; 32],
            stop: Stop::default(),
            schedule: Schedule::default(),
            timing: Timing::Paused,
            factors: None,
            program: None,
        }
    }

    /// A stand-in child: a shell script.
    fn run(script: &str, limit: Option<f64>, interrupted: bool) -> Outcome {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let limit = limit.map(Duration::from_secs_f64);
        let mut look = |_: &Checkpoint| {};
        execute(command, &request(), &mut Watch { limit, interrupted: &|| interrupted, look: &mut look })
            .expect("a shell")
    }

    fn cut(outcome: Outcome) -> (Status, String) {
        match outcome.end {
            End::Cut(status, reason) => (status, reason),
            End::Done(_) => panic!("the script says nothing"),
        }
    }

    const LOOK: &str = r#"{"event":"checkpoint","iteration":0,"seconds":0.0,"cpu_seconds":0.0,"flops":0.0,"passes":0.0,"objective":1.0,"relative_error":null,"kkt_residual":1.0,"sparseness_w":0.0,"sparseness_h":0.0,"dead_components":0,"repairs":0}"#;

    #[test]
    fn a_report_is_taken_as_it_is() {
        let done = r#"{"event":"done","status":"budget","reason":"iterations","iterations":1,"setup_seconds":0.0,"seconds":1.0,"cpu_seconds":1.0,"evaluation_seconds":0.0,"peak_memory_bytes":null,"factors":null}"#;
        let outcome = run(&format!("read x; echo '{LOOK}'; echo '{done}'"), None, false);
        assert_eq!(outcome.trace.len(), 1);
        assert!(outcome.trace[0].relative_error.is_nan());
        let End::Done(done) = outcome.end else { panic!("the script says that it is done") };
        assert_eq!((done.iterations, done.status), (1, Status::Budget));
    }

    #[test]
    fn each_bad_end_has_its_reason() {
        let (status, reason) = cut(run("echo broken pump >&2; exit 3", None, false));
        assert_eq!(status, Status::Crashed);
        assert!(reason.contains('3') && reason.contains("broken pump"), "{reason}");
        let (status, reason) = cut(run("kill -SEGV $$", None, false));
        assert!(status == Status::Crashed && reason.contains("signal 11"), "{reason}");
        assert_eq!(cut(run("kill -KILL $$", None, false)).0, Status::OutOfMemory);
        let (status, _) = cut(run("echo memory allocation of 99 bytes failed >&2; kill -ABRT $$", None, false));
        assert_eq!(status, Status::OutOfMemory);
        let (status, reason) = cut(run("echo hello", None, false));
        assert!(status == Status::Crashed && reason.contains("no report"), "{reason}");
        // It reports a look and then vanishes without an end.
        let outcome = run(&format!("echo '{LOOK}'"), None, false);
        assert_eq!((outcome.trace.len(), cut(outcome).0), (1, Status::Crashed));
    }

    #[test]
    fn limits_and_interrupts_end_a_child_that_does_not_return() {
        let began = Instant::now();
        assert_eq!(cut(run("sleep 60", Some(0.2), false)).0, Status::Timeout);
        assert_eq!(cut(run("sleep 60", None, true)).0, Status::Interrupted);
        assert!(began.elapsed() < Duration::from_secs(30), "the children were waited for");
    }
}
