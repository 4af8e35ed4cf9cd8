//! What every anomaly is, as data: for `docs/ANOMALIES.md`, for help texts, for reports.

/// A file in `histories/`.
macro_rules! example {
    ($name:literal) => {
        Example { name: $name, text: include_str!(concat!("../../../histories/", $name)) }
    };
}

/// What is to be said of an anomaly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AnomalyEntry {
    /// Which one it is.
    pub kind: AnomalyKind,
    /// Its name for programs and people: `stale-read`.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub definition: &'static str,
    /// More of it: how it comes about, when it is reported, where the literature has it.
    pub explanation: &'static str,
    /// What to look for in the system.
    pub look_for: &'static str,
    /// What the operations that are named with it prove.
    pub proves: &'static str,
    /// What they only suggest; empty if nothing.
    pub suggests: &'static str,
    /// Whether it says, or may say, that clients saw a key differently: then a cause of many
    /// violations may be behind it.
    pub may_have_cause: bool,
    /// A small history that shows it, if there is one.
    pub history: Option<Example>,
}

/// A history that shows an anomaly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Example {
    /// Its file in `histories/`.
    pub name: &'static str,
    /// What the file holds.
    pub text: &'static str,
}

impl AnomalyEntry {
    /// The entry whose anomaly is called `name`.
    pub fn find(name: &str) -> Option<&'static AnomalyEntry> {
        ANOMALIES.iter().find(|entry| entry.name == name)
    }
}

macro_rules! anomalies {
    ($($(#[$meaning:meta])* $kind:ident = $name:literal {
        $($field:ident: $value:expr,)*
    })*) => {
        /// What can be wrong with a history.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum AnomalyKind {
            $($(#[$meaning])* $kind,)*
        }

        /// Every anomaly, in the order of the kinds: causes behind many violations, those of a
        /// value, those of other objects.
        pub const ANOMALIES: &[AnomalyEntry] = &[$(
            AnomalyEntry { kind: AnomalyKind::$kind, name: $name, $($field: $value,)* },
        )*];
    };
}

anomalies! {
    /// Writes took effect in the order of clocks that disagree, or the recording mixes such clocks.
    ClockSkewReordering = "clock-skew-reordering" {
        definition: "\
              Clocks that disagree reordered operations: the store ordered its writes by them, or \
              the recording mixed them.",
        explanation: "\
              A store in which the write with the greatest timestamp wins loses an acknowledged \
              write if the next one comes from a host whose clock is behind. A recorder that \
              stamps each operation with the clock of the host where it ran reports an order that \
              never was. In both cases the history is linearizable once each clock is corrected \
              by an offset of its own; the offsets reported are the smallest that do. Offsets of \
              up to 10 ms are usual between hosts, and explain what a copy that lags does as well: \
              they are named here only if something was seen before it was written. Where records \
              tell the timestamps of writes (`timestamp`), it is enough that everything can be \
              ordered once each write has the place that its timestamp gives it, however the \
              clocks drift or are stepped. That physical clocks give no order of events unless \
              their disagreement is bounded is Lamport's observation (1978).",
        look_for: "\
              Compare the offsets with what NTP says of the hosts, and with the times at which it \
              stepped a clock. Look for timestamps that clients or replicas make, and for \
              conflicts settled by the last write. If the recorder is at fault, record on one \
              host, or order by the file.",
        proves: "That the operations named cannot be ordered as they were recorded.",
        suggests: "\
              That clocks are the cause. An offset that explains many violations at once, and \
              beyond which others would appear, is strong evidence; one violation alone is hardly \
              any.",
        may_have_cause: false,
        history: Some(example!("clock-skew-reordering.jsonl")),
    }
    /// One node, process or source keeps returning a value that others saw replaced.
    StaleCacheRead = "stale-cache-read" {
        definition: "\
              One node, process or source kept returning a value after its overwrite was \
              acknowledged and seen elsewhere, as a cache does.",
        explanation: "\
              The source had the value before it was replaced, sticks to it, and then has the \
              newest at once, when the entry expires or is invalidated. A replica that lags \
              passes through the versions instead. For each source, its stale reads of one key \
              that follow each other and return one value are a spell. A source that calls itself \
              a cache (its field is `cache`, or its name contains the word) is suspected with one \
              stale read; any other one if there are two at least in spells whose value it had \
              returned before, each called after another source had returned the newer value, \
              half of all stale reads of these keys are its own, and at most one spell of ten \
              follows upon another without a fresh read between. The staleness window is the time \
              from the overwrite's acknowledgement to the call of the last stale read. What \
              answered is told by the first of the fields `cache`, `source`, `replica`, `node`, \
              `host`, `server` that a record has, or else by the process; a `source` that does \
              not call itself a cache is taken by its word.",
        look_for: "\
              Find the cache between this source and the store: its time to live, against the \
              window that is reported; whether writes invalidate it, and whether a read that \
              began before a write can fill it afterwards.",
        proves: "That these reads were stale, where they are named as `stale-read` too.",
        suggests: "\
              That a cache is the cause: a replica that lags by exactly one version looks the \
              same.",
        may_have_cause: false,
        history: Some(example!("stale-cache-read.jsonl")),
    }
    /// Two groups of nodes or processes, each of which agrees within itself only.
    SplitBrain = "split-brain" {
        definition: "\
              Two groups of nodes or processes went on by themselves, each consistent within \
              itself only.",
        explanation: "\
              On both sides of a partition writes are acknowledged and read back, and neither \
              side sees the other's: two primaries, or two branches of one log. No store can both \
              answer everywhere during a partition and stay linearizable (Gilbert and Lynch \
              2002). For registers, parts of the system that returned each other's values count \
              as one side. It takes on either side an acknowledged write and a read of it by \
              another process, called sixteen times the usual length of an operation after the \
              other side's write was acknowledged too, or twice that length if records that are \
              no client's, such as of a partition, stand before; writes that overlap, or two on \
              either side; and either side's operations must be linearizable by themselves, in a \
              window that begins with an update of a violation.",
        look_for: "\
              Look for two leaders at a time: elections without a majority, leases that outlive \
              their holder, a deposed primary that still accepts writes or serves reads, a \
              partition or a long pause at that moment.",
        proves: "\
              That the operations cannot have happened to one copy, where a violation says so; of \
              a log that forked, also that there are two branches.",
        suggests: "That the sides are these, and that they were cut off from each other.",
        may_have_cause: false,
        history: Some(example!("split-brain.edn")),
    }
    /// Operations that never completed while they should have.
    StuckOperations = "stuck-operations" {
        definition: "\
              Operations never completed while they should have: a deadlock, starvation, or \
              everything stopped.",
        explanation: "\
              Only operations without any completion record count; calls that are still under way \
              when a recording ends are usual and are not reported. A deadlock is a circle of \
              processes each of which holds a lock that the one before it waits for (Coffman, \
              Elphick and Shoshani 1971). An operation starved if at least 16 operations of the \
              same name and key that were called later completed, and it was open three times as \
              long as the longest operation that completed. Everything stopped if at least two \
              operations are open and other records show that the recording went on for three \
              times the longest operation after the last client was heard of. Lengths are times, \
              or else numbers of records. Such a history can be linearizable; a livelock, in \
              which operations go on failing, cannot be told from bad luck by a history.",
        look_for: "\
              For a deadlock, the order in which locks are taken. For starvation, unfair queues, \
              retries without a limit, lost replies and lost wake-ups. See whether the client \
              crashed without leaving a record.",
        proves: "Nothing: linearizability never forces an operation to complete.",
        suggests: "\
              That these operations wait for ever. They may have been slow, or their client may \
              have died.",
        may_have_cause: false,
        history: Some(example!("stuck-operations.jsonl")),
    }
    /// A value came back after it was replaced, for everybody.
    ResurrectedValue = "resurrected-value" {
        definition: "A value that had been replaced came back, for everybody.",
        explanation: "\
              The newer value had been seen; then the older one is what all later reads return, \
              those of two processes at least (on two nodes, where records name nodes), until \
              something new is written. Unlike a stale read, which is one client's view, the \
              state itself went back.",
        look_for: "\
              Look for a rollback after a failover, a restore from a backup or a snapshot, a \
              replica that was away and whose old values win over deletions (tombstones removed \
              too early), and for a write that was applied again.",
        proves: "That the first operation that saw the old value again cannot be explained.",
        suggests: "That the state went back: everybody may have been reading from one stale copy.",
        may_have_cause: true,
        history: Some(example!("resurrected-value.jsonl")),
    }
    /// A process did not see its own write.
    ReadYourWrites = "read-your-writes" {
        definition: "A process did not see its own write.",
        explanation: "\
              It wrote, was told so, and then read an older value. Read your writes is one of the \
              four session guarantees (Terry and others 1994), which weaker stores give too.",
        look_for: "\
              See whether the process wrote to one node and read from another, and whether its \
              session is tied to a node or carries the version that it has seen.",
        proves: "That the read returned a value older than the process's own acknowledged write.",
        suggests: "",
        may_have_cause: true,
        history: Some(example!("read-your-writes.jsonl")),
    }
    /// A process saw an older value after a newer one.
    NonMonotonicRead = "non-monotonic-read" {
        definition: "A process saw an older value after it had seen a newer one.",
        explanation: "\
              Time ran backwards for one client. Monotonic reads is one of the four session \
              guarantees (Terry and others 1994).",
        look_for: "\
              See whether the two reads were answered by different nodes, by a cache and by the \
              store behind it, or before and after a failover.",
        proves: "That the second value is older than the first, and was read after it.",
        suggests: "",
        may_have_cause: true,
        history: Some(example!("non-monotonic-read.jsonl")),
    }
    /// A read returned a value that had been replaced before it began.
    StaleRead = "stale-read" {
        definition: "A read returned a value that had been replaced before the read began.",
        explanation: "\
              Something that had returned before the read was called shows a newer value: an \
              acknowledged write, or another read. Had the read been called earlier, everything \
              could be explained. It includes the new-old inversion, by which Lamport (1986) \
              tells a regular register from an atomic one: two reads during one write, of which \
              the later returns the older value. For an object that is no register, an answer \
              from an older state is a stale read too.",
        look_for: "\
              See which node answered, and how it knows that it is up to date: reads from \
              followers, a leader whose lease has run out, a read that does not go through the \
              log.",
        proves: "That the value had been replaced before the read was called.",
        suggests: "",
        may_have_cause: true,
        history: Some(example!("stale-read.jsonl")),
    }
    /// An acknowledged update had no effect, or replaced one that it had not seen.
    LostUpdate = "lost-update" {
        definition: "\
              An acknowledged update had no effect, or replaced a value other than the one it had \
              found.",
        explanation: "\
              Two updates that both replaced one version (P4 in Berenson and others 1995); an \
              update that found a value which had been replaced; or an acknowledged write, \
              increment, append or element that no later read can account for. A write counts as \
              lost, rather than as not yet seen, if nobody ever saw it and at least two \
              processes, on two nodes where records name nodes, read the older value afterwards.",
        look_for: "\
              Look for a read and a write that should be one step, for writes acknowledged before \
              they are durable or replicated, and for what was thrown away at a failover.",
        proves: "That not all of the acknowledged updates named can have had their effect.",
        suggests: "Of a write that nobody saw: that it is gone, rather than late.",
        may_have_cause: true,
        history: Some(example!("lost-update.jsonl")),
    }
    /// An operation took effect twice.
    DuplicateApply = "duplicate-apply" {
        definition: "An operation took effect twice.",
        explanation: "\
              A client or a proxy sends a request again when the answer does not come, and the \
              first one had arrived. With one more execution of the operation named, all that was \
              seen could be explained.",
        look_for: "\
              See who retries: the client's driver, a proxy, a queue that delivers at least once. \
              Look for requests without an identity by which the second one could be recognised.",
        proves: "That the operations cannot be explained if each took effect at most once.",
        suggests: "For a register, that it was this operation, and not a stale read.",
        may_have_cause: true,
        history: Some(example!("duplicate-apply.jsonl")),
    }
    /// A compare-and-set on something that was changed and changed back.
    Aba = "aba" {
        definition: "\
              A compare-and-set took a value that was changed and changed back for one that had \
              not changed.",
        explanation: "\
              A compare-and-set compares values; between the look and the exchange the value may \
              have become another one and the same again. For a register that is legal. It is a \
              violation where the value stands for more than itself, as the top of a stack stands \
              for what is below it: see Michael (2004) for how it arises and is prevented.",
        look_for: "Look for pointers or numbers that are used again, and compare a version, too.",
        proves: "That the operations cannot be ordered.",
        suggests: "That a compare-and-set was deceived in this way.",
        may_have_cause: false,
        history: Some(example!("aba-stack.jsonl")),
    }
    /// A read returned what nobody wrote.
    PhantomRead = "phantom-read" {
        definition: "A read returned what nobody wrote.",
        explanation: "\
              The value is not the initial one, and no operation whatever wrote it, not even one \
              that failed; or those that would have written it cannot have found what they \
              replace. Elle calls this a garbage read (Kingsbury and Alvaro 2020). A number that \
              comes back as a text is one, too.",
        look_for: "\
              Look for corruption, for encodings that do not return what they were given, for \
              data of another key or of an earlier test run, and for writers that the recording \
              left out.",
        proves: "That no operation of the history wrote the value.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("phantom-read.jsonl")),
    }
    /// A read returned what only an operation wrote that failed.
    DirtyRead = "dirty-read" {
        definition: "A read returned what only an operation that failed wrote.",
        explanation: "\
              A failure says that the operation did not happen. Either it was seen before it was \
              undone (an aborted read: G1a in Adya 1999), or it did happen, and the failure was a \
              lie.",
        look_for: "\
              See how the operation failed. A timeout or a lost connection is no failure: record \
              it as `info`. Look for values that can be read before they are committed.",
        proves: "That nothing but operations that failed wrote the value before it was read.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("dirty-read.jsonl")),
    }
    /// A read returned what was written only later.
    FutureRead = "future-read" {
        definition: "A read returned what was written only after it.",
        explanation: "The read was answered before the write was even called.",
        look_for: "\
              That is most often the recording: records that came late, times of hosts whose \
              clocks disagree, an invocation that is recorded after it was sent.",
        proves: "\
              That every write of the value was called after the read had returned, as it was \
              recorded.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("future-read.jsonl")),
    }
    /// An operation was refused though nothing spoke against it.
    SpuriousFailure = "spurious-failure" {
        definition: "An operation was refused though nothing spoke against it.",
        explanation: "\
              A compare-and-set says that it did not find a value, or a lock says that it is \
              taken, and whatever the order of the operations, that was not so.",
        look_for: "\
              See whether the refusal is a timeout or a conflict in disguise, and whether it was \
              answered from an old state.",
        proves: "That what the operation says it found was not there at any moment of it.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("spurious-failure.jsonl")),
    }
    /// A lock had two holders, or a semaphore too many.
    DoubleLock = "double-lock" {
        definition: "A lock had two holders at a time, or a semaphore more than its permits.",
        explanation: "\
              Both acquisitions were acknowledged, and the first holder had not released. A lease \
              that runs out while its holder is paused leads to it; sequencers, or fencing \
              tokens, make it harmless (Burrows 2006).",
        look_for: "\
              Look for leases and their clocks, for long pauses, for a failover that forgets a \
              holder.",
        proves: "That the holds named overlap.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("double-lock.jsonl")),
    }
    /// A lock was released by one that did not hold it.
    ForeignRelease = "foreign-release" {
        definition: "A lock was released by a process that did not hold it.",
        explanation: "The release was acknowledged, so that the lock does not know its holder.",
        look_for: "\
              See whether the lock checks who releases it, and whether the process had lost it \
              before.",
        proves: "That the process did not hold the lock.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("foreign-release.jsonl")),
    }
    /// A message was delivered twice.
    DuplicateDelivery = "duplicate-delivery" {
        definition: "\
              A message was delivered more often than it was sent, or again after it was \
              acknowledged.",
        explanation: "\
              One of the ways in which a queue goes wrong, as Henzinger, Sezgin and Vafeiadis \
              (2013) tell them apart: a value is dequeued twice.",
        look_for: "\
              See whether the queue promises at-most-once delivery at all; look for \
              acknowledgements that were lost and for consumers that were given up too early.",
        proves: "That the deliveries outnumber the enqueues that can have happened.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("duplicate-delivery.edn")),
    }
    /// An id was given out twice.
    DuplicateId = "duplicate-id" {
        definition: "A generator gave out an id that it had given out before.",
        explanation: "\
              What is called by the id is then taken for something else, or overwrites it.",
        look_for: "\
              Look for nodes that share an identity or a range of numbers, for a counter that \
              starts anew after a restart or a failover, for clocks that went back, and for few \
              random bits.",
        proves: "That the id was returned by both operations.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("id-given-twice.jsonl")),
    }
    /// An acknowledged message is gone.
    LostMessage = "lost-message" {
        definition: "An acknowledged message is gone.",
        explanation: "\
              The queue said that it was empty, or delivered what came later, though nobody had \
              taken the message out.",
        look_for: "\
              Look for messages acknowledged before they are durable, for what was thrown away at \
              a failover, for a consumer that crashed with the message.",
        proves: "That the message was in the queue and that no operation can have taken it out.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("lost-message.jsonl")),
    }
    /// Messages were delivered in a wrong order.
    ReorderedDelivery = "reordered-delivery" {
        definition: "Messages were delivered in a wrong order.",
        explanation: "\
              One message was certainly put in before another one, both were there, and the queue \
              gave out the wrong one first: the later one of a queue, the earlier one of a stack, \
              the less urgent one of a priority queue.",
        look_for: "\
              Look for several partitions or consumers behind one name, for retries that put a \
              message back at the end.",
        proves: "That the order of the deliveries fits no order of the enqueues.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("reordered-delivery.jsonl")),
    }
    /// An account shows less than nothing.
    NegativeBalance = "negative-balance" {
        definition: "An account shows less than nothing.",
        explanation: "\
              A withdrawal that should have been refused went through: two of them, each of which \
              saw enough, took more than there was.",
        look_for: "Look for a check and a withdrawal that should be one step.",
        proves: "That the balance was read, and that no order of the transfers leads to it.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("negative-balance.jsonl")),
    }
    /// Money was made or lost: the balances do not add up.
    BrokenTotal = "broken-total" {
        definition: "The balances do not add up: money was made or lost.",
        explanation: "\
              Transfers keep the sum of all accounts, and a read of all of them shows another \
              sum.",
        look_for: "\
              Look for a read that is not one snapshot, and for transfers of which only one half \
              was applied.",
        proves: "That the balances read have another sum than there was.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("broken-total.jsonl")),
    }
    /// A transaction saw a part of another one.
    ReadSkew = "read-skew" {
        definition: "A transaction saw a part of another one.",
        explanation: "\
              It read one thing before the other transaction changed it, or after, and another \
              thing the other way round (A5A in Berenson and others 1995).",
        look_for: "Look for reads of several things that are not one snapshot.",
        proves: "That no order of whole transactions explains what was read.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("read-skew.jsonl")),
    }
    /// Two transactions each read what the other one wrote, both before it.
    WriteSkew = "write-skew" {
        definition: "Two transactions each read what the other one wrote, both as it was before.",
        explanation: "\
              Each of them is fine by itself, and had either come first, the other one would have \
              seen it (A5B in Berenson and others 1995). Snapshot isolation allows it.",
        look_for: "\
              See whether the store promises serializability or only snapshot isolation; lock \
              what is read where it matters.",
        proves: "That neither order of the two explains what they read.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("write-skew.jsonl")),
    }
    /// Two readers saw two independent writes in opposite orders.
    LongFork = "long-fork" {
        definition: "Two readers saw two independent writes in opposite orders.",
        explanation: "\
              One saw the first write and not the second, the other one the second and not the \
              first. Parallel snapshot isolation allows it (Sovran and others 2011).",
        look_for: "Look for reads answered by several sites that exchange writes later.",
        proves: "That the two readers disagree about which write came first.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("long-fork.jsonl")),
    }
    /// Two transactions replaced what the other one wrote.
    DirtyWrite = "dirty-write" {
        definition: "Two transactions each replaced something that the other one wrote.",
        explanation: "\
              Of what they both wrote, a part is from the one and a part from the other (P0 in \
              Berenson and others 1995). No level of isolation allows it.",
        look_for: "Look for writes without locks, and for conflicts settled key by key.",
        proves: "That no order of the two explains what is read later.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("dirty-write.jsonl")),
    }
    /// Transactions that each saw, or replaced, what the other one did.
    CircularInformationFlow = "circular-information-flow" {
        definition: "Two transactions each saw what the other one wrote, or replaced it.",
        explanation: "\
              One of them read what the other one wrote before it committed (G1c in Adya 1999). \
              Read committed forbids it.",
        look_for: "Look for reads of what is not committed yet.",
        proves: "That neither order of the two explains what they read.",
        suggests: "",
        may_have_cause: false,
        history: Some(example!("circular-information-flow.jsonl")),
    }
    /// No known anomaly.
    Unclassified = "unclassified" {
        definition: "Operations that cannot be ordered, in a way that has no name here.",
        explanation: "\
              The counterexample is a proof all the same: these operations cannot have happened \
              to one copy.",
        look_for: "Look at the counterexample: it is as small as could be shown.",
        proves: "That the operations named cannot be ordered.",
        suggests: "",
        may_have_cause: true,
        history: None,
    }
}
