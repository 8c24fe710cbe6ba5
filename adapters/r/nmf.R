# R's NMF (Gaujoux & Seoighe 2010): its compiled multiplicative updates, `lee` for the Frobenius norm and `brunet` for
# the Kullback-Leibler divergence. Dense matrices.

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(here, "nmfbench_protocol.R"))

solver <- function(problem) {
  only(problem, "frobenius", "kullback-leibler")
  divergence <- problem$objective == "kullback-leibler"
  options_of(problem, solver = if (divergence) "brunet" else "lee")
  # It updates H first; of the transposed problem that is our W, so both go in one order.
  v <- t(dense(problem))
  model <- nmfModel(problem$rank, W = t(problem$h), H = t(problem$w))
  iteration <- 0L
  step <- function() {
    iteration <<- iteration + 1L
    model <<- if (divergence) {
      nmf_update.brunet(iteration, v, model)
    } else {
      # Rescaling W alone would leave a pair whose product approximates nothing.
      nmf_update.lee(iteration, v, model, rescale = FALSE)
    }
    NULL
  }
  list(step = step, factors = function() list(w = t(coef(model)), h = t(basis(model))))
}

serve(solver, "NMF")
