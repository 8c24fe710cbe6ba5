//! The methods for divergences, and what must be true of their objectives.

use crate::common::naive::{Pair, Rows, product, solve, transposed};
use crate::common::{self, data, iterations_only, method, problem, random_start, run, run_in, uniform, valid};
use crate::shared::{Half, alternating, beside, matrix, number, to_pair};
use faer::{Mat, Par};
use nmfbench_algorithms::random::Stream;
use nmfbench_algorithms::{Evaluator, Factors, FitError, InvalidMatrix, InvalidProblem, Matrix, Nmf, Objective};

const FLOOR: f64 = 1e-16;

/// A twin that alternates W and H by `half`, made once for each with the floor of the entries.
fn follows(name: &str, parameters: &str, iterations: u64, tolerance: f64, half: impl Fn(f64) -> Half) {
    for (m, n, k, empty_lines) in [(6, 5, 2, false), (25, 18, 5, false), (80, 300, 7, true)] {
        let matrix = data(m, n, k, empty_lines, 1);
        let floor = FLOOR * (matrix.mean() / number(k)).sqrt();
        let mut iterate = alternating(half(floor), half(floor));
        let start = random_start(&matrix, k, 1);
        beside((name, parameters), &matrix, &start, (iterations, tolerance), &mut iterate);
    }
}

/// Σ_i w_ir a_ij v_ij^(β−2) and Σ_i w_ir v_ij^(β−1).
fn sums(a: &Rows, w: &Rows, v: &Rows, beta: f64, r: usize, j: usize) -> (f64, f64) {
    let each = |i: usize| (w[i][r] * a[i][j] * v[i][j].powf(beta - 2.0), w[i][r] * v[i][j].powf(beta - 1.0));
    (0..a.len()).map(each).fold((0.0, 0.0), |s, t| (s.0 + t.0, s.1 + t.1))
}

fn beta_half(beta: f64, floor: f64) -> Half {
    let exponent = match beta {
        b if b < 1.0 => 1.0 / (2.0 - b),
        b if b > 2.0 => 1.0 / (b - 1.0),
        _ => 1.0,
    };
    Box::new(move |a, w, h| {
        let v = product(w, h);
        for r in 0..h.len() {
            for j in 0..h[0].len() {
                let (n, d) = sums(a, w, &v, beta, r, j);
                h[r][j] = (h[r][j] * (n / d).powf(exponent)).max(floor);
            }
        }
    })
}

pub(crate) fn mu_kl_follows_lee_and_seung() {
    follows("mu-kl", "{}", 20, 1e-9, |floor| beta_half(1.0, floor));
}

pub(crate) fn mu_beta_follows_fevotte_and_idier() {
    for beta in [0.3, 0.5, 1.0, 1.5, 2.0, 3.0] {
        follows("mu-beta", &format!(r#"{{"beta": {beta}}}"#), 10, 1e-7, |floor| beta_half(beta, floor));
    }
}

pub(crate) fn mirror_descent_follows_hien_and_gillis() {
    follows("bmd-kl", "{}", 20, 1e-9, |floor| {
        Box::new(move |a, w, h| {
            let v = product(w, h);
            for j in 0..h[0].len() {
                let smooth: f64 = a.iter().map(|row| row[j]).sum();
                for (r, row) in h.iter_mut().enumerate() {
                    let (n, d) = sums(a, w, &v, 1.0, r, j);
                    let new = if smooth > 0.0 { row[j] / (1.0 + row[j] * (d - n) / smooth) } else { 0.0 };
                    row[j] = new.max(floor);
                }
            }
        })
    });
}

/// One Newton step on h_rj, damped where `damped`; returns how far it went. The model is formed anew.
fn newton(a: &Rows, w: &Rows, h: &mut Rows, (r, j): (usize, usize), floor: f64, damped: bool) -> f64 {
    let (mut g, mut second, mut least) = (0.0, 0.0, f64::INFINITY);
    for i in 0..a.len() {
        let v: f64 = (0..h.len()).map(|l| w[i][l] * h[l][j]).sum();
        g += w[i][r] - w[i][r] * a[i][j] / v;
        second += a[i][j] * (w[i][r] / v).powi(2);
        least = if a[i][j] > 0.0 { least.min(a[i][j]) } else { least };
    }
    let before = h[r][j];
    let mut after = if second > 0.0 { (before - g / second).max(floor) } else { floor };
    let lambda = (second / least).sqrt() * (after - before).abs();
    if damped && g > 0.0 && lambda > 0.683802 {
        after = before + (after - before) / (1.0 + lambda);
    }
    h[r][j] = after;
    (after - before).abs()
}

fn scalar_newton(floor: f64) -> Half {
    Box::new(move |a, w, h| {
        for j in 0..h[0].len() {
            (0..h.len()).for_each(|r| _ = newton(a, w, h, (r, j), floor, true));
        }
    })
}

pub(crate) fn sn_kl_follows_hien_and_gillis() {
    follows("sn-kl", "{}", 10, 1e-6, scalar_newton);
}

pub(crate) fn sn_mu_kl_follows_hien_and_gillis() {
    // Two of one and one of the other, so that the change is seen.
    follows("sn-mu-kl", r#"{"sn_iterations": 2}"#, 10, 1e-6, |floor| {
        let (mut newton, mut multiply, mut done) = (scalar_newton(floor), beta_half(1.0, floor), 0);
        Box::new(move |a, w, h| {
            if done % 3 < 2 {
                newton(a, w, h)
            } else {
                multiply(a, w, h)
            }
            done += 1;
        })
    });
}

pub(crate) fn coordinate_descent_follows_hsieh_and_dhillon() {
    follows("ccd-kl", "{}", 10, 1e-5, |floor| {
        Box::new(move |a, w, h| {
            for j in 0..h[0].len() {
                for r in 0..h.len() {
                    let before = h[r][j];
                    if newton(a, w, h, (r, j), floor, false) >= 0.5 * before {
                        newton(a, w, h, (r, j), floor, false);
                    }
                }
            }
        })
    });
}

pub(crate) fn primal_dual_follows_yanez_and_bach() {
    follows("pd-kl", "{}", 10, 1e-7, |floor| {
        let mut duals: Vec<Vec<f64>> = vec![];
        Box::new(move |a, w, h| {
            let begun = !duals.is_empty();
            duals.resize(h[0].len(), vec![]);
            let (q, k) = (number(a.len()), number(h.len()));
            let norm = matrix(w).singular_values().expect("converges")[0];
            let column = |r: usize| w.iter().map(|row| row[r]).sum::<f64>();
            let total: f64 = (0..h.len()).map(column).sum();
            for j in 0..h[0].len() {
                let sum: f64 = a.iter().map(|row| row[j]).sum();
                if sum <= 0.0 {
                    (0..h.len()).for_each(|r| h[r][j] = floor);
                    continue;
                }
                let (sigma, tau) = ((q / k).sqrt() * total / sum / norm, (k / q).sqrt() * sum / total / norm);
                let mut x: Vec<f64> = (0..h.len()).map(|r| h[r][j]).collect();
                let mut ahead = x.clone();
                let model = |x: &[f64], i: usize| w[i].iter().zip(x).map(|(w, x)| w * x).sum::<f64>();
                let chi = &mut duals[j];
                let slope = |chi: &[f64], r: usize| w.iter().zip(chi).map(|(row, c)| row[r] * c).sum::<f64>();
                if !begun {
                    *chi = (0..a.len()).map(|i| -a[i][j] / model(&x, i)).collect();
                    let largest = (0..h.len()).map(|r| -slope(chi, r) / column(r)).fold(0.0, f64::max);
                    chi.iter_mut().for_each(|c| *c /= largest);
                }
                for _ in 0..5 {
                    // Where the data are 0 the conjugate allows 0 alone.
                    for i in (0..a.len()).filter(|i| a[*i][j] > 0.0) {
                        let z = chi[i] + sigma * model(&ahead, i);
                        chi[i] = 0.5 * (z - (z * z + 4.0 * sigma * a[i][j]).sqrt());
                    }
                    let new: Vec<f64> =
                        (0..x.len()).map(|r| (x[r] - tau * (slope(chi, r) + column(r))).max(floor)).collect();
                    ahead = new.iter().zip(&x).map(|(n, x)| 2.0 * n - x).collect();
                    x = new;
                }
                (0..h.len()).for_each(|r| h[r][j] = x[r]);
            }
        })
    });
}

fn combine(x: &Rows, y: &Rows, f: impl Fn(f64, f64) -> f64) -> Rows {
    x.iter().zip(y).map(|(x, y)| x.iter().zip(y).map(|(x, y)| f(*x, *y)).collect()).collect()
}

/// H from (WᵀW + κI)H = Wᵀ(X + U) + κ(H₊ − U_H).
fn regularised(lifted: &Rows, w: &Rows, kappa: f64, plus: &Rows, dual: &Rows) -> Rows {
    let mut g = product(&transposed(w), w);
    (0..g.len()).for_each(|l| g[l][l] += kappa);
    let held = combine(plus, dual, |p, d| kappa * (p - d));
    solve(g, combine(&product(&transposed(w), lifted), &held, |c, h| c + h))
}

pub(crate) fn admm_follows_sun_and_fevotte() {
    for (m, n, k) in [(6, 5, 2), (25, 18, 5), (300, 80, 4)] {
        let a_matrix = data(m, n, k, m == 25, 2);
        let start = random_start(&a_matrix, k, 2);
        let (begin, mean) = (to_pair(&start), a_matrix.mean());
        let (mut wt, mut h) = (transposed(&begin.w), begin.h);
        let (mut w_plus, mut h_plus) = (wt.clone(), h.clone());
        let zero = |x: &Rows| combine(x, x, |_, _| 0.0);
        let (mut w_dual, mut h_dual, mut x) = (zero(&wt), zero(&h), product(&transposed(&wt), &h));
        let mut dual = zero(&x);
        beside(("admm-kl", "{}"), &a_matrix, &start, (20, 1e-9), |a, pair| {
            let lifted = combine(&x, &dual, |x, u| x + u);
            wt = regularised(&transposed(&lifted), &transposed(&h), mean, &w_plus, &w_dual);
            h = regularised(&lifted, &transposed(&wt), mean, &h_plus, &h_dual);
            let v = product(&transposed(&wt), &h);
            let b = combine(&v, &dual, |v, u| v - u - mean);
            x = combine(&b, a, |b, a| 0.5 * (b + (b * b + 4.0 * a * mean).sqrt()));
            dual = combine(&dual, &combine(&x, &v, |x, v| x - v), |u, d| u + d);
            for (free, plus, dual) in [(&wt, &mut w_plus, &mut w_dual), (&h, &mut h_plus, &mut h_dual)] {
                *plus = combine(free, dual, |f, u| (f + u).max(0.0));
                *dual = combine(&combine(free, dual, |f, u| f + u), plus, |s, p| s - p);
            }
            *pair = Pair { w: transposed(&w_plus), h: h_plus.clone() };
        });
    }
}

/// From the same start all methods for the Kullback–Leibler divergence end near stationary points, near each other.
#[test]
fn all_methods_come_to_about_the_same_divergence() {
    let a = data(40, 30, 4, false, 3);
    let start = random_start(&a, 4, 3);
    let names = ["mu-kl", "ccd-kl", "sn-kl", "sn-mu-kl", "bmd-kl", "admm-kl", "pd-kl"];
    let runs = names.map(|name| (name, run(&*method(name, "{}"), &a, &start, 600)));
    let best = runs.iter().map(|(_, r)| r.end().objective).fold(f64::INFINITY, f64::min);
    for (name, run) in &runs {
        let (first, last) = (run.measures[0].objective, run.end());
        let gap = (last.objective - best) / (first - best);
        assert!(gap < 0.05, "{name}: {} of {first}, the best is {best}; {}", last.objective, run.reason);
        // Mirror descent is the slowest by far, as in its paper's experiments.
        let bound = if *name == "bmd-kl" { 0.1 } else { 0.02 };
        assert!(last.kkt_residual < bound, "{name}: {last:?}");
    }
}

#[test]
fn objectives_and_gradients_are_those_of_their_formulas() {
    let mut stream = Stream::of(4, "divergence");
    let a = valid(Mat::from_fn(9, 7, |_, _| 0.1 + stream.uniform()));
    let f = random_start(&a, 3, 4);
    for objective in [Objective::KullbackLeibler, Objective::ItakuraSaito, Objective::Beta(1.5), Objective::Beta(-0.7)]
    {
        let value = |f: &Factors<f64>| Evaluator::of(objective, &a, f, Par::Seq).look(f, (0.0, 0.0)).objective;
        let (wh, beta) = (&f.w * f.ht.transpose(), objective.beta());
        let each = |(i, j): (usize, usize)| {
            let (a, v) = (common::entries(&a)[(i, j)], wh[(i, j)]);
            match objective {
                Objective::KullbackLeibler => a * (a / v).ln() - a + v,
                Objective::ItakuraSaito => a / v - (a / v).ln() - 1.0,
                _ => {
                    (a.powf(beta) + (beta - 1.0) * v.powf(beta) - beta * a * v.powf(beta - 1.0)) / (beta * (beta - 1.0))
                }
            }
        };
        let expected: f64 = (0..9).flat_map(|i| (0..7).map(move |j| (i, j))).map(each).sum();
        assert!((value(&f) / expected - 1.0).abs() < 1e-12, "{objective:?}");
        // Nothing is at a bound and both pairs are balanced, so that differences give the KKT residual as well.
        let norm = |f: &Factors<f64>| {
            let mut squares = 0.0;
            for (is_w, rows) in [(true, 9), (false, 7)] {
                for (i, l) in (0..rows).flat_map(|i| (0..3).map(move |l| (i, l))) {
                    let moved = |by: f64| {
                        let mut f = f.clone();
                        *(if is_w { &mut f.w[(i, l)] } else { &mut f.ht[(i, l)] }) += by;
                        value(&f)
                    };
                    squares += ((moved(1e-6) - moved(-1e-6)) / 2e-6).powi(2);
                }
            }
            squares.sqrt()
        };
        let start = random_start(&a, 3, 5);
        let found = Evaluator::of(objective, &a, &start, Par::Seq).look(&f, (0.0, 0.0)).kkt_residual;
        assert!((found * norm(&start) / norm(&f) - 1.0).abs() < 1e-5, "{objective:?}: {found}");
    }
}

#[test]
fn zeros_are_refused_where_the_divergence_is_infinite() {
    let mut a = uniform(5, 4, &mut Stream::of(5, "zeros"));
    a[(3, 1)] = 0.0;
    let error = Nmf::new("mu-beta", 2).parameter("beta", 0.0).fit(&a).expect_err("refused");
    let place = InvalidMatrix::NotPositive { row: 3, col: 1, beta: 0.0 };
    assert_eq!(error, FitError::Problem(InvalidProblem::Matrix(place)));
    assert!(error.to_string().starts_with("entry (3, 1) is 0;"), "{error}");
    assert!(Nmf::new("mu-beta", 2).parameter("beta", 0.5).fit(&a).is_ok());
    a[(3, 1)] = 0.5;
    let fit = Nmf::new("mu-beta", 2).parameter("beta", 0.0).fit(&a).expect("positive data");
    assert!(fit.trace.windows(2).all(|t| t[1].objective <= t[0].objective * (1.0 + 1e-12)), "{:?}", fit.trace);
}

/// β > 2 and β < 0 descend thanks to the exponent.
#[test]
fn the_beta_divergence_falls_for_every_beta() {
    for seed in 0..10 {
        let mut stream = Stream::of(seed, "betas");
        let a: Matrix<f64> = valid(Mat::from_fn(12, 9, |_, _| 0.05 + stream.uniform()));
        let start = random_start(&a, 3, seed);
        for beta in [-1.0, 0.0, 0.3, 0.5, 1.0, 1.5, 2.0, 2.5, 4.0] {
            let method = method("mu-beta", &format!(r#"{{"beta": {beta}}}"#));
            let run = run_in(&*method, &problem(&a, 3), &mut start.clone(), &iterations_only(60));
            let allowed = 24.0 * f64::EPSILON * 100.0 * run.measures[0].objective.max(1.0);
            let rise = run.measures.windows(2).map(|m| m[1].objective - m[0].objective).fold(0.0, f64::max);
            assert!(rise <= allowed, "β = {beta}, seed {seed}: {rise:e}");
            assert!(run.end().objective < 0.9 * run.measures[0].objective, "β = {beta}, seed {seed}");
        }
    }
}
