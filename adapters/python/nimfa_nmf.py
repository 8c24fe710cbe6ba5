"""nimfa's NMF: multiplicative updates (Euclidean and divergence) and Lin's alternating projected gradient."""

from __future__ import annotations

import warnings
from typing import Any

from nmfbench_protocol import Problem, Refused, Solver, serve  # first: it guards standard output

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its examples miss their plotting libraries
    import nimfa

NEVER = 1 << 60
"""Iterations between two evaluations of the objective, on which nimfa would stop."""


def solver(problem: Problem) -> Solver:
    problem.only("frobenius", "kullback-leibler")
    options = problem.options(
        solver=("nmf", "lsnmf") if problem.beta == 2 else ("nmf",), mode=("continue", "restart")
    )
    if problem.single:
        raise Refused("nimfa computes in double precision only")
    if options.solver == "lsnmf":
        return ProjectedGradient(problem)
    return Restart(problem) if options.mode == "restart" else Continue(problem)


def dense(factor: Any) -> np.ndarray:
    """nimfa keeps the factors of a sparse matrix sparse."""
    return np.asarray(factor.toarray() if hasattr(factor, "toarray") else factor)


class _Multiplicative:
    """nimfa updates H first; of the transposed problem that is our W, so both go in one order."""

    def __init__(self, problem: Problem) -> None:
        update = "euclidean" if problem.beta == 2 else "divergence"
        at = problem.a.T.tocsr() if hasattr(problem.a, "tocsr") else np.ascontiguousarray(problem.a.T)
        start = {"W": np.ascontiguousarray(problem.h.T), "H": np.ascontiguousarray(problem.w.T)}
        self.arguments = dict(start, rank=problem.rank, update=update, min_residuals=None, test_conv=NEVER)
        self.at = at

    def model(self, iterations: int) -> Any:
        return nimfa.Nmf(self.at, max_iter=iterations, **self.arguments)

    @staticmethod
    def ours(w: Any, h: Any) -> tuple[np.ndarray, np.ndarray]:
        return dense(h).T, dense(w).T


class Restart(_Multiplicative):
    """The public call; it copies its model at the end."""

    def run(self, iterations: int) -> tuple[np.ndarray, np.ndarray]:
        fitted = self.model(iterations)()
        return self.ours(fitted.basis(), fitted.coef())


class Continue(_Multiplicative):
    """The two methods that the public call repeats."""

    def setup(self) -> None:
        self.fit = self.model(1)
        self.fit.W, self.fit.H = self.fit.seed.initialize(self.fit.V, self.fit.rank, self.fit.options)

    def step(self) -> None:
        self.fit.update()
        self.fit._adjustment()

    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        return self.ours(self.fit.W, self.fit.H)


class ProjectedGradient:
    """The public call from the start: tolerances pass from iteration to iteration inside it."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem

    def run(self, iterations: int) -> tuple[np.ndarray, np.ndarray]:
        p = self.problem
        fitted = nimfa.Lsnmf(p.a, W=p.w, H=p.h, rank=p.rank, max_iter=iterations, test_conv=NEVER)()
        return dense(fitted.basis()), dense(fitted.coef())


if __name__ == "__main__":
    serve(solver, "nimfa")
