//! What `nmfbench new algorithm` begins a method with is a sound method itself.

#[expect(unreachable_pub, reason = "they are reachable where they are put")]
#[path = "../templates/algorithm.rs"]
mod algorithm;
#[expect(unreachable_pub, reason = "they are reachable where they are put")]
#[path = "../templates/rule.rs"]
mod rule;

/// As the generated files do, at the top.
macro_rules! prelude {
    () => {
        use faer::Mat;
        use nmfbench_algorithms::conformance::{Options, cases, verify};
        use nmfbench_algorithms::parameters::Table;
        use nmfbench_algorithms::random::key;
        use nmfbench_algorithms::{Entry, Init, Matrix, Problem, entry};
    };
}

mod by_rule {
    prelude!();
    use super::rule;

    fn row() -> Entry {
        entry::<nmfbench_algorithms::Alternating<rule::Template>>("template", "a template", "this crate (2026)")
    }

    include!("../templates/twin.rs");
}

mod by_algorithm {
    prelude!();
    use super::algorithm;

    fn row() -> Entry {
        entry::<algorithm::Template>("template", "a template", "this crate (2026)")
    }

    include!("../templates/twin.rs");
}
