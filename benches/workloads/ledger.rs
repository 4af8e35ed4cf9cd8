//! Keeps what a history shows about itself, to find an answer that is wrong for certain: whatever
//! order is tried.

use std::collections::HashMap;

use rand::{Rng, RngExt};

use super::catalogue::{Object, Workload};
use super::objects::{Answer, Client, PERMITS, Request, State};

/// The operations that bring one value, item or piece into the object.
#[derive(Clone, Copy, Default)]
struct Bringing {
    /// How many are under way; crashed ones stay so.
    open: u64,
    /// When the last was called, and when the last returned.
    called: u64,
    returned: u64,
}

/// What is known by now. Empty for workloads without wrong answers.
pub struct Ledger {
    workload: Workload,
    brought: HashMap<u64, Bringing>,
    /// The latest call among operations that returned and set a register.
    settled: u64,
    /// Of each key, the puts under way, and when the last returned.
    puts: Vec<(u64, u64)>,
    /// How many additions returned.
    added: u64,
    /// A sum that was returned.
    sum: Option<u64>,
    /// How many operations on each element are open, and were called.
    elements: HashMap<u64, (u64, u64)>,
    /// Permits that are held for certain.
    held: u64,
    /// Who was given a permit that was not there.
    phantom: Option<u64>,
    /// Keys that have a wrong answer.
    wrong: Vec<u64>,
}

impl Ledger {
    pub fn new(workload: &Workload) -> Ledger {
        Ledger {
            workload: *workload,
            brought: HashMap::new(),
            settled: 0,
            puts: vec![(0, 0); workload.keys as usize],
            added: 0,
            sum: None,
            elements: HashMap::new(),
            held: 0,
            phantom: None,
            wrong: Vec::new(),
        }
    }

    /// Takes note of a call; what it returns is to be kept with the operation.
    pub fn called(&mut self, client: &Client) -> u64 {
        if self.workload.faults.is_empty() {
            return 0;
        }
        if let Some(value) = brings(client.request) {
            let bringing = self.brought.entry(value).or_default();
            bringing.open += 1;
            bringing.called = client.called;
        }
        match client.request {
            Request::Put(_) => self.puts[client.key as usize].0 += 1,
            Request::Release(permits) => self.held -= permits,
            Request::SetAdd(item) | Request::SetRemove(item) | Request::Contains(item) => {
                let (open, calls) = self.elements.entry(item).or_default();
                *open += 1;
                *calls += 1;
                return if *open == 1 { *calls } else { u64::MAX };
            }
            _ => {}
        }
        if self.workload.object == Object::Counter { self.added } else { self.settled }
    }

    /// Takes note of a return.
    pub fn returned(&mut self, client: &Client, now: u64) {
        if self.workload.faults.is_empty() {
            return;
        }
        let refused = client.answer == Some(Answer::Refused);
        if let Some(bringing) = brings(client.request).and_then(|v| self.brought.get_mut(&v)) {
            bringing.open -= 1;
            if !refused {
                bringing.returned = now;
                self.settled = self.settled.max(client.called);
            }
        }
        match (client.request, &client.answer) {
            (Request::Put(_), _) => {
                let (open, returned) = &mut self.puts[client.key as usize];
                *open -= 1;
                *returned = now;
            }
            (Request::Add, _) => self.added += 1,
            (Request::AddAndGet(_), Some(Answer::Seen(sum))) => self.sum = *sum,
            (Request::SetAdd(item) | Request::SetRemove(item) | Request::Contains(item), _) => {
                if let Some((open, _)) = self.elements.get_mut(&item) {
                    *open -= 1;
                }
            }
            (Request::Acquire(permits), _)
            | (Request::TryAcquire(permits), Some(Answer::Is(true))) => self.held += permits,
            _ => {}
        }
    }

    /// Whether the client gives back what it never had.
    pub fn is_phantom(&mut self, client: &Client) -> bool {
        let releases = matches!(client.request, Request::Release(_));
        let is_phantom = releases && self.phantom == Some(client.process);
        if is_phantom {
            self.phantom = None;
        }
        is_phantom
    }

    /// An answer with which the operation can return now, and which no order explains.
    pub fn wrong_answer(
        &mut self,
        client: &Client,
        state: &mut State,
        avoided: Option<u64>,
        rng: &mut impl Rng,
    ) -> Option<Answer> {
        if self.wrong.contains(&client.key) {
            return None;
        }
        let answer = match (client.request, &mut *state) {
            (Request::Read, State::Register(_)) => self.stale(client, avoided),
            // Fewer than were added before it was called.
            (Request::Read, State::Counter(_)) if self.workload.object == Object::Counter => {
                client.mark.checked_sub(1).map(|fewer| Answer::Seen(Some(fewer)))
            }
            // Sums only grow, so that none is returned twice.
            (Request::AddAndGet(amount), State::Counter(sum)) if self.sum.is_some() => {
                *sum += amount;
                Some(Answer::Seen(self.sum))
            }
            (Request::Get, State::Text(pieces)) => self.string(client, pieces, rng),
            (Request::Take, State::Bag(_)) => self.nothing(client, state),
            (Request::Take, _) => self.out_of_turn(client, state),
            // Additions and removals that returned say whether the element is there.
            (Request::Contains(item), State::Set(items)) => {
                let calls = self.elements.get(&item).map(|&(_, calls)| calls);
                (calls == Some(client.mark)).then(|| Answer::Is(!items.contains(&item)))
            }
            (Request::Acquire(permits), State::Free(_)) => self.no_permit(client, permits),
            (Request::LogRead(offset), State::Log(entries)) => {
                let next = entries.get(offset as usize + 1).copied();
                let known = next.filter(|entry| self.brought[entry].returned > 0);
                known.map(|entry| Answer::Seen(Some(entry)))
            }
            _ => None,
        };
        if answer.is_some() {
            self.wrong.push(client.key);
        }
        answer
    }

    /// A value that was replaced before the read was called, and not established since.
    fn stale(&self, client: &Client, avoided: Option<u64>) -> Option<Answer> {
        let brought = self.brought.get(&avoided?)?;
        let gone = brought.open == 0 && brought.returned > 0 && brought.returned < client.mark;
        gone.then_some(Answer::Seen(avoided))
    }

    /// Pieces that two appends, one behind the other, added in this order; either the second is
    /// missing, though its append returned before the get was called, or they are exchanged.
    fn string(&self, client: &Client, pieces: &[u64], rng: &mut impl Rng) -> Option<Answer> {
        let (open, put) = self.puts[client.key as usize];
        let at = rng.random_range(1..pieces.len().max(2));
        let (first, second) = (*pieces.get(at - 1)?, *pieces.get(at)?);
        let (first, second) = (self.brought[&first], self.brought[&second]);
        let mut wrong = pieces.to_vec();
        let returned = second.returned > 0 && second.returned < client.called;
        if rng.random_bool(0.5) {
            wrong.remove(at);
            return (open == 0 && put < second.called && returned).then_some(Answer::Text(wrong));
        }
        wrong.swap(at - 1, at);
        let apart = first.returned > 0 && first.returned < second.called;
        apart.then_some(Answer::Text(wrong))
    }

    /// Nothing, where more is there than all that are under way could have taken.
    fn nothing(&self, client: &Client, state: &State) -> Option<Answer> {
        let State::Bag(items) = state else { return None };
        let there = items.iter().filter(|item| self.was_there(**item, client.called)).count();
        (there as u64 > self.workload.processes).then_some(Answer::Seen(None))
    }

    fn was_there(&self, item: u64, time: u64) -> bool {
        let brought = self.brought[&item];
        brought.returned > 0 && brought.returned < time
    }

    /// An item that is not the next, nor can be made so by those that are under way: another that
    /// should be taken before will only be taken by an operation that was not called yet.
    fn out_of_turn(&self, client: &Client, state: &mut State) -> Option<Answer> {
        let skipped = self.workload.processes as usize + 20;
        let item = state.item(skipped)?;
        let mine = self.brought[&item];
        let before = (self.workload.processes as usize..skipped).filter_map(|at| state.item(at));
        let proves = |other: u64| {
            let others = self.brought[&other];
            match self.workload.object {
                Object::Fifo => others.returned > 0 && others.returned < mine.called,
                Object::Stack => {
                    let above = mine.returned > 0 && mine.returned < others.called;
                    above && self.was_there(other, client.called)
                }
                _ => self.was_there(other, client.called),
            }
        };
        if !before.into_iter().any(proves) {
            return None;
        }
        Some(Answer::Seen(state.take(skipped)))
    }

    /// A permit, though all are held.
    fn no_permit(&mut self, client: &Client, permits: u64) -> Option<Answer> {
        let of = if self.workload.object == Object::Mutex { 1 } else { PERMITS };
        if self.held + permits <= of {
            return None;
        }
        self.phantom = Some(client.process);
        Some(Answer::Done)
    }
}

/// The value, item or piece that an operation brings into the object.
fn brings(request: Request) -> Option<u64> {
    match request {
        Request::Write(value)
        | Request::Cas(_, value, _)
        | Request::Put(value)
        | Request::Append(value)
        | Request::Insert(value)
        | Request::LogAppend(value) => Some(value),
        _ => None,
    }
}
