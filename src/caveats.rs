//! What a verdict leaves unsaid: how the records were read, which of their fields were not used,
//! and whether anything was read that a fault could have contradicted. A verdict over nothing is no
//! verdict, and people are told so.

mod kind;

pub use kind::CaveatKind;

use crate::check::Report;
use crate::formats::is_of_no_consequence;
use crate::history::hash::Map;
use crate::history::{History, Operation, Outcome, Selected, Tally, Value};
use crate::vocabulary::{Verb, Word};
use crate::words::{counted, printable, shortened, with_thousands};

/// Something that people should know of a history, beside the verdict.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caveat {
    /// Its kind.
    pub kind: CaveatKind,
    /// How often.
    pub count: usize,
    /// The sentence.
    pub message: String,
}

impl Caveat {
    /// Whether a valid verdict says nothing.
    pub fn is_vacuous(&self) -> bool {
        use CaveatKind::{LeftAside, NothingConstrains, NothingRead};
        matches!(self.kind, NothingConstrains | NothingRead | LeftAside)
    }

    /// What it makes of a valid verdict on so many operations, for which it stands in one line.
    pub fn headline(&self, operations: &str) -> String {
        let what = match self.kind {
            CaveatKind::LeftAside => "not everything",
            _ => "nothing",
        };
        let reason = self.message.split(": ").next().unwrap_or_default();
        format!("but {what} was checked: {operations}, and {reason}")
    }

    /// Whether the verdict may be another one than that of the history.
    pub fn limits_verdict(&self) -> bool {
        use CaveatKind::{NoRealTime, PartSelected};
        self.is_vacuous() || matches!(self.kind, PartSelected | NoRealTime)
    }
}

/// So many fields are named.
const NAMED: usize = 8;

/// What was seen of a history that caveats rest on, whoever saw it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Noted {
    /// What was counted.
    pub tally: Tally,
    /// How many processes invoked again after an operation of unknown outcome.
    pub reinvoked: usize,
    /// What was left out, if operations were selected.
    pub selected: Option<Selected>,
    /// The clients that were divided, and into how many processes.
    pub split_clients: Vec<(String, usize)>,
    /// Which fields were read as what, where they have not the usual name.
    pub taken: Vec<(&'static str, String)>,
    /// The names of operations some of whose outputs were not looked at, though they may say
    /// something, in the order of the alphabet.
    pub unread_outputs: Vec<String>,
    /// How many lines held no record.
    pub passed_over: usize,
    /// How many spans of a trace were no operations.
    pub spans_passed_over: usize,
    /// How many requests were about no single key.
    pub requests_passed_over: usize,
    /// Whether reads are called with nothing: those of logs have an offset, and those of several
    /// registers their keys.
    pub reads_take_nothing: bool,
    /// How many operations there are of which no record tells when they were called.
    pub without_calls: usize,
    /// Two keys that differ only in type, if there are any.
    pub keys_alike: Option<[String; 2]>,
    /// Whether the history is valid in the order of its records, and not in that of its times.
    pub is_invalid_by_time: bool,
}

impl Noted {
    /// What was seen of `history` and is in `report`. O(records).
    pub fn of(history: &History, report: &Report) -> Noted {
        Noted {
            tally: history.tally().clone(),
            reinvoked: history.reinvoked(),
            selected: history.selected().cloned(),
            split_clients: split_clients(history),
            taken: Vec::new(),
            unread_outputs: report.unread_outputs.clone(),
            passed_over: history.passed_over(),
            spans_passed_over: history.spans_passed_over(),
            requests_passed_over: history.requests_passed_over(),
            reads_take_nothing: reads_take_nothing(&report.model),
            without_calls: if history.has_real_time() { 0 } else { history.operations().len() },
            keys_alike: keys_alike(history, report.keys.iter().filter_map(|key| key.key)),
            is_invalid_by_time: report.is_invalid_by_time,
        }
    }

    /// What was seen of a history of transactions on these keys. O(records).
    pub(crate) fn of_transactions(
        history: &History,
        keys: &[Value],
        is_invalid_by_time: bool,
    ) -> Noted {
        Noted {
            tally: history.tally().clone(),
            reinvoked: history.reinvoked(),
            split_clients: split_clients(history),
            passed_over: history.passed_over(),
            spans_passed_over: history.spans_passed_over(),
            requests_passed_over: history.requests_passed_over(),
            keys_alike: keys_alike(history, keys.iter().copied()),
            is_invalid_by_time,
            ..Noted::default()
        }
    }

    /// How the records were read, which are events.
    pub fn read_as(&self) -> ReadAs<'_> {
        ReadAs::of_events(&self.taken, &self.tally)
    }

    /// Adds what was not read.
    fn add_unread(&self, add: &mut impl FnMut(CaveatKind, usize, String)) {
        let called_with = self.tally.called_with;
        if self.reads_take_nothing {
            add(
                CaveatKind::UnreadInputs,
                called_with,
                format!(
                    "{} {} called with a value, which is not looked at; a key has a field of its \
                     own",
                    counted(called_with, "read"),
                    if called_with == 1 { "was" } else { "were" },
                ),
            );
        }
        let passed_over = self.passed_over;
        add(
            CaveatKind::LinesPassedOver,
            passed_over,
            format!(
                "{} {} no record and {} passed over",
                counted(passed_over, "line"),
                if passed_over == 1 { "holds" } else { "hold" },
                if passed_over == 1 { "is" } else { "are" },
            ),
        );
        let requests = self.requests_passed_over;
        add(
            CaveatKind::LinesPassedOver,
            requests,
            format!(
                "{} {} no single key as it is now, and {} passed over",
                counted(requests, "request"),
                if requests == 1 { "concerns" } else { "concern" },
                if requests == 1 { "is" } else { "are" },
            ),
        );
        let spans = self.spans_passed_over;
        add(
            CaveatKind::LinesPassedOver,
            spans,
            format!(
                "{} {} no operation, or only a part of one, and {} passed over",
                counted(spans, "span"),
                if spans == 1 { "is" } else { "are" },
                if spans == 1 { "is" } else { "are" },
            ),
        );
    }

    /// Adds that the times contradict the order of the records.
    fn add_times(&self, add: &mut impl FnMut(CaveatKind, usize, String)) {
        let kind = CaveatKind::TimesRunBackwards;
        let (restarts, early) = (self.tally.restarts(), self.tally.ends_early);
        if restarts > 0 {
            add(
                kind,
                restarts,
                "the times run backwards, and the order of the records is the one that counts: are \
                 these logs of several clients, one after the other (--order time orders the \
                 events by their times), or several runs (check each in a file of its own)?"
                    .to_owned(),
            );
        } else if self.is_invalid_by_time {
            add(
                kind,
                1,
                "the order of the records is the one that counts, and by their times the history \
                 is invalid: --order time orders the events by their times"
                    .to_owned(),
            );
        }
        add(
            kind,
            early,
            format!(
                "{} {} at an earlier time than that of its call; the order of the records is the \
                 one that counts",
                counted(early, "operation"),
                if early == 1 { "ends" } else { "end" },
            ),
        );
    }

    /// What people should know beside the verdict.
    pub fn caveats(&self) -> Vec<Caveat> {
        let mut caveats = Vec::new();
        caveats.extend(unread_outputs(&self.unread_outputs));
        let mut add = |kind, count: usize, message: String| {
            if count > 0 {
                caveats.push(Caveat { kind, count, message });
            }
        };
        let without_calls = self.without_calls;
        add(
            CaveatKind::NoRealTime,
            without_calls,
            format!(
                "no record tells when {} called: the verdict is about serializability in session \
                 order, and not about real time",
                if without_calls == 1 { "the transaction was" } else { "transactions were" },
            ),
        );
        let reinvoked = self.reinvoked;
        let s = if reinvoked == 1 { "" } else { "s" };
        add(
            CaveatKind::Reinvoked,
            reinvoked,
            format!(
                "{} time{s}, a process invoked again after an operation of unknown outcome; such \
                 an operation may still take effect at any time",
                with_thousands(reinvoked)
            ),
        );
        if let Some((kind, message)) = self.selected.as_ref().and_then(selection) {
            let left_out = self.selected.as_ref().map_or(0, |all| all.operations - all.kept);
            add(kind, left_out, message);
        }
        add(CaveatKind::ClientsSplit, self.split_clients.len(), clients_split(&self.split_clients));
        if let Some([one, other]) = &self.keys_alike {
            add(
                CaveatKind::KeysAlike,
                1,
                format!(
                    "the keys {one} and {other} count as two objects; if they are one, \
                     --loose-values makes one of them"
                ),
            );
        }
        add_vacuous(&self.tally, &mut add);
        add_left_aside(&self.tally, &mut add);
        self.add_unread(&mut add);
        self.add_times(&mut add);
        caveats
    }
}

/// Two keys that differ only in type, if there are any. O(keys).
fn keys_alike(history: &History, keys: impl Iterator<Item = Value> + Clone) -> Option<[String; 2]> {
    let values = history.values();
    let is_text = |key| values.as_name(key).is_some();
    if keys.clone().all(is_text) || !keys.clone().any(is_text) {
        return None;
    }
    let mut written: Map<String, Value> = Map::default();
    for key in keys {
        let Some(text) = values.loose_text(key) else { continue };
        let first = *written.entry(text).or_insert(key);
        if first != key {
            return Some([first, key].map(|key| shortened(&values.to_text(key), 60)));
        }
    }
    None
}

/// What people should know of `history` beside `report`, in O(records).
pub fn caveats(history: &History, report: &Report) -> Vec<Caveat> {
    Noted::of(history, report).caveats()
}

/// Whether the reads of the model called `name` are called with nothing.
pub(crate) fn reads_take_nothing(name: &str) -> bool {
    ["register", "cas-register", "kv", "counter", "set"].contains(&name)
}

/// Why a valid verdict on `history` says nothing, if so. Usually the first operations tell that it
/// says something.
pub fn vacuous(history: &History, report: &Report) -> Option<Caveat> {
    let tells = |operation: &Operation| {
        let verb = history.word(operation.function).map(Word::verb);
        let answers = verb.is_none_or(|verb| !verb.only_has_effect())
            && (!verb.is_some_and(Verb::answers)
                || !history.without_key(operation.output).is_null());
        operation.outcome == Outcome::Ok && answers
    };
    if history.annotations().is_empty() && history.operations().iter().any(tells) {
        return None;
    }
    caveats(history, report).into_iter().find(Caveat::is_vacuous)
}

/// That outputs of the operations with these names were not looked at, if there are any.
fn unread_outputs(names: &[String]) -> Option<Caveat> {
    let quoted = names.iter().map(|name| format!("`{}`", shortened(name, 60)));
    let message = format!("outputs of {} are not looked at", listed(quoted));
    let kind = CaveatKind::UnreadOutputs;
    (!names.is_empty()).then_some(Caveat { kind, count: names.len(), message })
}

/// What a verdict on selected operations says of the whole history.
fn selection(selected: &Selected) -> Option<(CaveatKind, String)> {
    let Selected { operations, kept, by_key, .. } = *selected;
    let of = |kept, all, noun| format!("{} of {}", with_thousands(kept), counted(all, noun));
    let mut what = of(kept, operations, "operation");
    if let Some([kept, keys]) = selected.keys.filter(|_| by_key) {
        what += &format!(", on {},", of(kept, keys, "key"));
    }
    let says = match (selected.keeps_valid(), selected.keeps_invalid()) {
        (true, true) if !by_key => return None,
        (true, true) => {
            let says = "keys are independent, so that the verdict on each is that of the whole \
                        history; nothing is said of the others";
            return Some((CaveatKind::KeysSelected, format!("{what} selected: {says}")));
        }
        (true, false) => {
            "a valid key is valid in the whole history, since what was left out need not have \
             happened; an invalid one may be explained by it"
        }
        (false, true) => {
            "an invalid key is invalid in the whole history, since what was left out changes \
             nothing; a valid one may be contradicted by it"
        }
        (false, false) => {
            "the verdict is one about these alone: the others may explain or contradict them"
        }
    };
    Some((CaveatKind::PartSelected, format!("{what} selected: {says}")))
}

/// The clients of `history` that were divided, as people may see them.
pub(crate) fn split_clients(history: &History) -> Vec<(String, usize)> {
    let text = |client| printable(&shortened(&history.values().to_text(client), 60));
    history.split_clients().iter().map(|&(client, parts)| (text(client), parts)).collect()
}

fn clients_split(clients: &[(String, usize)]) -> String {
    let parts = clients.iter().map(|(_, parts)| parts).sum::<usize>();
    format!(
        "{} with several operations open at once ({}) read as {}: in which order a client meant \
         its operations is not known",
        counted(clients.len(), "client"),
        listed(clients.iter().map(|(name, _)| name.clone())),
        counted(parts, "process")
    )
}

/// Adds who was not taken for a client.
fn add_left_aside(tally: &Tally, add: &mut impl FnMut(CaveatKind, usize, String)) {
    let records = tally.left_aside.iter().map(|(_, count)| count).sum();
    let names = listed(tally.left_aside.iter().map(|(name, _)| shortened(name, 60)));
    add(
        CaveatKind::LeftAside,
        records,
        format!(
            "{} by {} that never invoked it {} left aside: {names}",
            counted(records, "completion"),
            counted(tally.left_aside.len(), "named process"),
            if records == 1 { "is" } else { "are" },
        ),
    );
}

/// Adds what makes a verdict say little.
fn add_vacuous(tally: &Tally, add: &mut impl FnMut(CaveatKind, usize, String)) {
    let &Tally {
        operations, succeeded, asking, telling, open, reads, values, bare, carries, ..
    } = tally;
    if succeeded == 0 && telling == 0 {
        let message = "no operation succeeded: whatever the system did, this would be valid";
        add(CaveatKind::NothingConstrains, operations, message.to_owned());
    } else if asking == 0 {
        let message = "no operation reads what the object holds, so that few faults could show";
        add(CaveatKind::NothingAsked, operations, message.to_owned());
    } else if telling == 0 {
        let message = "no operation succeeded that tells what the object held: whatever the system \
                       did, this would be valid";
        add(CaveatKind::NothingConstrains, operations, message.to_owned());
    }
    if 2 * open > operations && operations >= 10 {
        let message = format!(
            "{} of {} have no known outcome: each may have happened or not",
            with_thousands(open),
            counted(operations, "operation")
        );
        add(CaveatKind::MostlyOpen, open, message);
    }
    if bare > 0 && !carries && asking > 0 && telling > 0 {
        let message = format!(
            "no value was read: {} called with nothing, and no operation returned anything",
            match bare {
                1 => "1 update was".to_owned(),
                _ => format!("{} were", counted(bare, "update")),
            }
        );
        add(CaveatKind::NothingRead, bare, message);
    } else if reads >= 10 && values == 0 {
        let message = format!("none of {} returned a value", counted(reads, "read"));
        add(CaveatKind::NothingRead, reads, message);
    }
}

/// Names, the first few of them.
fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    let shown = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len() {
        0..=NAMED => shown,
        more => format!("{shown} and {} more", with_thousands(more - NAMED)),
    }
}

/// How the records of a history were read.
pub struct ReadAs<'h> {
    /// Whether each is a whole operation.
    pub whole: bool,
    /// Whether each is a completion without an invocation.
    pub alone: bool,
    /// What was read, and the name of the field where that is another.
    pub fields: Vec<(&'static str, Option<&'h str>)>,
    /// The fields that were not used, but for those of which it is known that they are of no
    /// consequence.
    pub unused: Vec<&'h str>,
}

impl<'h> ReadAs<'h> {
    /// How `history` was read, by what was counted of it.
    pub fn of(history: &'h History, tally: &'h Tally) -> ReadAs<'h> {
        let whole = history.has_whole_operations();
        let read_as = ReadAs::of_fields(whole, history.taken_fields(), tally);
        ReadAs { alone: !history.has_real_time(), ..read_as }
    }

    /// How events were read, by what was counted of them.
    fn of_events(taken: &'h [(&'static str, String)], tally: &'h Tally) -> ReadAs<'h> {
        ReadAs::of_fields(false, taken, tally)
    }

    fn of_fields(whole: bool, taken: &'h [(&'static str, String)], tally: &'h Tally) -> ReadAs<'h> {
        let usual: &[(&'static str, bool)] = if whole {
            &[
                ("process", true),
                ("f", true),
                ("key", tally.has_key),
                ("input", true),
                ("output", true),
                ("call", true),
                ("return", true),
            ]
        } else {
            &[
                ("process", true),
                ("type", true),
                ("f", true),
                ("key", tally.has_key),
                ("value", true),
                ("time", tally.has_times),
            ]
        };
        let name = |role: &str| taken.iter().find(|(own, _)| *own == role).map(|(_, name)| &**name);
        let there = usual.iter().filter(|(role, is_there)| *is_there || name(role).is_some());
        let mut fields: Vec<_> = there.map(|&(role, _)| (role, name(role))).collect();
        for (role, name) in taken {
            if !fields.contains(&(role, Some(&**name))) {
                fields.push((role, Some(name)));
            }
        }
        let names = tally.other_fields.iter().map(String::as_str);
        let alone = false;
        ReadAs {
            whole,
            alone,
            fields,
            unused: names.filter(|name| !is_of_no_consequence(name)).collect(),
        }
    }

    /// The same in one line.
    pub fn in_words(&self) -> String {
        let what = match (self.whole, self.alone) {
            (true, _) => "whole operations of",
            (false, true) => "completions alone, without real time, of",
            (false, false) => "events of",
        };
        let fields = self.fields.iter().map(|(role, name)| match name {
            Some(name) => format!("{role} from {}", shortened(name, 60)),
            None => (*role).to_owned(),
        });
        let fields = fields.collect::<Vec<_>>().join(", ");
        let unused = listed(self.unused.iter().map(|name| shortened(name, 60)));
        let unused = if unused.is_empty() { unused } else { format!("; not used: {unused}") };
        format!("{what} {fields}{unused}")
    }
}
