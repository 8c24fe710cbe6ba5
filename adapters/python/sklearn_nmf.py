"""scikit-learn's NMF: coordinate descent (Fast HALS) and multiplicative updates for all beta-divergences."""

from __future__ import annotations

from typing import Any, Optional

from nmfbench_protocol import Problem, Refused, Solver, serve  # first: it guards standard output

import numpy as np
from sklearn.decomposition import NMF, non_negative_factorization
from sklearn.decomposition import _nmf as private  # of the pinned version


def solver(problem: Problem) -> Solver:
    frobenius = problem.objective == "frobenius"
    options = problem.options(
        solver=("cd", "mu") if frobenius else ("mu",),
        mode=("continue", "restart"),
        beta_loss=problem.beta,
        alpha_W=0.0,
        alpha_H="same",
        l1_ratio=0.0,
        shuffle=False,
    )
    arguments = {key: value for key, value in vars(options).items() if key != "mode"}
    arguments.update(init="custom", tol=0.0, random_state=problem.seed % 2**32)
    if options.mode == "restart":
        return Public(problem, arguments)
    return CoordinateDescent(problem, arguments) if options.solver == "cd" else Multiplicative(problem, arguments)


class Public:
    """`non_negative_factorization` from the start: its checks, and for `mu` the first loss, are on the clock."""

    def __init__(self, problem: Problem, arguments: dict[str, Any]) -> None:
        self.problem, self.arguments = problem, arguments

    def run(self, iterations: int) -> tuple[np.ndarray, np.ndarray]:
        p = self.problem
        w, h, _ = non_negative_factorization(p.a, p.w.copy(), p.h.copy(), max_iter=iterations, **self.arguments)
        return w, h


class _Private:
    """What the public function checks and derives before its loop, without the loop."""

    def __init__(self, problem: Problem, arguments: dict[str, Any]) -> None:
        model = NMF(**arguments)
        model._validate_params()
        model._check_params(problem.a)
        if model._beta_loss <= 0 and problem.a.min() == 0:
            raise Refused("beta_loss <= 0 needs a matrix without zeros")
        self.a, self.w, self.h = problem.a, problem.w, problem.h
        self.beta = model._beta_loss
        self.l1_w, self.l1_h, self.l2_w, self.l2_h = model._compute_regularization(problem.a)
        self.shuffle = model.shuffle
        self.random = np.random.RandomState(model.random_state)

    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        return self.w, self.h


class CoordinateDescent(_Private):
    """The loop of `_fit_coordinate_descent`, which keeps H transposed."""

    def setup(self) -> None:
        self.ht = np.ascontiguousarray(self.h.T)

    def step(self) -> Optional[str]:
        update = private._update_coordinate_descent
        violation = update(self.a, self.w, self.ht, self.l1_w, self.l2_w, self.shuffle, self.random)
        violation += update(self.a.T, self.ht, self.w, self.l1_h, self.l2_h, self.shuffle, self.random)
        return "no coordinate moves" if violation == 0 else None

    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        return self.w, self.ht.T


class Multiplicative(_Private):
    """The loop of `_fit_multiplicative_update`, where nothing is cached from one iteration to the next."""

    def setup(self) -> None:
        if self.beta < 1:
            self.gamma = 1.0 / (2.0 - self.beta)
        elif self.beta > 2:
            self.gamma = 1.0 / (self.beta - 1.0)
        else:
            self.gamma = 1.0

    def step(self) -> None:
        self.w, *_ = private._multiplicative_update_w(
            self.a, self.w, self.h, self.beta, self.l1_w, self.l2_w, self.gamma
        )
        if self.beta < 1:
            self.w[self.w < _EPSILON] = 0.0
        self.h = private._multiplicative_update_h(
            self.a, self.w, self.h, self.beta, self.l1_h, self.l2_h, self.gamma
        )
        if self.beta <= 1:
            self.h[self.h < _EPSILON] = 0.0


_EPSILON = np.finfo(np.float64).eps

if __name__ == "__main__":
    serve(solver, "scikit-learn")
