//! Queues of all kinds, and stacks.

use super::{Alphabet, Spelling};

/// Of queues, with and without an order.
pub(super) const LETTERS: &[Spelling<'static>] = &[
    ("enqueue", "1", "1", 0),
    ("enqueue", "2", "2", 0),
    ("dequeue", "null", "1", 0),
    ("dequeue", "null", "2", 0),
    ("dequeue", "null", "null", 0),
    ("peek", "null", "1", 0),
];

/// More of the same.
pub(super) const MORE: &[Spelling<'static>] = &[
    ("enqueue", "3", "3", 0),
    ("dequeue", "null", "3", 0),
    ("enqueue", "4", "4", 0),
    ("dequeue", "null", "4", 0),
    ("enqueue", "5", "5", 0),
    ("dequeue", "null", "5", 0),
    ("peek", "null", "2", 0),
    ("peek", "null", "3", 0),
    ("peek", "null", "null", 0),
];

/// Those of stacks.
pub(super) const STACK_LETTERS: &[Spelling<'static>] = &[
    ("push", "1", "1", 0),
    ("push", "2", "2", 0),
    ("pop", "null", "1", 0),
    ("pop", "null", "2", 0),
    ("pop", "null", "null", 0),
    ("peek", "null", "1", 0),
];

/// More of them.
pub(super) const MORE_STACK_LETTERS: &[Spelling<'static>] = &[
    ("push", "3", "3", 0),
    ("pop", "null", "3", 0),
    ("push", "4", "4", 0),
    ("pop", "null", "4", 0),
    ("push", "5", "5", 0),
    ("pop", "null", "5", 0),
    ("peek", "null", "2", 0),
    ("peek", "null", "3", 0),
    ("peek", "null", "null", 0),
];

/// Those of priority queues.
pub(super) const PRIORITY_LETTERS: &[Spelling<'static>] = &[
    ("insert", "1", "1", 0),
    ("insert", "2", "2", 0),
    ("dequeue", "null", "1", 0),
    ("dequeue", "null", "2", 0),
    ("dequeue", "null", "null", 0),
    ("peek", "null", "1", 0),
    ("delete-max", "null", "2", 0),
];

/// More of them.
pub(super) const MORE_PRIORITY_LETTERS: &[Spelling<'static>] = &[
    ("insert", "3", "3", 0),
    ("dequeue", "null", "3", 0),
    ("insert", "4", "4", 0),
    ("dequeue", "null", "4", 0),
    ("insert", r#"[2,"x"]"#, "null", 0),
    ("dequeue", "null", r#"[2,"x"]"#, 0),
    ("peek", "null", "2", 0),
    ("peek", "null", "3", 0),
    ("peek", "null", "null", 0),
];

pub(super) const ALPHABETS: &[Alphabet] = &[
    Alphabet {
        name: "fifo-queue",
        model: "fifo-queue",
        initial: "null",
        letters: LETTERS,
        more: MORE,
    },
    Alphabet {
        name: "unordered-queue",
        model: "unordered-queue",
        initial: "null",
        letters: LETTERS,
        more: MORE,
    },
    Alphabet {
        name: "priority-queue",
        model: "priority-queue",
        initial: "null",
        letters: PRIORITY_LETTERS,
        more: MORE_PRIORITY_LETTERS,
    },
    Alphabet {
        name: "stack",
        model: "stack",
        initial: "null",
        letters: STACK_LETTERS,
        more: MORE_STACK_LETTERS,
    },
    Alphabet {
        name: "acked-queue",
        model: "acked-queue",
        initial: "null",
        letters: &[
            ("enqueue", "1", "null", 0),
            ("enqueue", "2", "null", 0),
            ("dequeue", "null", "1", 0),
            ("dequeue", "null", "2", 0),
            ("dequeue", "null", "null", 0),
            ("ack", "1", "null", 0),
            ("nack", "1", "null", 0),
        ],
        more: &[("ack", "2", "true", 0), ("nack", "2", "2", 0), ("dequeue", "null", "3", 0)],
    },
    Alphabet {
        name: "acked-queue-filled",
        model: "acked-queue",
        initial: "[1,1,2]",
        letters: &[
            ("enqueue", "1", "null", 0),
            ("dequeue", "null", "1", 0),
            ("dequeue", "null", "2", 0),
            ("dequeue", "null", "null", 0),
            ("ack", "1", "null", 0),
            ("ack", "2", "null", 0),
            ("nack", "1", "null", 0),
        ],
        more: &[],
    },
];
