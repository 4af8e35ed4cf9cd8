//! What transactions did, and why one comes before another, in sentences.

use super::Isolation;
use crate::history::{OpIndex, Outcome, Value};
use crate::isolation::{Access, Evidence, Place, Step, Why, places, transactions};
use crate::words::{process_phrase, shortened, value_phrase};

/// A transaction with at most so many micro-operations is shown as a whole.
const SHORT: usize = 5;

/// Of a longer one, so many are shown at most.
const SHOWN: usize = 8;

/// Lists that are longer are shown by their last items.
const ITEMS: usize = 6;

/// How much is shown of keys and values, in characters, and of lists, in items.
#[derive(Clone, Copy)]
struct Room {
    key: usize,
    value: usize,
    items: usize,
}

impl Room {
    /// That of sentences.
    const USUAL: Room = Room { key: 40, value: 61, items: ITEMS };

    /// Those of pictures, each with less room than the one before.
    const ALL: [Room; 6] = [
        Room::USUAL,
        Room { key: 28, value: 28, items: 5 },
        Room { key: 18, value: 18, items: 4 },
        Room { key: 12, value: 12, items: 3 },
        Room { key: 8, value: 8, items: 2 },
        Room { key: 5, value: 5, items: 1 },
    ];

    /// Returns the first text that is no longer than so many characters; else the shortest.
    fn first(text: impl Fn(Room) -> String, characters: usize) -> String {
        let mut texts = Room::ALL.into_iter().map(&text);
        let fitting = texts.find(|text| text.chars().count() <= characters);
        fitting.unwrap_or_else(|| text(Room::ALL[Room::ALL.len() - 1]))
    }
}

/// Returns `text` on one line, with an ellipsis in its middle if it is longer than so many
/// characters: the ends of long keys tell them apart.
fn in_the_middle(text: &str, limit: usize) -> String {
    let count = text.chars().count();
    if count <= limit {
        return shortened(text, limit);
    }
    let (before, after) = (limit / 3, limit - limit / 3);
    let at = |nth: usize| text.char_indices().nth(nth).map_or(text.len(), |(at, _)| at);
    let [before, after] = [&text[..at(before)], &text[at(count - after)..]];
    format!("{}…{}", shortened(before, limit), shortened(after, limit))
}

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
        let shown = self.shown_micros(t, names).into_iter();
        let shown: Vec<String> = shown.map(|place| self.micro(place)).collect();
        let more = match count - shown.len() {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let process = process_phrase(history, index);
        format!("({process}, record {record}{line}{outcome}): {}{more}", shown.join("; "))
    }

    /// Returns what a transaction did: its first micro-operations, and how many others it has.
    pub(in crate::report) fn micros(&self, t: u32) -> String {
        let count = self.report.transactions.micros(t).len();
        let first = (0..count.min(SHOWN) as u32).map(|micro| Place { transaction: t, micro });
        let first: Vec<String> = first.map(|place| self.micro(place)).collect();
        let more = match count - first.len() {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        first.join("; ") + &more
    }

    /// Returns the micro-operations of a transaction that are shown: all, or where they are many
    /// those that are named.
    pub(super) fn shown_micros(&self, t: u32, names: &Names) -> Vec<Place> {
        let count = self.report.transactions.micros(t).len();
        let all = (0..count as u32).map(|micro| Place { transaction: t, micro });
        let is_shown = |place: &Place| {
            count <= SHORT || names.places.is_empty() || names.places.binary_search(place).is_ok()
        };
        all.filter(is_shown).take(SHOWN).collect()
    }

    /// Returns what a micro-operation did: `read x = 1`, `appended 2 to x`.
    pub(super) fn micro(&self, place: Place) -> String {
        self.micro_in(place, Room::USUAL)
    }

    /// Returns what a micro-operation did, in about so many characters.
    pub(in crate::report) fn micro_within(&self, place: Place, characters: usize) -> String {
        Room::first(|room| self.micro_in(place, room), characters)
    }

    /// Returns the key of a micro-operation, in about so many characters.
    pub(super) fn key_within(&self, place: Place, characters: usize) -> String {
        let key = self.report.transactions.micros(place.transaction)[place.micro as usize].key;
        Room::first(|room| self.key_in(key, room), characters)
    }

    /// Returns what a micro-operation wrote, appended or returned, in about so many characters.
    pub(super) fn value_within(&self, place: Place, characters: usize) -> String {
        let value = self.report.transactions.micros(place.transaction)[place.micro as usize].value;
        Room::first(|room| self.value_in(value, room), characters)
    }

    fn micro_in(&self, place: Place, room: Room) -> String {
        let micro = self.report.transactions.micros(place.transaction)[place.micro as usize];
        let (key, value) = (self.key_in(micro.key, room), self.value_in(micro.value, room));
        match micro.access {
            Access::Read if self.report.transactions.is_ok(place.transaction) => {
                format!("read {key} = {value}")
            }
            Access::Read => format!("read {key}"),
            Access::Write => format!("wrote {key} = {value}"),
            Access::Append => format!("appended {value} to {key}"),
        }
    }

    fn key(&self, key: u32) -> String {
        self.key_in(key, Room::USUAL)
    }

    fn key_in(&self, key: u32, room: Room) -> String {
        let history = self.history();
        let key = self.report.transactions.keys[key as usize];
        match history.values().as_name(key) {
            Some(name) => in_the_middle(name, room.key),
            None => shortened(&value_phrase(history, key), room.value),
        }
    }

    pub(super) fn value(&self, value: Value) -> String {
        self.value_in(value, Room::USUAL)
    }

    fn value_in(&self, value: Value, room: Room) -> String {
        let history = self.history();
        let phrase = |&item: &Value| shortened(&value_phrase(history, item), room.value);
        match history.values().as_list(value) {
            Some(items) if items.len() > room.items => {
                let last: Vec<String> =
                    items[items.len() - room.items..].iter().map(phrase).collect();
                let count = match room.items {
                    ITEMS => format!(" ({} items)", items.len()),
                    _ => String::new(),
                };
                format!("[… {}]{count}", last.join(" "))
            }
            Some(items) => {
                format!("[{}]", items.iter().map(phrase).collect::<Vec<_>>().join(" "))
            }
            None => phrase(&value),
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
