// Distributions over problems, targets and seeds. Failures are instances that never come.

// What each run pays for each target.
function attemptsOf(problems, ladder, x) {
  const all = [];
  problems.forEach((problem, index) => {
    const { nnz } = problem.data;
    const unit = { flops: 4 * nnz * problem.rank, passes: 2, iterations: 1, seconds: NaN }[x];
    for (const [label, runs] of problem.entrants) {
      for (const run of runs) {
        const prices = run.values(x);
        let spent = 0;
        for (const price of prices) if (Number.isFinite(price)) spent = Math.max(spent, price);
        if (x === "seconds" && !run.proper) spent = Math.max(spent, run.seconds);
        for (const epsilon of ladder) {
          const price = reach(run, epsilon, x);
          all.push({ label, data: problem.digest, problem: index, seed: run.seed, epsilon, price, spent, unit, run });
        }
      }
    }
  });
  return all;
}

// The share of instances at or below each value, as a right-continuous step function.
function stepsOf(values) {
  const finite = Float64Array.from(values.filter(Number.isFinite)).sort();
  const steps = { x: [], share: [], count: values.length };
  finite.forEach((value, i) => {
    const share = (i + 1) / values.length;
    if (steps.x.length && steps.x[steps.x.length - 1] === value) steps.share[steps.share.length - 1] = share;
    else { steps.x.push(value); steps.share.push(share); }
  });
  return steps;
}

function byLabel(attempts) {
  const groups = new Map();
  for (const attempt of attempts) {
    if (!groups.has(attempt.label)) groups.set(attempt.label, []);
    groups.get(attempt.label).push(attempt);
  }
  return groups;
}

const distributions = (attempts, value) =>
  [...byLabel(attempts)].map(([label, own]) => ({ label, steps: stepsOf(own.map(value)) }));

const ecdf = attempts => distributions(attempts, a => a.price);
const dataProfile = attempts => distributions(attempts, a => a.price / a.unit);

// Dolan and Moré: the share on which a price is within a factor of the least, of instances that all have tried.
function performanceProfile(attempts) {
  const labels = [...byLabel(attempts).keys()];
  const instances = new Map();
  for (const a of attempts) {
    const key = `${a.problem}|${a.seed}|${a.epsilon}`;
    if (!instances.has(key)) instances.set(key, new Map());
    instances.get(key).set(a.label, a.price);
  }
  const whole = [...instances.values()].filter(prices => prices.size === labels.length);
  const profile = labels.map(label => {
    const ratios = whole.map(prices => {
      const price = prices.get(label), least = Math.min(...prices.values());
      return !Number.isFinite(price) ? Infinity : price <= least ? 1 : price / least;
    });
    return { label, steps: stepsOf(ratios) };
  });
  return { profile, leftOut: instances.size - whole.length };
}

function nestedBy(attempts) {
  const sets = new Map();
  for (const a of attempts) {
    if (!sets.has(a.data)) sets.set(a.data, new Map());
    const problems = sets.get(a.data);
    if (!problems.has(a.problem)) problems.set(a.problem, []);
    problems.get(a.problem).push(a);
  }
  return [...sets.values()].map(problems => [...problems.values()]);
}

// The expected price with restarts: all that was spent by the number of successes.
function expectedPrice(flat, places, count) {
  let spent = 0, successes = 0;
  for (let i = 0; i < count; i++) {
    const a = flat[places[i]];
    const reached = Number.isFinite(a.price);
    spent += reached ? a.price : a.spent;
    successes += reached ? 1 : 0;
  }
  return successes ? spent / successes : Infinity;
}

// Wilson's interval for a share.
function shareOf(successes, count) {
  const z = 1.959963984540054, n = count;
  if (!count) return { value: NaN, low: NaN, high: NaN };
  const p = successes / n, middle = p + z * z / (2 * n), scale = 1 + z * z / n;
  const half = z * Math.sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return {
    value: p, low: successes === 0 ? 0 : (middle - half) / scale, high: successes === count ? 1 : (middle + half) / scale,
  };
}

// A row for each entrant: how it comes to one target.
function toTarget(problems, epsilon, x) {
  return [...byLabel(attemptsOf(problems, [epsilon], x))].map(([label, own]) => {
    const nested = nestedBy(own);
    const successes = own.filter(a => Number.isFinite(a.price)).length;
    return {
      label, runs: own.length, successes, rate: shareOf(successes, own.length),
      median: interval(nested, medianOf(a => a.price)), expected: interval(nested, expectedPrice),
    };
  });
}
