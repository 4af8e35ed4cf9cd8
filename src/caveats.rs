//! What a verdict leaves unsaid: how the records were read, which of their fields were not used,
//! and whether anything was read that a fault could have contradicted. A verdict over nothing is no
//! verdict, and people are told so.

use crate::check::{Report, Verdict};
use crate::error::{Code, Error};
use crate::formats::is_of_no_consequence;
use crate::history::{
    EventType, History, OpIndex, Operation, Outcome, Record, Selected, Shape, Tally, Value,
};
use crate::vocabulary::{Verb, Word, plain};
use crate::words::{counted, printable, shortened, with_thousands};

/// A kind of caveat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CaveatKind {
    /// No completed operation tells what the object held.
    NothingConstrains,
    /// Most operations may have happened or not.
    MostlyOpen,
    /// A process that is no client does what clients do.
    LeftAside,
    /// No read returned a value.
    NothingRead,
    /// A process invoked again after an operation of unknown outcome.
    Reinvoked,
    /// The times run backwards.
    TimesRunBackwards,
    /// Operations returned what the model does not look at.
    UnreadOutputs,
    /// No operation asks what the object holds.
    NothingAsked,
    /// Lines held no record.
    LinesPassedOver,
    /// Reads were called with what the model does not look at.
    UnreadInputs,
    /// Clients with several operations open at once were divided.
    ClientsSplit,
    /// Only some keys were selected, with all that counts of them.
    KeysSelected,
    /// Only some operations of an object were selected.
    PartSelected,
}

impl CaveatKind {
    /// All of them.
    pub const ALL: &'static [CaveatKind] = &[
        CaveatKind::NothingConstrains,
        CaveatKind::MostlyOpen,
        CaveatKind::LeftAside,
        CaveatKind::NothingRead,
        CaveatKind::Reinvoked,
        CaveatKind::TimesRunBackwards,
        CaveatKind::UnreadOutputs,
        CaveatKind::NothingAsked,
        CaveatKind::LinesPassedOver,
        CaveatKind::UnreadInputs,
        CaveatKind::ClientsSplit,
        CaveatKind::KeysSelected,
        CaveatKind::PartSelected,
    ];

    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            CaveatKind::NothingConstrains => "W0001",
            CaveatKind::MostlyOpen => "W0002",
            CaveatKind::LeftAside => "W0003",
            CaveatKind::NothingRead => "W0004",
            CaveatKind::Reinvoked => "W0005",
            CaveatKind::TimesRunBackwards => "W0006",
            CaveatKind::UnreadOutputs => "W0007",
            CaveatKind::NothingAsked => "W0008",
            CaveatKind::LinesPassedOver => "W0009",
            CaveatKind::UnreadInputs => "W0010",
            CaveatKind::ClientsSplit => "W0012",
            CaveatKind::KeysSelected => "W0013",
            CaveatKind::PartSelected => "W0014",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            CaveatKind::NothingConstrains => "nothing-constrains",
            CaveatKind::MostlyOpen => "mostly-open",
            CaveatKind::LeftAside => "left-aside",
            CaveatKind::NothingRead => "nothing-read",
            CaveatKind::Reinvoked => "reinvoked",
            CaveatKind::TimesRunBackwards => "times-run-backwards",
            CaveatKind::UnreadOutputs => "unread-outputs",
            CaveatKind::NothingAsked => "nothing-asked",
            CaveatKind::LinesPassedOver => "lines-passed-over",
            CaveatKind::UnreadInputs => "unread-inputs",
            CaveatKind::ClientsSplit => "clients-split",
            CaveatKind::KeysSelected => "keys-selected",
            CaveatKind::PartSelected => "part-selected",
        }
    }

    /// What to do about it, if it makes a verdict worthless.
    pub fn remedy(self) -> &'static str {
        match self {
            CaveatKind::LeftAside => {
                "say who is a client (--clients), or that these are none (--ignore-process)"
            }
            _ => "see whether the test reached the system, and the field with the results is read",
        }
    }

    /// What it means, and what to do about it.
    pub fn explanation(self) -> &'static str {
        match self {
            CaveatKind::NothingConstrains => {
                "Whatever the system did, this history would be valid: no operation succeeded that \
                 tells what the object held. Often the test could not reach the system, or the \
                 results stand in a field that was not read. A valid verdict over it has the exit \
                 status 2, unless --allow-vacuous is given."
            }
            CaveatKind::MostlyOpen => {
                "More than half of the operations have no known outcome. Each may have happened at \
                 any time after its call, or never, so that they explain much of what a fault \
                 would do. Are their ends in the file, under a name that is read?"
            }
            CaveatKind::LeftAside => {
                "Clients are processes with a number, or with a name if they invoke and complete \
                 operations that a model knows. Records of others are kept for the report, and \
                 take no part in the check. Here some complete operations that they never invoked."
            }
            CaveatKind::NothingRead => {
                "Every read that succeeded returned null. If that is not what the system answered, \
                 the results stand in a field that was not read."
            }
            CaveatKind::Reinvoked => {
                "A process whose operation has no known outcome invoked another one. The first may \
                 still take effect at any later time."
            }
            CaveatKind::TimesRunBackwards => {
                "The order of the records is the order of the events, and their times say \
                 otherwise. Perhaps logs of several clients stand one behind the other: \
                 --order time follows the times."
            }
            CaveatKind::UnreadOutputs => {
                "These operations returned something that may mean more than that they are done, \
                 and the model does not look at it."
            }
            CaveatKind::NothingAsked => {
                "All operations are ones that succeed whatever the object holds, such as writes. \
                 Nothing that the system did could be wrong; let the test read, too."
            }
            CaveatKind::LinesPassedOver => {
                "The records stand behind other text, as in a log, and some lines hold none. If \
                 operations stand in those lines in another form, they were not read."
            }
            CaveatKind::UnreadInputs => {
                "Reads were called with a value, which the model does not look at. If it is the \
                 key of what is read, all keys were taken for one object: give it a field of its \
                 own (`key`), or map it (--map key=.PATH)."
            }
            CaveatKind::ClientsSplit => {
                "Clients called operations while others of their own were open, and \
                 --split-clients made of each as many processes as it had operations at one time. \
                 The verdict rests on real time alone and is not affected. In which order such a \
                 client meant its operations is not known, so that no guarantee of clients is said \
                 to hold for keys on which it worked."
            }
            CaveatKind::KeysSelected => {
                "Some keys were selected (--key), and nothing was left out of them that counts. \
                 Objects are independent, so that the verdict on each of these keys is that of the \
                 whole history: if one is invalid, so is the whole. Nothing is said of the others."
            }
            CaveatKind::PartSelected => {
                "Operations on the same objects were left out (--process, --where, --between). The \
                 verdict is one about the selection. What was left out may explain what is left, \
                 so that an invalid selection is no proof that the history is invalid, unless only \
                 operations were left out that change nothing; and it may contradict what is left, \
                 so that a valid one is none of the opposite, unless only operations of unknown \
                 outcome were left out. The report says which of these it is."
            }
        }
    }
}

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

    /// Whether the verdict may be another one than that of the history.
    pub fn limits_verdict(&self) -> bool {
        self.is_vacuous() || self.kind == CaveatKind::PartSelected
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
    /// Whether reads are called with nothing: those of logs have an offset, and those of several
    /// registers their keys.
    pub reads_take_nothing: bool,
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
            reads_take_nothing: reads_take_nothing(&report.model),
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
        add_vacuous(&self.tally, &mut add);
        add_left_aside(&self.tally, &mut add);
        self.add_unread(&mut add);
        add(
            CaveatKind::TimesRunBackwards,
            self.tally.backwards,
            "the times run backwards by more than a quarter of all times until then: do logs of \
             several clients stand one behind the other? --order time follows the times"
                .to_owned(),
        );
        caveats
    }
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
            && (verb != Some(Verb::Read) || !history.without_key(operation.output).is_null());
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
    let names = listed(tally.left_aside.iter().map(|(name, _)| printable(name)));
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
    let &Tally { operations, succeeded, asking, telling, open, reads, values, .. } = tally;
    if succeeded == 0 && telling == 0 {
        let message = "no operation succeeded: whatever the system did, this would be valid";
        add(CaveatKind::NothingConstrains, operations, message.to_owned());
    } else if asking == 0 {
        let message = "no operation asks what the object holds: whatever the system did, this \
                       would be valid";
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
    if reads >= 10 && values == 0 {
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
    /// What was read, and the name of the field where that is another.
    pub fields: Vec<(&'static str, Option<&'h str>)>,
    /// The fields that were not used, but for those of which it is known that they are of no
    /// consequence.
    pub unused: Vec<&'h str>,
}

impl<'h> ReadAs<'h> {
    /// How `history` was read, by what was counted of it.
    pub fn of(history: &'h History, tally: &'h Tally) -> ReadAs<'h> {
        ReadAs::of_fields(history.has_whole_operations(), history.taken_fields(), tally)
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
        ReadAs { whole, fields, unused: names.filter(|name| !is_of_no_consequence(name)).collect() }
    }

    /// The same in one line.
    pub fn in_words(&self) -> String {
        let what = if self.whole { "whole operations of" } else { "events of" };
        let fields = self.fields.iter().map(|(role, name)| match name {
            Some(name) => format!("{role} from {}", printable(name)),
            None => (*role).to_owned(),
        });
        let fields = fields.collect::<Vec<_>>().join(", ");
        let unused = listed(self.unused.iter().map(|name| printable(name)));
        let unused = if unused.is_empty() { unused } else { format!("; not used: {unused}") };
        format!("{what} {fields}{unused}")
    }
}

/// Looks whether what operations take, return, or when they end stands in a field that was not
/// read: it is not there where it should be, and another field is there only where that would be.
#[derive(Default)]
pub(crate) struct Unread {
    /// By the name of the operation: whether none takes anything that has to, and likewise returns.
    lacking: Vec<[bool; 2]>,
    fields: Vec<Field>,
}

/// A field of no known meaning.
struct Field {
    name: String,
    /// By the name of the operation: where it first was at its call, and at its end.
    seen: Vec<[Option<Record>; 2]>,
    /// The first record that has it, but nothing for what the operation takes, returns, or when it
    /// does;
    instead: [Option<Record>; 3],
    /// and whether one has both.
    beside: [bool; 3],
    /// The first record, if all values are words for how operations end.
    ends: Option<Record>,
}

/// What fields are called that hold what a compare-and-set expects,
const OLD: [&str; 5] = ["from", "old", "expected", "expect", "prev"];
/// and what it writes.
const NEW: [&str; 4] = ["to", "new", "update", "desired"];

/// So many fields are looked at.
const FIELDS: usize = 64;

/// What may be missing: what is said of that, and what the field is called that tells it.
const MISSING: [(&str, &str, &str); 3] = [
    ("operations of this name take nothing", "it", "input"),
    ("operations of this name return nothing", "it", "output"),
    ("operations never return", "when they did", "return"),
];

impl Unread {
    /// Takes into account an operation that was called, or that ended if `ends`; both if it is
    /// whole.
    pub(crate) fn add(&mut self, history: &History, operation: &Operation, ends: bool) {
        let function = operation.function.index();
        while self.lacking.len() <= function {
            let name = history.functions().get(self.lacking.len());
            let verb = name.and_then(|name| Word::meant(name)).map(Word::verb);
            self.lacking.push(verb.map_or([false; 2], |verb| [takes(verb), answers(verb)]));
        }
        let [input, output] = &mut self.lacking[function];
        *input &= history.without_key(operation.input).is_null();
        *output &=
            operation.outcome != Outcome::Ok || history.without_key(operation.output).is_null();
        if history.all_extras().is_empty() {
            return;
        }
        let record = operation.completed.filter(|_| ends).unwrap_or(operation.invoked);
        for extra in history.extras(record).iter().filter(|extra| !extra.value.is_null()) {
            let Some(name) = history.values().as_name(extra.name) else { continue };
            let Some(field) = self.field(name, record) else { continue };
            if field.seen.len() <= function {
                field.seen.resize(function + 1, [None; 2]);
            }
            field.seen[function][usize::from(ends)].get_or_insert(record);
            field.look(history, operation, ends, record, extra.value);
        }
    }

    /// Takes into account when a whole operation returned.
    fn add_return(&mut self, history: &History, index: OpIndex) {
        let record = history[index].invoked;
        let lacks = history.lacking(record).ret;
        for extra in history.extras(record) {
            if may_be_end(history, extra.value, history.times(index)[0])
                && let Some(name) = history.values().as_name(extra.name)
                && let Some(field) = self.field(name, record)
            {
                field.beside[2] |= !lacks;
                if lacks {
                    field.instead[2].get_or_insert(record);
                }
            }
        }
    }

    fn field(&mut self, name: &str, record: Record) -> Option<&mut Field> {
        let at = self.fields.iter().position(|field| field.name == name);
        let at = at.or_else(|| {
            if self.fields.len() == FIELDS || is_of_no_consequence(name) {
                return None;
            }
            self.fields.push(Field {
                name: name.to_owned(),
                seen: Vec::new(),
                instead: [None; 3],
                beside: [false; 3],
                ends: Some(record),
            });
            Some(self.fields.len() - 1)
        });
        self.fields.get_mut(at?)
    }

    /// Refuses what was added if something was not read that should have been.
    ///
    /// # Errors
    /// If so.
    pub(crate) fn check(&self, whole: bool) -> Result<(), Error> {
        for (what, missing, role) in [
            (0, "no operation of this name takes anything", "input"),
            (1, "no operation of this name returns anything", "output"),
        ] {
            for field in &self.fields {
                if let Some(record) = self.holder(field, what) {
                    let role = if whole { role } else { "value" };
                    let error = unread(record, &field.name, missing, "it", role);
                    return Err(match self.pair_of(&field.name) {
                        Some([old, new]) => {
                            error.hint(format!("--map from=.{old} --map to=.{new} reads both"))
                        }
                        None => error,
                    });
                }
            }
        }
        for field in &self.fields {
            for (what, (missing, told, role)) in MISSING.into_iter().enumerate() {
                if let (Some(record), false) = (field.instead[what], field.beside[what]) {
                    let role = if whole { role } else { "value" };
                    let missing = format!("some {missing}");
                    return Err(unread(record, &field.name, &missing, told, role));
                }
            }
            if let (Some(record), true) = (field.ends, whole) {
                let missing = "nothing says how operations ended";
                return Err(unread(record, &field.name, missing, "it", "outcome"));
            }
        }
        Ok(())
    }

    /// The fields for the two values of a compare-and-set, if this is one of them.
    fn pair_of(&self, name: &str) -> Option<[&str; 2]> {
        let named = |names: &[&str]| {
            let mut fields = self.fields.iter().map(|field| &*field.name);
            fields.find(|name| names.contains(&&*plain(name)))
        };
        let pair = [named(&OLD)?, named(&NEW)?];
        pair.contains(&name).then_some(pair)
    }

    /// The first record that has this field, if that is there only where something is missing: what
    /// is taken, or what is returned. An end repeats what was taken, but a call does not tell what
    /// will be returned.
    fn holder(&self, field: &Field, what: usize) -> Option<Record> {
        let mut first: Option<Record> = None;
        for (seen, lacking) in field.seen.iter().zip(&self.lacking) {
            let [call, end] = *seen;
            let Some(record) = call.or(end) else { continue };
            if !lacking[what] || what == 1 && call.is_some() {
                return None;
            }
            first = Some(first.map_or(record, |first| first.min(record)));
        }
        first
    }
}

impl Field {
    /// Notes what `record`, an end of `operation` that has this field with `value`, has no field
    /// for.
    fn look(
        &mut self,
        history: &History,
        operation: &Operation,
        ends: bool,
        record: Record,
        value: Value,
    ) {
        let whole = history.has_whole_operations();
        let verb = history.word(operation.function).map(Word::verb);
        let lacking = history.lacking(record);
        let is_ok = operation.outcome == Outcome::Ok;
        let looks = [
            (whole || !ends) && verb.is_some_and(takes),
            ends && is_ok && verb.is_some_and(answers),
        ];
        for (what, lacks) in [lacking.input, lacking.output].into_iter().enumerate() {
            if looks[what] && lacks {
                self.instead[what].get_or_insert(record);
            }
            self.beside[what] |= looks[what] && !lacks;
        }
        let name = history.values().as_name(value);
        if name.and_then(EventType::meant).is_none_or(|kind| kind == EventType::Invoke) {
            self.ends = None;
        }
    }
}

/// Whether `value` may be the time when an operation returned that was called at `call`.
fn may_be_end(history: &History, value: Value, call: Option<i64>) -> bool {
    match history.values().shape(value) {
        Shape::Int(end) => call.is_some_and(|call| end >= call),
        Shape::Decimal(_) => true,
        Shape::Text(text) => text.len() >= 8 && text.starts_with(|c: char| c.is_ascii_digit()),
        _ => false,
    }
}

/// Refuses a history of which something was not read.
///
/// # Errors
/// As [`Unread::check`], or if no operation returns, and a field may tell when it did.
pub(crate) fn check_read(history: &History) -> Result<(), Error> {
    if history.is_excerpt() || history.all_extras().is_empty() {
        return Ok(());
    }
    let whole = history.has_whole_operations();
    let mut unread_fields = Unread::default();
    for (index, operation) in history.indexed() {
        if whole {
            unread_fields.add_return(history, index);
        }
        if !whole {
            unread_fields.add(history, &operation.unanswered(), false);
        }
        if whole || operation.completed.is_some() {
            unread_fields.add(history, operation, true);
        }
    }
    unread_fields.check(whole)
}

fn unread(record: Record, name: &str, missing: &str, what: &str, role: &str) -> Error {
    let name = printable(name);
    Error::new(Code::UnreadField, format!("{missing}, and the field `{name}` may tell {what}"))
        .hint(format!(
            "map it (--map {role}=.{name}), or say that it is not that (--map ignore=.{name})"
        ))
        .record(record)
}

/// The names of the fields that may be the key of an object: of no known meaning, in a history
/// without keys.
pub(crate) fn possible_keys(history: &History) -> Vec<&str> {
    if history.is_excerpt() || history.is_whole() || history.all_extras().is_empty() {
        return Vec::new();
    }
    let tally = history.tally();
    let names = tally.other_fields.iter().map(String::as_str);
    names.filter(|name| !tally.has_key && !is_of_no_consequence(name)).take(KEYS).collect()
}

/// So many fields are tried as keys.
const KEYS: usize = 4;

/// The error about a field that turns the verdict if it is the key.
pub(crate) fn unread_key(name: &str, verdict: [Verdict; 2]) -> Error {
    let name = printable(name);
    let [without, with] = verdict.map(Verdict::name);
    let message = format!(
        "the verdict hangs on the field `{name}`, which is not read: {without} without it, {with} \
         if it is the key"
    );
    Error::new(Code::UnreadField, message).hint(format!(
        "say what it is: --map key=.{name} if it is the key, --map ignore=.{name} if it is not"
    ))
}

/// Whether an operation of this kind takes something.
fn takes(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Write
            | Verb::Cas
            | Verb::Txn
            | Verb::Append
            | Verb::Add
            | Verb::Contains
            | Verb::Enqueue
            | Verb::Push
            | Verb::Insert
            | Verb::Transfer
            | Verb::Deposit
            | Verb::Withdraw
    )
}

/// Whether an operation of this kind returns what a fault could contradict.
fn answers(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::Read
            | Verb::Contains
            | Verb::Dequeue
            | Verb::Pop
            | Verb::Peek
            | Verb::DeleteMin
            | Verb::DeleteMax
            | Verb::PeekMin
            | Verb::PeekMax
            | Verb::AddAndGet
            | Verb::IncAndGet
            | Verb::DecAndGet
            | Verb::GetAndAdd
            | Verb::GetAndInc
            | Verb::GetAndDec
            | Verb::Balance
    )
}
