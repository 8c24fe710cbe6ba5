# Julia's NMF.jl through the solver protocol (docs/protocol.md, version 1). Dense matrices; needs NMF, JSON and NPZ.
#
# `solve!` runs a number of iterations from a start, so each checkpoint is a run of its own (mode `restart`); its final
# evaluation of the objective is on the clock, compilation is not.

import JSON, NMF, NPZ
using LinearAlgebra

const PROTOCOL = 1
const TINY = nextfloat(0.0)  # a tolerance that only factors which stand still can meet

say(; event...) = (println(stdout, JSON.json(Dict(string(k) => v for (k, v) in event))); flush(stdout))

# The method; some constructors insist on two iterations, the number is set afterwards.
function method(name, ::Type{T}) where {T}
    if name == "multmse"
        NMF.MultUpdate{T}(obj = :mse, maxiter = 2, tol = TINY)
    elseif name == "multdiv"
        NMF.MultUpdate{T}(obj = :div, maxiter = 2, tol = TINY)
    elseif name == "projals"
        NMF.ProjectedALS{T}(maxiter = 2, tol = TINY)
    elseif name == "alspgrad"
        NMF.ALSPGrad{T}(maxiter = 2, tol = TINY)
    elseif name == "cd"
        NMF.CoordinateDescent{T}(maxiter = 2, tol = TINY)
    elseif name == "greedycd"
        NMF.GreedyCD{T}(maxiter = 2, tol = TINY)
    end
end

function chosen(request)
    parameters = request["parameters"]
    objective = request["objective"]
    known = if objective == "frobenius"
        ["multmse", "projals", "alspgrad", "cd", "greedycd"]
    elseif objective == "kullback-leibler"
        ["multdiv"]
    else
        error("the objective is `$objective`; this solver minimises frobenius, kullback-leibler")
    end
    for key in keys(parameters)
        key == "solver" || error("no parameter `$key`; there are: solver")
    end
    name = get(parameters, "solver", known[1])
    name in known || error("`solver` is $name; expected one of $(join(known, ", "))")
    return name
end

# W and H after so many iterations from the start, and the seconds they took.
function solved(name, a, w0, h0, iterations)
    w, h = copy(w0), copy(h0)
    alg = method(name, eltype(a))
    alg.maxiter = iterations
    began = time_ns()
    NMF.solve!(alg, a, w, h)
    return w, h, (time_ns() - began) / 1e9
end

function write_whole(path, x)
    NPZ.npzwrite("part-" * path, Matrix{Float64}(x))
    mv("part-" * path, path, force = true)
end

function converse()
    line = readline(stdin)
    isempty(line) && return
    request = JSON.parse(line)
    version = request["protocol"]
    version == PROTOCOL || error("nmfbench speaks version $version of the protocol; this adapter, $PROTOCOL")
    path = request["matrix"]["path"]
    endswith(path, ".npy") || error("this adapter takes dense matrices only")
    T = request["precision"] == "f32" ? Float32 : Float64
    a = Matrix{T}(NPZ.npzread(path))
    w0 = Matrix{T}(NPZ.npzread(request["start"]["w"]))
    h0 = Matrix{T}(NPZ.npzread(request["start"]["h"]))
    name = chosen(request)
    BLAS.set_num_threads(request["threads"])
    solved(name, a[1:min(end, 8), 1:min(end, 8)], w0[1:min(end, 8), :], h0[:, 1:min(end, 8)], 2)  # compiles
    say(event = "ready", protocol = PROTOCOL, solver = "NMF.jl", version = string(pkgversion(NMF)), mode = "restart")
    for line in eachline(stdin)
        command = JSON.parse(line)
        if command["command"] == "finish"
            say(event = "done")
            return
        end
        w, h, seconds = solved(name, a, w0, h0, command["until"])
        write_whole("w.npy", w)
        write_whole("h.npy", h)
        say(event = "checkpoint", iteration = command["until"], seconds = seconds, w = "w.npy", h = "h.npy")
    end
end

try
    converse()
catch failure
    say(event = "error", message = replace(sprint(showerror, failure), '\n' => ' '))
    exit(1)
end
