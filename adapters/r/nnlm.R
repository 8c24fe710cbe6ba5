# R's NNLM (Lin & Boutros 2020): sequential coordinate descent and multiplicative updates, for the Frobenius norm and the
# Kullback-Leibler divergence. Dense matrices; `inner` is the number of inner iterations, the package's own unless given.

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(here, "nmfbench_protocol.R"))

solver <- function(problem) {
  only(problem, "frobenius", "kullback-leibler")
  divergence <- problem$objective == "kullback-leibler"
  chosen <- options_of(problem, solver = c("scd", "lee"), inner = if (divergence) 1L else 50L)
  a <- dense(problem)
  run <- function(iterations) {
    found <- nnmf(
      a, problem$rank, init = list(W = problem$w, H = problem$h), method = chosen$solver,
      loss = if (divergence) "mkl" else "mse", max.iter = as.integer(iterations), rel.tol = -1, trace = 0L,
      inner.max.iter = as.integer(chosen$inner), n.threads = as.integer(problem$threads), verbose = 0L,
      show.warning = FALSE, check.k = FALSE
    )
    list(w = found$W, h = found$H)
  }
  list(run = run)
}

serve(solver, "NNLM")
