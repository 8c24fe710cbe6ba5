"""Writes scores.json beside itself: what scikit-learn, scipy and numpy say of cases that src/scores computes too.

python3 make_scores.py   (numpy 2, scipy 1.15, scikit-learn 1.6 or newer)
"""

import json
import pathlib

import numpy as np
import scipy
import sklearn
from scipy.optimize import linear_sum_assignment, nnls
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.neighbors import KNeighborsClassifier

random = np.random.default_rng(11)


def lists(x):
    return np.round(x, 6).tolist()


assignments = []
for rows, columns in [(1, 1), (4, 4), (3, 7), (8, 5), (20, 20)]:
    table = np.round(random.normal(size=(rows, columns)), 6)
    i, j = linear_sum_assignment(table, maximize=True)
    assignments.append({"table": table.tolist(), "sum": float(table[i, j].sum())})

partitions = []
for n, clusters, classes, mixed in [(12, 3, 3, 0.2), (60, 5, 4, 0.4), (60, 3, 6, 0.1), (200, 10, 10, 0.3), (9, 9, 2, 0.0)]:
    truth = random.integers(0, classes, n)
    found = np.where(random.random(n) < mixed, random.integers(0, clusters, n), truth % clusters)
    table = np.zeros((clusters, classes))
    np.add.at(table, (found, truth), 1)
    i, j = linear_sum_assignment(table, maximize=True)
    partitions.append({
        "clusters": found.tolist(),
        "classes": truth.tolist(),
        "accuracy": float(table[i, j].sum() / n),
        "nmi": float(normalized_mutual_info_score(truth, found)),
        "ari": float(adjusted_rand_score(truth, found)),
    })


def unit(x):
    return x / np.linalg.norm(x, axis=0)


recoveries = []
for m, k, r in [(6, 3, 3), (12, 4, 6), (15, 7, 4), (5, 2, 2)]:
    truth = np.round(random.random((m, r)), 6)
    found = np.round(np.abs(random.normal(size=(m, k))), 6)
    activations = np.round(random.random((r, 10)), 6)
    h = np.round(random.random((k, 10)), 6)
    cosines = 1 - cdist(truth.T, found.T, "cosine")
    i, j = linear_sum_assignment(cosines, maximize=True)
    matched, rows = np.zeros(r), np.zeros(r)
    matched[i] = cosines[i, j]
    rows[i] = np.sum(unit(activations.T)[:, i] * unit(h.T)[:, j], axis=0)
    angles = np.degrees(np.arccos(matched))
    p = np.abs(np.linalg.pinv(unit(found), rcond=1e-12) @ unit(truth))
    across = ((p.sum(1) / p.max(1) - 1) / (r - 1)).mean()
    down = ((p.sum(0) / p.max(0) - 1) / (k - 1)).mean()
    recoveries.append({
        "truth": truth.T.tolist(),
        "activations": activations.tolist(),
        "w": found.T.tolist(),
        "h": h.tolist(),
        "recovery": float(matched.mean()),
        "recovery_least": float(matched.min()),
        "recovery_h": float(rows.mean()),
        "angle": float(angles.mean()),
        "angle_greatest": float(angles.max()),
        "amari": float((across + down) / 2),
    })

recognitions = []
for m, n, q, k, classes, neighbours in [(8, 30, 20, 3, 3, 1), (20, 12, 15, 4, 3, 3), (6, 40, 25, 2, 5, 5)]:
    centres = random.random((m, classes))
    known, asked = random.integers(0, classes, n), random.integers(0, classes, q)
    a = np.round(np.abs(centres[:, known] + 0.3 * random.normal(size=(m, n))), 6)
    b = np.round(np.abs(centres[:, asked] + 0.3 * random.normal(size=(m, q))), 6)
    w = np.round(random.random((m, k)), 6)
    scale = np.linalg.norm(w, axis=0)
    features = lambda x: np.array([nnls(w, column)[0] * scale for column in x.T])
    judge = lambda x, y: float(KNeighborsClassifier(neighbours).fit(x, known).score(y, asked))
    pca = PCA(k, svd_solver="full").fit(a.T)
    recognitions.append({
        "a": a.T.tolist(),
        "classes": known.tolist(),
        "asked": b.T.tolist(),
        "labels": asked.tolist(),
        "w": w.T.tolist(),
        "neighbours": neighbours,
        "rate": judge(features(a), features(b)),
        "pca": judge(pca.transform(a.T), pca.transform(b.T)),
    })

out = {
    "numpy": np.__version__,
    "scipy": scipy.__version__,
    "sklearn": sklearn.__version__,
    "assignments": assignments,
    "partitions": partitions,
    "recoveries": recoveries,
    "recognitions": recognitions,
}
path = pathlib.Path(__file__).with_name("scores.json")
path.write_text(json.dumps(out, separators=(",", ":")) + "\n")
