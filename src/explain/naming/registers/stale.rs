//! Operations that saw a value after it had been replaced.

use super::aftermath::{Aftermath, Sight, aftermath, first_to_see, seen_before, writers};
use super::scene::{Act, Repair, Scene};
use crate::explain::anomaly::{Anomaly, AnomalyKind};
use crate::explain::naming::classify::Missed;
use crate::explain::naming::evidence::took_long;
use crate::explain::naming::words;
use crate::history::{OpIndex, Rank, sort};
use crate::model::Token;
use crate::words::{process_phrase, return_phrase};

/// So many operations are tried as the stale one.
const TRIED: usize = 24;

/// A copy that lags may be behind for so many times the usual length of an operation.
const LAG: u128 = 5;

/// The anomaly, if the core could be ordered had one operation been called earlier.
pub(super) fn name(scene: &Scene<'_>) -> Option<Anomaly> {
    let is_stale = |&at: &usize| {
        scene.acts[at].access.forbids.is_none() && scene.is_repaired_by(Repair::Earlier(at))
    };
    let at = scene.observers(TRIED).into_iter().find(is_stale)?;
    Some(specific(scene, &Proof::of(scene, at)?))
}

/// The anomaly, if an operation saw a value all of whose writes were left out of the core: each of
/// them was followed by what shows another value, before the operation was called. O(n) if so.
pub(super) fn name_unsourced(scene: &Scene<'_>) -> Option<Anomaly> {
    let unsourced = scene.observers(TRIED).into_iter().find_map(|at| {
        let token = scene.acts[at].access.reads.filter(|&token| token != scene.initial)?;
        scene.writers(token).next().is_none().then_some((at, token))
    });
    let (at, token) = unsourced?;
    Some(specific(scene, &Proof::unsourced(scene, at, token)?))
}

/// The most specific name for an operation that saw a value which had been replaced.
fn specific(scene: &Scene<'_>, proof: &Proof<'_>) -> Anomaly {
    if proof.stale.updates {
        return missed(scene, proof);
    }
    let newer = proof.newer.as_slice();
    let after =
        proof.stale.access.reads.map(|token| aftermath(scene.case, proof.stale, token, newer));
    let after = after.unwrap_or_default();
    applied_twice(scene, proof, &after)
        .or_else(|| back_for_all(scene, proof, &after))
        .unwrap_or_else(|| missed(scene, proof))
}

/// What shows that an operation was stale.
struct Proof<'s> {
    /// It.
    stale: &'s Act,
    /// Operations that returned before it was called and show by themselves that there was a newer
    /// value; those of its own process first, and updates before what only looks.
    newer: Vec<&'s Act>,
    /// Whether that is so; else it is one operation of several that show it together.
    is_single: bool,
}

impl<'s> Proof<'s> {
    fn of(scene: &'s Scene<'_>, at: usize) -> Option<Proof<'s>> {
        let stale = &scene.acts[at];
        let token = stale.access.reads;
        let before = |&other: &usize| scene.acts[other].access.span.ret < stale.access.span.call;
        let is_newer = |&other: &usize| {
            let act = &scene.acts[other];
            token.map_or(act.updates, |token| act.shows_other_than(token))
        };
        let all: Vec<usize> = (0..scene.acts.len()).filter(before).filter(is_newer).collect();
        let counts = |&other: &usize| scene.is_shown_by(other, &all);
        let mut newer: Vec<&Act> =
            all.iter().copied().filter(counts).map(|other| &scene.acts[other]).collect();
        sort::by(&mut newer, |act| rank(act, stale));
        if newer.is_empty() {
            // Several show it, but none by itself.
            let latest = |&other: &usize| scene.acts[other].access.span.ret;
            let any = (0..scene.acts.len()).filter(before).max_by_key(latest);
            let last = all.into_iter().max_by_key(latest).or(any)?;
            newer.push(&scene.acts[last]);
            return Some(Proof { stale, newer, is_single: false });
        }
        Some(Proof { stale, newer, is_single: true })
    }

    /// The same where no write of the value is in the core.
    fn unsourced(scene: &'s Scene<'_>, at: usize, token: Token) -> Option<Proof<'s>> {
        let stale = &scene.acts[at];
        let written = writers(scene.case, token, stale.access.span.ret).last_return?;
        let is_newer = |act: &&Act| {
            let span = act.access.span;
            act.shows_other_than(token) && written < span.call && span.ret < stale.access.span.call
        };
        let mut newer: Vec<&Act> = scene.acts.iter().filter(is_newer).collect();
        sort::by(&mut newer, |act| rank(act, stale));
        (!newer.is_empty()).then_some(Proof { stale, newer, is_single: true })
    }

    /// The most telling operation that shows the newer value.
    fn best(&self) -> &'s Act {
        self.newer[0]
    }
}

/// How telling `act` is where it shows that `stale` is: the smaller the more.
fn rank(act: &Act, stale: &Act) -> (bool, bool, Rank) {
    (act.access.process != stale.access.process, !act.updates, act.access.span.ret)
}

/// The value's only update took effect once, for it was seen, and then again: it never returned, or
/// only after the newer value was there.
fn applied_twice(scene: &Scene<'_>, proof: &Proof<'_>, after: &Aftermath) -> Option<Anomaly> {
    let token = proof.stale.access.reads?;
    let writer = scene.writers(token).next()?;
    let index = scene.acts[writer].access.index;
    if token == scene.initial || after.is_refuted || after.may_lag {
        return None;
    }
    let is_only = writers(scene.case, token, proof.stale.access.span.ret).count == 1;
    if !is_only
        || !took_long(scene.case, index)
        || !scene.is_repaired_by(Repair::AgainWithin(writer))
    {
        return None;
    }
    let history = scene.case.history;
    let summary = format!(
        "{} again, after {}: {}'s {} took effect twice",
        words::event(history, proof.stale.access.index),
        newer_phrase(scene, proof),
        process_phrase(history, index),
        words::thing(history, index),
    );
    Some(scene.anomaly(AnomalyKind::DuplicateApply, &[], summary))
}

/// All who look afterwards, and two processes at least, find the older value: either the newer one
/// was seen and is gone, or it never came.
fn back_for_all(scene: &Scene<'_>, proof: &Proof<'_>, after: &Aftermath) -> Option<Anomaly> {
    let own = Some(proof.stale.access.index).filter(|_| after.has_gone_back);
    let confirmed = after.confirmed.or(own);
    let confirmed = confirmed.filter(|_| !after.is_refuted && !after.may_lag && proof.is_single)?;
    let history = scene.case.history;
    let usual = words::usual_length(history, scene.case.operations.iter().copied());
    let gap = words::nanoseconds_between(history, proof.best().access.index, confirmed);
    if gap.is_some_and(|gap| gap <= usual * LAG) {
        return None;
    }
    let event = words::event(history, proof.stale.access.index);
    let so_did = match after.confirmed {
        Some(other) => format!("and so did {}", process_phrase(history, other)),
        None => "as the primary had it".to_owned(),
    };
    let back = |seen: OpIndex| {
        let seen = words::event(history, seen);
        format!("{event}, {so_did}, though {seen} before: the old value is back")
    };
    let kind = AnomalyKind::ResurrectedValue;
    if let Some(act) = proof.newer.iter().find(|act| !act.updates) {
        return Some(scene.anomaly(kind, &[confirmed], back(act.access.index)));
    }
    let update = proof.best().access.index;
    match first_to_see(scene.case, update)? {
        Sight::First { index, ret } if ret < proof.stale.access.span.call => {
            Some(scene.anomaly(kind, &[index, confirmed], back(index)))
        }
        Sight::First { .. } => None,
        Sight::Never => {
            let acknowledged = words::acknowledged(history, update);
            let summary = format!("{acknowledged}, but nobody ever saw it: {event}, {so_did}");
            Some(scene.anomaly(AnomalyKind::LostUpdate, &[confirmed], summary))
        }
    }
}

/// One operation saw an older value: what it did, and what shows that the value was older; best
/// that the same process had written or seen the newer one.
fn missed(scene: &Scene<'_>, proof: &Proof<'_>) -> Anomaly {
    let history = scene.case.history;
    let stale = &proof.stale.access;
    // An update that is based on the older value undoes the newer one.
    let gone = proof.stale.updates.then_some(AnomalyKind::LostUpdate);
    let is_told = gone.is_none() && proof.is_single;
    let own = proof.newer.iter().find(|act| is_told && act.access.process == stale.process);
    let own_update = own.filter(|act| act.updates).map(|act| act.access.index);
    let seen = match own {
        Some(act) => Some(act.access.index),
        None if is_told => newer_seen_before(scene, proof),
        None => None,
    };
    let (index, known) = match (own_update, seen) {
        (Some(index), _) => {
            let (thing, when) = (words::thing(history, index), return_phrase(history, index));
            (index, format!("its own {thing} was acknowledged {when}"))
        }
        (None, Some(index)) => {
            let (saw, when) = (words::saw_newer(history, index), return_phrase(history, index));
            (index, format!("it had {saw} {when}"))
        }
        (None, None) => (proof.best().access.index, newer_phrase(scene, proof)),
    };
    let how = Missed { gone, is_own: own_update.is_some(), was_seen: seen.is_some() };
    let event = words::event(history, stale.index);
    let gap = words::gap(history, index, stale.index);
    let others = if proof.is_single { "" } else { ", like others" };
    let summary = format!("{event} although {known}{gap}{others}");
    scene.anomaly(how.kind(), seen.as_slice(), summary)
}

/// An operation before, by the same process, that saw one of the newer values.
fn newer_seen_before(scene: &Scene<'_>, proof: &Proof<'_>) -> Option<OpIndex> {
    let tokens = proof.newer.iter().filter_map(|act| {
        let token = if act.updates { act.access.writes } else { act.access.reads };
        let until = proof.stale.access.span.call;
        token.filter(|&token| writers(scene.case, token, until).count == 1)
    });
    seen_before(scene.case, proof.stale, &tokens.collect::<Vec<Token>>())
}

/// How it was known that the value had been replaced.
fn newer_phrase(scene: &Scene<'_>, proof: &Proof<'_>) -> String {
    let history = scene.case.history;
    let index = proof.best().access.index;
    if proof.best().updates {
        return words::acknowledged(history, index);
    }
    let (who, saw) = (process_phrase(history, index), words::saw_newer(history, index));
    format!("{who} had {saw} {}", return_phrase(history, index))
}
