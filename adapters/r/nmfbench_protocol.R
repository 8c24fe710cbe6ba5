# The conversation with nmfbench (docs/protocol.md, version 1) for solvers in R. An adapter brings a solver, a list of
# functions; this does the rest. Needs the package jsonlite, and Matrix where a matrix comes sparse.
#
# A solver that goes on from where it stands has `step()`, which may return a reason not to go on, and `factors()`, which
# returns list(w = m×k, h = k×n); `setup()`, where it has one, is on the clock. One that can only run a number of
# iterations from the start has `run(iterations)`, which returns the same list.

VERSION <- 1L

# Standard output is the protocol's; whatever a package prints goes to standard error.
events <- file("/dev/stdout", "w", raw = TRUE)
sink(stderr())

say <- function(...) {
  cat(jsonlite::toJSON(list(...), auto_unbox = TRUE, digits = NA), "\n", sep = "", file = events)
  flush(events)
}

refuse <- function(...) stop(paste0(...), call. = FALSE)

# Plays one run to its end. `solver` takes the problem: a, w, h, rank, objective, threads, seed, parameters.
serve <- function(solver, package) {
  failed <- function(condition) {
    say(event = "error", message = gsub("\n", " ", conditionMessage(condition)))
    quit(status = 1L)
  }
  tryCatch(converse(solver, package), error = failed)
}

converse <- function(solver, package) {
  input <- file("stdin", "r")
  line <- readLines(input, 1L)
  if (length(line) == 0L) return(invisible())
  request <- jsonlite::fromJSON(line, simplifyVector = TRUE)
  if (request$protocol != VERSION) refuse("nmfbench speaks version ", request$protocol, " of the protocol; this adapter, 1")
  if (request$precision != "f64") refuse("R computes in double precision only")
  suppressPackageStartupMessages(library(package, character.only = TRUE))
  problem <- list(
    a = read_matrix(request$matrix$path), w = read_matrix(request$start$w), h = read_matrix(request$start$h),
    rank = request$rank, objective = request$objective, threads = request$threads, seed = request$seed,
    parameters = as.list(request$parameters)
  )
  machine <- solver(problem)
  restarts <- !is.null(machine$run)
  say(event = "ready", protocol = VERSION, solver = package, version = as.character(packageVersion(package)),
      mode = if (restarts) "restart" else "continue")
  at <- list(iteration = 0L, seconds = 0, cpu_seconds = 0)
  while (length(line <- readLines(input, 1L)) > 0L) {
    command <- jsonlite::fromJSON(line)
    if (command$command == "finish") {
      say(event = "done")
      return(invisible())
    }
    if (restarts) {
      spent <- timed(machine$run(command$until))
      factors <- spent$value
      at[c("iteration", "seconds", "cpu_seconds")] <- list(command$until, spent$seconds, spent$cpu_seconds)
    } else {
      at <- advance(machine, at, command)
      factors <- machine$factors()
    }
    write_npy("w.npy", factors$w)
    write_npy("h.npy", factors$h)
    more <- if (is.null(at$reason)) list() else list(finished = TRUE, reason = at$reason)
    do.call(say, c(list(event = "checkpoint", w = "w.npy", h = "h.npy"), at[names(at) != "reason"], more))
  }
}

# To iteration `until`, but no further than the first one after which the clock is at the limit.
advance <- function(machine, at, command) {
  if (is.null(at$setup_seconds)) {
    if (!is.null(machine$setup)) at <- add(at, timed(machine$setup()))
    at$setup_seconds <- at$seconds
  }
  while (at$iteration < command$until && is.null(at$reason)) {
    spent <- timed(machine$step())
    at <- add(at, spent)
    at$iteration <- at$iteration + 1L
    if (is.character(spent$value)) at$reason <- spent$value
    if (!is.null(command$seconds) && at$seconds >= command$seconds) break
  }
  at
}

add <- function(at, spent) {
  at$seconds <- at$seconds + spent$seconds
  at$cpu_seconds <- at$cpu_seconds + spent$cpu_seconds
  at
}

# R has no monotonic clock finer than a millisecond: a step back of the system's clock counts as nothing.
timed <- function(work) {
  cpu <- proc.time()
  start <- as.numeric(Sys.time())
  force(work)
  seconds <- max(0, as.numeric(Sys.time()) - start)
  used <- proc.time() - cpu
  list(value = work, seconds = seconds, cpu_seconds = max(0, used[["user.self"]] + used[["sys.self"]]))
}

# The parameters over their defaults; unknown ones are refused, and so are others than the choices of a vector.
options_of <- function(problem, ...) {
  defaults <- list(...)
  unknown <- setdiff(names(problem$parameters), c(names(defaults), "densify"))
  if (length(unknown) > 0L) {
    refuse("no parameter `", unknown[1L], "`; there are: ", paste(sort(names(defaults)), collapse = ", "))
  }
  pick <- function(name) {
    choices <- defaults[[name]]
    value <- problem$parameters[[name]]
    if (is.null(value)) return(choices[[1L]])
    if (length(choices) > 1L && !(value %in% choices)) {
      refuse("`", name, "` is ", value, "; expected one of ", paste(choices, collapse = ", "))
    }
    value
  }
  sapply(names(defaults), pick, simplify = FALSE)
}

# A as a matrix; a sparse one is converted only with `densify = true`.
dense <- function(problem) {
  if (is.matrix(problem$a)) return(problem$a)
  if (!isTRUE(problem$parameters$densify)) {
    refuse("this library takes dense matrices only; `densify = true` converts A before the clock starts")
  }
  as.matrix(problem$a)
}

only <- function(problem, ...) {
  if (!(problem$objective %in% c(...))) {
    refuse("the objective is `", problem$objective, "`; this solver minimises ", paste(c(...), collapse = ", "))
  }
}

# NumPy's array, SciPy's sparse columns, or Matrix Market.
read_matrix <- function(path) {
  if (!file.exists(path)) refuse("there is no file ", path)
  if (grepl("\\.npz$", path)) return(read_csc(path))
  if (grepl("\\.mtx$", path)) return(read_market(path))
  connection <- file(path, "rb")
  on.exit(close(connection))
  read_npy(connection)
}

read_csc <- function(path) {
  member <- function(name) {
    connection <- unz(path, paste0(name, ".npy"), "rb")
    on.exit(close(connection))
    read_npy(connection)
  }
  Matrix::sparseMatrix(
    i = as.vector(member("indices")), p = as.vector(member("indptr")), x = as.vector(member("data")),
    dims = as.vector(member("shape")), index1 = FALSE
  )
}

# An array of one or two dimensions, of doubles or whole numbers below 2^31, little-endian.
read_npy <- function(connection) {
  start <- readBin(connection, "raw", 8L)
  wide <- as.integer(start[7L]) > 1L
  size <- readBin(connection, "integer", 1L, size = if (wide) 4L else 2L, signed = wide, endian = "little")
  header <- rawToChar(readBin(connection, "raw", size))
  type <- sub(".*'descr': *'([^']*)'.*", "\\1", header)
  shape <- sub(".*'shape': *\\(([^)]*)\\).*", "\\1", header)
  shape <- as.numeric(strsplit(gsub("[ L]", "", shape), ",")[[1L]])
  count <- prod(shape)
  whole <- function(width) {
    halves <- readBin(connection, "integer", count * width / 4, size = 4L, endian = "little")
    if (width == 8L) halves[c(TRUE, FALSE)] else halves
  }
  values <- switch(type,
    "<f8" = readBin(connection, "double", count, size = 8L, endian = "little"),
    "<i4" = whole(4L), "<i8" = whole(8L), "<u4" = whole(4L), "<u8" = whole(8L),
    refuse("numbers of the type ", type, " in a file; expected <f8")
  )
  if (length(shape) < 2L) return(values)
  if (grepl("'fortran_order': *True", header)) matrix(values, shape[1L]) else matrix(values, shape[1L], byrow = TRUE)
}

read_market <- function(path) {
  lines <- readLines(path)
  body <- lines[!startsWith(lines, "%")]
  shape <- scan(text = body[1L], quiet = TRUE)
  if (grepl("array", lines[1L])) return(matrix(scan(text = body[-1L], quiet = TRUE), shape[1L], shape[2L]))
  entries <- matrix(scan(text = body[-1L], quiet = TRUE), 3L)
  Matrix::sparseMatrix(i = entries[1L, ], j = entries[2L, ], x = entries[3L, ], dims = shape[1:2])
}

# Under a temporary name first: a file under its final name is whole.
write_npy <- function(path, x) {
  dictionary <- sprintf("{'descr': '<f8', 'fortran_order': True, 'shape': (%d, %d), }", nrow(x), ncol(x))
  padding <- 63L - (10L + nchar(dictionary)) %% 64L
  header <- paste0(dictionary, strrep(" ", padding), "\n")
  connection <- file(paste0(path, ".part"), "wb")
  writeBin(c(as.raw(0x93), charToRaw("NUMPY"), as.raw(c(1L, 0L))), connection)
  writeBin(nchar(header), connection, size = 2L, endian = "little")
  writeBin(charToRaw(header), connection)
  writeBin(as.vector(x, "double"), connection, endian = "little")
  close(connection)
  file.rename(paste0(path, ".part"), path)
}
