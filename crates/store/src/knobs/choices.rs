//! The knobs that choose one of several ways to do things.

use super::setting::{Setting, choices};

choices! {
    /// What the clients do.
    pub enum Workload {
        /// Read and write one value.
        Register = "register",
        /// The same with compare-and-set.
        Cas = "cas",
        /// Get, put and delete values.
        Kv = "kv",
        /// Increment and read a number.
        Counter = "counter",
        /// Like posts, take that back, and read how many like them; one post gets half of it all.
        Likes = "likes",
        /// Move money between accounts and read all balances.
        Bank = "bank",
        /// Take and release a lock.
        Mutex = "mutex",
        /// Take two of several locks, and release them.
        Pairs = "lock-pairs",
        /// Take and give back permits, such as connections of a pool.
        Semaphore = "semaphore",
        /// Enqueue and dequeue items.
        Queue = "queue",
        /// Append to a log and read it.
        Log = "log",
        /// Add elements to a set, remove and read them.
        Set = "set",
        /// Transactions that read and write several registers.
        Transactions = "transactions",
        /// Interactive transactions that append to lists and read them.
        ListAppend = "list-append",
        /// Interactive transactions that read and write registers.
        RwRegister = "rw-register",
    }

    /// Which store runs interactive transactions.
    pub enum Engine {
        /// One node that writes in place and locks keys (Gray and others 1976).
        Locking = "locking",
        /// One node that keeps versions, and perhaps followers that get them later (Bernstein and
        /// Goodman 1983).
        Versions = "versions",
        /// Sites that each commit by themselves and send what they wrote to the others (Sovran and
        /// others 2011).
        Sites = "sites",
        /// Nodes that each keep some of the keys and lock them; the last node coordinates commits.
        Shards = "shards",
    }

    /// How long a transaction keeps the locks of what it reads.
    pub enum ReadLocks {
        /// It takes none: it reads what others have not committed yet.
        None = "none",
        /// Until it has read.
        Short = "short",
        /// Until it has read; of keys that it is going to write, until it ends.
        Cursor = "cursor",
        /// Until it ends.
        Long = "long",
    }

    /// Which transaction of a deadlock is aborted.
    pub enum Victim {
        /// The one that began last.
        Youngest = "youngest",
        /// The one that began first.
        Oldest = "oldest",
        /// The one whose request closed the circle.
        Requester = "requester",
        /// None: all wait until a client gives up.
        None = "none",
    }

    /// What is committed that a transaction sees.
    pub enum Snapshots {
        /// All that was when it began.
        Begin = "begin",
        /// All that is at each read.
        EachRead = "each-read",
    }

    /// What is required of the reads of a transaction that commits.
    pub enum ReadCheck {
        /// Nothing.
        None = "none",
        /// That no transaction overwrote what another one read and read what a third one overwrote,
        /// all at one time (Cahill, Röhm and Fekete 2008).
        Pivots = "pivots",
        /// That nothing of it has been overwritten (Kung and Robinson 1981).
        Validate = "validate",
    }

    /// When a site shows what another one sent.
    pub enum Delivery {
        /// Once it shows all that the transaction depends on.
        Causal = "causal",
        /// Once it shows all earlier transactions of that site.
        ByOrigin = "by-origin",
        /// Each write when it arrives.
        ByWrite = "by-write",
    }

    /// What of its own past a client is sure to see at another node.
    pub enum Session {
        /// Nothing.
        None = "none",
        /// What it wrote.
        ReadYourWrites = "read-your-writes",
        /// What it read.
        MonotonicReads = "monotonic-reads",
        /// Both.
        All = "all",
    }

    /// How a transaction that wrote on several shards commits.
    pub enum Commit {
        /// All of them promise to commit before one does (Gray 1978).
        TwoPhase = "two-phase",
        /// Each commits when it is told to.
        OnePhase = "one-phase",
    }

    /// What a shard does that promised to commit and is not told whether to.
    pub enum InDoubt {
        /// It waits.
        Wait = "wait",
        /// After a while it aborts.
        Abort = "abort",
        /// After a while it commits.
        Commit = "commit",
    }

    /// How an operation that needs several steps is kept whole.
    pub enum Method {
        /// The store does it in one step.
        Atomic = "atomic",
        /// The client reads, computes, and writes; nothing keeps others out.
        ReadThenWrite = "read-then-write",
        /// The client takes the locks that it needs, in one order for all.
        Locked = "locked",
        /// The client takes the locks that it needs, in the order in which it needs them.
        LockedAsNeeded = "locked-as-needed",
        /// The client writes only if the versions that it read are still there.
        Optimistic = "optimistic",
        /// The client writes only if the value that it read first is still, or again, there.
        OptimisticByValue = "optimistic-by-value",
    }

    /// How the nodes keep copies.
    pub enum Replication {
        /// One node has the only copy.
        Single = "single",
        /// A primary applies updates and sends them on to its backups.
        Primary = "primary",
        /// Any node coordinates: it asks and tells all copies, and waits for some of them.
        Leaderless = "leaderless",
        /// Raft: an elected leader orders all updates in a log that a majority has (Ongaro and
        /// Ousterhout 2014).
        Raft = "raft",
    }

    /// When a primary acknowledges an update.
    pub enum Acknowledge {
        /// Once it has applied it itself; the backups get it later.
        Early = "early",
        /// Once all backups have it.
        Late = "late",
    }

    /// Which node answers a read.
    pub enum ReadsFrom {
        /// The primary or leader, from what it has.
        Primary = "primary",
        /// Whichever node the client asks, from what that has.
        Any = "any",
        /// The leader, once the read has gone through the log.
        Log = "log",
        /// The leader, as long as its lease lasts.
        Lease = "lease",
    }

    /// Which of two writes without a leader counts as the later one.
    pub enum ConflictOrder {
        /// Whichever arrives later, at each copy for itself.
        Arrival = "arrival",
        /// That with the later timestamp of its client's clock.
        WriterClock = "writer-clock",
        /// That with the later timestamp of its coordinator's clock.
        ServerClock = "server-clock",
        /// That with the greater version: one more than the greatest that a quorum has (Attiya,
        /// Bar-Noy and Dolev 1995).
        Version = "version",
        /// That with the greater Lamport clock of its coordinator (Lamport 1978).
        Lamport = "lamport",
    }

    /// Which nodes keep the copies of a key.
    pub enum Placement {
        /// The first ones, for all keys.
        First = "first",
        /// The key's number, modulo the number of nodes, tells the first of them.
        Modulo = "modulo",
        /// The next ones on a ring of hashes, on which each node stands at several places (Karger
        /// and others 1997).
        Ring = "ring",
    }

    /// How the members of the ring change during the run.
    pub enum Membership {
        /// They stay.
        Fixed = "fixed",
        /// One node joins.
        Join = "join",
        /// One node leaves.
        Leave = "leave",
    }

    /// Where reads are cached.
    pub enum Cache {
        /// Nowhere.
        None = "none",
        /// On a host of its own, for all nodes.
        Shared = "shared",
        /// On every node for itself.
        PerNode = "per-node",
    }

    /// What a write does to caches.
    pub enum Invalidation {
        /// Nothing: entries expire by themselves.
        None = "none",
        /// It tells them afterwards, and does not wait.
        After = "after",
        /// It stops them before it and lets them go on after it.
        Around = "around",
    }

    /// Which node takes a client's calls.
    pub enum Connection {
        /// Always the same one.
        Sticky = "sticky",
        /// Another one with every call.
        Any = "any",
    }

    /// What a client does if no answer comes.
    pub enum Calls {
        /// It gives up; nobody knows whether the call took effect.
        AtMostOnce = "at-most-once",
        /// It calls again, and the store takes that for another call.
        AtLeastOnce = "at-least-once",
        /// It calls again under the same number, by which the store knows it.
        ExactlyOnce = "exactly-once",
    }

    /// Which messages a partition stops.
    pub enum Partition {
        /// None.
        None = "none",
        /// All between two halves, of which one is a majority.
        Halves = "halves",
        /// All from and to the primary or leader.
        Isolate = "isolate",
        /// All but those between neighbours on a ring, so that every node sees a majority, and
        /// no two nodes the same one.
        Ring = "ring",
        /// Those to one node; what it sends arrives.
        OneWay = "one-way",
        /// All between two halves, for a short time again and again.
        Flapping = "flapping",
    }

    /// Which nodes crash, one after the other.
    pub enum Crash {
        /// None.
        None = "none",
        /// Any.
        Node = "node",
        /// The primary or leader.
        Primary = "primary",
        /// All at once.
        All = "all",
    }

    /// What is stopped for a while, as by the collection of garbage.
    pub enum Pause {
        /// Nothing.
        None = "none",
        /// A node.
        Node = "node",
        /// The primary or leader.
        Primary = "primary",
        /// A client.
        Client = "client",
    }

    /// Which clocks are wrong.
    pub enum Skewed {
        /// None.
        None = "none",
        /// That of one host.
        One = "one",
        /// All, each by another amount.
        All = "all",
    }

    /// By which clock the history's times are taken, and its records ordered.
    pub enum Recording {
        /// One clock sees everything.
        OneClock = "one-clock",
        /// Each node stamps the records of its clients by its own clock; they are merged by these
        /// times.
        NodeClocks = "node-clocks",
    }

    /// How much transactions see of each other.
    pub enum Isolation {
        /// Nothing: what was read has not changed when a transaction commits.
        Serializable = "serializable",
        /// A snapshot from when it began; of two that write the same, the second fails (Berenson
        /// and others 1995).
        Snapshot = "snapshot",
        /// Snapshots of the copy at hand, which gets what was written elsewhere later (Sovran and
        /// others 2011).
        ParallelSnapshot = "parallel-snapshot",
        /// What is committed when each read happens.
        ReadCommitted = "read-committed",
    }
}
