# RcppML (DeBruine 2021): alternating nonnegative least squares by its `project`, dense and sparse, without the diagonal
# scaling of its `nmf`, which takes no start.

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(here, "nmfbench_protocol.R"))

solver <- function(problem) {
  only(problem, "frobenius")
  options_of(problem)
  setRcppMLthreads(problem$threads)
  a <- problem$a
  # `project` would guess the side from the shape and transposes where it can be mistaken.
  if (nrow(a) == problem$rank || ncol(a) == problem$rank) refuse("RcppML needs a rank below both sides of the matrix")
  w <- problem$w
  h <- problem$h
  # W, m×k or, where it is wanted, k×m: the form that RcppML keeps it in.
  across <- function(x, wide) if ((nrow(x) == problem$rank) == wide) x else t(x)
  for_w <- function() project(a, h = h)
  for_h <- function() project(a, w = w)
  if (is.matrix(a)) {
    # Since R 4.2 `project` of version 0.3.7 stops at a dense matrix, whose class has two names: what it would call.
    for_w <- function() RcppML:::Rcpp_projectH_dense(a, h, TRUE, 0, problem$threads, FALSE)
    for_h <- function() RcppML:::Rcpp_projectW_dense(a, across(w, TRUE), TRUE, 0, problem$threads, FALSE)
  }
  step <- function() {
    w <<- for_w()
    h <<- for_h()
    NULL
  }
  list(step = step, factors = function() list(w = across(w, FALSE), h = h))
}

serve(solver, "RcppML")
