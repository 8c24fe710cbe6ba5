// Filters, the legend, and what has to be drawn anew after a change.

let finalChart, profileChart, views;

// A group of buttons of which one is pressed.
function choice(label, key, options) {
  const group = element("span", { class: "choice", role: "group", "aria-label": label });
  for (const [value, text, title] of options) {
    group.append(element("button", {
      type: "button", "data-key": key, "data-value": value, title, onclick: () => change({ [key]: value }),
    }, text));
  }
  return element("span", { class: "control" }, element("span", { class: "label" }, label), group);
}

function select(label, key, options) {
  const list = element("select", { "data-key": key, onchange: event => change({ [key]: event.target.value }) },
    ...options.map(([value, text]) => element("option", { value }, text)));
  return element("label", { class: "control" }, element("span", { class: "label" }, label), list);
}

function tick(label, key) {
  const box = element("input", { type: "checkbox", "data-key": key, onchange: event => change({ [key]: event.target.checked }) });
  return element("label", { class: "control tick" }, box, ` ${label}`);
}

function buildControls() {
  const { x, y, machines } = data.payload;
  const short = { seconds: "seconds", iterations: "iterations", flops: "flop", passes: "passes" };
  const names = { gap: "gap to the best", objective: "objective", relative_error: "relative error", kkt_residual: "KKT residual",
    sparseness_w: "sparseness of W", sparseness_h: "sparseness of H" };
  const seeds = data.axes.find(axis => axis.id === "seed");
  const controls = [
    choice("over", "x", x.map(([value, title]) => [value, short[value], title])), tick("log", "xlog"),
    select("show", "y", y.map(([value]) => [value, names[value] ?? value])), tick("log", "ylog"),
    select("band", "band", [["80", "10–90 %"], ["50", "25–75 %"], ["100", "all"], ["none", "none"]]), tick("single runs", "runs"),
  ];
  if (seeds) {
    const list = element("select", { id: "one-seed", onchange: event => oneSeed(seeds, event.target.value) },
      element("option", { value: "" }, "all"), ...seeds.values.map(v => element("option", { value: v }, v)));
    controls.push(element("label", { class: "control" }, element("span", { class: "label" }, "seed"), list));
  }
  if (machines.length > 1) controls.push(select("machine", "machine", machines.map(m => [m.id, m.id])));
  view("view").replaceChildren(...controls);
  view("target-control").replaceChildren(targetControl());
  view("profile-choice").replaceChildren(choice("", "profile",
    [["ecdf", "runtime ECDF"], ["performance", "performance profile"], ["data", "data profile"]]));
  view("duel-choice").replaceChildren(choice("", "duel", [["time", "price of the target"], ["quality", "final quality"]]));
}

const oneSeed = (axis, value) => hide(axis.id, value === "" ? new Set() : new Set(axis.values.filter(v => v !== value)));

function targetControl() {
  const slider = element("input", {
    type: "range", id: "target-slider", min: -8, max: -0.05, step: 0.05, "aria-label": "Target gap, powers of ten",
    oninput: event => setTarget(10 ** Number(event.target.value)),
  });
  return element("label", { class: "control" }, element("span", { class: "label" }, "target: gap"), slider,
    element("output", { id: "target-value" }));
}

// A toggle for each algorithm: legend and filter in one.
function buildLegend() {
  const axis = data.axes.find(a => a.id === "algorithm");
  const labels = axis?.values ?? data.payload.looks.map(look => look.label);
  view("legend").replaceChildren(...labels.map(label => element("button", {
    type: "button", "data-label": label, title: axis ? "Show or hide; with Shift alone" : "",
    onclick: event => axis && (event.shiftKey ? only(axis, label) : toggle("algorithm", label)),
  }, named(label))));
}

function buildFilters() {
  const groups = data.axes.filter(axis => axis.id !== "algorithm").map(axis => {
    const boxes = axis.values.map(value => element("div", { class: "value" },
      element("label", {}, element("input", {
        type: "checkbox", "data-axis": axis.id, "data-value": value, onchange: () => toggle(axis.id, value),
      }), ` ${value}`),
      element("button", { type: "button", class: "link", "aria-label": `only ${axis.title} ${value}`, onclick: () => only(axis, value) }, "only")));
    return element("details", { open: axis.values.length <= 8 && innerWidth > 860 },
      element("summary", {}, axis.title, element("span", { class: "count", "data-count": axis.id })), ...boxes);
  });
  const clear = element("button", { type: "button", id: "clear", onclick: () => change({ hidden: new Map() }) }, "Show everything");
  view("filters").replaceChildren(element("h2", {}, "Filters"), ...groups, clear);
  if (!groups.length) view("filters").append(element("p", { class: "note" }, "This experiment has one value on each axis."));
}

// Makes the controls say what the state is.
function showState() {
  for (const control of document.querySelectorAll("[data-key]")) {
    const value = state[control.dataset.key];
    if (control.tagName === "SELECT") control.value = value;
    else if (control.type === "checkbox") control.checked = value;
    else control.setAttribute("aria-pressed", String(control.dataset.value === value));
  }
  for (const box of document.querySelectorAll("[data-axis]")) {
    box.checked = !state.hidden.get(box.dataset.axis)?.has(box.dataset.value);
  }
  for (const count of document.querySelectorAll("[data-count]")) {
    const axis = data.axes.find(a => a.id === count.dataset.count);
    const left = axis.values.length - (state.hidden.get(axis.id)?.size ?? 0);
    count.textContent = left === axis.values.length ? `${left}` : `${left} of ${axis.values.length}`;
  }
  for (const chip of document.querySelectorAll("#legend button")) {
    chip.setAttribute("aria-pressed", String(!state.hidden.get("algorithm")?.has(chip.dataset.label)));
  }
  const seeds = data.axes.find(axis => axis.id === "seed"), hidden = state.hidden.get("seed");
  const alone = seeds && hidden?.size === seeds.values.length - 1 ? seeds.values.find(v => !hidden.has(v)) : "";
  if (seeds) view("one-seed").value = alone;
  view("target-slider").value = Math.log10(state.target);
  view("target-value").textContent = level(state.target);
  view("clear").disabled = !state.hidden.size;
}

// The sentence over what is visible; that over everything comes from the program.
const answering = {};
function showAnswer() {
  const all = data.runs.filter(run => run.machine === state.machine).length;
  const runs = visible.flatMap(p => [...p.entrants.values()].flat());
  const failed = runs.filter(run => !run.proper).length, disturbed = runs.filter(run => run.marks.length).length;
  const parts = [`${runs.length === all ? "all" : runs.length} of ${all} runs shown`, `${visible.length} problem${visible.length === 1 ? "" : "s"}`,
    failed ? `${failed} failed, counted as infinite` : "none failed"];
  if (disturbed) parts.push(`${disturbed} disturbed`);
  view("scope").textContent = parts.join(" · ");
  const host = view("answer");
  if (runs.length === all && state.machine === data.payload.machines[0].id) {
    answering.turn = (answering.turn ?? 0) + 1;
    host.classList.remove("busy");
    host.textContent = data.payload.answer;
    return;
  }
  host.classList.add("busy");
  need("seconds", "objective", "relative_error").then(() => {
    sliced(answering, answerSteps(visible, data.payload.ladder, floorOf(), data.payload.frobenius), sentence => {
      host.classList.remove("busy");
      host.textContent = sentence;
    });
  });
}

// A target that is dragged is followed by the tables once it rests.
let settling;

// After a change: what depends on it, once its columns are there.
function update(keys) {
  showState();
  const everything = keys.includes("all");
  const changed = (...names) => everything || names.some(name => keys.includes(name));
  if (changed("run")) openCard(state.run);
  if (keys.length === 1 && keys[0] === "run") return;
  const filtered = changed("hidden", "machine");
  if (filtered) { visible = visibleProblems(state.machine, state.hidden); showAnswer(); }
  need(state.x, state.y, "seconds").then(() => {
    if (filtered) buildPanels(visible);
    else if (changed("x", "y", "xlog", "ylog", "band", "runs")) panels.forEach(panel => panel.chart.invalidate());
    else if (changed("target")) panels.forEach(panel => panel.place());
    return need("objective", "relative_error");
  }).then(() => {
    if (filtered || changed("x", "profile")) profileChart.invalidate();
    if (filtered || changed("y", "ylog")) finalChart.invalidate();
    const moved = views.filter(v => filtered || changed(...v.uses));
    const moving = keys.length === 1 && keys[0] === "target";
    clearTimeout(settling);
    moved.forEach(v => { v.dirty = true; });
    settling = setTimeout(() => views.forEach(v => v.catchUp()), moving ? 120 : 0);
  });
}

async function start() {
  document.documentElement.classList.add("scripted");
  await loadData();
  startState();
  buildControls();
  buildLegend();
  buildFilters();
  startCard();
  profileChart = new Chart("Runtime distributions", { make: makeProfile, csv: profileCsv });
  finalChart = new Chart("Final values", {
    make: makeFinal, csv: finalCsv, height: 340, click: point => { if (point.data.runs) change({ run: point.data.runs[point.pointIndex].key }); },
  });
  view("profile-chart").append(profileChart.root);
  view("final-chart").append(finalChart.root);
  await startGallery();
  views = [
    new View("target-table", ["x", "target"], drawTarget),
    new View("duels", ["x", "target", "duel"], drawDuels),
    new View("runs-table", [], drawRuns),
    new View("galleries", [], drawGallery),
  ];
  if (data.payload.columns.some(([, kind]) => kind === "f32")) {
    document.querySelector("footer p").append(" With so many runs, numbers are kept to five digits.");
  }
  view("target-csv").addEventListener("click", () => save("time-to-target.csv", targetCsv, "text/csv"));
  view("duel-csv").addEventListener("click", () => save("pairwise.csv", duelCsv, "text/csv"));
  listeners.push(update);
  update(["all", "run"]);
  const redraw = () => {
    buildLegend();
    showState();
    [...panels.map(p => p.chart), profileChart, finalChart].forEach(chart => chart.invalidate());
    views.forEach(v => { v.dirty = true; v.catchUp(); });
  };
  dark.addEventListener("change", redraw);
  addEventListener("beforeprint", () => { printing = true; redraw(); });
  addEventListener("afterprint", () => { printing = false; redraw(); });
}

start().catch(error => {
  document.documentElement.classList.remove("scripted");
  const told = element("p", { class: "nothing" }, `The charts cannot be shown in this browser: ${error.message}. The tables below are whole.`);
  document.getElementById("main").prepend(told);
  throw error;
});

// For tests, and for a console.
window.nmfbench = {
  state, change, data, need, visible: () => visible, curveOf, attemptsOf, ecdf, dataProfile, performanceProfile, toTarget, contestOf,
  reach, reachLevel, finalValue, interval, answerSteps, chacha8, signedRank, student, compare, panels: () => panels,
};
