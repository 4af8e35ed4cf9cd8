//! A few transactions that have no order: what is shown where no single cycle rules a level out.
//!
//! What has no order among some transactions has none among all. So transactions are taken away as
//! long as the rest has no order either (Zeller and Hildebrandt, delta debugging, TSE 2002).

use crate::anomaly::{Evidence, Found, Kind};
use crate::decide::{Question, Status};
use crate::edges::Orders;
use crate::facts::{Facts, Groups, LOST};
use crate::level::{LEVELS, Level};
use crate::numbers::NONE;

/// How often a part of the transactions is tried, at most.
const TRIES: usize = 400;

/// Transactions of a history that is made smaller, at most.
const MOST: usize = 3_000;

/// Work for one try, in edges looked at.
const WORK: u64 = 4_000_000;

/// Returns few transactions that have not `level`.
pub(crate) fn core(facts: &Facts<'_, '_>, level: Level) -> Option<Found> {
    let mut kept: Vec<u32> =
        (0..facts.len() as u32).filter(|&t| facts.installed[t as usize]).collect();
    if kept.len() > MOST {
        return None;
    }
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
    Some(Found { kind: Kind::NoOrder(level), count: 1, evidence, rules_out })
}

fn is_ruled_out(facts: &Facts<'_, '_>, kept: &[u32], level: Level) -> bool {
    let part = facts.restricted(kept);
    let orders = Orders::new(&part);
    let statuses = vec![None; LEVELS.len()];
    let mut question = Question { facts: &part, orders, statuses, work: WORK, likely: None };
    question.decide(level, true);
    question.statuses[level.index()] == Some(Status::RuledOut)
}

impl<'t, 'h> Facts<'t, 'h> {
    /// Returns the facts of some transactions: as if there were no others.
    fn restricted(&self, kept: &[u32]) -> Facts<'t, 'h> {
        let mut installed = vec![false; self.len()];
        kept.iter().for_each(|&t| installed[t as usize] = true);
        let is_kept = |t: u32| installed[t as usize];
        let (mut chains, mut tails) = (Groups::new(self.len()), Groups::new(self.len()));
        for key in 0..self.chains.len() as u32 {
            for &t in self.chains.of(key).iter().filter(|&&t| is_kept(t)) {
                chains.push(t);
            }
            for &t in self.tails.of(key).iter().filter(|&&t| is_kept(t)) {
                tails.push(t);
            }
            chains.end();
            tails.end();
        }
        let (mut reads, mut writes) = (Groups::new(self.len()), Groups::new(self.len()));
        for t in 0..self.len() as u32 {
            for &read in self.reads.of(t).iter().filter(|_| is_kept(t)) {
                let mut read = read;
                if read.source < LOST && !is_kept(read.source) {
                    continue;
                }
                if read.place != NONE {
                    let before = &self.chains.of(read.key)[..read.place as usize];
                    read.place = before.iter().filter(|&&t| is_kept(t)).count() as u32;
                }
                reads.push(read);
            }
            self.writes.of(t).iter().filter(|_| is_kept(t)).for_each(|&key| writes.push(key));
            reads.end();
            writes.end();
        }
        Facts {
            table: self.table,
            installed,
            reads,
            writes,
            chains,
            elements: Groups::new(0),
            tails,
            aside: self.aside.clone(),
            found: Vec::new(),
        }
    }
}
