//! Small histories: every shape of up to a few operations, and random ones.

use rand::{Rng, RngExt};

/// The ends of the operations of a history, in the order of their calls: ranks of call and
/// return, the latter missing where the operation crashed.
pub type Shape = Vec<(u32, Option<u32>)>;

/// Every way in which `count` operations can overlap and crash.
pub fn shapes(count: usize) -> Vec<Shape> {
    let mut shapes = Vec::new();
    extend(&mut Vec::new(), 0, count, &mut shapes);
    shapes
}

fn extend(shape: &mut Shape, rank: u32, count: usize, shapes: &mut Vec<Shape>) {
    if shape.len() == count {
        // Returns after the last call: each subset of the open ones, in each order, differs only
        // in whether an operation returns at all, since nothing is called any more.
        let open: Vec<usize> = (0..count).filter(|&at| shape[at].1.is_none()).collect();
        for returning in 0..1 << open.len() {
            let mut whole = shape.clone();
            let chosen = open.iter().enumerate().filter(|(bit, _)| returning >> bit & 1 == 1);
            for (order, (_, &at)) in chosen.enumerate() {
                whole[at].1 = Some(rank + order as u32);
            }
            shapes.push(whole);
        }
        return;
    }
    shape.push((rank, None));
    extend(shape, rank + 1, count, shapes);
    shape.pop();
    for at in 0..shape.len() {
        // Returns between two calls commute: take them in ascending order only.
        let last_event_is_later_return =
            shape.iter().skip(at).any(|&(_, ret)| ret == Some(rank.wrapping_sub(1)));
        if shape[at].1.is_none() && !last_event_is_later_return {
            shape[at].1 = Some(rank);
            extend(shape, rank + 1, count, shapes);
            shape[at].1 = None;
        }
    }
}

/// A random shape of `count` operations, at most `width` of which run at once.
pub fn random_shape(rng: &mut impl Rng, count: usize, width: usize, crashes: f64) -> Shape {
    long_shape(rng, count, width, crashes, 0.5)
}

/// The same; the more `eager`, the more often as many run at once as may.
pub fn long_shape(
    rng: &mut impl Rng,
    count: usize,
    width: usize,
    crashes: f64,
    eager: f64,
) -> Shape {
    let mut shape: Shape = Vec::new();
    let mut running: Vec<usize> = Vec::new();
    let mut rank = 0;
    while shape.len() < count || !running.is_empty() {
        let call = shape.len() < count
            && running.len() < width
            && (running.is_empty() || rng.random_bool(eager));
        if call {
            running.push(shape.len());
            shape.push((rank, None));
        } else {
            let at = running.swap_remove(rng.random_range(0..running.len()));
            if !rng.random_bool(crashes) {
                shape[at].1 = Some(rank);
            }
        }
        rank += 1;
    }
    shape
}
