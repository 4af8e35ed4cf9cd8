//! Names violations of accounts.
//!
//! - `negative-balance`: a read shows less than nothing where that is not allowed, whatever was
//!   transferred.
//! - `broken-total`: transfers move money and make none, so that two reads of the same accounts
//!   that differ in their sum (or one that differs from the start) prove that money was made or
//!   lost. Only where nothing is deposited or withdrawn.
//! - `read-skew`: the total is wrong in that one read alone, all others agree, and the difference
//!   is that of one transfer under way or done: it saw half of it (suggested).
//! - By sums over one account, as for a counter (see there): `lost-update`, `stale-read`,
//!   `read-your-writes`, `non-monotonic-read`: a read misses one acknowledged operation;
//!   `duplicate-apply`, `dirty-read`, `future-read`: it has one too many. Balances go both ways,
//!   so that these are suggested.
//! - `spurious-failure`: somebody was told that too little was there although there was enough.

use super::evidence::{Event, anomaly, events, failed, is_in_focus, when, who};
use crate::explain::anomaly::{Anomaly, AnomalyKind, Certainty};
use crate::explain::case::Case;
use crate::explain::violations::Violation;
use crate::history::Value;
use crate::model::bank::Op;
use crate::model::{Bank, Kind, Model};
use crate::words::{operation_phrase, value_phrase};

/// So many reads are compared with all other operations.
const READS: usize = 32;

struct Accounts<'a, 'c> {
    case: &'a Case<'c>,
    violation: &'a Violation,
    bank: Bank,
    events: Vec<Event<Op>>,
    failed: Vec<Event<Op>>,
}

/// The anomaly that `violation` of accounts shows; `None` if the model is none, or nothing fits.
/// O(n) for each read in question.
pub(super) fn name(case: &Case<'_>, violation: &Violation) -> Option<Anomaly> {
    let Kind::Bank { bank, view } = case.model.kind() else { return None };
    let events = events(case, violation, view);
    Accounts { case, violation, bank, events, failed: failed(case, view) }.name()
}

/// What an operation does to an account.
fn change(op: &Op, account: Value) -> i128 {
    let own = |other: Value, amount: i64| if other == account { i128::from(amount) } else { 0 };
    match *op {
        Op::Transfer(from, to, amount) => own(to, amount) - own(from, amount),
        Op::Deposit(to, amount) => own(to, amount),
        Op::Withdraw(from, amount) => -own(from, amount),
        Op::Refused(..) | Op::Read(_) | Op::Contradictory => 0,
    }
}

impl Accounts<'_, '_> {
    fn name(&self) -> Option<Anomaly> {
        let told = |event: &&Event<Op>| {
            matches!(&event.op, Op::Read(seen) if !seen.is_empty()) && event.is_done()
        };
        let in_focus = |event: &&Event<Op>| is_in_focus(self.violation, event.index, event.span);
        let mut reads: Vec<&Event<Op>> = self.events.iter().filter(told).filter(in_focus).collect();
        reads.sort_by_key(|read| (read.index != self.violation.operation, read.span.ret));
        reads
            .iter()
            .find_map(|read| self.below_nothing(read))
            .or_else(|| self.overdrawn())
            .or_else(|| self.wrong_total(&reads))
            .or_else(|| reads.iter().take(READS).find_map(|read| self.one_off(read)))
            .or_else(|| self.refused())
    }

    fn phrase(&self, event: &Event<Op>) -> String {
        let case = self.case;
        let operation = operation_phrase(case.history, case.operation(event.index));
        format!("`{operation}` by {} {}", who(case, event.index), when(case, event.index))
    }

    fn say(
        &self,
        kind: AnomalyKind,
        certainty: Certainty,
        of: &[&Event<Op>],
        summary: String,
    ) -> Option<Anomaly> {
        Some(anomaly(self.case, kind, certainty, of.iter().map(|event| event.index), summary))
    }

    fn below_nothing(&self, read: &Event<Op>) -> Option<Anomaly> {
        let Op::Read(seen) = &read.op else { return None };
        let &(account, balance) = seen.iter().find(|(_, balance)| *balance < 0)?;
        if self.bank.may_be_negative {
            return None;
        }
        let case = self.case;
        // Those that took from the account, the last ones first.
        let takers = self
            .events
            .iter()
            .rev()
            .filter(|event| change(&event.op, account) < 0 && event.span.call < read.span.ret);
        let takers: Vec<&Event<Op>> = takers.take(4).collect();
        let last = match takers.first() {
            Some(last) => format!(", after {}", self.phrase(last)),
            None => String::new(),
        };
        let summary = format!(
            "{} saw {balance} in account {} {}{last}",
            who(case, read.index),
            value_phrase(case.history, account),
            when(case, read.index),
        );
        let mut shown = vec![read];
        shown.extend(takers);
        self.say(AnomalyKind::NegativeBalance, Certainty::Proved, &shown, summary)
    }

    /// More was taken from an account than can have been in it.
    fn overdrawn(&self) -> Option<Anomaly> {
        let blamed = |event: &&Event<Op>| event.is_done() && self.is_blamed(event);
        let last = self.events.iter().filter(blamed).max_by_key(|event| event.span.ret)?;
        let (Op::Transfer(account, ..) | Op::Withdraw(account, _)) = last.op else { return None };
        let mut most = self.start(account, last)?;
        let mut takers: Vec<&Event<Op>> = Vec::new();
        for event in self.events.iter().filter(|event| event.span.call < last.span.ret) {
            let change = change(&event.op, account);
            if change > 0 || event.span.ret <= last.span.ret {
                most = most.saturating_add(change);
            }
            if change < 0 && event.span.ret <= last.span.ret {
                takers.push(event);
            }
        }
        if most >= 0 || self.bank.may_be_negative {
            return None;
        }
        let summary = format!(
            "with {}, more was taken from account {} than was there: {most} at most is left",
            self.phrase(last),
            value_phrase(self.case.history, account),
        );
        takers.reverse();
        self.say(AnomalyKind::NegativeBalance, Certainty::Proved, &takers, summary)
    }

    /// Whether an operation is among those of the violation.
    fn is_blamed(&self, event: &Event<Op>) -> bool {
        event.index == self.violation.operation
            || self.violation.core.binary_search(&event.index).is_ok()
    }

    /// Two reads of the same accounts, or one and the start, that differ in their total.
    fn wrong_total(&self, reads: &[&Event<Op>]) -> Option<Anomaly> {
        let is_closed = |event: &Event<Op>| !matches!(event.op, Op::Deposit(..) | Op::Withdraw(..));
        if !self.events.iter().all(is_closed) {
            return None;
        }
        let names = |event: &Event<Op>| match &event.op {
            Op::Read(seen) => seen.iter().map(|&(account, _)| account).collect(),
            _ => Vec::new(),
        };
        // Money must not leave the accounts that are read.
        let moved: std::collections::BTreeSet<Value> = self
            .events
            .iter()
            .flat_map(|event| match event.op {
                Op::Transfer(from, to, amount) if amount != 0 => [Some(from), Some(to)],
                _ => [None, None],
            })
            .flatten()
            .collect();
        let covers = |of: &[Value]| moved.iter().all(|account| of.binary_search(account).is_ok());
        for read in reads.iter().take(READS) {
            let accounts = names(read);
            if !covers(&accounts) {
                continue;
            }
            let total = total(read);
            let alike = |other: &&Event<Op>| {
                other.is_done() && matches!(other.op, Op::Read(_)) && names(other) == accounts
            };
            let others: Vec<&Event<Op>> = self.events.iter().filter(alike).collect();
            let start = self.bank.default.map(|default| {
                let given = |account: &Value| self.bank.initial.get(account.handle().into());
                let start = |account| given(account).unwrap_or(default.into());
                accounts.iter().map(start).fold(0_i128, i128::saturating_add)
            });
            let other = others.iter().copied().find(|other| self::total(other) != total);
            if start.is_none_or(|start| start == total) && other.is_none() {
                continue;
            }
            return self.say_total(read, other, &others, start);
        }
        None
    }

    fn say_total(
        &self,
        read: &Event<Op>,
        other: Option<&Event<Op>>,
        all: &[&Event<Op>],
        start: Option<i128>,
    ) -> Option<Anomaly> {
        // What the total should be: that of the start, or else that of the first read.
        let earliest = all.iter().min_by_key(|read| read.span.ret).map(|read| total(read));
        let right = start.or(earliest)?;
        let wrong: Vec<&&Event<Op>> = all.iter().filter(|read| total(read) != right).collect();
        let odd = if total(read) == right { *wrong.first().copied()? } else { read };
        let witness = all.iter().copied().find(|read| total(read) == right).or(other);
        let difference = total(odd).saturating_sub(right);
        let half = self.events.iter().rev().find(|event| match event.op {
            Op::Transfer(from, to, amount) => {
                from != to
                    && i128::from(amount) == difference.saturating_abs()
                    && event.span.call < odd.span.ret
                    && !event.precedes(odd)
            }
            _ => false,
        });
        let summary = format!("{} adds up to {}, not to {right}", self.phrase(odd), total(odd));
        let mut shown: Vec<&Event<Op>> = vec![odd];
        let after = all.iter().any(|other| odd.precedes(other) && total(other) == right);
        if let Some(half) =
            half.filter(|_| wrong.len() == 1 && (after || start.is_some() || all.len() > 1))
        {
            shown.push(half);
            shown.extend(witness.filter(|witness| witness.index != odd.index));
            let summary = format!("{summary}: it saw one half of {}", self.phrase(half));
            return self.say(AnomalyKind::ReadSkew, Certainty::Suggested, &shown, summary);
        }
        shown.extend(witness.filter(|_| start.is_none()));
        self.say(AnomalyKind::BrokenTotal, Certainty::Proved, &shown, summary)
    }

    /// What an account started with, if that is known, or if a read other than `but` tells it:
    /// one before whose return nothing was called that changes the account.
    fn start(&self, account: Value, but: &Event<Op>) -> Option<i128> {
        let given = self.bank.initial.get(account.handle().into());
        let first = || {
            let tells = |event: &&Event<Op>| {
                event.is_done() && balance(event, account).is_some() && event.index != but.index
            };
            let first = self.events.iter().filter(tells).min_by_key(|event| event.span.ret)?;
            let earlier = |event: &Event<Op>| {
                change(&event.op, account) != 0 && event.span.call < first.span.ret
            };
            let alone = !self.events.iter().any(earlier);
            alone.then(|| balance(first, account)).flatten()
        };
        given.or(self.bank.default.map(i128::from)).or_else(first)
    }

    /// The least and the most that a read can have found in an account, if its start is known.
    fn bounds(&self, read: &Event<Op>, account: Value) -> Option<(i128, i128)> {
        let start = self.start(account, read)?;
        let (mut least, mut most) = (start, start);
        for event in &self.events {
            let change = change(&event.op, account);
            if change == 0 || event.span.call > read.span.ret {
                continue;
            }
            let is_sure = event.precedes(read);
            if is_sure || change < 0 {
                least = least.saturating_add(change);
            }
            if is_sure || change > 0 {
                most = most.saturating_add(change);
            }
        }
        Some((least, most))
    }

    /// A read that has one operation too few, or too many, on an account.
    fn one_off(&self, read: &Event<Op>) -> Option<Anomaly> {
        let Op::Read(seen) = &read.op else { return None };
        let (account, balance, least, most) = seen.iter().find_map(|&(account, balance)| {
            let (least, most) = self.bounds(read, account)?;
            let fits = (least..=most).contains(&balance);
            (!fits).then_some((account, balance, least, most))
        })?;
        let explains = |event: &&Event<Op>, sign: i128| {
            let change = sign * change(&event.op, account);
            let bounds = least.saturating_add(change)..=most.saturating_add(change);
            change != 0 && bounds.contains(&balance)
        };
        let missing = self.events.iter().rev().filter(|event| event.precedes(read));
        let name = value_phrase(self.case.history, account);
        if let Some(missing) = missing.clone().find(|event| explains(event, -1)) {
            let summary =
                format!("{} misses {} in account {name}", self.phrase(read), self.phrase(missing));
            let fits = |other: &Event<Op>| {
                let seen = self::balance(other, account);
                let bounds = self.bounds(other, account);
                seen.zip(bounds).is_some_and(|(seen, (least, most))| (least..=most).contains(&seen))
            };
            let reads = || {
                let tells = |other: &&Event<Op>| self::balance(other, account).is_some();
                self.events.iter().filter(|other| other.is_done()).filter(tells)
            };
            let after = reads().filter(|other| read.precedes(*other));
            let later = after.take(READS).find(|other| fits(other));
            let own = reads().filter(|other| {
                other.process == read.process && missing.precedes(*other) && other.precedes(read)
            });
            let before = own.take(READS).find(|other| fits(other));
            let kind = match (later, before) {
                (None, _) => AnomalyKind::LostUpdate,
                _ if missing.process == read.process => AnomalyKind::ReadYourWrites,
                (_, Some(_)) => AnomalyKind::NonMonotonicRead,
                _ => AnomalyKind::StaleRead,
            };
            let mut shown = vec![read, missing];
            shown.extend(later);
            return self.say(kind, Certainty::Suggested, &shown, summary);
        }
        let failed = self.failed.iter().filter(|event| event.span.call < read.span.ret);
        if let Some(failed) = failed.rev().find(|event| explains(event, 1)) {
            let summary =
                format!("{} shows {}, which failed", self.phrase(read), self.phrase(failed));
            return self.say(
                AnomalyKind::DirtyRead,
                Certainty::Suggested,
                &[read, failed],
                summary,
            );
        }
        let called = self.events.iter().rev().filter(|event| event.span.call < read.span.ret);
        if let Some(again) = called.clone().find(|event| explains(event, 1)) {
            let summary = format!(
                "{} shows {} twice in account {name}",
                self.phrase(read),
                self.phrase(again)
            );
            let kind = AnomalyKind::DuplicateApply;
            return self.say(kind, Certainty::Suggested, &[read, again], summary);
        }
        let later = self.events.iter().filter(|event| read.precedes(event));
        let later = later.clone().find(|event| explains(event, 1))?;
        let summary =
            format!("{} shows {}, which came later", self.phrase(read), self.phrase(later));
        self.say(AnomalyKind::FutureRead, Certainty::Suggested, &[read, later], summary)
    }

    /// An operation that was refused although there was enough.
    fn refused(&self) -> Option<Anomaly> {
        self.events.iter().filter(|event| self.is_blamed(event)).find_map(|event| {
            let Op::Refused(account, amount) = event.op else { return None };
            let (least, _) = self.bounds(event, account)?;
            let summary = format!(
                "{} was refused although account {} held {least} at least",
                self.phrase(event),
                value_phrase(self.case.history, account)
            );
            let enough = least >= i128::from(amount) && !self.bank.may_be_negative;
            let (kind, proved) = (AnomalyKind::SpuriousFailure, Certainty::Proved);
            enough.then(|| self.say(kind, proved, &[event], summary))?
        })
    }
}

/// The sum of the balances that a read found.
fn total(read: &Event<Op>) -> i128 {
    match &read.op {
        Op::Read(seen) => seen.iter().fold(0, |sum, &(_, balance)| sum.saturating_add(balance)),
        _ => 0,
    }
}

/// What a read found in an account.
fn balance(read: &Event<Op>, account: Value) -> Option<i128> {
    let Op::Read(seen) = &read.op else { return None };
    let at = seen.binary_search_by_key(&account, |&(account, _)| account).ok()?;
    Some(seen[at].1)
}
