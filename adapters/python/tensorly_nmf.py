"""TensorLy's nonnegative CP decomposition of a tensor of order two: HALS and multiplicative updates."""

from __future__ import annotations

from typing import Any

from nmfbench_protocol import Problem, Solver, serve  # first: it guards standard output

import numpy as np
import tensorly as tl
from tensorly.decomposition import _nn_cp as library  # of the pinned version


def solver(problem: Problem) -> Solver:
    problem.only("frobenius")
    options = problem.options(solver=("hals", "mu"), mode=("continue", "restart"))
    return Restart(problem, options) if options.mode == "restart" else Continue(problem, options)


class Restart:
    """The public function; with `tol=0` it evaluates no error."""

    def __init__(self, problem: Problem, options: Any) -> None:
        self.a, self.w, self.h, self.rank = problem.dense(), problem.w, problem.h, problem.rank
        hals = options.solver == "hals"
        self.function = library.non_negative_parafac_hals if hals else library.non_negative_parafac

    def run(self, iterations: int) -> tuple[np.ndarray, np.ndarray]:
        start = (None, [self.w, np.ascontiguousarray(self.h.T)])
        _, (w, ht) = self.function(self.a, self.rank, n_iter_max=iterations, init=start, tol=0)
        return w, ht.T


class Continue:
    """The public function, one iteration at a time: no state passes from one to the next but the factors."""

    def __init__(self, problem: Problem, options: Any) -> None:
        self.once = Restart(problem, options)
        self.w, self.ht = problem.w, np.ascontiguousarray(problem.h.T)

    def setup(self) -> None:
        library.tl = _NormOnce(self.once.a)

    def step(self) -> None:
        start = (None, [self.w, self.ht])
        once = self.once
        _, (self.w, self.ht) = once.function(once.a, once.rank, n_iter_max=1, init=start, tol=0)

    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        return self.w, self.ht.T


class _NormOnce:
    """TensorLy with the norm of A known: a call takes it first thing, and one long call takes it once."""

    def __init__(self, a: np.ndarray) -> None:
        self._a, self._norm = a, tl.norm(a, 2)

    def __getattr__(self, name: str) -> Any:
        return getattr(tl, name)

    def norm(self, x: np.ndarray, *order: Any, **more: Any) -> Any:
        return self._norm if x is self._a else tl.norm(x, *order, **more)


if __name__ == "__main__":
    serve(solver, "tensorly")
