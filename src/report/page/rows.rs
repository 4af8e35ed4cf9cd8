//! The operations of a history, column by column, with the texts of their values.

use serde::Serialize;

use super::columns::{Column, zigzag};
use crate::explain::Linearizations;
use crate::history::hash::{Map, Set};
use crate::history::{History, OpIndex, Operation, Outcome, Rank, Value};
use crate::vocabulary::Word;
use crate::words::{null_says_nothing, printable, shortened};

/// All values' texts together have about so many characters,
const ROOM: usize = 12_000_000;

/// but each has so many: whole numbers are not cut.
const LEAST: usize = 20;

/// No text has more.
const MOST: usize = 200;

/// The operations that a page holds: those from `first` on are rows 0, 1, ….
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Range {
    pub(super) first: u32,
    pub(super) end: u32,
}

impl Range {
    /// At most `limit` operations of `history`: all, or those around `middle`, most of them before
    /// it.
    pub(super) fn around(history: &History, middle: Option<OpIndex>, limit: usize) -> Range {
        let all = history.operations().len();
        let after = limit / 8;
        let end = middle.map_or(limit, |middle| middle.index() + after).clamp(limit.min(all), all);
        Range { first: end.saturating_sub(limit) as u32, end: end as u32 }
    }

    /// The indices of the operations.
    fn indices(self) -> impl Iterator<Item = OpIndex> {
        (self.first..self.end).map(|index| OpIndex::new(index as usize))
    }

    /// The row of operation `index`, if the page holds it.
    pub(super) fn row(self, index: OpIndex) -> Option<u32> {
        let index = index.index() as u32;
        (self.first..self.end).contains(&index).then(|| index - self.first)
    }

    /// The rows of operations.
    pub(super) fn rows(self, indices: &[OpIndex]) -> Vec<u32> {
        indices.iter().filter_map(|&index| self.row(index)).collect()
    }
}

/// The columns; `docs/DESIGN.md` tells what each holds.
#[derive(Default, Serialize, Debug)]
pub(super) struct Columns {
    call: Column,
    ret: Column,
    invoked: Column,
    completed: Column,
    process: Column,
    kind: Column,
    /// For those of unknown outcome that have a completion: how many records it came later.
    left: Column,
    key: Column,
    input: Column,
    output: Column,
    call_time: Column,
    ret_time: Column,
    step: Column,
    state: Column,
    extra_row: Column,
    extra_name: Column,
    extra_value: Column,
}

/// A name of operations.
#[derive(Serialize, Debug)]
pub(super) struct Name {
    name: String,
    /// Whether a null that it returns says nothing.
    is_effect: bool,
}

/// Operations with all that they name.
#[derive(Serialize, Debug)]
pub(super) struct Rows {
    count: usize,
    /// Whether ranks are those of times; else they are the records.
    is_by_time: bool,
    has_times: bool,
    names: Vec<Name>,
    /// Texts of values; the first stands for none.
    texts: Vec<String>,
    columns: Columns,
}

/// Numbers for the values that are used.
#[derive(Default)]
struct Texts {
    numbers: Map<Value, u32>,
    values: Vec<Value>,
    /// Those by which things are called, which have to be told apart.
    names: Set<Value>,
}

impl Texts {
    /// The number of a value; 0 for null.
    fn of(&mut self, value: Value) -> u64 {
        if value.is_null() {
            return 0;
        }
        let next = self.values.len() as u32 + 1;
        let number = *self.numbers.entry(value).or_insert_with(|| {
            self.values.push(value);
            next
        });
        number.into()
    }

    /// The number of a value by which something is called.
    fn of_name(&mut self, value: Value) -> u64 {
        self.names.insert(value);
        self.of(value)
    }

    /// The texts, by their numbers. What is no name is cut, the shorter the more there is of it.
    fn written(&self, history: &History) -> Vec<String> {
        let cut = self.cut(history);
        let text = |value: &Value| {
            let cut = if self.names.contains(value) { MOST } else { cut };
            shortened(&history.values().to_text(*value), cut)
        };
        std::iter::once(String::new()).chain(self.values.iter().map(text)).collect()
    }

    /// To how many characters texts have to be cut, so that all together have room.
    fn cut(&self, history: &History) -> usize {
        let mut of_length = [0; MOST + 1];
        for &value in &self.values {
            of_length[history.values().to_text(value).chars().take(MOST).count()] += 1;
        }
        // How many are longer than the cut, and how much all take with it.
        let (mut longer, mut taken) = (self.values.len(), 0);
        for (cut, as_long) in of_length.into_iter().enumerate().take(MOST) {
            longer -= as_long;
            taken += longer;
            if taken > ROOM {
                return cut.max(LEAST);
            }
        }
        MOST
    }
}

/// The operations of `history` in `range`, where `ways` is how they can have happened. O(n).
/// `names` are the keys' values, whose numbers come first.
pub(super) fn rows(
    history: &History,
    range: Range,
    ways: &Linearizations,
    keys: &[Option<Value>],
) -> Rows {
    let mut writer = Writer::new(history, ways, keys);
    let key_of = key_of_each(history);
    for (row, index) in (0..).zip(range.indices()) {
        writer.add(index, key_of[index]);
        writer.add_extras(index, row);
    }
    let name = |name: &String| Name {
        name: printable(&shortened(name, 80)),
        is_effect: null_says_nothing(Word::named(name)),
    };
    Rows {
        count: (range.end - range.first) as usize,
        is_by_time: history.is_ordered_by_time(),
        has_times: history.start_time().is_some(),
        names: history.functions().iter().map(name).collect(),
        texts: writer.texts.written(history),
        columns: writer.columns,
    }
}

/// For each operation the position of its key among all keys.
fn key_of_each(history: &History) -> Vec<u32> {
    let partitions = history.partitions();
    let mut key_of = vec![0; history.operations().len()];
    for (at, partition) in (0..).zip(partitions.iter()) {
        for &index in partition.operations {
            key_of[index] = at;
        }
    }
    key_of
}

struct Writer<'a> {
    history: &'a History,
    ways: &'a Linearizations,
    columns: Columns,
    texts: Texts,
    start: i64,
    /// The call, its record and its time, of the row before.
    before: (Rank, i64, i64),
    /// The last row that has another field.
    extra_before: u32,
    /// For each key the step of its row before.
    steps: Map<u32, u32>,
}

impl<'a> Writer<'a> {
    fn new(history: &'a History, ways: &'a Linearizations, keys: &[Option<Value>]) -> Writer<'a> {
        let mut texts = Texts::default();
        keys.iter().flatten().for_each(|&key| {
            texts.of_name(key);
        });
        Writer {
            history,
            ways,
            columns: Columns::default(),
            texts,
            start: history.start_time().unwrap_or_default(),
            before: (Rank::FIRST, 0, 0),
            extra_before: 0,
            steps: Map::default(),
        }
    }

    fn add(&mut self, index: OpIndex, key: u32) {
        let history = self.history;
        let operation = &history[index];
        let span = history.span(index);
        let columns = &mut self.columns;
        columns.call.push(span.call.since(self.before.0) as u64);
        columns.ret.push(if span.has_returned() { span.ret.since(span.call) as u64 } else { 0 });
        if history.is_ordered_by_time() {
            let record = operation.invoked.index() as i64;
            columns.invoked.push_signed(record - self.before.1);
            columns.completed.push(match operation.completed {
                None => 0,
                Some(completed) => zigzag(completed.distance_from(operation.invoked)) + 1,
            });
        }
        columns.process.push(self.texts.of_name(operation.process));
        columns.kind.push(kind(operation));
        if operation.outcome == Outcome::Info {
            let left = operation.completed.map_or(0, |end| end.distance_from(operation.invoked));
            columns.left.push(left.unsigned_abs());
        }
        if history.operations()[0].key.is_some() {
            columns.key.push(key.into());
        }
        columns.input.push(self.texts.of(operation.input));
        columns.output.push(self.texts.of(operation.output));
        let time = self.add_times(index);
        self.before = (span.call, operation.invoked.index() as i64, time);
        self.add_step(index, key);
    }

    /// Appends both times; 0 where there is none. Returns that of the call, as it counts for the
    /// next.
    fn add_times(&mut self, index: OpIndex) -> i64 {
        let [call, ret] = self.history.times(index);
        if self.history.start_time().is_none() {
            return 0;
        }
        let since = |time: i64| time.saturating_sub(self.start);
        let call = call.map(since);
        let column = &mut self.columns.call_time;
        column.push(call.map_or(0, |call| after(self.before.2, call)));
        let call = call.unwrap_or(self.before.2);
        let column = &mut self.columns.ret_time;
        column.push(ret.map_or(0, |ret| after(call, since(ret))));
        call
    }

    fn add_step(&mut self, index: OpIndex, key: u32) {
        let step = self.ways.steps.get(index.index()).copied().unwrap_or_default();
        let before = self.steps.entry(key).or_default();
        self.columns.step.push(match step {
            0 => 0,
            step => zigzag(i64::from(step) - i64::from(*before) - 1) + 1,
        });
        if step > 0 {
            *before = step;
        }
        let state = self.ways.states.get(index.index()).copied().unwrap_or_default();
        self.columns.state.push(state.into());
    }

    /// Appends the other fields of both records of operation `index`.
    fn add_extras(&mut self, index: OpIndex, row: u32) {
        let operation = &self.history[index];
        let completed = operation.completed.filter(|&end| end != operation.invoked);
        let mut seen: Vec<(Value, Value)> = Vec::new();
        for record in [Some(operation.invoked), completed].into_iter().flatten() {
            for extra in self.history.extras(record) {
                if extra.value.is_null() || seen.contains(&(extra.name, extra.value)) {
                    continue;
                }
                seen.push((extra.name, extra.value));
                self.columns.extra_row.push(u64::from(row - self.extra_before));
                self.extra_before = row;
                self.columns.extra_name.push(self.texts.of_name(extra.name));
                self.columns.extra_value.push(self.texts.of(extra.value));
            }
        }
    }
}

/// The step from one time to another, never 0.
fn after(before: i64, time: i64) -> u64 {
    zigzag(time.saturating_sub(before)).saturating_add(1)
}

/// The name of an operation, and what it came to.
fn kind(operation: &Operation) -> u64 {
    let outcome = match operation.outcome {
        Outcome::Ok => 0,
        Outcome::Fail => 1,
        Outcome::Info => 2,
        Outcome::Open => 3,
    };
    operation.function.index() as u64 * 4 + outcome
}
