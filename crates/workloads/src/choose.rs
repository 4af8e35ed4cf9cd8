//! Which check a history is for, as far as its operations tell.

use histcheck_history::vocabulary::{Verb, Word, micro_operation};
use histcheck_history::{History, Operation, Outcome, Shape, Value};

use crate::Check;

/// A check that a history is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choice {
    /// The check.
    pub check: Check,
    /// What tells, as in "because …".
    pub because: &'static str,
}

/// Returns the check that a history is for, if its operations tell. O(operations).
pub fn choose(history: &History) -> Option<Choice> {
    let of = |check, because| Some(Choice { check, because });
    let traits = Traits::of(history);
    if traits.all(&[
        "send",
        "poll",
        "txn",
        "assign",
        "subscribe",
        "crash",
        "debug-topic-partitions",
    ]) && traits.has_offsets
    {
        return of(Check::Kafka, "its operations send and poll messages with offsets");
    }
    if traits.has("read-init") && traits.all(&["read-init", "read", "write"]) {
        return of(Check::Causal, "its operations are `read-init`, `read` and `write`");
    }
    if traits.has("strong-read") && traits.all(&["strong-read", "read", "write", "refresh"]) {
        return of(Check::DirtyReads, "it has final reads called `strong-read`");
    }
    if traits.only(&[Verb::Transfer, Verb::Read]) && traits.has_verb(Verb::Transfer) {
        return of(Check::Bank, "its operations move money and read balances");
    }
    if traits.only(&[Verb::Enqueue, Verb::Dequeue, Verb::Drain]) && traits.has_verb(Verb::Enqueue) {
        return match traits.has_verb(Verb::Drain) {
            true => of(Check::TotalQueue, "its operations fill a queue and drain it"),
            false => of(Check::Queue, "its operations fill and empty a queue"),
        };
    }
    if traits.only(&[Verb::Generate]) && traits.has_verb(Verb::Generate) {
        return of(Check::UniqueIds, "its operations give out ids");
    }
    if traits.only(&[Verb::Add, Verb::Read]) && traits.has_verb(Verb::Add) && traits.reads_lists {
        return match traits.reads > 1 {
            true => of(Check::SetFull, "its operations add elements and read all of them"),
            false => of(Check::Set, "its operations add elements, and one read returns all"),
        };
    }
    if traits.reads_groups && traits.writes_alone {
        return of(Check::LongFork, "its operations write one key each, and read groups of keys");
    }
    let reads_several = traits.reads_lists && traits.reads_several;
    if traits.only(&[Verb::Write, Verb::Read]) && reads_several && traits.writes_alone {
        return of(Check::CausalReverse, "its operations write values, and reads return several");
    }
    None
}

/// What operations look like.
struct Traits<'h> {
    history: &'h History,
    /// How many operations have each name.
    names: Vec<usize>,
    /// Reads that returned something.
    reads: usize,
    /// Whether all of them returned lists, and there is one.
    reads_lists: bool,
    /// Whether one returned a list of several values.
    reads_several: bool,
    /// Whether all of them are lists of micro-operations that read, and there is one.
    reads_groups: bool,
    /// Whether every write is of one value, no list, or of one micro-operation.
    writes_alone: bool,
    /// Whether something was sent, or polled, as Kafka's clients do.
    has_offsets: bool,
}

impl<'h> Traits<'h> {
    fn of(history: &'h History) -> Traits<'h> {
        let mut traits = Traits {
            history,
            names: vec![0; history.functions().len()],
            reads: 0,
            reads_lists: true,
            reads_several: false,
            reads_groups: true,
            writes_alone: true,
            has_offsets: false,
        };
        for operation in history.operations() {
            traits.names[operation.function.index()] += 1;
            traits.look_at(operation);
        }
        traits.reads_lists &= traits.reads > 0;
        traits.reads_groups &= traits.reads > 0;
        traits
    }

    fn look_at(&mut self, operation: &Operation) {
        let values = self.history.values();
        let verb = self.history.word(operation.function).map(Word::verb);
        let is_answer = operation.outcome == Outcome::Ok && !operation.output.is_null();
        if verb == Some(Verb::Read) && is_answer {
            self.reads += 1;
            let items = match values.shape(operation.output) {
                Shape::List(items) | Shape::Set(items) => Some(items),
                _ => None,
            };
            self.reads_several |= items.is_some_and(|items| items.len() > 1);
            let is_micro = self.are_micro(operation.output, Verb::Read);
            self.reads_lists &= items.is_some() && !is_micro;
            self.reads_groups &= is_micro;
        }
        if verb == Some(Verb::Write) {
            self.writes_alone &= values.as_list(operation.input).is_none_or(|items| {
                items.len() == 1 && self.are_micro(operation.input, Verb::Write)
            });
        }
        self.has_offsets |= self.is_kafka(operation.input);
    }

    /// Whether a value is a list of micro-operations that do `verb`.
    fn are_micro(&self, value: Value, verb: Verb) -> bool {
        let values = self.history.values();
        let is_micro = |&item: &Value| match values.as_list(item) {
            Some(&[name, _, _]) => values.as_name(name).and_then(micro_operation) == Some(verb),
            _ => false,
        };
        values.as_list(value).is_some_and(|items| !items.is_empty() && items.iter().all(is_micro))
    }

    fn is_kafka(&self, value: Value) -> bool {
        let values = self.history.values();
        let is_part = |&item: &Value| {
            let name = values.as_list(item).and_then(|parts| values.as_name(*parts.first()?));
            matches!(name, Some("send" | "poll"))
        };
        values.as_list(value).is_some_and(|items| !items.is_empty() && items.iter().all(is_part))
    }

    fn has(&self, name: &str) -> bool {
        let mut names = self.history.functions().iter().zip(&self.names);
        names.any(|(known, &count)| count > 0 && known == name)
    }

    /// Whether no operation has another name than these.
    fn all(&self, names: &[&str]) -> bool {
        let mut counts = self.history.functions().iter().zip(&self.names);
        counts.all(|(name, &count)| count == 0 || names.contains(&&**name))
    }

    fn verbs(&self) -> impl Iterator<Item = Option<Verb>> {
        let counts = self.history.functions().iter().zip(&self.names);
        counts.filter(|(_, count)| **count > 0).map(|(name, _)| Word::meant(name).map(Word::verb))
    }

    fn has_verb(&self, verb: Verb) -> bool {
        self.verbs().any(|known| known == Some(verb))
    }

    /// Whether no operation does anything else than these.
    fn only(&self, verbs: &[Verb]) -> bool {
        self.verbs().all(|known| known.is_some_and(|known| verbs.contains(&known)))
    }
}
