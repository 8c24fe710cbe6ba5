// The runs as stored in the page, and what the filters leave of them.

const data = { payload: null, runs: [], axes: [], columns: new Map() };

async function inflate(id) {
  const text = document.getElementById(id).textContent;
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const inflateJson = async id => JSON.parse(new TextDecoder().decode(await inflate(id)));

// The bytes stand by place: all first bytes, then all second ones, and so on.
async function readColumn(name, kind) {
  const bytes = await inflate(`stored-${name}`);
  const size = kind === "f64" ? 8 : 4, count = bytes.length / size;
  const ordered = new Uint8Array(bytes.length);
  for (let place = 0; place < size; place++) {
    const from = place * count;
    for (let i = 0; i < count; i++) ordered[i * size + place] = bytes[from + i];
  }
  return kind === "f64" ? new Float64Array(ordered.buffer) : Float64Array.from(new Float32Array(ordered.buffer));
}

// Reads the columns that measures need; once each.
async function need(...names) {
  const stored = new Map(data.payload.columns);
  const wanted = new Set(names.flatMap(name => (name === "gap" ? ["objective"] : [name])).concat("iterations"));
  await Promise.all([...wanted].map(name => {
    if (!data.columns.has(name)) {
      const reading = stored.has(name) ? readColumn(name, stored.get(name)) : readColumn("share", "f32").then(objectives);
      data.columns.set(name, reading.then(values => { data.columns.get(name).values = values; }));
    }
    return data.columns.get(name);
  }));
}

// Objectives from their rounded distance to the best: see `columns.rs`.
function objectives(shares) {
  for (const run of data.runs) {
    const base = Number.isFinite(run.best) ? run.best : 0;
    const above = run.start - base;
    const span = above > 0 ? above : Math.abs(base) > 0 ? Math.abs(base) : 1;
    for (let i = run.first; i < run.first + run.trace; i++) shares[i] = base + span * shares[i];
  }
  return shares;
}

class Run {
  constructor(facts, first, payload) {
    Object.assign(this, facts);
    const problem = payload.problems[facts.problem], machine = payload.machines[problem.machine];
    this.first = first;
    this.problemFacts = problem;
    this.data = payload.data[problem.data];
    this.machine = machine.id;
    this.label = payload.looks[facts.look].label;
    this.algorithm = payload.looks[facts.look].algorithm;
    this.statusName = payload.statuses[facts.status];
    this.reasonText = payload.reasons[facts.reason];
    this.settings = payload.parameters[facts.parameters];
    this.best = problem.best ?? NaN;
    this.start = facts.start ?? NaN;
    this.cache = new Map();
  }

  // A measure at each look. The gap is 1 at the start and has no value without a descent.
  values(name) {
    if (!this.cache.has(name)) this.cache.set(name, this.read(name));
    return this.cache.get(name);
  }

  read(name) {
    if (name !== "gap") return data.columns.get(name).values.subarray(this.first, this.first + this.trace);
    const objective = this.values("objective"), start = this.start, best = this.best;
    const gap = f => (start > best ? Math.max((f - best) / (start - best), 0) : NaN);
    return Float64Array.from(objective, gap);
  }
}

async function loadData() {
  const payload = await inflateJson("stored-payload");
  data.payload = payload;
  let first = 0;
  data.runs = payload.runs.map(facts => {
    const run = new Run(facts, first, payload);
    first += facts.trace;
    return run;
  });
  data.axes = axes();
}

// What a filter can select; an axis of one value is a fact, not a choice.
function axes() {
  const all = [
    ["algorithm", "algorithm", run => run.label],
    ["dataset", "data set", run => run.data.title],
    ["rank", "rank k", run => run.problemFacts.rank],
    ["init", "start", run => run.problemFacts.init],
    ["seed", "seed", run => run.seed],
    ["precision", "precision", run => run.precision],
    ["threads", "threads", run => run.threads],
  ];
  const swept = new Map();
  for (const run of data.runs) {
    for (const [key, value] of Object.entries(run.settings)) {
      const id = `${run.algorithm}.${key}`;
      if (!swept.has(id)) swept.set(id, new Set());
      swept.get(id).add(JSON.stringify(value));
    }
  }
  for (const [id, values] of swept) {
    if (values.size < 2) continue;
    const [algorithm, key] = [id.slice(0, id.lastIndexOf(".")), id.slice(id.lastIndexOf(".") + 1)];
    const of = run => (run.algorithm === algorithm && key in run.settings ? JSON.stringify(run.settings[key]) : null);
    all.push([id, `${algorithm}: ${key}`, of]);
  }
  return all.map(([id, title, of]) => {
    const values = [...new Set(data.runs.map(of).filter(v => v !== null))];
    if (values.every(v => typeof v === "number")) values.sort((a, b) => a - b);
    return { id, title, of, values: values.map(String) };
  }).filter(axis => axis.values.length > 1);
}

function isVisible(run, machine, hidden) {
  if (run.machine !== machine) return false;
  for (const axis of data.axes) {
    const out = hidden.get(axis.id);
    const value = out?.size ? axis.of(run) : null;
    if (value !== null && out.has(String(value))) return false;
  }
  return true;
}

// The problems that are left with their entrants' runs, in the order of the program.
function visibleProblems(machine, hidden) {
  const problems = new Map();
  for (const run of data.runs) {
    if (!isVisible(run, machine, hidden)) continue;
    if (!problems.has(run.problem)) {
      const facts = run.problemFacts;
      const title = `${run.data.title}, k = ${facts.rank}, ${facts.init}`;
      problems.set(run.problem, {
        index: run.problem, title, data: run.data, digest: run.data.digest, rank: facts.rank, init: facts.init,
        best: run.best, entrants: new Map(),
      });
    }
    const entrants = problems.get(run.problem).entrants;
    if (!entrants.has(run.label)) entrants.set(run.label, []);
    entrants.get(run.label).push(run);
  }
  return [...problems.values()];
}
