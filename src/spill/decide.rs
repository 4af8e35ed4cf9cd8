//! The second reading: keys come back from the disk, as many at a time as fit, and are decided.

use std::collections::BTreeSet;
use std::time::Instant;

use super::code::Row;
use super::gather::Gathered;
use super::kept::Kept;
use super::load::{Part, Setting};
use super::scratch::{GROUPS, Scratch};
use super::stored::Stored;
use super::{SpillOptions, Stopped};
use crate::check::{KeyReport, Meter, Options, Report, Start, StopReason};
use crate::error::Error;
use crate::explain::{CORES, Evidence};
use crate::history::hash::Map;
use crate::history::{Excerpt, History, NO_TIME, OpIndex, Record, Rows, Value, ValueTable};
use crate::model::{AnyModel, ModelSource, named};
use crate::progress::Phase;
use crate::session::Session;

/// So much memory an operation takes, beside its bytes.
const OPERATION: u64 = 96;
/// Keys that are decided together take this part of the memory,
const TOGETHER: u64 = 8;
/// and one that takes more than this part of it cannot be decided.
const ALONE: u64 = 2;
/// Those that are explained may take this part.
const EXPLAINED: u64 = 4;

/// So many lines are looked for one by one.
const FEW: usize = 16;

/// What is known by now of the keys of a history.
pub(super) struct Deciding<'t> {
    pub(super) gathered: Gathered,
    pub(super) options: &'t Options,
    spill: &'t SpillOptions,
    /// The model's name.
    pub(super) name: &'static str,
    pub(super) source: ModelSource,
    /// What the model starts from, a value of what was gathered.
    pub(super) initial: Option<Value>,
    /// What was found for each key.
    pub(super) reports: Vec<Option<Stored>>,
    pub(super) evidence: Evidence<Record>,
    pub(super) kept: Kept,
    /// Operations some of whose outputs were not looked at.
    pub(super) unread_outputs: BTreeSet<String>,
    /// The model's first complaint, and the number of its key.
    refusal: Option<(u32, Error)>,
    /// When all was read.
    pub(super) read: Instant,
}

/// All keys decided, and the operations of those that are explained.
pub(super) struct Decided<'t> {
    pub(super) deciding: Deciding<'t>,
    /// The operations of the first failing keys, or all operations.
    pub(super) part: Part,
    /// The number of failing keys that are in the part with all operations: the first ones.
    pub(super) complete: usize,
    /// Whether all operations are in the part.
    pub(super) is_all: bool,
}

/// Decides all keys of what was gathered.
pub(super) fn decide<'t>(
    mut gathered: Gathered,
    options: &'t Options,
    spill: &'t SpillOptions,
) -> Result<Decided<'t>, Stopped> {
    let read = Instant::now();
    let refused = |error: Error| Stopped::Refused(Box::new(error));
    // The table is lent to a history without operations, which knows how to ask metadata.
    let bare = History::of_rows(Rows {
        values: std::mem::take(&mut gathered.values),
        metadata: gathered.metadata,
        ..Rows::default()
    });
    let (entry, source) = match named(options.model.as_deref(), &bare) {
        Some(named) => named.map_err(refused)?,
        None => (gathered.hints.infer().map_err(refused)?, ModelSource::Inferred),
    };
    let name = entry.name;
    let start = Start::of(Some(&bare), options).map_err(refused)?;
    let initial = start.of_all().map_err(|_| Stopped::Unfit)?;
    AnyModel::by_name(name, initial, options.model_options, bare.values()).map_err(refused)?;
    gathered.values = bare.into_rows().values;
    let reports = vec![None; gathered.keys.len()];
    let mut deciding = Deciding {
        gathered,
        options,
        spill,
        name,
        source,
        initial,
        reports,
        evidence: Evidence::default(),
        kept: Kept::default(),
        unread_outputs: BTreeSet::new(),
        refusal: None,
        read,
    };
    options.enter(Phase::Deciding, deciding.gathered.keys.len());
    for group in 0..GROUPS {
        for batch in deciding.batches(group, |_| true, TOGETHER) {
            deciding.batch(&batch)?;
            if let Some(progress) = &options.progress {
                progress.advance(batch.len() as u64);
            }
        }
    }
    if let Some((_, error)) = deciding.refusal {
        return Err(refused(error));
    }
    deciding.look_into()
}

impl<'t> Deciding<'t> {
    /// The keys of `group` that are `wanted`, in lists that take no more than a part of the memory,
    /// or one key each.
    fn batches(&self, group: usize, wanted: impl Fn(u32) -> bool, part: u64) -> Vec<Vec<u32>> {
        let room = self.room(part);
        let mut batches: Vec<Vec<u32>> = Vec::new();
        let mut taken = room;
        for key in (group as u32..self.gathered.keys.len() as u32).step_by(GROUPS) {
            debug_assert!(Scratch::group(key) == group);
            if !wanted(key) {
                continue;
            }
            let size = self.size(key);
            match batches.last_mut() {
                Some(batch) if taken + size <= room => batch.push(key),
                _ => {
                    batches.push(vec![key]);
                    taken = 0;
                }
            }
            taken += size;
        }
        batches
    }

    /// A part of the memory.
    fn room(&self, part: u64) -> u64 {
        self.spill.memory as u64 / part
    }

    /// About how much memory a key takes with its operations.
    fn size(&self, key: u32) -> u64 {
        let key = &self.gathered.keys[key as usize];
        u64::from(key.operations) * OPERATION + 2 * key.bytes
    }

    /// Decides the keys of `batch`.
    fn batch(&mut self, batch: &[u32]) -> Result<(), Stopped> {
        let before_refusal = |key: &u32| self.refusal.as_ref().is_none_or(|(first, _)| key < first);
        let mut batch: Vec<u32> = batch.iter().copied().filter(before_refusal).collect();
        let meter =
            Meter::start(&self.options.budget, 0).told_to(self.options.progress.clone()).poll();
        if let Some(&alone) = batch.first()
            && self.size(alone) > self.room(ALONE)
        {
            self.give_up(&batch, StopReason::Memory);
            return Ok(());
        }
        if let Err(reason) = meter {
            self.give_up(&batch, reason);
            return Ok(());
        }
        batch.sort_unstable();
        if batch.is_empty() {
            return Ok(());
        }
        let (mut part, options) = self.part(&batch)?;
        let session = session(&part.history, &options)?;
        match session.decide() {
            Ok(report) => {
                self.unread_outputs.extend(report.unread_outputs);
                for (&number, report) in batch.iter().zip(report.keys) {
                    self.store(number, report, &part.history);
                }
            }
            Err(error) => {
                let at = error.record.and_then(|record| part.history.invoked_at(record));
                let key = at.and_then(|at| part.history[at].key);
                let partitions = part.history.partitions();
                let nth = partitions.iter().position(|partition| partition.key == key);
                self.refusal = Some((nth.map_or(batch[0], |nth| batch[nth]), error));
                return Ok(());
            }
        }
        let history = &part.history;
        self.evidence.add(history, &|index| history[index].invoked);
        // Those that are not in this part are passed over.
        let named: Vec<Record> = self.evidence.operations().collect();
        self.keep(&mut part, named.into_iter());
        Ok(())
    }

    fn give_up(&mut self, batch: &[u32], reason: StopReason) {
        for &number in batch {
            let key = &self.gathered.keys[number as usize];
            let operations = key.operations as usize;
            let stored = Stored::undecided(key.value, operations, reason);
            self.reports[number as usize] = Some(stored);
        }
    }

    /// The keys of a batch, and the options to check them with.
    fn part(&mut self, batch: &[u32]) -> Result<(Part, Options), Error> {
        let mut values = ValueTable::new();
        let initial = self.initial.map(|value| values.import(&self.gathered.values, value));
        let start_time = self.gathered.excerpt.start_time;
        let excerpt = Excerpt { start_time, ..Excerpt::default() };
        let setting = Setting { values: Some(values), excerpt, ..Setting::default() };
        let part = self.gathered.load(batch, setting)?;
        let options = Options { keep_orders: false, initial, ..self.options.clone() };
        Ok((part, Options { model: Some(self.name.to_owned()), ..options }))
    }

    /// Keeps the report on key `number`, which was made of a part of the history.
    fn store(&mut self, number: u32, report: KeyReport, part: &History) {
        let key = self.gathered.keys[number as usize].value;
        self.reports[number as usize] = Some(Stored::of(report, Some(key), part));
    }

    /// Returns the reports on `keys`, whose operations are in `part`.
    fn reports_on(&self, keys: &[u32], part: &History) -> Vec<KeyReport> {
        let stored = keys.iter().filter_map(|&key| self.reports[key as usize].as_ref());
        stored.map(|stored| stored.report(part)).collect()
    }

    /// Keeps those of the operations with these records that are in `part`, and the first operation
    /// of the key of each, which tells the order of keys.
    fn keep(&mut self, part: &mut Part, records: impl Iterator<Item = Record>) {
        let history = &part.history;
        let here: Vec<OpIndex> = records.filter_map(|record| history.invoked_at(record)).collect();
        if here.is_empty() {
            return;
        }
        let mut first: Map<Option<Value>, OpIndex> = Map::default();
        for (index, operation) in history.indexed() {
            first.entry(operation.key).or_insert(index);
        }
        if here.len() > FEW {
            part.sort_lines();
        }
        for index in here {
            let key = part.history[index].key;
            for index in [Some(index), first.get(&key).copied()].into_iter().flatten() {
                self.keep_row(part, index);
            }
        }
    }

    fn keep_row(&mut self, part: &Part, index: OpIndex) {
        let history = &part.history;
        let mut operation = history[index];
        if self.kept.has(operation.invoked) {
            return;
        }
        let times = history.times(index).map(|time| time.unwrap_or(NO_TIME));
        let lines = [Some(operation.invoked), operation.completed];
        let lines = lines.map(|record| record.map_or(0, |record| part.line(record)));
        let values = &mut self.gathered.values;
        let mut import = |value| values.import(history.values(), value);
        operation.process = import(operation.process);
        operation.key = operation.key.map(&mut import);
        operation.input = import(operation.input);
        operation.output = import(operation.output);
        self.kept.add(Row { operation, times, lines, in_seconds: true });
    }

    /// Looks into the failing keys, and puts together what is to be shown.
    fn look_into(mut self) -> Result<Decided<'t>, Stopped> {
        let is_failing = |stored: &Option<Stored>| {
            stored.as_ref().is_some_and(|one| one.failing_record().is_some())
        };
        let failing: Vec<u32> = (0..self.reports.len() as u32)
            .filter(|&key| is_failing(&self.reports[key as usize]))
            .collect();
        let all: Vec<u32> = (0..self.reports.len() as u32).collect();
        let size: u64 = all.iter().map(|&key| self.size(key)).sum();
        let keeps_all = !failing.is_empty() && size <= self.spill.keeps_all as u64;
        let complete = if keeps_all { failing.len() } else { self.complete(&failing) };
        let (complete, others) = failing.split_at(complete);
        for group in 0..GROUPS {
            let is_other = |key: u32| others.binary_search(&key).is_ok();
            for batch in self.batches(group, is_other, TOGETHER) {
                self.refine(&batch)?;
            }
        }
        let annotations = std::mem::take(&mut self.gathered.annotations);
        let setting = Setting {
            values: None,
            metadata: self.gathered.metadata,
            annotations,
            excerpt: self.gathered.excerpt.clone(),
        };
        let loaded = if keeps_all { &all[..] } else { complete };
        let part = self.gathered.load(loaded, setting)?;
        let options = Options {
            model: Some(self.name.to_owned()),
            initial: self.initial,
            keep_orders: false,
            ..self.options.clone()
        };
        let mut report = Report::new(self.name, self.reports_on(loaded, &part.history));
        if !complete.is_empty() {
            session(&part.history, &options)?.refine(&mut report, CORES)?;
        }
        for (&number, key) in loaded.iter().zip(&report.keys) {
            self.store(number, key.clone(), &part.history);
        }
        let complete = complete.len();
        Ok(Decided { deciding: self, part, complete, is_all: keeps_all })
    }

    /// How many of the failing keys are kept with all of their operations: the first ones.
    fn complete(&self, failing: &[u32]) -> usize {
        let room = self.room(EXPLAINED);
        let mut taken = 0;
        let sizes = failing.iter().take(CORES).map(|&key| self.size(key));
        let fits = sizes.take_while(|size| {
            taken += size;
            taken <= room
        });
        fits.count().max(usize::from(!failing.is_empty()))
    }

    /// Finds out which operation made the keys of `batch` fail, and keeps it.
    fn refine(&mut self, batch: &[u32]) -> Result<(), Stopped> {
        let (mut part, options) = self.part(batch)?;
        part.sort_lines();
        let session = session(&part.history, &options)?;
        let mut reports = self.reports_on(batch, &part.history);
        for (report, partition) in reports.iter_mut().zip(part.history.partitions().iter()) {
            report.key = partition.key;
        }
        let mut report = Report::new(self.name, reports);
        session.refine(&mut report, 0)?;
        let mut failing = Vec::new();
        for (&number, key) in batch.iter().zip(report.keys) {
            self.store(number, key, &part.history);
            let stored = self.reports[number as usize].as_ref();
            failing.extend(stored.and_then(Stored::failing_record));
        }
        self.keep(&mut part, failing.into_iter());
        Ok(())
    }
}

fn session<'a>(history: &'a History, options: &'a Options) -> Result<Session<'a>, Stopped> {
    Session::new(history, options).map_err(|error| Stopped::Refused(Box::new(error)))
}
