//! Anomalies: their names, and the weakest levels that each rules out.
//!
//! The names are Adya's where he has one, and Elle's where it has another. A cycle is named by its
//! own edges: how many anti-dependencies it has, whether two of them follow each other, and whether
//! it needs the order of sessions or real time.

use histcheck_history::Value;

use crate::level::{Base, Level, Ordering};

/// A kind of anomaly.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A read returned what no transaction wrote.
    GarbageRead,
    /// A list that was read has an element twice.
    DuplicateElements,
    /// The known facts about the order of a key's versions contradict each other.
    CyclicVersions,
    /// A cycle.
    Cycle(Class, Ordering),
    /// A read returned what an aborted transaction wrote.
    AbortedRead,
    /// A committed version follows one that was aborted.
    DirtyUpdate,
    /// Two reads of a list of which neither begins with the other.
    IncompatibleOrder,
    /// A read returned what its writer overwrote in the same transaction.
    IntermediateRead,
    /// A read returned what its own transaction wrote only later.
    FutureRead,
    /// A read does not return what its own transaction wrote before.
    Internal,
    /// Two reads of one key in one transaction returned different versions.
    NonRepeatableRead,
    /// Two transactions read the same version of a key, and both wrote the key.
    LostUpdate,
    /// A transaction saw some writes of another one, then missed others.
    NonMonotonicRead(Ordering),
    /// A transaction saw some writes of another one, and missed others.
    FracturedRead(Ordering),
    /// A transaction missed something that one it depends on had seen.
    CausalityViolation(Ordering),
    /// What a transaction saw is no prefix of all commits.
    PrefixViolation(Ordering),
    /// Some transactions fit into no order, and no single cycle shows it.
    NoOrder(Level),
}

/// A class of cycles, by their edges: reads from (wr), overwrites (ww) and anti-dependencies (rw).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Class {
    /// Only ww: dirty writes.
    G0,
    /// ww and wr, one wr at least: circular information flow.
    G1c,
    /// Exactly one rw: read skew.
    GSingle,
    /// Several rw, no two of them one after the other.
    GNonadjacent,
    /// Two rw one after the other: write skew and more.
    G2,
}

impl Class {
    /// Returns what such a cycle means, in a sentence.
    fn meaning(self, ordering: Ordering) -> &'static str {
        use Ordering::{None as Plain, RealTime, Session};
        match (self, ordering) {
            (Class::G0, Plain) => {
                "Transactions overwrote each other's writes in a circle: each comes before the \
                 next on some key."
            }
            (Class::G0, Session) => "Overwrites contradict the order of a process.",
            (Class::G0, RealTime) => "Overwrites contradict real time.",
            (Class::G1c, Plain) => {
                "Transactions read and overwrote each other's writes in a circle: each saw \
                 something of the one before."
            }
            (Class::G1c, Session) => "Reads and overwrites contradict the order of a process.",
            (Class::G1c, RealTime) => "Reads and overwrites contradict real time.",
            (Class::GSingle, Plain) => {
                "A transaction saw a part of what it depends on, and missed another part: a cycle \
                 with one anti-dependency."
            }
            (Class::GSingle, Session) => {
                "A transaction missed a write that came before it in the order of a process."
            }
            (Class::GSingle, RealTime) => {
                "A transaction missed a write that had completed before it was invoked."
            }
            (Class::GNonadjacent, Plain) => {
                "Transactions saw concurrent writes in different orders: a cycle with several \
                 anti-dependencies, no two of them one after the other."
            }
            (Class::GNonadjacent, Session) => {
                "Transactions saw writes in different orders, one of which is that of a process."
            }
            (Class::GNonadjacent, RealTime) => {
                "Transactions saw writes in different orders, one of which is that of real time."
            }
            (Class::G2, Plain) => {
                "Transactions each missed what the next one wrote: a cycle with anti-dependencies \
                 one after the other."
            }
            (Class::G2, Session) => {
                "Transactions each missed what another one wrote, in a cycle with the order of a \
                 process."
            }
            (Class::G2, RealTime) => {
                "Transactions each missed what another one wrote, in a cycle with real time."
            }
        }
    }
}

impl Kind {
    /// Returns the name.
    pub fn name(self) -> &'static str {
        use Ordering::{None as Plain, RealTime, Session};
        match self {
            Kind::GarbageRead => "garbage-read",
            Kind::DuplicateElements => "duplicate-elements",
            Kind::CyclicVersions => "cyclic-versions",
            Kind::AbortedRead => "G1a",
            Kind::DirtyUpdate => "dirty-update",
            Kind::IncompatibleOrder => "incompatible-order",
            Kind::IntermediateRead => "G1b",
            Kind::FutureRead => "future-read",
            Kind::Internal => "internal",
            Kind::NonRepeatableRead => "non-repeatable-read",
            Kind::LostUpdate => "lost-update",
            Kind::NonMonotonicRead(Plain) => "non-monotonic-read",
            Kind::NonMonotonicRead(Session) => "non-monotonic-read-process",
            Kind::NonMonotonicRead(RealTime) => "non-monotonic-read-realtime",
            Kind::FracturedRead(Plain) => "fractured-read",
            Kind::FracturedRead(Session) => "fractured-read-process",
            Kind::FracturedRead(RealTime) => "fractured-read-realtime",
            Kind::CausalityViolation(Plain) => "causality-violation",
            Kind::CausalityViolation(Session) => "causality-violation-process",
            Kind::CausalityViolation(RealTime) => "causality-violation-realtime",
            Kind::PrefixViolation(Plain) => "prefix-violation",
            Kind::PrefixViolation(Session) => "prefix-violation-process",
            Kind::PrefixViolation(RealTime) => "prefix-violation-realtime",
            Kind::NoOrder(..) => "no-order",
            Kind::Cycle(class, ordering) => match (class, ordering) {
                (Class::G0, Plain) => "G0",
                (Class::G0, Session) => "G0-process",
                (Class::G0, RealTime) => "G0-realtime",
                (Class::G1c, Plain) => "G1c",
                (Class::G1c, Session) => "G1c-process",
                (Class::G1c, RealTime) => "G1c-realtime",
                (Class::GSingle, Plain) => "G-single",
                (Class::GSingle, Session) => "G-single-process",
                (Class::GSingle, RealTime) => "G-single-realtime",
                (Class::GNonadjacent, Plain) => "G-nonadjacent",
                (Class::GNonadjacent, Session) => "G-nonadjacent-process",
                (Class::GNonadjacent, RealTime) => "G-nonadjacent-realtime",
                (Class::G2, Plain) => "G2-item",
                (Class::G2, Session) => "G2-item-process",
                (Class::G2, RealTime) => "G2-item-realtime",
            },
        }
    }

    /// Returns what people call it, in plain words.
    pub fn title(self) -> &'static str {
        match self {
            Kind::GarbageRead => "read of a value that nobody wrote",
            Kind::DuplicateElements => "element twice in a list",
            Kind::CyclicVersions => "versions in a cycle",
            Kind::AbortedRead => "aborted read",
            Kind::DirtyUpdate => "dirty update",
            Kind::IncompatibleOrder => "incompatible orders",
            Kind::IntermediateRead => "intermediate read",
            Kind::FutureRead => "read of the future",
            Kind::Internal => "contradicts its own transaction",
            Kind::NonRepeatableRead => "non-repeatable read",
            Kind::LostUpdate => "lost update",
            Kind::NonMonotonicRead(_) => "non-monotonic read",
            Kind::FracturedRead(_) => "fractured read",
            Kind::CausalityViolation(_) => "causality violation",
            Kind::PrefixViolation(_) => "prefix violation",
            Kind::NoOrder(..) => "no order",
            Kind::Cycle(Class::G0, _) => "dirty write",
            Kind::Cycle(Class::G1c, _) => "circular information flow",
            Kind::Cycle(Class::GSingle, _) => "read skew",
            Kind::Cycle(Class::GNonadjacent, _) => "long fork",
            Kind::Cycle(Class::G2, _) => "write skew",
        }
    }

    /// Returns what it means, in a sentence for those who do not know the words.
    pub fn meaning(self) -> &'static str {
        match self {
            Kind::GarbageRead => "A read returned a value that no transaction wrote.",
            Kind::DuplicateElements => "A list that was read has an element twice.",
            Kind::CyclicVersions => {
                "What transactions read and wrote puts the versions of a key into a circle."
            }
            Kind::AbortedRead => "A read returned what an aborted transaction wrote.",
            Kind::DirtyUpdate => {
                "A committed version of a key follows one that an aborted transaction wrote."
            }
            Kind::IncompatibleOrder => {
                "Two reads of a list returned elements in different orders: neither begins with \
                 the other."
            }
            Kind::IntermediateRead => {
                "A read returned what its writer overwrote in the same transaction."
            }
            Kind::FutureRead => "A read returned what its own transaction wrote only later.",
            Kind::Internal => "A read does not return what its own transaction had done before.",
            Kind::NonRepeatableRead => {
                "Two reads of one key in one transaction returned different versions."
            }
            Kind::LostUpdate => {
                "Two transactions read the same version of a key, and both wrote the key: one of \
                 the updates is lost."
            }
            Kind::NonMonotonicRead(_) => {
                "A transaction saw some writes of another one, and its later reads missed others."
            }
            Kind::FracturedRead(_) => {
                "A transaction saw some writes of another one, and missed others."
            }
            Kind::CausalityViolation(_) => {
                "A transaction missed a write that came before something it saw."
            }
            Kind::PrefixViolation(_) => {
                "What a transaction saw is no prefix of any order of all commits."
            }
            Kind::NoOrder(_) => "No order of these transactions explains what they read.",
            Kind::Cycle(class, ordering) => class.meaning(ordering),
        }
    }

    /// Returns what happened, as a clause that starts with a small letter and has no full stop.
    pub fn definition(self) -> &'static str {
        match self {
            Kind::GarbageRead => "a read returned what nobody wrote",
            Kind::DuplicateElements => "a list that was read has an element twice",
            Kind::CyclicVersions => {
                "what is known of the order of a key's versions contradicts itself"
            }
            Kind::AbortedRead => "a read returned what an aborted transaction wrote",
            Kind::DirtyUpdate => "a committed version follows one that was aborted",
            Kind::IncompatibleOrder => {
                "two reads of a list, neither of which begins with the other; or a list with the \
                 appends of one transaction in another order"
            }
            Kind::IntermediateRead => {
                "a read returned what its writer replaced in the same transaction"
            }
            Kind::FutureRead => "a read returned what its own transaction wrote only later",
            Kind::Internal => {
                "a read does not return what its own transaction wrote before, or read behind that"
            }
            Kind::NonRepeatableRead => {
                "two reads of one key in a transaction returned different versions"
            }
            Kind::LostUpdate => {
                "two transactions read the same version of a key, and both replaced it"
            }
            Kind::NonMonotonicRead(_) => {
                "a transaction saw some writes of another one, and later missed others"
            }
            Kind::FracturedRead(_) => {
                "a transaction saw some writes of another one, and missed others"
            }
            Kind::CausalityViolation(_) => {
                "a transaction missed what one that it depends on had seen"
            }
            Kind::PrefixViolation(_) => "what transactions saw is no prefix of all commits",
            Kind::NoOrder(..) => {
                "no order explains some transactions, and no single cycle shows it"
            }
            Kind::Cycle(Class::G0, _) => "a cycle of ww",
            Kind::Cycle(Class::G1c, _) => "a cycle of ww and wr, with at least one wr",
            Kind::Cycle(Class::GSingle, _) => "a cycle with exactly one rw",
            Kind::Cycle(Class::GNonadjacent, _) => "a cycle with several rw, no two in a row",
            Kind::Cycle(Class::G2, _) => "a cycle with two rw in a row",
        }
    }

    /// Returns the names that the check of a model has for what shows it, the most usual first.
    pub fn names_in_models(self) -> &'static [&'static str] {
        let is_plain = self.ordering() == Ordering::None;
        match self {
            Kind::GarbageRead => &["phantom-read"],
            Kind::DuplicateElements => &["duplicate-apply"],
            Kind::AbortedRead | Kind::DirtyUpdate => &["dirty-read"],
            Kind::IncompatibleOrder => &["split-brain"],
            Kind::FutureRead => &["future-read"],
            Kind::LostUpdate => &["lost-update"],
            Kind::Cycle(Class::G0, _) | Kind::CyclicVersions if is_plain => &["dirty-write"],
            Kind::Cycle(Class::G1c, _) if is_plain => &["circular-information-flow"],
            Kind::Cycle(Class::G1c, _) => &["future-read"],
            Kind::Cycle(Class::G2, _) => &["write-skew"],
            Kind::Cycle(Class::GNonadjacent, _) if is_plain => &["long-fork"],
            Kind::PrefixViolation(_) => &["long-fork"],
            // In real time, what is missed was over before.
            Kind::Cycle(..) | Kind::CyclicVersions => match is_plain {
                true => &["read-skew"],
                false => &["stale-read", "long-fork"],
            },
            Kind::FracturedRead(_) if !is_plain => &["stale-read"],
            Kind::IntermediateRead
            | Kind::Internal
            | Kind::NonRepeatableRead
            | Kind::NonMonotonicRead(_)
            | Kind::FracturedRead(_)
            | Kind::CausalityViolation(_)
            | Kind::NoOrder(..) => &["read-skew"],
        }
    }

    /// Returns the kind called `name`, as in `G-single`; or one by its title, as in `read skew` or
    /// `read-skew`.
    pub fn parse(name: &str) -> Option<Kind> {
        let all = Kind::all();
        let is_name = |kind: &&Kind| kind.name().eq_ignore_ascii_case(name);
        let is_title = |kind: &&Kind| {
            kind.title().replace(' ', "-").eq_ignore_ascii_case(&name.replace(' ', "-"))
        };
        all.iter().find(is_name).or_else(|| all.iter().find(is_title)).copied()
    }

    /// Returns the order of which it needs a step: none, that of sessions or real time.
    pub fn ordering(self) -> Ordering {
        self.forbidden_by().1
    }

    /// Returns all kinds that the checks report, the worst first; of `no-order` one for all
    /// levels.
    pub fn all() -> Vec<Kind> {
        use Kind::*;
        let mut all = vec![
            GarbageRead,
            DuplicateElements,
            DirtyUpdate,
            AbortedRead,
            IncompatibleOrder,
            IntermediateRead,
            FutureRead,
            Internal,
            LostUpdate,
            NonRepeatableRead,
        ];
        let classes = [Class::G0, Class::G1c, Class::GSingle, Class::GNonadjacent, Class::G2];
        for ordering in [Ordering::None, Ordering::Session, Ordering::RealTime] {
            all.extend(classes.map(|class| Cycle(class, ordering)));
        }
        for ordering in [Ordering::None, Ordering::Session] {
            let kinds = [NonMonotonicRead, FracturedRead, CausalityViolation, PrefixViolation];
            all.extend(kinds.map(|kind| kind(ordering)));
        }
        all.extend(Level::of(Base::Serializable, Ordering::None).map(NoOrder));
        all.sort_by_key(|kind| kind.severity());
        all
    }

    /// Returns how bad it is, the worst first: what needs no order of sessions or real time comes
    /// before what does, and what weaker levels forbid before what only stronger ones do.
    pub(crate) fn severity(self) -> (Ordering, u8) {
        let rank = match self {
            Kind::GarbageRead => 0,
            Kind::DuplicateElements => 1,
            Kind::Cycle(Class::G0, _) => 2,
            Kind::CyclicVersions => 3,
            // Where an aborted version was replaced, some read shows both, and so G1a as well.
            Kind::DirtyUpdate => 4,
            Kind::AbortedRead => 5,
            Kind::IncompatibleOrder => 6,
            Kind::IntermediateRead => 7,
            Kind::FutureRead => 8,
            Kind::Cycle(Class::G1c, _) => 9,
            Kind::Internal => 10,
            Kind::NonMonotonicRead(_) => 11,
            // Two updates of one version are a cycle, too, and two reads that differ.
            Kind::LostUpdate => 12,
            Kind::NonRepeatableRead => 13,
            Kind::FracturedRead(_) => 14,
            Kind::Cycle(Class::GSingle, _) => 15,
            Kind::CausalityViolation(_) => 16,
            Kind::Cycle(Class::GNonadjacent, _) => 17,
            Kind::PrefixViolation(_) => 18,
            Kind::Cycle(Class::G2, _) => 19,
            Kind::NoOrder(..) => 20,
        };
        (self.ordering(), rank)
    }

    /// Returns the weakest levels that forbid it; none of them implies another one.
    pub fn weakest(self) -> Vec<Level> {
        let forbids = |level: &Level| self.rules_out(*level);
        let is_weakest = |level: &Level| {
            !Level::all().any(|other| other != *level && level.implies(other) && forbids(&other))
        };
        Level::all().filter(forbids).filter(is_weakest).collect()
    }

    /// Returns the weakest bases that forbid it, where the ordering of the level is at least the
    /// one returned.
    pub fn forbidden_by(self) -> (&'static [Base], Ordering) {
        use Base::*;
        let plain = |bases: &'static [Base]| (bases, Ordering::None);
        match self {
            Kind::DuplicateElements | Kind::CyclicVersions => plain(&[ReadUncommitted]),
            Kind::GarbageRead
            | Kind::AbortedRead
            | Kind::DirtyUpdate
            | Kind::IncompatibleOrder
            | Kind::IntermediateRead
            | Kind::FutureRead => plain(&[ReadCommitted]),
            Kind::Internal => plain(&[MonotonicAtomicView]),
            Kind::NonRepeatableRead => plain(&[ReadAtomic, RepeatableRead]),
            Kind::LostUpdate => plain(&[CursorStability, UpdateAtomic]),
            Kind::NonMonotonicRead(ordering) => (&[MonotonicAtomicView], ordering),
            Kind::FracturedRead(ordering) => (&[ReadAtomic], ordering),
            Kind::CausalityViolation(ordering) => (&[Causal], ordering),
            Kind::PrefixViolation(ordering) => (&[Prefix], ordering),
            Kind::NoOrder(level) => (level.row().bases(), level.ordering()),
            Kind::Cycle(class, ordering) => {
                let bases: &'static [Base] = match class {
                    Class::G0 => &[ReadUncommitted],
                    Class::G1c => &[ReadCommitted],
                    Class::GSingle => &[ConsistentView, RepeatableRead],
                    Class::GNonadjacent => &[SnapshotIsolation, RepeatableRead],
                    Class::G2 => &[RepeatableRead, Serializable],
                };
                (bases, ordering)
            }
        }
    }

    /// Returns whether `level` forbids it.
    pub fn rules_out(self, level: Level) -> bool {
        let (bases, ordering) = self.forbidden_by();
        level.ordering() >= ordering && bases.iter().any(|&base| level.base().implies(base))
    }
}

/// A micro-operation: its transaction, and its position in that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// The number of the transaction.
    pub transaction: u32,
    /// The position among its micro-operations.
    pub micro: u32,
}

/// What shows an anomaly.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Evidence {
    /// A read, the value or element concerned, and who wrote it, if anybody did.
    Read {
        /// The read.
        reader: Place,
        /// The value, or the element.
        value: Value,
        /// Its write.
        writer: Option<Place>,
    },
    /// Two reads.
    Reads([Place; 2]),
    /// Two transactions: the read of each, and what it wrote afterwards.
    Updates([(Place, Place); 2]),
    /// An aborted append, a committed one after it, and a read that shows both.
    Update {
        /// The aborted append.
        aborted: Place,
        /// The committed one.
        committed: Place,
        /// The read.
        reader: Place,
    },
    /// A cycle of transactions.
    Cycle(Vec<Step>),
    /// Transactions of which no order explains all reads.
    Core(Vec<u32>),
}

/// A step of a cycle: why one transaction comes before the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// The transaction.
    pub from: u32,
    /// The one after it.
    pub to: u32,
    /// Why it comes after it.
    pub why: Why,
}

/// Why a transaction comes before another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// A read of the second returned what the first wrote: the write, the read.
    Wr(Place, Place),
    /// The second replaced the first one's version of a key: both writes.
    Ww(Place, Place),
    /// The second replaced the version that a read of the first returned: the read, the write.
    Rw(Place, Place),
    /// The same session ran the first, then the second.
    Session,
    /// The first completed before the second was invoked.
    RealTime,
    /// A third transaction sees the first, and read from the second a key that the first wrote,
    /// too: the first one's write, and the read. So the first was committed before.
    Seen(Place, Place),
}

/// Anomalies of one kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// The kind.
    pub kind: Kind,
    /// How many were found.
    pub count: usize,
    /// What shows the first of them.
    pub evidence: Evidence,
    /// The levels that it rules out.
    pub rules_out: Vec<Level>,
}
