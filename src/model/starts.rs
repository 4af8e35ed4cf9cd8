//! What an object may have held at the start, where that is not known: values of which one fits the
//! history if any does.
//!
//! An operation *tells* if it is legal with one content only (a read, a cas), and *replaces* if
//! what the object holds after it does not depend on the start (a write, a cas). Let *t* be the
//! operation that tells and returns first. In a linearization, take the first operation that tells
//! or replaces.
//!
//! - If it tells, the content that it tells is that of the start, as far as updates such as appends
//!   led from there to it; and it comes no later than *t*, so that it was called before *t*
//!   returned, and so was whatever came before it. Nor did anything that replaces return before it
//!   was called.
//! - If it replaces without telling, nothing ever tells the start, and the history is linearizable
//!   as well from a content that no operation tells or excludes.
//!
//! So the contents told by operations that may be first, taken back over the updates that were
//! called before *t* returned, and one that nobody knows, are all that has to be tried. If *t* may
//! be first, and nothing that was called before it returned may have brought about what it saw, *t*
//! itself tells.

use super::{Model, Reading};
use crate::history::Rank;
use crate::history::hash::Set;
use crate::history::{Value, ValueTable};

/// The operations that may be the first to tell the start.
pub(super) struct Early<'a, Op> {
    /// Those that tell, the one that returns first in front; none if none returned.
    pub(super) tellers: Vec<&'a Reading<Op>>,
    /// When the first of them returned.
    pub(super) end: Rank,
    /// Whether the first one tells for certain.
    pub(super) is_certain: bool,
}

impl<'a, Op> Early<'a, Op> {
    /// Returns those among `readings`, of which some tell, some replace, and some may bring about,
    /// by replacing the content and perhaps with updates after it, what another one tells. O(n).
    pub(super) fn of(
        readings: &'a [Reading<Op>],
        tells: impl Fn(&Op) -> bool,
        replaces: impl Fn(&Op) -> bool,
        brings_about: impl Fn(&Op, &Op) -> bool,
    ) -> Early<'a, Op> {
        let returned = || readings.iter().filter(|reading| reading.span.has_returned());
        let replaced = returned().filter(|reading| replaces(&reading.op));
        let replaced = replaced.map(|reading| reading.span.ret).min().unwrap_or(Rank::NEVER);
        let telling = returned().filter(|reading| tells(&reading.op));
        let Some(first) = telling.min_by_key(|reading| reading.span.ret) else {
            return Early { tellers: Vec::new(), end: Rank::FIRST, is_certain: false };
        };
        let end = first.span.ret;
        let may_be_first = |reading: &&Reading<Op>| reading.span.call < replaced;
        let others = || {
            let known = readings.iter().take_while(move |reading| reading.span.call < end);
            known.filter(|reading| reading.index != first.index)
        };
        let is_certain =
            may_be_first(&first) && !others().any(|reading| brings_about(&reading.op, &first.op));
        let mut tellers: Vec<&Reading<Op>> = [first].into_iter().filter(may_be_first).collect();
        if !is_certain {
            tellers.extend(others().filter(|one| tells(&one.op)).filter(may_be_first));
        }
        Early { tellers, end, is_certain }
    }
}

/// Returns a value that is none of `values`: null, or a number.
pub(super) fn unheard_of(values: impl Iterator<Item = Value>) -> Option<Value> {
    let heard: Set<Value> = values.collect();
    let numbers = (0..=heard.len() as i64).filter_map(ValueTable::small_int);
    [Value::NULL].into_iter().chain(numbers).find(|value| !heard.contains(value))
}

/// Returns whether a model like this knows how to find out what it started from.
pub(crate) fn can_find_start<M: Model>(model: &M) -> bool {
    model.starts(&[]).is_some()
}
