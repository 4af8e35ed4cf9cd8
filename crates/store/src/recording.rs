//! What is recorded of a run: the records of clients and of the nemesis, and the history that they
//! make.

use std::sync::Arc;

use super::knobs::{ConflictOrder, Knobs, Recording, Replication};
use super::origin::{Host, Origin, Role, Stamp};
use super::sim::Nanos;
use histcheck_history::error::Error;
use histcheck_history::{
    Event, EventType, History, HistoryBuilder, Settings, Time, Value, ValueTable,
};

/// A value of a history, before it is one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shown {
    Null,
    Int(i64),
    Flag(bool),
    Text(&'static str),
    Pair(i64, i64),
    Many(Arc<[i64]>),
    List(Arc<[Shown]>),
    Map(Arc<[(String, Shown)]>),
    Hosts(Arc<[Host]>),
}

impl Shown {
    fn value(&self, values: &mut ValueTable) -> Value {
        match self {
            Shown::Null => Value::NULL,
            Shown::Int(n) => values.int(*n),
            Shown::Flag(flag) => Value::bool(*flag),
            Shown::Text(text) => values.text(text),
            Shown::Pair(one, other) => {
                let items = [values.int(*one), values.int(*other)];
                values.list(&items)
            }
            Shown::Many(all) => {
                let items: Vec<Value> = all.iter().map(|&n| values.int(n)).collect();
                values.list(&items)
            }
            Shown::List(all) => {
                let items: Vec<Value> = all.iter().map(|one| one.value(values)).collect();
                values.list(&items)
            }
            Shown::Map(all) => {
                let pair = |(name, one): &(String, Shown)| (values.text(name), one.value(values));
                let pairs: Vec<(Value, Value)> = all.iter().map(pair).collect();
                values.map(&pairs)
            }
            Shown::Hosts(all) => {
                let items: Vec<Value> =
                    all.iter().map(|&host| values.text(&node_name(host))).collect();
                values.list(&items)
            }
        }
    }
}

/// What a node is called.
pub(super) fn node_name(host: Host) -> String {
    format!("n{}", host + 1)
}

/// How an operation ended, as far as its client knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Ok,
    Fail,
    /// Nobody knows, or it never ended.
    Open,
}

/// What a record tells.
#[derive(Clone, Debug)]
enum Kind {
    Invoke,
    Ok(Option<Origin>),
    Fail(&'static str),
    Info(&'static str),
    /// Something that the nemesis did.
    Note,
}

/// One record.
#[derive(Clone, Debug)]
struct Record {
    kind: Kind,
    /// The operation; of a note, nothing.
    operation: u32,
    process: i64,
    /// When it was made, by the recorder's clock.
    time: Nanos,
    node: Host,
    f: &'static str,
    key: Option<u32>,
    value: Shown,
}

/// The records of a run, in the order of the history.
#[derive(Default, Debug)]
pub(super) struct Records {
    list: Vec<Record>,
    operations: u32,
    /// How many of the records are the nemesis'.
    notes: usize,
}

/// An operation that was called and has not returned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Called {
    pub(super) operation: u32,
    pub(super) process: i64,
    pub(super) node: Host,
    pub(super) f: &'static str,
    pub(super) key: Option<u32>,
}

impl Records {
    /// A client calls; the number is that of the operation.
    pub(super) fn invoke(&mut self, time: Nanos, called: Called, value: Shown) -> u32 {
        let operation = self.operations;
        self.operations += 1;
        self.push(Kind::Invoke, time, Called { operation, ..called }, value);
        operation
    }

    /// It returned well.
    pub(super) fn ok(&mut self, time: Nanos, called: Called, value: Shown, from: Option<Origin>) {
        self.push(Kind::Ok(from), time, called, value);
    }

    /// It did not happen.
    pub(super) fn fail(&mut self, time: Nanos, called: Called, value: Shown, why: &'static str) {
        self.push(Kind::Fail(why), time, called, value);
    }

    /// The client does not know whether it happened.
    pub(super) fn info(&mut self, time: Nanos, called: Called, value: Shown, why: &'static str) {
        self.push(Kind::Info(why), time, called, value);
    }

    /// The nemesis did something.
    pub(super) fn note(&mut self, time: Nanos, f: &'static str, value: Shown) {
        let called = Called { operation: u32::MAX, process: -1, node: 0, f, key: None };
        self.notes += 1;
        self.push(Kind::Note, time, called, value);
    }

    fn push(&mut self, kind: Kind, time: Nanos, called: Called, value: Shown) {
        let Called { operation, process, node, f, key } = called;
        self.list.push(Record { kind, operation, process, time, node, f, key, value });
    }

    /// How many records clients made.
    pub(super) fn made_by_clients(&self) -> usize {
        self.list.len() - self.notes
    }

    /// Puts the records into the order of their times, where these were taken by several clocks.
    pub(super) fn merge(&mut self, recording: Recording) {
        if recording == Recording::NodeClocks {
            self.list.sort_by_key(|record| record.time);
        }
    }

    /// The keys and versions that clients were told in the records from `start` on, and how many
    /// records there are, for tests.
    #[cfg(test)]
    pub(super) fn told_since(&self, start: usize) -> (Vec<(u32, Stamp)>, usize) {
        let told = self.list[start..].iter().filter_map(|record| match &record.kind {
            Kind::Ok(Some(origin)) => Some((record.key.unwrap_or(0), origin.stamp)),
            _ => None,
        });
        (told.collect(), self.list.len())
    }

    /// The operations that returned well, with what they returned, for tests.
    #[cfg(test)]
    pub(super) fn outputs(&self) -> impl Iterator<Item = (u32, &Shown)> {
        let is_ok = |record: &&Record| matches!(record.kind, Kind::Ok(_));
        self.list.iter().filter(is_ok).map(|record| (record.operation, &record.value))
    }

    /// How each operation ended.
    pub(super) fn outcomes(&self) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::Open; self.operations as usize];
        for record in &self.list {
            let outcome = match record.kind {
                Kind::Ok(_) => Outcome::Ok,
                Kind::Fail(_) => Outcome::Fail,
                Kind::Invoke | Kind::Info(_) | Kind::Note => continue,
            };
            outcomes[record.operation as usize] = outcome;
        }
        outcomes
    }

    /// The calls and the returns of operations that returned well, in the order of the records:
    /// the operation, and whether it is the return.
    pub(super) fn ends(&self) -> impl Iterator<Item = (u32, bool)> {
        self.list.iter().filter_map(|record| match record.kind {
            Kind::Invoke => Some((record.operation, false)),
            Kind::Ok(_) => Some((record.operation, true)),
            Kind::Fail(_) | Kind::Info(_) | Kind::Note => None,
        })
    }

    /// The history, after `metadata`. If it is `bare`, operations carry nothing but what every
    /// recorder knows.
    pub(super) fn history(
        &self,
        knobs: &Knobs,
        metadata: impl FnOnce(&mut ValueTable) -> Value,
        bare: bool,
    ) -> Result<History, Error> {
        let mut builder = History::builder();
        let metadata = metadata(builder.values());
        builder.metadata(metadata)?;
        let name = |host| builder.values().text(&node_name(host));
        let nodes = (0..knobs.nodes as Host).map(name).collect();
        let notation = Notation { nodes, stamps: Stamps::of(knobs), bare };
        for record in &self.list {
            add(&mut builder, record, &notation)?;
        }
        builder.finish(Settings::default())
    }
}

/// What the store calls the versions that its answers show.
#[derive(Clone, Copy, PartialEq)]
enum Stamps {
    /// They are times.
    Timestamp,
    /// They are numbers.
    Version,
}

impl Stamps {
    fn of(knobs: &Knobs) -> Stamps {
        let by_clock =
            matches!(knobs.order, ConflictOrder::WriterClock | ConflictOrder::ServerClock);
        if knobs.replication == Replication::Leaderless && by_clock {
            Stamps::Timestamp
        } else {
            Stamps::Version
        }
    }
}

/// How records show the nodes and versions that clients do not know.
struct Notation {
    /// The names of the nodes.
    nodes: Vec<Value>,
    stamps: Stamps,
    /// Whether they leave them out.
    bare: bool,
}

fn add(builder: &mut HistoryBuilder, record: &Record, notation: &Notation) -> Result<(), Error> {
    let &Notation { ref nodes, stamps, bare } = notation;
    let kind = match record.kind {
        Kind::Invoke => EventType::Invoke,
        Kind::Ok(_) => EventType::Ok,
        Kind::Fail(_) => EventType::Fail,
        Kind::Info(_) | Kind::Note => EventType::Info,
    };
    let is_note = matches!(record.kind, Kind::Note);
    if !bare && !is_note {
        builder.extra("node", nodes[usize::from(record.node)]);
    }
    match record.kind {
        Kind::Ok(Some(origin)) if !bare => extras(builder, origin, stamps, nodes.len()),
        Kind::Fail(why) | Kind::Info(why) => {
            let why = builder.values().text(why);
            builder.extra("error", why);
        }
        Kind::Ok(_) | Kind::Invoke | Kind::Note => {}
    }
    let values = builder.values();
    let process = if is_note { values.text("nemesis") } else { values.int(record.process) };
    let value = record.value.value(values);
    let key = record.key.map(|key| values.int(i64::from(key)));
    let time = Some(Time::Whole(record.time));
    builder.event(&Event { process, kind, function: record.f, value, key, time })
}

/// Adds who answered, and which version the answer shows.
fn extras(builder: &mut HistoryBuilder, origin: Origin, stamps: Stamps, nodes: usize) {
    let source = match origin.role {
        Role::Primary => format!("primary {}", node_name(origin.host)),
        Role::Replica => format!("replica {}", node_name(origin.host)),
        Role::Coordinator => format!("coordinator {}", node_name(origin.host)),
        Role::Cache if usize::from(origin.host) < nodes => {
            format!("cache {}", node_name(origin.host))
        }
        Role::Cache => "cache".to_owned(),
    };
    let source = builder.values().text(&source);
    builder.extra("source", source);
    let version = origin.version.filter(|_| origin.stamp != Stamp::NONE);
    if let Some(version) = version {
        let name = if stamps == Stamps::Timestamp { "timestamp" } else { "version" };
        let version = builder.values().int(version);
        builder.extra(name, version);
    }
}
