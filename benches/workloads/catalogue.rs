//! The workloads by name: what is simulated, which verdict is known, and what is aimed at.

/// What the clients talk to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Object {
    /// Reads and writes.
    Register,
    /// Reads, writes and compare-and-set.
    CasRegister,
    /// Only compare-and-set and reads, between a first write and a last read: how often each value
    /// is established and replaced must add up.
    Chain,
    /// Several registers in one object.
    MultiRegister,
    /// Additions of one, and reads.
    Counter,
    /// Additions that return the sum, and reads.
    AddAndGet,
    /// Strings that are read, put, and appended to.
    Kv,
    Fifo,
    Stack,
    /// The smallest comes out first.
    Priority,
    /// A queue without an order.
    Bag,
    /// Additions, removals and tests of elements.
    Set,
    Mutex,
    /// With [`PERMITS`](super::objects::PERMITS).
    Semaphore,
    /// Appends that return the offset, and reads of an offset.
    Log,
}

/// What is known about the history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    Valid,
    /// With so many invalid keys.
    Invalid(u64),
    /// One answer is wrong, but others may happen to explain it.
    Open,
}

/// One workload.
#[derive(Clone, Copy, Debug)]
pub struct Workload {
    pub name: &'static str,
    pub object: Object,
    pub operations: u64,
    pub processes: u64,
    /// Values are drawn from so many; 0: every written value is another.
    pub values: u64,
    pub keys: u64,
    /// Of a thousand operations, so many never complete.
    pub crashed: u64,
    /// Of a collection: whether it is often found empty.
    pub empties: bool,
    /// Where answers are falsified, as parts of a hundred of the history; each in another key.
    pub faults: &'static [u64],
    pub expected: Expected,
    /// The aim for the wall time, in milliseconds.
    pub target: Option<u64>,
    /// Further options of the program.
    pub options: &'static [&'static str],
    pub seed: u64,
}

const REGISTER: Workload = Workload {
    name: "",
    object: Object::Register,
    operations: 1_000,
    processes: 10,
    values: 0,
    keys: 1,
    crashed: 0,
    empties: false,
    faults: &[],
    expected: Expected::Valid,
    target: None,
    options: &[],
    seed: 1,
};

const CAS: Workload = Workload { object: Object::CasRegister, values: 5, ..REGISTER };
const W1: Workload = Workload { name: "w1", operations: 100_000, target: Some(50), ..REGISTER };
const W3: Workload =
    Workload { name: "w3", operations: 100_000, processes: 30, target: Some(400), ..CAS };
const W5: Workload =
    Workload { operations: 5_000, values: 1_000, target: Some(100), ..REGISTER }.wrong(&[95]);
const W7: Workload = Workload {
    name: "w7",
    object: Object::Counter,
    operations: 1_000_000,
    target: Some(400),
    ..REGISTER
};
const W8: Workload = Workload { processes: 20, ..REGISTER };
const KV: Workload = Workload {
    object: Object::Kv,
    operations: 2_000,
    processes: 50,
    keys: 10,
    target: Some(20),
    ..REGISTER
};
const W11: Workload = Workload { operations: 10_000, crashed: 50, ..REGISTER };
const W12: Workload = Workload { options: &["--decider", "search"], target: Some(5), ..REGISTER };
const W13: Workload = Workload { operations: 10_000, processes: 40, ..CAS }.wrong(&[50]);
const CHAIN: Workload = Workload { object: Object::Chain, ..W13 };
const FIFO: Workload =
    Workload { object: Object::Fifo, operations: 1_000_000, target: Some(1_500), ..REGISTER };
const STACK: Workload = Workload { object: Object::Stack, ..FIFO };
const PRIORITY: Workload = Workload { object: Object::Priority, ..FIFO };
const SET: Workload = Workload { object: Object::Set, ..FIFO };
const OTHER: Workload = Workload { target: None, ..FIFO };
const BAG: Workload = Workload { object: Object::Bag, ..OTHER };
const MUTEX: Workload = Workload { object: Object::Mutex, ..OTHER };
const SEMAPHORE: Workload = Workload { object: Object::Semaphore, operations: 100_000, ..OTHER };
const ADD: Workload = Workload { object: Object::AddAndGet, ..OTHER };
const LOG: Workload = Workload { object: Object::Log, ..OTHER };

impl Workload {
    const fn called(self, name: &'static str) -> Workload {
        Workload { name, ..self }
    }

    const fn wrong(self, faults: &'static [u64]) -> Workload {
        Workload { faults, expected: Expected::Invalid(faults.len() as u64), ..self }
    }

    const fn without_aim(self) -> Workload {
        Workload { target: None, ..self }
    }

    const fn small(self) -> Workload {
        Workload { operations: 10_000, ..self.without_aim() }
    }

    const fn empty(self) -> Workload {
        Workload { empties: true, ..self }
    }
}

/// The workloads of `docs/BENCHMARKS.md`.
pub const WORKLOADS: &[Workload] = &[
    W1,
    W1.called("w1-bad").wrong(&[95]).without_aim(),
    Workload { name: "w2", operations: 10_000, processes: 50, target: Some(20), ..REGISTER },
    W3,
    W3.called("w3-bad").wrong(&[50]).without_aim(),
    Workload { name: "w4", operations: 10_000, processes: 20, crashed: 5, target: Some(50), ..CAS },
    Workload { name: "w5", crashed: 5, ..W5 },
    Workload { name: "w6", processes: 30, ..W5 },
    W7,
    W7.called("w7-bad").wrong(&[50]).without_aim(),
    Workload { name: "w8", operations: 10_000_000, keys: 1_000, target: Some(4_000), ..W8 },
    Workload { name: "w8-small", operations: 1_000_000, keys: 500, processes: 20, ..CAS },
    KV.called("w9"),
    Workload { target: Some(50), ..KV.called("w9-bad").wrong(&[20, 40, 60, 80]) },
    Workload { name: "w9-long", operations: 20_000, target: None, ..KV },
    Workload { name: "w9-c10", operations: 400, processes: 10, ..KV },
    Workload {
        name: "w9-c10-whole",
        object: Object::MultiRegister,
        operations: 400,
        values: 10,
        target: Some(50),
        ..REGISTER
    },
    FIFO.called("w10-fifo"),
    FIFO.called("w10-fifo-empties").empty(),
    FIFO.called("w10-fifo-bad").wrong(&[50]),
    FIFO.called("w10-fifo-small").small(),
    FIFO.called("w10-fifo-small-empties").small().empty(),
    FIFO.called("w10-fifo-small-bad").small().wrong(&[50]),
    STACK.called("w10-stack"),
    STACK.called("w10-stack-empties").empty(),
    STACK.called("w10-stack-bad").wrong(&[50]),
    STACK.called("w10-stack-small").small(),
    STACK.called("w10-stack-small-empties").small().empty(),
    STACK.called("w10-stack-small-bad").small().wrong(&[50]),
    PRIORITY.called("w10-priority"),
    PRIORITY.called("w10-priority-empties").empty(),
    PRIORITY.called("w10-priority-bad").wrong(&[50]),
    PRIORITY.called("w10-priority-small").small(),
    PRIORITY.called("w10-priority-small-empties").small().empty(),
    PRIORITY.called("w10-priority-small-bad").small().wrong(&[50]),
    SET.called("w10-set"),
    Workload { name: "w10-set-1000", values: 1_000, ..SET },
    SET.called("w10-set-bad").wrong(&[50]),
    SET.called("w10-set-small").small(),
    SET.called("w10-set-small-bad").small().wrong(&[50]),
    BAG.called("w10-bag"),
    BAG.called("w10-bag-empties").empty(),
    BAG.called("w10-bag-bad").wrong(&[50]),
    BAG.called("w10-bag-small").small(),
    BAG.called("w10-bag-small-bad").small().wrong(&[50]),
    MUTEX.called("w10-mutex"),
    MUTEX.called("w10-mutex-bad").wrong(&[50]),
    MUTEX.called("w10-mutex-small").small(),
    SEMAPHORE.called("w10-semaphore"),
    SEMAPHORE.called("w10-semaphore-bad").wrong(&[50]),
    SEMAPHORE.called("w10-semaphore-small").small(),
    ADD.called("w10-add-and-get"),
    ADD.called("w10-add-and-get-bad").wrong(&[50]),
    ADD.called("w10-add-and-get-small").small(),
    LOG.called("w10-log"),
    LOG.called("w10-log-bad").wrong(&[50]),
    LOG.called("w10-log-small").small(),
    Workload { name: "w11", target: Some(50), ..W11 },
    Workload { name: "w11-20", values: 20, target: Some(1_000), ..W11 },
    Workload { name: "w12-20", processes: 20, ..W12 },
    Workload { name: "w12-24", processes: 24, ..W12 },
    Workload { name: "w12-30", processes: 30, ..W12 },
    Workload { name: "w12-60", processes: 60, target: Some(50), ..W12 },
    W13.called("w13"),
    Workload { name: "w13-3-20", values: 3, processes: 20, ..W13 },
    Workload { name: "w13-3-30", values: 3, processes: 30, ..W13 },
    Workload { name: "w13-any", expected: Expected::Open, ..W13 },
    Workload { name: "w13-chain", ..CHAIN },
    Workload { name: "w13-chain-3-20", values: 3, processes: 20, ..CHAIN },
    Workload { name: "w13-chain-3-30", values: 3, processes: 30, ..CHAIN },
];
