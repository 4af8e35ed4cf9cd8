//! Which operations clients choose.

use rand::{Rng, RngExt};

use super::catalogue::{Object, Workload};
use super::objects::{Answer, Client, Request, State};
use super::record::{self, ENTRIES};

/// How many items a balanced collection holds, about.
const DEPTH: u64 = 100;
/// How many elements of a set are in use at once, where values are not limited.
const ELEMENTS: usize = 50;

/// What is left to chance, and what must be remembered for it.
pub struct Mix {
    workload: Workload,
    next_value: u64,
    /// How many pieces each process wrote.
    sequences: Vec<u64>,
    /// How many permits each process holds.
    held: Vec<u64>,
    /// Operations under way that take an item.
    taking: u64,
    /// The elements of a set in use.
    elements: Vec<u64>,
    /// A value that nobody writes for a while.
    avoided: Option<u64>,
    /// Whether an operation is under way that claims another than what it does.
    claims: bool,
}

impl Mix {
    pub fn new(workload: &Workload) -> Mix {
        let limited = workload.object == Object::Set && workload.values > 0;
        let elements = if limited { workload.values as usize } else { ELEMENTS };
        Mix {
            workload: *workload,
            next_value: 1,
            sequences: vec![0; workload.processes as usize],
            held: vec![0; workload.processes as usize],
            taking: 0,
            elements: (0..elements as u64).collect(),
            avoided: None,
            claims: false,
        }
    }

    /// The next operation of `process` on a key that holds `state`.
    pub fn request(
        &mut self,
        process: u64,
        state: &State,
        last: bool,
        rng: &mut impl Rng,
    ) -> Request {
        match self.workload.object {
            Object::Register | Object::CasRegister | Object::Counter => self.register(state, rng),
            Object::Chain => self.chain(state, last, rng),
            Object::MultiRegister => {
                let at = rng.random_range(0..self.workload.values);
                match rng.random_bool(0.5) {
                    true => Request::ReadOf(at),
                    false => Request::WriteOf(at, self.another()),
                }
            }
            Object::AddAndGet => match rng.random_range(0..5) {
                0 => Request::Read,
                _ => Request::AddAndGet(rng.random_range(1..10)),
            },
            Object::Kv => self.string(process, rng),
            Object::Set => self.element(rng),
            Object::Mutex | Object::Semaphore => self.permits(process, rng),
            Object::Log => match rng.random_bool(0.5) {
                true => Request::LogAppend(ENTRIES + self.another()),
                false => {
                    let length = state.len();
                    Request::LogRead(rng.random_range(length.saturating_sub(20)..length + 2))
                }
            },
            Object::Fifo | Object::Stack | Object::Priority | Object::Bag => {
                self.collection(state, rng)
            }
        }
    }

    fn register(&mut self, state: &State, rng: &mut impl Rng) -> Request {
        match (self.workload.object, rng.random_range(0..3)) {
            (Object::Counter, 0..2) => Request::Add,
            (_, 0) => Request::Read,
            (Object::CasRegister, 1) => {
                let new = self.value(rng);
                // Half of them aim at what is there.
                let other = rng.random_range(0..self.workload.values.max(1));
                let old = present(state).filter(|_| rng.random_bool(0.5));
                Request::Cas(old.unwrap_or(other), new, new)
            }
            (Object::Counter, _) => Request::Read,
            (Object::Register, 1) if rng.random_bool(0.5) => Request::Read,
            _ => Request::Write(self.value(rng)),
        }
    }

    fn chain(&mut self, state: &State, last: bool, rng: &mut impl Rng) -> Request {
        if present(state).is_none() {
            return Request::Write(0);
        }
        if last || rng.random_range(0..8) == 0 {
            return Request::Read;
        }
        let old = rng.random_range(0..self.workload.values);
        let new = (old + rng.random_range(1..self.workload.values)) % self.workload.values;
        Request::Cas(old, new, new)
    }

    fn value(&mut self, rng: &mut impl Rng) -> u64 {
        if self.workload.values == 0 {
            return self.another();
        }
        loop {
            let value = rng.random_range(0..self.workload.values);
            if Some(value) != self.avoided {
                return value;
            }
        }
    }

    fn another(&mut self) -> u64 {
        self.next_value += 1;
        self.next_value
    }

    fn string(&mut self, process: u64, rng: &mut impl Rng) -> Request {
        let kind = rng.random_range(0..100);
        if kind < 46 {
            return Request::Get;
        }
        let sequence = &mut self.sequences[process as usize];
        let piece = record::piece(process, *sequence);
        *sequence += 1;
        if kind < 50 { Request::Put(piece) } else { Request::Append(piece) }
    }

    fn element(&mut self, rng: &mut impl Rng) -> Request {
        let at = rng.random_range(0..self.elements.len());
        let element = self.elements[at];
        if self.workload.values == 0 && rng.random_range(0..10) == 0 {
            self.elements[at] = self.another() + ELEMENTS as u64;
        }
        match rng.random_range(0..3) {
            0 => Request::SetAdd(element),
            1 => Request::SetRemove(element),
            _ => Request::Contains(element),
        }
    }

    fn permits(&mut self, process: u64, rng: &mut impl Rng) -> Request {
        let held = self.held[process as usize];
        if held > 0 {
            return Request::Release(held);
        }
        let several = self.workload.object == Object::Semaphore && rng.random_bool(0.5);
        let wanted = if several { 2 } else { 1 };
        match rng.random_range(0..5) {
            0 => Request::TryAcquire(wanted),
            _ => Request::Acquire(wanted),
        }
    }

    fn collection(&mut self, state: &State, rng: &mut impl Rng) -> Request {
        let length = state.len();
        let inserts = if self.workload.empties {
            0.47
        } else {
            (0.75 - length as f64 / (4 * DEPTH) as f64).clamp(0.1, 0.9)
        };
        let sure = self.workload.empties || length > self.taking;
        if sure && !rng.random_bool(inserts) {
            self.taking += 1;
            return Request::Take;
        }
        let item = self.another();
        // Priorities come in no order: an odd factor keeps them apart.
        let scrambled = item.wrapping_mul(0x9e37_79b1) & 0xffff_ffff;
        Request::Insert(if self.workload.object == Object::Priority { scrambled } else { item })
    }

    /// From now on, nobody writes the present value of a register.
    pub fn avoid_present(&mut self, state: &State) {
        self.avoided = self.avoided.or(present(state));
    }

    pub fn avoid_nothing(&mut self) {
        self.avoided = None;
    }

    pub fn avoided(&self) -> Option<u64> {
        self.avoided
    }

    /// An operation of a chain that claims to establish another value than it does, unless there
    /// is one already.
    pub fn falsified(&mut self, request: Request, rng: &mut impl Rng) -> Request {
        let (Object::Chain, Request::Cas(old, new, _), false) =
            (self.workload.object, request, self.claims)
        else {
            return request;
        };
        self.claims = true;
        Request::Cas(
            old,
            new,
            (new + rng.random_range(1..self.workload.values)) % self.workload.values,
        )
    }

    /// Any value but the present one, as the answer of a read.
    pub fn other_value(
        &self,
        client: &Client,
        state: &State,
        rng: &mut impl Rng,
    ) -> Option<Answer> {
        let now = present(state).filter(|_| client.request == Request::Read)?;
        let other = now + rng.random_range(1..self.workload.values);
        Some(Answer::Seen(Some(other % self.workload.values)))
    }

    /// Takes note of a completion.
    pub fn finished(&mut self, client: &Client) {
        let held = match (client.request, &client.answer) {
            (Request::Take, _) => {
                self.taking -= 1;
                return;
            }
            (Request::Cas(_, new, shown), Some(Answer::Refused)) if new != shown => {
                self.claims = false;
                return;
            }
            (Request::Release(_), _) => 0,
            (Request::Acquire(permits), _) => permits,
            (Request::TryAcquire(permits), Some(Answer::Is(true))) => permits,
            _ => return,
        };
        self.held[client.process as usize] = held;
    }

    /// Whether the process has to release something.
    pub fn holds(&self, process: u64) -> bool {
        self.held.get(process as usize).is_some_and(|&held| held > 0)
    }

    pub fn any_holds(&self) -> bool {
        self.held.iter().any(|&held| held > 0)
    }
}

fn present(state: &State) -> Option<u64> {
    match state {
        State::Register(value) => *value,
        _ => None,
    }
}
