"""An iteration of nmfbench beside one of scikit-learn, in turns, on the shapes of docs/performance.md.

    pip install numpy scipy scikit-learn
    python3 benches/sklearn_nmf.py target/release/nmfbench [--rounds 5] [--threads 1 2]

Both work on random data of one shape from a random start; what is told is the median over the rounds. scikit-learn's time
is that of a longer fit less that of a shorter one, so its set-up does not count.
"""

import argparse
import csv
import os
import statistics
import subprocess
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


def data(m, n, density):
    rng = np.random.default_rng(1)
    if density is None:
        return rng.random((m, n))
    ranks = np.minimum((m + 1.0) ** rng.random((n, 4 * int(density * m))), m).astype(int) - 1
    columns = [rng.permutation(np.unique(row))[: int(density * m)] for row in ranks]
    cols = np.repeat(np.arange(n), [len(c) for c in columns])
    rows = rng.permutation(m)[np.concatenate(columns)]
    return scipy.sparse.csr_matrix((1.0 + rng.random(len(rows)), (rows, cols)), shape=(m, n))


def theirs(a, w, h, solver, iterations):
    began = time.perf_counter()
    non_negative_factorization(
        a, W=w.copy(), H=h.copy(), n_components=w.shape[1], init="custom", solver=solver, tol=0, max_iter=iterations
    )
    return time.perf_counter() - began


def ours(binary, m, n, density, k, threads):
    command = [binary, "bench", "mu,hals", "--csv", "--rounds", "3", "--shape", f"{m}x{n}", "--rank", str(k)]
    command += ["--threads", str(threads)] + ([] if density is None else ["--density", str(density)])
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {row["what"]: float(row["seconds"]) for row in csv.DictReader(lines)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--only", default="", metavar="M×N", help="this shape alone")
    options = parser.parse_args()
    blas = [d["version"] for d in threadpoolctl.threadpool_info() if d["internal_api"] == "openblas"]
    print(f"scikit-learn {sklearn.__version__}, numpy {np.__version__}, OpenBLAS {', '.join(blas)}")
    print("ms per iteration | hals | cd | ratio | mu | their mu | ratio | square product, GFLOP/s")
    for m, n, density, k in SHAPES:
        if options.only not in ("", f"{m}x{n}", f"{m}×{n}"):
            continue
        a = data(m, n, density)
        rng = np.random.default_rng(2)
        w, h = rng.random((m, k)), rng.random((k, n))
        square = rng.random((2000, 2000))
        for threads in options.threads:
            found = {name: [] for name in ("hals", "mu", "cd", "their mu", "square")}
            with threadpoolctl.threadpool_limits(threads):
                for _ in range(options.rounds):
                    mine = ours(options.binary, m, n, density, k, threads)
                    found["hals"].append(mine["hals"])
                    found["mu"].append(mine["mu"])
                    for name, solver in (("cd", "cd"), ("their mu", "mu")):
                        few, many = (theirs(a, w, h, solver, count) for count in (2, 12))
                        found[name].append((many - few) / 10)
                    began = time.perf_counter()
                    square @ square
                    found["square"].append(time.perf_counter() - began)
            t = {name: 1e3 * statistics.median(values) for name, values in found.items()}
            print(
                f"{m}×{n}, k = {k}, {threads} threads | {t['hals']:.2f} | {t['cd']:.2f} | {t['hals'] / t['cd']:.2f} | "
                f"{t['mu']:.2f} | {t['their mu']:.2f} | {t['mu'] / t['their mu']:.2f} | {16e3 / t['square']:.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
