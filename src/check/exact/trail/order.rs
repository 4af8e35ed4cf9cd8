//! The order to which a walk led, and its replay.

use super::Act;
use super::config::By;
use super::problem::{NONE, Problem};

impl Problem {
    /// The operations that took effect, in that order; `None` if one was hidden by nothing.
    pub(super) fn order(&self, taken: &[By]) -> Option<Vec<u32>> {
        let mut used = vec![0; self.classes.len()];
        // Each with the number of those that took effect before it.
        let mut places: Vec<(usize, u32)> = Vec::with_capacity(taken.len());
        let mut last_put = None;
        for (number, &by) in taken.iter().enumerate() {
            let at = match by {
                By::Op(at) => at,
                By::Crashed(class) => {
                    let nth = &mut used[class as usize];
                    *nth += 1;
                    *self.classes[class as usize].ops.get(*nth - 1)?
                }
                By::Hidden(at) => {
                    places.push((last_put?, at));
                    continue;
                }
            };
            places.push((2 * number + 1, at));
            if matches!(self.ops[at as usize].act, Act::Put(_)) {
                last_put = Some(2 * number);
            }
        }
        places.sort_by_key(|&(place, _)| place);
        Some(places.into_iter().map(|(_, at)| at).collect())
    }

    /// Whether `order` is one: each completed operation is there once, crashed ones at most once,
    /// none behind one that was called after its return, and each finds what it told.
    pub(super) fn is_linearization(&self, start: i64, order: &[u32]) -> bool {
        let mut seen = vec![false; self.ops.len()];
        let (mut latest, mut value) = (0, start);
        for &at in order {
            let op = self.ops[at as usize];
            if std::mem::replace(&mut seen[at as usize], true) || op.ret < latest {
                return false;
            }
            latest = op.call.max(latest);
            match Problem::after(value, op.act) {
                Some(after) => value = after,
                None => return false,
            }
        }
        self.ops.iter().zip(seen).all(|(op, seen)| seen || op.ret == NONE)
    }
}
