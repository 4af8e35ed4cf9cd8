//! A history as its clocks saw it: every operation with its recorded times and the group whose
//! clock is in question; and what other offsets of these clocks would make of it.

use super::bounds::{Bounds, Difference};
use super::entry::Entry;
use super::key::Key;
use super::orders::{Alternative, Timed, alternatives};
use super::rules::{Moved, Rule};
use super::windows::Windows;
use crate::check::{Meter, Models, impossible, linearize};
use crate::error::Error;
use crate::explain::core::timeless_core;
use crate::history::hash::Map;
use crate::history::{History, OpIndex, Value};
use crate::model::{self, AnyModel, AnyOp, Model, Reading, Token};

/// A core is looked for with so many configurations at most.
const CONFIGURATIONS: u64 = 50_000;

/// Shorter stretches than this are not looked at by themselves.
const LENGTH: usize = 50;

/// Times further apart than this, in either direction, are not taken for times: 36 years in
/// nanoseconds.
const REACH: i64 = 1 << 60;

/// All keys of a history, with times.
pub(super) struct Timeline<'a> {
    /// The model of each key.
    pub(super) models: Vec<&'a AnyModel>,
    pub(super) groups: usize,
    pub(super) keys: Vec<Key<AnyOp>>,
}

impl<'a> Timeline<'a> {
    /// The history with its recorded times; operation `index` belongs to group `group_of[index]`.
    /// `None` if an operation lacks a time, or returned before its call.
    ///
    /// # Errors
    /// None, for a history that was checked.
    pub(super) fn new(
        all_models: &'a Models,
        history: &History,
        group_of: &[u16],
        groups: usize,
    ) -> Result<Option<Timeline<'a>>, Error> {
        let partitions = history.partitions();
        let start = history.start_time().unwrap_or(0);
        let since = |time: i64| time.checked_sub(start).filter(|t| (-REACH..=REACH).contains(t));
        let mut keys = Vec::with_capacity(partitions.len());
        let mut models = Vec::with_capacity(partitions.len());
        for partition in partitions.iter() {
            let model = all_models.of(partition.key);
            models.push(model);
            let readings = model::read(model, history, partition.operations, None)?;
            let mut entries = Vec::with_capacity(readings.len());
            for Reading { index, op, span } in readings {
                let [call, ret] = history.times(index).map(|time| time.and_then(since));
                let has_returned = span.has_returned();
                let Some(call) = call else { return Ok(None) };
                let ret = ret.filter(|_| has_returned);
                if has_returned && ret.is_none_or(|ret| ret < call) {
                    return Ok(None);
                }
                let group = group_of[index];
                let facts = model.facts(&op);
                let is_write = facts.overwrites && !facts.pure;
                entries.push(Entry {
                    index,
                    timed: Timed { op, group, call, ret, is_write },
                    facts,
                });
            }
            keys.push(Key::new(entries, groups));
        }
        Ok(Some(Timeline { models, groups, keys }))
    }

    /// Whether an operation replaces the state.
    pub(super) fn has_writes(&self) -> bool {
        self.keys.iter().any(|key| key.entries.iter().any(|entry| entry.timed.is_write))
    }

    /// Whether whoever did one operation of `key` after the other did so by one clock, which was
    /// further on each time: then no offsets change the order of these. O(n).
    pub(super) fn keeps_sessions(&self, key: usize, history: &History) -> bool {
        let mut known: Map<Value, (i64, u16)> = Map::default();
        self.keys[key].entries.iter().all(|entry| {
            let Timed { group, call, ret, .. } = entry.timed;
            let session = history.session(entry.index);
            let last = known.insert(session, (ret.unwrap_or(call), group));
            last.is_none_or(|(before, by)| before < call && by == group)
        })
    }

    /// The token of what `key` holds at the start.
    pub(super) fn initial_token(&self, key: usize) -> Option<Token> {
        let model = self.models[key];
        model.token(&model.initial())
    }

    /// Decides `key` under `offsets`: the reading that makes it impossible, if one does, or `None`
    /// if it was not decided in time; and how many configurations that took. About as long as
    /// sorting the key's operations, for most models.
    pub(super) fn stuck(
        &self,
        key: usize,
        rule: Rule,
        offsets: &[i64],
        meter: &Meter,
    ) -> (Option<Option<OpIndex>>, u64) {
        let readings = self.keys[key].readings(rule, offsets);
        meter.work(readings.len());
        let (stuck, effort) = impossible(self.models[key], &readings, meter);
        let stuck = stuck.map(|stuck| stuck.map(|at| readings[at].index));
        (stuck, effort.configurations)
    }

    /// Bounds within which `key` keeps the order that it has under the offsets of a recording;
    /// `None` if no order was found in time. O(n · groups), and as long as it takes to find one.
    pub(super) fn keep_order(
        &self,
        key: usize,
        offsets: &[i64],
        meter: &Meter,
        bounds: &mut Bounds,
    ) -> Option<()> {
        let entries = &self.keys[key].entries;
        let readings = self.keys[key].readings(Rule::Recording, offsets);
        let mut latest: Vec<Option<i64>> = vec![None; self.groups];
        for at in linearize(self.models[key], &readings, meter)? {
            let Timed { group: of, call, ret, .. } = entries[readings[at].index].timed;
            for (over, latest) in (0..).zip(&latest) {
                if let (Some(ret), Some(call)) = (ret, *latest) {
                    bounds.add(Difference { of, over, most: ret.saturating_sub(call) });
                }
            }
            let latest = &mut latest[usize::from(of)];
            *latest = Some(latest.map_or(call, |latest| latest.max(call)));
        }
        Some(())
    }

    /// A minimal core of `key` under `offsets`, near its entry `near`, as positions of entries;
    /// empty if none was found. It is one whatever the offsets are.
    pub(super) fn core(
        &self,
        key: usize,
        rule: Rule,
        offsets: &[i64],
        near: OpIndex,
        meter: &Meter,
    ) -> Vec<OpIndex> {
        let readings = self.keys[key].readings(rule, offsets);
        timeless_core(self.models[key], &readings, near, meter, CONFIGURATIONS).operations
    }

    /// The sets of bounds one of which offsets must keep that make this core of `key` possible, if
    /// its orders can be enumerated.
    pub(super) fn orders(
        &self,
        key: usize,
        rule: Rule,
        core: &[OpIndex],
    ) -> Option<Vec<Alternative>> {
        let model = self.models[key];
        let key = &self.keys[key];
        let ops: Vec<Timed<AnyOp>> = core.iter().map(|&at| key.entries[at].timed.clone()).collect();
        alternatives(model, &ops, &Moved { rule, writes: &key.writes })
    }

    /// The bounds one of which offsets must keep because of what is near the entry `near` of `key`,
    /// which cannot be ordered under `offsets`, and of what is in others of so many stretches, the
    /// first ones if they take more work than `most`; none of what was not decided in time. And how
    /// much work that was.
    pub(super) fn exchanges(
        &self,
        key: usize,
        rule: Rule,
        offsets: &[i64],
        near: OpIndex,
        (stretches, most): (usize, u64),
        meter: &Meter,
    ) -> (Vec<Vec<Alternative>>, u64) {
        let readings = self.keys[key].readings(rule, offsets);
        let windows = Windows::new(self.models[key], &self.keys[key], rule, &readings, meter);
        let mut found: Vec<Vec<Alternative>> = windows.choices(near).into_iter().collect();
        let stretches = (readings.len() / LENGTH).min(stretches);
        if stretches > 1 {
            found.extend(windows.all_choices(stretches, most));
        }
        (found, windows.total())
    }

    /// Adds the bounds that single operations ask for, whatever the order of the others: whoever
    /// saw a value that was written once did not return before that was called. False if no offsets
    /// are left. O(n log n).
    pub(super) fn restrict(&self, rule: Rule, bounds: &mut Bounds) -> bool {
        let mut keys = self.keys.iter().enumerate();
        keys.all(|(at, key)| rule.restrict(&key.entries, self.initial_token(at), bounds))
    }
}
