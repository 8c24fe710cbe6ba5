/// It keeps what its traits claim; `nmfbench verify` shows the figures.
#[test]
fn it_conforms() {
    let report = verify(&row(), &Options::default());
    assert!(report.holds(), "{report}");
}

/// The same iterates as a slow twin in plain loops, written from the paper and not from the code.
#[test]
fn it_follows_its_twin() {
    let a = cases::noisy(12, 9, 3, true, 1);
    let matrix = Matrix::dense(a.clone()).expect("a valid matrix");
    let problem = Problem::new(&matrix, 3, key(0, "algorithm")).expect("the rank fits");
    let mut factors = Init::Random.start(&problem, &key(1, "start")).expect("a start");
    let mut twin = factors.clone();
    let method = row().parse(&Table::new()).expect("the defaults are valid");
    let mut solver = method.start_f64(&problem, &factors).expect("it starts");
    for iteration in 1..=10 {
        solver.step(&problem, &mut factors).expect("a step");
        twin.w = half(&a, &twin.w, &twin.ht);
        twin.ht = half(&a.transpose().to_owned(), &twin.ht, &twin.w);
        let apart = cases::factor_distance(&twin, &factors);
        assert!(apart < 1e-12, "apart by {apart:e} after iteration {iteration}");
    }
}

/// X ← max(0, X − (XYᵀY − AY)/‖YᵀY‖_F), entry by entry.
fn half(a: &Mat<f64>, x: &Mat<f64>, y: &Mat<f64>) -> Mat<f64> {
    let k = x.ncols();
    let gram = |r: usize, l: usize| (0..y.nrows()).map(|i| y[(i, r)] * y[(i, l)]).sum::<f64>();
    let norm = (0..k).flat_map(|r| (0..k).map(move |l| (r, l))).map(|(r, l)| gram(r, l).powi(2)).sum::<f64>().sqrt();
    Mat::from_fn(x.nrows(), k, |i, l| {
        let gradient = (0..k).map(|r| x[(i, r)] * gram(r, l)).sum::<f64>()
            - (0..y.nrows()).map(|j| a[(i, j)] * y[(j, l)]).sum::<f64>();
        (x[(i, l)] - gradient / norm).max(0.0)
    })
}
