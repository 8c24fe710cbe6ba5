"""Writes statistics.json beside itself: what numpy and scipy say of cases that tests/evidence computes too.

python3 make_statistics.py   (numpy 2, scipy 1.15 or newer)
"""

import itertools
import json
import pathlib

import numpy as np
import scipy
from scipy import stats

random = np.random.default_rng(7)


def signs(differences):
    """Wilcoxon's two-sided p by going through all signs of the mean ranks."""
    d = np.array([x for x in differences if x != 0])
    ranks = stats.rankdata(np.abs(d))
    seen = min(ranks[d > 0].sum(), ranks[d < 0].sum())
    sums = [np.dot(s, ranks) for s in itertools.product([0, 1], repeat=len(d))]
    return min(1.0, 2 * float(np.mean(np.array(sums) <= seen + 1e-9)))


wilcoxon = []
for n in [3, 5, 8, 12, 20, 45]:
    d = np.round(random.normal(0.4, 1.0, n), 9)
    wilcoxon.append({"differences": d.tolist(), "p": float(stats.wilcoxon(d, method="exact").pvalue)})
for n in [4, 6, 9, 12]:
    d = random.integers(-3, 5, n).astype(float)
    wilcoxon.append({"differences": d.tolist(), "p": signs(d)})
for n, step in [(150, 0.0), (200, 0.5)]:
    d = random.normal(0.15, 1.0, n)
    d = np.round(d / step) * step if step else d
    p = stats.wilcoxon(d, method="asymptotic", correction=True, zero_method="wilcox").pvalue
    wilcoxon.append({"differences": d.tolist(), "p": float(p)})

student = []
for n in [3, 5, 11]:
    d = random.normal(0.3, 1.0, n)
    student.append({"differences": d.tolist(), "p": float(stats.ttest_1samp(d, 0.0).pvalue)})

ps = random.uniform(0, 0.2, 9)
order = np.argsort(ps)
adjusted = np.empty_like(ps)
adjusted[order] = np.minimum(1.0, np.maximum.accumulate((len(ps) - np.arange(len(ps))) * ps[order]))

table = np.round(random.normal(0, 1, (12, 5)) + np.array([0, 0.3, 0.6, 0.9, 2.0]), 1)
ranks = stats.rankdata(table, axis=1).mean(axis=0)
k, n = table.shape[1], table.shape[0]
critical = stats.studentized_range.ppf(0.95, k, np.inf) / np.sqrt(2) * np.sqrt(k * (k + 1) / (6 * n))
friedman = {
    "values": table.tolist(),
    "ranks": ranks.tolist(),
    "p": float(stats.friedmanchisquare(*table.T).pvalue),
    "critical_difference": float(critical),
}

values = random.lognormal(0, 1, 7)
best_of = [
    float(np.mean([min(c) for c in itertools.combinations(values, r)])) for r in range(1, len(values) + 1)
]

# Seconds per iteration of a grid of problems: log t = c + a log k + b log m + d log n + noise.
grid = [(k, m, n) for k in (5, 10, 20, 40) for m, n in ((100, 60), (300, 70), (900, 200))]
x = np.log(np.array(grid, float))
y = -14 + x @ np.array([1.3, 0.9, 0.4]) + random.normal(0, 0.05, len(grid))
design = np.column_stack([np.ones(len(y)), x])
coefficients, *_ = np.linalg.lstsq(design, y, rcond=None)
freedom = len(y) - design.shape[1]
variance = np.sum((y - design @ coefficients) ** 2) / freedom
errors = np.sqrt(np.diag(variance * np.linalg.inv(design.T @ design)))
half = stats.t.ppf(0.975, freedom) * errors
scaling = {
    "grid": grid,
    "seconds": np.exp(y).tolist(),
    "exponents": coefficients[1:].tolist(),
    "low": (coefficients - half)[1:].tolist(),
    "high": (coefficients + half)[1:].tolist(),
}

wilson = []
for successes, count in [(0, 5), (3, 5), (5, 5), (40, 60)]:
    ends = stats.binomtest(successes, count).proportion_ci(0.95, method="wilson")
    wilson.append({"successes": successes, "count": count, "low": float(ends.low), "high": float(ends.high)})

sample = random.lognormal(0, 1, 11)
out = {
    "numpy": np.__version__,
    "scipy": scipy.__version__,
    "wilcoxon": wilcoxon,
    "student": student,
    "holm": {"p": ps.tolist(), "adjusted": adjusted.tolist()},
    "friedman": friedman,
    "best_of": {"values": values.tolist(), "expected": best_of},
    "scaling": scaling,
    "wilson": wilson,
    "quantiles": {
        "values": sample.tolist(),
        "p": [0.0, 0.1, 0.25, 0.5, 0.9, 1.0],
        "expected": np.quantile(sample, [0.0, 0.1, 0.25, 0.5, 0.9, 1.0]).tolist(),
    },
}
path = pathlib.Path(__file__).with_name("statistics.json")
path.write_text(json.dumps(out, indent=1) + "\n")
