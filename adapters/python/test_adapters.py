"""Plays nmfbench against an adapter on a small problem and checks the conversation.

    VENV/bin/python test_adapters.py sklearn      # with the interpreter that has the library
    VENV/bin/python test_adapters.py r-nmf        # adapters of other languages: with any that has SciPy
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Optional

import numpy as np

HERE = Path(__file__).resolve().parent
SHAPE, RANK = (60, 41), 5
BOTH = ("continue", "restart")

# Peer → adapter, and for each parameter set: the modes, β of the loss that must not rise, the slack between the modes.
CASES: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "sklearn": (
        "sklearn_nmf.py",
        [
            {"with": {"solver": "cd"}, "sparse": True},
            {"with": {"solver": "cd", "shuffle": True}, "rises": True},
            {"with": {"solver": "cd", "alpha_W": 1e-3, "l1_ratio": 0.5}, "rises": True},
            {"with": {"solver": "mu"}, "sparse": True},
            {"with": {"solver": "mu", "beta_loss": "kullback-leibler"}, "beta": 1, "sparse": True},
            {"with": {"solver": "mu", "beta_loss": "itakura-saito"}, "beta": 0},
            {"with": {"solver": "mu", "beta_loss": 0.5}, "beta": 0.5},
            {"with": {"solver": "mu", "beta_loss": 3.0}, "beta": 3},
            {"with": {"solver": "mu"}, "objective": "kullback-leibler", "beta": 1, "sparse": True},
        ],
    ),
    "tensorly": ("tensorly_nmf.py", [{"with": {"solver": "hals"}}, {"with": {"solver": "mu"}}]),
    "nn-fac": (
        "nn_fac_nmf.py",
        [
            {"with": {"solver": "hals"}},
            {"with": {"solver": "hals_acc"}},
            {"with": {"solver": "mu"}},
            {"with": {}, "objective": "kullback-leibler", "beta": 1},
            {"with": {}, "objective": "itakura-saito", "beta": 0},
        ],
    ),
    "torchnmf": (
        "torchnmf_nmf.py",
        [
            {"with": {}, "sparse": True},
            {"with": {}, "objective": "kullback-leibler", "beta": 1, "sparse": True},
            {"with": {}, "objective": "itakura-saito", "beta": 0},
            {"with": {}, "objective": {"beta": 0.5}, "beta": 0.5},
        ],
    ),
    "nimfa": (
        "nimfa_nmf.py",
        [
            {"with": {"solver": "nmf"}, "sparse": True},
            {"with": {}, "objective": "kullback-leibler", "beta": 1, "sparse": True},
            {"with": {"solver": "lsnmf"}, "modes": ("restart",), "sparse": True},
        ],
    ),
    "r-nmf": (
        "../r/nmf.R",
        [
            {"with": {"solver": "lee"}, "modes": ("continue",)},
            {"with": {}, "modes": ("continue",), "objective": "kullback-leibler", "beta": 1},
        ],
    ),
    "rcppml": ("../r/rcppml.R", [{"with": {}, "modes": ("continue",), "sparse": True}]),
    "nnlm": (
        "../r/nnlm.R",
        [
            {"with": {}, "modes": ("restart",)},
            {"with": {"solver": "lee"}, "modes": ("restart",)},
            {"with": {}, "modes": ("restart",), "objective": "kullback-leibler", "beta": 1},
        ],
    ),
    "julia-nmf": (
        "../julia/nmf.jl",
        [
            {"with": {}, "modes": ("restart",)},
            {"with": {"solver": "cd"}, "modes": ("restart",)},
            {"with": {"solver": "greedycd"}, "modes": ("restart",)},
            {"with": {"solver": "alspgrad"}, "modes": ("restart",)},
            {"with": {"solver": "projals"}, "modes": ("restart",), "rises": True},
            {"with": {}, "modes": ("restart",), "objective": "kullback-leibler", "beta": 1},
        ],
    ),
    "planc": (
        "planc-nmfbench",
        [{"with": {"solver": name}, "modes": ("restart",)} for name in ("mu", "hals", "bpp", "aoadmm")],
    ),
}


class Conversation:
    """One process of an adapter, and the request it was given."""

    def __init__(self, adapter: str, folder: Path, files: dict[str, str], parameters: dict[str, Any], **more: Any):
        self.folder = folder / "exchange"
        self.folder.mkdir(exist_ok=True)
        launchers = {".py": [sys.executable], ".R": ["Rscript"], ".jl": ["julia"]}
        suffix = Path(adapter).suffix
        command = [*launchers[suffix], str(HERE / adapter)] if suffix in launchers else [adapter]
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
        )
        rows, columns = SHAPE
        path = files.get("a", "")
        self.say(
            **{
                "protocol": 1,
                "algorithm": "test",
                "parameters": parameters,
                "matrix": {
                    "path": path,
                    "format": "csc" if path.endswith(".npz") else path[-3:],
                    "rows": rows,
                    "columns": columns,
                    "nonzeros": rows * columns,
                },
                "start": {"w": files["w"], "h": files["h"]},
                "rank": RANK,
                "objective": "frobenius",
                "precision": "f64",
                "threads": 1,
                "seed": 4382910662,
                "budget": {"iterations": 500, "seconds": 10.0},
                "folder": str(self.folder),
                "a key of the future": None,
                **more,
            }
        )

    def say(self, **document: Any) -> None:
        self.process.stdin.write(json.dumps(document) + "\n")
        self.process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        line = self.process.stdout.readline()
        assert line, "it ended:\n" + self.process.stderr.read()
        return json.loads(line)

    def expect(self, event: str) -> dict[str, Any]:
        heard = self.hear()
        assert heard["event"] == event, f"{heard}\n{self.end() or self.process.stderr.read()}"
        return heard

    def advance(self, until: int, seconds: Optional[float] = None) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
        before = time.perf_counter()
        limit = {} if seconds is None else {"seconds": seconds}
        self.say(command="advance", until=until, **limit)
        at = self.expect("checkpoint")
        at["outside"] = time.perf_counter() - before
        w, h = (np.load(self.folder / at[key]) for key in ("w", "h"))
        assert w.shape == (SHAPE[0], RANK) and h.shape == (RANK, SHAPE[1]), (w.shape, h.shape)
        for factor in (w, h):
            assert np.isfinite(factor).all() and (factor >= 0).all()
        return at, w, h

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=20)


def problem(folder: Path, extension: str) -> tuple[np.ndarray, dict[str, str]]:
    """A matrix without zeros, or one with many, and a start, as files."""
    random = np.random.default_rng(7)
    a = random.random((SHAPE[0], RANK)) @ random.random((RANK, SHAPE[1])) + 0.05 * random.random(SHAPE)
    files = {key: str(folder / f"{key}.npy") for key in ("w", "h")}
    np.save(files["w"], np.asfortranarray(0.1 + random.random((SHAPE[0], RANK))))
    np.save(files["h"], np.asfortranarray(0.1 + random.random((RANK, SHAPE[1]))))
    files["a"] = str(folder / f"a.{extension}")
    if extension == "npy":
        np.save(files["a"], np.asfortranarray(a))
        return a, files
    from scipy import io, sparse

    a[a < 1.2] = 0.0
    if extension == "npz":
        sparse.save_npz(files["a"], sparse.csc_matrix(a))
    else:
        io.mmwrite(files["a"], a)
    return a, files


def loss(a: np.ndarray, w: np.ndarray, h: np.ndarray, beta: float) -> float:
    """The beta-divergence of A from WH, but for what depends on A alone."""
    b = w @ h
    if beta == 2:
        return 0.5 * float(((a - b) ** 2).sum())
    if beta == 1:
        return float(b.sum() - (a[a > 0] * np.log(b[a > 0])).sum())
    if beta == 0:
        return float((a / b + np.log(b)).sum())
    return float((b**beta / beta - a * b ** (beta - 1) / (beta - 1)).sum())


def play(adapter: str, case: dict[str, Any], mode: str, extension: str, folder: Path) -> dict[int, Any]:
    """One run to iteration 25; what it found, by iteration."""
    a, files = problem(folder, extension)
    parameters = dict(case["with"])
    if case.get("modes", BOTH) == BOTH:
        parameters["mode"] = mode
    run = Conversation(adapter, folder, files, parameters, objective=case.get("objective", "frobenius"))
    ready = run.expect("ready")
    start_up = time.perf_counter() - run.started
    assert ready["protocol"] == 1 and ready["mode"] == mode and ready["version"], ready
    found: dict[int, Any] = {0: (np.load(files["w"]), np.load(files["h"]))}
    clock = 0.0
    for until in (1, 2, 3, 10, 25):
        at, *factors = run.advance(until)
        assert at["iteration"] == until, at
        assert 0 < at["seconds"] and at.get("cpu_seconds", 0.0) >= 0, at
        if mode == "continue":
            assert at["seconds"] >= clock and at["seconds"] - clock <= at["outside"], at
        clock = at["seconds"]
        found[until] = factors
    if not case.get("rises"):
        losses = [loss(a, *factors, case.get("beta", 2)) for factors in found.values()]
        slack = 1e-9 * max(map(abs, losses))
        assert all(later <= earlier + slack for earlier, later in zip(losses, losses[1:])), losses
    if mode == "continue":
        at, *_ = run.advance(1000, clock)  # the clock is there already: one iteration and no more
        assert at["iteration"] == 26 or at.get("finished"), at
    run.say(command="finish")
    run.expect("done")
    run.end()
    assert run.process.returncode == 0 and run.process.stdout.read() == ""
    found["start-up"] = start_up
    return found


def unhappy(adapter: str, folder: Path) -> None:
    """What must end in `error`, and what must just end."""
    _, files = problem(folder, "npy")
    for files_, parameters, more, words in [
        (files, {"no such": 1}, {}, "no such"),
        (files | {"a": str(folder / "missing.npy")}, {}, {}, "missing.npy"),
        (files, {}, {"protocol": 2}, "protocol"),
    ]:
        run = Conversation(adapter, folder, files_, parameters, **more)
        message = run.expect("error")["message"]
        assert words in message and "\n" not in message, message
        run.end()
        assert run.process.returncode != 0
    for talk in ([], ["advance"]):
        run = Conversation(adapter, folder, files, {})
        run.expect("ready")
        for _ in talk:
            run.advance(1)
        run.end()
        assert run.process.returncode == 0 and run.process.stdout.read() == "", "the end of input ends it quietly"


def check(peer: str) -> None:
    adapter, cases = CASES[peer]
    start_ups = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for case in cases:
            for extension in ("npy", "mtx", "npz") if case.get("sparse") else ("npy",):
                runs = [play(adapter, case, mode, extension, folder) for mode in case.get("modes", BOTH)]
                start_ups += [run.pop("start-up") for run in runs]
                print(f"{adapter} {case['with']} {case.get('objective', '')} {extension}: {compare(runs, case.get('slack', 0.0))}")
        unhappy(adapter, folder)
    print(f"{adapter}: passed; {min(start_ups):.2f} s from launch to ready")


def compare(runs: list[dict[int, Any]], slack: float) -> str:
    """How far the modes are apart, at the most."""
    if len(runs) == 1:
        return "conversation"
    pairs = [(x, y) for at in runs[0] for x, y in zip(runs[0][at], runs[1][at])]
    apart = max(float(np.abs(x - y).max() / np.abs(y).max()) for x, y in pairs)
    assert apart <= slack, f"continue and restart differ by {apart:.1e}"
    return "the modes agree " + ("bit for bit" if apart == 0 else f"to {apart:.0e}")


if __name__ == "__main__":
    for peer in sys.argv[1:] or sys.exit(f"one of: {', '.join(CASES)}"):
        check(peer)
