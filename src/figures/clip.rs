//! Curves cut to the box of two axes.
//!
//! plotters moves points outside to the border one by one: a curve that leaves would seem to run along the frame.

use super::axis::{Axis, Scale};

/// The pieces of a curve inside the box, none with a value that has no place.
///
/// On a logarithmic vertical axis a value of exactly 0 lies far below: the curve leaves through the bottom there.
pub(crate) fn clip(x: &Axis, y: &Axis, curve: &[(f64, f64)]) -> Vec<Vec<(f64, f64)>> {
    let place = |&(a, b): &(f64, f64)| {
        let below = b == 0.0 && y.scale() == Scale::Log;
        Some((x.unit(a)?, if below { -1.0 } else { y.unit(b)? }))
    };
    let back = |(u, v): (f64, f64)| (x.value(u), y.value(v));
    let mut pieces = vec![Vec::new()];
    for pair in curve.windows(2) {
        let inside = place(&pair[0]).zip(place(&pair[1])).and_then(|(a, b)| Some((a, b, segment(a, b)?)));
        let Some((a, b, (enter, leave))) = inside else {
            pieces.push(Vec::new());
            continue;
        };
        let at = |t: f64| back((a.0 + t * (b.0 - a.0), a.1 + t * (b.1 - a.1)));
        if enter > 0.0 {
            pieces.push(Vec::new());
        }
        if let Some(piece) = pieces.last_mut() {
            if piece.is_empty() {
                piece.push(at(enter));
            }
            piece.push(at(leave));
        }
        if leave < 1.0 {
            pieces.push(Vec::new());
        }
    }
    pieces.retain(|piece| piece.len() > 1);
    pieces
}

/// The part of a segment inside the unit square, as two parameters in 0…1 (Liang & Barsky 1984).
fn segment(a: (f64, f64), b: (f64, f64)) -> Option<(f64, f64)> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for (p, q) in [(-dx, a.0), (dx, 1.0 - a.0), (-dy, a.1), (dy, 1.0 - a.1)] {
        if p == 0.0 && q < 0.0 {
            return None;
        }
        if p < 0.0 {
            enter = enter.max(q / p);
        } else if p > 0.0 {
            leave = leave.min(q / p);
        }
    }
    (enter <= leave).then_some((enter, leave))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_that_leaves_ends_at_the_box() {
        let unit = Axis::linear(0.0, 1.0, 5);
        let pieces = clip(&unit, &unit, &[(0.0, 0.5), (0.5, 2.0), (0.6, f64::NAN), (0.7, 0.2), (0.9, 0.2)]);
        assert_eq!(pieces.len(), 2);
        let end = pieces[0][1];
        assert!((end.0 - 1.0 / 6.0).abs() < 1e-12 && (end.1 - 1.0).abs() < 1e-12, "{end:?}");
        assert_eq!(pieces[1], [(0.7, 0.2), (0.9, 0.2)]);
        assert!(clip(&unit, &unit, &[(0.0, 3.0), (1.0, 3.0)]).is_empty());
        assert!(clip(&unit, &unit, &[(0.0, 0.5), (0.5, f64::INFINITY)]).is_empty());
    }

    #[test]
    fn zero_on_a_log_axis_is_below_the_box() {
        let (x, y) = (Axis::linear(0.0, 1.0, 5), Axis::log(1e-4, 1.0, 5));
        let pieces = clip(&x, &y, &[(0.0, 1.0), (1.0, 0.0)]);
        assert_eq!(pieces.len(), 1);
        let end = pieces[0][1];
        assert!((end.0 - 0.5).abs() < 1e-9 && (end.1 / 1e-4 - 1.0).abs() < 1e-9, "{end:?}");
    }
}
