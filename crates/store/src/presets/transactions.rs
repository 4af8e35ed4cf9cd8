//! Stores that run interactive transactions, each twice: over lists and over registers. What
//! clients see of a store goes by Adya's names of phenomena; which levels of isolation it satisfies
//! in spite of that is written here, too.

use super::{Preset, example};

/// A store that runs interactive transactions.
pub struct Transactional {
    /// The preset. What it `shows` are the phenomena by which
    /// [`Dependencies::phenomena`](crate::Dependencies::phenomena) names its fault, or those of its
    /// level.
    pub preset: Preset,
    /// The strongest of [`LEVELS`](crate::LEVELS) that every run of it satisfies.
    pub satisfies: &'static [&'static str],
}

impl Transactional {
    /// Returns the name without that of the workload: `si` for `list-append-si`.
    pub fn store(&self) -> &'static str {
        let name = self.preset.name;
        let workloads = ["list-append-", "rw-register-"];
        workloads.iter().find_map(|workload| name.strip_prefix(workload)).unwrap_or(name)
    }

    /// Returns each store once, with its workload over lists before that over registers.
    pub fn pairs() -> impl Iterator<Item = (&'static Transactional, &'static Transactional)> {
        let (lists, registers) = TRANSACTIONAL.split_at(TRANSACTIONAL.len() / 2);
        lists.iter().zip(registers)
    }

    /// Returns the store called `name`.
    pub fn find(name: &str) -> Option<&'static Transactional> {
        TRANSACTIONAL.iter().find(|one| one.preset.name == name)
    }
}

/// Defines the table: each store over lists and over registers.
macro_rules! stores {
    ($(
        $name:literal, $story:literal;
        [$($setting:tt),*] satisfies [$($level:literal),*] shows [$($shown:literal),*]
    )+) => {
        /// All stores that run interactive transactions, over lists before over registers.
        pub const TRANSACTIONAL: &[Transactional] = &[
            $(stores!(
                @one "list-append", $name, $story; [$($setting),*] [$($level),*] [$($shown),*]
            ),)+
            $(stores!(
                @one "rw-register", $name, $story; [$($setting),*] [$($level),*] [$($shown),*]
            ),)+
        ];
    };
    (@one $workload:literal, $name:literal, $story:literal;
        [$($setting:tt),*] [$($level:literal),*] [$($shown:literal),*]
    ) => {
        Transactional {
            preset: Preset {
                name: concat!($workload, "-", $name),
                story: $story,
                settings: &[
                    ("workload", $workload),
                    ("keys", "5"),
                    ("think", "1ms"),
                    $($setting),*
                ],
                shows: &[$($shown),*],
                example: example(1, &[("operations", "20")]),
            },
            satisfies: &[$($level),*],
        }
    };
}

stores! {
    "read-uncommitted",
    "One node writes in place under locks that last, and reads without any: \
     transactions see what others have not committed yet, and what is taken back \
     later.";
    [("read-locks", "none"), ("rollbacks", "10%")]
    satisfies ["read-uncommitted"]
    shows ["G1a", "G1b", "G1c", "G-single", "internal", "fractured-read", "lost-update",
        "write-skew", "G2-item", "long-fork"]

    "dirty-writes",
    "One node writes in place without any locks: two transactions overwrite each \
     other in opposite orders.";
    [("read-locks", "none"), ("write-locks", "no")]
    satisfies []
    shows ["G0", "G1b", "G1c", "G-single", "internal", "fractured-read", "lost-update",
        "write-skew", "G2-item", "long-fork"]

    "aborted-writes",
    "One node locks all that is read and written, but does not take back what a \
     transaction wrote that is rolled back.";
    [("undo", "no"), ("rollbacks", "10%")]
    satisfies ["read-uncommitted"]
    shows ["G1a"]

    "read-committed",
    "One node locks what is read until it has been read: it is committed, but may \
     change before the transaction ends.";
    [("read-locks", "short")]
    satisfies ["read-committed"]
    shows ["G-single", "internal", "fractured-read", "lost-update", "write-skew", "G2-item",
        "long-fork", "G-nonadjacent"]

    "read-committed-versions",
    "One node keeps versions, and each read sees all that is committed at that \
     moment.";
    [("engine", "versions"), ("nodes", "1"), ("snapshots", "each-read"), ("write-check", "no")]
    satisfies ["read-committed"]
    shows ["G-single", "internal", "fractured-read", "lost-update", "write-skew", "G2-item",
        "long-fork", "G-nonadjacent"]

    "cursor-stability",
    "One node locks what is read until it has been read, but what is read in order \
     to be written until the transaction ends: no update is lost.";
    [("read-locks", "cursor")]
    satisfies ["cursor-stability"]
    shows ["G-single", "internal", "fractured-read", "write-skew", "G2-item", "long-fork",
        "G-nonadjacent"]

    "repeatable-read",
    "One node locks all keys that are read or written until the transaction ends; \
     of a deadlock, the youngest transaction aborts.";
    []
    satisfies ["strict-serializable", "repeatable-read"]
    shows []

    "lock-timeouts",
    "One node locks all keys that are read or written until the transaction ends, \
     and nobody looks for deadlocks: clients give up after a while.";
    [("victim", "none")]
    satisfies ["strict-serializable"]
    shows []

    "lock-crashes",
    "One node locks all keys that are read or written until the transaction ends, \
     and crashes now and then: whatever had not committed is taken back.";
    [("crash", "primary")]
    satisfies ["strict-serializable"]
    shows []

    "strict-serializable",
    "A transaction locks all its keys when it begins, in one order for all: there \
     are no deadlocks.";
    [("lock-ahead", "yes")]
    satisfies ["strict-serializable"]
    shows []

    "si",
    "One node keeps versions. A transaction sees those from when it began; of two \
     that write the same key at one time, the first to commit wins.";
    [("engine", "versions"), ("nodes", "1")]
    satisfies ["strong-snapshot-isolation"]
    shows ["G2-item", "write-skew", "G2-item-process", "G2-item-realtime"]

    "si-lost-update",
    "Snapshots, but nobody looks whether what is written was written meanwhile.";
    [("engine", "versions"), ("nodes", "1"), ("write-check", "no")]
    satisfies ["prefix", "causal"]
    shows ["G-single", "lost-update", "G2-item", "write-skew"]

    "si-read-skew",
    "The first to commit wins, but each read sees the last version instead of that \
     of the snapshot.";
    [("engine", "versions"), ("nodes", "1"), ("snapshots", "each-read")]
    satisfies ["cursor-stability"]
    shows ["internal", "G-single", "fractured-read", "G2-item", "write-skew", "G-nonadjacent",
        "long-fork", "G-single-process", "G-single-realtime", "G-nonadjacent-process",
        "G-nonadjacent-realtime"]

    "ssi",
    "Snapshots, and a transaction aborts that may be the pivot of a cycle.";
    [("engine", "versions"), ("nodes", "1"), ("read-check", "pivots")]
    satisfies ["strict-serializable"]
    shows []

    "optimistic",
    "Transactions commit if nothing that they read has been overwritten.";
    [("engine", "versions"), ("nodes", "1"), ("read-check", "validate")]
    satisfies ["strict-serializable"]
    shows []

    "followers",
    "A primary runs serializable transactions; those that only read may go to \
     followers, which are behind, but not behind what the client has seen.";
    [("engine", "versions"), ("read-check", "validate"), ("reads-from", "any"), ("lag", "5ms")]
    satisfies ["strong-session-serializable"]
    shows ["G-single-realtime", "G2-item-realtime"]

    "followers-without-sessions",
    "A primary runs serializable transactions; those that only read may go to \
     followers, which are behind, even behind what the client has seen.";
    [("engine", "versions"), ("read-check", "validate"), ("reads-from", "any"),
        ("lag", "5ms"), ("session", "none")]
    satisfies ["serializable", "snapshot-isolation"]
    shows ["G-single-process", "G-single-realtime", "G2-item-process", "G2-item-realtime"]

    "followers-ssi",
    "A primary aborts pivots, but does not know what was read from followers: a \
     transaction that only reads can see what no serial order shows.";
    [("engine", "versions"), ("read-check", "pivots"), ("reads-from", "any"), ("lag", "5ms")]
    satisfies ["strong-session-snapshot-isolation"]
    shows ["G-single-realtime", "G2-item", "G2-item-process", "G2-item-realtime"]

    "psi",
    "Three sites each have a copy of everything, and only one of them may write a \
     key. A transaction sees what its site had when it began.";
    [("engine", "sites"), ("clients", "6"), ("delay", "5ms")]
    satisfies ["parallel-snapshot-isolation"]
    shows ["G2-item", "write-skew", "G-nonadjacent", "long-fork", "G-nonadjacent-process",
        "G-nonadjacent-realtime", "G2-item-process", "G2-item-realtime",
        "G-single-realtime"]

    "psi-claims",
    "Three sites each have a copy of everything; before a transaction commits, its site claims the \
     keys that it writes at their homes. A transaction sees what its site had when it began.";
    [("engine", "sites"), ("clients", "9"), ("keys", "12"), ("delay", "5ms"),
        ("home-writes", "no"), ("operations", "400")]
    satisfies ["parallel-snapshot-isolation"]
    shows ["G2-item", "write-skew", "G-nonadjacent", "long-fork", "G-nonadjacent-process",
        "G-nonadjacent-realtime", "G2-item-process", "G2-item-realtime",
        "G-single-realtime"]

    "causal",
    "Three sites each have a copy of everything, and show what others wrote once \
     they show what it depends on. Nobody looks for conflicts.";
    [("engine", "sites"), ("clients", "6"), ("delay", "5ms"), ("write-check", "no")]
    satisfies ["causal"]
    shows ["G-single", "lost-update", "write-skew", "G2-item", "long-fork", "G-nonadjacent",
        "G-single-process", "G-single-realtime", "G0-realtime"]

    "causal-roaming",
    "Three sites show what others wrote once they show what it depends on. Clients \
     go from site to site, and wait until a site shows what they have read and \
     written elsewhere.";
    [("engine", "sites"), ("clients", "6"), ("delay", "5ms"), ("write-check", "no"),
        ("connection", "any"), ("slow", "20%")]
    satisfies ["causal"]
    shows ["G-single", "lost-update", "write-skew", "G2-item", "long-fork", "G-nonadjacent",
        "G-single-process", "G-single-realtime", "G0-realtime"]

    "read-your-writes",
    "Three sites show what others wrote once they show what it depends on. Clients \
     go from site to site, and wait only until a site shows what they have written.";
    [("engine", "sites"), ("clients", "6"), ("delay", "5ms"), ("write-check", "no"),
        ("connection", "any"), ("slow", "20%"), ("session", "read-your-writes")]
    satisfies ["read-committed"]
    shows ["G-single", "lost-update", "write-skew", "G2-item", "long-fork", "G-nonadjacent",
        "G-single-process", "G-single-realtime", "G0-realtime", "G0-process", "G1c-process"]

    "monotonic-reads",
    "Three sites show what others wrote once they show what it depends on. Clients \
     go from site to site, and wait only until a site shows what they have read.";
    [("engine", "sites"), ("clients", "6"), ("delay", "5ms"), ("write-check", "no"),
        ("connection", "any"), ("slow", "20%"), ("session", "monotonic-reads")]
    satisfies ["read-committed"]
    shows ["G-single", "lost-update", "write-skew", "G2-item", "long-fork", "G-nonadjacent",
        "G-single-process", "G-single-realtime", "G0-realtime", "G0-process", "G1c-process"]

    "no-sessions",
    "Three sites show what others wrote once they show what it depends on. Clients \
     go from site to site, and do not wait.";
    [("engine", "sites"), ("clients", "6"), ("delay", "5ms"), ("write-check", "no"),
        ("connection", "any"), ("slow", "20%"), ("session", "none")]
    satisfies ["read-committed"]
    shows ["G-single", "lost-update", "write-skew", "G2-item", "long-fork", "G-nonadjacent",
        "G-single-process", "G-single-realtime", "G0-realtime", "G0-process", "G1c-process"]

    "read-atomic",
    "Four sites show transactions of each other in the order of each site, but not \
     what these depend on, while each hears its neighbours only.";
    [("engine", "sites"), ("nodes", "4"), ("clients", "8"), ("keys", "8"),
        ("write-check", "no"), ("delivery", "by-origin"), ("partition", "ring"),
        ("fault-for", "90ms")]
    satisfies ["read-atomic"]
    shows ["G-single", "lost-update", "write-skew", "G2-item", "long-fork", "G-nonadjacent",
        "G-single-process", "G-single-realtime", "G0-realtime"]

    "fractured-reads",
    "Three sites show each write when it arrives: half of a transaction may be \
     there.";
    [("engine", "sites"), ("clients", "6"), ("delay", "5ms"), ("write-check", "no"),
        ("delivery", "by-write"), ("snapshots", "each-read")]
    satisfies ["read-committed"]
    shows ["internal", "G-single", "fractured-read", "lost-update", "write-skew", "G2-item",
        "long-fork", "G-nonadjacent", "G-single-process", "G-single-realtime",
        "G0-realtime"]

    "two-phase-commit",
    "Two shards lock their keys, and commit when a coordinator says so, which \
     crashes now and then: what it has not decided is in doubt until it is back.";
    [("engine", "shards"), ("crash", "primary")]
    satisfies ["strict-serializable"]
    shows []

    "two-phase-commit-impatient",
    "Two shards commit when a coordinator says so, and messages get lost. A shard \
     that is in doubt for too long aborts, though the other one may have committed.";
    [("engine", "shards"), ("loss", "10%"), ("operations", "400"), ("in-doubt", "abort")]
    satisfies []
    shows ["G-single", "G-single-process", "G-single-realtime", "G0", "G0-process",
        "G0-realtime", "G1c", "G1c-process", "G1c-realtime", "G-nonadjacent", "G2-item",
        "G2-item-process", "G2-item-realtime", "lost-update", "write-skew",
        "fractured-read", "long-fork"]

    "one-phase-commit",
    "The coordinator of two shards tells both to commit without asking first; one \
     that crashed has lost its half of the transaction.";
    [("engine", "shards"), ("commit", "one-phase"), ("crash", "node")]
    satisfies []
    shows ["G-single", "G-single-process", "G-single-realtime", "G0", "G0-process",
        "G0-realtime", "G1c", "G1c-process", "G1c-realtime", "G-nonadjacent", "G2-item",
        "G2-item-process", "G2-item-realtime", "lost-update", "write-skew",
        "fractured-read", "long-fork"]
}
