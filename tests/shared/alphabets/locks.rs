//! Mutexes and semaphores.

use super::Alphabet;

pub(super) const ALPHABETS: &[Alphabet] = &[
    Alphabet {
        name: "mutex",
        model: "mutex",
        initial: "null",
        letters: &[
            ("acquire", "null", "null", 0),
            ("release", "null", "null", 0),
            ("acquire", "null", "null", 1),
            ("release", "null", "null", 1),
            ("try-acquire", "null", "true", 0),
            ("try-acquire", "null", "false", 1),
        ],
        more: &[],
    },
    Alphabet {
        name: "mutex-owners",
        model: "mutex",
        initial: "null",
        letters: &[
            ("acquire", "null", "null", 0),
            ("release", "null", "null", 0),
            ("acquire", "null", "null", 1),
            ("release", "null", "null", 1),
            ("try-acquire", "null", "false", 2),
        ],
        more: &[
            ("acquire", "null", "null", 2),
            ("release", "null", "null", 2),
            ("acquire", "null", "null", 3),
            ("release", "null", "null", 3),
            ("acquire", "null", "null", 4),
            ("try-acquire", "null", "true", 3),
            ("try-acquire", "null", "true", 5),
            ("release", "null", "null", 5),
        ],
    },
    Alphabet {
        name: "mutex-any-owner",
        model: "mutex",
        initial: "null",
        letters: &[
            ("acquire", "null", "null", 0),
            ("release", "null", "null", 0),
            ("try-acquire", "null", "true", 0),
            ("try-acquire", "null", "false", 0),
        ],
        more: &[],
    },
    Alphabet {
        name: "semaphore",
        model: "semaphore",
        initial: "2",
        letters: &[
            ("acquire", "null", "null", 0),
            ("acquire", "2", "null", 0),
            ("release", "null", "null", 0),
            ("release", "2", "null", 0),
            ("try-acquire", "null", "false", 0),
            ("try-acquire", "2", "true", 0),
        ],
        more: &[],
    },
    Alphabet {
        name: "semaphore-unit",
        model: "semaphore",
        initial: "2",
        letters: &[
            ("acquire", "null", "null", 0),
            ("release", "null", "null", 0),
            ("try-acquire", "null", "true", 0),
            ("try-acquire", "null", "false", 0),
        ],
        more: &[("acquire", "null", "true", 0)],
    },
    Alphabet {
        name: "semaphore-pairs",
        model: "semaphore",
        initial: "3",
        letters: &[
            ("acquire", "2", "null", 0),
            ("release", "2", "null", 0),
            ("try-acquire", "2", "true", 0),
            ("try-acquire", "2", "false", 0),
        ],
        more: &[("try-acquire", "1", "false", 0), ("try-acquire", "3", "false", 0)],
    },
];
