//! Operations as they are reported against operations as they are done: every method runs in a scalar that counts its own
//! arithmetic.
//!
//! An addition, a multiplication, a division and a root count one each, on both sides. A value that is taken to double
//! precision, for a sum of products or a step length, counts one there; what double precision does with itself does not
//! count.

mod scalar;

use crate::accelerated::Accelerated;
use crate::algorithm::Algorithm;
use crate::alternating::Alternating;
use crate::conformance::cases;
use crate::constrained::{Gnmf, Hoyer, MinVol, Onmf, SemiNmf, SymNmf, Wnmf};
use crate::divergence::{AdmmKl, AlternatingDivergence, BmdKl, CcdKl, MuBeta, MuKl, PdKl, SnKl, SnMuKl};
use crate::extrapolated::Extrapolated;
use crate::init::Init;
use crate::joint::{Admm, Apg, MiniBatchMu, MiniBatchMuBeta, Online, PGrad, RHals};
use crate::matrix::{Matrix, count};
use crate::normalized::Normalized;
use crate::parameters::{self, Table};
use crate::problem::Problem;
use crate::random::key;
use crate::registry::BUILTIN;
use crate::rules::{Als, AnlsAs, AnlsBpp, AoAdmm, Gcd, Hals, Mu, MuLin, NeNmf, Pgd};
use crate::separable::{Separable, Snpa, Spa, Xray};
use faer::Mat;
use scalar::Counted;

/// How often as many operations as counted may be reported, least and most.
type Range = (f64, f64);

/// What formulas leave out is of lower order: O(pk) beside O(pk²), O(k³) beside both.
const NEAR: Range = (0.85, 1.15);
/// Exact least squares work on double precision of their own, whatever the scalar: their share is not counted.
const EXACT: Range = (1.0, 1.65);
/// So do the projections of all columns on a hull.
const HULL: Range = (1.0, 4.0);
/// Orthogonal bases by blocks of reflections take more than the formula for single ones.
const BLOCKS: Range = (0.75, 1.15);

/// One method on one storage: reported ÷ counted, over the first iterations. What setting up costs may be reported with
/// the first of them, or not at all.
fn ratios<A: Algorithm>(matrix: &Matrix<f64>, k: usize) -> [f64; 2] {
    let start =
        Init::Random.start(&Problem::new(matrix, k, key(0, "")).expect("fits"), &key(1, "start")).expect("starts");
    let matrix: Matrix<Counted> = matrix.convert();
    let mut factors = start.convert::<Counted>();
    let problem = Problem::new(&matrix, k, key(0, "algorithm")).expect("fits");
    let algorithm = parameters::parse::<A>(&Table::new()).expect("the defaults are valid");
    let begun = scalar::so_far();
    let mut solver = algorithm.start(&problem, &factors).expect("starts");
    let ready = scalar::so_far();
    let mut reported = 0.0;
    for _ in 0..8 {
        reported += solver.step(&problem, &mut factors).expect("a step").flops;
    }
    let done = scalar::so_far();
    [begun, ready].map(|from| reported / count(usize::try_from(done - from).expect("few")))
}

/// Checks that a ratio is in its range with or without the set-up.
fn report<A: Algorithm>(name: &str, (least, most): Range, seen: &mut Vec<String>) {
    // Multiples of what tiles and vectors take, so that no padding counts.
    let (m, n, k) = (144, 96, 12);
    let a = cases::noisy(m, n, 8, false, 3);
    let a = if A::ACCEPTS.symmetric_only { Mat::from_fn(n, n, |i, j| a[(i, j)] + a[(j, i)]) } else { a };
    let holes = Mat::from_fn(a.nrows(), a.ncols(), |i, j| if (7 * i + 3 * j) % 5 > 1 { 0.0 } else { a[(i, j)] });
    let mut storages = vec![("dense", Matrix::dense(a).expect("valid"))];
    if !A::ACCEPTS.symmetric_only {
        storages.push(("sparse", cases::sparse(&holes)));
    }
    for (storage, matrix) in storages {
        let ratios = ratios::<A>(&matrix, k);
        if !ratios.iter().any(|r| (least..=most).contains(r)) {
            seen.push(format!("{name}, {storage}: {ratios:.2?} × as many operations reported as counted"));
        }
    }
}

macro_rules! rows {
    ($($name:literal: $algorithm:ty, $range:expr;)*) => {
        const NAMES: &[&str] = &[$($name),*];

        fn all() -> Vec<String> {
            let mut seen = vec![];
            $(report::<$algorithm>($name, $range, &mut seen);)*
            seen
        }
    };
}

rows!(
    "mu": Alternating<Mu>, NEAR;
    "als": Alternating<Als>, NEAR;
    "hals": Alternating<Hals>, NEAR;
    "pgd": Alternating<Pgd>, NEAR;
    "anls-as": Alternating<AnlsAs>, EXACT;
    "anls-bpp": Alternating<AnlsBpp>, EXACT;
    "mu-lin": Normalized<Alternating<MuLin>>, NEAR;
    "gcd": Alternating<Gcd>, NEAR;
    "nenmf": Alternating<NeNmf>, NEAR;
    "ao-admm": Alternating<AoAdmm>, NEAR;
    "a-mu": Alternating<Accelerated<Mu>>, NEAR;
    "a-hals": Alternating<Accelerated<Hals>>, NEAR;
    "a-pgd": Alternating<Accelerated<Pgd>>, NEAR;
    "e-hals": Extrapolated<Hals>, NEAR;
    "e-a-hals": Extrapolated<Accelerated<Hals>>, NEAR;
    "e-anls": Extrapolated<AnlsBpp>, EXACT;
    "apg": Apg, NEAR;
    "pgrad": PGrad, NEAR;
    "rhals": RHals, BLOCKS;
    "admm": Admm, NEAR;
    "online": Online, NEAR;
    "minibatch-mu": MiniBatchMu, NEAR;
    "minibatch-mu-beta": MiniBatchMuBeta, NEAR;
    "spa": Separable<Spa>, EXACT;
    "snpa": Separable<Snpa>, HULL;
    "xray": Separable<Xray>, EXACT;
    "mu-kl": AlternatingDivergence<MuKl>, NEAR;
    "mu-beta": AlternatingDivergence<MuBeta>, NEAR;
    "ccd-kl": AlternatingDivergence<CcdKl>, NEAR;
    "sn-kl": AlternatingDivergence<SnKl>, NEAR;
    "sn-mu-kl": AlternatingDivergence<SnMuKl>, NEAR;
    "bmd-kl": AlternatingDivergence<BmdKl>, NEAR;
    "admm-kl": AdmmKl, NEAR;
    "pd-kl": AlternatingDivergence<PdKl>, NEAR;
    "hoyer": Hoyer, NEAR;
    "onmf": Onmf, NEAR;
    "symnmf": SymNmf<AnlsBpp>, EXACT;
    "semi-nmf": SemiNmf, NEAR;
    "minvol": MinVol, NEAR;
    "wnmf": Wnmf, NEAR;
    "gnmf": Gnmf, NEAR;
);

#[test]
fn operations_as_reported_are_near_those_done() {
    let without: Vec<&str> = BUILTIN.iter().map(|e| e.name).filter(|name| !NAMES.contains(name)).collect();
    assert!(without.is_empty(), "no line in the table above for {}", without.join(", "));
    let seen = all();
    assert!(seen.is_empty(), "\n{}", seen.join("\n"));
}
