//! A guess for strings of which gets do not tell which of several equal puts and appends made them.
//!
//! A walk along the returns that keeps few configurations. Updates take effect as late as they can,
//! when they return or when a get that returns sees them; what nobody will see takes effect right
//! before a put, which hides it. Where the walk is stuck it goes back and keeps more.
//!
//! What it finds is a linearization, and replayed as such; that it finds none says nothing.

mod config;
mod moves;
mod order;
mod outlook;
mod problem;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests;
mod walk;

use super::texts::Texts;
use super::{Asked, Ruling, Timed, Wanted};
use crate::check::exact::ends::{End, Ends};
use crate::check::exact::work::{Stop, Work};
use crate::history::hash::Map;
use crate::model::kv::{Content, Op as Given};
use problem::{Act, NONE, Op, Problem, ROOT, Strings};
use walk::Walk;

/// Shorter histories the search decides at once.
const LEAST: usize = 256;

/// So many configurations are visited at most, and so many for each operation.
const MOST: u64 = 100_000;
const MOST_FOR_EACH: u64 = 32;

/// So many texts gets may have seen at most in all, and so many for each operation.
const MOST_TEXTS: usize = 1 << 20;
const MOST_TEXTS_FOR_EACH: usize = 64;

/// Guesses a linearization of `operations` on a string that is `initial` at first, made of `texts`
/// of which none is the beginning of another; `None` if none is found.
pub(super) fn decide(
    initial: &Content,
    operations: &[Timed<'_, Given>],
    texts: &Texts<'_>,
    (wanted, stop): Asked<'_>,
) -> Option<Ruling> {
    if operations.len() < LEAST || !wanted.is_worth_a_guess() {
        return None;
    }
    let order = order(initial, operations, texts, stop)?;
    Some(Ruling::Valid(if wanted == Wanted::Order { order } else { Vec::new() }))
}

/// The positions of `operations` in a linearization.
fn order(
    initial: &Content,
    operations: &[Timed<'_, Given>],
    texts: &Texts<'_>,
    stop: Stop<'_>,
) -> Option<Vec<u32>> {
    let problem = read(initial, operations, texts)?;
    let most = MOST + MOST_FOR_EACH * operations.len() as u64;
    let taken = Walk::new(&problem).search(&mut Work::new(most, stop))?;
    let order = problem.order(&taken);
    let positions = order.iter().map(|&at| problem.op(at).at).collect();
    problem.is_linearization(&order).then_some(positions)
}

/// What is walked over; `None` if a get saw what no string can be, or too much.
fn read(initial: &Content, operations: &[Timed<'_, Given>], texts: &Texts<'_>) -> Option<Problem> {
    let mut reader = Reader {
        texts,
        numbers: Map::default(),
        strings: Strings::default(),
        left: MOST_TEXTS + MOST_TEXTS_FOR_EACH * operations.len(),
    };
    let start = reader.node(initial)?;
    // The number of each operation among those that matter.
    let mut numbers = vec![NONE; operations.len()];
    let mut ops: Vec<Op> = Vec::with_capacity(operations.len());
    for (at, Timed { op, span }) in operations.iter().enumerate() {
        let act = match op {
            Given::Put(Content::Text(text)) => Act::Put(reader.number(text.as_str().as_bytes())),
            Given::Append(text) => Act::Append(reader.number(text.as_str().as_bytes())),
            Given::Get(_) if !span.has_returned() => continue,
            Given::Get(Some(seen)) => Act::Get(reader.node(seen)?),
            _ => return None,
        };
        numbers[at] = ops.len() as u32;
        ops.push(Op { act, call: NONE, ret: NONE, at: at as u32 });
    }
    for (event, end) in (0..).zip(Ends::of(operations)) {
        let (End::Call(at) | End::Return(at)) = end;
        if let Some(op) = ops.get_mut(numbers[at as usize] as usize) {
            *(if end == End::Call(at) { &mut op.call } else { &mut op.ret }) = event;
        }
    }
    Some(Problem::new(reader.numbers.len() as u32, reader.strings, start, ops))
}

/// Reads strings as texts.
struct Reader<'a> {
    texts: &'a Texts<'a>,
    numbers: Map<&'a [u8], u32>,
    strings: Strings,
    /// So many texts may be read.
    left: usize,
}

impl<'a> Reader<'a> {
    fn number(&mut self, text: &'a [u8]) -> u32 {
        let new = self.numbers.len() as u32;
        *self.numbers.entry(text).or_insert(new)
    }

    /// The node of what a get saw.
    fn node(&mut self, seen: &'a Content) -> Option<u32> {
        let mut string = match seen {
            Content::Absent => &[][..],
            Content::Text(text) => text.as_str().as_bytes(),
            Content::Int(_) | Content::Other(_) => return None,
        };
        let mut node = ROOT;
        while !string.is_empty() {
            let (_, length) = self.texts.first(string);
            self.left = self.left.checked_sub(1)?;
            if length == 0 {
                return None;
            }
            let (text, rest) = string.split_at(length);
            let number = self.number(text);
            node = self.strings.longer(node, number);
            string = rest;
        }
        Some(node)
    }
}
