"""Loads a results folder of nmfbench into pandas and NumPy.

    import nmfbench_results as results
    faces = results.load("results/faces")
    faces.runs                          # one row per run
    faces.traces                        # one row per look: run, iteration, seconds, relative_error, …
    faces.looks()                       # traces with the columns of their runs beside them
    w, h = faces.factors(faces.runs.run[0])

Reads the records themselves, so it needs no export and no tables; `nmfbench export` writes Parquet for other programs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

import numpy as np
import pandas as pd

FORMAT = 1
"""The newest form of a record that this file knows."""

_RUN = (
    "experiment rank init seed repetition algorithm label precision threads status stop_reason iterations "
    "setup_seconds seconds cpu_seconds evaluation_seconds peak_memory_bytes machine version started"
).split()
_LAST = ("objective", "relative_error", "kkt_residual")


@dataclass(frozen=True)
class Results:
    """What `load` has found."""

    folder: Path
    runs: pd.DataFrame
    """One row per run: key (`run`), data set, axes, parameters, status, times, the measures of the last look."""
    traces: pd.DataFrame
    """One row per look of a run; iteration 0 is the start. Measures that were not finite are NaN."""

    def looks(self) -> pd.DataFrame:
        """`traces`, each row with the axes of its run."""
        axes = ["run", "dataset", "rank", "init", "seed", "repetition", "label", "algorithm", "precision", "threads"]
        return self.traces.merge(self.runs[axes], on="run", validate="many_to_one")

    def factors(self, run: str) -> tuple[np.ndarray, np.ndarray]:
        """W (m×k) and H (k×n) at the end of a run, by its key or the beginning of it."""
        keys = [key for key in self.runs["run"] if key.startswith(run)]
        if len(keys) != 1:
            raise KeyError(f"{len(keys)} runs in {self.folder} begin with `{run}`")
        path = self.folder / "runs" / f"{keys[0]}.npz"
        if not path.exists():
            raise FileNotFoundError(f"{path}: the run did not end properly, or the experiment keeps no factors")
        with np.load(path) as archive:
            return archive["w"], archive["h"]


def load(folder: Union[str, Path]) -> Results:
    """Reads all runs of `results/<experiment>`."""
    folder = Path(folder)
    paths = sorted(path for path in (folder / "runs").glob("*.json") if not path.name.startswith("."))
    if not paths:
        raise FileNotFoundError(f"there are no results in {folder}")
    records = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    for path, record in zip(paths, records):
        if record["format"] > FORMAT:
            raise ValueError(f"{path} has format {record['format']}, newer than {FORMAT}, which this file knows")
    traces = [{"run": record["key"], **look} for record in records for look in record["trace"]]
    return Results(folder, pd.DataFrame(map(_row, records)), _numbers(pd.DataFrame(traces)))


def _row(record: dict[str, Any]) -> dict[str, Any]:
    dataset, trace, program = record["dataset"], record["trace"], record.get("program") or {}
    row = {"run": record["key"], "dataset": dataset["name"], **{key: dataset[key] for key in ("m", "n", "nnz")}}
    row |= {key: record[key] for key in _RUN}
    row["parameters"] = json.dumps(record["parameters"], sort_keys=True)
    row |= {f"parameter.{key}": value for key, value in record["parameters"].items()}
    row |= {key: trace[-1][key] if trace else None for key in _LAST}
    row |= {key: np.nan for key in ("cpu_seconds", *_LAST) if row[key] is None}
    return row | {"program": program.get("solver"), "program_version": program.get("version")}


def _numbers(traces: pd.DataFrame) -> pd.DataFrame:
    """A measure that was never finite is a column of `None` in JSON; it is a number all the same."""
    for column in traces.columns.drop("run", errors="ignore"):
        traces[column] = pd.to_numeric(traces[column])
    return traces
