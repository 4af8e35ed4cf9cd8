//! Names violations of logs, and of keys whose strings grow by appends.
//!
//! Both are lists of pieces: a log's entries, or the strings of a key's operations, where every
//! text that a get returned falls into such strings in one way only. A *sight* is what an
//! operation tells of the list: pieces from some place on, perhaps to the end.
//!
//! A piece that nobody can have appended by then, or that is missing, has the names that
//! [`classify`](super::classify) gives. Besides:
//!
//! - `duplicate-apply`: a piece more often than calls to append it had been made, or a place
//!   further on than all appends that had been called reach.
//! - `lost-update`: two appends that were told the same place; one that was told too low a place.
//! - `reordered-delivery`: two pieces in the order contrary to that of their appends.
//! - `split-brain`: two sights that tell different pieces for one place: neither is a beginning of
//!   the other. If what one of them has was acknowledged before the other, and is never seen
//!   again, it is a `lost-update`.

mod branches;
mod missing;
mod pieces;

use std::sync::Arc;

use super::classify::Origin;
use super::event::Event;
use super::evidence::{Scope, Verb};
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::history::hash::Map;
use crate::history::{OpIndex, Rank, Shape, Value};
use crate::model::{Kind, Model, log};
use pieces::Pieces;

const APPEND: Verb = Verb { to_do: "append it", did: "appended it", done: "appended" };
const PUT: Verb = Verb { to_do: "put it there", did: "put it there", done: "put there" };

/// A piece of a list, as a number.
type Piece = u32;

/// What a list started with when it was seen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Base {
    /// With what was there before the first operation; nothing ever replaces it.
    Start,
    /// With this piece, which one operation put in the place of all others.
    Put(Piece),
    /// It is not known.
    Unknown,
}

/// What an operation tells of the list.
#[derive(Clone, Debug)]
struct Sight {
    base: Base,
    /// The place of the first piece.
    from: usize,
    pieces: Arc<[Piece]>,
    /// Whether the list ends there.
    is_whole: bool,
    /// Whether an append told it, rather than a read.
    by_append: bool,
}

impl Sight {
    fn end(&self) -> usize {
        self.from.saturating_add(self.pieces.len())
    }

    /// The first place of which the two tell different things; a place past the end counts as one.
    fn conflict(&self, other: &Sight) -> Option<usize> {
        let from = self.from.max(other.from);
        let to = self.end().min(other.end());
        if from >= to {
            return None;
        }
        let part = |sight: &Sight| from - sight.from..to - sight.from;
        let (one, two) = (&self.pieces[part(self)], &other.pieces[part(other)]);
        if one == two {
            return None;
        }
        one.iter().zip(two).position(|(a, b)| a != b).map(|at| from + at)
    }
}

/// A key as a list.
struct List {
    /// Its pieces before the first operation.
    initial: Vec<Piece>,
    appends: Vec<Event<Piece>>,
    /// What replaces the whole: by a piece, or by nothing.
    resets: Vec<Event<Option<Piece>>>,
    sights: Vec<Event<Sight>>,
    /// Appends and replacements that failed.
    failed: Vec<Event<Piece>>,
    /// Reads of something that no operation can have left: each with whether an operation that
    /// failed would account for it.
    strange: Vec<Event<()>>,
}

/// The anomaly that a violation of a log, or of a key with appends, shows; `None` if the model is
/// none, or nothing fits. About O(n log n) for the sights in question, within a limit.
pub(super) fn name(scope: Scope<'_>) -> Option<Anomaly> {
    let list = match scope.case.model.kind() {
        Kind::Log { initial, view } => log_list(&initial, &scope.events(view), &scope.failed(view)),
        Kind::Kv { initial, view, .. } => {
            let (events, failed) = (scope.events(view), scope.failed(view));
            Pieces::of(&initial, &events, &failed)?.list()?
        }
        _ => return None,
    };
    let mut sources: Sources<'_> = Map::default();
    for append in &list.appends {
        sources.entry(append.op).or_default().push(append);
    }
    Naming { scope, list: &list, sources }.name()
}

fn log_list(initial: &[Value], events: &[Event<log::Op>], failed: &[Event<log::Op>]) -> List {
    let pieces = |values: &[Value]| values.iter().map(|value| value.handle()).collect();
    let mut list = List {
        initial: initial.iter().map(|value| value.handle()).collect(),
        appends: Vec::new(),
        resets: Vec::new(),
        sights: Vec::new(),
        failed: Vec::new(),
        strange: Vec::new(),
    };
    for event in events {
        let sight = |from: u32, pieces: Arc<[Piece]>, is_whole: bool| Sight {
            base: Base::Start,
            from: from as usize,
            pieces,
            is_whole,
            by_append: false,
        };
        let sight = match &event.op {
            log::Op::Append(value, offset) => {
                list.appends.push(event.with(value.handle()));
                let Some(offset) = *offset else { continue };
                Sight { by_append: true, ..sight(offset, pieces(&[*value]), false) }
            }
            log::Op::Read(values) => sight(0, pieces(values), true),
            log::Op::ReadPrefix(values) => sight(0, pieces(values), false),
            log::Op::ReadFrom(from, values) => sight(*from, pieces(values), true),
            log::Op::ReadAt(from, value) if value.is_null() => sight(*from, pieces(&[]), true),
            log::Op::ReadAt(from, value) => sight(*from, pieces(&[*value]), false),
            log::Op::ReadAny => continue,
        };
        if event.is_done() {
            list.sights.push(event.with(sight));
        }
    }
    for event in failed {
        if let log::Op::Append(value, _) = event.op {
            list.failed.push(event.with(value.handle()));
        }
    }
    list
}

/// The operations that append each piece.
type Sources<'a> = Map<Piece, Vec<&'a Event<Piece>>>;

struct Naming<'a> {
    scope: Scope<'a>,
    list: &'a List,
    sources: Sources<'a>,
}

impl<'a> Naming<'a> {
    fn name(&self) -> Option<Anomaly> {
        /// So many sights are looked at.
        const SIGHTS: usize = 64;
        if let Some(strange) = self.list.strange.iter().find(|e| self.scope.is_failing(e)) {
            let summary = format!("{}, which no operations make", self.phrase(strange));
            return self.scope.proved(AnomalyKind::PhantomRead, &[strange], summary);
        }
        let mut sights = self.scope.looks(&self.list.sights, |_| true);
        let many = self.list.sights.len() > 1_000;
        sights.truncate(if many { SIGHTS / 8 } else { SIGHTS });
        let each = |look: &dyn Fn(&Event<Sight>) -> Option<Anomaly>| {
            let polled = || self.scope.case.meter.poll().is_ok();
            sights.iter().take_while(|_| polled()).find_map(|sight| look(sight))
        };
        each(&|sight| self.has_too_much(sight))
            .or_else(|| each(&|sight| self.out_of_place(sight)))
            .or_else(|| each(&|sight| self.forked(sight)))
            .or_else(|| each(&|sight| self.inverted(sight)))
            .or_else(|| each(&|sight| self.misses(sight)))
            .or_else(|| each(&|sight| self.overwritten(sight)))
            .or_else(|| each(&|sight| self.emptied(sight)))
            .or_else(|| each(&|sight| self.too_short(sight)))
            .or_else(|| each(&|sight| self.shorter(sight)))
            .or_else(|| each(&|sight| self.in_two_places(sight)))
    }

    fn say(
        &self,
        kind: AnomalyKind,
        operations: impl IntoIterator<Item = OpIndex>,
        summary: String,
    ) -> Option<Anomaly> {
        Some(self.scope.anomaly(kind, Certainty::Proved, operations, summary))
    }

    fn phrase<Op>(&self, event: &Event<Op>) -> String {
        self.scope.call(event.index)
    }

    /// The operations that append a piece.
    fn appending(&self, piece: Piece) -> &[&'a Event<Piece>] {
        self.sources.get(&piece).map_or(&[], Vec::as_slice)
    }

    /// The operations that put a piece in the place of all others.
    fn putting(&self, piece: Piece) -> impl Iterator<Item = &'a Event<Option<Piece>>> {
        self.list.resets.iter().filter(move |event| event.op == Some(piece))
    }

    /// A piece in words, as an operation gave it; else as the sight at `index` shows it.
    fn show(&self, piece: Piece, index: OpIndex) -> String {
        let case = self.scope.case;
        let put = || self.putting(piece).next().map(|event| event.index);
        let failed = || self.list.failed.iter().find(|event| event.op == piece).map(|e| e.index);
        let source = self.appending(piece).first().map(|event| event.index);
        if let Some(source) = source.or_else(put).or_else(failed) {
            return self.scope.value(case.operation(source).input);
        }
        match case.history.values().shape(case.operation(index).output) {
            Shape::List(items) => items.iter().find(|value| value.handle() == piece),
            _ => None,
        }
        .map_or_else(|| "an entry".to_owned(), |&value| self.scope.value(value))
    }

    /// How often a piece can be in the list at most by `time`.
    fn called(&self, piece: Piece, time: Rank) -> usize {
        let initial = self.list.initial.iter().filter(|&&other| other == piece).count();
        let appends = self.appending(piece).iter().filter(|event| event.span.call < time);
        let puts = self.putting(piece).filter(|event| event.span.call < time);
        initial + appends.count() + puts.count()
    }

    /// A piece whose only append was told one place, and which somebody saw at another one.
    fn in_two_places(&self, sight: &Event<Sight>) -> Option<Anomaly> {
        let piece = *sight.op.pieces.first().filter(|_| sight.op.by_append)?;
        let is_only = self.appending(piece).len() == 1;
        if !is_only || sight.op.base != Base::Start || !self.list.resets.is_empty() {
            return None;
        }
        let elsewhere = |other: &Event<Sight>| {
            let is_read = !other.op.by_append && other.op.base == Base::Start;
            let mut places = (other.op.from..).zip(other.op.pieces.iter());
            let at = places.find(|&(at, &seen)| seen == piece && at != sight.op.from);
            at.filter(|_| is_read).map(|(at, _)| (other.index, at))
        };
        let (other, at) = self.list.sights.iter().find_map(elsewhere)?;
        let summary = format!(
            "{} got place {}, and {} is at place {at}, too: it was appended twice",
            self.phrase(sight),
            sight.op.from,
            self.show(piece, other),
        );
        self.say(AnomalyKind::DuplicateApply, [sight.index, other], summary)
    }

    /// A piece that is there too often, or at all.
    fn has_too_much(&self, sight: &Event<Sight>) -> Option<Anomaly> {
        let mut counts: Map<Piece, usize> = Map::default();
        let piece = sight.op.pieces.iter().copied().find(|&piece| {
            let count = counts.entry(piece).or_default();
            *count += 1;
            // Most pieces have one source, and that was called long ago.
            let alone = *count == 1 && !sight.op.by_append;
            let source = self.appending(piece).first();
            let known = source.is_some_and(|source| source.span.call < sight.span.ret);
            !(alone && known) && *count > self.called(piece, sight.span.ret)
        })?;
        let found = format!("{} has {}", self.phrase(sight), self.show(piece, sight.index));
        let own = self.appending(piece);
        if self.called(piece, sight.span.ret) > 0 {
            let summary = format!("{found} more often than it was appended");
            let shown = own.iter().map(|event| event.index);
            return self.say(AnomalyKind::DuplicateApply, shown.chain([sight.index]), summary);
        }
        let fails = |event: &&Event<Piece>| event.op == piece && event.span.call < sight.span.ret;
        let failed = self.list.failed.iter().find(fails).map(|event| event.index);
        let later = own.first().map(|event| event.index);
        let put = self.putting(piece).next().map(|event| event.index);
        let verb = if failed.or(later).is_none() && put.is_some() { PUT } else { APPEND };
        self.scope.unfounded(sight.index, Origin::of(failed, later.or(put)), &found, &verb)
    }

    /// A place, or an end, below what was certainly there, or beyond what can have been.
    fn out_of_place(&self, sight: &Event<Sight>) -> Option<Anomaly> {
        if sight.op.base != Base::Start {
            return None;
        }
        let others = || self.list.appends.iter().filter(|append| append.index != sight.index);
        let initial = self.list.initial.len();
        let sure = initial + others().filter(|append| append.precedes(sight)).count();
        let most = initial + others().filter(|append| append.span.call < sight.span.ret).count();
        // An append's place is the length before it; a read's first place tells the least.
        let (from, by_append) = (sight.op.from, sight.op.by_append);
        let told = !sight.op.pieces.is_empty() || by_append;
        if told && if by_append { from > most } else { sight.op.end() > most } {
            let summary =
                format!("{} tells of more entries than were appended by then", self.phrase(sight));
            return self.say(AnomalyKind::DuplicateApply, [sight.index], summary);
        }
        if !by_append || from >= sure {
            return None;
        }
        let earlier = || others().filter(|append| append.precedes(sight));
        let rival = self.list.sights.iter().find(|other| {
            other.op.by_append && other.op.from == from && other.index != sight.index
        });
        let summary = match (rival, earlier().max_by_key(|append| append.span.ret)) {
            (Some(rival), _) => {
                format!("{} got the place of {}", self.phrase(sight), self.phrase(rival))
            }
            (None, last) => format!(
                "{} got place {from} although {sure} entries were there already{}",
                self.phrase(sight),
                last.map_or(String::new(), |last| format!(", the last by {}", self.phrase(last))),
            ),
        };
        let shown = [sight.index].into_iter().chain(rival.map(|rival| rival.index));
        let shown = shown.chain(earlier().map(|append| append.index));
        self.say(AnomalyKind::LostUpdate, shown, summary)
    }

    /// The only operation that appends a piece, if there is one.
    fn only(&self, piece: Piece) -> Option<&'a Event<Piece>> {
        let [source] = *self.appending(piece) else { return None };
        let elsewhere = self.list.initial.contains(&piece) || self.putting(piece).next().is_some();
        (!elsewhere).then_some(source)
    }

    /// Two pieces in the order contrary to that of their appends.
    fn inverted(&self, sight: &Event<Sight>) -> Option<Anomaly> {
        // From the end: the append that returned first among those that stand behind.
        let mut earliest: Option<&Event<Piece>> = None;
        for &piece in sight.op.pieces.iter().rev() {
            let Some(source) = self.only(piece) else { continue };
            if let Some(behind) = earliest.filter(|behind| behind.precedes(source)) {
                let summary = format!(
                    "{} has {} before {}, though {} and only then this was appended",
                    self.phrase(sight),
                    self.show(source.op, sight.index),
                    self.show(behind.op, sight.index),
                    self.scope.deed(behind.index, "appended that"),
                );
                let shown = [sight.index, source.index, behind.index];
                return self.say(AnomalyKind::ReorderedDelivery, shown, summary);
            }
            if earliest.is_none_or(|other| source.span.ret < other.span.ret) {
                earliest = Some(source);
            }
        }
        None
    }
}
