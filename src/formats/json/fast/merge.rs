//! How the records of the parts join: the history is the one that the reader for all records of the
//! format would make, which reads here what the scanner did not understand.

use std::ops::Range;

use super::batch::Batch;
use super::entry::{Entry, Form, INDEX, NO_INDEX, Other, Whole};
use super::plan::{Plan, Plans};
use crate::error::Error;
use crate::formats::roles::role;
use crate::formats::sink::Sink;
use crate::formats::trace::Ends;
use crate::history::{ClientEvent, Event, Interval, NO_TIME, Time, Value};

/// The reader for all records of a format, whatever they hold.
pub(in crate::formats) trait General {
    /// Returns where it is.
    fn at(&self) -> usize;

    /// Goes on at byte `at`, where a record starts.
    fn go_to(&mut self, at: usize);

    /// Goes on behind a record that ends at byte `at`.
    fn go_behind(&mut self, at: usize) -> Result<(), Error>;

    /// Reads records that follow each other, up to the first that starts at byte `end` or behind
    /// it, or to the end of the text. False if the sink wants no more.
    fn read_until(&mut self, end: usize, sink: &mut Sink<'_>) -> Result<bool, Error>;

    /// Reads the record that must be here. False if the sink wants no more.
    fn next(&mut self, sink: &mut Sink<'_>) -> Result<bool, Error>;
}

/// Puts the records of batch after batch, in the order of the text, into a sink.
pub(in crate::formats) struct Merger<'s, 'b, R> {
    /// The reader for all that the scanner does not understand.
    general: R,
    sink: &'s mut Sink<'b>,
    /// The names of fields of the batch that play a role in a whole operation, by their numbers, as
    /// bits.
    taken: u64,
}

impl<'s, 'b, R: General> Merger<'s, 'b, R> {
    /// A merger of batches of the text that `general` is at the start of.
    pub(in crate::formats) fn new(general: R, sink: &'s mut Sink<'b>) -> Self {
        Merger { general, sink, taken: 0 }
    }

    /// Adds the records of `batch`. False if the sink wants no more.
    pub(in crate::formats) fn add(&mut self, batch: &mut Batch<'_>) -> Result<bool, Error> {
        let entries = std::mem::take(&mut batch.entries);
        batch.translation.begin(&batch.values);
        self.sink.values().approach(&batch.values);
        batch.translated_functions.clear();
        batch.translated_functions.resize(batch.functions.names().len(), None);
        batch.translated_names.clear();
        batch.translated_names.resize(batch.names.names().len(), Value::NULL);
        let plans = std::mem::take(&mut batch.plans);
        self.sink.expect(batch.start, entries.len())?;
        self.taken = 0;
        let added = self.add_entries(batch, &entries, &plans);
        (batch.entries, batch.plans) = (entries, plans);
        let numbered = batch.names.names().iter().take(u64::BITS as usize).enumerate();
        for (_, name) in numbered.filter(|(number, _)| self.taken >> number & 1 == 1) {
            let (role, rank) = role(name);
            if rank > 0 {
                self.sink.takes(role.name(), name);
            }
        }
        added
    }

    fn add_entries(
        &mut self,
        batch: &mut Batch<'_>,
        entries: &[Entry],
        plans: &Plans,
    ) -> Result<bool, Error> {
        let mut noted = 0;
        // Whether the entry at hand is known to start where a record ended.
        let mut joins = false;
        let (mut extras, mut wholes) = (0, 0);
        for entry in entries {
            let at = batch.start + entry.at as usize;
            let (extra, whole) = (extras, wholes);
            extras += usize::from(entry.extras);
            wholes += usize::from(matches!(entry.form, Form::Whole | Form::Planned));
            if !joins {
                if !self.general.read_until(at, self.sink)? {
                    return Ok(false);
                }
                if self.general.at() > at {
                    continue;
                }
            }
            joins = entry.form != Form::Unusual;
            if !joins {
                self.general.go_to(at);
                if !self.general.next(self.sink)? {
                    return Ok(false);
                }
                continue;
            }
            if !self.sink.begin(at) {
                return Ok(false);
            }
            if self.sink.is_seeking() {
                self.sink.skip()?;
            } else if entry.form == Form::Whole {
                let whole = batch.wholes[whole];
                self.whole(entry, &whole, extra..extras, batch)?;
            } else if entry.form == Form::Planned {
                let (plan, whole) = (plans.get(entry.function), batch.wholes[whole]);
                if noted >> entry.function & 1 == 0 {
                    noted |= 1_u32 << entry.function;
                    self.note(plan);
                }
                self.planned(plan, entry, &whole, extra..extras, batch)?;
            } else {
                self.event(entry, extra..extras, batch)?;
            }
        }
        if joins {
            self.general.go_behind(batch.end)?;
        }
        Ok(true)
    }

    /// Adds the record that is an event the scanner understood.
    #[inline]
    fn event(
        &mut self,
        entry: &Entry,
        extras: Range<usize>,
        batch: &mut Batch<'_>,
    ) -> Result<(), Error> {
        let kind = entry.kind;
        let process = self.translated(entry.process, batch);
        let value = self.translated(entry.value, batch);
        let key = self.translated(entry.key, batch);
        let key = (!key.is_null()).then_some(key);
        if !extras.is_empty() || entry.index != NO_INDEX {
            self.extras(entry, extras, batch);
        }
        let number = usize::from(entry.function);
        let known = batch.translated_functions[number];
        if let Some(function) = known.filter(|_| entry.form == Form::Event) {
            let event = ClientEvent { process, kind, function, value, key, time: entry.time };
            return self.sink.client_event(&event);
        }
        let time = match entry.form {
            Form::EventInSeconds => Some(Time::Seconds(entry.time)),
            Form::ExactEvent => Some(Time::Exact(entry.time)),
            _ => (entry.time != NO_TIME).then_some(Time::Whole(entry.time)),
        };
        let function = batch.functions.names()[number];
        self.sink.event(&Event { process, kind, function, value, key, time })?;
        batch.translated_functions[number] = self.sink.function(function);
        Ok(())
    }

    /// Adds the record that is a whole operation the scanner understood.
    fn whole(
        &mut self,
        entry: &Entry,
        whole: &Whole,
        extras: Range<usize>,
        batch: &mut Batch<'_>,
    ) -> Result<(), Error> {
        self.taken |= whole.taken;
        let process = self.translated(entry.process, batch);
        let key = self.translated(entry.key, batch);
        let input = self.translated(entry.value, batch);
        let output = self.translated(whole.output, batch);
        self.extras(entry, extras, batch);
        self.sink.interval(&Interval {
            process: (!process.is_null()).then_some(process),
            outcome: whole.outcome,
            function: batch.functions.names()[usize::from(entry.function)],
            input,
            output,
            key: (!key.is_null()).then_some(key),
            call: whole.call,
            ret: whole.ret,
        })
    }

    /// Notes once what holds for all records of `plan`.
    #[cold]
    fn note(&mut self, plan: &Plan) {
        for (role, path) in &plan.takes {
            self.sink.takes(role, path);
        }
        self.sink.found_rules |= plan.rules;
        self.sink.has_no_requests |= plan.is_no_request;
    }

    /// Adds the record that was read by `plan`.
    #[inline(never)]
    fn planned(
        &mut self,
        plan: &Plan,
        entry: &Entry,
        whole: &Whole,
        extras: Range<usize>,
        batch: &mut Batch<'_>,
    ) -> Result<(), Error> {
        if let Some(lacking) = plan.lacks {
            self.sink.lacks(lacking);
        }
        let is_event = matches!(plan.ends, Ends::Event(_));
        if plan.input_first {
            self.translated(entry.value, batch);
        }
        let process = self.translated(entry.process, batch);
        if is_event {
            self.translated(entry.value, batch);
        }
        let key = self.translated(entry.key, batch);
        let [input, output] =
            [entry.value, whole.output].map(|value| self.translated(value, batch));
        for at in extras {
            let Other { name, value, is_index, .. } = batch.extras[at];
            if is_index && batch.values.as_int(value) == i64::try_from(self.sink.index()).ok() {
                continue;
            }
            let value = self.translated(value, batch);
            self.sink.extra(&plan.extras[usize::from(name)].name, value);
        }
        let key = (!key.is_null()).then_some(key);
        let function = &*plan.function;
        let Ends::Event(kind) = plan.ends else {
            let process = (!process.is_null()).then_some(process);
            let Whole { call, ret, outcome, .. } = *whole;
            let interval = Interval { process, outcome, function, input, output, key, call, ret };
            return self.sink.interval(&interval);
        };
        let time = whole.ret;
        self.sink.event(&Event { process, kind, function, value: input, key, time })
    }

    /// Adds the other fields of a record. An index that only repeats its position says nothing.
    #[inline]
    fn extras(&mut self, entry: &Entry, range: Range<usize>, batch: &mut Batch<'_>) {
        if entry.index != NO_INDEX && entry.index as usize != self.sink.index() {
            let index = self.sink.values().int(i64::from(entry.index));
            self.extra(INDEX, index, batch);
        }
        for at in range {
            let Other { name, value, is_index, .. } = batch.extras[at];
            if is_index && batch.values.as_int(value) == i64::try_from(self.sink.index()).ok() {
                continue;
            }
            let value = self.translated(value, batch);
            self.extra(name, value, batch);
        }
    }

    /// Adds one other field, whose name is a number of the batch.
    #[inline]
    fn extra(&mut self, name: u8, value: Value, batch: &mut Batch<'_>) {
        let number = usize::from(name);
        let slot = &mut batch.translated_names[number];
        if slot.is_null() {
            *slot = self.sink.values().text(batch.names.names()[number]);
        }
        self.sink.named_extra(*slot, value);
    }

    /// A value of the batch as one of the history.
    #[inline]
    fn translated(&mut self, value: Value, batch: &mut Batch<'_>) -> Value {
        if !value.is_stored() {
            return value;
        }
        self.sink.values().translate(&batch.values, value, &mut batch.translation)
    }

    /// Reads what comes behind the last batch.
    pub(in crate::formats) fn finish(mut self) -> Result<(), Error> {
        self.general.read_until(usize::MAX, self.sink).map(|_| ())
    }
}
