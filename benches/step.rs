//! The parts of an iteration and whole iterations on the shapes of docs/performance.md: the products A·Hᵀ and Aᵀ·W (the
//! yardstick of everything else), the Gram matrices, the update of one factor by each rule, a step of each algorithm.
//!
//! `cargo bench --bench step`, or with a filter: `cargo bench --bench step -- '5000x2000, k = 50/update'`

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use faer::{Mat, Par};
use nmfbench::algorithms::parameters::Table;
use nmfbench::algorithms::random::{Stream, key};
use nmfbench::algorithms::{
    AnlsAs, AnlsBpp, AoAdmm, Factors, Gcd, Hals, Init, Matrix, Mu, MuLin, NeNmf, Pgd, Problem, Registry, Rule, Side,
    Subproblem, Update, kernels,
};
use std::hint::black_box;
use std::time::Duration;

/// m, n, the share of entries that are not zero where the matrix is sparse, and the ranks.
const SHAPES: [(usize, usize, Option<f64>, &[usize]); 4] = [
    (361, 2429, None, &[49]),
    (10304, 400, None, &[25, 49]),
    (5000, 2000, None, &[20, 50, 100]),
    (20000, 10000, Some(0.005), &[20, 50]),
];

/// Whole iterations of these; `nmfbench bench` measures any.
const STEPS: [&str; 8] = ["mu", "hals", "a-hals", "gcd", "anls-bpp", "nenmf", "ao-admm", "mu-kl"];

fn shapes(criterion: &mut Criterion) {
    for (m, n, density, ranks) in SHAPES {
        let mut stream = Stream::of(1, "benchmark");
        let matrix = match density {
            Some(share) => nmfbench::bench::counts(m, n, share, &mut stream).expect("valid"),
            None => Matrix::dense(Mat::from_fn(m, n, |_, _| stream.uniform())).expect("valid"),
        };
        for &k in ranks {
            let problem = Problem::new(&matrix, k, key(1, "benchmark")).expect("valid");
            let start = Init::Random.start(&problem, &key(2, "benchmark")).expect("a start");
            let mut group = criterion.benchmark_group(format!("{m}x{n}, k = {k}"));
            group.sample_size(10).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
            parts(&mut group, &problem, &start);
            steps(&mut group, &problem, &start);
            group.finish();
        }
    }
}

fn parts(group: &mut BenchmarkGroup<'_, WallTime>, problem: &Problem<'_, f64>, start: &Factors<f64>) {
    let (matrix, k) = (problem.matrix, problem.rank);
    let (mut cross, mut other) = (Mat::zeros(matrix.nrows(), k), Mat::zeros(matrix.ncols(), k));
    group.throughput(Throughput::Elements((matrix.nnz() * k) as u64));
    group.bench_function("product/A·Hᵀ", |b| {
        b.iter(|| matrix.times(cross.as_mut(), black_box(start.ht.as_ref()), Par::Seq));
    });
    group.bench_function("product/Aᵀ·W", |b| {
        b.iter(|| matrix.transpose_times(other.as_mut(), black_box(start.w.as_ref()), Par::Seq));
    });
    let mut gram = Mat::zeros(k, k);
    group.throughput(Throughput::Elements(((matrix.nrows() + matrix.ncols()) * k * (k + 1) / 2) as u64));
    group.bench_function("gram/both", |b| {
        b.iter(|| {
            kernels::gram(gram.as_mut(), black_box(start.w.as_ref()), Par::Seq);
            kernels::gram(gram.as_mut(), black_box(start.ht.as_ref()), Par::Seq);
        });
    });

    kernels::gram(gram.as_mut(), start.ht.as_ref(), Par::Seq);
    matrix.times(cross.as_mut(), start.ht.as_ref(), Par::Seq);
    let of_w = Subproblem { gram: gram.as_ref(), cross: cross.as_ref(), par: Par::Seq };
    group.throughput(Throughput::Elements((matrix.nrows() * k) as u64));
    update::<Mu>(group, "mu", problem, start, &of_w);
    update::<Hals>(group, "hals", problem, start, &of_w);
    update::<Gcd>(group, "gcd", problem, start, &of_w);
    update::<MuLin>(group, "mu-lin", problem, start, &of_w);
    update::<Pgd>(group, "pgd", problem, start, &of_w);
    update::<NeNmf>(group, "nenmf", problem, start, &of_w);
    update::<AnlsAs>(group, "anls-as", problem, start, &of_w);
    update::<AnlsBpp>(group, "anls-bpp", problem, start, &of_w);
    update::<AoAdmm>(group, "ao-admm", problem, start, &of_w);
}

/// The update of W by a rule with its defaults, from the start again and again.
fn update<R: Rule>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    problem: &Problem<'_, f64>,
    start: &Factors<f64>,
    of_w: &Subproblem<'_, f64>,
) {
    let matrix = problem.matrix;
    let (rows, others, rank, nnz) = (matrix.nrows(), matrix.ncols(), problem.rank, matrix.nnz());
    let scale = (matrix.mean() / rank as f64).sqrt();
    let rule = R::claim(&mut Table::new()).expect("the defaults are valid");
    let mut machine = rule.prepare::<f64>(&Side { rows, others, rank, nnz, scale, start_gradient: 1.0 });
    group.bench_function(format!("update/{name}"), |b| {
        b.iter_batched_ref(
            || start.w.clone(),
            |w| machine.update(w.as_mut(), of_w).map(|_| ()).expect("goes on"),
            BatchSize::LargeInput,
        );
    });
}

fn steps(group: &mut BenchmarkGroup<'_, WallTime>, problem: &Problem<'_, f64>, start: &Factors<f64>) {
    let registry = Registry::builtin();
    group.throughput(Throughput::Elements((2 * problem.matrix.nnz() * problem.rank) as u64));
    for name in STEPS {
        let method = registry.get(name).expect("built in").parse(&Table::new()).expect("the defaults are valid");
        let mut factors = start.clone();
        let mut solver = method.start_f64(problem, &factors).expect("starts");
        group.bench_function(format!("step/{name}"), |b| {
            b.iter(|| solver.step(problem, &mut factors).expect("goes on"));
        });
    }
}

criterion_group!(benches, shapes);
criterion_main!(benches);
