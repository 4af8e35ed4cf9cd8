//! The vocabulary of operations: the words that histories use for `f`, and what each means.
//!
//! A [`Verb`] is a kind of operation, such as a write. It has one or more names, the [`Word`]s:
//! `write`, `w`, `put` and `set` all mean [`Verb::Write`], whatever the object is. Which of the
//! words an object knows is up to its model.
//!
//! A history looks each of its names up once, so that nothing compares texts per operation. Case,
//! dashes and underscores make no difference then, and some names that other systems use are
//! synonyms of a word.

macro_rules! vocabulary {
    ($($verb:ident: $meaning:literal, $null:ident, [$($name:literal),+ $(,)?];)*) => {
        /// A kind of operation.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum Verb {
            $(#[doc = $meaning] $verb,)*
        }

        impl Verb {
            /// Every verb.
            #[cfg(test)]
            const ALL: &[Verb] = &[$(Verb::$verb),*];

            /// Returns its names, the usual one first.
            pub const fn names(self) -> &'static [&'static str] {
                match self { $(Verb::$verb => &[$($name),+],)* }
            }

            /// Returns whether a null that such an operation returns says nothing: it only has an
            /// effect.
            pub const fn null_says_nothing(self) -> bool {
                match self { $(Verb::$verb => matches!(Null::$null, Null::Silent),)* }
            }
        }

        /// Every word with its verb.
        const WORDS: &[(&str, Verb)] = &[$($(($name, Verb::$verb),)+)*];
    };
}

impl Verb {
    /// Returns whether such an operation, which succeeded, could have done so whatever the object
    /// held.
    pub const fn only_has_effect(self) -> bool {
        matches!(
            self,
            Verb::Write
                | Verb::Append
                | Verb::Delete
                | Verb::Add
                | Verb::Inc
                | Verb::Dec
                | Verb::Remove
                | Verb::Enqueue
                | Verb::Push
                | Verb::Insert
                | Verb::Deposit
        )
    }

    /// Returns whether such an operation is called with nothing, but perhaps a key.
    pub const fn takes_nothing(self) -> bool {
        matches!(
            self,
            Verb::Read
                | Verb::Delete
                | Verb::Dequeue
                | Verb::Drain
                | Verb::Pop
                | Verb::Peek
                | Verb::DeleteMin
                | Verb::DeleteMax
                | Verb::PeekMin
                | Verb::PeekMax
                | Verb::Generate
        )
    }

    /// Returns whether such an operation is called with a value.
    pub const fn takes_something(self) -> bool {
        matches!(
            self,
            Verb::Write
                | Verb::Cas
                | Verb::PutIfVersion
                | Verb::Txn
                | Verb::Append
                | Verb::Add
                | Verb::Contains
                | Verb::Enqueue
                | Verb::Ack
                | Verb::Nack
                | Verb::Push
                | Verb::Insert
                | Verb::Transfer
                | Verb::Deposit
                | Verb::Withdraw
        )
    }

    /// Returns whether such an operation returns what a fault could contradict.
    pub const fn answers(self) -> bool {
        matches!(
            self,
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
                | Verb::Generate
        )
    }

    /// Returns whether such an operation puts an item into an object, of which reads return all.
    pub const fn adds_items(self) -> bool {
        matches!(self, Verb::Append | Verb::Add | Verb::Enqueue | Verb::Push | Verb::Insert)
    }

    /// Returns whether such an operation may fail because of what the object holds.
    pub const fn may_fail_by_state(self) -> bool {
        matches!(self, Verb::Dequeue | Verb::Pop | Verb::DeleteMin | Verb::DeleteMax)
    }
}

/// What a null says that an operation returns.
enum Null {
    /// Nothing: the operation only has an effect.
    Silent,
    /// That there was nothing, or something else that a reader has to see.
    Answer,
}

// The names of a verb go from the usual one to the others in the order in which they are listed.
vocabulary! {
    Read: "Reads a value, or all that the object holds.", Answer, ["read", "r", "get"];
    Write: "Replaces the value.", Silent, ["write", "w", "put", "set"];
    Cas: "Replaces one value by another, if it finds it.", Silent,
        ["cas", "compare-and-set", "compare_and_set"];
    PutIfVersion: "Replaces the value, if it finds a version.", Silent,
        ["put-if-version", "cas-version", "compare-version-and-set"];
    PutIfAbsent: "Sets the value, if there is none.", Silent, ["put-if-absent"];
    GetAndSet: "Replaces the value, and returns the old one.", Answer, ["get-and-set", "swap"];
    Txn: "Reads and writes several values at once.", Silent, ["txn"];
    Append: "Adds to the end.", Silent, ["append"];
    Delete: "Makes a key absent, or takes an element out.", Silent, ["delete"];
    Add: "Adds a number, or an element.", Silent, ["add"];
    Inc: "Adds a number, usually 1.", Silent, ["inc", "increment"];
    Dec: "Subtracts a number, usually 1.", Silent, ["dec", "decrement"];
    AddAndGet: "Adds a number, and returns the new value.", Answer, ["add-and-get"];
    IncAndGet: "Adds a number, usually 1, and returns the new value.", Answer,
        ["inc-and-get", "increment-and-get"];
    DecAndGet: "Subtracts a number, usually 1, and returns the new value.", Answer,
        ["dec-and-get", "decrement-and-get"];
    GetAndAdd: "Adds a number, and returns the old value.", Answer,
        ["get-and-add", "fetch-add", "fetch-and-add"];
    GetAndInc: "Adds a number, usually 1, and returns the old value.", Answer,
        ["get-and-inc", "get-and-increment"];
    GetAndDec: "Subtracts a number, usually 1, and returns the old value.", Answer,
        ["get-and-dec", "get-and-decrement"];
    Remove: "Takes an element out.", Silent, ["remove"];
    Contains: "Looks for an element.", Answer, ["contains", "contains?", "member"];
    Acquire: "Takes a lock, or permits.", Silent, ["acquire", "lock"];
    Release: "Gives a lock back, or permits.", Silent, ["release", "unlock"];
    TryAcquire: "Takes a lock, or permits, if they are free.", Answer,
        ["try-acquire", "tryAcquire", "try_acquire", "try-lock", "tryLock", "try_lock"];
    Enqueue: "Puts an item into a queue.", Silent, ["enqueue", "offer"];
    Dequeue: "Takes an item out of a queue.", Answer, ["dequeue", "poll"];
    Ack: "Takes an item out for good that was handed out.", Silent, ["ack", "acknowledge"];
    Nack: "Puts an item back that was handed out.", Silent, ["nack", "requeue"];
    Drain: "Takes all items out of a queue.", Answer, ["drain"];
    Push: "Puts an item on top.", Silent, ["push"];
    Pop: "Takes the top item off.", Answer, ["pop"];
    Peek: "Looks at the item that would be taken next.", Answer, ["peek", "top"];
    Insert: "Puts in an item that has a priority.", Silent, ["insert"];
    DeleteMin: "Takes the smallest item out.", Answer,
        ["delete-min", "remove-min", "extract-min", "pop-min"];
    DeleteMax: "Takes the largest item out.", Answer,
        ["delete-max", "remove-max", "extract-max", "pop-max"];
    PeekMin: "Looks at the smallest item.", Answer, ["peek-min", "find-min"];
    PeekMax: "Looks at the largest item.", Answer, ["peek-max", "find-max"];
    ReadFrom: "Reads all entries from an offset on.", Answer, ["read-from"];
    ReadPrefix: "Reads some entries from the start on.", Answer, ["read-prefix"];
    Generate: "Gives out an id.", Answer, [
        "generate", "generate-id", "next-id", "new-id", "get-id", "unique-id", "allocate",
        "allocate-id", "alloc-id",
    ];
    Transfer: "Moves money between accounts.", Silent, ["transfer"];
    Balance: "Reads one account.", Answer, ["balance"];
    Deposit: "Adds money to an account.", Silent, ["deposit"];
    Withdraw: "Takes money from an account.", Silent, ["withdraw"];
}

/// Names of other systems, without case, dashes and underscores, and the words that they mean.
const SYNONYMS: &[(&str, &str)] = &[
    ("load", "read"),
    ("fetch", "get"),
    ("lookup", "get"),
    ("store", "write"),
    ("assign", "write"),
    ("upsert", "put"),
    ("compareandswap", "cas"),
    ("compareandexchange", "cas"),
    ("compareexchange", "cas"),
    ("cmpxchg", "cas"),
    ("transaction", "txn"),
    ("del", "delete"),
    ("unset", "delete"),
    ("erase", "delete"),
    ("incr", "inc"),
    ("incrby", "inc"),
    ("increase", "inc"),
    ("decr", "dec"),
    ("decrby", "dec"),
    ("decrease", "dec"),
    ("addget", "add-and-get"),
    ("incrementget", "inc-and-get"),
    ("fetchandincrement", "get-and-inc"),
    ("fetchanddecrement", "get-and-dec"),
    ("sadd", "add"),
    ("broadcast", "add"),
    ("srem", "remove"),
    ("sismember", "contains"),
    ("smembers", "read"),
    ("includes", "contains"),
    ("enq", "enqueue"),
    ("send", "enqueue"),
    ("publish", "enqueue"),
    ("produce", "enqueue"),
    ("deq", "dequeue"),
    ("receive", "dequeue"),
    ("recv", "dequeue"),
    ("consume", "dequeue"),
    ("uuid", "generate"),
    ("newuuid", "generate"),
    ("nextval", "generate"),
    ("acquirelock", "acquire"),
    ("obtain", "acquire"),
    ("obtainlock", "acquire"),
    ("releaselock", "release"),
];

/// What names of operations may have before and behind a word, as constants and types are called.
const BEFORE: &[&str] = &["op", "cmd", "do", "kv", "k"];
const BEHIND: &[&str] = &["request", "req", "operation", "op", "command", "cmd", "call", "async"];

/// A name of an operation that the vocabulary has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Word(u8);

impl Word {
    /// Returns the word `name`, if there is one.
    pub const fn named(name: &str) -> Option<Word> {
        let mut at = 0;
        while at < WORDS.len() {
            if is_same(WORDS[at].0, name) {
                return Some(Word(at as u8));
            }
            at += 1;
        }
        None
    }

    /// Returns the word that somebody means who writes `name`, in whatever spelling: also as the
    /// last part of a longer name (`kv.KV/Get`, `OpType::PUT`), or with what types are called that
    /// stand for operations (`GetRequest`, `OP_PUT`).
    pub fn meant(name: &str) -> Option<Word> {
        if let Some(word) = Word::named(name).or_else(|| Word::spelt(&plain(name))) {
            return Some(word);
        }
        let last = plain(name.rsplit(['.', ':', '/', '#', '$']).next()?);
        let affixed = || {
            let before = BEFORE.iter().filter_map(|prefix| last.strip_prefix(prefix));
            let behind = BEHIND.iter().filter_map(|suffix| last.strip_suffix(suffix));
            before.chain(behind).filter(|name| name.len() > 2).find_map(Word::spelt)
        };
        Word::spelt(&last).or_else(affixed)
    }

    /// Returns the word that `name` is, which is [plain].
    fn spelt(name: &str) -> Option<Word> {
        let is_meant = |(word, _): &(&str, Verb)| plain(word) == name;
        WORDS.iter().position(is_meant).map(|at| Word(at as u8)).or_else(|| {
            let synonym = SYNONYMS.iter().find(|(synonym, _)| *synonym == name)?;
            Word::named(synonym.1)
        })
    }

    /// Returns it as the vocabulary spells it.
    pub const fn name(self) -> &'static str {
        WORDS[self.0 as usize].0
    }

    /// Returns what it means.
    #[inline]
    pub const fn verb(self) -> Verb {
        WORDS[self.0 as usize].1
    }

    /// Returns the words that operations are called by, one for each name.
    pub(crate) fn all(names: &[String]) -> Vec<Option<Word>> {
        names.iter().map(|name| Word::meant(name)).collect()
    }
}

/// Returns what a micro-operation of a transaction does that goes by `name`: it reads, writes or
/// appends. These are short names, of which most would mean nothing as operations.
pub fn micro_operation(name: &str) -> Option<Verb> {
    match name {
        "r" => return Some(Verb::Read),
        "w" => return Some(Verb::Write),
        "append" => return Some(Verb::Append),
        _ => {}
    }
    match &*plain(name) {
        "r" | "read" | "get" => Some(Verb::Read),
        "w" | "write" | "put" | "set" => Some(Verb::Write),
        "a" | "append" | "push" => Some(Verb::Append),
        _ => None,
    }
}

/// A name without what spellings differ in: case, dashes, underscores and space.
pub fn plain(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, '-' | '_' | ' '));
    kept.flat_map(char::to_lowercase).collect()
}

/// Compares texts where `==` cannot: in constants.
const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// A set of words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Words(u128);

impl Words {
    /// No word.
    pub const NONE: Words = Words(0);

    /// Returns these words and `word`.
    #[must_use]
    pub const fn with(self, word: Word) -> Words {
        Words(self.0 | 1 << word.0)
    }

    /// Returns these words, as they are spelt.
    pub fn names(self) -> Vec<&'static str> {
        let here = |&at: &usize| self.0 >> at & 1 == 1;
        (0..WORDS.len()).filter(here).map(|at| WORDS[at].0).collect()
    }

    /// Returns what `word` means, if it is one of these.
    #[inline]
    pub fn verb_of(self, word: Option<Word>) -> Option<Verb> {
        word.filter(|word| self.0 >> word.0 & 1 == 1).map(Word::verb)
    }
}

// A set of words has a bit for each.
const _: () = assert!(WORDS.len() <= 128);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_word_of_one_verb() {
        for &verb in Verb::ALL {
            for name in verb.names() {
                assert_eq!(Word::named(name).map(Word::verb), Some(verb), "{name}");
            }
        }
        for name in ["", "writ", "writes", "Write"] {
            assert_eq!(Word::named(name), None, "{name}");
        }
    }

    #[test]
    fn spellings_and_synonyms_are_meant() {
        for (name, word) in [
            ("Put", "put"),
            ("GET", "get"),
            ("compareAndSet", "compare-and-set"),
            ("COMPARE_AND_SET", "compare-and-set"),
            ("CompareAndSwap", "cas"),
            ("tryLock", "try-lock"),
            ("get_and_increment", "get-and-increment"),
            ("Incr", "inc"),
            ("send", "enqueue"),
            ("OpType.PUT", "put"),
            ("/kv.KV/Get", "get"),
            ("com.acme.Ops$CompareAndSet", "compare-and-set"),
            ("GetRequest", "get"),
            ("OP_PUT", "put"),
            ("Queue::DequeueAsync", "dequeue"),
        ] {
            let verb = Word::named(word).map(Word::verb);
            assert!(verb.is_some() && Word::meant(name).map(Word::verb) == verb, "{name}");
        }
        for name in
            ["", "writes", "read2", "setup", "nemesis", "kw", "get.x", "jepsen.clock/bump", "stop"]
        {
            assert_eq!(Word::meant(name), None, "{name}");
        }
        for (at, (synonym, word)) in SYNONYMS.iter().enumerate() {
            assert_eq!(*synonym, plain(synonym));
            assert!(Word::named(word).is_some(), "{word}");
            let is_word = |(name, _): &(&str, Verb)| plain(name) == *synonym;
            assert!(!WORDS.iter().any(is_word), "{synonym} is a word itself");
            assert!(SYNONYMS[at + 1..].iter().all(|other| other.0 != *synonym), "{synonym}");
        }
    }

    #[test]
    fn micro_operations_have_short_names() {
        for (names, verb) in [
            (&["r", "R", "read", "Get"][..], Some(Verb::Read)),
            (&["w", "write", "put", "SET"], Some(Verb::Write)),
            (&["append", "a", "Append", "push"], Some(Verb::Append)),
            (&["", "send", "poll", "x", "delete"], None),
        ] {
            for name in names {
                assert_eq!(micro_operation(name), verb, "{name}");
            }
        }
    }

    #[test]
    fn sets_hold_the_words_that_were_put_in() {
        let [first, last] = [Word(0), Word(WORDS.len() as u8 - 1)];
        let words = Words::NONE.with(last);
        assert_eq!(words.verb_of(Some(last)), Some(last.verb()));
        assert_eq!(words.verb_of(Some(first)), None);
        assert_eq!(words.verb_of(None), None);
    }

    #[test]
    fn updates_say_nothing_by_a_null() {
        let says_nothing =
            |name| Word::named(name).is_some_and(|word| word.verb().null_says_nothing());
        for name in ["write", "compare-and-set", "increment", "lock"] {
            assert!(says_nothing(name), "{name}");
        }
        for name in ["read", "dequeue", "try-acquire", "draw"] {
            assert!(!says_nothing(name), "{name}");
        }
    }
}
