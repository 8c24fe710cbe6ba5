// Runs as step functions, and several of them as one curve with a band.

const GRID = 320;

// The price at the first look with f ≤ best + ε (start − best); infinite where it never comes or the run failed.
function reach(run, epsilon, x) {
  if (!run.proper) return Infinity;
  const goal = run.best + epsilon * (run.start - run.best);
  const objective = run.values("objective"), price = run.values(x);
  for (let i = 0; i < objective.length; i++) if (objective[i] <= goal) return price[i];
  return Infinity;
}

// The price at the first look at which any measure is at or below a level.
function reachLevel(run, y, level, x) {
  if (y === "gap") return reach(run, level, x);
  if (!run.proper) return Infinity;
  const values = run.values(y), price = run.values(x);
  for (let i = 0; i < values.length; i++) if (values[i] <= level) return price[i];
  return Infinity;
}

// The final value of a measure; infinite for a failure or where there is none.
function finalValue(run, y) {
  const values = run.values(y);
  const value = run.proper && values.length ? values[values.length - 1] : Infinity;
  return Number.isNaN(value) ? Infinity : value;
}

function pathOf(run, x, y) {
  const xs = run.values(x), ys = run.values(y), iterations = run.values("iterations");
  const px = [], py = [];
  let seen = 0, firstStep = Infinity;
  for (let i = 0; i < xs.length; i++) {
    if (!Number.isFinite(xs[i])) continue;
    seen = Math.max(seen, xs[i]);
    if (iterations[i] > 0 && xs[i] > 0) firstStep = Math.min(firstStep, xs[i]);
    if (Number.isFinite(ys[i])) { px.push(xs[i]); py.push(ys[i]); }
  }
  let end = seen;
  if (!run.proper && x === "seconds") end = Math.max(seen, run.seconds);
  if (!run.proper && x === "iterations") end = Math.max(seen, run.iterations);
  return { run, px, py, end, failed: !run.proper, firstStep };
}

// How many of the ascending values are at or below x.
function countUpTo(values, x) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= x) low = middle + 1; else high = middle;
  }
  return low;
}

function countBelow(values, x) {
  let low = 0, high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < x) low = middle + 1; else high = middle;
  }
  return low;
}

function pathAt(path, x) {
  if (path.failed && x >= path.end) return Infinity;
  const after = countUpTo(path.px, x);
  const value = path.py[Math.max(after - 1, 0)];
  return value === undefined ? Infinity : value;
}

function gridOf(paths) {
  const ends = failed => paths.filter(p => p.failed === failed).map(p => p.end);
  const proper = ends(false), failed = ends(true);
  const horizon = proper.length ? median(proper) : failed.length ? median(failed) : 0;
  const looks = Float64Array.from(paths.flatMap(p => p.px)).sort();
  const grid = [...failed, ...rounds(looks, paths)].filter(x => x < horizon);
  grid.push(horizon);
  grid.sort((a, b) => a - b);
  return thin(grid.filter((x, i) => i === 0 || x !== grid[i - 1]));
}

// Of all looks in order the last of each round in which all runs that go on have looked once; and the first of all.
function rounds(looks, paths) {
  const ends = Float64Array.from(paths, p => p.end).sort();
  const kept = looks.length ? [looks[0]] : [];
  let seen = 0;
  looks.forEach((x, i) => {
    seen += 1;
    const going = Math.max(ends.length - countBelow(ends, x), 1);
    if (seen >= going && looks[i + 1] !== x) { kept.push(x); seen = 0; }
  });
  return kept;
}

// Half of the points even on a linear axis, half on a logarithmic one, and both ends.
function thin(grid) {
  const positive = countUpTo(grid, 0);
  if (grid.length <= GRID || positive >= grid.length) return grid;
  const low = grid[positive], high = grid[grid.length - 1];
  const kept = new Set([0, positive, grid.length - 1]);
  for (let i = 0; i < GRID / 2; i++) {
    const share = i / (GRID / 2);
    for (const x of [low + share * (high - low), low * (high / low) ** share]) {
      kept.add(Math.min(countBelow(grid, x), grid.length - 1));
    }
  }
  return [...kept].sort((a, b) => a - b).map(i => grid[i]);
}

// Medians and quantiles of the runs of one entrant; null where no run has a finite value.
function curveOf(runs, x, y, band) {
  const paths = runs.map(run => pathOf(run, x, y));
  if (paths.every(p => !p.px.length)) return null;
  const grid = gridOf(paths);
  const curve = { x: grid, low: [], mid: [], high: [], runs, failures: runs.filter(r => !r.proper).length };
  for (const at of grid) {
    const values = sorted(paths.map(path => pathAt(path, at)));
    curve.low.push(quantileOfSorted(values, band[0]));
    curve.mid.push(quantileOfSorted(values, 0.5));
    curve.high.push(quantileOfSorted(values, band[1]));
  }
  const first = Math.min(...paths.map(p => p.firstStep));
  curve.firstStep = Number.isFinite(first) ? first : null;
  return curve;
}
