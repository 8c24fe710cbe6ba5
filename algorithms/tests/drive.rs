//! The loop around a solver: each way in which a run can end, and when it is looked at.

mod common;

use common::{data, iterations_only, method, problem, random_start, run_in};
use nmfbench_algorithms::{
    Breakdown, Effort, Factors, Laps, Measures, Observer, Part, Problem, Progress, Reason, Schedule, Solver, Stop,
    drive,
};
use std::sync::Mutex;

#[test]
fn each_rule_ends_a_run() {
    let matrix = data(9, 8, 3, false, 10);
    let start = random_start(&matrix, 3, 10);
    let go = |stop: Stop| {
        run_in(
            &*method("hals", "{}"),
            &problem(&matrix, 3),
            &mut start.clone(),
            &Stop { iterations: Some(9999), ..stop },
        )
    };
    let by_kkt = go(Stop { kkt: Some(1e-3), ..Stop::default() });
    assert_eq!(by_kkt.reason, Reason::Kkt);
    assert!(by_kkt.end().kkt_residual <= 1e-3 && by_kkt.measures[by_kkt.measures.len() - 2].kkt_residual > 1e-3);

    let by_change = go(Stop { relative_change: Some(1e-5), ..Stop::default() });
    assert_eq!(by_change.reason, Reason::RelativeChange);
    let change = |m: &[Measures]| (m[0].objective - m[1].objective) / m[0].objective;
    let changes: Vec<f64> = by_change.measures.windows(2).map(change).collect();
    assert!(changes.iter().rposition(|c| *c <= 1e-5) == changes.iter().position(|c| *c <= 1e-5));
    assert!(changes[changes.len() - 1] <= 1e-5);

    let by_flops = go(Stop { flops: Some(1e5), ..Stop::default() });
    assert_eq!(by_flops.reason, Reason::Flops);
    let spent: Vec<f64> = by_flops.progress.iter().map(|p| p.effort.flops).collect();
    assert!(spent[spent.len() - 1] >= 1e5 && spent[spent.len() - 2] < 1e5);

    let immediately = go(Stop { kkt: Some(1.5), ..Stop::default() });
    assert_eq!((immediately.reason, immediately.path.len()), (Reason::Kkt, 1));
}

#[test]
fn checkpoints_are_those_of_the_schedule_and_the_last_iteration() {
    struct Seen(Vec<u64>, u32);
    impl Observer<f64> for Seen {
        fn clock_on(&mut self) {
            self.1 += 1;
        }
        fn look(&mut self, progress: &Progress, _: &Factors<f64>, _: (f64, f64)) -> Measures {
            self.0.push(progress.iteration);
            measures(1.0)
        }
    }
    let matrix = data(9, 8, 3, false, 11);
    let factors = random_start(&matrix, 3, 11);
    let go = |schedule, iterations| {
        let (mut seen, hals) = (Seen(vec![], 0), method("hals", "{}"));
        let start = |p: &Problem<'_, f64>, f: &Factors<f64>| hals.start_f64(p, f);
        drive(start, &problem(&matrix, 3), &mut factors.clone(), &iterations_only(iterations), schedule, &mut seen);
        seen
    };
    assert_eq!(go(Schedule::Every(10), 25).0, [0, 10, 20, 25]);
    assert_eq!(go(Schedule::Growth(2.0), 20).0, [0, 1, 2, 4, 8, 16, 20]);
    assert_eq!(go(Schedule::Every(1), 0).0, [0]);
    // The clock runs for the set-up and for each step.
    assert_eq!(go(Schedule::Every(10), 25).1, 26);
}

#[test]
fn alternating_methods_tell_which_part_of_the_work_is_done_and_the_bits_stay() {
    #[derive(Debug, Default)]
    struct Told(Mutex<Vec<Part>>);
    impl Laps for Told {
        fn lap(&self, part: Part) {
            self.0.lock().expect("not poisoned").push(part);
        }
    }
    let matrix = data(9, 8, 3, false, 13);
    let start = random_start(&matrix, 3, 13);
    for name in ["hals", "anls-bpp", "a-hals", "e-hals"] {
        let told = Told::default();
        let (mut plain, mut timed) = (start.clone(), start.clone());
        run_in(&*method(name, "{}"), &problem(&matrix, 3), &mut plain, &iterations_only(2));
        let observed = problem(&matrix, 3).with_laps(&told);
        run_in(&*method(name, "{}"), &observed, &mut timed, &iterations_only(2));
        assert_eq!(plain, timed, "{name}");
        let half = [Part::Products, Part::Gram, Part::Update];
        assert_eq!(*told.0.lock().expect("not poisoned"), [half; 4].concat(), "{name}: two factors, two iterations");
    }
}

/// A solver that does to one entry of W what it is told, and fails where that is nothing.
struct Scripted(fn(u64, f64) -> Option<f64>, u64);

impl Solver<f64> for Scripted {
    fn step(&mut self, _: &Problem<'_, f64>, factors: &mut Factors<f64>) -> Result<Effort, Breakdown> {
        self.1 += 1;
        let entry = &mut factors.w[(0, 0)];
        *entry = self.0(self.1, *entry).ok_or_else(|| Breakdown::Other("no way on".into()))?;
        Ok(Effort { flops: 1.0, ..Effort::default() })
    }
}

fn scripted(script: fn(u64, f64) -> Option<f64>) -> (Reason, Vec<u64>) {
    struct Judge<'a>(nmfbench_algorithms::Evaluator<'a>, Vec<u64>);
    impl Observer<f64> for Judge<'_> {
        fn look(&mut self, progress: &Progress, factors: &Factors<f64>, floors: (f64, f64)) -> Measures {
            self.1.push(progress.iteration);
            self.0.look(factors, floors)
        }
    }
    let matrix = data(9, 8, 3, false, 12);
    let mut factors = random_start(&matrix, 3, 12);
    let mut judge = Judge(nmfbench_algorithms::Evaluator::new(&matrix, &factors, faer::Par::Seq), vec![]);
    let start = |_: &Problem<'_, f64>, _: &Factors<f64>| Ok(Box::new(Scripted(script, 0)) as Box<dyn Solver<f64>>);
    let stop = iterations_only(1000);
    let (reason, _) = drive(start, &problem(&matrix, 3), &mut factors, &stop, Schedule::Every(1), &mut judge);
    (reason, judge.1)
}

#[test]
fn bad_ends_are_told_apart() {
    let (reason, mut looks) = scripted(|iteration, x| (iteration < 3).then_some(0.9 * x));
    looks.dedup(); // what the failed step left may be looked at as well
    assert_eq!((reason, looks), (Reason::Breakdown(3, Breakdown::Other("no way on".into())), vec![0, 1, 2]));
    let undefined = scripted(|iteration, x| Some(if iteration < 4 { 0.9 * x } else { f64::NAN }));
    assert_eq!(undefined, (Reason::NotFinite(4), vec![0, 1, 2, 3, 4]));
    let (reason, looks) = scripted(|_, x| Some(10.0 * x));
    assert!(matches!(reason, Reason::Rise(i) if Some(&i) == looks.last() && (3..12).contains(&i)), "{reason}");
    let (reason, looks) = scripted(|iteration, x| Some(if iteration < 5 { 0.9 * x } else { x }));
    assert_eq!(reason, Reason::Stalled);
    assert!(looks.len() < 100, "a standstill was noticed after {} looks", looks.len());
}

#[test]
fn a_start_that_fails_is_a_breakdown_at_iteration_0() {
    struct Blind;
    impl Observer<f64> for Blind {
        fn look(&mut self, _: &Progress, _: &Factors<f64>, _: (f64, f64)) -> Measures {
            measures(1.0)
        }
    }
    let matrix = data(9, 8, 3, false, 13);
    let start = |_: &Problem<'_, f64>, _: &Factors<f64>| Err(Breakdown::NotFinite { what: "WᵀW" });
    let mut factors = random_start(&matrix, 3, 13);
    let before = factors.fingerprint();
    let (reason, progress) =
        drive(start, &problem(&matrix, 3), &mut factors, &iterations_only(5), Schedule::Every(1), &mut Blind);
    assert_eq!(reason.to_string(), "breakdown at iteration 0: WᵀW is not finite");
    assert_eq!((progress.iteration, factors.fingerprint()), (0, before));
}

fn measures(objective: f64) -> Measures {
    Measures {
        objective,
        relative_error: 1.0,
        kkt_residual: 1.0,
        sparseness_w: 0.0,
        sparseness_h: 0.0,
        dead_components: 0,
    }
}
