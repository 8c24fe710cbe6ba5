// Numbers and verdicts as the terminal says them.

function significant(value, digits) {
  if (value === null || value === undefined || Number.isNaN(value)) return "—";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const rounded = value.toExponential(Math.max(digits, 1) - 1);
  const exponent = Number(rounded.split("e")[1]);
  if (exponent >= -4 && exponent < 6) return value.toFixed(Math.max(digits - 1 - exponent, 0));
  return rounded.replace("e+", "e");
}

function inSeconds(value) {
  if (!Number.isFinite(value) || value === 0 || value >= 1) {
    return significant(value, 3) + (Number.isFinite(value) ? " s" : "");
  }
  return value >= 0.9995e-3 ? `${significant(value * 1e3, 3)} ms` : `${significant(value * 1e6, 3)} µs`;
}

function percent(share) {
  const text = (share * 100).toFixed(6);
  return `${text.replace(/0+$/, "").replace(/\.$/, "")} %`;
}

// A price on an axis, with its unit.
function priced(value, x) {
  if (x === "seconds") return inSeconds(value);
  const unit = { iterations: "iterations", flops: "flop", passes: "passes" }[x];
  return Number.isFinite(value) ? `${significant(value, 3)} ${unit}` : "∞";
}

// A target as short as it can be said: 0.01, 1e-3, 3.2e-4.
function level(value) {
  if (value >= 0.01 && value < 100) return String(Number(value.toPrecision(2)));
  return value.toExponential(1).replace("e+", "e").replace(".0e", "e");
}

// “2.1 × [1.9, 2.4]”: how many times the other's value.
function factor(ratio) {
  if (!Number.isFinite(ratio.value)) return "";
  const digits = 2 + (ratio.value < 1.1 ? 1 : 0);
  const ends = isKnown(ratio) ? ` [${significant(ratio.low, digits)}, ${significant(ratio.high, digits)}]` : "";
  return `${significant(ratio.value, digits)} ×${ends}`;
}

function few(names) {
  return names.length > 4 ? `${names.slice(0, 4).join(", ")} and ${names.length - 4} more` : names.join(", ");
}

function joined(names) {
  if (names.length > 5) return few(names);
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}

const probability = p => (p < 1e-4 ? "< 0.0001" : `= ${significant(p, 2)}`);

// The leader of a contest and how sure that is; nothing where nobody arrives.
function told(contest, [wins, open], goal, ahead) {
  const leader = contest.leader;
  if (leader === null) return "";
  const size = c => (Number.isNaN(c.ratio.value) ? Infinity : c.ratio.value);
  const all = contestRow(contest, leader).sort((a, b) => (size(a) === size(b) ? 0 : size(b) > size(a) ? 1 : -1));
  if (!all.length) return "";
  const absent = all.filter(c => c.ratio.value === 0), row = all.filter(c => c.ratio.value !== 0);
  if (!row.length) {
    const of = absent.length ? ` in half of the runs (${absent[0].pairs} pairs)` : "";
    return `${leader} ${wins} ${goal}, the only one${of}`;
  }
  const times = c => factor(reversed(c).ratio);
  const tied = row.filter(c => c.lower !== "first");
  if (!tied.length) {
    const [nearest] = row;
    const evidence = `${nearest.pairs} pairs of runs, p ${probability(nearest.adjusted)}`;
    return `${leader} ${wins} ${goal}, ${times(nearest) || "far"} ${ahead} the next, ${nearest.second} (${evidence})`;
  }
  if (tied[0].pairs < FEWEST) return `${open} ${goal} cannot be told from ${tied[0].pairs} pairs of runs`;
  const names = tied.map(c => (times(c) ? `${c.second} (ratio ${times(c)})` : c.second));
  return `${open} ${goal} cannot be told: ${leader} leads by median, but not clearly before ${joined(names)}`;
}

// The hardest target that some entrant reaches in half of its runs; undefined without one.
function hardestTarget(problems, ladder) {
  const labels = entrantsOf(problems);
  return [...ladder].sort((a, b) => a - b).find(epsilon => labels.some(label => {
    const prices = problems.flatMap(p => (p.entrants.get(label) ?? []).map(run => reach(run, epsilon, "seconds")));
    return 2 * prices.filter(Number.isFinite).length >= prices.length;
  }));
}

// The answer to the experiment's question over some problems, a comparison at a time.
function* answerSteps(problems, ladder, floor, frobenius) {
  const parts = [];
  const epsilon = hardestTarget(problems, ladder);
  if (epsilon !== undefined) {
    const race = yield* contestSteps(problems, floor, run => reach(run, epsilon, "seconds"));
    parts.push(told(race, ["is soonest", "who is soonest"], `to a gap of ${percent(epsilon)}`, "sooner than"));
  }
  const quality = frobenius ? "relative_error" : "objective", name = frobenius ? "error" : "objective";
  const ends = yield* contestSteps(problems, QUALITY_FLOOR, run => finalValue(run, quality));
  parts.push(told(ends, [`has the lowest ${name}`, `whose ${name} is lowest`], "at the end", "below"));
  const said = parts.filter(part => part);
  if (!said.length) {
    const alone = ends.leader;
    return alone === null ? "No run ended properly, so there is no answer." : `There is nothing to compare ${alone} with.`;
  }
  const scope = problems.length === 1 ? "On one problem" : `Over ${problems.length} problems`;
  return `${scope}, ${said.join("; ")}.`;
}
