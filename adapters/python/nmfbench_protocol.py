"""The conversation with nmfbench (docs/protocol.md, version 1). An adapter brings a solver; this does the rest.

Import this module before the library: from then on standard output belongs to the protocol, and whatever anybody prints
goes to standard error. Needs numpy; SciPy only where a matrix comes sparse or as Matrix Market.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any, Callable, Optional, Protocol, TextIO, Union

import numpy as np

VERSION = 1


class Continue(Protocol):
    """A solver that goes on from where it stands. Its constructor takes a `Problem` and is off the clock.

    A method `setup()`, where there is one, is called once, on the clock, before the first step.
    """

    def step(self) -> Optional[str]:
        """One outer iteration: both factors updated once each. A reason, if the solver will not go on."""

    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        """W (m×k) and H (k×n) as they stand; off the clock."""


class Restart(Protocol):
    """A solver that can only run a number of iterations from the start. Its constructor is off the clock.

    One that times itself, leaving out its own reading and writing, sets `seconds` and `cpu_seconds` in `run`.
    """

    def run(self, iterations: int) -> tuple[np.ndarray, np.ndarray]:
        """W (m×k) and H (k×n) after so many iterations from the start, which must not be changed; timed as a whole."""


Solver = Union[Continue, Restart]


class Refused(Exception):
    """What the request asks for cannot be done; the message goes to the user without a type in front."""


@dataclass(frozen=True)
class Problem:
    """What is asked for, with its matrices loaded: row by row in memory, in the precision to compute in."""

    a: Any
    """m×n: an array, or a SciPy matrix in CSR where it comes sparse."""
    w: np.ndarray
    h: np.ndarray
    rank: int
    objective: str | float
    """A name, or the β of a β-divergence."""
    threads: int
    seed: int
    folder: Path
    parameters: dict[str, Any]

    @property
    def beta(self) -> float:
        """The objective as a beta-divergence: 2 is Frobenius, 1 Kullback-Leibler, 0 Itakura-Saito."""
        named = {"frobenius": 2.0, "kullback-leibler": 1.0, "itakura-saito": 0.0}
        if isinstance(self.objective, float):
            return self.objective
        if self.objective not in named:
            raise Refused(f"the objective `{self.objective}` is none that this adapter knows")
        return named[self.objective]

    @property
    def single(self) -> bool:
        """Whether single precision is asked for."""
        return self.w.dtype == np.float32

    def options(self, **defaults: Any) -> SimpleNamespace:
        """The parameters over their defaults; unknown ones are refused, and so are others than the choices of a tuple."""
        unknown = sorted(set(self.parameters) - set(defaults) - {"densify"})
        if unknown:
            raise Refused(f"no parameter `{unknown[0]}`; there are: {', '.join(sorted(defaults))}")
        chosen = SimpleNamespace()
        for key, default in defaults.items():
            choices = default if isinstance(default, tuple) else None
            value = self.parameters.get(key, choices[0] if choices else default)
            if choices and value not in choices:
                raise Refused(f"`{key}` is {value!r}; expected one of {', '.join(map(str, choices))}")
            setattr(chosen, key, value)
        return chosen

    def dense(self) -> np.ndarray:
        """A as an array, for libraries that know no other; a sparse one is converted only with `densify = true`."""
        if isinstance(self.a, np.ndarray):
            return self.a
        if not self.parameters.get("densify", False):
            raise Refused("this library takes dense matrices only; `densify = true` converts A before the clock starts")
        return np.ascontiguousarray(self.a.toarray())

    def only(self, *objectives: str) -> None:
        """Refuses an experiment that minimises anything else."""
        if self.objective not in objectives:
            raise Refused(f"the objective is `{self.objective}`; this solver minimises {', '.join(objectives)}")


def serve(solver: Callable[[Problem], Solver], distribution: str, version: Optional[str] = None) -> None:
    """Plays one run to its end. `distribution` is what the solver is called, and where its version is looked up."""
    version = version or metadata.version(distribution)
    if sys.argv[1:] == ["--check"]:
        _say(event="ready", protocol=VERSION, solver=distribution, version=version)
        return
    line = sys.stdin.readline()
    if not line:
        return
    request = json.loads(line)
    if request["protocol"] != VERSION:
        raise Refused(f"nmfbench speaks version {request['protocol']} of the protocol; this adapter, {VERSION}")
    problem = _load(request)
    limits = _limit_threads(problem.threads)
    session = _Session(solver(problem))
    _say(event="ready", protocol=VERSION, solver=distribution, version=version, mode=session.mode)
    for command in map(json.loads, sys.stdin):
        if command["command"] == "finish":
            _say(event="done")
            break
        session.advance(command["until"], command.get("seconds"))
        _say(event="checkpoint", **session.report(), **_write(problem.folder, session.factors))
    del limits  # in force as long as it is held


class _Session:
    """Where the solver stands, and what its clock shows."""

    def __init__(self, solver: Any) -> None:
        self.solver = solver
        self.mode = "restart" if hasattr(solver, "run") else "continue"
        self.iteration = 0
        self.seconds = 0.0
        self.cpu_seconds = 0.0
        self.setup_seconds: Optional[float] = None
        self.reason: Optional[str] = None
        self.factors: tuple[np.ndarray, np.ndarray]

    def advance(self, until: int, limit: Optional[float]) -> None:
        """To iteration `until`; in `continue` mode no further than the first one after which the clock is at `limit`."""
        if self.mode == "restart":
            self.seconds, self.cpu_seconds = 0.0, 0.0
            self.factors = self._timed(self.solver.run, until)
            self.seconds = getattr(self.solver, "seconds", self.seconds)
            self.cpu_seconds = getattr(self.solver, "cpu_seconds", self.cpu_seconds)
            self.iteration = until
            return
        if self.setup_seconds is None:
            if hasattr(self.solver, "setup"):
                self._timed(self.solver.setup)
            self.setup_seconds = self.seconds
        while self.iteration < until and self.reason is None:
            self.reason = self._timed(self.solver.step)
            self.iteration += 1
            if limit is not None and self.seconds >= limit:
                break
        self.factors = self.solver.factors()

    def _timed(self, work: Callable[..., Any], *arguments: Any) -> Any:
        cpu, start = time.process_time(), time.perf_counter()
        result = work(*arguments)
        self.seconds += time.perf_counter() - start
        self.cpu_seconds += time.process_time() - cpu
        return result

    def report(self) -> dict[str, Any]:
        said = {"iteration": self.iteration, "seconds": self.seconds, "cpu_seconds": self.cpu_seconds}
        if self.setup_seconds is not None:
            said["setup_seconds"] = self.setup_seconds
        if self.reason is not None:
            said.update(finished=True, reason=self.reason)
        return said


def _load(request: dict[str, Any]) -> Problem:
    dtype = {"f64": np.float64, "f32": np.float32}[request["precision"]]
    start = request["start"]
    return Problem(
        a=_read(request["matrix"]["path"], dtype),
        w=_read(start["w"], dtype),
        h=_read(start["h"], dtype),
        rank=request["rank"],
        objective=_objective(request["objective"]),
        threads=request["threads"],
        seed=request["seed"],
        folder=Path(request["folder"]),
        parameters=request.get("parameters", {}),
    )


def _objective(objective: Any) -> str | float:
    """`{"beta": 1.5}` as 1.5."""
    return float(objective["beta"]) if isinstance(objective, dict) else objective


def _read(path: str, dtype: type) -> Any:
    """A `.npy` file, SciPy's sparse `.npz`, or Matrix Market; arrays are C-ordered copies."""
    if path.endswith(".npy"):
        found = np.load(path)
    elif path.endswith(".npz"):
        from scipy import sparse

        found = sparse.load_npz(path)
    else:
        from scipy import io

        found = io.mmread(path)
    if isinstance(found, np.ndarray):
        return np.array(found, dtype=dtype, order="C")
    return found.astype(dtype).tocsr()


def _write(folder: Path, factors: tuple[np.ndarray, np.ndarray]) -> dict[str, str]:
    """A file under its final name is whole."""
    names = {}
    for key, factor in zip(("w", "h"), factors):
        names[key] = f"{key}.npy"
        np.save(folder / f"{key}.part.npy", np.asarray(factor))
        os.replace(folder / f"{key}.part.npy", folder / names[key])
    return names


def _limit_threads(threads: int) -> Any:
    """Beyond the environment variables, which a library may not read; where threadpoolctl is there."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return None
    return threadpool_limits(limits=threads)


def _take_standard_output() -> TextIO:
    """The real standard output, for events alone; descriptor 1 is standard error from here on."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return events


def _say(**event: Any) -> None:
    _EVENTS.write(json.dumps(event, allow_nan=False) + "\n")
    _EVENTS.flush()


def _fail(kind: type[BaseException], error: BaseException, trace: Optional[TracebackType]) -> None:
    """An exception that nobody caught, that of an import among them, becomes an `error` event."""
    traceback.print_exception(kind, error, trace)
    last = traceback.format_exception_only(kind, error)[-1].strip()
    _say(event="error", message=str(error) if isinstance(error, Refused) else last)


_EVENTS = _take_standard_output()
sys.excepthook = _fail
