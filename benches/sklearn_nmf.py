"""Iterations of nmfbench beside those of scikit-learn: same data, same start, in turns, as many threads.

    pip install numpy scipy scikit-learn
    python3 benches/sklearn_nmf.py target/release/nmfbench [--rounds 5] [--threads 1 2] [--only 5000x2000]

Each round of a case makes one run of `mu` and one of `hals` by nmfbench, in processes of their own, and one fit of each
solver by scikit-learn. A time per iteration is that of many iterations less that of a few, so set-up does not count; what
is told is the median over the rounds. Both ends are compared as well: after as many iterations from the same start, `hals`
and scikit-learn's `cd`, and the two `mu`, have to have the same error. OpenBLAS's square product is measured in between.
"""

import argparse
import csv
import os
import pathlib
import statistics
import subprocess
import tempfile
import time

for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)

import numpy as np
import scipy.sparse
import sklearn
import threadpoolctl
from sklearn.decomposition._nmf import non_negative_factorization

SHAPES = [
    (361, 2429, None, 49),
    (10304, 400, None, 25),
    (10304, 400, None, 49),
    (5000, 2000, None, 20),
    (5000, 2000, None, 50),
    (5000, 2000, None, 100),
    (20000, 10000, 0.005, 20),
    (20000, 10000, 0.005, 50),
]
SQUARE = 2000
FEW, MANY = 1, 9

EXPERIMENT = """
name = "side-by-side"
question = "What does an iteration cost?"

[[dataset]]
name = "data"
path = "{file}"

[sweep]
rank = {k}
init = {{ w = "w.npy", h = "h.npy" }}
seeds = 1
threads = {threads}

[stop]
iterations = {many}

[checkpoints]
growth = 100.0

[[algorithm]]
name = "mu"
[[algorithm]]
name = "hals"
"""


def data(m, n, density):
    rng = np.random.default_rng(1)
    if density is None:
        return rng.random((m, n))
    ranks = np.minimum((m + 1.0) ** rng.random((n, 6 * int(density * m))), m).astype(int) - 1
    columns = [rng.permutation(np.unique(row))[: int(density * m)] for row in ranks]
    cols = np.repeat(np.arange(n), [len(c) for c in columns])
    rows = rng.permutation(m)[np.concatenate(columns)]
    return scipy.sparse.csr_matrix((1.0 + rng.integers(0, 5, len(rows)), (rows, cols)), shape=(m, n))


def write(folder, a, w, h, threads):
    if scipy.sparse.issparse(a):
        scipy.sparse.save_npz(folder / "a.npz", a)
    else:
        np.save(folder / "a.npy", a)
    np.save(folder / "w.npy", w)
    np.save(folder / "h.npy", h)
    file = "a.npz" if scipy.sparse.issparse(a) else "a.npy"
    text = EXPERIMENT.format(file=file, k=w.shape[1], threads=threads, many=MANY)
    (folder / "case.toml").write_text(text)


def ours(binary, folder, turn):
    """Seconds per iteration and last error of each algorithm."""
    results = folder / f"results-{turn}"
    command = [str(binary), "run", "case.toml", "--results", str(results)]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    tables = results / "side-by-side"
    with open(tables / "runs.csv", newline="") as file:
        names = {row["run"]: row["algorithm"] for row in csv.DictReader(file)}
    looks = {}
    with open(tables / "traces.csv", newline="") as file:
        for row in csv.DictReader(file):
            looks.setdefault(names[row["run"]], {})[int(row["iteration"])] = row
    found = {}
    for name, at in looks.items():
        seconds = float(at[MANY]["seconds"]) - float(at[FEW]["seconds"])
        found[name] = seconds / (MANY - FEW), float(at[MANY]["relative_error"])
    return found


def fit(a, w, h, solver, iterations):
    began = time.perf_counter()
    w, h, _ = non_negative_factorization(
        a, W=w.copy(), H=h.copy(), n_components=w.shape[1], init="custom", solver=solver, tol=0, max_iter=iterations
    )
    return time.perf_counter() - began, w, h


def error(a, w, h):
    square = a.multiply(a).sum() if scipy.sparse.issparse(a) else np.vdot(a, a)
    return np.sqrt(max(square - 2.0 * np.vdot(a.T @ w, h.T) + np.vdot(w.T @ w, h @ h.T), 0.0) / square)


def case(binary, m, n, density, k, threads, rounds):
    a = data(m, n, density)
    rng = np.random.default_rng(2)
    scale = np.sqrt(a.mean() / k)
    w, h = scale * rng.random((m, k)), scale * rng.random((k, n))
    square = rng.random((SQUARE, SQUARE))
    found = {name: [] for name in ("hals", "mu", "square")}
    fits = {name: ([], []) for name in ("cd", "their mu")}
    ends = {}
    with tempfile.TemporaryDirectory() as folder, threadpoolctl.threadpool_limits(threads):
        folder = pathlib.Path(folder)
        write(folder, a, w, h, threads)
        square @ square
        for turn in range(rounds):
            for name, (seconds, end) in ours(binary, folder, turn).items():
                found[name].append(seconds)
                ends[name] = end
            for name, solver in (("cd", "cd"), ("their mu", "mu")):
                fits[name][0].append(fit(a, w, h, solver, FEW)[0])
                many, w1, h1 = fit(a, w, h, solver, MANY)
                fits[name][1].append(many)
                if turn == 0:
                    ends[name] = error(a, w1, h1)
            began = time.perf_counter()
            square @ square
            found["square"].append(time.perf_counter() - began)
    for one, other in (("hals", "cd"), ("mu", "their mu")):
        assert abs(ends[one] - ends[other]) < 1e-6 * ends[other], (m, n, k, ends)
    t = {name: 1e3 * statistics.median(values) for name, values in found.items()}
    for name, (few, many) in fits.items():
        t[name] = 1e3 * (statistics.median(many) - statistics.median(few)) / (MANY - FEW)
    print(
        f"| {m}×{n}, {k} | {threads} | {t['hals']:.2f} | {t['cd']:.2f} | {t['hals'] / t['cd']:.2f} | {t['mu']:.2f} | "
        f"{t['their mu']:.2f} | {t['mu'] / t['their mu']:.2f} | {2e-6 * SQUARE**3 / t['square']:.1f} |",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--only", default=[], nargs="+", metavar="M×N", help="these shapes alone")
    options = parser.parse_args()
    blas = {d["version"] for d in threadpoolctl.threadpool_info() if d["internal_api"] == "openblas"}
    print(f"scikit-learn {sklearn.__version__}, numpy {np.__version__}, OpenBLAS {', '.join(sorted(blas))}\n")
    print("| A, k | threads | `hals` | its `cd` | ratio | `mu` | its `mu` | ratio | its square product, GFLOP/s |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    wanted = [shape.replace("×", "x") for shape in options.only]
    for m, n, density, k in SHAPES:
        for threads in options.threads:
            if not wanted or f"{m}x{n}" in wanted:
                case(options.binary.resolve(), m, n, density, k, threads, options.rounds)


if __name__ == "__main__":
    main()
