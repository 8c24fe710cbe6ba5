// What is computed over all visible problems: time to the target, distributions, everybody against everybody, ends.

let visible = [];

function table(head, rows, caption) {
  const body = rows.map(row => element("tr", {}, ...row.map((value, i) => {
    const content = value instanceof Node ? value : document.createTextNode(value);
    return element(i ? "td" : "th", i ? {} : { scope: "row" }, content);
  })));
  return element("div", { class: "wide" }, element("table", {}, caption ? element("caption", {}, caption) : null,
    element("thead", {}, element("tr", {}, ...head.map(name => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...body)));
}

const named = label => element("span", { class: "named" }, swatch(label), ` ${label}`);
const ranged = (told, say) => (isKnown(told) ? `${say(told.value)} [${say(told.low)}, ${say(told.high)}]` : say(told.value));

// Work in slices, so that the page stays alive; a newer call ends an older one.
function sliced(owner, steps, finish) {
  const turn = (owner.turn ?? 0) + 1;
  owner.turn = turn;
  const work = () => {
    if (owner.turn !== turn) return;
    const began = performance.now();
    while (performance.now() - began < 25) {
      const { done, value } = steps.next();
      if (done) { finish(value); return; }
    }
    setTimeout(work, 0);
  };
  work();
}

class View {
  constructor(id, uses, draw) {
    Object.assign(this, { host: document.getElementById(id), uses, draw, dirty: false });
    watch(this.host, () => this.refresh());
  }

  // Draws what is out of date, if it can be seen.
  catchUp() {
    if (this.host.dataset.seen === "yes") this.refresh();
  }

  refresh() {
    if (!this.dirty || !isRead()) return;
    this.dirty = false;
    this.draw(this);
  }
}

let targetCsv = "";
function drawTarget(view) {
  const rows = toTarget(visible, state.target, state.x);
  const say = value => priced(value, state.x);
  targetCsv = csvOf([["label", "target", "runs", "reached", "median", "median_low", "median_high", "expected", "expected_low",
    "expected_high"], ...rows.map(r => [r.label, state.target, r.runs, r.successes, r.median.value, r.median.low, r.median.high,
    r.expected.value, r.expected.low, r.expected.high])]);
  rows.sort((a, b) => a.median.value - b.median.value || b.successes - a.successes);
  const cells = rows.map(r => [named(r.label), `${r.successes} of ${r.runs}`,
    `${Math.round(100 * r.rate.value)} % [${Math.round(100 * r.rate.low)}, ${Math.round(100 * r.rate.high)}]`,
    ranged(r.median, say), ranged(r.expected, say)]);
  const head = ["algorithm", "reached", "share [95 %]", "median [95 %]", "expected with restarts [95 %]"];
  view.host.replaceChildren(rows.length ? table(head, cells) : element("p", { class: "nothing" }, "No run is visible."));
}

const PROFILES = {
  ecdf: ["Share of runs that came to the targets within a price", "share of (problem, target, seed)"],
  performance: ["Share within a factor of the cheapest (performance profile, Dolan & Moré 2002)", "share of (problem, target, seed)"],
  data: ["Share within so many units (data profile, Moré & Wild 2009; a unit is one product with A and one with Aᵀ)",
    "share of (problem, target, seed)"],
};

function profileData() {
  const attempts = attemptsOf(visible, data.payload.ladder, state.x);
  if (state.profile === "performance") {
    const { profile, leftOut } = performanceProfile(attempts);
    return { lines: profile, title: "price / least price", leftOut };
  }
  if (state.profile === "data") return { lines: dataProfile(attempts), title: "units", leftOut: 0 };
  return { lines: ecdf(attempts), title: axisName("x", state.x), leftOut: 0 };
}

function makeProfile(onDark) {
  const { lines, title, leftOut } = profileData();
  const finite = lines.flatMap(line => line.steps.x.filter(x => x > 0));
  if (!finite.length) {
    return { sentence: state.profile === "data" && state.x === "seconds"
      ? "A unit has no duration: choose iterations, flop or passes." : "No visible run comes to any of the targets." };
  }
  const [low, high] = [Math.min(...[finite.reduce((a, b) => Math.min(a, b))]), finite.reduce((a, b) => Math.max(a, b))];
  const start = state.profile === "performance" ? 1 : low / 1.5, end = high * 1.1;
  const traces = lines.map(({ label, steps }) => ({
    x: [start, ...steps.x.map(x => Math.max(x, start)), end], y: [0, ...steps.share, steps.share.at(-1) ?? 0], mode: "lines",
    name: label, label, legend: true, line: { ...lineOf(label, onDark), shape: "hv" },
    hovertemplate: `<b>${label}</b><br>%{x:.4~g}: %{y:.1%}<extra></extra>`,
  }));
  view("profile-note").textContent = `${PROFILES[state.profile][0]}; targets: gaps of ${data.payload.ladder.map(level).join(", ")}. `
    + `A line ends below 1 by the share of failures.${leftOut ? ` ${leftOut} instances that not all have tried are left out.` : ""}`;
  return {
    traces, lines, x: { title, log: true, range: [Math.log10(start), Math.log10(end)] },
    y: { title: PROFILES[state.profile][1], log: false, range: [0, 1.02] }, label: PROFILES[state.profile][0],
  };
}

const view = id => document.getElementById(id);
const profileCsv = made => csvOf([["label", "x", "share"],
  ...(made.lines ?? []).flatMap(({ label, steps }) => steps.x.map((x, i) => [label, x, steps.share[i]]))]);

const duelValue = () => {
  if (state.duel === "time") return run => reach(run, state.target, state.x);
  const quality = data.payload.frobenius ? "relative_error" : "objective";
  return run => finalValue(run, quality);
};

let duelCsv = "";
function drawDuels(owner) {
  const host = owner.host;
  const floor = state.duel === "quality" ? QUALITY_FLOOR : state.x === "seconds" ? floorOf() : 0;
  host.classList.add("busy");
  sliced(owner, contestSteps(visible, floor, duelValue()), contest => {
    host.classList.remove("busy");
    const { labels } = contest;
    duelCsv = csvOf([["first", "second", "pairs", "wins", "ties", "losses", "ratio", "low", "high", "test", "p_adjusted", "lower"],
      ...contest.all.map(c => [c.first, c.second, c.pairs, c.wins, c.ties, c.losses, c.ratio.value, c.ratio.low, c.ratio.high,
        c.test, c.adjusted, c.lower ?? "cannot tell"])]);
    if (labels.length < 2) {
      host.replaceChildren(element("p", { class: "nothing" }, "Two visible algorithms are wanted for a comparison."));
      return;
    }
    const of = new Map(contest.all.flatMap(c => [[`${c.first}\n${c.second}`, c], [`${c.second}\n${c.first}`, reversed(c)]]));
    const rows = labels.map(row => element("tr", {}, element("th", { scope: "row" }, named(row)),
      ...labels.map(column => duelCell(of.get(`${row}\n${column}`)))));
    const head = element("tr", {}, element("td"), ...labels.map(label => element("th", { scope: "col" }, label)));
    host.replaceChildren(element("div", { class: "wide" },
      element("table", { class: "duels" }, element("thead", {}, head), element("tbody", {}, ...rows))));
  });
}

function duelCell(c) {
  if (!c || !c.pairs) return element("td", { class: "none" }, c ? "—" : "");
  const { value, low, high } = c.ratio;
  const lower = c.lower === "first", higher = c.lower === "second";
  const text = value === 0 ? "only the row" : value === Infinity ? "only the column" : Number.isNaN(value) ? "neither" : significant(value, 3);
  const ends = isKnown(c.ratio) && Number.isFinite(value) && value !== 0
    ? element("small", {}, ` [${significant(low, 2)}, ${significant(high, 2)}]`) : null;
  const said = lower ? `${c.first} is lower` : higher ? `${c.second} is lower` : "cannot tell";
  const title = `${c.first} / ${c.second}: ${c.wins} won, ${c.ties} tied, ${c.losses} lost of ${c.pairs} pairs; `
    + `p ${probability(c.adjusted)} (${c.test}); ${said}`;
  const mark = lower ? " ▼" : higher ? " ▲" : "";
  return element("td", { class: lower ? "lower" : higher ? "higher" : "open", title }, text + mark, ends);
}

function makeFinal(onDark) {
  const labels = entrantsOf(visible);
  const traces = [], values = [];
  for (const label of labels) {
    const runs = visible.flatMap(p => p.entrants.get(label) ?? []);
    const shown = runs.map(run => ({ run, value: finalValue(run, state.y) }))
      .filter(e => Number.isFinite(e.value) && (!state.ylog || e.value > 0));
    shown.forEach(e => values.push(e.value));
    const color = colorOf(label, onDark), place = labels.indexOf(label);
    // Side by side in a fixed pattern, so that equal values do not hide each other.
    traces.push({
      x: shown.map((_, i) => place + 0.25 * (((i * 0.618034) % 1) - 0.5)), y: shown.map(e => e.value), mode: "markers", label,
      name: label, legend: true, runs: shown.map(e => e.run), hoverinfo: "text",
      text: shown.map(e => `<b>${label}</b>, seed ${e.run.seed}, ${e.run.data.title}, k = ${e.run.problemFacts.rank}<br>${significant(e.value, 4)}`),
      marker: { symbol: symbolOf(label), size: 6, color, opacity: 0.75, line: { width: 1.1, color } },
    });
    const middle = median(runs.map(run => finalValue(run, state.y)));
    if (Number.isFinite(middle) && runs.length > 1 && (!state.ylog || middle > 0)) {
      traces.push({ x: [place - 0.3, place + 0.3], y: [middle, middle], mode: "lines", line: { color, width: 3 }, hoverinfo: "skip" });
    }
  }
  if (!values.length) return { sentence: "No visible run ended properly with a value that this axis can show." };
  return {
    traces, labels, label: `Final ${axisName("y", state.y)}`,
    x: { title: "", log: false, range: [-0.6, labels.length - 0.4] },
    y: { title: axisName("y", state.y), log: state.ylog, range: rangeOf(values, state.ylog) },
  };
}

function finalCsv() {
  return csvOf([["label", "data", "rank", "init", "seed", state.y, "status", "run"],
    ...visible.flatMap(p => [...p.entrants].flatMap(([label, runs]) => runs.map(run =>
      [label, p.data.name, p.rank, p.init, run.seed, finalValue(run, state.y), run.statusName, run.key])))]);
}

const LISTED = 200;
function drawRuns(owner) {
  const all = visible.flatMap(p => [...p.entrants.values()].flat());
  const failed = all.filter(run => !run.proper), disturbed = all.filter(run => run.marks.length);
  const rest = all.filter(run => run.proper && !run.marks.length);
  const ordered = [...failed, ...disturbed.filter(run => run.proper), ...rest];
  const rows = ordered.slice(0, LISTED).map(run => [
    element("button", { type: "button", class: "link", onclick: () => change({ run: run.key }) }, named(run.label)),
    run.data.title, String(run.problemFacts.rank), run.problemFacts.init, String(run.seed),
    run.proper ? run.statusName : element("strong", { class: "failed" }, run.statusName), run.reasonText,
    run.marks.join(", ") || "—", String(run.iterations), inSeconds(run.seconds),
  ]);
  const says = [`${all.length} runs`, `${failed.length} failed`, `${disturbed.length} disturbed`].join(", ");
  const note = ordered.length > LISTED ? `; the first ${LISTED} are listed, failures first` : "";
  const head = ["run", "data", "k", "start", "seed", "ended", "because", "disturbed", "iterations", "time"];
  owner.host.replaceChildren(element("p", {}, `${says}${note}.`), table(head, rows));
}
