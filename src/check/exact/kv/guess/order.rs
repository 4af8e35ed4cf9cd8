//! The order to which a walk led, and its replay.

use super::problem::{Act, Event, NONE, Problem, ROOT};

impl Problem {
    /// The order in which operations took effect if those were `taken` that could be seen, each
    /// before an event.
    pub(super) fn order(&self, taken: &[(u32, u32)]) -> Vec<u32> {
        let is_put = |at: u32| matches!(self.op(at).act, Act::Put(_));
        let mut is_taken = vec![false; self.ops.len()];
        taken.iter().for_each(|&(at, _)| is_taken[at as usize] = true);
        // Each with the number of those taken before it.
        let mut places: Vec<(usize, u32)> = Vec::new();
        let (mut gets, mut state) = (Vec::new(), self.start);
        let mut last_put: Option<(usize, u32)> = None;
        let mut number = 0;
        for (event, &end) in (0..).zip(&self.events) {
            while let Some(&(at, _)) = taken.get(number).filter(|taken| taken.1 <= event) {
                number += 1;
                places.push((number, at));
                state = match self.op(at).act {
                    Act::Put(text) => self.strings.after(ROOT, text),
                    Act::Append(text) if state != NONE => self.strings.after(state, text),
                    _ => NONE,
                };
                if is_put(at) {
                    last_put = Some((number, event));
                }
                gets.retain(|&get| {
                    let is_seen = self.op(get).act == Act::Get(state);
                    if is_seen {
                        places.push((number, get));
                    }
                    !is_seen
                });
            }
            match end {
                Event::Call(at) => match self.op(at).act {
                    Act::Get(node) if node == state => places.push((number, at)),
                    Act::Get(_) => gets.push(at),
                    Act::Put(_) | Act::Append(_) => {}
                },
                Event::Return(at) if is_taken[at as usize] || self.class(at).is_none() => {}
                // It took effect unseen: right before a put, or when nobody saw the string.
                Event::Return(at) => match last_put {
                    Some((put, moment)) if moment > self.op(at).call => {
                        places.push((put - 1, at));
                    }
                    _ => {
                        places.push((number, at));
                        state = NONE;
                    }
                },
            }
        }
        places.sort_by_key(|&(place, _)| place);
        places.into_iter().map(|(_, at)| at).collect()
    }

    /// Whether `order` is one: each completed operation is there once, crashed ones at most once,
    /// none behind one that was called after its return, and each get sees its string.
    pub(super) fn is_linearization(&self, order: &[u32]) -> bool {
        let mut seen = vec![false; self.ops.len()];
        let (mut latest, mut completed, mut state) = (0, 0, self.start);
        for &at in order {
            let op = self.op(at);
            if std::mem::replace(&mut seen[at as usize], true) || op.ret < latest {
                return false;
            }
            latest = op.call.max(latest);
            completed += u32::from(op.ret != NONE);
            state = match op.act {
                Act::Put(text) => self.strings.after(ROOT, text),
                Act::Append(text) if state != NONE => self.strings.after(state, text),
                Act::Append(_) => NONE,
                Act::Get(node) if node == state => state,
                Act::Get(_) => return false,
            };
        }
        completed == self.completed
    }
}
