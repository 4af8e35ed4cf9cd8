//! The built-in models, as data: names, operations and initial values, for help texts, for
//! inference and for errors that list what there is.

/// A built-in model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its name, as `--model` takes it.
    pub name: &'static str,
    /// What it is, in one phrase.
    pub summary: &'static str,
    /// Its operations.
    pub functions: &'static [FunctionEntry],
    /// What it holds before the first operation, and what else it can start from.
    pub initial: &'static str,
}

/// An operation of a built-in model.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FunctionEntry {
    /// Its name, as `f` in a history.
    pub name: &'static str,
    /// Other names for it.
    pub aliases: &'static [&'static str],
    /// What it takes, does and returns.
    pub meaning: &'static str,
}

impl Entry {
    /// The built-in model that is called `name`.
    pub fn find(name: &str) -> Option<&'static Entry> {
        CATALOGUE.iter().find(|entry| entry.name == name)
    }

    /// Whether it has an operation called `function`.
    pub fn knows(&self, function: &str) -> bool {
        self.functions.iter().any(|f| f.name == function || f.aliases.contains(&function))
    }

    /// The names of its operations: `read`, `write`.
    pub fn function_names(&self) -> String {
        let names: Vec<String> = self.functions.iter().map(|f| format!("`{}`", f.name)).collect();
        names.join(", ")
    }
}

const fn f(
    name: &'static str,
    aliases: &'static [&'static str],
    meaning: &'static str,
) -> FunctionEntry {
    FunctionEntry { name, aliases, meaning }
}

const READ: FunctionEntry = f("read", &["r", "get"], "returns the value");
const WRITE: FunctionEntry = f("write", &["w", "put", "set"], "replaces the value by its input");
const ENQUEUE: FunctionEntry = f("enqueue", &["offer"], "puts its input in");

/// Every built-in model.
pub const CATALOGUE: &[Entry] = &[
    Entry {
        name: "register",
        summary: "one value that is read and written",
        functions: &[READ, WRITE],
        initial: "null, or any value",
    },
    Entry {
        name: "cas-register",
        summary: "a register with compare-and-set",
        functions: &[
            READ,
            WRITE,
            f(
                "cas",
                &["compare-and-set", "compare_and_set"],
                "takes [old new]; replaces old by new, or returns false where it found another",
            ),
        ],
        initial: "null, or any value",
    },
    Entry {
        name: "multi-register",
        summary: "several registers, read and written together",
        functions: &[
            f("txn", &[], "takes a list of [\"r\" key null] and [\"w\" key value], fills reads in"),
            f("read", &[], "returns a map from keys to values"),
            f("write", &[], "takes a map from keys to values"),
        ],
        initial: "null everywhere, a map from keys to values, or one value for all keys",
    },
    Entry {
        name: "kv",
        summary: "one key of a key-value store, with strings that grow",
        functions: &[
            f("get", &[], "returns the value, null if the key is absent"),
            f("put", &[], "replaces the value by its input; null deletes"),
            f("append", &[], "adds its input, a string, to the end of the string"),
            f("delete", &[], "makes the key absent"),
        ],
        initial: "absent, which a get may return as null or as the empty string; or any value",
    },
    Entry {
        name: "counter",
        summary: "an integer that is added to",
        functions: &[
            f("read", &["get"], "returns the value"),
            f("add", &[], "adds its input, an integer"),
            f("inc", &["increment"], "adds its input, or 1"),
            f("dec", &["decrement"], "subtracts its input, or 1"),
            f("add-and-get", &[], "adds its input; returns the new value"),
            f("inc-and-get", &["increment-and-get"], "adds its input, or 1; returns the new value"),
            f(
                "dec-and-get",
                &["decrement-and-get"],
                "subtracts its input, or 1; returns the new value",
            ),
            f("get-and-add", &["fetch-add", "fetch-and-add"], "adds; returns the old value"),
            f("get-and-inc", &["get-and-increment"], "adds its input, or 1; returns the old value"),
            f(
                "get-and-dec",
                &["get-and-decrement"],
                "subtracts its input, or 1; returns the old value",
            ),
        ],
        initial: "0, or an integer",
    },
    Entry {
        name: "set",
        summary: "a set of values",
        functions: &[
            f("add", &[], "adds its input; may return whether it was new"),
            f("remove", &["delete"], "removes its input; may return whether it was there"),
            f("contains", &["contains?", "member"], "returns whether its input is there"),
            f("read", &[], "returns all elements, as a list or a set"),
        ],
        initial: "empty, or a list of elements",
    },
    Entry {
        name: "mutex",
        summary: "a lock that one process holds at a time",
        functions: &[
            f("acquire", &["lock"], "takes the free lock"),
            f("release", &["unlock"], "gives the lock back; only its holder can"),
            f(
                "try-acquire",
                &["tryAcquire", "try_acquire", "try-lock", "tryLock", "try_lock"],
                "returns true if it took the lock, false if someone held it",
            ),
        ],
        initial: "free",
    },
    Entry {
        name: "semaphore",
        summary: "a number of permits to take and give back",
        functions: &[
            f("acquire", &[], "takes its input, or 1, of the free permits"),
            f("release", &[], "gives its input, or 1, of the taken permits back"),
            f(
                "try-acquire",
                &["tryAcquire", "try_acquire"],
                "returns true if it took them, false if too few were free",
            ),
        ],
        initial: "1 permit, or a positive number of them",
    },
    Entry {
        name: "fifo-queue",
        summary: "a queue; first in, first out",
        functions: &[
            ENQUEUE,
            f("dequeue", &["poll"], "takes the oldest item out; null if empty"),
            f("peek", &[], "returns the oldest item; null if empty"),
        ],
        initial: "empty, or a list of items, the oldest first",
    },
    Entry {
        name: "unordered-queue",
        summary: "a queue that keeps no order",
        functions: &[
            ENQUEUE,
            f("dequeue", &["poll"], "takes any item out; null if empty"),
            f("peek", &[], "returns any item; null if empty"),
        ],
        initial: "empty, or a list of items",
    },
    Entry {
        name: "stack",
        summary: "a stack; last in, first out",
        functions: &[
            f("push", &[], "puts its input on top"),
            f("pop", &[], "takes the top item off; null if empty"),
            f("peek", &["top"], "returns the top item; null if empty"),
        ],
        initial: "empty, or a list of items, the top last",
    },
    Entry {
        name: "priority-queue",
        summary: "a queue that gives out the smallest (or largest) item",
        functions: &[
            f("insert", &["enqueue", "offer"], "puts in an integer, or [priority value]"),
            f("dequeue", &["poll"], "takes the smallest item out; null if empty"),
            f("peek", &[], "returns the smallest item; null if empty"),
            f(
                "delete-min",
                &["remove-min", "extract-min", "pop-min"],
                "takes the smallest item out; null if empty",
            ),
            f(
                "delete-max",
                &["remove-max", "extract-max", "pop-max"],
                "takes the largest item out; null if empty",
            ),
            f("peek-min", &["find-min"], "returns the smallest item; null if empty"),
            f("peek-max", &["find-max"], "returns the largest item; null if empty"),
        ],
        initial: "empty, or a list of items",
    },
    Entry {
        name: "log",
        summary: "a log that is appended to, and read",
        functions: &[
            f("append", &[], "adds its input to the end; may return the offset it got, from 0"),
            f("read", &[], "returns all entries; with an offset as input, the entry there or null"),
            f("read-from", &[], "takes an offset; returns all entries from there on"),
            f("read-prefix", &[], "returns some entries, from the start on without a gap"),
        ],
        initial: "empty, or a list of entries",
    },
    Entry {
        name: "bank",
        summary: "accounts with balances, and transfers between them",
        functions: &[
            f("transfer", &[], "takes {from, to, amount}; may return false: too little was there"),
            f("read", &[], "returns a map from accounts to balances"),
            f("balance", &[], "takes an account; returns its balance"),
            f("deposit", &[], "takes {account, amount}"),
            f("withdraw", &[], "takes {account, amount}; may return false: too little was there"),
        ],
        initial: "unknown balances, a number for all, or a map from accounts to numbers",
    },
];
