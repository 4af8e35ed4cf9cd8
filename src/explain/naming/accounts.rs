//! Names violations of accounts.
//!
//! - `negative-balance`: a read shows less than nothing where that is not allowed, whatever was
//!   transferred.
//! - `broken-total`: transfers move money and make none, so that two reads of the same accounts
//!   that differ in their sum (or one that differs from the start) prove that money was made or
//!   lost. Only where nothing is deposited or withdrawn.
//! - `read-skew`: the total is wrong in that one read alone, all others agree, and the difference
//!   is that of one transfer under way or done: it saw half of it (suggested).
//! - By sums over one account, as for a counter (see there): what [`classify`](super::classify)
//!   calls a read that misses one acknowledged operation; `duplicate-apply`, `dirty-read`,
//!   `future-read`: it has one too many. Balances go both ways, so that these are suggested.
//! - `spurious-failure`: somebody was told that too little was there although there was enough.

use super::classify::Witnesses;
use super::event::Event;
use super::evidence::Scope;
use crate::explain::anomaly::{Anomaly, AnomalyKind};
use crate::history::Value;
use crate::model::bank::Op;
use crate::model::{Bank, Kind, Model};

/// So many reads are compared with all other operations.
const READS: usize = 32;

struct Accounts<'a> {
    scope: Scope<'a>,
    bank: Bank,
    events: Vec<Event<Op>>,
    failed: Vec<Event<Op>>,
}

/// The anomaly that a violation of accounts shows; `None` if the model is none, or nothing fits.
/// O(n) for each read in question.
pub(super) fn name(scope: Scope<'_>) -> Option<Anomaly> {
    let Kind::Bank { bank, view } = scope.case.model.kind() else { return None };
    Accounts { scope, bank, events: scope.events(view), failed: scope.failed(view) }.name()
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

impl Accounts<'_> {
    fn name(&self) -> Option<Anomaly> {
        let told = |event: &Event<Op>| {
            matches!(&event.op, Op::Read(seen) if !seen.is_empty()) && event.is_done()
        };
        let reads = self.scope.looks(&self.events, told);
        reads
            .iter()
            .find_map(|read| self.below_nothing(read))
            .or_else(|| self.overdrawn())
            .or_else(|| self.wrong_total(&reads))
            .or_else(|| reads.iter().take(READS).find_map(|read| self.one_off(read)))
            .or_else(|| self.refused())
    }

    fn phrase(&self, event: &Event<Op>) -> String {
        self.scope.call(event.index)
    }

    fn below_nothing(&self, read: &Event<Op>) -> Option<Anomaly> {
        let Op::Read(seen) = &read.op else { return None };
        let &(account, balance) = seen.iter().find(|(_, balance)| *balance < 0)?;
        if self.bank.may_be_negative {
            return None;
        }
        // Those that took from the account, the last ones first.
        let takers = self
            .events
            .iter()
            .rev()
            .filter(|event| change(&event.op, account) < 0 && event.span.call < read.span.ret);
        let takers: Vec<&Event<Op>> = takers.take(4).collect();
        let last =
            takers.first().map_or(String::new(), |last| format!(", after {}", self.phrase(last)));
        let saw = format!("saw {balance} in account {}", self.scope.value(account));
        let summary = format!("{}{last}", self.scope.deed(read.index, &saw));
        let shown: Vec<&Event<Op>> = [read].into_iter().chain(takers).collect();
        self.scope.proved(AnomalyKind::NegativeBalance, &shown, summary)
    }

    /// More was taken from an account than can have been in it.
    fn overdrawn(&self) -> Option<Anomaly> {
        let blamed = |event: &&Event<Op>| event.is_done() && self.scope.blames(event);
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
            self.scope.value(account),
        );
        takers.reverse();
        self.scope.proved(AnomalyKind::NegativeBalance, &takers, summary)
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
            return self.scope.suggested(AnomalyKind::ReadSkew, &shown, summary);
        }
        shown.extend(witness.filter(|_| start.is_none()));
        self.scope.proved(AnomalyKind::BrokenTotal, &shown, summary)
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
        let name = self.scope.value(account);
        if let Some(missing) = missing.clone().find(|event| explains(event, -1)) {
            return self.missed(read, missing, account);
        }
        let failed = self.failed.iter().filter(|event| event.span.call < read.span.ret);
        let phrase = self.phrase(read);
        if let Some(failed) = failed.rev().find(|event| explains(event, 1)) {
            let summary = format!("{phrase} shows {}, which failed", self.phrase(failed));
            return self.scope.suggested(AnomalyKind::DirtyRead, &[read, failed], summary);
        }
        let mut called = self.events.iter().rev().filter(|event| event.span.call < read.span.ret);
        if let Some(again) = called.find(|event| explains(event, 1)) {
            let summary = format!("{phrase} shows {} twice in account {name}", self.phrase(again));
            return self.scope.suggested(AnomalyKind::DuplicateApply, &[read, again], summary);
        }
        let mut later = self.events.iter().filter(|event| read.precedes(event));
        let later = later.find(|event| explains(event, 1))?;
        let summary = format!("{phrase} shows {}, which came later", self.phrase(later));
        self.scope.suggested(AnomalyKind::FutureRead, &[read, later], summary)
    }

    /// A read that misses what one operation did to an account.
    fn missed(&self, read: &Event<Op>, missing: &Event<Op>, account: Value) -> Option<Anomaly> {
        let fits = |other: &Event<Op>| {
            let bounds = self.bounds(other, account);
            let seen = balance(other, account).zip(bounds);
            seen.is_some_and(|(seen, (least, most))| (least..=most).contains(&seen))
        };
        // Each costs a walk over the key.
        let reads = || {
            let tells = |other: &&Event<Op>| balance(other, account).is_some() && other.is_done();
            self.events.iter().filter(tells)
        };
        let after = reads().filter(|other| read.precedes(*other)).take(READS);
        let before = reads().filter(|other| {
            other.process == read.process && missing.precedes(*other) && other.precedes(read)
        });
        let witnesses = Witnesses::of(read, after.chain(before.take(READS)), fits);
        let is_own = missing.process == read.process;
        let missed = witnesses.missed(is_own, AnomalyKind::LostUpdate);
        let summary = format!(
            "{} misses {} in account {}",
            self.phrase(read),
            self.phrase(missing),
            self.scope.value(account)
        );
        let mut shown = vec![read, missing];
        shown.extend(witnesses.later);
        self.scope.suggested(missed.kind(), &shown, summary)
    }

    /// An operation that was refused although there was enough.
    fn refused(&self) -> Option<Anomaly> {
        self.events.iter().filter(|event| self.scope.blames(event)).find_map(|event| {
            let Op::Refused(account, amount) = event.op else { return None };
            let (least, _) = self.bounds(event, account)?;
            let summary = format!(
                "{} was refused although account {} held {least} at least",
                self.phrase(event),
                self.scope.value(account)
            );
            let enough = least >= i128::from(amount) && !self.bank.may_be_negative;
            enough.then(|| self.scope.proved(AnomalyKind::SpuriousFailure, &[event], summary))?
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
