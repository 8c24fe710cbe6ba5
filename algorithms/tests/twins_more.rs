//! The later algorithms against slow twins written from their papers, in plain loops: the same iterates from the same
//! start. A twin works on `A ≈ WH` with rows of entries and shares nothing with the crate.

mod common;

use common::naive::{self, Pair, Rows};
use common::{data, distance, method, random_start, steps};
use faer::{Mat, Side};
use nmfbench_algorithms::Factors;
use nmfbench_algorithms::random::{Stream, key};

/// m, n, k, and whether a row and a column of A are all zero.
const SHAPES: [(usize, usize, usize, bool); 3] = [(6, 5, 2, false), (25, 18, 5, false), (16, 30, 7, true)];

/// One outer iteration of a twin.
type Iteration = Box<dyn FnMut(&Rows, &mut Pair)>;
/// One update of H, given A and W; used for W on Aᵀ ≈ HᵀWᵀ.
type Half = Box<dyn FnMut(&Rows, &Rows, &mut Rows)>;

/// The crate's iterates beside a twin's. `twin` is made anew for each problem.
fn follows(name: &str, iterations: u64, tolerance: f64, twin: impl Fn(&Rows, &Pair) -> Iteration) {
    for (m, n, k, empty_lines) in SHAPES {
        let matrix = data(m, n, k, empty_lines, 1);
        let start = random_start(&matrix, k, 1);
        let real = steps(&*method(name, "{}"), &matrix, &start, iterations);
        let (a, mut pair) = (rows(&common::entries(&matrix)), to_pair(&start));
        let mut iterate = twin(&a, &pair);
        for (i, factors) in real.iter().enumerate().skip(1) {
            iterate(&a, &mut pair);
            let h = factors.ht.transpose().to_owned();
            let apart = distance(&from_rows(&pair.w), &factors.w).max(distance(&from_rows(&pair.h), &h));
            assert!(apart <= tolerance, "{name} {m}×{n} rank {k}: apart by {apart:e} after iteration {i}");
        }
    }
}

/// W and then H, each by a half of its own (with its own state).
fn alternating(mut w_half: Half, mut h_half: Half) -> Iteration {
    Box::new(move |a, pair| {
        update_w(a, &mut pair.w, &pair.h, &mut w_half);
        h_half(a, &pair.w, &mut pair.h);
    })
}

fn update_w(a: &Rows, w: &mut Rows, h: &Rows, half: &mut Half) {
    let mut wt = naive::transposed(w);
    half(&naive::transposed(a), &naive::transposed(h), &mut wt);
    *w = naive::transposed(&wt);
}

/// x + s·y.
fn plus(x: &Rows, s: f64, y: &Rows) -> Rows {
    x.iter().zip(y).map(|(x, y)| x.iter().zip(y).map(|(x, y)| x + s * y).collect()).collect()
}

fn minus(x: &Rows, y: &Rows) -> Rows {
    plus(x, -1.0, y)
}

fn positive(x: &Rows) -> Rows {
    x.iter().map(|row| row.iter().map(|v| v.max(0.0)).collect()).collect()
}

fn inner(x: &Rows, y: &Rows) -> f64 {
    x.iter().flatten().zip(y.iter().flatten()).map(|(x, y)| x * y).sum()
}

/// ½‖A − WH‖².
fn error(a: &Rows, w: &Rows, h: &Rows) -> f64 {
    let r = minus(a, &naive::product(w, h));
    0.5 * inner(&r, &r)
}

fn gram(w: &Rows) -> Rows {
    naive::product(&naive::transposed(w), w)
}

fn mean(x: &Rows) -> f64 {
    let values: Vec<f64> = x.iter().flatten().copied().collect();
    values.iter().sum::<f64>() / common_count(values.len())
}

fn common_count(n: usize) -> f64 {
    f64::from(u32::try_from(n).expect("small"))
}

fn trace(g: &Rows) -> f64 {
    (0..g.len()).map(|l| g[l][l]).sum()
}

/// The largest eigenvalue.
fn spectral(g: &Rows) -> f64 {
    from_rows(g).self_adjoint_eigenvalues(Side::Lower).expect("converges").into_iter().fold(0.0, f64::max)
}

/// Lin (2007), Algorithm 2, with σ and δ relative to the factor and the Gram matrix; entry by entry.
fn lin_h(a: &Rows, w: &Rows, h: &mut Rows) {
    let (grad, g) = (naive::gradient(a, w, h), gram(w));
    let sigma = 1e-8 * mean(h);
    let delta = 1e-8 * mean(h) * trace(&g) / common_count(h.len());
    let mut lifted = h.clone();
    for (l, h) in lifted.iter_mut().flatten().zip(grad.iter().flatten()) {
        if *h < 0.0 {
            *l = l.max(sigma);
        }
    }
    let denominator = naive::product(&g, &lifted);
    for i in 0..h.len() {
        for j in 0..h[0].len() {
            h[i][j] = (h[i][j] - lifted[i][j] / (denominator[i][j] + delta) * grad[i][j]).max(0.0);
        }
    }
}

#[test]
fn mu_lin_follows_lin() {
    follows("mu-lin", 20, 1e-9, |_, _| {
        let mut iterate = alternating(Box::new(lin_h), Box::new(lin_h));
        Box::new(move |a, pair| {
            iterate(a, pair);
            for l in 0..pair.h.len() {
                let sum: f64 = pair.w.iter().map(|row| row[l]).sum();
                pair.w.iter_mut().for_each(|row| row[l] /= sum);
                pair.h[l].iter_mut().for_each(|h| *h *= sum);
            }
        })
    });
}

/// Hsieh & Dhillon (2011), Algorithm 1: the gain of every entry recomputed from scratch before every move.
fn greedy_h(a: &Rows, w: &Rows, h: &mut Rows) {
    let (g, c) = (gram(w), naive::product(&naive::transposed(w), a));
    let k = h.len();
    let gains = |x: &[f64], c: &[f64]| -> Vec<(f64, f64)> {
        (0..k)
            .map(|r| {
                let slope = (0..k).map(|l| g[r][l] * x[l]).sum::<f64>() - c[r];
                let s = (x[r] - slope / g[r][r]).max(0.0) - x[r];
                (-slope * s - 0.5 * g[r][r] * s * s, s)
            })
            .collect()
    };
    let column = |x: &Rows, j: usize| x.iter().map(|row| row[j]).collect::<Vec<f64>>();
    let n = h[0].len();
    let most = (0..n).flat_map(|j| gains(&column(h, j), &column(&c, j))).map(|g| g.0).fold(0.0, f64::max);
    for j in 0..n {
        let (mut x, c) = (column(h, j), column(&c, j));
        for _ in 0..k * k {
            let found = gains(&x, &c);
            let q = (0..k).rev().max_by(|a, b| found[*a].0.total_cmp(&found[*b].0)).expect("one");
            if found[q].0 < 1e-3 * most || found[q].0 <= 0.0 {
                break;
            }
            x[q] += found[q].1;
        }
        (0..k).for_each(|l| h[l][j] = x[l]);
    }
}

#[test]
fn gcd_follows_hsieh_and_dhillon() {
    follows("gcd", 20, 1e-9, |_, _| alternating(Box::new(greedy_h), Box::new(greedy_h)));
}

/// The exact minimiser of ‖A − WH‖ over H ≥ 0 by trying all passive sets of each column.
fn exact_h(a: &Rows, w: &Rows, h: &mut Rows) {
    let (g, c) = (gram(w), naive::product(&naive::transposed(w), a));
    for j in 0..h[0].len() {
        let c: Vec<f64> = c.iter().map(|row| row[j]).collect();
        let x = exact(&g, &c);
        (0..h.len()).for_each(|l| h[l][j] = x[l]);
    }
}

fn exact(g: &Rows, c: &[f64]) -> Vec<f64> {
    let k = c.len();
    let mut best = (0.0, vec![0.0; k]);
    for set in 1..1_usize << k {
        let free: Vec<usize> = (0..k).filter(|i| set >> i & 1 == 1).collect();
        let sub: Rows = free.iter().map(|&i| free.iter().map(|&j| g[i][j]).collect()).collect();
        let z = naive::solve(sub, free.iter().map(|&i| vec![c[i]]).collect());
        let value = -0.5 * free.iter().zip(&z).map(|(&i, z)| c[i] * z[0]).sum::<f64>();
        if z.iter().all(|z| z[0] >= 0.0) && value < best.0 {
            let mut x = vec![0.0; k];
            free.iter().zip(&z).for_each(|(&i, z)| x[i] = z[0]);
            best = (value, x);
        }
    }
    best.1
}

#[test]
fn both_exact_rules_follow_the_enumeration_of_all_passive_sets() {
    for name in ["anls-as", "anls-bpp"] {
        follows(name, 12, 1e-8, |_, _| alternating(Box::new(exact_h), Box::new(exact_h)));
    }
}

/// Guan et al. (2012), Algorithm 1, on one factor; every gradient formed anew.
fn optimal_gradient_h(a: &Rows, w: &Rows, h: &mut Rows, tolerance: &mut f64) {
    let lipschitz = spectral(&gram(w));
    let (mut y, mut alpha) = (h.clone(), 1.0_f64);
    for t in 1..=1000 {
        let new = positive(&plus(&y, -1.0 / lipschitz, &naive::gradient(a, w, &y)));
        let next = (1.0 + (4.0 * alpha * alpha + 1.0).sqrt()) / 2.0;
        y = plus(&new, (alpha - 1.0) / next, &minus(&new, h));
        (*h, alpha) = (new, next);
        let g = naive::gradient(a, w, h);
        let free = g.iter().flatten().zip(h.iter().flatten()).filter(|(g, h)| **g < 0.0 || **h > 0.0);
        if t >= 10 && free.map(|(g, _)| g * g).sum::<f64>().sqrt() <= *tolerance {
            if t == 10 {
                *tolerance *= 0.1;
            }
            return;
        }
    }
}

#[test]
fn nenmf_follows_guan() {
    follows("nenmf", 10, 1e-8, |a, pair| {
        let lin = naive::Lin::new(a, pair);
        let (mut tw, mut th) = (lin.tolerance_w, lin.tolerance_h);
        alternating(
            Box::new(move |a, w, h| optimal_gradient_h(a, w, h, &mut tw)),
            Box::new(move |a, w, h| optimal_gradient_h(a, w, h, &mut th)),
        )
    });
}

/// Huang et al. (2016), Algorithm 1, with the dual variable as state; a linear system solved in each inner step.
fn admm() -> Half {
    let mut dual: Option<Rows> = None;
    Box::new(move |a, w, h| {
        let (mut g, c) = (gram(w), naive::product(&naive::transposed(w), a));
        let rho = trace(&g) / common_count(h.len());
        (0..h.len()).for_each(|l| g[l][l] += rho);
        let u = dual.get_or_insert_with(|| vec![vec![0.0; h[0].len()]; h.len()]);
        for _ in 0..5 {
            let before = h.clone();
            let free = naive::solve(g.clone(), plus(&c, rho, &plus(h, 1.0, u)));
            *h = positive(&minus(&free, u));
            *u = plus(u, 1.0, &minus(h, &free));
            let (primal, moved) = (minus(h, &free), minus(h, &before));
            let [r, s] = [(primal, &*h), (moved, &*u)].map(|(d, unit)| inner(&d, &d) / inner(unit, unit));
            if r <= 0.01 && s <= 0.01 {
                break;
            }
        }
    })
}

#[test]
fn ao_admm_follows_huang() {
    follows("ao-admm", 20, 1e-9, |_, _| alternating(admm(), admm()));
}

/// Gillis & Glineur (2012), §3: an update repeated on the same subproblem.
fn repeated(mut half: Half, alpha: f64) -> Half {
    Box::new(move |a, w, h| {
        let (others, rows, k) = (common_count(a.len()), common_count(a[0].len()), common_count(h.len()));
        let rho = 1.0 + (rows * others + others * k) / (rows * (k + 1.0));
        let most = 1.0 + alpha * rho;
        let (mut done, mut first) = (0_u32, 0.0);
        while f64::from(done + 1) <= most {
            let before = h.clone();
            half(a, w, h);
            done += 1;
            let moved = minus(h, &before);
            let moved = inner(&moved, &moved).sqrt();
            if done == 1 {
                first = moved;
            }
            if moved <= 0.1 * first {
                break;
            }
        }
    })
}

#[test]
fn accelerated_rules_follow_gillis_and_glineur() {
    let mu = || repeated(Box::new(naive::multiplicative_h), 2.0);
    follows("a-mu", 20, 1e-9, |_, _| alternating(mu(), mu()));
    let hals = || repeated(Box::new(naive::hierarchical_h), 0.5);
    follows("a-hals", 20, 1e-9, |_, _| alternating(hals(), hals()));
    let single = |a: &Rows, w: &Rows, h: &mut Rows| naive::projected_gradient_steps_h(a, w, h, &mut 0.0, 1);
    let pgd = || repeated(Box::new(single), 0.5);
    follows("a-pgd", 15, 1e-9, |_, _| alternating(pgd(), pgd()));
}

/// Ang & Gillis (2019), Algorithm 3 with hp = 3, W first; the error from the residual itself.
fn extrapolated(a: &Rows, start: &Pair, halves: [Half; 2], gamma: f64, gamma_bar: f64) -> Iteration {
    let [mut w_half, mut h_half] = halves;
    let (mut held, mut ahead) = (start.clone(), start.clone());
    let (mut beta, mut beta_before, mut bound) = (0.5_f64, 0.5_f64, 1.0_f64);
    let mut before = error(a, &start.w, &start.h);
    Box::new(move |a, pair| {
        let mut wn = ahead.w.clone();
        update_w(a, &mut wn, &ahead.h, &mut w_half);
        ahead.w = positive(&plus(&wn, beta, &minus(&wn, &held.w)));
        let mut hn = ahead.h.clone();
        h_half(a, &ahead.w, &mut hn);
        let now = error(a, &ahead.w, &hn);
        ahead.h = plus(&hn, beta, &minus(&hn, &held.h));
        let this = beta;
        if now > before {
            ahead = held.clone();
            bound = beta_before;
            beta /= 1.5;
        } else {
            *pair = Pair { w: ahead.w.clone(), h: hn.clone() };
            held = Pair { w: wn, h: hn };
            beta = bound.min(gamma * beta);
            bound = (gamma_bar * bound).min(1.0);
        }
        (before, beta_before) = (now, this);
    })
}

#[test]
fn extrapolated_rules_follow_ang_and_gillis() {
    follows("e-hals", 40, 1e-8, |a, start| {
        let hals = || -> Half { Box::new(naive::hierarchical_h) };
        extrapolated(a, start, [hals(), hals()], 1.01, 1.005)
    });
    follows("e-a-hals", 30, 1e-8, |a, start| {
        let hals = || repeated(Box::new(naive::hierarchical_h), 0.5);
        extrapolated(a, start, [hals(), hals()], 1.01, 1.005)
    });
    follows("e-anls", 12, 1e-7, |a, start| extrapolated(a, start, [Box::new(exact_h), Box::new(exact_h)], 1.1, 1.05));
}

/// Xu & Yin (2013), Algorithm 1: one prox-linear step on each factor, done again without extrapolation on a rise.
fn proximal(a: &Rows, start: &Pair) -> Iteration {
    let mut before = start.clone();
    let (mut t, mut value) = (1.0_f64, error(a, &start.w, &start.h));
    let (mut lw_before, mut lh_before) = (0.0_f64, 0.0_f64);
    Box::new(move |a, pair| {
        let next = (1.0 + (1.0 + 4.0 * t * t).sqrt()) / 2.0;
        let momentum = (t - 1.0) / next;
        t = next;
        let attempt = |momentum: f64| {
            let (at, ht) = (naive::transposed(a), naive::transposed(&pair.h));
            let lw = spectral(&gram(&ht));
            let weight = momentum.min(0.9999 * (lw_before / lw).sqrt());
            let hat = naive::transposed(&plus(&pair.w, weight, &minus(&pair.w, &before.w)));
            let w = naive::transposed(&positive(&plus(&hat, -1.0 / lw, &naive::gradient(&at, &ht, &hat))));
            let lh = spectral(&gram(&w));
            let weight = momentum.min(0.9999 * (lh_before / lh).sqrt());
            let hat = plus(&pair.h, weight, &minus(&pair.h, &before.h));
            let h = positive(&plus(&hat, -1.0 / lh, &naive::gradient(a, &w, &hat)));
            (error(a, &w, &h), w, h, lw, lh)
        };
        let mut found = attempt(momentum);
        if found.0 >= value && momentum > 0.0 {
            found = attempt(0.0);
        }
        before = pair.clone();
        (value, pair.w, pair.h, lw_before, lh_before) = found;
    })
}

#[test]
fn apg_follows_xu_and_yin() {
    follows("apg", 40, 1e-8, proximal);
}

/// Lin (2007), §4.2: both factors along the projected path of the joint gradient; every value of f from the residual.
fn joint_gradient() -> Iteration {
    let mut alpha = 1.0;
    Box::new(move |a, pair| {
        let gh = naive::gradient(a, &pair.w, &pair.h);
        let (at, ht, wt) = (naive::transposed(a), naive::transposed(&pair.h), naive::transposed(&pair.w));
        let gw = naive::transposed(&naive::gradient(&at, &ht, &wt));
        let now = error(a, &pair.w, &pair.h);
        let go = |alpha: f64| {
            let new = Pair { w: positive(&plus(&pair.w, -alpha, &gw)), h: positive(&plus(&pair.h, -alpha, &gh)) };
            let slope = inner(&gw, &minus(&new.w, &pair.w)) + inner(&gh, &minus(&new.h, &pair.h));
            (error(a, &new.w, &new.h) - now <= 0.01 * slope, new)
        };
        let (mut sufficient, mut new) = go(alpha);
        if sufficient {
            loop {
                let (more, further) = go(alpha / 0.1);
                if !more || (further.w == new.w && further.h == new.h) {
                    break;
                }
                (alpha, new) = (alpha / 0.1, further);
            }
        }
        while !sufficient {
            alpha *= 0.1;
            (sufficient, new) = go(alpha);
        }
        *pair = new;
    })
}

#[test]
fn pgrad_follows_lin() {
    follows("pgrad", 20, 1e-9, |_, _| joint_gradient());
}

/// Orthonormal columns with the same span, by Gram and Schmidt, twice.
fn orthonormal(y: &Rows) -> Rows {
    let mut q: Rows = Vec::new();
    for mut v in naive::transposed(y) {
        for _ in 0..2 {
            for u in &q {
                let along: f64 = u.iter().zip(&v).map(|(u, v)| u * v).sum();
                v.iter_mut().zip(u).for_each(|(v, u)| *v -= along * u);
            }
        }
        let norm = v.iter().map(|v| v * v).sum::<f64>().sqrt();
        q.push(v.iter().map(|v| v / norm).collect());
    }
    naive::transposed(&q)
}

/// Erichson et al. (2018), Algorithm 1, for A with at least as many rows as columns. Whatever basis of the sketch's span
/// is chosen, the iterates are the same.
fn randomised(a: &Rows, oversampling: usize, start: &Pair) -> Iteration {
    let (n, k) = (a[0].len(), start.h.len());
    let l = n.min(k + oversampling);
    let streams = (0..l).map(|j| {
        let mut stream = Stream::new(&key(0, "algorithm"), j as u64);
        (0..n).map(|_| 2.0 * stream.uniform() - 1.0).collect::<Vec<f64>>()
    });
    let omega = naive::transposed(&streams.collect());
    let at = naive::transposed(a);
    let mut q = orthonormal(&naive::product(a, &omega));
    for _ in 0..2 {
        q = orthonormal(&naive::product(a, &orthonormal(&naive::product(&at, &q))));
    }
    let qt = naive::transposed(&q);
    let b = naive::product(&qt, a);
    let mut small = naive::product(&qt, &start.w);
    Box::new(move |_, pair| {
        naive::hierarchical_h(&b, &small, &mut pair.h);
        let g = gram(&naive::transposed(&pair.h));
        let right = naive::product(&b, &naive::transposed(&pair.h));
        for j in 0..pair.h.len() {
            for i in 0..small.len() {
                let others: f64 = (0..pair.h.len()).map(|l| small[i][l] * g[l][j]).sum();
                small[i][j] += (right[i][j] - others) / g[j][j];
            }
            for (w, q) in pair.w.iter_mut().zip(&q) {
                w[j] = q.iter().zip(&small).map(|(q, s)| q * s[j]).sum::<f64>().max(0.0);
            }
            for (s, q) in small.iter_mut().zip(&qt) {
                s[j] = q.iter().zip(&pair.w).map(|(q, w)| q * w[j]).sum();
            }
        }
    })
}

#[test]
fn rhals_follows_erichson() {
    let matrix = data(40, 22, 4, false, 3);
    let start = random_start(&matrix, 4, 3);
    // A sketch of 9 of 22 columns: a true compression.
    let real = steps(&*method("rhals", r#"{"oversampling": 5}"#), &matrix, &start, 20);
    let (a, mut pair) = (rows(&common::entries(&matrix)), to_pair(&start));
    let mut iterate = randomised(&a, 5, &pair);
    for (i, factors) in real.iter().enumerate().skip(1) {
        iterate(&a, &mut pair);
        let h = factors.ht.transpose().to_owned();
        let apart = distance(&from_rows(&pair.w), &factors.w).max(distance(&from_rows(&pair.h), &h));
        assert!(apart <= 1e-8, "apart by {apart:e} after iteration {i}");
    }
}

/// A wide matrix is compressed along its columns: the same as its transpose with the factors swapped.
#[test]
fn rhals_compresses_the_longer_side() {
    let matrix = data(40, 22, 4, false, 3);
    let wide = common::valid(common::entries(&matrix).transpose().to_owned());
    let start = random_start(&matrix, 4, 3);
    let swapped = Factors { w: start.ht.clone(), ht: start.w.clone() };
    let method = method("rhals", r#"{"oversampling": 5}"#);
    let (one, other) = (steps(&*method, &matrix, &start, 10), steps(&*method, &wide, &swapped, 10));
    let apart = distance(&one[10].w, &other[10].ht).max(distance(&one[10].ht, &other[10].w));
    assert!(apart <= 1e-10, "apart by {apart:e}");
}

fn rows(x: &Mat<f64>) -> Rows {
    (0..x.nrows()).map(|i| (0..x.ncols()).map(|j| x[(i, j)]).collect()).collect()
}

fn from_rows(x: &Rows) -> Mat<f64> {
    Mat::from_fn(x.len(), x[0].len(), |i, j| x[i][j])
}

fn to_pair(f: &Factors<f64>) -> Pair {
    Pair { w: rows(&f.w), h: naive::transposed(&rows(&f.ht)) }
}
