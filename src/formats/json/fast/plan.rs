//! Plans for records that are not of the usual shape: of one layout, the text between the contents
//! of its fields is always the same, and so is what becomes of these contents. A plan is
//! [learned](super::learn) from one record, and read from all that differ from it in contents only.

use super::batch::Batch;
use super::entry::{Entry, Form, Other, Whole};
use super::learn::learn;
use super::scan::Scanner;
use crate::formats::mapping::Mapping;
use crate::formats::moments::{in_unit, is_never};
use crate::formats::time;
use crate::formats::trace::Ends;
use crate::history::{EventType, Lacking, Outcome, Time, Value};

/// Kinds of contents that may make a difference, as bits.
pub(super) mod kind {
    pub(in crate::formats::json::fast) const NULL: u16 = 1;
    pub(in crate::formats::json::fast) const FALSE: u16 = 2;
    pub(in crate::formats::json::fast) const TRUE: u16 = 4;
    /// The empty string, and all others.
    pub(in crate::formats::json::fast) const EMPTY: u16 = 8;
    pub(in crate::formats::json::fast) const TEXT: u16 = 16;
    /// The number that is written `0`, and all others.
    pub(in crate::formats::json::fast) const ZERO: u16 = 32;
    pub(in crate::formats::json::fast) const NUMBER: u16 = 64;
    pub(in crate::formats::json::fast) const LIST: u16 = 128;
    pub(in crate::formats::json::fast) const MAP: u16 = 256;
    pub(in crate::formats::json::fast) const ALL: u16 = 511;
}

/// A record with more contents than this that differ has no plan.
pub(super) const MOST_LEAVES: usize = 32;
/// So many layouts have plans at a time.
const MOST_PLANS: usize = 32;
/// So many records of unknown layout come first, as a plan takes long to make.
const FIRST: usize = if cfg!(test) { 2 } else { 8 };
/// So many attempts at a plan are free; more are made as one of so many records is read without.
const FREE: usize = 2 * MOST_PLANS;
const RECORDS: usize = 256;
/// One of so many records of a part has a plan where plans are worth it.
pub(super) const SHARE: usize = 16;
/// For so many parts at most none are tried once they were not.
const MOST_PAUSE: usize = 63;

/// How the records of one layout are read.
pub(super) struct Plan {
    /// The text before each content that may differ, and what that is for; and what comes behind.
    pub(super) parts: Vec<(Box<[u8]>, Leaf)>,
    pub(super) tail: Box<[u8]>,
    pub(super) ends: Ends,
    pub(super) function: String,
    pub(super) process: Source,
    pub(super) input: Source,
    pub(super) output: Source,
    pub(super) key: Source,
    /// Whether the input becomes a value before all others do.
    pub(super) input_first: bool,
    pub(super) extras: Vec<Extra>,
    /// The roles that were found to be played by fields of other names.
    pub(super) takes: Vec<(&'static str, String)>,
    /// The rules of the mapping that apply, as bits.
    pub(super) rules: u64,
    /// Whether it shows that no record is a request to etcd.
    pub(super) is_no_request: bool,
    pub(super) lacks: Option<Lacking>,
}

impl Default for Plan {
    fn default() -> Plan {
        let nothing = Source::Fixed(Value::NULL);
        Plan {
            parts: Vec::new(),
            tail: Box::default(),
            ends: Ends::Event(EventType::Info),
            function: String::new(),
            process: nothing,
            input: nothing,
            output: nothing,
            key: nothing,
            input_first: false,
            extras: Vec::new(),
            takes: Vec::new(),
            rules: 0,
            is_no_request: false,
            lacks: None,
        }
    }
}

/// A content that may differ from record to record.
pub(super) struct Leaf {
    /// The kinds of which it may be,
    pub(super) kinds: u16,
    /// and the text that it must have.
    pub(super) text: Option<Box<str>>,
    pub(super) usage: Usage,
}

/// What a content is used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Usage {
    Nothing,
    Process,
    Value,
    /// A time in this unit of nanoseconds, if that is known: of the call, or else of the event or
    /// the return.
    Call(Option<i64>),
    Time(Option<i64>),
}

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    /// It is always this one, which needs no table.
    Fixed(Value),
    /// The content of this number.
    Leaf(u8),
    /// A list of two contents.
    Pair(u8, u8),
}

/// A field that is only kept.
pub(super) struct Extra {
    pub(super) name: String,
    pub(super) leaf: u8,
    /// Whether a number that is the record's position says nothing.
    pub(super) may_be_index: bool,
}

/// The plans that are known by now.
#[derive(Default)]
pub(super) struct Plans {
    plans: Vec<Plan>,
    /// The one that the last record had that had one.
    last: usize,
    /// How many records had none, how often one was made for them,
    missed: usize,
    tried: usize,
    /// and how many had none before this part of the text.
    missed_before: usize,
    /// Whether most records of the last part had plans; if not, for how many parts none are tried,
    is_in_use: bool,
    pause: usize,
    /// and how many of these are left.
    paused: usize,
}

impl Plans {
    /// Whether the next part of the text is to be read by plans first.
    pub(super) fn are_in_use(&self) -> bool {
        self.is_in_use
    }

    /// Whether to try plans for a part of whose records so many of `all` are unusual.
    pub(super) fn are_due(&mut self, unusual: usize, all: usize) -> bool {
        if unusual < FIRST || unusual < all / SHARE {
            return false;
        }
        let is_due = self.paused == 0;
        self.paused = self.paused.saturating_sub(1);
        is_due
    }

    /// Whether plans were of use for a part: where no more records have none than `most`.
    pub(super) fn were_of_use(&mut self, others: usize, most: usize) -> bool {
        self.is_in_use = others <= most;
        self.pause = if self.is_in_use { 0 } else { MOST_PAUSE.min(2 * self.pause + 1) };
        self.paused = self.pause;
        self.is_in_use
    }

    /// Returns the plan with this number.
    pub(super) fn get(&self, number: u8) -> &Plan {
        &self.plans[usize::from(number)]
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.plans.len()
    }

    /// Forgets all plans if there are too many, of which too few are of use. None of them may be in
    /// the batch that is read next.
    pub(super) fn begin(&mut self) {
        if self.plans.len() == MOST_PLANS && self.missed - self.missed_before > RECORDS {
            self.plans.clear();
        }
        self.missed_before = self.missed;
    }

    /// Reads the record here by the plan that the last record had, by another, or by one that is
    /// made for it.
    pub(super) fn record<'t>(
        &mut self,
        scanner: &mut Scanner<'t>,
        mapping: Option<&Mapping>,
        batch: &mut Batch<'t>,
    ) -> Option<Entry> {
        if let Some(plan) = self.plans.get(self.last)
            && let Some(entry) = scanner.planned(plan, self.last as u8, batch)
        {
            return Some(entry);
        }
        for (at, plan) in self.plans.iter().enumerate().filter(|&(at, _)| at != self.last) {
            if let Some(entry) = scanner.planned(plan, at as u8, batch) {
                self.last = at;
                return Some(entry);
            }
        }
        self.learned(scanner, mapping, batch)
    }

    #[cold]
    fn learned<'t>(
        &mut self,
        scanner: &mut Scanner<'t>,
        mapping: Option<&Mapping>,
        batch: &mut Batch<'t>,
    ) -> Option<Entry> {
        self.missed += 1;
        let budget = FREE + self.missed / RECORDS;
        if self.missed < FIRST || self.tried >= budget || self.plans.len() == MOST_PLANS {
            return None;
        }
        self.tried += 1;
        let plan = learn(scanner.text, scanner.at, mapping)?;
        let at = self.plans.len();
        let entry = scanner.planned(&plan, at as u8, batch)?;
        self.plans.push(plan);
        self.last = at;
        Some(entry)
    }
}

/// The contents of a record that may differ.
struct Contents {
    values: [Value; MOST_LEAVES],
    /// Which of them start with a digit, as bits.
    digits: u32,
    call: Option<Time>,
    time: Option<Time>,
}

impl Contents {
    fn value<'t>(&self, source: Source, batch: &mut Batch<'t>) -> Value {
        match source {
            Source::Fixed(value) => value,
            Source::Leaf(at) => self.values[usize::from(at)],
            Source::Pair(one, other) => {
                let pair = [one, other].map(|at| self.values[usize::from(at)]);
                batch.values.list(&pair)
            }
        }
    }
}

impl<'t> Scanner<'t> {
    /// The record here, if it is as `plan`, of this number, says; goes behind it then.
    #[inline(never)]
    fn planned(&mut self, plan: &Plan, number: u8, batch: &mut Batch<'t>) -> Option<Entry> {
        let mut scanner = *self;
        let contents = scanner.contents(plan, batch)?;
        let Contents { call, time, .. } = contents;
        let mut entry = Entry {
            process: contents.value(plan.process, batch),
            value: contents.value(plan.input, batch),
            key: contents.value(plan.key, batch),
            function: number,
            form: Form::Planned,
            extras: plan.extras.len() as u8,
            ..Entry::EMPTY
        };
        let output = contents.value(plan.output, batch);
        let mut outcome = Outcome::Open;
        match plan.ends {
            Ends::Event(kind) => entry.kind = kind,
            // That it never returned makes more of a difference than another time.
            Ends::Whole(_) if call.zip(time).is_some_and(|(call, ret)| is_never(call, ret)) => {
                return None;
            }
            Ends::Whole(ended) => outcome = ended,
        }
        let call = call.unwrap_or(Time::Whole(0));
        batch.wholes.push(Whole { call, ret: time, output, outcome, taken: 0 });
        for (at, extra) in plan.extras.iter().enumerate() {
            let is_index = extra.may_be_index && contents.digits >> extra.leaf & 1 == 1;
            let value = contents.values[usize::from(extra.leaf)];
            batch.extras.push(Other { name: at as u8, value, is_index, is_end: false });
        }
        self.at = scanner.at;
        Some(entry)
    }

    /// The contents of the record here, if it is as `plan` says; goes behind it, or anywhere in it.
    #[inline(always)]
    fn contents(&mut self, plan: &Plan, batch: &mut Batch<'t>) -> Option<Contents> {
        let mut contents =
            Contents { values: [Value::NULL; MOST_LEAVES], digits: 0, call: None, time: None };
        for (at, (literal, leaf)) in plan.parts.iter().enumerate() {
            self.skip_text(literal)?;
            let start = self.at;
            if leaf.kinds & self.kind_here()? == 0 {
                return None;
            }
            match leaf.usage {
                Usage::Process => {
                    let process = self.integer().filter(|_| !self.at_fraction())?;
                    contents.values[at] = batch.values.int(process);
                }
                Usage::Value => {
                    contents.digits |= u32::from(self.peek()?.is_ascii_digit()) << at;
                    contents.values[at] = self.value(batch)?;
                }
                Usage::Call(unit) => contents.call = Some(in_unit(self.moment()?, unit)?),
                Usage::Time(unit) => contents.time = Some(in_unit(self.moment()?, unit)?),
                Usage::Nothing => self.pass_over(batch)?,
            }
            if let Some(text) = &leaf.text
                && self.text.get(start..self.at) != Some(text)
            {
                return None;
            }
        }
        self.skip_text(&plan.tail)?;
        Some(contents)
    }

    /// Goes behind this text. `None` if something else is here.
    #[inline(always)]
    fn skip_text(&mut self, literal: &[u8]) -> Option<()> {
        let end = self.at + literal.len();
        let is_here = self.text.as_bytes().get(self.at..end) == Some(literal);
        is_here.then(|| self.at = end)
    }

    /// The kind of the content here.
    #[inline(always)]
    pub(super) fn kind_here(&self) -> Option<u16> {
        let next = self.byte(self.at + 1);
        Some(match self.peek()? {
            b'"' if next == Some(b'"') => kind::EMPTY,
            b'"' => kind::TEXT,
            b'0' if !matches!(next, Some(b'.' | b'e' | b'E')) => kind::ZERO,
            b'-' | b'0'..=b'9' => kind::NUMBER,
            b'n' => kind::NULL,
            b'f' => kind::FALSE,
            b't' => kind::TRUE,
            b'[' => kind::LIST,
            b'{' => kind::MAP,
            _ => return None,
        })
    }

    /// The content here as a time.
    #[inline(always)]
    fn moment(&mut self) -> Option<Time> {
        if self.peek()? != b'"' {
            return self.any_time();
        }
        self.at += 1;
        let (text, end) = self.string()?;
        self.at = end;
        time::written(text)?.ok()
    }

    /// Goes behind the content here, whatever it is.
    fn pass_over(&mut self, batch: &mut Batch<'t>) -> Option<()> {
        if self.peek()? == b'"' {
            let inside = Scanner { at: self.at + 1, ..*self };
            if let Some((_, end)) = inside.string() {
                self.at = end;
                return Some(());
            }
        }
        self.value(batch).map(|_| ())
    }
}
