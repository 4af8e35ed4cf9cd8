//! Names violations of transactions, by cycles of what must have come before what.
//!
//! Where a version (a value of a register) was written once, it is known which transaction a read
//! saw, and often which version replaced which: real time tells, or a transaction that read the
//! one and wrote the other. Of each two transactions it is asked whether one must have come before
//! the other (Adya 1999):
//!
//! - *real time*: it returned before the other was called, or, where that is not known, the same
//!   process did it before the other;
//! - *wr*: the other read what it wrote; *ww*: the other replaced what it wrote;
//! - *rw*: it read a version that the other replaced.
//!
//! A cycle of these cannot be ordered. By its edges it is called (Berenson et al. 1995; Adya; the
//! long fork is Sovran et al.'s, SOSP 2011): `lost-update` (rw and rw, on one register, both
//! writing it), `dirty-write` (only ww), `circular-information-flow` (ww and wr), `write-skew` (two
//! rw that follow each other, as in every cycle that snapshots allow: Fekete et al., TODS 2005),
//! `long-fork` (two rw, apart), `read-skew` (one rw),
//! `future-read` (wr against real time), `stale-read` (rw against real time). A version without a
//! writer is a `phantom-read`, or a `dirty-read`, if a transaction that failed wrote it. A
//! transaction that contradicts itself saw half of another one: `read-skew`.
//!
//! Where versions are not known to have replaced each other, but no cycle is certain, they are
//! presumed to have done so in the order in which their transactions returned; a cycle is then
//! suggested only.
//!
//! A list that transactions append to is a register whose version is its last item. What a read
//! shows of it is the versions before that, too: an item that nobody appended, or two reads that
//! show different items at one place (`split-brain`), an item twice (`duplicate-apply`), and the
//! end of a list in the midst of what one transaction appended (`read-skew`).

use std::sync::Arc;

use super::classify::Origin;
use super::event::Event;
use super::evidence::{Scope, Verb};
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::history::hash::{Map, Set};
use crate::history::{Value, sort};
use crate::model::{Kind, Model, MultiRegister, Turn, list_append, multi_register};

const WRITE: Verb = Verb { to_do: "write it", did: "wrote it", done: "wrote" };
const APPEND: Verb = Verb { to_do: "append it", did: "appended it", done: "appended" };

/// Why one transaction came before another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Why {
    /// It was over before the other began.
    RealTime,
    /// The other read what it wrote.
    Wr,
    /// The other replaced what it wrote.
    Ww,
    /// It read what the other replaced, of this register.
    Rw(Value),
}

/// A register's value.
type Version = (Value, Value);

/// What a transaction did.
#[derive(Clone)]
struct Deed {
    contradictory: bool,
    /// The versions that it read.
    expects: Vec<Version>,
    /// Those that it made, of a list in their order.
    writes: Vec<Version>,
    /// The lists that it read, with all their items.
    shows: list_append::Items,
    /// Its place among those of its process, if only that is known of when it was.
    turn: Option<Turn>,
}

impl Deed {
    fn on_registers(op: &multi_register::Op) -> Deed {
        Deed {
            contradictory: op.is_contradictory(),
            expects: op.expects().to_vec(),
            writes: op.writes().to_vec(),
            shows: list_append::Items::default(),
            turn: op.turn(),
        }
    }

    fn on_lists(op: &list_append::Op) -> Deed {
        let last = |(list, items): &(Value, Arc<[Value]>)| {
            (*list, items.last().copied().unwrap_or(Value::NULL))
        };
        let all = |(list, items): &(Value, Arc<[Value]>)| -> Vec<Version> {
            items.iter().map(|&item| (*list, item)).collect()
        };
        Deed {
            contradictory: op.contradictory,
            expects: op.expects.iter().map(last).collect(),
            writes: op.appends.iter().flat_map(all).collect(),
            shows: Arc::clone(&op.expects),
            turn: op.turn,
        }
    }
}

struct Transactions<'a> {
    scope: Scope<'a>,
    registers: MultiRegister,
    list: Vec<Event<Deed>>,
    failed: Vec<Event<Deed>>,
    /// Whether versions are the items of lists.
    are_lists: bool,
    /// The transactions that wrote each version, by their places in the list.
    writers: Map<Version, Vec<usize>>,
    /// The places of the versions of lists, as the longest read of each shows them.
    places: Map<Version, usize>,
    /// Whether versions are presumed to have replaced each other in the order of the returns.
    presumes: bool,
}

/// The anomaly that a violation of transactions shows; `None` if the model is none, or nothing
/// fits. Looks at no more than the violation's operations and some around the failing one; for
/// those, O(m³).
pub(super) fn name(scope: Scope<'_>) -> Option<Anomaly> {
    let (registers, are_lists, list, failed) = match scope.case.model.kind() {
        Kind::Transactions { registers, view } => {
            let deed = |event: &Event<_>| event.with(Deed::on_registers(&event.op));
            let list = scope.events(view).iter().map(deed).collect();
            let failed = scope.failed(view).iter().map(deed).collect();
            (registers, false, list, failed)
        }
        Kind::Lists { view } => {
            let deed = |event: &Event<Arc<_>>| event.with(Deed::on_lists(&event.op));
            let list: Vec<Event<Deed>> = scope.events(view).iter().map(deed).collect();
            let failed = scope.failed(view).iter().map(deed).collect();
            // A null that is appended would look like an empty list.
            let is_null = |version: &Version| version.1.is_null();
            if list.iter().any(|event| event.op.writes.iter().any(is_null)) {
                return None;
            }
            (MultiRegister::new(Value::NULL, &[]), true, list, failed)
        }
        _ => return None,
    };
    let mut writers: Map<Version, Vec<usize>> = Map::default();
    for (at, event) in list.iter().enumerate() {
        for &version in event.op.writes.iter() {
            writers.entry(version).or_default().push(at);
        }
    }
    let mut all = Transactions {
        scope,
        registers,
        list,
        failed,
        are_lists,
        writers,
        places: Map::default(),
        presumes: false,
    };
    let chosen = all.chosen();
    let reads = || chosen.iter().map(|&at| &all.list[at]).filter(|event| event.is_done());
    let found = reads()
        .find_map(|event| all.contradicts_itself(event))
        .or_else(|| reads().find_map(|event| all.nowhere_from(event)))
        .or_else(|| reads().find_map(|event| all.shows_twice(event)))
        .or_else(|| reads().find_map(|event| all.shows_part(event)))
        .or_else(|| all.forked(&chosen))
        .or_else(|| all.cycle(&chosen));
    found.or_else(|| {
        all.presumes = true;
        all.find_places(&chosen);
        all.cycle(&chosen)
    })
}

impl Transactions<'_> {
    /// The transactions to look at: the violation's, and those around the failing one that share
    /// a register with it, at most some hundred.
    fn chosen(&self) -> Vec<usize> {
        const CHOSEN: usize = 120;
        let violation = self.scope.violation;
        let Some(failing) = self.list.iter().position(|event| self.scope.is_failing(event)) else {
            return Vec::new();
        };
        let in_core = |at: &usize| violation.core.binary_search(&self.list[*at].index).is_ok();
        let mut chosen: Vec<usize> = vec![failing];
        chosen.extend((0..self.list.len()).filter(in_core).filter(|&at| at != failing));
        if violation.core.is_empty() || chosen.len() > CHOSEN {
            chosen.truncate(1);
            let span = self.list[failing].span;
            let mut near: Vec<usize> = (0..self.list.len()).filter(|&at| at != failing).collect();
            near.retain(|&at| self.list[at].span.call < span.ret);
            sort::by(&mut near, |&at| std::cmp::Reverse(self.list[at].span.ret.min(span.ret)));
            // Who wrote what it read comes first, however long ago.
            let reads = self.list[failing].op.expects.iter();
            let sources = reads.filter_map(|version| self.writers.get(version)).flatten();
            let sources: Vec<usize> = sources.copied().filter(|&at| at != failing).collect();
            chosen.extend(sources);
            for at in near {
                if chosen.len() >= CHOSEN {
                    break;
                }
                if !chosen.contains(&at) {
                    chosen.push(at);
                }
            }
        }
        chosen
    }

    /// Takes the order of the items of lists from the reads among `chosen`, which agree.
    fn find_places(&mut self, chosen: &[usize]) {
        for &at in chosen.iter().filter(|&&at| self.list[at].is_done()) {
            for (list, items) in self.list[at].op.shows.iter() {
                for (place, &item) in items.iter().enumerate() {
                    self.places.insert((*list, item), place);
                }
            }
        }
    }

    fn say(&self, kind: AnomalyKind, of: &[usize], summary: String) -> Option<Anomaly> {
        let operations = of.iter().map(|&at| self.list[at].index);
        let certainty = if self.presumes { Certainty::Suggested } else { Certainty::Proved };
        Some(self.scope.anomaly(kind, certainty, operations, summary))
    }

    fn phrase(&self, event: &Event<Deed>) -> String {
        self.scope.call(event.index)
    }

    /// What a register holds before the first operation.
    fn initial(&self, register: Value) -> Value {
        let given = self.registers.initial.get(register.handle().into());
        given.unwrap_or(self.registers.default)
    }

    fn contradicts_itself(&self, event: &Event<Deed>) -> Option<Anomaly> {
        if !event.op.contradictory {
            return None;
        }
        let what = if self.are_lists {
            "reads one list as two, or without what it appended itself"
        } else {
            "reads one register with two values"
        };
        let summary = format!("{} {what}", self.phrase(event));
        self.scope.proved(AnomalyKind::ReadSkew, &[event], summary)
    }

    /// A version that nobody wrote, or only later.
    fn nowhere_from(&self, event: &Event<Deed>) -> Option<Anomaly> {
        let written = |version: &&Version| {
            let writers = self.writers.get(version).map_or(&[][..], Vec::as_slice);
            let in_time = |&at: &usize| {
                self.list[at].index != event.index && self.list[at].span.call < event.span.ret
            };
            self.initial(version.0) == version.1 || writers.iter().any(in_time)
        };
        let lists = event.op.shows.iter();
        let shown = lists.flat_map(|(list, items)| items.iter().map(|&item| (*list, item)));
        let version = &event.op.expects.iter().copied().chain(shown).find(|it| !written(&it))?;
        let [register, value] = [version.0, version.1].map(|value| self.scope.value(value));
        let found = format!("{} found {value} in {register}", self.phrase(event));
        let fails = |failed: &&Event<Deed>| {
            failed.op.writes.contains(version) && failed.span.call < event.span.ret
        };
        let failed = self.failed.iter().find(fails).map(|failed| failed.index);
        let writers = self.writers.get(version).map_or(&[][..], Vec::as_slice);
        let mut writers = writers.iter().map(|&at| self.list[at].index);
        let later = writers.find(|&index| index != event.index);
        let in_between = self.replaced_it_itself(version).filter(|&at| {
            self.list[at].index != event.index && self.list[at].span.call < event.span.ret
        });
        if let Some(writer) = in_between.filter(|_| failed.is_none()) {
            let writer = &self.list[writer];
            let what = "wrote it and replaced it in the same transaction";
            let summary = format!("{found}; {} {what}", self.scope.who(writer.index));
            return self.scope.proved(AnomalyKind::ReadSkew, &[event, writer], summary);
        }
        let verb = if self.are_lists { &APPEND } else { &WRITE };
        if event.op.writes.contains(version) && failed.or(later).is_none() {
            let summary = format!("{found}, which it {} only afterwards", verb.done);
            return self.scope.proved(AnomalyKind::FutureRead, &[event], summary);
        }
        self.scope.unfounded(event.index, Origin::of(failed, later), &found, verb)
    }

    /// The transaction that wrote a version of a register and then another one.
    fn replaced_it_itself(&self, version: &Version) -> Option<usize> {
        let history = self.scope.case.history;
        let values = history.values();
        let writes = |micro: &Value| {
            let micro = values.as_list(*micro).unwrap_or(&[]);
            let [verb, register, value] = micro else { return false };
            let is_write = matches!(values.as_name(*verb), Some("w" | "write"));
            is_write && (*register, *value) == *version
        };
        self.list.iter().position(|event| {
            let micros = values.as_list(history[event.index].input).unwrap_or(&[]);
            !self.are_lists && micros.iter().any(writes)
        })
    }

    /// A list with an item twice, which was appended once.
    fn shows_twice(&self, event: &Event<Deed>) -> Option<Anomaly> {
        for (list, items) in event.op.shows.iter() {
            let mut seen: Set<Value> = Set::default();
            let twice = items.iter().copied().filter(|&item| !seen.insert(item));
            for item in twice {
                let Some(writer) = self.only_writer((*list, item)) else { continue };
                let writer = &self.list[writer];
                let [list, item] = [*list, item].map(|value| self.scope.value(value));
                let (who, phrase) = (self.scope.who(writer.index), self.phrase(event));
                let summary =
                    format!("{phrase} found {item} twice in {list}; {who} appended it once");
                return self.scope.proved(AnomalyKind::DuplicateApply, &[event, writer], summary);
            }
        }
        None
    }

    /// A list that ends in the midst of what one transaction appended.
    fn shows_part(&self, event: &Event<Deed>) -> Option<Anomaly> {
        for &(list, last) in event.op.expects.iter().filter(|_| self.are_lists) {
            let Some(writer) = self.only_writer((list, last)) else { continue };
            let writer = &self.list[writer];
            let mut own = writer.op.writes.iter().filter(|version| version.0 == list);
            // The last one that it appended, and nothing behind that.
            let is_last = own.next_back() == Some(&(list, last));
            if !is_last && writer.index != event.index {
                let [first, second] = [event, writer].map(|event| self.phrase(event));
                let what = "the first saw a part of what the second appended, not all";
                let summary = format!("{first} and {second}: {what}");
                return self.scope.proved(AnomalyKind::ReadSkew, &[event, writer], summary);
            }
        }
        None
    }

    /// Two reads of one list that show different items at one place.
    fn forked(&self, chosen: &[usize]) -> Option<Anomaly> {
        let done: Vec<&Event<Deed>> =
            chosen.iter().map(|&at| &self.list[at]).filter(|event| event.is_done()).collect();
        for (nth, one) in done.iter().enumerate() {
            for other in &done[..nth] {
                for (list, items) in one.op.shows.iter() {
                    let same = other.op.shows.iter().find(|(same, _)| same == list);
                    let Some((_, others)) = same else { continue };
                    let differs = |(a, b): (&Value, &Value)| a != b;
                    let Some(place) = items.iter().zip(others.iter()).position(differs) else {
                        continue;
                    };
                    let show = |value: Value| self.scope.value(value);
                    let summary = format!(
                        "at one place of {} {} saw {} and {} saw {}: two branches of what should \
                         be one",
                        show(*list),
                        self.scope.who(other.index),
                        show(others[place]),
                        self.scope.who(one.index),
                        show(items[place])
                    );
                    return self.scope.proved(AnomalyKind::SplitBrain, &[other, one], summary);
                }
            }
        }
        None
    }

    /// The only transaction that wrote a version, if one did and it was not there at the start.
    fn only_writer(&self, version: Version) -> Option<usize> {
        match self.writers.get(&version)?[..] {
            [writer] if self.initial(version.0) != version.1 => Some(writer),
            _ => None,
        }
    }

    /// Whether a version is the one from before the first operation, and no other.
    fn is_start(&self, version: Version) -> bool {
        self.initial(version.0) == version.1 && !self.writers.contains_key(&version)
    }

    /// Why the transaction at `a` must have come before that at `b`, if it happened.
    fn why(&self, a: usize, b: usize) -> Option<Why> {
        let (one, two) = (&self.list[a], &self.list[b]);
        // What need not have happened is before or after nothing, unless it was seen.
        if comes_before(one, two) {
            return Some(Why::RealTime);
        }
        let seen = |version: &Version| {
            two.op.expects.contains(version) && self.only_writer(*version) == Some(a)
        };
        if one.op.writes.iter().any(seen) {
            return Some(Why::Wr);
        }
        // It read a version, and the other one's is newer.
        let replaced = |&&(register, value): &&Version| {
            let newer = two.op.writes.iter().find(|other| other.0 == register);
            newer.is_some_and(|&newer| self.is_newer((register, value), newer, b))
        };
        if let Some(&(register, _)) = one.op.expects.iter().find(replaced) {
            return Some(Why::Rw(register));
        }
        let overwritten = |&&(register, value): &&Version| {
            let newer = two.op.writes.iter().find(|other| other.0 == register);
            newer.is_some_and(|&newer| {
                self.only_writer((register, value)) == Some(a)
                    && self.is_newer((register, value), newer, b)
            })
        };
        one.op.writes.iter().find(overwritten).map(|_| Why::Ww)
    }

    /// Whether the version `old` certainly came before the version `new`, which the transaction at
    /// `writer` wrote.
    fn is_newer(&self, old: Version, new: Version, writer: usize) -> bool {
        let event = &self.list[writer];
        if old == new || !event.is_done() {
            return false;
        }
        // It read the one and wrote the other, or the one was there before all.
        let read_it = event.op.expects.contains(&old);
        if let Some((one, other)) = self.places.get(&old).zip(self.places.get(&new)) {
            return self.presumes && one < other;
        }
        let before = |at: usize| at != writer && comes_before(&self.list[at], event);
        match self.only_writer(old) {
            Some(old) if self.presumes => read_it || self.list[old].span.ret < event.span.ret,
            Some(old) => read_it || before(old),
            None => self.is_start(old),
        }
    }

    /// A short cycle among the transactions at these places.
    fn cycle(&self, chosen: &[usize]) -> Option<Anomaly> {
        let done: Vec<usize> = chosen
            .iter()
            .copied()
            .filter(|&at| self.list[at].is_done() || self.is_seen(at))
            .collect();
        let count = done.len();
        let mut edges: Vec<Option<Why>> = vec![None; count * count];
        for a in 0..count {
            for b in 0..count {
                if a != b {
                    edges[a * count + b] = self.why(done[a], done[b]);
                }
            }
        }
        let edge = |a: usize, b: usize| edges[a * count + b];
        for a in 0..count {
            for b in a + 1..count {
                if let (Some(one), Some(two)) = (edge(a, b), edge(b, a)) {
                    return self.say_pair([done[a], done[b]], [one, two]);
                }
            }
        }
        shortest_cycle(count, &|a, b| edge(a, b).is_some()).and_then(|cycle| {
            let whys: Vec<Why> = (0..cycle.len())
                .filter_map(|at| edge(cycle[at], cycle[(at + 1) % cycle.len()]))
                .collect();
            let cycle: Vec<usize> = cycle.into_iter().map(|at| done[at]).collect();
            self.say_cycle(&cycle, &whys)
        })
    }

    /// Whether somebody read what only this transaction wrote, so that it happened.
    fn is_seen(&self, at: usize) -> bool {
        let mut versions = self.list[at].op.writes.iter();
        versions.any(|version| {
            self.only_writer(*version) == Some(at)
                && self.list.iter().any(|e| e.is_done() && e.op.expects.contains(version))
        })
    }

    fn say_pair(&self, of: [usize; 2], why: [Why; 2]) -> Option<Anomaly> {
        use Why::{RealTime, Rw, Wr, Ww};
        // The edge that tells most comes first.
        let rank = |why: Why| match why {
            Rw(_) => 0,
            Wr => 1,
            _ => 2,
        };
        let ([mut a, mut b], [mut one, mut two]) = (of, why);
        if rank(two) < rank(one) {
            (a, b, one, two) = (b, a, two, one);
        }
        let [first, second] = [a, b].map(|at| self.phrase(&self.list[at]));
        let writes = |at: usize, register| self.list[at].op.writes.iter().any(|w| w.0 == register);
        let (kind, what) = match (one, two) {
            (Rw(x), Rw(y)) if x == y || writes(a, x) || writes(b, y) => {
                (AnomalyKind::LostUpdate, "each replaced what the other one had read, unseen")
            }
            (Rw(_), Rw(_)) => (AnomalyKind::WriteSkew, "each read what the other one replaced"),
            (Rw(_), Wr) => {
                (AnomalyKind::ReadSkew, "the first saw a part of what the second wrote, not all")
            }
            (Rw(x), Ww) if writes(a, x) => {
                (AnomalyKind::LostUpdate, "the first replaced what the second wrote, unseen")
            }
            (Rw(_), Ww) => (
                AnomalyKind::ReadSkew,
                "the first replaced some of what the second wrote, and did not see the rest",
            ),
            (Rw(x), RealTime) if writes(a, x) => {
                (AnomalyKind::LostUpdate, "the first came after the second, and did not see it")
            }
            (Rw(_), RealTime) => {
                (AnomalyKind::StaleRead, "the first came after the second, and did not see it")
            }
            (Wr, RealTime) => {
                (AnomalyKind::FutureRead, "the second was over before the first, and saw it")
            }
            (Wr, Wr) => (AnomalyKind::CircularInformationFlow, "each saw what the other one wrote"),
            (Wr, Ww) => (
                AnomalyKind::CircularInformationFlow,
                "the second saw what the first wrote, and the first replaced what the second wrote",
            ),
            (Ww, Ww) => {
                (AnomalyKind::DirtyWrite, "each replaced something that the other one wrote")
            }
            _ => return None,
        };
        self.say(kind, &[a, b], format!("{first} and {second}: {what}"))
    }

    fn say_cycle(&self, cycle: &[usize], why: &[Why]) -> Option<Anomaly> {
        use Why::{RealTime, Rw, Wr};
        let count = |wanted: fn(&Why) -> bool| why.iter().filter(|why| wanted(why)).count();
        let rw = count(|why| matches!(why, Rw(_)));
        let wr = count(|why| *why == Wr);
        let real = count(|why| *why == RealTime);
        let is_rw = |at: usize| matches!(why[at % why.len()], Rw(_));
        let follow = (0..why.len()).any(|at| is_rw(at) && is_rw(at + 1));
        let kind = match rw {
            0 if wr > 0 && real > 0 => AnomalyKind::FutureRead,
            0 if wr > 0 => AnomalyKind::CircularInformationFlow,
            0 if real == 0 => AnomalyKind::DirtyWrite,
            0 => return None,
            1 if real > 0 && wr == 0 => AnomalyKind::StaleRead,
            1 => AnomalyKind::ReadSkew,
            _ if follow => AnomalyKind::WriteSkew,
            _ => AnomalyKind::LongFork,
        };
        let phrases: Vec<String> = cycle.iter().map(|&at| self.phrase(&self.list[at])).collect();
        let summary = format!(
            "each of these came before the next, and the last before the first: {}",
            phrases.join(", ")
        );
        self.say(kind, cycle, summary)
    }
}

/// Whether one transaction took effect before another, by real time or by the order of a process.
fn comes_before(one: &Event<Deed>, two: &Event<Deed>) -> bool {
    let turns = one.op.turn.zip(two.op.turn);
    one.precedes(two) || turns.is_some_and(|(one, two)| one.precedes(two))
}

/// A cycle of as few as possible of `count` nodes. O(count³).
fn shortest_cycle(count: usize, edge: &dyn Fn(usize, usize) -> bool) -> Option<Vec<usize>> {
    let mut best: Option<Vec<usize>> = None;
    for start in 0..count {
        // Breadth first: who led to each node.
        let mut from: Vec<Option<usize>> = vec![None; count];
        let mut queue = std::collections::VecDeque::from([start]);
        let mut last = None;
        while let Some(node) = queue.pop_front() {
            if edge(node, start) && node != start {
                last = Some(node);
                break;
            }
            for next in (0..count).filter(|&next| next != start && edge(node, next)) {
                if from[next].is_none() && next != node {
                    from[next] = Some(node);
                    queue.push_back(next);
                }
            }
        }
        let Some(last) = last else { continue };
        let mut path = vec![last];
        while let Some(before) = from[path[path.len() - 1]] {
            path.push(before);
        }
        path.reverse();
        if best.as_ref().is_none_or(|best| path.len() < best.len()) {
            best = Some(path);
        }
    }
    best
}
