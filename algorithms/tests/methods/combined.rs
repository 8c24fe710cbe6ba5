//! Combinations of rules: repeated on one subproblem, and extrapolated.

use crate::common::naive::{self, Pair, Rows};
use crate::rules::exact_h;
use crate::shared::{Half, Iteration, alternating, dot, error, follows, minus, number, plus, positive, update_w};

/// Gillis & Glineur (2012), §3: an update repeated on the same subproblem.
fn repeated(mut half: Half, (alpha, epsilon): (f64, f64)) -> Half {
    Box::new(move |a, w, h| {
        let (others, rows, k) = (number(a.len()), number(a[0].len()), number(h.len()));
        let rho = 1.0 + (rows * others + others * k) / (rows * (k + 1.0));
        let most = 1.0 + alpha * rho;
        let (mut done, mut first) = (0_u32, 0.0);
        while f64::from(done + 1) <= most {
            let before = h.clone();
            half(a, w, h);
            done += 1;
            let moved = minus(h, &before);
            let moved = dot(&moved, &moved).sqrt();
            if done == 1 {
                first = moved;
            }
            if moved <= epsilon * first {
                break;
            }
        }
    })
}

pub(crate) fn a_mu_follows_gillis_and_glineur() {
    let mu = || repeated(Box::new(naive::multiplicative_h), (2.0, 0.1));
    follows("a-mu", 20, 1e-9, |_, _| alternating(mu(), mu()));
}

fn a_hals() -> Half {
    repeated(Box::new(naive::hierarchical_h), (0.5, 0.1))
}

pub(crate) fn a_hals_follows_gillis_and_glineur() {
    follows("a-hals", 20, 1e-9, |_, _| alternating(a_hals(), a_hals()));
}

/// In the authors' program only the number of repetitions bounds them.
pub(crate) fn a_pgd_follows_gillis_and_glineur() {
    let single = |a: &Rows, w: &Rows, h: &mut Rows| naive::projected_gradient_steps_h(a, w, h, &mut 0.0, 1);
    let pgd = || repeated(Box::new(single), (0.5, 0.0));
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

pub(crate) fn e_hals_follows_ang_and_gillis() {
    follows("e-hals", 40, 1e-8, |a, start| {
        let hals = || -> Half { Box::new(naive::hierarchical_h) };
        extrapolated(a, start, [hals(), hals()], 1.01, 1.005)
    });
}

pub(crate) fn e_a_hals_follows_ang_and_gillis() {
    follows("e-a-hals", 30, 1e-8, |a, start| extrapolated(a, start, [a_hals(), a_hals()], 1.01, 1.005));
}

pub(crate) fn e_anls_follows_ang_and_gillis() {
    follows("e-anls", 12, 1e-7, |a, start| extrapolated(a, start, [Box::new(exact_h), Box::new(exact_h)], 1.1, 1.05));
}
