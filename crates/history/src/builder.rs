//! Builds a history from events or whole operations, in the order of the input: pairs invocations
//! with completions and refuses what cannot be.

mod refusals;

use super::clients::{Clients, check_processes, no_operation};
use super::dense::ValueMap;
use super::forgotten::{self, Forgotten};
use super::keys::{self, Independent};
use super::lanes::{self, Splitting};
use super::operation::ClientEvent;
use super::order::{self, Order, Ties};
use super::times::Times;
use super::tolerant::Tolerant;
use super::{
    Annotation, Event, EventType, Function, History, Interval, NO_TIME, Operation, Outcome, Record,
    Shape, Time, Value, ValueTable,
};
use crate::error::{Code, Error};
use crate::hash::Map;
use crate::vocabulary::Word;
use refusals::without_unit;

/// How to read a history: what orders it, and whether its values hold keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// What orders the events.
    pub order: Order,
    /// What equal times mean.
    pub ties: Ties,
    /// Whether values are Jepsen's independent tuples `[key value]`.
    pub independent: Independent,
    /// Whether a client that has several operations open at once is divided into several processes.
    pub split_clients: bool,
    /// How invocations and completions have to match.
    pub pairing: Pairing,
}

/// How the invocations and completions of a history have to match.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Pairing {
    /// One to one: a process completes what it invoked, before it invokes anything else.
    #[default]
    Strict,
    /// As well as they do, for checks that look at events rather than at operations: a process may
    /// have several operations open, of which a completion ends the oldest that fits it, and a
    /// completion that fits none is an operation that was never
    /// [invoked](History::is_invoked). A history may be empty.
    Tolerant,
}

/// Collects the records of a history; [`HistoryBuilder::finish`] makes the history.
pub struct HistoryBuilder {
    pub(super) history: History,
    pub(super) functions: Map<String, Function>,
    /// The operation that each process has open, by index; or `IDLE`, or `LOST`.
    pub(super) processes: ValueMap,
    /// How many operations have a key.
    keyed: usize,
    /// Whether whole-number times are seconds, once a fractional one was seen.
    pub(super) seconds: bool,
    /// Whether some time has a unit, or is a date, so that a whole number without one is unclear.
    pub(super) units: bool,
    last_function: Function,
    /// What the user says of clients.
    pub(super) clients: Option<Clients>,
    /// What is left of what was forgotten, if it forgets.
    pub(super) forgotten: Option<Forgotten>,
    /// The clients' events so far, if they are joined in the order of their times.
    pub(super) waiting: Option<Vec<(Record, ClientEvent)>>,
    /// Whether the ends of operations are joined in the order of their times.
    pub(super) orders_by_time: bool,
    /// So many records there may be.
    pub(super) most: usize,
    /// What is known of clients, if they are divided.
    pub(super) splitting: Option<Splitting>,
    /// The operations that each process has open, where events need not match one to one.
    pub(super) tolerant: Option<Tolerant>,
    /// The first event of a client that names no process, and how many do not.
    pub(super) unnamed: (Option<Record>, usize),
    /// Whether the times of events ascended so far, in the order of the records, and the latest.
    ascends: bool,
    latest: i64,
}

/// A process that has no operation open.
pub(super) const IDLE: u32 = u32::MAX;
/// One whose last operation is indeterminate.
pub(super) const LOST: u32 = u32::MAX - 1;
/// Processes below about half of this are found without hashing.
pub(super) const NUMBERED: usize = 1 << 20;

impl Default for HistoryBuilder {
    fn default() -> Self {
        HistoryBuilder {
            history: History::default(),
            functions: Map::default(),
            processes: ValueMap::new(IDLE, NUMBERED),
            keyed: 0,
            seconds: false,
            units: false,
            last_function: Function::default(),
            forgotten: None,
            waiting: None,
            clients: None,
            orders_by_time: false,
            most: Record::MOST,
            splitting: None,
            tolerant: None,
            unnamed: (None, 0),
            ascends: true,
            latest: NO_TIME,
        }
    }
}

impl HistoryBuilder {
    /// The table to intern the values of the next record in.
    #[inline]
    pub fn values(&mut self) -> &mut ValueTable {
        &mut self.history.values
    }

    /// How many records were added so far; the next one has this position.
    #[inline]
    pub fn records(&self) -> usize {
        self.history.records
    }

    /// Adds one event.
    ///
    /// # Errors
    /// If the event cannot follow those before it: a process invokes twice, or completes what it
    /// did not invoke. The error names the record.
    pub fn event(&mut self, event: &Event<'_>) -> Result<(), Error> {
        let record = self.next_record()?;
        let located = |error: Error| error.record(record);
        let function = self.function(event.function).map_err(located)?;
        let time = self.time(event.time).map_err(located)?;
        if !self.is_client(event.process, event.function, event.kind) {
            self.history.annotations.push(Annotation {
                record,
                process: event.process,
                kind: event.kind,
                function,
                value: event.value,
                time: (time != NO_TIME).then_some(time),
            });
            return Ok(());
        }
        let Event { process, kind, value, key, .. } = *event;
        self.join(record, &ClientEvent { process, kind, function, value, key, time })
    }

    /// Whether events of clients were added.
    #[doc(hidden)]
    pub fn has_events(&self) -> bool {
        !self.history.operations.is_empty() && !self.history.whole_operations
            || self.waiting.as_ref().is_some_and(|waiting| !waiting.is_empty())
    }

    /// Returns the name of the operation that `process` has open, if it is known by now, and the
    /// only one.
    #[doc(hidden)]
    pub fn open_function(&mut self, process: Value) -> Option<String> {
        if self.splitting.is_some() {
            return None;
        }
        let index = match self.tolerant {
            Some(_) => self.only_open(process)?,
            None => Some(*self.processes.slot(process)).filter(|&index| index < LOST)? as usize,
        };
        let operation = self.history.operations.get(index)?;
        Some(self.history.function(operation.function).to_owned())
    }

    /// A builder that joins the ends of operations in the order of their times, not in that of the
    /// records: for input that is sorted by neither clients nor time. It has to be
    /// [finished](HistoryBuilder::finish) with [`Order::Time`].
    #[doc(hidden)]
    pub fn by_time() -> HistoryBuilder {
        HistoryBuilder {
            waiting: Some(Vec::new()),
            orders_by_time: true,
            ..HistoryBuilder::default()
        }
    }

    /// A builder of a history that is read with these settings, and is to be finished with them.
    #[doc(hidden)]
    pub fn for_settings(settings: Settings) -> HistoryBuilder {
        let mut builder = match settings.order {
            Order::File => HistoryBuilder::default(),
            Order::Time => HistoryBuilder::by_time(),
        };
        if settings.split_clients {
            builder.split_clients();
        }
        if settings.pairing == Pairing::Tolerant {
            builder.tolerate();
        }
        builder
    }

    /// Joins the two ends of an operation, or puts this one aside until all are there.
    #[inline]
    pub(super) fn join(&mut self, record: Record, event: &ClientEvent) -> Result<(), Error> {
        if let Some(waiting) = &mut self.waiting {
            waiting.push((record, *event));
            return Ok(());
        }
        if self.latest <= event.time {
            self.latest = event.time;
        } else {
            self.ascends &= event.time == NO_TIME;
        }
        self.join_now(record, event)
    }

    #[inline]
    fn join_now(&mut self, record: Record, event: &ClientEvent) -> Result<(), Error> {
        let joined = match (&self.splitting, event.kind) {
            (None, _) if self.tolerant.is_some() => {
                self.join_tolerantly(record, event);
                return Ok(());
            }
            (None, EventType::Invoke) => self.invocation(record, event),
            (None, _) => self.completion(record, event),
            (Some(_), _) => self.join_lane(record, event),
        };
        joined.map_err(|error| error.record(record))
    }

    #[inline]
    pub(super) fn invocation(&mut self, record: Record, event: &ClientEvent) -> Result<(), Error> {
        self.check_not_alone()?;
        let index = self.history.operations.len() as u32;
        let slot = self.processes.slot(event.process);
        if *slot < LOST {
            let open = *slot;
            return Err(self.double_invoke(event.process, open));
        }
        self.history.reinvoked += usize::from(*slot == LOST);
        *slot = index;
        self.push_invoked(record, event);
        Ok(())
    }

    #[inline]
    pub(super) fn completion(&mut self, record: Record, event: &ClientEvent) -> Result<(), Error> {
        let slot = self.processes.slot(event.process);
        let index = *slot;
        if index >= LOST {
            return self.completion_alone(record, event);
        }
        *slot = if event.kind == EventType::Info { LOST } else { IDLE };
        let operation = &mut self.history.operations[index as usize];
        if operation.function != event.function
            || event.key.is_some_and(|key| operation.key != Some(key))
        {
            *slot = IDLE;
            return Err(self.mismatch(event, index));
        }
        operation.completed = Some(record);
        operation.output = event.value;
        operation.outcome = Outcome::of(event.kind);
        if event.time != NO_TIME {
            self.times_mut().set_return(index as usize, event.time);
        }
        Ok(())
    }

    /// Adds one operation of which the record tells both ends.
    ///
    /// # Errors
    /// If its times cannot be. The error names the record.
    pub fn interval(&mut self, interval: &Interval<'_>) -> Result<(), Error> {
        let record = self.next_record()?;
        let located = |error: Error| error.record(record);
        let function = self.function(interval.function).map_err(located)?;
        let call = self.time(Some(interval.call)).map_err(located)?;
        let ret = self.time(interval.ret).map_err(located)?;
        if self.forgotten.is_some() {
            return Err(located(forgotten::no_intervals()));
        }
        // A process of its own: no number that a record could hold.
        let process = interval.process.unwrap_or_else(|| {
            let name = format!("record-{record}");
            self.history.values.symbol(&name)
        });
        let kind = EventType::Invoke;
        if interval.process.is_some_and(|process| !self.is_client(process, interval.function, kind))
        {
            self.history.annotations.push(Annotation {
                record,
                process,
                kind: EventType::Info,
                function,
                value: interval.input,
                time: Some(call),
            });
            return Ok(());
        }
        self.check_not_alone().map_err(located)?;
        self.history.whole_operations = true;
        let determinate = !interval.outcome.is_indeterminate();
        if determinate && ret == NO_TIME {
            return Err(located(
                Error::new(Code::BadTime, "the operation ended, but the record does not tell when")
                    .hint("give it a return time, or the outcome info if it never returned"),
            ));
        }
        self.push(
            Operation {
                process,
                key: interval.key,
                input: interval.input,
                output: interval.output,
                invoked: record,
                completed: (ret != NO_TIME).then_some(record),
                function,
                outcome: interval.outcome,
            },
            [call, ret],
        );
        Ok(())
    }

    /// Adds a field of the record that is added next.
    pub fn extra(&mut self, name: &str, value: Value) {
        let name = self.history.values.text(name);
        self.named_extra(name, value);
    }

    /// Adds a record that describes the history itself.
    ///
    /// # Errors
    /// If the history has too many records, or its metadata twice.
    pub fn metadata(&mut self, value: Value) -> Result<(), Error> {
        let record = self.next_record()?;
        match self.history.values.shape(value) {
            // The end of the history; nothing is said of it.
            Shape::Map(&[name, Value::TRUE])
                if self.history.values.as_name(name) == Some("end") =>
            {
                self.most = self.history.records;
                return Ok(());
            }
            _ => {}
        }
        self.history.metadata_record = Some(record);
        if self.history.metadata.replace(value).is_some() {
            return Err(Error::new(Code::DuplicateField, "the history has two metadata records")
                .hint("put all that is to be said of the history into one")
                .record(record));
        }
        Ok(())
    }

    /// Makes the history.
    ///
    /// # Errors
    /// If it is empty, if only some operations have keys, or if its times cannot order it.
    pub fn finish(mut self, settings: Settings) -> Result<History, Error> {
        if let Some(waiting) = self.waiting.take() {
            self.join_by_time(waiting)?;
        }
        self.check_named()?;
        let history = &mut self.history;
        history.in_seconds = self.seconds;
        history.ascends = self.ascends && !self.orders_by_time && !history.whole_operations;
        if history.operations.is_empty() && !history.alone {
            if self.tolerant.is_some() {
                return Ok(self.history);
            }
            return Err(no_operation(history, !history.annotations.is_empty()));
        }
        keys::resolve(history, self.keyed, settings.independent)?;
        if history.whole_operations {
            let is_event = |op: &&Operation| op.completed.is_some_and(|end| end != op.invoked);
            if let Some(event) = history.operations.iter().find(is_event) {
                return Err(Error::new(
                    Code::Syntax,
                    "the input mixes events with records of whole operations",
                )
                .hint("only times order whole operations, so that events cannot stand among them")
                .record(event.invoked));
            }
            if settings.split_clients {
                lanes::split_whole(history);
            }
            order::by_time(history, settings.ties)?;
            check_processes(history)?;
        } else if settings.order == Order::Time {
            order::by_time(history, settings.ties)?;
            if settings.split_clients {
                // Where times paired no events, the order of the records did.
                check_processes(history)?;
            }
        } else if history.alone {
            history.overlap();
        }
        self.history.narrow_times();
        Ok(self.history)
    }

    /// Joins events in the order of their times. Where that cannot be, in the order of the records:
    /// what is wrong with the times is told later.
    fn join_by_time(&mut self, mut events: Vec<(Record, ClientEvent)>) -> Result<(), Error> {
        // What no time tells belongs behind what came before it.
        let mut before = Map::default();
        let mut ordered: Vec<(i64, Record)> = Vec::with_capacity(events.len());
        for (record, event) in &events {
            let last = before.entry(event.process).or_insert(NO_TIME);
            *last = if event.time == NO_TIME { *last } else { event.time };
            ordered.push((*last, *record));
        }
        let mut order: Vec<usize> = (0..events.len()).collect();
        order.sort_unstable_by_key(|&at| ordered[at]);
        let by_time = order.iter().try_for_each(|&at| {
            let (record, event) = &events[at];
            self.join_now(*record, event)
        });
        let Err(error) = by_time else { return Ok(()) };
        self.history.operations.clear();
        self.history.times = None;
        (self.history.reinvoked, self.keyed) = (0, 0);
        self.processes = ValueMap::new(IDLE, NUMBERED);
        if self.tolerant.is_some() {
            self.tolerate();
        }
        self.join_lanes();
        let by_record =
            events.drain(..).try_for_each(|(record, event)| self.join_now(record, &event));
        by_record.map_err(|_| error)
    }

    #[inline]
    pub(super) fn next_record(&mut self) -> Result<Record, Error> {
        if self.history.records == self.most {
            return Err(self.too_many());
        }
        let record = Record::new(self.history.records);
        self.history.records += 1;
        Ok(record)
    }

    #[inline]
    pub(super) fn push(&mut self, operation: Operation, times: [i64; 2]) {
        self.keyed += usize::from(operation.key.is_some());
        if self.history.times.is_some() || times != [NO_TIME; 2] {
            self.times_mut().push(times);
        }
        self.history.operations.push(operation);
    }

    /// The column of times, as long as that of the operations.
    #[inline]
    pub(super) fn times_mut(&mut self) -> &mut Times {
        let operations = &self.history.operations;
        self.history.times.get_or_insert_with(|| {
            let mut times = Times::with_capacity(operations.capacity());
            (0..operations.len()).for_each(|_| times.push([NO_TIME; 2]));
            times
        })
    }

    fn function(&mut self, name: &str) -> Result<Function, Error> {
        let functions = &mut self.history.functions;
        if functions.get(usize::from(self.last_function.0)).is_some_and(|last| last == name) {
            return Ok(self.last_function);
        }
        if let Some(&function) = self.functions.get(name) {
            self.last_function = function;
            return Ok(function);
        }
        let index = u16::try_from(functions.len()).map_err(|_| {
            Error::new(Code::BadField, "the history has more than 65,536 different `f`s")
                .hint("values belong into `value`, not into `f`")
        })?;
        functions.push(name.to_owned());
        self.history.words.push(Word::meant(name));
        self.functions.insert(name.to_owned(), Function(index));
        Ok(Function(index))
    }

    /// A time in the history's unit. The first fractional one turns whole ones into seconds.
    pub(super) fn time(&mut self, time: Option<Time>) -> Result<i64, Error> {
        let Some(time) = time else { return Ok(NO_TIME) };
        let scaled = match time {
            Time::Whole(whole) if !self.seconds => Some(whole),
            // These two are marks that there is none.
            Time::Whole(whole) if self.units && !matches!(whole, -1 | i64::MAX) => {
                return Err(without_unit("this time has no unit, and earlier ones have"));
            }
            Time::Whole(whole) => whole.checked_mul(NANOSECONDS),
            Time::Seconds(nanoseconds) | Time::Exact(nanoseconds) => {
                self.units |= matches!(time, Time::Exact(_));
                if !self.seconds {
                    self.seconds = true;
                    self.rescale()?;
                }
                Some(nanoseconds)
            }
        };
        scaled.filter(|&time| time != NO_TIME).ok_or_else(|| {
            let hint = if self.seconds && matches!(time, Time::Whole(_)) {
                "beside fractions and units, a whole number counts as seconds: say what it is \
                 with --time-unit"
            } else {
                "times are from -9223372036854775807 to 9223372036854775807"
            };
            Error::new(Code::BadTime, "the time is beyond 64 bits of nanoseconds").hint(hint)
        })
    }

    fn rescale(&mut self) -> Result<(), Error> {
        let too_large = || {
            Error::new(
                Code::BadTime,
                "this time is in fractional seconds, and earlier whole ones are too large for it",
            )
            .hint("give all times in one unit")
        };
        self.ascends &= self.latest == NO_TIME;
        let units = self.units;
        let is_unclear = |time: i64| units && !matches!(time, NO_TIME | -1 | i64::MAX);
        let has_unclear = self.history.times.iter().flat_map(Times::iter).flatten().any(is_unclear);
        let mut waiting = self.waiting.iter().flatten();
        if has_unclear || waiting.any(|(_, event)| is_unclear(event.time)) {
            return Err(without_unit("this time has a unit, and earlier ones have none"));
        }
        let scale = |time: i64| {
            if time == NO_TIME { Some(time) } else { time.checked_mul(NANOSECONDS) }
        };
        for times in self.history.times.iter_mut().flat_map(Times::wide) {
            for time in times {
                *time = scale(*time).ok_or_else(too_large)?;
            }
        }
        for (_, event) in self.waiting.iter_mut().flatten() {
            event.time = scale(event.time).ok_or_else(too_large)?;
        }
        for time in self.forgotten.iter().flat_map(|forgotten| forgotten.extremes) {
            scale(time).ok_or_else(too_large)?;
        }
        for time in self.history.annotations.iter_mut().filter_map(|note| note.time.as_mut()) {
            *time = scale(*time).ok_or_else(too_large)?;
        }
        Ok(())
    }
}

const NANOSECONDS: i64 = 1_000_000_000;
