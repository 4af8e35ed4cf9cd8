//! What transactions did, and why one comes before another, in sentences.

use super::Isolation;
use crate::history::{OpIndex, Outcome, Value};
use crate::isolation::{Access, Evidence, Place, Step, Why, places, transactions};
use crate::words::{process_phrase, value_phrase};

/// A transaction with at most so many micro-operations is shown as a whole.
const SHORT: usize = 5;

/// Of a longer one, so many are shown at most.
const SHOWN: usize = 8;

/// Lists that are longer are shown by their last items.
const ITEMS: usize = 6;

/// The transactions that a report names, each with a short name.
pub(super) struct Names {
    transactions: Vec<u32>,
    /// The micro-operations that are named, ascending.
    places: Vec<Place>,
}

impl Names {
    pub(super) fn of(evidence: &Evidence) -> Names {
        Names { transactions: transactions(evidence), places: places(evidence) }
    }

    /// Returns the name of a transaction: `T1` for the first.
    pub(super) fn name(&self, transaction: u32) -> String {
        let at = self.transactions.iter().position(|&other| other == transaction);
        format!("T{}", at.map_or(0, |at| at + 1))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = u32> + '_ {
        self.transactions.iter().copied()
    }
}

impl Isolation<'_> {
    /// Returns who ran a transaction, where it is, and what it did: where that is much, only what
    /// is named.
    pub(super) fn transaction(&self, t: u32, names: &Names) -> String {
        let history = self.history();
        let index = OpIndex::new(t as usize);
        let record = history[index].invoked;
        let line = self.where_is(record);
        let outcome = match self.report.transactions.outcome(t) {
            Outcome::Ok => "",
            Outcome::Fail => ", aborted",
            Outcome::Info | Outcome::Open => ", outcome unknown",
        };
        let count = self.report.transactions.micros(t).len();
        let all = (0..count as u32).map(|micro| Place { transaction: t, micro });
        let is_shown = |place: &Place| {
            count <= SHORT || names.places.is_empty() || names.places.binary_search(place).is_ok()
        };
        let shown: Vec<String> =
            all.filter(is_shown).take(SHOWN).map(|place| self.micro(place)).collect();
        let more = match count - shown.len() {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let process = process_phrase(history, index);
        format!("({process}, record {record}{line}{outcome}): {}{more}", shown.join("; "))
    }

    /// Returns what a micro-operation did: `read x = 1`, `appended 2 to x`.
    pub(super) fn micro(&self, place: Place) -> String {
        let micro = self.report.transactions.micros(place.transaction)[place.micro as usize];
        let key = self.key(micro.key);
        match micro.access {
            Access::Read if self.report.transactions.is_ok(place.transaction) => {
                format!("read {key} = {}", self.value(micro.value))
            }
            Access::Read => format!("read {key}"),
            Access::Write => format!("wrote {key} = {}", self.value(micro.value)),
            Access::Append => format!("appended {} to {key}", self.value(micro.value)),
        }
    }

    fn key(&self, key: u32) -> String {
        let history = self.history();
        let key = self.report.transactions.keys[key as usize];
        match history.values().as_name(key) {
            Some(name) => crate::words::shortened(name, 40),
            None => value_phrase(history, key),
        }
    }

    pub(super) fn value(&self, value: Value) -> String {
        let history = self.history();
        match history.values().as_list(value) {
            Some(items) if items.len() > ITEMS => {
                let last = items[items.len() - ITEMS..].iter();
                let last: Vec<String> = last.map(|&item| value_phrase(history, item)).collect();
                format!("[… {}] ({} items)", last.join(" "), items.len())
            }
            Some(items) => {
                let items: Vec<String> =
                    items.iter().map(|&item| value_phrase(history, item)).collect();
                format!("[{}]", items.join(" "))
            }
            None => value_phrase(history, value),
        }
    }

    /// Returns why one transaction of a cycle comes before the next, in a sentence.
    pub(super) fn step(&self, step: &Step, names: &Names) -> String {
        let (from, to) = (names.name(step.from), names.name(step.to));
        match step.why {
            Why::Wr(write, read) => {
                format!(
                    "{to} {}, which {from} had written ({})",
                    self.micro(read),
                    self.short(write)
                )
            }
            Why::Ww(first, second) => {
                format!("{from} {} before {to} {}", self.micro(first), self.micro(second))
            }
            Why::Rw(read, write) => {
                format!(
                    "{from} {}, without what {to} wrote ({})",
                    self.micro(read),
                    self.short(write)
                )
            }
            Why::Session => format!("{from} completed before the same process began {to}"),
            Why::RealTime => format!("{from} completed before {to} was invoked"),
            Why::Seen(write, read) => {
                let reader = names.name(read.transaction);
                let saw = format!("{reader} saw {from}, which {}", self.micro(write));
                let initial = step.from == step.to;
                if initial {
                    format!("{saw}; yet {reader} {}, from before", self.micro(read))
                } else {
                    format!(
                        "{saw}; yet {reader} {} from {to}: so {from} came first",
                        self.micro(read)
                    )
                }
            }
        }
    }

    fn short(&self, place: Place) -> String {
        let micro = self.report.transactions.micros(place.transaction)[place.micro as usize];
        let key = self.key(micro.key);
        match micro.access {
            Access::Append => format!("append {} to {key}", self.value(micro.value)),
            _ => format!("{key} = {}", self.value(micro.value)),
        }
    }

    /// Returns what shows an anomaly that is no cycle, in a sentence.
    pub(super) fn evidence(&self, evidence: &Evidence, names: &Names) -> String {
        match evidence {
            Evidence::Read { reader, value, writer } => {
                let read = format!("{} {}", names.name(reader.transaction), self.micro(*reader));
                match writer {
                    None => format!("{read}; nothing wrote {} there", self.value(*value)),
                    Some(writer) => {
                        format!(
                            "{read}; {} {}",
                            names.name(writer.transaction),
                            self.micro(*writer)
                        )
                    }
                }
            }
            Evidence::Reads([one, other]) => {
                let [first, second] = [one, other]
                    .map(|read| format!("{} {}", names.name(read.transaction), self.micro(*read)));
                format!("{first}; {second}")
            }
            Evidence::Updates([one, other]) => {
                let [first, second] = [one, other].map(|(read, write)| {
                    let name = names.name(read.transaction);
                    format!("{name} {}, then {}", self.micro(*read), self.micro(*write))
                });
                format!("{first}; {second}")
            }
            Evidence::Update { aborted, committed, reader } => format!(
                "{} {} and aborted; {} {} behind it, as {} saw",
                names.name(aborted.transaction),
                self.micro(*aborted),
                names.name(committed.transaction),
                self.micro(*committed),
                names.name(reader.transaction)
            ),
            Evidence::Cycle(steps) => {
                let steps: Vec<String> = steps.iter().map(|step| self.step(step, names)).collect();
                steps.join("; ")
            }
            Evidence::Core(_) => "no order of these transactions explains their reads".to_owned(),
        }
    }
}
