//! Isolation levels: their names, their definitions, and which of them implies which.
//!
//! A level is a [`Base`], which says what a transaction may observe, and an [`Ordering`], which
//! says what must come before it. One level implies another if its base implies the other's and its
//! ordering is at least as strong. The definitions are those of Adya (PhD thesis, MIT, 1999), of
//! Cerone, Bernardi and Gotsman (CONCUR 2015), and of Biswas and Enea (OOPSLA 2019).

/// What a transaction may observe.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[allow(missing_docs, reason = "the names and definitions of the rows of LEVELS say it")]
pub enum Base {
    ReadUncommitted,
    ReadCommitted,
    MonotonicAtomicView,
    CursorStability,
    MonotonicView,
    MonotonicSnapshotRead,
    ConsistentView,
    ForwardConsistentView,
    ReadAtomic,
    Causal,
    UpdateAtomic,
    ParallelSnapshotIsolation,
    Prefix,
    SnapshotIsolation,
    RepeatableRead,
    UpdateSerializable,
    Serializable,
}

impl Base {
    /// The bases that this one implies directly.
    pub fn implied(self) -> &'static [Base] {
        use Base::*;
        match self {
            ReadUncommitted => &[],
            ReadCommitted => &[ReadUncommitted],
            MonotonicAtomicView | CursorStability => &[ReadCommitted],
            MonotonicView => &[MonotonicAtomicView],
            MonotonicSnapshotRead => &[MonotonicAtomicView],
            ConsistentView => &[CursorStability, MonotonicView],
            ForwardConsistentView => &[ConsistentView],
            ReadAtomic => &[MonotonicAtomicView],
            Causal | UpdateAtomic => &[ReadAtomic],
            ParallelSnapshotIsolation => &[Causal, UpdateAtomic, ConsistentView],
            Prefix => &[Causal, MonotonicSnapshotRead],
            SnapshotIsolation => &[ParallelSnapshotIsolation, Prefix, ForwardConsistentView],
            RepeatableRead => &[CursorStability, MonotonicAtomicView],
            UpdateSerializable => &[ForwardConsistentView],
            Serializable => &[RepeatableRead, SnapshotIsolation, UpdateSerializable],
        }
    }

    /// Returns whether this base implies `other`. Every base implies itself.
    pub fn implies(self, other: Base) -> bool {
        self == other || self.implied().iter().any(|base| base.implies(other))
    }
}

/// Which order between transactions a level keeps, besides that of reads and writes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Ordering {
    /// None.
    None,
    /// That of the transactions of one session: one process.
    Session,
    /// That of real time: a transaction that completed before another one was invoked.
    RealTime,
}

/// A level: a row of [`LEVELS`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Level(u8);

/// What is known of a level.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What a transaction may observe.
    pub base: Base,
    /// Which order it keeps.
    pub ordering: Ordering,
    /// Its name, with hyphens.
    pub name: &'static str,
    /// Its other names.
    pub aliases: &'static [&'static str],
    /// Its definition, in a sentence or two.
    pub definition: &'static str,
    /// A history that has not this level, but all that it implies directly, unless they are
    /// [the same on keys](Level::same_on_keys): the name of a file in `histories/isolation`,
    /// without its ending. Empty if there is none.
    pub example: &'static str,
}

const fn row(
    base: Base,
    ordering: Ordering,
    name: &'static str,
    aliases: &'static [&'static str],
    definition: &'static str,
    example: &'static str,
) -> Row {
    Row { base, ordering, name, aliases, definition, example }
}

/// All levels; one comes after those that it implies.
pub const LEVELS: [Row; 30] = {
    use Base::*;
    use Ordering::{None as Plain, RealTime, Session};
    [
        row(
            ReadUncommitted,
            Plain,
            "read-uncommitted",
            &["PL-1"],
            "Writes are ordered: no cycle of overwrites (G0), and nothing is written twice.",
            "G0",
        ),
        row(
            ReadUncommitted,
            Session,
            "strong-session-read-uncommitted",
            &[],
            "Read uncommitted, and overwrites follow the order of each session.",
            "G0-process",
        ),
        row(
            ReadUncommitted,
            RealTime,
            "strong-read-uncommitted",
            &[],
            "Read uncommitted, and overwrites follow real time.",
            "G0-realtime",
        ),
        row(
            ReadCommitted,
            Plain,
            "read-committed",
            &["PL-2"],
            "Only final values of committed transactions are read, and information flows in no \
             circle: no G1a, G1b, G1c.",
            "G1a",
        ),
        row(
            ReadCommitted,
            Session,
            "strong-session-read-committed",
            &[],
            "Read committed, and information flows with the order of each session.",
            "G1c-process",
        ),
        row(
            ReadCommitted,
            RealTime,
            "strong-read-committed",
            &[],
            "Read committed, and information flows with real time.",
            "G1c-realtime",
        ),
        row(
            MonotonicAtomicView,
            Plain,
            "monotonic-atomic-view",
            &["MAV", "read-committed-monotonic"],
            "Once a transaction has read from another, its later reads see all that the other \
             wrote.",
            "not-monotonic-atomic-view",
        ),
        row(
            MonotonicAtomicView,
            Session,
            "strong-session-monotonic-atomic-view",
            &["strong-session-read-committed-monotonic"],
            "Monotonic atomic view, and commits follow the order of each session: the read \
             committed of Biswas and Enea.",
            "not-strong-session-monotonic-atomic-view",
        ),
        row(
            CursorStability,
            Plain,
            "cursor-stability",
            &["PL-CS"],
            "Read committed, and no update that was based on a value is lost: of two transactions \
             that read the same version of a key, only one overwrites it.",
            "lost-update",
        ),
        row(
            MonotonicView,
            Plain,
            "monotonic-view",
            &["PL-2L"],
            "Each read of a transaction sees all that the transaction depended on before it.",
            "not-causal",
        ),
        row(
            MonotonicSnapshotRead,
            Plain,
            "monotonic-snapshot-read",
            &["PL-MSR"],
            "Each read sees a prefix of all commits, and later reads see no shorter one.",
            "not-monotonic-snapshot-read",
        ),
        row(
            ConsistentView,
            Plain,
            "consistent-view",
            &["PL-2+"],
            "Read committed, and a transaction misses nothing of what it depends on: no cycle with \
             exactly one anti-dependency (G-single).",
            "non-repeatable-read",
        ),
        row(
            ForwardConsistentView,
            Plain,
            "forward-consistent-view",
            &["PL-FCV"],
            "Consistent view, also towards transactions that committed before it began; as \
             consistent view where beginnings are not recorded.",
            "",
        ),
        row(
            ReadAtomic,
            Plain,
            "read-atomic",
            &["RA"],
            "A transaction sees all of another one's writes or none.",
            "G-single",
        ),
        row(
            ReadAtomic,
            Session,
            "strong-session-read-atomic",
            &[],
            "Read atomic, and a transaction sees those of its session before it: the read atomic \
             of Biswas and Enea.",
            "G-single-process",
        ),
        row(
            UpdateAtomic,
            Plain,
            "update-atomic",
            &["UA"],
            "Read atomic, and of two transactions that write the same key one sees the other.",
            "lost-update",
        ),
        row(
            Causal,
            Plain,
            "causal",
            &["causal-cerone", "CC"],
            "A transaction sees all that those it sees have seen.",
            "not-causal",
        ),
        row(
            Causal,
            Session,
            "strong-session-causal",
            &["transactional-causal-consistency", "TCC"],
            "Causal, and a transaction sees those of its session before it.",
            "not-strong-session-causal",
        ),
        row(
            ParallelSnapshotIsolation,
            Plain,
            "parallel-snapshot-isolation",
            &["PSI"],
            "Causal, and of two transactions that write the same key one sees the other.",
            "not-parallel-snapshot-isolation",
        ),
        row(
            ParallelSnapshotIsolation,
            Session,
            "strong-session-parallel-snapshot-isolation",
            &[],
            "Parallel snapshot isolation, and a transaction sees those of its session before it.",
            "not-strong-session-parallel-snapshot-isolation",
        ),
        row(
            Prefix,
            Plain,
            "prefix",
            &["prefix-consistency", "PC"],
            "Each transaction reads from a prefix of all commits.",
            "G-nonadjacent",
        ),
        row(
            Prefix,
            Session,
            "strong-session-prefix",
            &[],
            "Prefix, and the prefix has those of its session before it.",
            "G-nonadjacent-process",
        ),
        row(
            SnapshotIsolation,
            Plain,
            "snapshot-isolation",
            &["SI", "PL-SI", "generalized-snapshot-isolation", "GSI"],
            "Each transaction reads from a snapshot, a prefix of all commits, and no other one \
             that writes a key it writes commits between its snapshot and its commit.",
            "not-snapshot-isolation",
        ),
        row(
            SnapshotIsolation,
            Session,
            "strong-session-snapshot-isolation",
            &[],
            "Snapshot isolation, and the snapshot has those of its session before it.",
            "not-strong-session-snapshot-isolation",
        ),
        row(
            SnapshotIsolation,
            RealTime,
            "strong-snapshot-isolation",
            &[],
            "Snapshot isolation, and the snapshot has all that completed before it was invoked.",
            "G-single-realtime",
        ),
        row(
            RepeatableRead,
            Plain,
            "repeatable-read",
            &["PL-2.99"],
            "Serializable as far as keys go: no G1, no cycle with anti-dependencies on keys \
             (G2-item). Only predicates, which histories of keys do not have, may change.",
            "G2-item",
        ),
        row(
            UpdateSerializable,
            Plain,
            "update-serializable",
            &["PL-3U"],
            "Transactions that write are serializable, and each that only reads fits into some \
             order of them.",
            "not-update-serializable",
        ),
        row(
            Serializable,
            Plain,
            "serializable",
            &["PL-3", "SER", "conflict-serializable", "view-serializable"],
            "Some order of all transactions, one after the other, explains every read.",
            "not-serializable",
        ),
        row(
            Serializable,
            Session,
            "strong-session-serializable",
            &[],
            "Serializable in an order that keeps that of each session.",
            "G2-item-process",
        ),
        row(
            Serializable,
            RealTime,
            "strict-serializable",
            &["PL-SS", "strong-serializable", "strict-1sr"],
            "Serializable in an order that keeps real time: what completed before another was \
             invoked comes before it.",
            "G2-item-realtime",
        ),
    ]
};

impl Row {
    /// Returns the base alone.
    pub(crate) fn bases(&self) -> &[Base] {
        std::slice::from_ref(&self.base)
    }
}

impl Level {
    /// Returns all levels; one comes after those that it implies.
    pub fn all() -> impl DoubleEndedIterator<Item = Level> + Clone {
        (0..LEVELS.len() as u8).map(Level)
    }

    /// Returns the level with this base and ordering, if there is one.
    pub fn of(base: Base, ordering: Ordering) -> Option<Level> {
        Level::all().find(|level| level.base() == base && level.ordering() == ordering)
    }

    /// Returns the level called `name`, in any case, with hyphens or without.
    ///
    /// ```
    /// use histcheck_isolation::Level;
    /// assert_eq!(Level::parse("PL-2+").map(Level::name), Some("consistent-view"));
    /// assert_eq!(Level::parse("snapshot isolation"), Level::parse("snapshot-isolation"));
    /// assert_eq!(Level::parse("eventual"), None);
    /// ```
    pub fn parse(name: &str) -> Option<Level> {
        let plain = |name: &str| -> String {
            let kept = name.chars().filter(|c| !matches!(c, '-' | '_' | ' '));
            kept.flat_map(char::to_lowercase).collect()
        };
        let wanted = plain(name);
        Level::all().find(|level| {
            let row = level.row();
            plain(row.name) == wanted || row.aliases.iter().any(|alias| plain(alias) == wanted)
        })
    }

    /// Returns all that is known of the level.
    pub fn row(self) -> &'static Row {
        &LEVELS[usize::from(self.0)]
    }

    /// Returns the name, with hyphens.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns what a transaction may observe.
    pub fn base(self) -> Base {
        self.row().base
    }

    /// Returns the order that the level keeps.
    pub fn ordering(self) -> Ordering {
        self.row().ordering
    }

    /// Returns the position in [`LEVELS`].
    pub fn index(self) -> usize {
        self.0.into()
    }

    /// Returns whether every history of this level has `other`, too.
    pub fn implies(self, other: Level) -> bool {
        self.base().implies(other.base()) && self.ordering() >= other.ordering()
    }

    /// Returns a weaker level from which no history of keys can tell this one, with the reason.
    pub fn same_on_keys(self) -> Option<(Level, &'static str)> {
        let (base, reason) = match self.base() {
            Base::Serializable => {
                (Base::RepeatableRead, "histories of keys have no predicates that may change")
            }
            Base::ForwardConsistentView => {
                (Base::ConsistentView, "no record tells when the database began a transaction")
            }
            Base::ParallelSnapshotIsolation => {
                (Base::ConsistentView, "both forbid cycles with less than two anti-dependencies")
            }
            _ => return None,
        };
        Level::of(base, self.ordering()).map(|level| (level, reason))
    }

    /// Returns the levels that this one implies and no other one does that it implies, too.
    pub fn implied_directly(self) -> impl Iterator<Item = Level> {
        let weaker = move |&other: &Level| other != self && self.implies(other);
        Level::all().filter(weaker).filter(move |&other| {
            !Level::all().filter(weaker).any(|between| between != other && between.implies(other))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_come_after_those_that_they_imply() {
        for level in Level::all() {
            for other in Level::all().filter(|&other| other != level && level.implies(other)) {
                assert!(other < level, "{} implies {}", level.name(), other.name());
                assert!(!other.implies(level));
            }
        }
    }

    #[test]
    fn names_are_unique() {
        for level in Level::all() {
            for name in level.row().aliases.iter().chain([&level.name()]) {
                assert_eq!(Level::parse(name), Some(level), "{name}");
            }
        }
    }
}
