//! Slow twins of the algorithms: the formulas of the papers in plain loops over `Vec<Vec<f64>>`, in the papers' own
//! terms (W m×k, H k×n), sharing nothing with the crate.

/// Rows of entries.
pub(crate) type Rows = Vec<Vec<f64>>;

/// A pair of factors.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    /// m×k.
    pub(crate) w: Rows,
    /// k×n.
    pub(crate) h: Rows,
}

fn zeros(rows: usize, cols: usize) -> Rows {
    vec![vec![0.0; cols]; rows]
}

pub(crate) fn transposed(x: &Rows) -> Rows {
    (0..x[0].len()).map(|j| x.iter().map(|row| row[j]).collect()).collect()
}

pub(crate) fn product(x: &Rows, y: &Rows) -> Rows {
    let mut z = zeros(x.len(), y[0].len());
    for i in 0..x.len() {
        for j in 0..y[0].len() {
            for (l, row) in y.iter().enumerate() {
                z[i][j] += x[i][l] * row[j];
            }
        }
    }
    z
}

/// Lee & Seung (2001), eq. 4: H_aμ ← H_aμ (WᵀV)_aμ / (WᵀWH)_aμ, and W by the same formula for Vᵀ ≈ HᵀWᵀ.
/// An entry that is 0 stays 0, whatever it would be divided by.
pub(crate) fn multiplicative_h(v: &Rows, w: &Rows, h: &mut Rows) {
    let wt = transposed(w);
    let (numerator, denominator) = (product(&wt, v), product(&product(&wt, w), h));
    for a in 0..h.len() {
        for mu in 0..h[0].len() {
            if h[a][mu] != 0.0 {
                h[a][mu] *= numerator[a][mu] / denominator[a][mu];
            }
        }
    }
}

/// Gillis & Glineur (2012), eq. 6, for H: row l of H ← max(0, w_lᵀ(A − Σ_{p≠l} w_p h_p)) / ‖w_l‖², rows in order, each
/// from the residual that leaves it out. A component with w_l = 0 is left as it is.
pub(crate) fn hierarchical_h(a: &Rows, w: &Rows, h: &mut Rows) {
    for l in 0..h.len() {
        let squared: f64 = w.iter().map(|row| row[l] * row[l]).sum();
        if squared == 0.0 {
            continue;
        }
        for j in 0..a[0].len() {
            let mut inner = 0.0;
            for i in 0..a.len() {
                let others: f64 = (0..h.len()).filter(|p| *p != l).map(|p| w[i][p] * h[p][j]).sum();
                inner += w[i][l] * (a[i][j] - others);
            }
            h[l][j] = (inner / squared).max(0.0);
        }
    }
}

/// Berry et al. (2007), §3.3: solve WᵀW H = WᵀA, then set the negative entries of H to 0.
pub(crate) fn least_squares_h(a: &Rows, w: &Rows, h: &mut Rows) {
    let wt = transposed(w);
    *h = solve(product(&wt, w), product(&wt, a));
    for value in h.iter_mut().flatten() {
        *value = value.max(0.0);
    }
}

/// Gaussian elimination with row pivoting; the right-hand side is k×n.
pub(crate) fn solve(mut g: Rows, mut rhs: Rows) -> Rows {
    let k = g.len();
    for c in 0..k {
        let pivot = (c..k).max_by(|a, b| g[*a][c].abs().total_cmp(&g[*b][c].abs())).expect("a row");
        assert!(g[pivot][c] != 0.0, "the twin is meant for regular systems");
        g.swap(c, pivot);
        rhs.swap(c, pivot);
        for r in c + 1..k {
            let factor = g[r][c] / g[c][c];
            subtract_multiple(&mut g, r, c, factor);
            subtract_multiple(&mut rhs, r, c, factor);
        }
    }
    for c in (0..k).rev() {
        for j in 0..rhs[0].len() {
            let known: f64 = (c + 1..k).map(|l| g[c][l] * rhs[l][j]).sum();
            rhs[c][j] = (rhs[c][j] - known) / g[c][c];
        }
    }
    rhs
}

/// Row r ← row r − factor·row c.
fn subtract_multiple(x: &mut Rows, r: usize, c: usize, factor: f64) {
    let row = x[c].clone();
    x[r].iter_mut().zip(&row).for_each(|(x, y)| *x -= factor * y);
}

/// The state of Lin (2007), §4.1, between outer iterations: alternating projected gradient.
pub(crate) struct Lin {
    /// Tolerances of the two subproblems.
    pub(crate) tolerance_w: f64,
    pub(crate) tolerance_h: f64,
}

impl Lin {
    /// The first tolerance is 0.001 of the norm of both gradients at the start.
    pub(crate) fn new(v: &Rows, pair: &Pair) -> Self {
        let gradient_h = gradient(v, &pair.w, &pair.h);
        let gradient_w = gradient(&transposed(v), &transposed(&pair.h), &transposed(&pair.w));
        let squared: f64 = gradient_h.iter().chain(&gradient_w).flatten().map(|g| g * g).sum();
        let tolerance = 0.001 * squared.sqrt();
        Lin { tolerance_w: tolerance, tolerance_h: tolerance }
    }
}

/// WᵀWH − WᵀV.
pub(crate) fn gradient(v: &Rows, w: &Rows, h: &Rows) -> Rows {
    let wt = transposed(w);
    let (mut g, c) = (product(&product(&wt, w), h), product(&wt, v));
    for (g, c) in g.iter_mut().flatten().zip(c.iter().flatten()) {
        *g -= c;
    }
    g
}

/// Lin (2007), Algorithm 4 on one factor: projected gradient with the step length of the step before as first trial.
/// Where no step was needed the tolerance falls to a tenth for the next time.
pub(crate) fn projected_gradient_h(v: &Rows, w: &Rows, h: &mut Rows, tolerance: &mut f64) {
    projected_gradient_steps_h(v, w, h, tolerance, 1000);
}

/// The same, with at most this many steps.
pub(crate) fn projected_gradient_steps_h(v: &Rows, w: &Rows, h: &mut Rows, tolerance: &mut f64, steps: u32) {
    let (beta, mut alpha) = (0.1, 1.0);
    for step in 0..steps {
        let g = gradient(v, w, h);
        let free = g.iter().flatten().zip(h.iter().flatten()).filter(|(g, h)| **g < 0.0 || **h > 0.0);
        if free.map(|(g, _)| g * g).sum::<f64>().sqrt() <= *tolerance {
            if step == 0 {
                *tolerance *= 0.1;
            }
            return;
        }
        let mut before: Option<Rows> = None;
        let mut decreasing = false;
        for trial in 0..20 {
            let next = moved(h, &g, alpha);
            let sufficient = decreases_enough(w, h, &next, &g);
            if trial == 0 {
                decreasing = !sufficient;
            }
            match (decreasing, sufficient) {
                (true, true) => {
                    before = Some(next);
                    break;
                }
                (true, false) => alpha *= beta,
                (false, true) if before.as_ref() != Some(&next) => {
                    before = Some(next);
                    alpha /= beta;
                }
                (false, _) => {
                    alpha *= beta; // back to the length of the point that is kept
                    break;
                }
            }
        }
        match before {
            Some(next) => *h = next,
            None => return,
        }
    }
}

/// max(0, H − α∇).
fn moved(h: &Rows, g: &Rows, alpha: f64) -> Rows {
    h.iter().zip(g).map(|(h, g)| h.iter().zip(g).map(|(h, g)| (h - alpha * g).max(0.0)).collect()).collect()
}

/// Lin (2007), sufficient decrease of a quadratic: (1 − σ)⟨∇, D⟩ + ½⟨D, WᵀW D⟩ ≤ 0 with σ = 0.01 and D the move.
fn decreases_enough(w: &Rows, h: &Rows, next: &Rows, g: &Rows) -> bool {
    let d: Rows = next.iter().zip(h).map(|(n, h)| n.iter().zip(h).map(|(n, h)| n - h).collect()).collect();
    let inner = |x: &Rows, y: &Rows| x.iter().flatten().zip(y.iter().flatten()).map(|(x, y)| x * y).sum::<f64>();
    let wd = product(w, &d);
    0.99 * inner(g, &d) + 0.5 * inner(&wd, &wd) <= 0.0
}

pub(crate) fn inner(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

pub(crate) fn minus(x: &[f64], y: &[f64]) -> Vec<f64> {
    x.iter().zip(y).map(|(x, y)| x - y).collect()
}

/// Σ h_l u_l.
pub(crate) fn mixture(u: &[Vec<f64>], h: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; u[0].len()];
    u.iter().zip(h).for_each(|(u, h)| sum.iter_mut().zip(u).for_each(|(s, u)| *s += h * u));
    sum
}

/// The point of a cone, or of the convex hull with 0, that is nearest to `a`: h by trying every set of generators, with
/// the sum free and (for the hull) equal to 1.
pub(crate) fn nearest(u: &[Vec<f64>], a: &[f64], hull: bool) -> Vec<f64> {
    let mut best = (inner(a, a), vec![0.0; u.len()]);
    for set in 1..1_usize << u.len() {
        let free: Vec<usize> = (0..u.len()).filter(|l| set >> l & 1 == 1).collect();
        let mut solutions = vec![];
        let mut g: Rows = free.iter().map(|&i| free.iter().map(|&j| inner(&u[i], &u[j])).collect()).collect();
        let mut c: Rows = free.iter().map(|&i| vec![inner(&u[i], a)]).collect();
        solutions.push(solve(g.clone(), c.clone()));
        if hull {
            // With the multiplier of Σh = 1 as one more unknown.
            g.iter_mut().for_each(|row| row.push(1.0));
            g.push([vec![1.0; free.len()], vec![0.0]].concat());
            c.push(vec![1.0]);
            solutions.push(solve(g, c));
        }
        for z in solutions {
            let mut h = vec![0.0; u.len()];
            free.iter().zip(&z).for_each(|(&l, z)| h[l] = z[0]);
            let feasible = h.iter().all(|h| *h >= 0.0) && (!hull || h.iter().sum::<f64>() <= 1.0 + 1e-12);
            let r = minus(a, &mixture(u, &h));
            if feasible && inner(&r, &r) < best.0 {
                best = (inner(&r, &r), h);
            }
        }
    }
    best.1
}
