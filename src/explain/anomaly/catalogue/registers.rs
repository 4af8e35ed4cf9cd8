//! Anomalies of what clients see of a value.

use super::{AnomalyEntry, Example};
use crate::explain::AnomalyKind;

/// Registers, and what any object may show.
pub(super) const REGISTERS: &[AnomalyEntry] = &[
    AnomalyEntry {
        kind: AnomalyKind::ResurrectedValue,
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
        history: Some(example!("resurrected-value.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::ReadYourWrites,
        definition: "A process did not see its own write.",
        explanation: "\
              It wrote, was told so, and then read an older value. Read your writes is one of the \
              four session guarantees (Terry and others 1994), which weaker stores give too.",
        look_for: "\
              See whether the process wrote to one node and read from another, and whether its \
              session is tied to a node or carries the version that it has seen.",
        proves: "That the read returned a value older than the process's own acknowledged write.",
        suggests: "",
        history: Some(example!("read-your-writes.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::NonMonotonicRead,
        definition: "A process saw an older value after it had seen a newer one.",
        explanation: "\
              Time ran backwards for one client. Monotonic reads is one of the four session \
              guarantees (Terry and others 1994).",
        look_for: "\
              See whether the two reads were answered by different nodes, by a cache and by the \
              store behind it, or before and after a failover.",
        proves: "That the second value is older than the first, and was read after it.",
        suggests: "",
        history: Some(example!("non-monotonic-read.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::StaleRead,
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
        history: Some(example!("stale-read.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::LostUpdate,
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
        history: Some(example!("lost-update.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::DuplicateApply,
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
        history: Some(example!("duplicate-apply.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::Aba,
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
        history: Some(example!("aba-stack.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::PhantomRead,
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
        history: Some(example!("phantom-read.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::DirtyRead,
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
        history: Some(example!("dirty-read.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::FutureRead,
        definition: "A read returned what was written only after it.",
        explanation: "The read was answered before the write was even called.",
        look_for: "\
              That is most often the recording: records that came late, times of hosts whose \
              clocks disagree, an invocation that is recorded after it was sent.",
        proves: "\
              That every write of the value was called after the read had returned, as it was \
              recorded.",
        suggests: "",
        history: Some(example!("future-read.jsonl")),
    },
    AnomalyEntry {
        kind: AnomalyKind::SpuriousFailure,
        definition: "An operation was refused though nothing spoke against it.",
        explanation: "\
              A compare-and-set says that it did not find a value, or a lock says that it is \
              taken, and whatever the order of the operations, that was not so.",
        look_for: "\
              See whether the refusal is a timeout or a conflict in disguise, and whether it was \
              answered from an old state.",
        proves: "That what the operation says it found was not there at any moment of it.",
        suggests: "",
        history: Some(example!("spurious-failure.jsonl")),
    },
];
