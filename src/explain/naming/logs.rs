//! Names violations of logs, and of keys whose strings grow by appends.
//!
//! Both are lists of pieces: a log's entries, or the strings of a key's operations, where every
//! text that a get returned falls into such strings in one way only. A *sight* is what an
//! operation tells of the list: pieces from some place on, perhaps to the end.
//!
//! - `phantom-read`, `dirty-read`, `future-read`: a piece that nobody had called to append, that
//!   only operations that failed had, or that was appended only later.
//! - `duplicate-apply`: a piece more often than calls to append it had been made.
//! - `lost-update`: an acknowledged piece that is missing in a sight of the whole, and in all
//!   later ones; two appends that were told the same place; one that was told too low a place.
//! - `read-your-writes`, `non-monotonic-read`, `stale-read`: missing in this sight, and seen later:
//!   for the process that appended it, one that had seen it, another one.
//! - `reordered-delivery`: two pieces in the order contrary to that of their appends.
//! - `split-brain`: two sights that tell different pieces for one place: neither is a beginning of
//!   the other. If what one of them has was acknowledged before the other, and is never seen
//!   again, it is a `lost-update`.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::evidence::{Event, anomaly, events, failed, is_in_focus, since, when, who};
use super::pieces::Pieces;
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::case::Case;
use crate::explain::violations::Violation;
use crate::history::phrase::{operation_phrase, value_phrase};
use crate::history::{Shape, Value};
use crate::model::{Kind, Model, log};

/// A piece of a list, as a number.
pub(super) type Piece = u32;

/// What a list started with when it was seen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Base {
    /// With what was there before the first operation; nothing ever replaces it.
    Start,
    /// With this piece, which one operation put in the place of all others.
    Put(Piece),
    /// It is not known.
    Unknown,
}

/// What an operation tells of the list.
#[derive(Clone, Debug)]
pub(super) struct Sight {
    pub(super) base: Base,
    /// The place of the first piece.
    pub(super) from: usize,
    pub(super) pieces: Arc<[Piece]>,
    /// Whether the list ends there.
    pub(super) is_whole: bool,
    /// Whether an append told it, rather than a read.
    pub(super) by_append: bool,
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
pub(super) struct List {
    /// Its pieces before the first operation.
    pub(super) initial: Vec<Piece>,
    pub(super) appends: Vec<Event<Piece>>,
    /// What replaces the whole: by a piece, or by nothing.
    pub(super) resets: Vec<Event<Option<Piece>>>,
    pub(super) sights: Vec<Event<Sight>>,
    /// Appends and replacements that failed.
    pub(super) failed: Vec<Event<Piece>>,
    /// Reads of something that no operation can have left: each with whether an operation that
    /// failed would account for it.
    pub(super) strange: Vec<Event<()>>,
}

/// The anomaly that `violation` of a log, or of a key with appends, shows; `None` if the model is
/// none, or nothing fits. About O(n log n) for the sights in question, within a limit.
pub(super) fn name<M: Model>(case: &Case<'_, M>, violation: &Violation) -> Option<Anomaly> {
    let list = match case.model.kind() {
        Kind::Log { initial, view } => {
            log_list(&initial, &events(case, violation, view), &failed(case, view))
        }
        Kind::Kv { initial, view, .. } => {
            let (events, failed) = (events(case, violation, view), failed(case, view));
            Pieces::of(&initial, &events, &failed)?.list()?
        }
        _ => return None,
    };
    Naming { case, violation, list }.name()
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

struct Naming<'a, 'c, M: Model> {
    case: &'a Case<'c, M>,
    violation: &'a Violation,
    list: List,
}

/// The operations that append each piece.
type Sources<'a> = FxHashMap<Piece, Vec<&'a Event<Piece>>>;

impl<M: Model> Naming<'_, '_, M> {
    fn name(&self) -> Option<Anomaly> {
        /// So many sights are looked at.
        const SIGHTS: usize = 64;
        let mut sources: Sources<'_> = FxHashMap::default();
        for append in &self.list.appends {
            sources.entry(append.op).or_default().push(append);
        }
        let in_focus = |index, span| is_in_focus(self.violation, index, span);
        let strange = self.list.strange.iter().find(|e| e.index == self.violation.operation);
        if let Some(strange) = strange {
            let summary = format!("{}, which no operations make", self.phrase(strange));
            let kind = AnomalyKind::PhantomRead;
            return Some(anomaly(self.case, kind, Certainty::Proved, [strange.index], summary));
        }
        let sights = self.list.sights.iter().filter(|sight| in_focus(sight.index, sight.span));
        let mut sights: Vec<&Event<Sight>> = sights.collect();
        sights.sort_by_key(|sight| (sight.index != self.violation.operation, sight.span.ret));
        sights.truncate(SIGHTS);
        let each = |look: &dyn Fn(&Event<Sight>) -> Option<Anomaly>| {
            let polled = || self.case.meter.poll().is_ok();
            sights.iter().take_while(|_| polled()).find_map(|sight| look(sight))
        };
        each(&|sight| self.has_too_much(sight, &sources))
            .or_else(|| each(&|sight| self.out_of_place(sight)))
            .or_else(|| each(&|sight| self.forked(sight, &sources)))
            .or_else(|| each(&|sight| self.inverted(sight, &sources)))
            .or_else(|| each(&|sight| self.misses(sight, &sources)))
            .or_else(|| each(&|sight| self.overwritten(sight)))
            .or_else(|| each(&|sight| self.emptied(sight, &sources)))
            .or_else(|| each(&|sight| self.too_short(sight)))
            .or_else(|| each(&|sight| self.shorter(sight)))
    }

    fn say(
        &self,
        kind: AnomalyKind,
        operations: impl IntoIterator<Item = u32>,
        summary: String,
    ) -> Option<Anomaly> {
        Some(anomaly(self.case, kind, Certainty::Proved, operations, summary))
    }

    fn phrase<Op>(&self, event: &Event<Op>) -> String {
        let case = self.case;
        let operation = operation_phrase(case.history, case.operation(event.index));
        format!("`{operation}` by {} {}", who(case, event.index), when(case, event.index))
    }

    /// A piece in words, as an operation gave it; else as the sight at `index` shows it.
    fn show(&self, piece: Piece, index: u32, sources: &Sources<'_>) -> String {
        let input = |index: u32| self.case.operation(index).input;
        let from = sources.get(&piece).and_then(|events| events.first()).map(|event| event.index);
        let resets = || {
            let reset = self.list.resets.iter().find(|event| event.op == Some(piece));
            reset.map(|event| event.index)
        };
        let failed = || self.list.failed.iter().find(|event| event.op == piece).map(|e| e.index);
        if let Some(source) = from.or_else(resets).or_else(failed) {
            return value_phrase(self.case.history, input(source));
        }
        match self.case.history.values().shape(self.case.operation(index).output) {
            Shape::List(items) => items.iter().find(|value| value.handle() == piece),
            _ => None,
        }
        .map_or_else(|| "an entry".to_owned(), |&value| value_phrase(self.case.history, value))
    }

    /// How often a piece can be in the list at most by `time`, without operation `but`.
    fn called(&self, piece: Piece, time: u32, sources: &Sources<'_>) -> usize {
        let initial = self.list.initial.iter().filter(|&&other| other == piece).count();
        let appends = sources.get(&piece).map_or(&[][..], Vec::as_slice);
        let resets = self.list.resets.iter().filter(|event| event.op == Some(piece));
        initial
            + appends.iter().filter(|event| event.span.call < time).count()
            + resets.filter(|event| event.span.call < time).count()
    }

    /// A piece that is there too often, or at all.
    fn has_too_much(&self, sight: &Event<Sight>, sources: &Sources<'_>) -> Option<Anomaly> {
        let mut counts: FxHashMap<Piece, usize> = FxHashMap::default();
        let piece = sight.op.pieces.iter().copied().find(|&piece| {
            let count = counts.entry(piece).or_default();
            *count += 1;
            // Most pieces have one source, and that was called long ago.
            let alone = *count == 1 && !sight.op.by_append;
            let known = sources.get(&piece).is_some_and(|s| s[0].span.call < sight.span.ret);
            !(alone && known) && *count > self.called(piece, sight.span.ret, sources)
        })?;
        let (case, what) = (self.case, self.show(piece, sight.index, sources));
        let own = sources.get(&piece).map_or(&[][..], Vec::as_slice);
        let found = format!("{} has {what}", self.phrase(sight));
        if self.called(piece, sight.span.ret, sources) > 0 {
            let summary = format!("{found} more often than it was appended");
            let shown = own.iter().map(|event| event.index);
            return self.say(AnomalyKind::DuplicateApply, shown.chain([sight.index]), summary);
        }
        let failed = |event: &&Event<Piece>| event.op == piece && event.span.call < sight.span.ret;
        if let Some(failed) = self.list.failed.iter().find(failed) {
            let summary = format!(
                "{found}, though {}'s operation to append it failed",
                who(case, failed.index)
            );
            return self.say(AnomalyKind::DirtyRead, [sight.index, failed.index], summary);
        }
        match own.first() {
            Some(later) => {
                let (by, then) = (who(case, later.index), since(case, later.index));
                let summary = format!("{found}, which {by} appended only {then}");
                self.say(AnomalyKind::FutureRead, [sight.index, later.index], summary)
            }
            None if self.list.resets.iter().any(|event| event.op == Some(piece)) => {
                let summary = format!("{found}, which is put there only later");
                self.say(AnomalyKind::FutureRead, [sight.index], summary)
            }
            None => {
                let summary = format!("{found}, which nobody appended");
                self.say(AnomalyKind::PhantomRead, [sight.index], summary)
            }
        }
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
        if by_append && from < sure {
            let rival = self.list.sights.iter().find(|other| {
                other.op.by_append && other.op.from == from && other.index != sight.index
            });
            let last = others().filter(|append| append.precedes(sight)).max_by_key(|a| a.span.ret);
            let mut shown = vec![sight.index];
            shown.extend(rival.map(|rival| rival.index));
            shown.extend(others().filter(|a| a.precedes(sight)).map(|a| a.index));
            let summary = match rival {
                Some(rival) => {
                    format!("{} got the place of {}", self.phrase(sight), self.phrase(rival))
                }
                None => format!(
                    "{} got place {from} although {sure} entries were there already{}",
                    self.phrase(sight),
                    last.map_or(String::new(), |last| format!(
                        ", the last by {}",
                        self.phrase(last)
                    )),
                ),
            };
            return self.say(AnomalyKind::LostUpdate, shown, summary);
        }
        None
    }

    /// Another sight that tells something else of the same place.
    fn forked(&self, sight: &Event<Sight>, sources: &Sources<'_>) -> Option<Anomaly> {
        if sight.op.base == Base::Unknown {
            return None;
        }
        let rivals = self.list.sights.iter().filter(|other| other.op.base == sight.op.base);
        let twin = |other: &&Event<Sight>| {
            let by_append = other.op.by_append && sight.op.by_append;
            by_append && other.op.from == sight.op.from && other.index != sight.index
        };
        if let Some(twin) = rivals.clone().find(twin) {
            let summary = format!("{} got the place of {}", self.phrase(sight), self.phrase(twin));
            return self.say(AnomalyKind::LostUpdate, [twin.index, sight.index], summary);
        }
        let conflict = |other: &Event<Sight>| sight.op.conflict(&other.op);
        let (place, other) = rivals.filter_map(|o| conflict(o).map(|at| (at, o))).next()?;
        let is_later = sight.span.ret > other.span.ret;
        let (first, second) = if is_later { (other, sight) } else { (sight, other) };
        let shown = [first.index, second.index];
        // Whether one of the two branches had been acknowledged, and is gone for good.
        for (gone, left) in [(first, second), (second, first)] {
            let piece = gone.op.pieces[place - gone.op.from];
            let [source] = sources.get(&piece).map_or(&[][..], Vec::as_slice) else { continue };
            let has = |sight: &Event<Sight>| sight.op.pieces.contains(&piece);
            let again = self.list.sights.iter().any(|sight| {
                sight.span.ret > left.span.call && sight.index != source.index && has(sight)
            });
            if source.precedes(left) && !again && left.op.is_whole {
                let summary = format!(
                    "{} lacks {}, which had been acknowledged to {} {}, and nobody sees it later",
                    self.phrase(left),
                    self.show(piece, gone.index, sources),
                    who(self.case, source.index),
                    when(self.case, source.index),
                );
                return self.say(
                    AnomalyKind::LostUpdate,
                    [source.index, left.index, gone.index],
                    summary,
                );
            }
        }
        let piece = |sight: &Event<Sight>| {
            self.show(sight.op.pieces[place - sight.op.from], sight.index, sources)
        };
        let summary = format!(
            "at one place {} {} saw {} and {} {} saw {}: two branches of what should be one",
            who(self.case, first.index),
            when(self.case, first.index),
            piece(first),
            who(self.case, second.index),
            when(self.case, second.index),
            piece(second),
        );
        self.say(AnomalyKind::SplitBrain, shown, summary)
    }

    /// The only operation that appends a piece, if there is one.
    fn only<'s>(&self, piece: Piece, sources: &Sources<'s>) -> Option<&'s Event<Piece>> {
        let [source] = sources.get(&piece)?[..] else { return None };
        let elsewhere = self.list.initial.contains(&piece)
            || self.list.resets.iter().any(|event| event.op == Some(piece));
        (!elsewhere).then_some(source)
    }

    /// Two pieces in the order contrary to that of their appends.
    fn inverted(&self, sight: &Event<Sight>, sources: &Sources<'_>) -> Option<Anomaly> {
        // From the end: the append that returned first among those that stand behind.
        let mut earliest: Option<&Event<Piece>> = None;
        for &piece in sight.op.pieces.iter().rev() {
            let Some(source) = self.only(piece, sources) else { continue };
            if let Some(behind) = earliest.filter(|behind| behind.precedes(source)) {
                let summary = format!(
                    "{} has {} before {}, though {} appended that {} and only then this was \
                     appended",
                    self.phrase(sight),
                    self.show(source.op, sight.index, sources),
                    self.show(behind.op, sight.index, sources),
                    who(self.case, behind.index),
                    when(self.case, behind.index),
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

    /// When the list that a sight saw had certainly begun: the return of what put its base there;
    /// `None` if that is not known.
    fn begun(&self, sight: &Event<Sight>) -> Option<u32> {
        let others = self.list.resets.iter();
        match sight.op.base {
            Base::Start => Some(0),
            Base::Put(piece) => {
                let mut own = others.clone().filter(|event| event.op == Some(piece));
                let put = own.next().filter(|_| own.next().is_none())?;
                // Another one may have come in between, with the appends before it.
                Some(put.span.ret)
            }
            Base::Unknown => None,
        }
    }

    /// Pieces of a list that must be in a sight of the whole, and are not.
    fn misses(&self, sight: &Event<Sight>, sources: &Sources<'_>) -> Option<Anomaly> {
        let begun = self.begun(sight)?;
        let here: rustc_hash::FxHashSet<Piece> = sight.op.pieces.iter().copied().collect();
        // Before something that is there, anything that came before it must be there too.
        let newest = sight.op.pieces.iter().filter_map(|&piece| self.only(piece, sources));
        let newest = newest.map(|source| source.span.call).max();
        let limit = match (sight.op.is_whole, newest) {
            (true, newest) => sight.span.call.max(newest.unwrap_or(0)),
            (false, Some(newest)) => newest,
            (false, None) => return None,
        };
        let is_due = |append: &&Event<Piece>| {
            append.span.ret < limit
                && append.span.call >= begun
                && !here.contains(&append.op)
                && append.index != sight.index
                && self.only(append.op, sources).is_some()
        };
        if sight.op.from > 0 || sight.op.by_append {
            return None;
        }
        let due: Vec<&Event<Piece>> = self.list.appends.iter().filter(is_due).collect();
        let later = |piece: Piece| {
            let has = |other: &&Event<Sight>| {
                sight.precedes(other) && !other.op.by_append && other.op.pieces.contains(&piece)
            };
            self.list.sights.iter().find(has)
        };
        // A few of them tell enough.
        let due = &due[..due.len().min(8)];
        let first = *due.first()?;
        let lost = due.iter().find(|append| later(append.op).is_none());
        let append =
            *lost.or_else(|| due.iter().find(|a| a.process == sight.process)).unwrap_or(&first);
        let seen = self.list.sights.iter().find(|other| {
            other.process == sight.process
                && other.precedes(sight)
                && !other.op.by_append
                && other.op.pieces.contains(&append.op)
        });
        let kind = match seen {
            _ if lost.is_some() => AnomalyKind::LostUpdate,
            _ if append.process == sight.process => AnomalyKind::ReadYourWrites,
            Some(_) => AnomalyKind::NonMonotonicRead,
            None => AnomalyKind::StaleRead,
        };
        let ending = if lost.is_some() { ", and nobody sees it later" } else { "" };
        let summary = format!(
            "{} lacks {}, which had been acknowledged to {} {}{ending}",
            self.phrase(sight),
            self.show(append.op, sight.index, sources),
            who(self.case, append.index),
            when(self.case, append.index),
        );
        let mut shown = vec![sight.index, append.index];
        shown.extend(later(append.op).map(|other| other.index));
        shown.extend(seen.map(|other| other.index));
        if let Base::Put(piece) = sight.op.base {
            let base = self.list.resets.iter().find(|event| event.op == Some(piece));
            shown.extend(base.map(|event| event.index));
        }
        self.say(kind, shown, summary)
    }

    /// A list that had been replaced as a whole before it was seen.
    fn overwritten(&self, sight: &Event<Sight>) -> Option<Anomaly> {
        let base = match sight.op.base {
            Base::Put(piece) => {
                Some(self.list.resets.iter().find(|event| event.op == Some(piece))?)
            }
            Base::Start => None,
            Base::Unknown => return None,
        };
        let over = |event: &&Event<Option<Piece>>| {
            base.is_none_or(|base| base.precedes(*event)) && event.precedes(sight)
        };
        let over = self.list.resets.iter().filter(over).max_by_key(|event| event.span.call)?;
        let newer = |other: &&Event<Sight>| match over.op {
            Some(piece) => other.op.base == Base::Put(piece),
            None => other.op.pieces.is_empty(),
        };
        let mut newer = self.list.sights.iter().filter(newer);
        let own = newer.clone().find(|o| o.process == sight.process && o.precedes(sight));
        let kind = match (newer.next(), over.op) {
            (Some(_), _) if over.process == sight.process => AnomalyKind::ReadYourWrites,
            (Some(_), _) if own.is_some() => AnomalyKind::NonMonotonicRead,
            (_, None) => AnomalyKind::ResurrectedValue,
            (Some(_), _) => AnomalyKind::StaleRead,
            (None, Some(_)) => AnomalyKind::LostUpdate,
        };
        let summary =
            format!("{} came after {}, and sees none of it", self.phrase(sight), self.phrase(over));
        let shown = [sight.index, over.index].into_iter().chain(base.map(|base| base.index));
        self.say(kind, shown.chain(own.map(|own| own.index)), summary)
    }

    /// Nothing at all, though something was put there or appended, and nobody deleted it.
    fn emptied(&self, sight: &Event<Sight>, sources: &Sources<'_>) -> Option<Anomaly> {
        if sight.op.base != Base::Unknown || !sight.op.pieces.is_empty() {
            return None;
        }
        let puts = self.list.resets.iter().filter_map(|e| e.op.map(|piece| e.with(piece)));
        let updates = self.list.appends.iter().cloned().chain(puts);
        let deletes = || self.list.resets.iter().filter(|event| event.op.is_none());
        let stays = |update: &Event<Piece>| {
            let gone = |delete: &Event<Option<Piece>>| {
                delete.span.call < sight.span.ret && delete.span.ret > update.span.call
            };
            update.precedes(sight) && !deletes().any(gone)
        };
        let update = updates.filter(stays).max_by_key(|update| update.span.call)?;
        let has = |other: &&Event<Sight>| other.op.pieces.contains(&update.op);
        let mut seen = self.list.sights.iter().filter(has);
        let later = seen.clone().find(|other| sight.precedes(other));
        let own = seen.find(|other| other.process == sight.process && other.precedes(sight));
        let kind = match later {
            None => AnomalyKind::LostUpdate,
            Some(_) if update.process == sight.process => AnomalyKind::ReadYourWrites,
            Some(_) if own.is_some() => AnomalyKind::NonMonotonicRead,
            Some(_) => AnomalyKind::StaleRead,
        };
        let summary = format!(
            "{} finds nothing although {} was acknowledged to {} {}",
            self.phrase(sight),
            self.show(update.op, sight.index, sources),
            who(self.case, update.index),
            when(self.case, update.index),
        );
        let shown = [sight.index, update.index].into_iter();
        self.say(kind, shown.chain(later.map(|other| other.index)), summary)
    }

    /// An end of the list before what had certainly been appended.
    fn too_short(&self, sight: &Event<Sight>) -> Option<Anomaly> {
        if sight.op.base != Base::Start || !sight.op.is_whole {
            return None;
        }
        let before = || self.list.appends.iter().rev().filter(|append| append.precedes(sight));
        let sure = self.list.initial.len() + before().count();
        if sight.op.end() >= sure {
            return None;
        }
        let later = |other: &&Event<Sight>| {
            sight.precedes(other) && other.op.end() >= sure && !other.op.pieces.is_empty()
        };
        let later = self.list.sights.iter().find(later);
        let own = before().any(|append| append.process == sight.process);
        let kind = match later {
            None => AnomalyKind::LostUpdate,
            Some(_) if own => AnomalyKind::ReadYourWrites,
            Some(_) => AnomalyKind::StaleRead,
        };
        let summary = format!(
            "{} finds the end although {sure} entries had been acknowledged",
            self.phrase(sight)
        );
        let shown = [sight.index].into_iter().chain(later.map(|other| other.index));
        self.say(kind, shown.chain(before().map(|append| append.index)), summary)
    }

    /// A sight of the whole that is shorter than what was seen before.
    fn shorter(&self, sight: &Event<Sight>) -> Option<Anomaly> {
        if !sight.op.is_whole || sight.op.base == Base::Unknown {
            return None;
        }
        let longer = |other: &&Event<Sight>| {
            other.op.base == sight.op.base
                && other.precedes(sight)
                && other.op.end() > sight.op.end()
                && !other.op.pieces.is_empty()
        };
        let all: Vec<&Event<Sight>> = self.list.sights.iter().filter(longer).collect();
        let own = all.iter().find(|other| other.process == sight.process);
        let other = *own.or(all.first())?;
        let kind = match (own.is_some(), other.op.by_append) {
            (true, true) => AnomalyKind::ReadYourWrites,
            (true, false) => AnomalyKind::NonMonotonicRead,
            (false, _) => AnomalyKind::StaleRead,
        };
        let summary = format!("{} came after {}", self.phrase(sight), self.phrase(other));
        self.say(kind, [sight.index, other.index], summary)
    }
}
