"""Derives the tables and distributions of a results folder anew from its runs.csv and traces.csv.

python3 rederive.py results/EXPERIMENT   (numpy, scipy; exit code 1 where a number differs by more than 1e-9)

It shares no code with nmfbench: it reads tidy tables and compares with tables/*.csv and figures/ecdf.csv, profile.csv.
One machine and one repetition a run are assumed; intervals are not derived (their random stream is the program's).
"""

import csv
import itertools
import json
import math
import pathlib
import sys

import numpy as np
from scipy import stats

PROPER = {"converged", "target", "budget"}
ASSUMED_FLOOR, QUALITY_FLOOR, LEVEL = 0.02, 1e-4, 0.05
folder = pathlib.Path(sys.argv[1])
checked, wrong = 0, []


def rows(name):
    with open(folder / name, newline="") as file:
        return list(csv.DictReader(file))


def number(text):
    return math.nan if text == "" else float(text)


def check(what, found, expected):
    global checked
    checked += 1
    same = found == expected or (math.isnan(found) and math.isnan(expected))
    if not same and not abs(found - expected) <= 1e-9 * max(abs(expected), 1e-9):
        wrong.append(f"{what}: the folder says {found!r}, the traces {expected!r}")


class Run:
    def __init__(self, row, trace):
        self.label, self.seed = row["label"], int(row["seed"])
        self.problem = (row["dataset"], row["rank"], row["init"])
        self.proper = row["status"] in PROPER
        self.objective = np.array([number(c["objective"]) for c in trace])
        self.seconds = np.array([number(c["seconds"]) for c in trace])
        self.error = number(trace[-1]["relative_error"]) if self.proper else math.inf
        self.spent = self.seconds.max() if self.proper else max(self.seconds.max(), number(row["seconds"]))

    def reach(self, best, epsilon):
        goal = best + epsilon * (self.objective[0] - best)
        at = np.flatnonzero(self.objective <= goal)
        return float(self.seconds[at[0]]) if self.proper and len(at) else math.inf


traces = {}
for row in rows("traces.csv"):
    traces.setdefault(row["run"], []).append(row)
runs = [Run(row, traces[row["run"]]) for row in rows("runs.csv") if row["run"] in traces]
best = {}
for run in runs:
    key = run.problem[:2]
    best[key] = min(best.get(key, math.inf), np.nanmin(run.objective))
problems = list(dict.fromkeys(run.problem for run in runs))
labels = list(dict.fromkeys(run.label for run in runs))


def of(problem, label):
    return [run for run in runs if run.problem == problem and run.label == label]


def quantile(values, p):
    values = np.sort(values)
    at = p * (len(values) - 1)
    low, high = values[math.floor(at)], values[min(math.floor(at) + 1, len(values) - 1)]
    return low if at == math.floor(at) or low == high else low + (at - math.floor(at)) * (high - low)


def reach(run, epsilon):
    return run.reach(best[run.problem[:2]], epsilon)


# Time to target.
for row in rows("tables/time-to-target.csv"):
    problem, epsilon = (row["dataset"], row["rank"], row["init"]), float(row["target"])
    mine = of(problem, row["label"])
    prices = np.array([reach(run, epsilon) for run in mine])
    reached = np.isfinite(prices)
    what = f"{problem} {row['label']} to {epsilon}"
    check(what + " runs", int(row["runs"]), len(mine))
    check(what + " successes", int(row["successes"]), int(reached.sum()))
    ends = stats.binomtest(int(reached.sum()), len(mine)).proportion_ci(0.95, method="wilson")
    check(what + " rate", number(row["rate"]), reached.mean())
    check(what + " rate low", number(row["rate_low"]), ends.low)
    check(what + " rate high", number(row["rate_high"]), ends.high)
    check(what + " median", number(row["median"]), quantile(prices, 0.5))
    spent = sum(p if math.isfinite(p) else run.spent for p, run in zip(prices, mine))
    check(what + " expected", number(row["expected"]), spent / reached.sum() if reached.any() else math.inf)

# Final errors.
for row in rows("tables/final-error.csv"):
    problem = (row["dataset"], row["rank"], row["init"])
    errors = np.array([run.error for run in of(problem, row["label"])])
    what = f"{problem} {row['label']} error"
    check(what + " failed", int(row["failed"]), int(np.isinf(errors).sum()))
    columns = ["least", "lower_quartile", "median", "upper_quartile", "greatest"]
    for column, p in zip(columns, [0, 0.25, 0.5, 0.75, 1]):
        check(f"{what} {column}", number(row[column]), quantile(errors, p))
    for r in (2, 3, 5):
        every = [min(c) for c in itertools.combinations(errors, r)]
        check(f"{what} best of {r}", number(row[f"best_of_{r}"]), float(np.mean(every)) if every else math.nan)


# Pairs.
def difference(a, b):
    if math.isinf(a) and math.isinf(b):
        return math.nan
    if math.isinf(a) or math.isinf(b):
        return math.inf if math.isinf(a) else -math.inf
    return 0.0 if a == b else math.log(a / b) if a > 0 and b > 0 else math.copysign(math.inf, a - b)


def signed_rank(d):
    d = d[d != 0]
    if len(d) == 0:
        return 1.0
    ranks = np.rint(2 * stats.rankdata(np.abs(d))).astype(int)
    chance = np.array([1.0])
    for rank in ranks:
        chance = 0.5 * (np.pad(chance, (0, rank)) + np.pad(chance, (rank, 0)))
    seen = min(ranks[d > 0].sum(), ranks[d < 0].sum())
    return min(1.0, 2 * chance[: seen + 1].sum())


groups = {}
for row in rows("tables/pairwise.csv"):
    groups.setdefault(row["measure"], []).append(row)
for measure, group in groups.items():
    ps = []
    for row in group:
        pairs = []
        for problem in problems:
            second = {run.seed: run for run in of(problem, row["second"])}
            for run in of(problem, row["first"]):
                if run.seed in second:
                    value = (lambda r: r.error) if measure == "relative error" else (
                        lambda r: reach(r, float(measure.rsplit(" ", 1)[1])))
                    pairs.append(difference(value(run), value(second[run.seed])))
        d = np.array(pairs)
        floor = QUALITY_FLOOR if measure == "relative error" else ASSUMED_FLOOR
        known = d[~np.isnan(d)]
        what = f"{measure}: {row['first']} / {row['second']}"
        check(what + " pairs", int(row["pairs"]), len(d))
        check(what + " wins", int(row["wins"]), int((known < -math.log1p(floor)).sum()))
        check(what + " losses", int(row["losses"]), int((known > math.log1p(floor)).sum()))
        check(what + " ratio", number(row["ratio"]), math.exp(quantile(known, 0.5)) if len(known) else math.nan)
        if len(known) < 3:
            p = 1.0
        elif 2.0 ** (1 - len(known)) * len(group) > LEVEL and np.isfinite(known).all():
            p = 1.0 if known.mean() == 0 else float(stats.ttest_1samp(known, 0.0).pvalue)
            p = 0.0 if math.isnan(p) else p
        else:
            p = signed_rank(known)
        check(what + " p", number(row["p"]), p)
        ps.append(p)
    order = np.argsort(ps, kind="stable")
    adjusted = np.empty(len(ps))
    adjusted[order] = np.minimum(1, np.maximum.accumulate((len(ps) - np.arange(len(ps))) * np.array(ps)[order]))
    for row, p in zip(group, adjusted):
        check(f"{measure}: {row['first']} / {row['second']} after Holm", number(row["p_holm"]), p)


# Distributions.
targets = json.loads((folder / "plan.json").read_text())["plan"]["experiment"]["targets"]["gap"]
instances = {}
for run in runs:
    for epsilon in targets:
        instances.setdefault((run.problem, run.seed, epsilon), {})[run.label] = reach(run, epsilon)


def distribution(name, values):
    path = folder / "figures" / name
    if not path.exists():
        return
    with open(path, newline="") as file:
        for row in csv.reader(file):
            if len(row) == 5 and row[1] == "share":
                own = np.array(values[row[0]])
                check(f"{name} {row[0]} at {row[3]}", float(row[4]), float((own <= float(row[3]) * (1 + 1e-12)).mean()))


distribution("ecdf.csv", {l: [p[l] for p in instances.values() if l in p] for l in labels})
whole = [p for p in instances.values() if len(p) == len(labels)]
ratios = {
    l: [math.inf if math.isinf(p[l]) else 1.0 if p[l] <= min(p.values()) else p[l] / min(p.values()) for p in whole]
    for l in labels
}
distribution("profile.csv", ratios)

print(f"{checked} numbers derived anew, {len(wrong)} differ")
print("\n".join(wrong[:20]))
sys.exit(1 if wrong or not checked else 0)
