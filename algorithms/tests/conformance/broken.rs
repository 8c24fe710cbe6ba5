//! Methods with one fault each.

use faer::linalg::matmul::matmul;
use faer::reborrow::ReborrowMut;
use faer::{Accum, Mat, MatMut, Par};
use nmfbench_algorithms::conformance::Property;
use nmfbench_algorithms::kernels::{column, column_mut};
use nmfbench_algorithms::parameters::{Field, ParameterError, Parameters, Table};
use nmfbench_algorithms::random::Stream;
use nmfbench_algorithms::{
    Algorithm, Breakdown, Effort, Factors, Matrix, Objective, Problem, Real, Rule, Side, Solver, Subproblem, Traits,
    Update,
};
use std::cell::Cell;
use std::marker::PhantomData;

/// What goes wrong with the gradient step X ← max(0, X − (XG − C)/‖G‖_F).
pub(crate) trait Fault: Send + Sync + 'static {
    /// The step, in units of 1/‖G‖_F.
    fn length(_side: &Side, _par: Par) -> f64 {
        1.0
    }
    /// Where entries are cut, in units of `Side::scale`.
    const CUT: f64 = 0.0;
}

macro_rules! fault {
    ($(#[$doc:meta])* $name:ident { $($body:tt)* }) => {
        $(#[$doc])*
        pub(crate) struct $name;
        impl Fault for $name {
            $($body)*
        }
    };
}

fault!(/** None: this one is right. */ Sound {});
fault!(/** Steps so long that it rises. */ Rising { fn length(_: &Side, _: Par) -> f64 { 20.0 } });
fault!(/** Cuts a little below 0. */ Negative { const CUT: f64 = -1e-9; });
fault!(/** A unit of A's entries is built in. */ Unit {
    fn length(side: &Side, _: Par) -> f64 { if side.scale > 1.0 { 0.5 } else { 1.0 } }
});
fault!(/** Cannot do rank 1. */ Panicking {
    fn length(side: &Side, _: Par) -> f64 { assert!(side.rank > 1, "rank 1 is not thought of"); 1.0 }
});
fault!(/** Allocates in a step. */ Allocates {
    fn length(_: &Side, _: Par) -> f64 { std::hint::black_box(vec![1.0; 3])[0] }
});
fault!(/** Does something else on more than one thread. */ Writing {
    fn length(_: &Side, par: Par) -> f64 { if matches!(par, Par::Seq) { 1.0 } else { 0.9 } }
});
fault!(/** Keeps something from one run to the next. */ Hidden {
    fn length(_: &Side, _: Par) -> f64 {
        CALLS.set(CALLS.get() + 1);
        1.0 / (1.0 + 1e-6 * f64::from(CALLS.get()))
    }
});
fault!(/** Draws from the world. */ Drawing {
    fn length(_: &Side, _: Par) -> f64 {
        let place = std::ptr::from_ref(&CALLS).addr() as u32;
        CALLS.set(CALLS.get().wrapping_mul(1_664_525).wrapping_add(place));
        1.0 - f64::from(CALLS.get()) / 1e11
    }
});

thread_local! {
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

/// The rule with a fault.
pub(crate) struct Gradient<F> {
    fault: PhantomData<F>,
}

impl<F> Default for Gradient<F> {
    fn default() -> Self {
        Gradient { fault: PhantomData }
    }
}

impl<F> Clone for Gradient<F> {
    fn clone(&self) -> Self {
        Gradient::default()
    }
}

impl<F> std::fmt::Debug for Gradient<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gradient")
    }
}

impl<F: Fault> Parameters for Gradient<F> {
    fn fields() -> Vec<Field> {
        vec![]
    }
    fn claim(_: &mut Table) -> Result<Self, ParameterError> {
        Ok(Gradient::default())
    }
    fn table(&self) -> Table {
        Table::new()
    }
}

impl<F: Fault> Rule for Gradient<F> {
    const TRAITS: Traits = Traits { monotone: true, stationary: true, ..Traits::of(Objective::Frobenius) };
    type Update<T: Real> = Step<T, F>;
    fn prepare<T: Real>(&self, side: &Side) -> Step<T, F> {
        Step { side: *side, xg: Mat::zeros(side.rows, side.rank), fault: PhantomData }
    }
}

pub(crate) struct Step<T, F> {
    side: Side,
    xg: Mat<T>,
    fault: PhantomData<F>,
}

impl<T: Real, F: Fault> Update<T> for Step<T, F> {
    fn update(&mut self, mut x: MatMut<'_, T>, s: &Subproblem<'_, T>) -> Result<Effort, Breakdown> {
        let step = T::of(F::length(&self.side, s.par) / s.gram.norm_l2().to_f64().max(T::TINY / T::EPSILON));
        let cut = T::of(F::CUT * self.side.scale);
        matmul(&mut self.xg, Accum::Replace, x.as_ref(), s.gram, T::of(1.0), s.par);
        for j in 0..x.ncols() {
            let known = column(s.cross, j).iter().zip(self.xg.col_as_slice(j));
            for (x, (c, xg)) in column_mut(x.rb_mut(), j).iter_mut().zip(known) {
                let moved = *x - step * (*xg - *c);
                *x = if moved > cut { moved } else { cut };
            }
        }
        let (p, k) = (x.nrows() as f64, x.ncols() as f64);
        Ok(Effort { flops: 2.0 * p * k * k + 3.0 * p * k, ..Effort::default() })
    }
}

/// A whole method with fault number `FAULT`: 0 reports half of the passes, 1 a tenth of the operations, 2 draws and does
/// not say so, 3 does nothing and calls it convergence, 4 shrinks W, 5 favours component 0, 6 looks at the storage, 7
/// updates W first whatever is asked.
#[derive(Clone, Debug)]
pub(crate) struct Lying<const FAULT: usize>;

impl<const FAULT: usize> Parameters for Lying<FAULT> {
    fn fields() -> Vec<Field> {
        vec![]
    }
    fn claim(_: &mut Table) -> Result<Self, ParameterError> {
        Ok(Lying)
    }
    fn table(&self) -> Table {
        Table::new()
    }
}

impl<const FAULT: usize> Algorithm for Lying<FAULT> {
    const TRAITS: Traits = Traits { monotone: true, stationary: true, ..Traits::of(Objective::Frobenius) }
        .except(Property::Edges, "not thought of");
    fn start<T: Real>(&self, problem: &Problem<'_, T>, _: &Factors<T>) -> Result<Box<dyn Solver<T>>, Breakdown> {
        let draw = if FAULT == 2 { Stream::new(&problem.key, 0).uniform() } else { 0.0 };
        Ok(Box::new(Liar::<FAULT> { draw }))
    }
}

struct Liar<const FAULT: usize> {
    draw: f64,
}

impl<T: Real, const FAULT: usize> Solver<T> for Liar<FAULT> {
    fn step(&mut self, problem: &Problem<'_, T>, f: &mut Factors<T>) -> Result<Effort, Breakdown> {
        let k = f.rank();
        let flops = 4.0 * (problem.matrix.nnz() * k) as f64;
        let effort = |passes, flops| Ok(Effort { passes, flops, repairs: 0 });
        if FAULT == 3 {
            return effort(0.0, 1.0);
        }
        let (mut cross_w, mut cross_h) = (Mat::zeros(f.w.nrows(), k), Mat::zeros(f.ht.nrows(), k));
        let damping = match FAULT {
            2 => 1.0 + self.draw,
            6 if matches!(problem.matrix, Matrix::Sparse(_)) => 1.1,
            _ => 1.0,
        };
        problem.matrix.times(cross_w.as_mut(), f.ht.as_ref(), Par::Seq);
        multiply(&mut f.w, &cross_w, &(f.ht.transpose() * &f.ht), damping);
        problem.matrix.transpose_times(cross_h.as_mut(), f.w.as_ref(), Par::Seq);
        multiply(&mut f.ht, &cross_h, &(f.w.transpose() * &f.w), damping);
        let shrunk = match FAULT {
            4 => 0..k,
            5 => 0..1,
            _ => 0..0,
        };
        for j in shrunk {
            f.w.col_as_slice_mut(j).iter_mut().for_each(|w| *w *= T::of(0.9));
        }
        match FAULT {
            0 => effort(1.0, flops),
            1 => effort(2.0, 0.1 * flops),
            _ => effort(2.0, flops),
        }
    }
}

/// X ∘ C ⊘ XG.
fn multiply<T: Real>(x: &mut Mat<T>, cross: &Mat<T>, gram: &Mat<T>, damping: f64) {
    let xg = &*x * gram;
    for j in 0..x.ncols() {
        for i in 0..x.nrows() {
            x[(i, j)] *= cross[(i, j)] / (T::of(damping) * xg[(i, j)] + T::of(T::TINY));
        }
    }
}
