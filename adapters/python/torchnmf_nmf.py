"""torchnmf's NMF on the processor: multiplicative updates by automatic differentiation, for beta-divergences."""

from __future__ import annotations

from typing import Any

from nmfbench_protocol import Problem, Refused, Solver, serve  # first: it guards standard output

import numpy as np
import torch
from torchnmf import nmf as library  # of the pinned version


def solver(problem: Problem) -> Solver:
    options = problem.options(mode=("continue", "restart"))
    if problem.beta <= 0 and problem.a.min() == 0:
        raise Refused("a beta-divergence with beta <= 0 needs a matrix without zeros")
    torch.set_num_threads(problem.threads)
    torch.set_default_dtype(torch.float32 if problem.single else torch.float64)
    return Restart(problem) if options.mode == "restart" else Continue(problem)


class _Model:
    """torchnmf reads V ≈ H Wᵀ and updates W first; with V = Aᵀ its W is ours, and first here too."""

    def __init__(self, problem: Problem) -> None:
        if isinstance(problem.a, np.ndarray):
            self.v = torch.from_numpy(np.ascontiguousarray(problem.a.T))
        else:
            a = problem.a.tocoo()
            where = torch.from_numpy(np.stack([a.col, a.row]).astype(np.int64))
            self.v = torch.sparse_coo_tensor(where, torch.from_numpy(a.data), a.shape[::-1]).coalesce()
        self.beta = problem.beta
        self.start = (torch.from_numpy(problem.w), torch.from_numpy(np.ascontiguousarray(problem.h.T)))
        self.fresh()

    def fresh(self) -> None:
        w, ht = self.start
        self.model = library.NMF(W=w, H=ht)

    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        return self.model.W.detach().numpy(), self.model.H.detach().numpy().T


class Restart(_Model):
    """The public method: its checks, its first loss and the loss of each tenth iteration are on the clock."""

    def run(self, iterations: int) -> tuple[np.ndarray, np.ndarray]:
        self.fresh()
        self.model.fit(self.v, beta=self.beta, tol=-np.inf, max_iter=iterations)
        return self.factors()


class Continue(_Model):
    """The two updates that the public method repeats."""

    def setup(self) -> None:
        self.gamma = 1.0
        if self.beta < 1:
            self.gamma = 1.0 / (2.0 - self.beta)
        elif self.beta > 2:
            self.gamma = 1.0 / (self.beta - 1.0)

    def step(self) -> None:
        w, h = self.model.W, self.model.H
        self._update(w, w, h.detach(), library._get_W_kl_positive)
        self._update(h, w.detach(), h, library._get_H_kl_positive)

    def _update(self, factor: Any, w: Any, h: Any, positive: Any) -> None:
        known = positive(h if factor is w else w) if self.beta == 1 else None
        if self.v.is_sparse:
            pair = self.model._sp_recon_beta_pos_neg(self.v, h, w, self.beta)
            library._sp_double_backward_update(*pair, factor, self.gamma, 0.0, 0.0, known)
        else:
            product = self.model.reconstruct(h, w)
            library._double_backward_update(self.v, product, factor, self.beta, self.gamma, 0.0, 0.0, known)


if __name__ == "__main__":
    serve(solver, "torchnmf")
