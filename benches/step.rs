//! One outer iteration of each algorithm beside its yardstick: the two products A·Hᵀ and Aᵀ·W alone.
//!
//! `cargo bench --bench step`

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use faer::{Mat, Par};
use nmfbench::algorithms::parameters::Table;
use nmfbench::algorithms::random::{Stream, key};
use nmfbench::algorithms::{Init, Matrix, Problem, Registry};
use std::hint::black_box;
use std::time::Duration;

/// m, n, k: the synthetic faces, and a matrix that no cache holds.
const SHAPES: [(usize, usize, usize); 3] = [(2304, 500, 25), (2304, 500, 49), (5000, 2000, 50)];

fn steps(criterion: &mut Criterion) {
    for (m, n, k) in SHAPES {
        let mut group = criterion.benchmark_group(format!("{m}x{n}, k = {k}"));
        group.sample_size(10).measurement_time(Duration::from_secs(4)).warm_up_time(Duration::from_secs(1));
        let mut stream = Stream::of(1, "benchmark");
        let matrix = Matrix::dense(Mat::from_fn(m, n, |_, _| stream.uniform())).expect("valid");
        let problem = Problem::new(&matrix, k, key(1, "benchmark")).expect("valid");
        let start = Init::Random.start(&problem, &key(2, "benchmark")).expect("a start");

        let (mut aht, mut atw) = (Mat::zeros(m, k), Mat::zeros(n, k));
        group.bench_function("the two products", |b| {
            b.iter(|| {
                matrix.times(aht.as_mut(), start.ht.as_ref(), Par::Seq);
                matrix.transpose_times(atw.as_mut(), start.w.as_ref(), Par::Seq);
                black_box((&aht, &atw));
            });
        });
        for entry in Registry::builtin().entries() {
            let method = entry.parse(&Table::new()).expect("the defaults are valid");
            let mut factors = start.clone();
            let mut solver = method.start_f64(&problem, &factors).expect("starts");
            group.bench_function(BenchmarkId::from_parameter(entry.name), |b| {
                b.iter(|| solver.step(&problem, &mut factors).expect("goes on"));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, steps);
criterion_main!(benches);
