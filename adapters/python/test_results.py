"""Loads a results folder that nmfbench has made, and checks it against nmfbench's own tables.

    VENV/bin/python test_results.py results/faces      # with pandas
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import nmfbench_results
import pandas as pd


def check(folder: Path) -> None:
    results = nmfbench_results.load(folder)
    for name, found in (("runs", results.runs), ("traces", results.traces)):
        table = pd.read_csv(folder / f"{name}.csv")
        found = found[found.run.isin(table.run)]  # the table has the runs of the last sweep, the folder has all
        assert len(table) == len(found), f"{name}: {len(found)} rows, the table has {len(table)}"
        order = ["run"] if name == "runs" else ["run", "iteration"]
        table, found = (t.sort_values(order).reset_index(drop=True) for t in (table, found))
        both = [column for column in table.columns if column in found.columns and column != "parameters"]
        assert {"run", "seconds", "objective", "relative_error"} <= set(both), both
        for column in both:
            same = found[column].eq(table[column]) | (found[column].isna() & table[column].isna())
            assert same.all(), f"{name}.{column}: {found[column][~same].tolist()[:3]}, {table[column][~same].tolist()[:3]}"
    assert len(results.looks()) == len(results.traces)
    kept = 0
    for row in results.runs.itertuples():
        if (folder / "runs" / f"{row.run}.npz").exists():
            w, h = results.factors(row.run[:16])
            assert w.shape == (row.m, row.rank) and h.shape == (row.rank, row.n), (w.shape, h.shape)
            assert np.isfinite(w).all() and (w >= 0).all() and np.isfinite(h).all() and (h >= 0).all()
            kept += 1
    for wrong in ("no such run", ""):
        try:
            results.factors(wrong)
        except KeyError as error:
            assert "runs in" in str(error)
        else:
            raise AssertionError(f"`{wrong}` named a run")
    print(f"{folder}: {len(results.runs)} runs, {len(results.traces)} looks, factors of {kept}: passed")


if __name__ == "__main__":
    for folder in sys.argv[1:] or sys.exit("name a results folder"):
        check(Path(folder))
