// Convergence: a panel for each visible problem, with the target as a line to drag and a cross-hair that reads.

const PAGE = 6;
// A single run that meets the best value known to the last bit does not widen the axis.
const FLOOR = 1e-9;
let panels = [];
let shownPanels = PAGE;

const axisName = (list, key) => data.payload[list].find(entry => entry[0] === key)[1];

function panelTraces(problem, onDark) {
  const [lows, highs, first] = [[], [], []];
  const traces = [];
  const curves = new Map();
  const singles = state.runs;
  for (const [label, runs] of problem.entrants) {
    const curve = curveOf(runs, state.x, state.y, BANDS[state.band]);
    if (!curve) continue;
    curves.set(label, curve);
    const usable = (x, y) => Number.isFinite(y) && (!state.ylog || y > 0) && (!state.xlog || x > 0);
    const line = lineOf(label, onDark);
    if (singles) traces.push(singleRuns(runs, label, onDark, usable, highs));
    else if (state.band !== "none" && runs.length > 1) traces.push(band(curve, label, line.color, usable, lows, highs));
    const ys = curve.mid.map((y, i) => (usable(curve.x[i], y) ? y : null));
    ys.forEach(y => { if (y !== null) { lows.push(y); highs.push(y); } });
    if (curve.firstStep) first.push(curve.firstStep);
    first.push(curve.x[curve.x.length - 1]);
    const name = `${label}${curve.failures ? ` (${curve.failures} of ${runs.length} failed)` : ""}`;
    const hover = `<b>${label}</b>, ${runs.length > 1 ? `median of ${runs.length}` : `seed ${runs[0].seed}`}<br>`
      + `%{x:.4~g} · %{y:.4~g}<extra></extra>`;
    traces.push({
      x: curve.x, y: ys, mode: "lines", line, name, legend: true, label, hovertemplate: hover, connectgaps: false,
      opacity: singles && runs.length > 1 ? 0.9 : 1,
    });
    traces.push(markers(curve, ys, label, line.color));
  }
  const x = { title: axisName("x", state.x), log: state.xlog, range: rangeOf(first.concat(state.xlog ? [] : [0]), state.xlog) };
  const y = { title: axisName("y", state.y), log: state.ylog, range: rangeOf(lows.concat(highs), state.ylog) };
  return { traces, curves, x, y };
}

// One trace with gaps: a trace for each run would be slow.
function singleRuns(runs, label, onDark, usable, values) {
  const xs = [], ys = [];
  for (const run of runs) {
    const x = run.values(state.x), y = run.values(state.y);
    for (let i = 0; i < x.length; i++) {
      const fine = usable(x[i], y[i]);
      xs.push(x[i]);
      ys.push(fine ? y[i] : null);
      if (fine && y[i] > FLOOR) values.push(y[i]);
    }
    xs.push(null);
    ys.push(null);
  }
  return {
    x: xs, y: ys, mode: "lines", label, line: { color: colorOf(label, onDark), width: 0.8 }, opacity: 0.45, name: label,
    hovertemplate: `<b>${label}</b>, one run<br>%{x:.4~g} · %{y:.4~g}<extra></extra>`,
  };
}

// Where failures reach the upper end it has no place: the band ends there.
function band(curve, label, color, usable, lows, highs) {
  const kept = curve.x.map((_, i) => i).filter(i => usable(curve.x[i], curve.low[i]) && usable(curve.x[i], curve.high[i]));
  kept.forEach(i => { lows.push(curve.low[i]); highs.push(curve.high[i]); });
  const there = kept.map(i => curve.x[i]), back = [...kept].reverse();
  return {
    x: there.concat(back.map(i => curve.x[i])), y: kept.map(i => curve.low[i]).concat(back.map(i => curve.high[i])),
    fill: "toself", mode: "none", fillcolor: color.replace("rgb(", "rgba(").replace(")", ",0.13)"), hoverinfo: "skip", label,
  };
}

// A few signs along a line, evenly in what is seen of it.
function markers(curve, ys, label, color) {
  const all = curve.x.map((x, i) => i).filter(i => ys[i] !== null);
  if (!all.length) return { x: [], y: [], mode: "markers" };
  const at = i => (state.xlog ? Math.log(curve.x[i]) : curve.x[i]);
  const [from, to] = [at(all[0]), at(all[all.length - 1])];
  const kept = [];
  for (let s = 0; s < 7; s++) {
    const goal = from + (to - from) * (s + 0.5) / 7;
    const near = all.reduce((best, i) => (Math.abs(at(i) - goal) < Math.abs(at(best) - goal) ? i : best), all[0]);
    if (!kept.includes(near)) kept.push(near);
  }
  return {
    x: kept.map(i => curve.x[i]), y: kept.map(i => ys[i]), mode: "markers", hoverinfo: "skip", label,
    marker: { symbol: symbolOf(label), size: 7, color, line: { width: 1.4, color } },
  };
}

class Panel {
  constructor(problem) {
    this.problem = problem;
    this.chart = new Chart(problem.title, {
      dirty: true,
      make: onDark => this.make(onDark), csv: () => this.csv(), click: point => this.click(point), after: () => this.place(),
    });
    this.line = element("div", {
      class: "target", role: "slider", tabindex: 0, "aria-label": `Target gap, ${problem.title}`, "aria-orientation": "vertical",
      title: "Drag, or use the arrow keys",
    }, element("span", {}));
    this.cross = element("div", { class: "cross", hidden: true });
    this.chart.plot.addEventListener("pointermove", event => this.hover(event));
    this.chart.plot.addEventListener("pointerleave", () => this.leave());
    this.line.addEventListener("keydown", event => targetKeys(event));
    this.line.addEventListener("pointerdown", event => this.drag(event));
  }

  make(onDark) {
    const made = panelTraces(this.problem, onDark);
    this.curves = made.curves;
    if (!made.traces.length || !made.y.range || !made.x.range) {
      return { sentence: `No visible run has a value of ${axisName("y", state.y)} that this axis can show.` };
    }
    const failed = [...this.problem.entrants.values()].flat().filter(run => !run.proper).length;
    return { ...made, label: `${axisName("y", state.y)} over ${axisName("x", state.x)}, ${this.problem.title}`, failed };
  }

  csv() {
    const rows = [["problem", "label", state.x, `${state.y}_low`, `${state.y}_median`, `${state.y}_high`, "runs", "failures"]];
    for (const [label, c] of this.curves) {
      c.x.forEach((x, i) =>
        rows.push([this.problem.title, label, x, c.low[i], c.mid[i], c.high[i], c.runs.length, c.failures]));
    }
    return csvOf(rows);
  }

  // From pixels within the drawing to a value, and back; the margins are ours and the range is the chart's own.
  frame() {
    const range = this.chart.plot.layout?.yaxis?.range;
    const height = this.chart.plot.clientHeight - MARGIN.t - MARGIN.b;
    return range && !this.chart.drawn?.sentence ? { range: range.map(Number), height } : null;
  }

  valueAt(pixel) {
    const { range, height } = this.frame();
    const v = range[1] - (pixel - MARGIN.t) / height * (range[1] - range[0]);
    return state.ylog ? 10 ** v : v;
  }

  pixelOf(value) {
    const { range, height } = this.frame();
    const v = state.ylog ? Math.log10(value) : value;
    return MARGIN.t + (range[1] - v) / (range[1] - range[0]) * height;
  }

  // Puts the target's line where it belongs and says what it reads there.
  place() {
    const plot = this.chart.plot;
    if (!plot.contains(this.line)) plot.append(this.line, this.cross);
    const frame = this.frame();
    const pixel = frame && state.y === "gap" ? this.pixelOf(state.target) : NaN;
    const inside = pixel >= MARGIN.t && pixel <= MARGIN.t + (frame?.height ?? 0);
    this.line.hidden = !inside;
    this.line.style.top = `${pixel}px`;
    this.line.firstChild.textContent = level(state.target);
    this.line.setAttribute("aria-valuenow", state.target);
    this.line.setAttribute("aria-valuetext", `gap ${level(state.target)}`);
    this.rest();
  }

  // Reading takes an interval for each pair: not while the target is still moving.
  rest() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.restNow(), 60);
  }

  restNow() {
    this.chart.reading.textContent = state.y === "gap" ? this.read(state.target, null) : "Point at the chart to read it.";
  }

  drag(event) {
    event.preventDefault();
    event.stopPropagation();
    this.line.setPointerCapture(event.pointerId);
    const move = moved => {
      const value = this.valueAt(moved.clientY - this.chart.plot.getBoundingClientRect().top);
      setTarget(value);
    };
    this.line.addEventListener("pointermove", move);
    this.line.addEventListener("pointerup", () => this.line.removeEventListener("pointermove", move), { once: true });
    this.line.focus();
  }

  hover(event) {
    const frame = this.frame();
    if (!frame || event.buttons) return;
    const box = this.chart.plot.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    if (x < MARGIN.l || y < MARGIN.t || y > MARGIN.t + frame.height) { this.leave(); return; }
    this.cross.hidden = false;
    this.cross.style.top = `${y}px`;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      this.chart.reading.textContent = this.read(this.valueAt(y), this.nearest(x, this.valueAt(y)));
    }, 40);
  }

  leave() {
    clearTimeout(this.waiting);
    this.cross.hidden = true;
    if (this.frame()) this.rest();
  }

  // The label whose median crosses a level nearest to a place on the horizontal axis.
  nearest(pixel, value) {
    const range = this.chart.plot.layout.xaxis.range.map(Number);
    const width = this.chart.plot.clientWidth - MARGIN.l - MARGIN.r;
    const place = x => ((state.xlog ? Math.log10(x) : x) - range[0]) / (range[1] - range[0]) * width + MARGIN.l;
    let best = null;
    for (const [label, curve] of this.curves) {
      const i = curve.mid.findIndex(y => y <= value);
      if (i < 0) continue;
      const distance = Math.abs(place(curve.x[i]) - pixel);
      if (!best || distance < best.distance) best = { label, distance };
    }
    return best?.label ?? null;
  }

  // “hals reaches 1e-3 2.1 × sooner than mu [1.9, 2.4]”, or that it cannot be told.
  read(value, near) {
    const floor = state.x === "seconds" ? floorOf() : 0;
    const contest = contestOf([this.problem], floor, run => reachLevel(run, state.y, value, state.x));
    const what = state.y === "gap" ? level(value) : `${axisName("y", state.y).split(" ")[0]} ${level(value)}`;
    if (!contest.leader) return `No algorithm reaches ${what} in half of its runs.`;
    const row = contestRow(contest, contest.leader).sort((a, b) => b.ratio.value - a.ratio.value);
    const rivals = row.filter(c => c.ratio.value > 0);
    if (!row.length) return `${contest.leader} reaches ${what}; nobody else is visible.`;
    if (!rivals.length) return `Only ${contest.leader} reaches ${what} in half of its runs.`;
    const pair = rivals.find(c => c.second === near) ?? rivals[0];
    const word = state.x === "seconds" ? "sooner than" : "cheaper than";
    const { value: times, low, high } = reversed(pair).ratio;
    const digits = 2 + (times < 1.1 ? 1 : 0);
    const ends = isKnown(pair.ratio) ? ` [${significant(low, digits)}, ${significant(high, digits)}]` : "";
    if (pair.pairs < FEWEST) return `${what}: ${pair.pairs} pair${pair.pairs === 1 ? " of runs is" : "s of runs are"} too few to tell ${pair.first} from ${pair.second}.`;
    if (pair.lower === "first") {
      return `${pair.first} reaches ${what} ${significant(times, digits)} × ${word} ${pair.second}${ends}`;
    }
    return `At ${what}, ${pair.first} and ${pair.second} cannot be told apart: ratio ${significant(times, digits)}${ends}`;
  }

  click(point) {
    const label = point?.data?.label;
    const runs = this.problem.entrants.get(label);
    if (!runs) return;
    // The run whose value is nearest to the point.
    const away = run => {
      const y = pathAt(pathOf(run, state.x, state.y), point.x);
      return Math.abs((state.ylog ? Math.log(y) : y) - (state.ylog ? Math.log(point.y) : point.y));
    };
    const near = runs.reduce((best, run) => (away(run) < away(best) ? run : best), runs[0]);
    change({ run: near.key });
  }
}

const floorOf = () => data.payload.machines.find(m => m.id === state.machine)?.floor ?? 0.02;

function setTarget(value) {
  change({ target: Math.min(Math.max(value, 1e-12), 0.99) });
}

// Up and down by a tenth of a decade, with Shift by a whole one.
function targetKeys(event) {
  const steps = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[event.key];
  if (!steps) return;
  event.preventDefault();
  setTarget(10 ** ((Math.round(Math.log10(state.target) * 10) + steps * (event.shiftKey ? 10 : 1)) / 10));
}

// Builds the panels of the visible problems anew.
function buildPanels(problems) {
  const host = document.getElementById("panels");
  panels = problems.slice(0, shownPanels).map(problem => new Panel(problem));
  host.replaceChildren(...panels.map(panel => panel.chart.root));
  host.classList.toggle("alone", panels.length === 1);
  const left = problems.length - panels.length;
  const more = element("button", { type: "button", onclick: () => { shownPanels += PAGE; buildPanels(problems); } },
    `Show ${Math.min(left, PAGE)} more of ${problems.length} problems`);
  document.getElementById("more").replaceChildren(...(left > 0 ? [more] : []));
  if (!problems.length) host.replaceChildren(element("p", { class: "nothing" }, "The filters leave no run to show."));
}
