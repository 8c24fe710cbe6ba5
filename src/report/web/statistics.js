// Quantiles, intervals, paired tests and verdicts, by the rules of the program's own analysis. A failure is infinite.

const LEVEL = 0.05;
const FEWEST = 3;
const QUALITY_FLOOR = 1e-4;
const RESAMPLES = 1000;

function sorted(values) {
  return Float64Array.from(values, v => (Number.isNaN(v) ? Infinity : v)).sort();
}

// Type 7 of Hyndman and Fan, of values in order; between a finite value and infinity there is only infinity.
function quantileOfSorted(values, p) {
  const last = values.length - 1;
  if (last < 0) return NaN;
  const at = Math.min(Math.max(p, 0), 1) * last;
  const below = Math.floor(at), share = at - below;
  const low = values[below], high = values[Math.min(below + 1, last)];
  return share < 1e-12 || low === high ? low : low + share * (high - low);
}

const quantile = (values, p) => quantileOfSorted(sorted(values), p);
const median = values => quantile(values, 0.5);

// The middle of the first `count` values, which are put into another order: as `median`, without sorting all.
function medianInPlace(values, count) {
  if (count === 0) return NaN;
  const middle = (count - 1) >> 1;
  let left = 0, right = count - 1;
  while (left < right) {
    const pivot = values[(left + right) >> 1];
    let i = left, j = right;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i <= j) { const swap = values[i]; values[i++] = values[j]; values[j--] = swap; }
    }
    if (middle <= j) right = j; else if (middle >= i) left = i; else break;
  }
  const low = values[middle];
  if (count % 2) return low;
  let high = Infinity;
  for (let i = middle + 1; i < count; i++) if (values[i] < high) high = values[i];
  return low === high ? low : low + 0.5 * (high - low);
}

// Draws data sets, keeps the problems of each, draws seeds within their problem. `nested`: data sets of problems of
// items; `statistic` gets the items drawn, as places in `flat`.
function interval(nested, statistic) {
  const sets = [];
  const flat = [];
  for (const set of nested) {
    const problems = [];
    for (const items of set) {
      if (items.length) problems.push([flat.length, items.length]);
      for (const item of items) flat.push(item);
    }
    if (problems.length) sets.push(problems);
  }
  const all = Uint32Array.from(flat, (_, i) => i);
  const value = statistic(flat, all, flat.length);
  if (!sets.length || (sets.length === 1 && sets[0].every(p => p[1] < 2))) return { value, low: NaN, high: NaN };
  const random = chacha8(0);
  const largest = Math.max(...sets.map(set => set.reduce((sum, p) => sum + p[1], 0)));
  const sample = new Uint32Array(largest * sets.length);
  const drawn = new Float64Array(RESAMPLES);
  for (let r = 0; r < RESAMPLES; r++) {
    let count = 0;
    for (let s = 0; s < sets.length; s++) {
      for (const [first, size] of sets[random.below(sets.length)]) {
        for (let i = 0; i < size; i++) sample[count++] = first + random.below(size);
      }
    }
    drawn[r] = statistic(flat, sample, count);
  }
  const ends = sorted(drawn);
  return { value, low: quantileOfSorted(ends, (1 - 0.95) / 2), high: quantileOfSorted(ends, 1 - (1 - 0.95) / 2) };
}

const isKnown = told => !Number.isNaN(told.low) && !Number.isNaN(told.high);

// The median of what `of` gives for each item, left out where it is no number; `after` is applied to it.
function medianOf(of, after = v => v) {
  let values = null, scratch = null;
  return (flat, places, count) => {
    values ??= Float64Array.from(flat, of);
    if (!scratch || scratch.length < count) scratch = new Float64Array(count);
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const value = values[places[i]];
      if (value === value) scratch[kept++] = value;
    }
    return kept ? after(medianInPlace(scratch, kept)) : NaN;
  };
}

// log(a / b); a failure is infinite, two of them are no number, equal values are 0.
function difference([a, b]) {
  const first = Number.isFinite(a), second = Number.isFinite(b);
  if (!first && !second) return NaN;
  if (!second) return -Infinity;
  if (!first) return Infinity;
  if (a === b) return 0;
  return Math.log(Math.max(a, 0) / Math.max(b, 0));
}

// Wilcoxon's signed ranks, two-sided; exact for up to 100 differences, ties and all. NaN where all are zero.
function signedRank(differences) {
  const kept = differences.filter(d => d !== 0 && !Number.isNaN(d)).sort((a, b) => {
    const x = Math.abs(a), y = Math.abs(b);
    return x < y ? -1 : x > y ? 1 : 0;
  });
  const n = kept.length;
  if (!n) return NaN;
  const doubled = [];
  while (doubled.length < n) {
    const first = doubled.length;
    let equal = 0;
    while (first + equal < n && Math.abs(kept[first + equal]) === Math.abs(kept[first])) equal++;
    for (let i = 0; i < equal; i++) doubled.push(2 * first + equal + 1);
  }
  const total = doubled.reduce((a, b) => a + b, 0);
  let plus = 0;
  kept.forEach((d, i) => { if (d > 0) plus += doubled[i]; });
  const least = Math.min(plus, total - plus);
  if (n > 100) {
    const mean = total / 4;
    const variance = doubled.reduce((sum, r) => sum + (r / 2) ** 2, 0) / 4;
    return Math.min(1, 2 * normal(Math.min((least / 2 - mean + 0.5) / Math.sqrt(variance), 0)));
  }
  const chance = new Float64Array(total + 1);
  chance[0] = 1;
  let reach = 0;
  for (const rank of doubled) {
    reach += rank;
    for (let sum = reach; sum >= 0; sum--) {
      chance[sum] = 0.5 * (chance[sum] + (sum >= rank ? chance[sum - rank] : 0));
    }
  }
  let p = 0;
  for (let sum = 0; sum <= least; sum++) p += chance[sum];
  return Math.min(1, 2 * p);
}

// The two-sided p of Student's t for a mean of zero.
function student(differences) {
  const n = differences.length;
  if (n < 2) return 1;
  const mean = differences.reduce((a, b) => a + b, 0) / n;
  if (mean === 0) return 1;
  const variance = differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (n - 1);
  const error = Math.sqrt(variance / n);
  if (!(error > 0)) return 0;
  const t = mean / error, freedom = n - 1;
  return incompleteBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
}

// Φ(z) = ½ P(½, z²/2) about the middle, by the incomplete gamma function.
function normal(z) {
  const x = z * z / 2;
  const tail = 0.5 * upperGamma(0.5, x);
  return z <= 0 ? tail : 1 - tail;
}

function logGamma(x) {
  // Shifted upward, where the asymptotic series is exact to the last digits.
  let shift = 0;
  while (x < 15) { shift += Math.log(x); x += 1; }
  const inverse = 1 / x, square = inverse * inverse;
  const series = inverse / 12 * (1 - square / 30 * (1 - square * 2 / 7 * (1 - square * 3 / 4)));
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

function upperGamma(a, x) {
  if (x <= 0) return 1;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a, sum = term;
    for (let n = 1; n < 1000 && Math.abs(term) > Math.abs(sum) * 1e-17; n++) { term *= x / (a + n); sum += term; }
    return 1 - sum * scale;
  }
  let b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
  for (let i = 1; i < 1000; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return scale * h;
}

// The regularised incomplete beta function by its continued fraction (modified Lentz).
function incompleteBeta(x, a, b) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const scale = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  const keep = v => (Math.abs(v) < 1e-300 ? 1e-300 : v);
  let c = 1, d = 1 / keep(1 - (a + b) * x / (a + 1)), h = d;
  for (let m = 1; m < 1000; m++) {
    for (const factor of [
      m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
      -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / keep(1 + factor * d);
      c = keep(1 + factor / c);
      h *= d * c;
    }
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return scale * h;
}

// Holm's step-down correction; p in the order given.
function holm(ps) {
  const order = ps.map((_, i) => i).sort((a, b) => ps[a] - ps[b]);
  const adjusted = new Array(ps.length);
  let most = 0;
  order.forEach((i, rank) => {
    most = Math.max(most, Math.min(1, (ps.length - rank) * ps[i]));
    adjusted[i] = most;
  });
  return adjusted;
}

// Two entrants on the same starts; `pairs` nested by data set and problem, `comparisons` made together.
function compare(first, second, pairs, floor, comparisons) {
  const logs = pairs.flat(2).map(difference);
  const threshold = Math.log(1 + floor);
  const wins = logs.filter(d => d < -threshold).length, losses = logs.filter(d => d > threshold).length;
  const ratio = interval(pairs, medianOf(difference, Math.exp));
  const resolved = logs.filter(d => !Number.isNaN(d));
  let test = "none", p = 1;
  if (resolved.length >= FEWEST) {
    const least = 2 ** (1 - resolved.length) * Math.max(comparisons, 1);
    if (least > LEVEL && resolved.every(Number.isFinite)) { test = "student"; p = student(resolved); }
    else { test = "signed-rank"; p = signedRank(resolved); if (Number.isNaN(p)) p = 1; }
  }
  const ties = logs.length - wins - losses;
  return { first, second, pairs: logs.length, wins, ties, losses, ratio, test, p, adjusted: p, floor, lower: null };
}

// Holm's correction and a verdict for each: corrected test, ratio beyond the floor, interval without 1.
function decide(comparisons) {
  const adjusted = holm(comparisons.map(c => c.p));
  comparisons.forEach((c, i) => {
    c.adjusted = adjusted[i];
    const { value, low, high } = c.ratio;
    c.lower = null;
    if (c.adjusted > LEVEL || !isKnown(c.ratio)) return;
    if (value < 1 / (1 + c.floor) && high < 1) c.lower = "first";
    else if (value > 1 + c.floor && low > 1) c.lower = "second";
  });
  return comparisons;
}

function reversed(c) {
  const { value, low, high } = c.ratio;
  return {
    ...c, first: c.second, second: c.first, wins: c.losses, losses: c.wins,
    ratio: { value: 1 / value, low: 1 / high, high: 1 / low },
    lower: c.lower === "first" ? "second" : c.lower === "second" ? "first" : null,
  };
}

// The values of two labels on the starts that both tried, nested by data set and problem.
function pairsOf(problems, first, second, value) {
  const sets = new Map();
  for (const problem of problems) {
    const a = problem.entrants.get(first), b = problem.entrants.get(second);
    if (!a || !b) continue;
    const other = new Map();
    for (const run of b) if (!other.has(run.seed)) other.set(run.seed, run);
    const found = [];
    for (const run of a) {
      const twin = other.get(run.seed);
      if (twin) found.push([value(run), value(twin)]);
    }
    if (!found.length) continue;
    if (!sets.has(problem.digest)) sets.set(problem.digest, []);
    sets.get(problem.digest).push(found);
  }
  return [...sets.values()];
}

const entrantsOf = problems => [...new Set(problems.flatMap(p => [...p.entrants.keys()]))];

// A step at a time, so that a page stays alive meanwhile: yields after each comparison, returns the contest.
function* contestSteps(problems, floor, value) {
  const labels = entrantsOf(problems);
  const all = [];
  const count = labels.length * (labels.length - 1) / 2;
  for (let i = 0; i < labels.length; i++) {
    for (let j = i + 1; j < labels.length; j++) {
      all.push(compare(labels[i], labels[j], pairsOf(problems, labels[i], labels[j], value), floor, count));
      yield;
    }
  }
  decide(all);
  const contest = { labels, all, leader: null };
  let first = null;
  for (const label of labels) {
    const values = problems.flatMap(p => (p.entrants.get(label) ?? []).map(value));
    if (2 * values.filter(Number.isFinite).length < Math.max(values.length, 1)) continue;
    const row = contestRow(contest, label);
    const behind = row.filter(c => c.ratio.value > 1).length;
    const slack = row.map(c => Math.log(c.ratio.value)).filter(Number.isFinite).reduce((a, b) => a + b, 0);
    if (!first || behind < first.behind || (behind === first.behind && slack < first.slack)) {
      first = { label, behind, slack };
    }
  }
  contest.leader = first?.label ?? null;
  return contest;
}

function contestOf(problems, floor, value) {
  const steps = contestSteps(problems, floor, value);
  for (;;) {
    const { done, value: contest } = steps.next();
    if (done) return contest;
  }
}

// One entrant against each other, itself first.
function contestRow(contest, label) {
  return contest.all.flatMap(c => (c.first === label ? [c] : c.second === label ? [reversed(c)] : []));
}
