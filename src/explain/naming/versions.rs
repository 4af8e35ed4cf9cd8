//! Names violations of keys with versions, by what operations tell of versions; those of keys that
//! are deleted may start anew, so that less is certain of them.
//!
//! - `lost-update`: two updates made one version, or both replaced one; an update made a version,
//!   or replaced one, that is not greater, or less, than one that was there before its call.
//! - `stale-read`, `read-your-writes`, `non-monotonic-read`: a read saw a version less than one
//!   that was there before its call.
//! - `split-brain`: two operations tell different values of one version.
//! - `phantom-read`, `dirty-read`, `future-read`: a read saw a value that nobody had put.

use std::sync::Arc;

use super::classify::Origin;
use super::event::Event;
use super::evidence::{Scope, Verb};
use crate::explain::anomaly::{Anomaly, AnomalyKind};
use crate::history::Value;
use crate::model::versioned_kv::Op;
use crate::model::{Kind, Model};

const PUT: Verb = Verb { to_do: "put it", did: "put it", done: "put" };

/// The anomaly that a violation of a key with versions shows; `None` if the model is none, or
/// nothing fits. O(n) for each operation that the violation rests on.
pub(super) fn name(scope: Scope<'_>) -> Option<Anomaly> {
    let Kind::Versions { initial, view } = scope.case.model.kind() else { return None };
    let key = Key { scope, initial, events: scope.events(view), failed: scope.failed(view) };
    let looks = scope.looks(&key.events, Event::is_done);
    looks.iter().find_map(|look| key.unfounded(look)).or_else(|| {
        let deletes = |event: &Event<Arc<Op>>| {
            matches!(*event.op, Op::Put { value: None, .. } | Op::Try(_, None))
        };
        if key.events.iter().any(deletes) {
            return None;
        }
        looks
            .iter()
            .find_map(|look| key.rivals(look))
            .or_else(|| looks.iter().find_map(|look| key.behind(look)))
    })
}

struct Key<'a> {
    scope: Scope<'a>,
    initial: Option<Value>,
    events: Vec<Event<Arc<Op>>>,
    failed: Vec<Event<Arc<Op>>>,
}

/// What an operation that succeeded tells of versions.
#[derive(Clone, Copy, Default)]
struct Told {
    /// The version that it found.
    found: Option<i64>,
    /// The one that it made.
    made: Option<i64>,
    /// The value of the version that it tells, if it tells one.
    value: Option<(i64, Value)>,
    /// Whether it replaced what it found.
    replaces: bool,
}

fn told(op: &Op) -> Told {
    match *op {
        Op::Get(value, found) => Told { found, value: found.zip(value), ..Told::default() },
        Op::Put { expected, value, version } => {
            let value = version.zip(value);
            Told { found: expected, made: version, value, replaces: true }
        }
        Op::Mismatch(_, found) => Told { found, ..Told::default() },
        Op::GetAny | Op::Try(..) => Told::default(),
    }
}

fn puts(op: &Op, value: Value) -> bool {
    matches!(*op, Op::Put { value: Some(put), .. } | Op::Try(_, Some(put)) if put == value)
}

impl Key<'_> {
    /// A value that nobody put, or only later.
    fn unfounded(&self, look: &Event<Arc<Op>>) -> Option<Anomaly> {
        let Op::Get(Some(value), _) = *look.op else { return None };
        let is_put = |event: &&Event<Arc<Op>>| puts(&event.op, value);
        let in_time = |event: &&Event<Arc<Op>>| event.span.call < look.span.ret;
        let mut earlier = self.events.iter().filter(is_put).filter(in_time);
        if self.initial == Some(value) || earlier.next().is_some() {
            return None;
        }
        let failed = self.failed.iter().filter(is_put).find(in_time).map(|event| event.index);
        let later = self.events.iter().find(is_put).map(|event| event.index);
        let found = self.scope.deed(look.index, &format!("read {}", self.scope.value(value)));
        self.scope.unfounded(look.index, Origin::of(failed, later), &found, &PUT)
    }

    /// Another operation that tells something else of the same version, or replaced it, too.
    fn rivals(&self, look: &Event<Arc<Op>>) -> Option<Anomaly> {
        let own = told(&look.op);
        let others = || {
            let others = self.events.iter().filter(|event| event.is_done());
            others.filter(|other| other.index != look.index)
        };
        let phrase = |event: &Event<Arc<Op>>| self.scope.call(event.index);
        if let Some(made) = own.made
            && let Some(other) = others().find(|other| told(&other.op).made == Some(made))
        {
            let summary =
                format!("{} and {} both made version {made}", phrase(other), phrase(look));
            return self.scope.proved(AnomalyKind::LostUpdate, &[other, look], summary);
        }
        if let Some(found) = own.found.filter(|_| own.replaces)
            && let Some(other) = others().find(|other| {
                let other = told(&other.op);
                other.replaces && other.found == Some(found)
            })
        {
            let summary =
                format!("{} and {} both replaced version {found}", phrase(other), phrase(look));
            return self.scope.proved(AnomalyKind::LostUpdate, &[other, look], summary);
        }
        let (version, value) = own.value?;
        let differs = |other: &&Event<Arc<Op>>| {
            told(&other.op).value.is_some_and(|(of, other)| of == version && other != value)
        };
        let other = others().find(differs)?;
        let summary =
            format!("{} and {} tell two values of version {version}", phrase(other), phrase(look));
        self.scope.proved(AnomalyKind::SplitBrain, &[other, look], summary)
    }

    /// A version that was over when the operation was called.
    fn behind(&self, look: &Event<Arc<Op>>) -> Option<Anomaly> {
        let own = told(&look.op);
        let before = || self.events.iter().filter(|event| event.precedes(look));
        let latest = |event: &Event<Arc<Op>>| {
            let told = told(&event.op);
            // What it replaced is over; what it made is there, even if it does not tell it.
            let next = told.found.map(|found| found.saturating_add(i64::from(told.replaces)));
            told.made.max(next)
        };
        let newest = before().max_by_key(|event| latest(event))?;
        let reached = latest(newest)?;
        let is_made_late = own.made.is_some_and(|made| made <= reached);
        let is_behind = own.found.is_some_and(|found| found < reached);
        if !is_made_late && !is_behind {
            return None;
        }
        let kind = match (own.replaces, newest.process == look.process, told(&newest.op).replaces) {
            (true, ..) => AnomalyKind::LostUpdate,
            (_, true, true) => AnomalyKind::ReadYourWrites,
            (_, true, false) => AnomalyKind::NonMonotonicRead,
            _ => AnomalyKind::StaleRead,
        };
        let [first, second] = [newest, look].map(|event| self.scope.call(event.index));
        let summary = format!("{second} came after {first}, and is of an older version");
        self.scope.proved(kind, &[newest, look], summary)
    }
}
