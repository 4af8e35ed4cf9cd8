//! Anomalies that are one cause behind many violations.

use super::{AnomalyEntry, Example};
use crate::explain::AnomalyKind;

/// Causes.
pub(super) const CAUSES: &[AnomalyEntry] = &[
    AnomalyEntry {
        kind: AnomalyKind::ClockSkewReordering,
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
        history: Some(example!("clock-skew-reordering.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::StaleCacheRead,
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
        history: Some(example!("stale-cache-read.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::SplitBrain,
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
        history: Some(example!("split-brain.edn")),
    },
    AnomalyEntry {
        kind: AnomalyKind::StuckOperations,
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
        history: Some(example!("stuck-operations.jsonl")),
    },
];
