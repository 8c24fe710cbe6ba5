//! The sections and keys, in the order of a well-written file, and the words that keys take.

use super::{Form, Key, Kind, Others, Range, Section, key, table};
use crate::data::sound::{SPECTRA, TAPERS};
use crate::data::words::{STOP_WORDS, TOKENS};
use crate::results::about::DOMAINS;
use nmfbench_algorithms::parameters::Bound;

const POSITIVE: Kind = Kind::Integer(Range::from(1.0));
const NATURAL: Kind = Kind::Integer(Range::from(0.0));
const AMOUNT: Kind = Kind::Number(Range::above(0.0));
/// The keys that say how a file becomes a matrix; they go with `path` only.
pub const READING: &[&str] = &[
    "domain",
    "scene",
    "features",
    "truth",
    "largest_classes",
    "key",
    "samples",
    "pixels",
    "image",
    "labels",
    "cube",
    "signed",
    "missing",
    "window",
    "hop",
    "taper",
    "spectrum",
    "tokens",
    "stop_words",
    "min_letters",
    "min_documents",
    "max_share",
];
/// The steps of preprocessing, see `data::Step`.
pub const PREPROCESS: &[&str] = crate::data::STEPS;
/// What the solvers compute in.
pub const PRECISIONS: &[&str] = &["f64", "f32"];
/// The forms in which programs of other languages get their matrices.
pub const EXCHANGES: &[&str] = &["npy", "mtx"];
/// The keys by which an `[[algorithm]]` is a program and not a registered one.
pub const PROGRAM: &[&str] = &["peer", "command"];
/// The keys that only such an entry takes.
pub const PROGRAM_ONLY: &[&str] = &["exchange", "stochastic"];
/// What such an entry calls itself.
pub const PROGRAM_NAME: Key = key("name", Kind::FileName, "what the program's solver is called");
/// The figures there are.
pub const FIGURE_KINDS: &[&str] = &[
    "convergence",
    "runtime",
    "time-to-target",
    "final-error",
    "factors",
    "encoding",
    "ecdf",
    "profile",
    "data-profile",
    "matrix",
    "critical-difference",
    "scaling",
    "breakdown",
    "over-rank",
];
/// The tables there are.
pub const TABLE_KINDS: &[&str] = &["time-to-target", "final-error", "pairwise", "scaling", "scores"];
/// What a horizontal axis can show.
pub const FIGURE_X: &[&str] = &["seconds", "iterations", "flops", "passes"];
/// What a claim can be about.
pub const CLAIM_MEASURES: &[&str] = &[
    "time-to-target",
    "seconds-per-iteration",
    "relative_error",
    "gap",
    "objective",
    "kkt_residual",
    "sparseness_w",
    "sparseness_h",
    "recovery",
    "recovery_least",
    "recovery_h",
    "angle",
    "angle_greatest",
    "amari",
    "accuracy",
    "nmi",
    "ari",
    "recognition",
    "recognition_gain",
];
/// What a vertical axis can show: all of these but the two prices in front.
pub const FIGURE_Y: &[&str] = CLAIM_MEASURES.split_at(2).1;

/// What stands above the first bracket.
pub const ROOT: Section = table(
    "",
    "The experiment as a whole.",
    &[
        key("name", Kind::FileName, "names the folder of its results").required(),
        key("question", Kind::Text, "what the experiment is to answer"),
        key(
            "objective",
            Kind::Objective,
            "what is minimised: `frobenius` is ½‖A − WH‖², and `{ beta = 1.5 }` any β-divergence of A from WH, of which \
             `kullback-leibler` (β = 1) and `itakura-saito` (β = 0) have names",
        )
        .default("\"frobenius\""),
        key("factors", Kind::Choice(&["all", "none"]), "whether the final W and H of each run are kept")
            .default("\"all\""),
        key(
            "timing",
            Kind::Choice(&["paused", "replay"]),
            "`paused`: the clock stops for each look; `replay`: a pass that is only timed, then one that is only measured",
        )
        .default("\"paused\""),
    ],
);

/// The sections in the order of a well-written file.
pub const SECTIONS: &[Section] = &[
    Section {
        repeated: true,
        required: true,
        others: Others::Generator,
        ..table(
            "dataset",
            "A matrix: by `name` from the catalogue, by `path` from a file, or by `generator`; with the last two, `name` \
             is what to call it.",
            &[
                key("name", Kind::Text, "the name in the catalogue, or what to call the file or the generated data"),
                key(
                    "path",
                    Kind::Path,
                    "a file (.npy, .npz, .mat, .mtx, .svm, .csv, .wav, IDX), or a folder or archive of images, or a folder of texts",
                ),
                key("generator", Kind::Generator, "a program that makes the data; its parameters stand beside it"),
                key("title", Kind::Text, "what figures call it"),
                key("key", Kind::Text, "which member of an .npz, which variable of a .mat (with `path`)"),
                key("transpose", Kind::Bool, "whether to swap rows and columns at the very end"),
                key(
                    "scale",
                    Kind::ChoiceOr(&["max", "none"], Range::above(0.0)),
                    "what to divide by: the largest value, nothing, or a number",
                ),
                key(
                    "signed",
                    Kind::Bool,
                    "whether entries may be below 0, for methods that take such data (with `path`)",
                ),
                key(
                    "missing",
                    Kind::Choice(&["nan", "zero"]),
                    "what stands for an entry that is not known, for methods that take such data (with `path`)",
                ),
                key(
                    "weights",
                    Kind::Path,
                    "a file with the weight of each entry, 0 for one that is not known, for methods that take such data",
                ),
                key(
                    "preprocess",
                    Kind::Choice(PREPROCESS),
                    "what is done to A (features×samples, before `transpose`), in this order",
                )
                .form(Form::Words),
                key(
                    "test_share",
                    Kind::Number(Range { minimum: Some(Bound::beyond(0.0)), maximum: Some(Bound::beyond(1.0)) }),
                    "the share of each class that takes no part in a run and is recognised afterwards (`recognition`)",
                ),
                key("test_seed", NATURAL, "which samples these are: another seed, another draw (0; with `test_share`)"),
                key("neighbours", POSITIVE, "how many of the nearest samples vote on a class (1; with `test_share`)"),
                key("samples", Kind::Choice(&["rows", "columns"]), "what one sample is in the file (with `path`)"),
                key(
                    "pixels",
                    Kind::Choice(&["row-major", "column-major"]),
                    "the order of the pixels in a stored picture (with `path`)",
                ),
                key("image", POSITIVE, "height and width of the picture in a sample (with `path`)")
                    .form(Form::List(Some(2))),
                key(
                    "labels",
                    Kind::Text,
                    "the classes of the samples: a variable, `first-column`, `last-column`, or a file beside it (with `path`)",
                ),
                key("domain", Kind::Choice(DOMAINS), "the field, which decides how factors are shown (with `path`)"),
                key("scene", POSITIVE, "height and width of the picture whose pixels are the samples (with `path`)")
                    .form(Form::List(Some(2))),
                key("largest_classes", POSITIVE, "how many classes are kept, the largest ones (with `path`)"),
                key("features", Kind::Text, "a file beside it with a name for each row of A (with `path`)"),
                key(
                    "truth",
                    Kind::Text,
                    "an .npz or .mat beside it with the true factors: w (m×r), and h (r×n) if known (with `path`)",
                ),
                key("cube", Kind::Bool, "whether an array is rows×columns×bands, a pixel a sample (with `path`)"),
                key("window", Kind::Integer(Range::from(2.0)), "samples of a window of a spectrogram (with a .wav)"),
                key("hop", POSITIVE, "samples from one window to the next: half a window (with `window`)"),
                key("taper", Kind::Choice(TAPERS), "the weights of a window: `hann` (with `window`)"),
                key("spectrum", Kind::Choice(SPECTRA), "what a spectrogram holds: `magnitude` (with `window`)"),
                key("tokens", Kind::Choice(TOKENS), "what a word is (with a folder of texts)"),
                key("stop_words", Kind::Choice(STOP_WORDS), "which words are left out: `none` (with `tokens`)"),
                key("min_letters", POSITIVE, "words of fewer letters are left out: 2 (with `tokens`)"),
                key("min_documents", POSITIVE, "words in fewer texts are left out: 1 (with `tokens`)"),
                key(
                    "max_share",
                    Kind::Number(Range::above(0.0)),
                    "words in a larger share of the texts are left out: 1 (with `tokens`)",
                ),
            ],
        )
    },
    Section {
        repeated: true,
        others: Others::Generator,
        ..table(
            "stand_in",
            "Generated data to take the place of a set of the catalogue that is not on the machine, where that is asked for \
             (`--stand-ins`; `nmfbench paper` does). Figures say so.",
            &[
                key("for", Kind::Text, "the data set whose place it takes").required(),
                key("generator", Kind::Generator, "a program that makes the data; its parameters stand beside it")
                    .required(),
                key("preprocess", Kind::Choice(PREPROCESS), "what is done to A before it is factorised, in this order")
                    .form(Form::Words),
            ],
        )
    },
    Section {
        required: true,
        ..table(
            "sweep",
            "The axes; the experiment is their product, and a list always means \"each of these\".",
            &[
                key("rank", POSITIVE, "the rank k of the factorisation").each().required(),
                key("init", Kind::Init, "how a run starts: names, or `{ w = \"W0.npy\", h = \"H0.npy\" }`")
                    .each()
                    .default("\"random\""),
                key("seeds", NATURAL, "how many seeds from 0, or a list of them").form(Form::Count).default("5"),
                key("base_seed", NATURAL, "all random streams derive from it").default("0"),
                key("precision", Kind::Choice(PRECISIONS), "what the solvers compute in").each().default("\"f64\""),
                key("threads", POSITIVE, "how many threads a solver may use").each().default("1"),
                key("repetitions", POSITIVE, "how often to repeat each run, for the noise of the clock").default("1"),
            ],
        )
    },
    Section {
        required: true,
        ..table(
            "stop",
            "When a run ends; the first to fire ends it. At least one of `iterations`, `seconds`, `flops` is needed.",
            &[
                key("iterations", POSITIVE, "outer iterations"),
                key("seconds", AMOUNT, "seconds on the solver's own clock"),
                key("flops", AMOUNT, "analytic floating-point operations: a budget no machine can blur"),
                key("kkt", AMOUNT, "KKT residual relative to the start's"),
                key(
                    "relative_change",
                    AMOUNT,
                    "relative decrease of the objective per iteration since the last checkpoint; a rise does not count",
                ),
                key("timeout", AMOUNT, "wall seconds after which the process is ended"),
            ],
        )
    },
    table(
        "checkpoints",
        "When to look at a run; its start and end are always looked at.",
        &[
            key("growth", Kind::Number(Range::above(1.0)), "the factor from one iteration looked at to the next")
                .default("1.25"),
            key("every", POSITIVE, "look at each so many iterations instead"),
        ],
    ),
    table(
        "targets",
        "What counts as reaching the best value known.",
        &[key(
            "gap",
            Kind::Number(Range::between(0.0, 1.0)),
            "objective ≤ best + gap · (start − best), for each of these",
        )
        .each()
        .default("[0.1, 0.01, 0.001]")],
    ),
    Section {
        repeated: true,
        required: true,
        others: Others::Algorithm,
        ..table(
            "algorithm",
            "A method and its parameters; a list of values is swept.",
            &[
                key("name", Kind::Algorithm, "the registered name; with `peer` or `command` a new one").required(),
                key("label", Kind::Text, "what legends call it"),
                key("peer", Kind::Peer, "the library that runs it, see `nmfbench peers`; parameters go to its adapter"),
                key("command", Kind::Text, "a program that speaks the solver protocol, and its arguments")
                    .form(Form::Words),
                key(
                    "exchange",
                    Kind::Choice(EXCHANGES),
                    "the files such a program gets: NumPy's or Matrix Market's (npy)",
                ),
                key("stochastic", Kind::Bool, "whether such a program draws random numbers of its own (false)"),
            ],
        )
    },
    Section {
        repeated: true,
        ..table(
            "figure",
            "A figure to draw from the results; without any, the standard set is drawn.",
            &[
                key("kind", Kind::Choice(FIGURE_KINDS), "what is drawn").required(),
                key("x", Kind::Choice(FIGURE_X), "the horizontal axis, or the price of a target (seconds)"),
                key("y", Kind::Choice(FIGURE_Y), "the vertical axis, or what is compared at the end (relative_error)"),
                key("file", Kind::FileName, "the name of the file, without extension"),
                key("title", Kind::Text, "the line above"),
                key("x_scale", Kind::Choice(&["log", "linear"]), "the scale of the horizontal axis"),
                key("y_scale", Kind::Choice(&["log", "linear"]), "the scale of the vertical axis"),
                key("band", Kind::Number(Range::between(0.0, 1.0)), "the quantiles that bound the band")
                    .form(Form::List(Some(2))),
                key("targets", Kind::Number(Range::between(0.0, 1.0)), "gaps, instead of those of [targets]")
                    .form(Form::List(None)),
            ],
        )
    },
    Section {
        repeated: true,
        ..table(
            "table",
            "A table to write as Markdown, CSV and LaTeX; without any, the standard set is written.",
            &[
                key("kind", Kind::Choice(TABLE_KINDS), "what it holds").required(),
                key("x", Kind::Choice(FIGURE_X), "the price of a target (seconds)"),
                key("file", Kind::FileName, "the name of the files, without extension"),
                key("targets", Kind::Number(Range::between(0.0, 1.0)), "gaps, instead of those of [targets]")
                    .form(Form::List(None)),
            ],
        )
    },
    Section {
        repeated: true,
        ..table(
            "exclude",
            "Runs to leave out, with the reason: those that have one of the values on each axis named.",
            &[
                key("reason", Kind::Text, "why").required(),
                key("dataset", Kind::Text, "names of data sets").each(),
                key("rank", POSITIVE, "ranks").each(),
                key("init", Kind::Text, "names of starts").each(),
                key("seed", NATURAL, "seeds").each(),
                key("repetition", NATURAL, "repetitions, from 0").each(),
                key("algorithm", Kind::Text, "names or labels of algorithms").each(),
                key("precision", Kind::Choice(PRECISIONS), "precisions").each(),
                key("threads", POSITIVE, "numbers of threads").each(),
            ],
        )
    },
    Section {
        repeated: true,
        ..table(
            "claim",
            "A sentence of a paper as a check of the runs: a comparison with others, or a bound on a median.",
            &[
                key("says", Kind::Text, "the sentence").required(),
                key("source", Kind::Text, "who says it, and where"),
                key("of", Kind::Text, "the algorithm it is about, by name or label").required(),
                key("than", Kind::Text, "those it is compared with, run by run").each(),
                key("measure", Kind::Choice(CLAIM_MEASURES), "what is compared or bounded").required(),
                key("is", Kind::Choice(&["below", "above"]), "whether less or more is claimed (below)"),
                key("gap", Kind::Number(Range::between(0.0, 1.0)), "the target of a `time-to-target` (0.01)"),
                key("x", Kind::Choice(FIGURE_X), "what a target costs, or the unit of `at` (seconds)"),
                key("at", AMOUNT, "where the measure is read; at the end of each run without it"),
                key(
                    "share",
                    Kind::Number(Range { minimum: Some(Bound::beyond(0.0)), maximum: Some(Bound::at(1.0)) }),
                    "the share of the pairs in which it must be so (0.8)",
                ),
                key("factor", AMOUNT, "by which factor at least (1)"),
                key("at_least", Kind::Number(Range { minimum: None, maximum: None }), "the least median allowed"),
                key("at_most", Kind::Number(Range { minimum: None, maximum: None }), "the greatest median allowed"),
                key("dataset", Kind::Text, "only on these data sets").each(),
                key("rank", POSITIVE, "only at these ranks").each(),
                key("init", Kind::Text, "only from these starts").each(),
            ],
        )
    },
    Section {
        others: Others::Overrides,
        ..table("quick", "What `--quick` changes, as dotted keys: `stop.seconds = 1`.", &[])
    },
];
