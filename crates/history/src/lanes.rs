//! Clients that have several operations open at once, divided into as many processes as they have
//! operations at one time, so that every process does one thing at a time.
//!
//! A completion is paired with the invocation that it names by the id of its operation. Without
//! one, it has to be certain which operation it completes: nothing is guessed.

use std::collections::BTreeSet;

use super::builder::{HistoryBuilder, LOST};
use super::operation::ClientEvent;
use super::sweep::Marks;
use super::{EventType, History, NO_TIME, OpIndex, Operation, Outcome, Record, Value, ValueTable};
use crate::error::{Code, Error};
use crate::hash::Map;
use crate::vocabulary::{Verb, Word, plain};

/// Which processes are parts of which clients.
#[derive(Clone, Default)]
pub(crate) struct Lanes {
    /// The client of each process that is a part of one, but for the first, which has its name.
    clients: Map<Value, Value>,
    /// By client, its position in `parts`.
    places: Map<Value, usize>,
    /// The clients that were divided, with the number of their parts, in the order in which that
    /// turned out.
    parts: Vec<(Value, usize)>,
}

impl Lanes {
    /// Makes a further part of `client`, the `nth` from 0, and returns its name, which no other
    /// client has.
    fn add(
        &mut self,
        client: Value,
        nth: usize,
        values: &mut ValueTable,
        is_known: impl Fn(Value) -> bool,
    ) -> Value {
        let mut name = format!("{}/{}", values.to_text(client), nth + 1);
        let process = loop {
            let process = values.text(&name);
            let is_taken = process == client || self.clients.contains_key(&process);
            if !is_taken && !is_known(process) {
                break process;
            }
            name.push('\'');
        };
        self.clients.insert(process, client);
        let next = self.parts.len();
        let place = *self.places.entry(client).or_insert(next);
        if place == next {
            self.parts.push((client, 1));
        }
        self.parts[place].1 += 1;
        process
    }
}

/// The largest handle of a value that a table could store.
const LAST_HANDLE: u32 = u32::MAX >> 1;

impl History {
    /// Returns the client that `process` is a part of; itself if it is a client of its own.
    #[inline]
    pub fn client(&self, process: Value) -> Value {
        if self.lanes.parts.is_empty() {
            return process;
        }
        self.lanes.clients.get(&process).copied().unwrap_or(process)
    }

    /// Returns whether `process` is a part of a client that was divided, as it had several
    /// operations open at once. The order of such a client's operations is that of time alone.
    #[inline]
    pub fn is_split(&self, process: Value) -> bool {
        !self.lanes.parts.is_empty() && self.lanes.places.contains_key(&self.client(process))
    }

    /// Returns what is equal for two operations only if one process did both in an order of its
    /// own: the process, but for parts of clients that were divided. Not to be looked up.
    #[doc(hidden)]
    #[inline]
    pub fn session(&self, index: OpIndex) -> Value {
        let process = self[index].process;
        if self.is_split(process) {
            // No table has so many values.
            return Value::of_handle(LAST_HANDLE - index.index() as u32);
        }
        process
    }

    /// Returns the clients that were divided, and into how many processes each.
    pub fn split_clients(&self) -> &[(Value, usize)] {
        &self.lanes.parts
    }
}

/// What a builder that divides clients knows of them.
#[derive(Default)]
pub(super) struct Splitting {
    clients: Map<Value, Client>,
    /// How many clients there were left when it last forgot.
    kept: usize,
}

/// A client with its parts.
#[derive(Default)]
struct Client {
    lanes: Vec<Lane>,
    /// The parts that have no operation open.
    free: BTreeSet<usize>,
    /// The part whose operation has an id, given by the name of its field and its value; `None` if
    /// several have the same.
    ids: Map<(Value, Value), Option<usize>>,
}

/// A part of a client.
struct Lane {
    process: Value,
    /// When its last operation completed.
    last: i64,
    /// The ids of the operation that it has open.
    ids: Vec<(Value, Value)>,
}

impl Client {
    fn open(&self) -> impl Iterator<Item = usize> {
        (0..self.lanes.len()).filter(|at| !self.free.contains(at))
    }

    fn take(&mut self, at: usize, ids: Vec<(Value, Value)>) {
        self.free.remove(&at);
        for &id in &ids {
            self.ids.entry(id).and_modify(|lane| *lane = None).or_insert(Some(at));
        }
        self.lanes[at].ids = ids;
    }

    fn release(&mut self, at: usize, time: i64) {
        for id in std::mem::take(&mut self.lanes[at].ids) {
            self.ids.remove(&id);
        }
        self.lanes[at].last = time;
        self.free.insert(at);
    }
}

/// How much the name of a field says of its being the id of an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// It is.
    Certain,
    /// It may be that of a record just as well.
    Possible,
}

/// Returns how much the field `name` says, if anything.
fn naming(name: &str) -> Option<Naming> {
    match &*plain(name) {
        "opid" | "operationid" | "requestid" | "reqid" | "callid" | "invocationid"
        | "correlationid" | "rpcid" | "commandid" | "cmdid" => Some(Naming::Certain),
        "id" | "uuid" | "uid" => Some(Naming::Possible),
        _ => None,
    }
}

impl HistoryBuilder {
    /// Divides each client that has several operations open at once into several processes, from
    /// the next record on, where this is an error otherwise. See [`History::split_clients`].
    pub fn split_clients(&mut self) {
        self.splitting.get_or_insert_default();
    }

    /// Whether a client has an operation open.
    pub(super) fn has_open(&mut self, client: Value) -> bool {
        match &self.splitting {
            None => *self.processes.slot(client) < LOST,
            Some(splitting) => splitting
                .clients
                .get(&client)
                .is_some_and(|client| client.free.len() < client.lanes.len()),
        }
    }

    /// Forgets what it knows of clients.
    pub(super) fn join_lanes(&mut self) {
        self.history.lanes = Lanes::default();
        if let Some(splitting) = &mut self.splitting {
            *splitting = Splitting::default();
        }
    }

    /// Joins the two ends of an operation of a part of its client.
    pub(super) fn join_lane(&mut self, record: Record, event: &ClientEvent) -> Result<(), Error> {
        let Some(mut splitting) = self.splitting.take() else { return Ok(()) };
        let mut client = splitting.clients.remove(&event.process).unwrap_or_default();
        let process = match event.kind {
            EventType::Invoke => {
                let is_known = |process| splitting.clients.contains_key(&process);
                Ok(self.invoked_lane(record, event, &mut client, is_known))
            }
            _ => self.completed_lane(record, event, &mut client),
        };
        splitting.clients.insert(event.process, client);
        self.splitting = Some(splitting);
        let event = ClientEvent { process: process?, ..*event };
        match event.kind {
            EventType::Invoke => self.invocation(record, &event),
            _ => self.completion(record, &event),
        }
    }

    /// Returns the first part of `client` that is free.
    fn invoked_lane(
        &mut self,
        record: Record,
        event: &ClientEvent,
        client: &mut Client,
        is_known: impl Fn(Value) -> bool,
    ) -> Value {
        let by_time = self.orders_by_time;
        // Ends of one time are concurrent.
        let is_free = |&&at: &&usize| !by_time || client.lanes[at].last < event.time;
        let at = client.free.iter().find(is_free).copied().unwrap_or_else(|| {
            let History { lanes, values, .. } = &mut self.history;
            let nth = client.lanes.len();
            let is_taken = nth == 0 && lanes.clients.contains_key(&event.process);
            let process = match nth {
                0 if !is_taken => event.process,
                _ => lanes.add(event.process, nth, values, is_known),
            };
            client.lanes.push(Lane { process, last: NO_TIME, ids: Vec::new() });
            nth
        });
        let ids = self.ids(record).map(|(id, _)| id).collect();
        client.take(at, ids);
        client.lanes[at].process
    }

    /// Returns the part of `client` whose operation the event completes.
    fn completed_lane(
        &mut self,
        record: Record,
        event: &ClientEvent,
        client: &mut Client,
    ) -> Result<Value, Error> {
        let by_id = self.lane_by_id(record, event, client)?;
        let Some(at) = by_id.map_or_else(|| self.lane_by_what(event, client), |at| Ok(Some(at)))?
        else {
            return Ok(event.process);
        };
        client.release(at, event.time);
        Ok(client.lanes[at].process)
    }

    /// Returns the part of `client` whose operation has the id of the event, if that has one.
    fn lane_by_id(
        &self,
        record: Record,
        event: &ClientEvent,
        client: &Client,
    ) -> Result<Option<usize>, Error> {
        for ((name, id), naming) in self.ids(record) {
            if let Some(&Some(at)) = client.ids.get(&(name, id)) {
                return Ok(Some(at));
            }
            let have_ids = |at: usize| client.lanes[at].ids.iter().any(|own| own.0 == name);
            if naming == Naming::Certain && client.open().any(have_ids) {
                let values = &self.history.values;
                return Err(Error::new(
                    Code::NoInvocation,
                    format!(
                        "process {} has no open operation whose `{}` is {}",
                        values.to_json(event.process),
                        values.as_name(name).unwrap_or_default(),
                        values.to_json(id),
                    ),
                )
                .hint("a completion has the id of its invocation")
                .record(record));
            }
        }
        Ok(None)
    }

    /// Returns the part of `client` whose operation is the only one that the event can complete;
    /// `None` if none is open.
    fn lane_by_what(
        &mut self,
        event: &ClientEvent,
        client: &Client,
    ) -> Result<Option<usize>, Error> {
        let open: Vec<(usize, OpIndex)> = client
            .open()
            .map(|at| (at, *self.processes.slot(client.lanes[at].process)))
            .map(|(at, index)| (at, OpIndex::new(index as usize)))
            .collect();
        if let [] | [_] = open[..] {
            return Ok(open.first().map(|&(at, _)| at));
        }
        let history = &self.history;
        let fits = |&(_, index): &(usize, OpIndex)| {
            let operation = &history[index];
            operation.function == event.function
                && event.key.is_none_or(|key| operation.key == Some(key))
        };
        let mut fitting: Vec<_> = open.iter().copied().filter(fits).collect();
        if fitting.is_empty() {
            return Err(self.fits_none(event, open.len()));
        }
        let verb = history.word(event.function).map(Word::verb);
        let only_has_effect = verb.is_some_and(Verb::only_has_effect);
        if (only_has_effect || verb == Some(Verb::Cas)) && !event.value.is_null() {
            let repeats = |&(_, index): &(usize, OpIndex)| history[index].input == event.value;
            if fitting.iter().any(repeats) {
                fitting.retain(repeats);
            }
        }
        fitting.sort_unstable_by_key(|&(_, index)| history[index].invoked);
        let first = &history[fitting[0].1];
        let is_like_first = |&(_, index): &(usize, OpIndex)| {
            (history[index].key, history[index].input) == (first.key, first.input)
        };
        // Of several equal ones that succeed, and return nothing, whatever can be explained with
        // another one first can also be explained with the oldest.
        let is_any = only_has_effect && event.kind == EventType::Ok;
        match &fitting[..] {
            [(at, _)] => Ok(Some(*at)),
            [(at, _), ..] if is_any && fitting.iter().all(is_like_first) => Ok(Some(*at)),
            _ => Err(self.fits_several(event, &fitting)),
        }
    }

    /// Returns the ids that a record gives its operation.
    fn ids(&self, record: Record) -> impl Iterator<Item = ((Value, Value), Naming)> {
        let values = &self.history.values;
        let extras = self.history.extras(record).iter().filter(|extra| !extra.value.is_null());
        extras.filter_map(|extra| {
            let naming = naming(values.as_name(extra.name)?)?;
            Some(((extra.name, extra.value), naming))
        })
    }

    #[cold]
    fn fits_none(&self, event: &ClientEvent, open: usize) -> Error {
        let what = self.history.function(event.function);
        let key = event.key.map(|key| format!(" of key {}", self.history.values.to_json(key)));
        let message = format!(
            "process {} completes `{what}`{}, and none of its {open} open operations is one",
            self.history.values.to_json(event.process),
            key.unwrap_or_default(),
        );
        Error::new(Code::Mismatch, message)
            .hint("is the name or the key another one than at the invocation?")
    }

    #[cold]
    fn fits_several(&self, event: &ClientEvent, fitting: &[(usize, OpIndex)]) -> Error {
        let records = fitting.iter().take(3).map(|&(_, at)| self.history[at].invoked.to_string());
        let mut records = records.collect::<Vec<_>>().join(", ");
        if fitting.len() > 3 {
            records.push_str(", …");
        }
        let message = format!(
            "process {} completes `{}`, and which of its {} open ones (records {records}, from 0) \
             cannot be told",
            self.history.values.to_json(event.process),
            self.history.function(event.function),
            fitting.len(),
        );
        Error::new(Code::DoubleInvoke, message)
            .hint("record an id for each operation (`op_id`) at both of its ends")
    }

    /// Forgets clients that have no operation open and were not divided, if there are many.
    pub(super) fn forget_clients(&mut self) {
        let Some(splitting) = &mut self.splitting else { return };
        if splitting.clients.len() > 2 * splitting.kept + 1024 {
            #[expect(clippy::disallowed_methods, reason = "each goes or stays by itself")]
            splitting.clients.retain(|_, client| {
                client.lanes.len() > 1 || client.free.len() < client.lanes.len()
            });
            splitting.kept = splitting.clients.len();
        }
    }

    /// Marks the values of clients and of the ids of their operations.
    pub(super) fn hold_clients(
        splitting: Option<&Splitting>,
        lanes: &Lanes,
        marks: &mut Marks<'_>,
    ) {
        lanes.parts.iter().for_each(|&(client, _)| marks.keep(client));
        for (&process, &client) in &lanes.clients {
            [process, client].into_iter().for_each(|value| marks.keep(value));
        }
        for (&client, own) in splitting.into_iter().flat_map(|splitting| &splitting.clients) {
            marks.keep(client);
            for lane in &own.lanes {
                marks.keep(lane.process);
                for &(name, id) in &lane.ids {
                    [name, id].into_iter().for_each(|value| marks.keep(value));
                }
            }
        }
    }
}

/// Divides the clients of whole operations that overlap. O(n log n).
pub(super) fn split_whole(history: &mut History) {
    let History { times: Some(times), operations, lanes, values, .. } = history else { return };
    let times = times.wide();
    let mut order: Vec<usize> = (0..operations.len()).collect();
    order.sort_unstable_by_key(|&at| (times[at][0], operations[at].invoked));
    let end_of = |operation: &Operation, [call, ret]: [i64; 2]| match operation.outcome {
        _ if ret != NO_TIME => ret,
        Outcome::Open => i64::MAX,
        _ => call,
    };
    let mut ends: Map<Value, i64> = Map::default();
    let mut overlapping: Map<Value, Parts> = Map::default();
    for &at in &order {
        let process = operations[at].process;
        let latest = ends.entry(process).or_insert(NO_TIME);
        if *latest > times[at][0] {
            overlapping.entry(process).or_default();
        }
        *latest = (*latest).max(end_of(&operations[at], times[at]));
    }
    for &at in &order {
        let client = operations[at].process;
        let Some(parts) = overlapping.get_mut(&client) else { continue };
        let nth = parts.take(times[at][0], end_of(&operations[at], times[at]));
        if nth == parts.names.len() {
            parts.names.push(match nth {
                0 => client,
                _ => lanes.add(client, nth, values, |process| ends.contains_key(&process)),
            });
        }
        operations[at].process = parts.names[nth];
    }
}

/// The parts of a client of whole operations.
#[derive(Default)]
struct Parts {
    names: Vec<Value>,
    /// When the last operation of each ends.
    busy: BTreeSet<(i64, usize)>,
    free: BTreeSet<usize>,
}

impl Parts {
    /// Returns the first part whose operations all ended before `call`, for one that ends at `end`.
    fn take(&mut self, call: i64, end: i64) -> usize {
        // Ends of one time are concurrent.
        while let Some(&(ended, lane)) = self.busy.first().filter(|(ended, _)| *ended < call) {
            self.busy.remove(&(ended, lane));
            self.free.insert(lane);
        }
        let lane = self.free.pop_first().unwrap_or(self.names.len());
        self.busy.insert((end, lane));
        lane
    }
}
