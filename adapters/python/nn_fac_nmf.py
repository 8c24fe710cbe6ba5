"""nn-fac's NMF: HALS, accelerated HALS and multiplicative updates for beta-divergences."""

from __future__ import annotations

from nmfbench_protocol import Problem, Refused, Solver, serve  # first: it guards standard output

import numpy as np
import tensorly as tl
from nn_fac import nmf as library


def solver(problem: Problem) -> Solver:
    options = problem.options(
        solver=("hals", "hals_acc", "mu") if problem.beta == 2 else ("mu",), mode=("continue", "restart")
    )
    if problem.beta <= 0 and problem.a.min() == 0:
        raise Refused("a beta-divergence with beta <= 0 needs a matrix without zeros")
    return Restart(problem, options.solver) if options.mode == "restart" else Continue(problem, options.solver)


class _Given:
    """What both forms start from."""

    def __init__(self, problem: Problem, rule: str) -> None:
        self.a, self.w, self.h, self.rank = problem.dense(), problem.w, problem.h, problem.rank
        self.rule, self.beta = rule, problem.beta


class Restart(_Given):
    """The public function; with `tol=0` it never stops early. It evaluates the cost in each iteration."""

    def run(self, iterations: int) -> tuple[np.ndarray, np.ndarray]:
        return library.nmf(
            self.a,
            self.rank,
            init="custom",
            U_0=self.w,
            V_0=self.h,
            n_iter_max=iterations,
            tol=0,
            update_rule=self.rule,
            beta=self.beta,
            deterministic=True,  # the inner stop of `hals_acc` counts, it does not time
        )


class Continue(_Given):
    """The step that the public function repeats, with the cost that comes with it."""

    def setup(self) -> None:
        self.norm = tl.norm(self.a)

    def step(self) -> None:
        none, off = [None, None], [False, False]
        self.w, self.h, _ = library.one_nmf_step(
            self.a, self.rank, self.w, self.h, self.norm, self.rule, self.beta, none, off, off, True, "UV"
        )

    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        return self.w, self.h


if __name__ == "__main__":
    serve(solver, "nn_fac")
