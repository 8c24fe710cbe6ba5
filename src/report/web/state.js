// What is shown, kept in the address so that a link leads to the same view.

const state = {
  x: "seconds", y: "gap", xlog: true, ylog: true, target: 0.01, band: "80", runs: false, machine: null, profile: "ecdf",
  duel: "time", run: null, hidden: new Map(),
};
const listeners = [];
const usual = {};

function startState() {
  state.machine = data.payload.machines[0]?.id ?? null;
  state.target = [...data.payload.ladder].sort((a, b) => a - b)[Math.floor(data.payload.ladder.length / 2)] ?? 0.01;
  Object.assign(usual, state, { hidden: null });
  readAddress();
  addEventListener("hashchange", () => {
    if (location.hash.slice(1) === address()) return;
    readAddress();
    listeners.forEach(listener => listener(["all"]));
  });
}

function address() {
  const words = new URLSearchParams();
  for (const key of Object.keys(usual)) {
    if (key === "hidden" || state[key] === usual[key] || state[key] === null) continue;
    words.set(key, typeof state[key] === "number" ? String(Number(state[key].toPrecision(3))) : String(state[key]));
  }
  for (const [axis, values] of state.hidden) values.forEach(value => words.append(`hide.${axis}`, value));
  return words.toString();
}

function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  Object.assign(state, usual, { hidden: new Map() });
  const one = (key, allowed) => { if (allowed.includes(words.get(key))) state[key] = words.get(key); };
  one("x", data.payload.x.map(x => x[0]));
  one("y", data.payload.y.map(y => y[0]));
  one("band", ["80", "50", "100", "none"]);
  one("profile", ["ecdf", "performance", "data"]);
  one("duel", ["time", "quality"]);
  one("machine", data.payload.machines.map(m => m.id));
  for (const key of ["xlog", "ylog", "runs"]) if (words.has(key)) state[key] = words.get(key) === "true";
  const target = Number(words.get("target"));
  if (target > 0 && target < 1) state.target = target;
  state.run = words.get("run");
  for (const axis of data.axes) {
    const values = words.getAll(`hide.${axis.id}`).filter(value => axis.values.includes(value));
    if (values.length) state.hidden.set(axis.id, new Set(values));
  }
}

// Changes the state, the address and whatever shows it.
function change(changes) {
  Object.assign(state, changes);
  const hash = address();
  history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  listeners.forEach(listener => listener(Object.keys(changes)));
}

function hide(axis, values) {
  const hidden = new Map(state.hidden);
  if (values.size) hidden.set(axis, values); else hidden.delete(axis);
  change({ hidden });
}

const toggle = (axis, value) => {
  const values = new Set(state.hidden.get(axis));
  if (!values.delete(value)) values.add(value);
  hide(axis, values);
};

// All values of an axis but one are hidden; where that is so already, all are shown.
function only(axis, value) {
  const others = new Set(axis.values.filter(v => v !== value));
  const now = state.hidden.get(axis.id);
  const already = now && now.size === others.size && !now.has(value);
  hide(axis.id, already ? new Set() : others);
}

const BANDS = { 80: [0.1, 0.9], 50: [0.25, 0.75], 100: [0, 1], none: [0.5, 0.5] };
