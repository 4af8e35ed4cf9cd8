//! A few transactions that have no order: what is shown where no single cycle rules a level out.
//!
//! What has no order among some transactions has none among all. So transactions are taken away as
//! long as the rest has no order either (Zeller and Hildebrandt, delta debugging, TSE 2002).

use crate::anomaly::{Evidence, Found, Kind, Place, Step, Why};
use crate::decide::{Question, Status};
use crate::edges::Orders;
use crate::facts::{Facts, Groups, LOST};
use crate::level::{LEVELS, Level};
use crate::numbers::NONE;
use crate::polygraph;
use crate::table::Transactions;

/// How often a part of the transactions is tried, at most.
const TRIES: usize = 400;

/// Transactions of a history that is made smaller, at most.
const MOST: usize = 3_000;

/// Work for one try, in edges looked at.
const WORK: u64 = 4_000_000;

/// Returns some transactions that have not `level`: all, or if there are many those around some
/// that contradict each other.
pub(crate) fn part(facts: &Facts<'_, '_>, orders: &Orders, level: Level) -> Option<Vec<u32>> {
    let installed = |&t: &u32| facts.installed[t as usize];
    let all = 0..facts.len() as u32;
    if all.clone().filter(installed).count() <= MOST {
        return Some(all.filter(installed).collect());
    }
    let on_cycles = polygraph::contradiction(facts, orders, level)?;
    around(facts, &on_cycles, level, MOST)
}

/// Returns transactions around some others that have not `level`, at most so many.
pub(crate) fn around(
    facts: &Facts<'_, '_>,
    transactions: &[u32],
    level: Level,
    most: usize,
) -> Option<Vec<u32>> {
    let (first, last) = (*transactions.first()?, *transactions.last()?);
    let mut margin = 50;
    loop {
        let end = last.saturating_add(margin).min(facts.len() as u32);
        let around = first.saturating_sub(margin)..end;
        let kept: Vec<u32> = around.filter(|&t| facts.installed[t as usize]).collect();
        if kept.len() > most {
            return None;
        }
        if is_ruled_out(facts, &kept, level) {
            return Some(kept);
        }
        margin *= 2;
    }
}

/// Returns few of `kept`, which have not `level`.
pub(crate) fn core(facts: &Facts<'_, '_>, mut kept: Vec<u32>, level: Level) -> Found {
    let mut tries = 0;
    let mut chunk = kept.len().div_ceil(2);
    while chunk > 0 && tries < TRIES {
        let mut start = 0;
        let before = kept.len();
        while start < kept.len() && tries < TRIES {
            let end = (start + chunk).min(kept.len());
            let rest: Vec<u32> = kept[..start].iter().chain(&kept[end..]).copied().collect();
            tries += 1;
            if is_ruled_out(facts, &rest, level) {
                kept = rest;
            } else {
                start = end;
            }
        }
        if chunk == 1 && kept.len() == before {
            break;
        }
        if chunk > 1 {
            chunk /= 2;
        }
    }
    let rules_out = Level::all().filter(|other| other.implies(level)).collect();
    let evidence = Evidence::Core(kept);
    Found { kind: Kind::NoOrder(level), count: 1, evidence, rules_out }
}

fn is_ruled_out(facts: &Facts<'_, '_>, kept: &[u32], level: Level) -> bool {
    let table = facts.table.part(kept);
    let part = facts.restricted(&table, kept);
    let orders = Orders::new(&part);
    let statuses = vec![None; LEVELS.len()];
    let mut question = Question { facts: &part, orders, statuses, work: WORK, likely: None };
    question.decide(level, true);
    question.statuses[level.index()] == Some(Status::RuledOut)
}

/// Renumbers transactions of a part.
pub(crate) fn renumbered(found: Found, kept: &[u32]) -> Found {
    let of = |t: u32| kept[t as usize];
    let place = |place: Place| Place { transaction: of(place.transaction), ..place };
    let step = |step: Step| {
        let why = match step.why {
            Why::Wr(one, other) => Why::Wr(place(one), place(other)),
            Why::Ww(one, other) => Why::Ww(place(one), place(other)),
            Why::Rw(one, other) => Why::Rw(place(one), place(other)),
            Why::Seen(one, other) => Why::Seen(place(one), place(other)),
            why @ (Why::Session | Why::RealTime) => why,
        };
        Step { from: of(step.from), to: of(step.to), why }
    };
    let evidence = match found.evidence {
        Evidence::Cycle(steps) => Evidence::Cycle(steps.into_iter().map(step).collect()),
        Evidence::Core(transactions) => Evidence::Core(transactions.into_iter().map(of).collect()),
        // Reads that are wrong whatever the order are found in the whole.
        evidence => evidence,
    };
    Found { evidence, ..found }
}

impl<'h> Facts<'_, 'h> {
    /// Returns the facts of some transactions, as if there were no others; `table` has them.
    pub(crate) fn restricted<'p>(
        &self,
        table: &'p Transactions<'h>,
        kept: &[u32],
    ) -> Facts<'p, 'h> {
        let number = |t: u32| kept.binary_search(&t).map_or(NONE, |at| at as u32);
        let is_kept = |t: u32| number(t) != NONE;
        let (mut chains, mut tails) = (Groups::new(self.len()), Groups::new(self.len()));
        for key in 0..self.chains.len() as u32 {
            chains.extend(self.chains.of(key).iter().map(|&t| number(t)).filter(|&t| t != NONE));
            tails.extend(self.tails.of(key).iter().map(|&t| number(t)).filter(|&t| t != NONE));
            chains.end();
            tails.end();
        }
        let (mut reads, mut writes) = (Groups::new(kept.len()), Groups::new(kept.len()));
        for &t in kept {
            for &read in self.reads.of(t) {
                let mut read = read;
                if read.source < LOST {
                    read.source = number(read.source);
                    if read.source == NONE {
                        continue;
                    }
                }
                if read.place != NONE {
                    let before = &self.chains.of(read.key)[..read.place as usize];
                    read.place = before.iter().filter(|&&t| is_kept(t)).count() as u32;
                }
                reads.push(read);
            }
            writes.extend(self.writes.of(t).iter().copied());
            reads.end();
            writes.end();
        }
        Facts {
            table,
            installed: vec![true; kept.len()],
            reads,
            writes,
            chains,
            elements: Groups::new(0),
            tails,
            aside: self.aside.clone(),
            prefers: self.prefers,
            by_last_element: self.by_last_element,
            found: Vec::new(),
        }
    }
}
