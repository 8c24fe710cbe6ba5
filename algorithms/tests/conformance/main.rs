//! The conformance suite over the whole table, with an allocator that counts; and broken methods that it must see
//! through.

mod broken;
#[path = "../common/counting.rs"]
mod counting;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use nmfbench_algorithms::conformance::{Options, Property, Report, Verdict, cases, verify};
use nmfbench_algorithms::parameters::Table;
use nmfbench_algorithms::random::key;
use nmfbench_algorithms::{Alternating, BUILTIN, Entry, Init, Matrix, Problem, entry, kernels};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

fn report(entry: &Entry, only: Option<&[Property]>) -> Report {
    verify(entry, &Options { only, allocations: Some(counting::so_far) })
}

/// One half of the table: the tests of a program run side by side.
fn half_holds(parity: usize) {
    let failures: Vec<String> = BUILTIN
        .iter()
        .enumerate()
        .filter(|(i, _)| i % 2 == parity)
        .flat_map(|(_, entry)| {
            let report = report(entry, None);
            report.failures().map(|(p, figures)| format!("{}, {p}: {figures}", entry.name)).collect::<Vec<_>>()
        })
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn every_first_row_of_the_table_keeps_what_it_claims() {
    half_holds(0);
}

#[test]
fn every_second_row_of_the_table_keeps_what_it_claims() {
    half_holds(1);
}

/// What would make the tests above empty: a method that claims nothing.
#[test]
fn claims_are_those_of_the_papers() {
    let of = |claim: fn(&Entry) -> bool| BUILTIN.iter().filter(move |e| claim(e)).map(|e| e.name).collect::<Vec<_>>();
    let monotone = of(|e| e.traits.monotone);
    for name in [
        "mu", "hals", "pgd", "anls-as", "anls-bpp", "mu-lin", "gcd", "a-mu", "a-hals", "a-pgd", "apg", "pgrad",
        "mu-kl", "mu-beta", "sn-kl", "sn-mu-kl", "bmd-kl",
    ] {
        assert!(monotone.contains(&name), "{name} descends, by its paper");
    }
    for name in ["als", "nenmf", "ao-admm", "e-hals", "e-a-hals", "e-anls", "rhals", "ccd-kl", "admm-kl", "pd-kl"] {
        assert!(!monotone.contains(&name), "{name} may rise");
    }
    let stationary = of(|e| e.traits.stationary);
    for name in ["hals", "pgd", "anls-as", "anls-bpp", "mu-lin", "gcd", "nenmf", "ao-admm", "a-hals", "apg", "pgrad"] {
        assert!(stationary.contains(&name), "{name} converges to stationary points, by its paper");
    }
    // These are asked of all; who is excused is named here, so that nobody is by accident.
    for property in
        [Property::Feasible, Property::Inputs, Property::Deterministic, Property::Flops, Property::Allocation]
    {
        let excused: Vec<&str> =
            BUILTIN.iter().filter(|e| e.traits.exceptions.of(property).is_some()).map(|e| e.name).collect();
        assert!(excused.is_empty(), "{property}: {excused:?}");
    }
}

fn verdict(entry: &Entry, property: Property) -> Verdict {
    report(entry, Some(&[property])).verdicts.remove(0).1
}

#[test]
fn a_sound_method_of_ones_own_passes() {
    let sound = entry::<Alternating<broken::Gradient<broken::Sound>>>("sound", "projected gradient", "(2026)");
    let report = report(&sound, None);
    assert!(report.holds(), "{report}");
    let passes = report.verdicts.iter().filter(|(_, v)| matches!(v, Verdict::Passes(_))).count();
    assert_eq!(passes, Property::ALL.len(), "{report}");
}

/// Each broken method fails where it is broken, and the figures say what was seen.
#[test]
fn broken_methods_are_seen_through() {
    use broken::{Allocates, Drawing, Gradient, Hidden, Negative, Panicking, Rising, Unit, Writing};
    let caught = |entry: Entry, property: Property, words: &str| match verdict(&entry, property) {
        Verdict::Fails(figures) => assert!(figures.contains(words), "{}, {property}: {figures}", entry.name),
        other => panic!("{}, {property}: {other}", entry.name),
    };
    macro_rules! row {
        ($kind:ty) => {
            entry::<Alternating<Gradient<$kind>>>("broken", "broken", "(2026)")
        };
    }
    caught(row!(Rising), Property::Descent, "a rise of");
    caught(row!(Rising), Property::PenalisedDescent, "a rise of");
    caught(row!(Negative), Property::Feasible, "W[");
    caught(row!(Negative), Property::Edges, "= -");
    caught(row!(Hidden), Property::Deterministic, "a second run differs");
    caught(row!(Drawing), Property::Deterministic, "second run differs");
    caught(row!(Unit), Property::Scale, "apart by");
    caught(row!(Panicking), Property::Edges, "panics: rank 1");
    caught(row!(Allocates), Property::Allocation, "allocations in iteration 1");
    caught(row!(Writing), Property::Threads, "two threads");
    caught(
        entry::<broken::Lying<0>>("broken", "passes", "(2026)"),
        Property::Passes,
        "1.00 passes reported, 2.00 counted",
    );
    caught(entry::<broken::Lying<1>>("broken", "flops", "(2026)"), Property::Flops, "operations reported");
    caught(entry::<broken::Lying<2>>("broken", "key", "(2026)"), Property::Deterministic, "it draws from iteration");
    caught(entry::<broken::Lying<3>>("broken", "stuck", "(2026)"), Property::Stationary, "KKT residual");
    caught(entry::<broken::Lying<3>>("broken", "stuck", "(2026)"), Property::Recovery, "cosine");
    caught(entry::<broken::Lying<3>>("broken", "stuck", "(2026)"), Property::Descent, "no descent at all");
    caught(entry::<broken::Lying<4>>("broken", "wanders", "(2026)"), Property::FixedPoint, "the model moves");
    caught(entry::<broken::Lying<5>>("broken", "by name", "(2026)"), Property::Permutation, "components renamed");
    caught(entry::<broken::Lying<6>>("broken", "storage", "(2026)"), Property::Sparse, "apart by");
    caught(entry::<broken::Lying<7>>("broken", "order", "(2026)"), Property::Transposition, "apart by");
}

/// Exceptions are shown with their reasons, and do not excuse from anything else.
#[test]
fn exceptions_say_why() {
    let row = |name: &str| BUILTIN.iter().find(|e| e.name == name).expect("built in");
    let why = "goes through the components in order, and the order matters";
    assert_eq!(verdict(row("hals"), Property::Permutation), Verdict::NotClaimed(why.into()));
    assert_eq!(verdict(row("als"), Property::Descent), Verdict::NotClaimed("the objective may rise".into()));
    let scale = verdict(row("pgd"), Property::Scale);
    assert!(matches!(&scale, Verdict::Passes(figures) if figures.contains(r#"with {"beta": 0.5"#)), "{scale}");
    let unchecked = verify(row("mu"), &Options { only: Some(&[Property::Allocation]), allocations: None });
    assert!(matches!(unchecked.verdicts[0].1, Verdict::NotChecked(_)) && unchecked.holds());
}

fn allocations(work: impl FnOnce()) -> u64 {
    let before = counting::so_far();
    work();
    counting::so_far() - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1.0_f64; 10]))), 1);
    assert_eq!(allocations(|| drop(std::hint::black_box(Mat::<f64>::zeros(10, 10)))), 1);
    assert_eq!(allocations(|| ()), 0);
}

/// On one thread faer's products allocate nothing either, so that a step needs no allowance for them. (Should a later
/// faer do so, this fails beside the suite and says why.)
#[test]
fn the_products_allocate_nothing() {
    for (m, n, k) in [(9, 8, 3), (60, 45, 6), (300, 200, 10), (500, 400, 40)] {
        let a = cases::noisy(m, n, k, false, 1);
        for matrix in [cases::sparse(&a), Matrix::dense(a).expect("valid")] {
            let problem = Problem::new(&matrix, k, key(0, "")).expect("the rank fits");
            let f = Init::Random.start(&problem, &key(1, "start")).expect("a start");
            let (mut cross_w, mut cross_h) = (Mat::<f64>::zeros(m, k), Mat::<f64>::zeros(n, k));
            let (mut gram, mut xg) = (Mat::<f64>::zeros(k, k), Mat::<f64>::zeros(m, k));
            matrix.reserve(k, Par::Seq);
            for round in 0..4 {
                let counts = [
                    allocations(|| matrix.times(cross_w.as_mut(), f.ht.as_ref(), Par::Seq)),
                    allocations(|| matrix.transpose_times(cross_h.as_mut(), f.w.as_ref(), Par::Seq)),
                    allocations(|| kernels::gram(gram.as_mut(), f.ht.as_ref(), Par::Seq)),
                    allocations(|| matmul(&mut xg, Accum::Replace, &f.w, &gram, 1.0, Par::Seq)),
                ];
                assert_eq!(counts, [0; 4], "{m}×{n} rank {k}, round {round}");
            }
        }
    }
}

/// The thread that makes the steps; what others take over from it is the same code. (faer's own products allocate when
/// they are divided, so this is not asked of the methods that multiply with those.)
#[test]
fn steps_on_two_threads_allocate_nothing() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
    let a = cases::noisy(500, 400, 20, false, 1);
    for matrix in [cases::sparse(&a), Matrix::dense(a).expect("valid")] {
        let problem = Problem::new(&matrix, 20, key(0, "")).expect("the rank fits").with_threads(2);
        let start = Init::Random.start(&problem, &key(1, "start")).expect("a start");
        for name in ["mu", "hals", "a-mu", "a-hals"] {
            let entry = BUILTIN.iter().find(|e| e.name == name).expect("built in");
            let method = entry.parse(&Table::new()).expect("the defaults are valid");
            pool.install(|| {
                let mut factors = start.clone();
                let mut solver = method.start_f64(&problem, &factors).expect("starts");
                for i in 1..=12 {
                    let count = allocations(|| {
                        solver.step(&problem, &mut factors).expect("goes on");
                    });
                    // The first may find that threads have no memory for their part of a Gram matrix yet.
                    assert!(i < 3 || count == 0, "{name}: {count} allocations in iteration {i}");
                }
            });
        }
    }
}
