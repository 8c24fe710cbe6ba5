//! The table of algorithms: a row each, from which listing, parsing, help and tests follow.

use crate::accelerated::Accelerated;
use crate::algorithm::{Accepts, Algorithm, Solver, Traits};
use crate::alternating::Alternating;
use crate::constrained::{Gnmf, Hoyer, MinVol, Onmf, SemiNmf, SymNmf, Wnmf};
use crate::divergence::{AdmmKl, AlternatingDivergence, BmdKl, CcdKl, MuBeta, MuKl, PdKl, SnKl, SnMuKl};
use crate::extrapolated::Extrapolated;
use crate::joint::{Admm, Apg, MiniBatchMu, MiniBatchMuBeta, Online, PGrad, RHals};
use crate::matrix::Matrix;
use crate::normalized::Normalized;
use crate::parameters::{self, Field, ParameterError, Table};
use crate::problem::{Breakdown, Factors, Objective, Problem, Shape};
use crate::real::Real;
use crate::rules::{Als, AnlsAs, AnlsBpp, AoAdmm, Gcd, Hals, Mu, MuLin, NeNmf, Pgd};
use crate::separable::{Separable, Snpa, Spa, Xray};
use std::fmt::Debug;
use thiserror::Error;

/// The algorithms of this crate. A static: a constant would be compiled again, with every method, in each crate that
/// names it.
pub static BUILTIN: &[Entry] = &[
    entry::<Alternating<Mu>>("mu", "multiplicative update", "Lee & Seung (2001), NIPS 13").explained(include_str!("rules/mu.rs"), "2pk² + 2pk for each factor X (p×k)").revision(2),
    entry::<Alternating<Als>>("als", "alternating least squares, clipped", "Berry et al. (2007), CSDA 52").explained(include_str!("rules/als.rs"), "2pk² + 3pk + k³/3 for each factor X (p×k)"),
    entry::<Alternating<Hals>>(
        "hals",
        "hierarchical alternating least squares",
        "Cichocki & Phan (2009), IEICE Trans. E92-A",
    ).explained(include_str!("rules/hals.rs"), "2pk² + 3pk for each factor X (p×k)"),
    entry::<Alternating<Pgd>>(
        "pgd",
        "alternating nonnegative least squares by projected gradient",
        "Lin (2007), Neural Computation 19",
    ).explained(include_str!("rules/pgd.rs"), "2pk² for each gradient of a factor X (p×k), and 2pk² for each trial of a step length; the number of both depends on the data"),
    entry::<Alternating<AnlsAs>>(
        "anls-as",
        "alternating nonnegative least squares by active sets",
        "Kim & Park (2008), SIAM J. Matrix Anal. Appl. 30",
    ).explained(include_str!("rules/anls_as.rs"), "for each group of rows with one passive set of f entries f³/3, for each row 2f² + 2fk, as often as sets change"),
    entry::<Alternating<AnlsBpp>>(
        "anls-bpp",
        "alternating nonnegative least squares by block principal pivoting",
        "Kim & Park (2011), SIAM J. Sci. Comput. 33",
    ).explained(include_str!("rules/anls_bpp.rs"), "for each group of rows with one passive set of f entries f³/3, for each row 2f² + 2fk, as often as sets change"),
    entry::<Normalized<Alternating<MuLin>>>(
        "mu-lin",
        "modified multiplicative update",
        "Lin (2007), IEEE Trans. Neural Networks 18",
    ).explained(include_str!("rules/mu_lin.rs"), "4pk² + 6pk for each factor X (p×k)"),
    entry::<Alternating<Gcd>>("gcd", "greedy coordinate descent", "Hsieh & Dhillon (2011), KDD").explained(include_str!("rules/gcd.rs"), "2pk² + 14pk for each factor X (p×k), and 9k for each entry that moves"),
    entry::<Alternating<NeNmf>>(
        "nenmf",
        "Nesterov's optimal gradient method on each factor",
        "Guan et al. (2012), IEEE Trans. Signal Processing 60",
    ).explained(include_str!("rules/nenmf.rs"), "about 2pk² + 13pk for each inner step on a factor X (p×k), 10 to 1000 of them"),
    entry::<Alternating<AoAdmm>>(
        "ao-admm",
        "alternating optimisation by ADMM",
        "Huang, Sidiropoulos & Liavas (2016), IEEE Trans. Signal Processing 64",
    ).explained(include_str!("rules/ao_admm.rs"), "about 2pk² + 10pk for each inner step on a factor X (p×k), at most 5 of them, and 4k³/3"),
    entry::<Alternating<Accelerated<Mu>>>(
        "a-mu",
        "accelerated multiplicative update",
        "Gillis & Glineur (2012), Neural Computation 24",
    ).explained(include_str!("accelerated.rs"), "that of the update of `mu`, up to 1 + αρ times"),
    entry::<Alternating<Accelerated<Hals>>>(
        "a-hals",
        "accelerated hierarchical alternating least squares",
        "Gillis & Glineur (2012), Neural Computation 24",
    ).explained(include_str!("accelerated.rs"), "that of the update of `hals`, up to 1 + αρ times"),
    entry::<Alternating<Accelerated<Pgd>>>(
        "a-pgd",
        "accelerated projected gradient, single steps repeated",
        "Gillis & Glineur (2012), Neural Computation 24",
    ).explained(include_str!("accelerated.rs"), "that of one step of `pgd`, up to 1 + αρ times")
    .revision(2),
    entry::<Extrapolated<Hals>>(
        "e-hals",
        "extrapolated hierarchical alternating least squares",
        "Ang & Gillis (2019), Neural Computation 31",
    ).explained(include_str!("extrapolated.rs"), "that of `hals`, 7pk for each factor X (p×k) and (m + n)k² for the error"),
    entry::<Extrapolated<Accelerated<Hals>>>(
        "e-a-hals",
        "extrapolated accelerated hierarchical alternating least squares",
        "Ang & Gillis (2019), Neural Computation 31",
    ).explained(include_str!("extrapolated.rs"), "that of `a-hals`, 7pk for each factor X (p×k) and (m + n)k² for the error"),
    entry::<Extrapolated<AnlsBpp>>(
        "e-anls",
        "extrapolated alternating nonnegative least squares",
        "Ang & Gillis (2019), Neural Computation 31",
    ).explained(include_str!("extrapolated.rs"), "that of `anls-bpp`, 7pk for each factor X (p×k) and (m + n)k² for the error"),
    entry::<Apg>(
        "apg",
        "alternating proximal gradient with extrapolation",
        "Xu & Yin (2013), SIAM J. Imaging Sciences 6",
    ).explained(include_str!("joint/apg.rs"), "2pk² + 7pk for each factor X (p×k), the norm of two k×k matrices, (m + n)k² for the objective; all of it twice, with a third product with A, where the step is done again"),
    entry::<PGrad>("pgrad", "projected gradient on both factors at once", "Lin (2007), Neural Computation 19").explained(include_str!("joint/pgrad.rs"), "a product with A and about 4(m + n)k² for each trial of a step length"),
    entry::<RHals>(
        "rhals",
        "randomised hierarchical alternating least squares",
        "Erichson et al. (2018), Pattern Recognition Letters 104",
    ).explained(include_str!("joint/rhals.rs"), "once: a sketch with 2 + 2q products of A with l = k + p columns. Then 4l·min(m, n)·k in place of the two products with A, and 4l·max(m, n)·k to leave and enter the compressed side"),
    entry::<Admm>(
        "admm",
        "ADMM on both factors at once",
        "Xu, Yin, Wen & Zhang (2012), Frontiers of Mathematics in China 7",
    ).explained(include_str!("joint/admm.rs"), "(m + n)(3k² + 11k) and 2k³/3"),
    entry::<Online>(
        "online",
        "online matrix factorisation, mini-batches of columns",
        "Mairal, Bach, Ponce & Sapiro (2010), JMLR 11",
    ).explained(include_str!("joint/online.rs"), "for a mini-batch of b columns: both products with them, exact least squares for b columns, and 3mk² + 9mk for W"),
    entry::<MiniBatchMu>(
        "minibatch-mu",
        "multiplicative update on mini-batches of columns, with a memory that fades",
        "Lefèvre, Bach & Févotte (2011), WASPAA",
    ).explained(include_str!("joint/minibatch_mu.rs"), "for a mini-batch of b columns: both products with them, 3bk² for their part of H and 4mk² for W"),
    entry::<MiniBatchMuBeta>(
        "minibatch-mu-beta",
        "multiplicative update for a β-divergence on mini-batches of columns, with a memory that fades",
        "Lefèvre, Bach & Févotte (2011), WASPAA; Serizel, Essid & Richard (2016), MLSP",
    ).explained(include_str!("joint/minibatch_mu_beta.rs"), "two passes over a mini-batch of b columns with the model beside it, 6mbk each; 4mbk for β = 1, and on sparse data four operations a stored entry and component"),
    entry::<Separable<Spa>>(
        "spa",
        "columns of A selected by successive projection",
        "Araújo et al. (2001), Chemom. Intell. Lab. Syst. 57; Gillis & Vavasis (2014), IEEE Trans. PAMI 36",
    ).explained(include_str!("separable/spa.rs"), "once: k products of A with one column, 4mk² for the directions, and exact least squares for H"),
    entry::<Separable<Snpa>>(
        "snpa",
        "columns of A selected by successive nonnegative projection",
        "Gillis (2014), SIAM J. Imaging Sciences 7",
    ).explained(include_str!("separable/snpa.rs"), "once: k products of A with one column, for each of them a least-squares problem for every column that it changes, and exact least squares for H"),
    entry::<Separable<Xray>>(
        "xray",
        "columns of A selected as extreme rays of their cone",
        "Kumar, Sindhwani & Kambadur (2013), ICML",
    ).explained(include_str!("separable/xray.rs"), "once: 2k products of A with one column and exact least squares for H after each; with `dist` and `greedy` k products with a matrix as large as A"),
    entry::<AlternatingDivergence<MuKl>>(
        "mu-kl",
        "multiplicative update for the Kullback–Leibler divergence",
        "Lee & Seung (2001), NIPS 13",
    ).explained(include_str!("divergence/multiplicative.rs"), "two passes over A with the model beside it, 4mnk each; 4·nnz·k on sparse data"),
    entry::<AlternatingDivergence<MuBeta>>(
        "mu-beta",
        "multiplicative update for a β-divergence, Itakura–Saito included",
        "Févotte & Idier (2011), Neural Computation 23",
    ).explained(include_str!("divergence/multiplicative.rs"), "two passes over A with the model beside it, 6mnk each, on sparse data too; as `mu-kl` for β = 1"),
    entry::<AlternatingDivergence<CcdKl>>(
        "ccd-kl",
        "cyclic coordinate descent for the Kullback–Leibler divergence",
        "Hsieh & Dhillon (2011), KDD",
    ).explained(include_str!("divergence/coordinate.rs"), "two passes over A; for each entry of a factor a step of 8 operations an entry of its row or column of A, so 8mnk and more a pass; 8·nnz·k on sparse data"),
    entry::<AlternatingDivergence<SnKl>>(
        "sn-kl",
        "scalar Newton for the Kullback–Leibler divergence",
        "Hien & Gillis (2021), J. Sci. Comput. 87",
    ).explained(include_str!("divergence/coordinate.rs"), "two passes over A; for each entry of a factor a step of 8 operations an entry of its row or column of A, so 8mnk and more a pass; 8·nnz·k on sparse data"),
    entry::<AlternatingDivergence<SnMuKl>>(
        "sn-mu-kl",
        "scalar Newton and multiplicative updates in turn",
        "Hien & Gillis (2021), J. Sci. Comput. 87",
    ).explained(include_str!("divergence/coordinate.rs"), "two passes over A; for each entry of a factor a step of 8 operations an entry of its row or column of A, so 8mnk and more a pass; 8·nnz·k on sparse data"),
    entry::<AlternatingDivergence<BmdKl>>(
        "bmd-kl",
        "block mirror descent for the Kullback–Leibler divergence",
        "Hien & Gillis (2021), J. Sci. Comput. 87",
    ).explained(include_str!("divergence/multiplicative.rs"), "two passes over A with the model beside it, 4mnk each; 4·nnz·k on sparse data"),
    entry::<AdmmKl>("admm-kl", "ADMM for the Kullback–Leibler divergence", "Sun & Févotte (2014), ICASSP").explained(include_str!("divergence/admm.rs"), "three products with m×n matrices, 6mnk, and an m×n square root; keeps two m×n matrices"),
    entry::<AlternatingDivergence<PdKl>>(
        "pd-kl",
        "primal-dual steps for the Kullback–Leibler divergence",
        "Yanez & Bach (2017), ICASSP",
    ).explained(include_str!("divergence/primal_dual.rs"), "for each factor and inner step two products with an m×n matrix, 4mnk, and an m×n square root; keeps two m×n matrices. On sparse data all of it at the stored entries alone"),
    entry::<Hoyer>("hoyer", "sparseness constraints on W or H, by projection", "Hoyer (2004), JMLR 5").explained(
        include_str!("constrained/hoyer.rs"),
        "O(pk²) and O(pk) a projection, for each step length tried",
    ),
    entry::<Onmf>(
        "onmf",
        "orthogonal rows of H: a clustering of the columns",
        "Pompili et al. (2014), Neurocomputing 141",
    )
    .explained(
        include_str!("constrained/onmf.rs"),
        "two products with A for each power iteration",
    ),
    entry::<SymNmf<AnlsBpp>>(
        "symnmf",
        "symmetric A ≈ HᵀH, by alternating nonnegative least squares",
        "Kuang, Yun & Park (2015), J. Global Optimization 62",
    )
    .explained(
        include_str!("constrained/symnmf.rs"),
        "as `anls-bpp`",
    ),
    entry::<SemiNmf>("semi-nmf", "A and W of any sign, H nonnegative", "Ding, Li & Jordan (2010), IEEE TPAMI 32")
        .explained(
            include_str!("constrained/semi.rs"),
            "O((m + n)k² + k³)",
        ),
    entry::<MinVol>("minvol", "minimum volume of W", "Leplat, Ang & Gillis (2019), ICASSP").explained(
        include_str!("constrained/minvol.rs"),
        "O((m + n)k²) for each of at most `inner_iterations` steps",
    ),
    entry::<Wnmf>("wnmf", "weighted or missing entries", "Zhang et al. (2006), SIAM Data Mining").explained(
        include_str!("constrained/wnmf.rs"),
        "O(nnz(Ω)·k)",
    ),
    entry::<Gnmf>(
        "gnmf",
        "coefficients smooth on the graph of neighbouring columns",
        "Cai, He, Han & Huang (2011), IEEE TPAMI 33",
    )
    .explained(
        include_str!("constrained/gnmf.rs"),
        "O((m + n)k² + pnk); once n products with A for the graph",
    ),
];

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// How experiments call it.
    pub name: &'static str,
    /// What it is, in a few words.
    pub summary: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// See [`Entry::update`].
    update: &'static str,
    /// What an iteration costs beside the products with A and the Gram matrices; empty where nobody has said so.
    pub cost: &'static str,
    /// Part of every run's key: raised when the same parameters give other iterates than before.
    pub revision: u32,
    /// What it claims.
    pub traits: Traits,
    /// The data it takes.
    pub accepts: Accepts,
    fields: fn() -> Vec<Field>,
    parse: fn(&Table) -> Result<Box<dyn Method>, ParameterError>,
    implied: fn(Objective) -> Table,
}

/// A row for an algorithm.
#[must_use]
pub const fn entry<A: Algorithm>(name: &'static str, summary: &'static str, source: &'static str) -> Entry {
    Entry {
        name,
        summary,
        source,
        update: "",
        cost: "",
        revision: 1,
        traits: A::TRAITS,
        accepts: A::ACCEPTS,
        fields: A::fields,
        parse: |table| Ok(Box::new(parameters::parse::<A>(table)?)),
        implied: A::implied,
    }
}

impl Entry {
    /// The same row at another revision.
    #[must_use]
    pub const fn revision(mut self, revision: u32) -> Self {
        self.revision = revision;
        self
    }

    /// The same row with what an iteration does and what it costs, for `info` and docs/algorithms.md. The first is a text
    /// with the formula, or the whole file of the method (`include_str!`), whose module documentation it then is.
    #[must_use]
    pub const fn explained(mut self, update: &'static str, cost: &'static str) -> Self {
        (self.update, self.cost) = (update, cost);
        self
    }

    /// What an iteration does, in Markdown, with the formula; empty where nobody has said so.
    #[must_use]
    pub fn update(&self) -> String {
        if self.update.starts_with("//!") { module_doc(self.update) } else { self.update.to_owned() }
    }

    /// The parameters it takes.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        (self.fields)()
    }

    /// Parameters that follow from what an experiment minimises, for those it does not give itself.
    #[must_use]
    pub fn implied(&self, objective: Objective) -> Table {
        (self.implied)(objective)
    }

    /// Whether it descends this objective, given the parameters that follow from it.
    #[must_use]
    pub fn descends(&self, objective: Objective) -> bool {
        self.parse(&self.implied(objective)).is_ok_and(|method| method.objective().is(objective))
    }

    /// The algorithm with these parameters, defaults filled in.
    ///
    /// # Errors
    /// Names the first key that is unknown, of the wrong kind or out of range.
    pub fn parse(&self, parameters: &Table) -> Result<Box<dyn Method>, ParameterError> {
        (self.parse)(parameters)
    }
}

/// The lines marked `//!` at the top of a file, links to items made plain.
fn module_doc(file: &str) -> String {
    let lines = file.lines().map_while(|line| line.strip_prefix("//!"));
    let text: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    text.join("\n").replace("[`crate::", "`").replace("[`", "`").replace("`]", "`")
}

/// An algorithm with its parameters, whatever its type.
pub trait Method: Debug + Send + Sync {
    /// The resolved parameters.
    fn parameters(&self) -> Table;
    /// The objective it descends with these parameters.
    fn objective(&self) -> Objective;
    /// The data it takes.
    fn accepts(&self) -> Accepts;
    /// Checks that need the shape of the problem.
    ///
    /// # Errors
    /// Names the offending key.
    fn check(&self, shape: &Shape) -> Result<(), ParameterError>;
    /// Checks that the data are of a kind that it takes.
    ///
    /// # Errors
    /// Names the first entry at fault, or says what the method would need.
    fn check_data(&self, matrix: &Matrix<f64>) -> Result<(), Breakdown>;
    /// Starts it in double precision.
    ///
    /// # Errors
    /// When the method cannot start from here.
    fn start_f64(&self, problem: &Problem<'_, f64>, factors: &Factors<f64>) -> Started<f64>;
    /// Starts it in single precision.
    ///
    /// # Errors
    /// When the method cannot start from here.
    fn start_f32(&self, problem: &Problem<'_, f32>, factors: &Factors<f32>) -> Started<f32>;
}

/// A solver at its start.
pub type Started<T> = Result<Box<dyn Solver<T>>, Breakdown>;

impl<A: Algorithm> Method for A {
    fn parameters(&self) -> Table {
        self.table()
    }
    fn objective(&self) -> Objective {
        Algorithm::objective(self)
    }
    fn accepts(&self) -> Accepts {
        A::ACCEPTS
    }
    fn check(&self, shape: &Shape) -> Result<(), ParameterError> {
        Algorithm::check(self, shape)
    }
    fn check_data(&self, matrix: &Matrix<f64>) -> Result<(), Breakdown> {
        A::ACCEPTS.check(matrix).map_err(|e| Breakdown::Other(e.to_string()))?;
        Algorithm::check_data(self, matrix)
    }
    fn start_f64(&self, problem: &Problem<'_, f64>, factors: &Factors<f64>) -> Started<f64> {
        problem.matrix.reserve(problem.rank, problem.par);
        self.start(problem, factors)
    }
    fn start_f32(&self, problem: &Problem<'_, f32>, factors: &Factors<f32>) -> Started<f32> {
        problem.matrix.reserve(problem.rank, problem.par);
        self.start(problem, factors)
    }
}

/// The algorithms that a program knows: the built-in ones and its own.
#[derive(Clone, Debug)]
pub struct Registry {
    entries: Vec<Entry>,
}

/// A name that no row has.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{0}")]
pub struct UnknownAlgorithm(String);

impl Default for Registry {
    fn default() -> Self {
        Registry::builtin()
    }
}

impl Registry {
    /// The table [`BUILTIN`].
    #[must_use]
    pub fn builtin() -> Self {
        Registry { entries: BUILTIN.to_vec() }
    }

    /// One more row.
    ///
    /// # Panics
    /// When the name is taken or is not made of lower-case letters, digits and hyphens: a mistake in the program.
    #[must_use]
    pub fn with(mut self, entry: Entry) -> Self {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(
            !entry.name.is_empty() && entry.name.chars().all(plain),
            "`{}` is no name for an algorithm",
            entry.name
        );
        assert!(self.entries.iter().all(|e| e.name != entry.name), "two algorithms are called `{}`", entry.name);
        self.entries.push(entry);
        self
    }

    /// All rows, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The row of that name.
    ///
    /// # Errors
    /// Lists near matches.
    pub fn get(&self, name: &str) -> Result<&Entry, UnknownAlgorithm> {
        let names = self.entries.iter().map(|e| e.name);
        let found = self.entries.iter().find(|e| e.name == name);
        found.ok_or_else(|| UnknownAlgorithm(parameters::unknown("algorithm", name, names)))
    }
}

/// Starts a method in whichever precision the problem has.
///
/// # Errors
/// When the method cannot start from here.
pub trait StartIn: Real {
    /// See [`Method`].
    ///
    /// # Errors
    /// When the method cannot start from here.
    fn start(method: &dyn Method, problem: &Problem<'_, Self>, factors: &Factors<Self>) -> Started<Self>;
}

impl StartIn for f64 {
    fn start(method: &dyn Method, problem: &Problem<'_, f64>, factors: &Factors<f64>) -> Started<f64> {
        method.start_f64(problem, factors)
    }
}

impl StartIn for f32 {
    fn start(method: &dyn Method, problem: &Problem<'_, f32>, factors: &Factors<f32>) -> Started<f32> {
        method.start_f32(problem, factors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_say_what_they_are() {
        for e in Registry::builtin().entries() {
            assert!(!e.summary.is_empty() && e.source.contains("(19") | e.source.contains("(20"), "{}", e.name);
            let method = e.parse(&Table::new()).expect("the defaults are valid");
            let names: Vec<String> = e.fields().into_iter().map(|f| f.name).collect();
            assert_eq!(names, method.parameters().keys().cloned().collect::<Vec<_>>(), "{}", e.name);
            assert!(e.fields().iter().all(|f| !f.doc.is_empty()), "{}: a parameter without a meaning", e.name);
            assert!(!e.update().is_empty() && !e.cost.is_empty(), "{}: `.explained(…)` is missing", e.name);
        }
    }

    #[test]
    fn unknown_names_list_near_matches() {
        let error = Registry::builtin().get("hlas").expect_err("unknown").to_string();
        assert_eq!(error, "unknown algorithm `hlas`; did you mean `hals`, `rhals`?");
        let error = Registry::builtin().get("simplex").expect_err("unknown").to_string();
        assert!(error.contains("known: `mu`, `als`, `hals`, `pgd`"), "{error}");
    }

    #[test]
    fn composed_parameters_come_from_one_flat_table() {
        let registry = Registry::builtin();
        let pgd = registry.get("pgd").expect("there");
        let given: Table = serde_json::from_str(r#"{"beta": 0.5, "first": "h"}"#).expect("json");
        let table = pgd.parse(&given).expect("valid").parameters();
        assert_eq!((&table["beta"], &table["first"], &table["sigma"]), (&0.5.into(), &"h".into(), &0.01.into()));
        let wrong: Table = serde_json::from_str(r#"{"bta": 0.5}"#).expect("json");
        let error = pgd.parse(&wrong).expect_err("unknown").to_string();
        assert!(error.contains("did you mean `beta`"), "{error}");
    }
}
