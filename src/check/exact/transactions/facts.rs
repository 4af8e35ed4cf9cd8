//! What transactions say as a polygraph: who read from whom, and the times of which each version of
//! a register is there.

use super::super::Timed;
use super::polygraph::{Adjacent, Interval, NEVER, NONE, Polygraph, Way};
use super::sources::{FIRST, Sources};
use super::table::{Cell, Start, Table};
use crate::history::Rank;
use crate::history::hash::Map;
use crate::model::multi_register::Op;

/// What is known of transactions by the time `horizon`: those that return later may still find
/// anything.
#[derive(Clone, Copy)]
pub(super) struct Prefix<'a> {
    pub(super) operations: &'a [Timed<'a, Op>],
    pub(super) table: &'a Table,
    pub(super) horizon: Rank,
    /// So many are called by then.
    pub(super) called: u32,
    /// Whether crashed ones are taken to have happened soon after their calls, or never.
    pub(super) is_hasty: bool,
}

/// So many sources may what was found have on average.
const SOURCES: usize = 40;

/// What crashed is taken to have happened, if at all, before so many others were called.
const SOON: usize = 200;

impl<'a> Prefix<'a> {
    pub(super) fn new(
        operations: &'a [Timed<'a, Op>],
        table: &'a Table,
        (horizon, is_hasty): (Rank, bool),
    ) -> Prefix<'a> {
        let called = operations.partition_point(|timed| timed.span.call <= horizon) as u32;
        Prefix { operations, table, horizon, called, is_hasty }
    }

    pub(super) fn has_returned(&self, at: u32) -> bool {
        let ret = self.operations[at as usize].span.ret;
        ret != Rank::NEVER && ret <= self.horizon
    }

    /// The time of a call; at 0 is the start.
    pub(super) fn call(&self, at: u32) -> u32 {
        self.operations[at as usize].span.call.index() as u32 + 1
    }

    /// The time of a return.
    pub(super) fn ret(&self, at: u32) -> u32 {
        if !self.has_returned(at) {
            return NEVER;
        }
        self.operations[at as usize].span.ret.index() as u32 + 1
    }

    /// The time by which it is taken to have happened, if it crashed.
    pub(super) fn soon(&self, at: u32) -> u32 {
        if self.has_returned(at) {
            return self.ret(at);
        }
        let later = self.operations.get(at as usize + SOON);
        later.map_or(NEVER, |timed| timed.span.call.index() as u32 + 1)
    }

    /// What a transaction is known to have found.
    pub(super) fn found(&self, at: u32) -> &'a [Cell] {
        if self.has_returned(at) { self.table.found(at) } else { &[] }
    }

    /// What a transaction changed: what it found and left as it was does not count.
    pub(super) fn left(&self, at: u32) -> impl Iterator<Item = &'a Cell> {
        let found = self.found(at);
        self.table.left(at).iter().filter(move |cell| !found.contains(cell))
    }

    /// Tells whether a transaction left this.
    pub(super) fn leaves(&self, at: u32, cell: Cell) -> bool {
        self.left(at).any(|&left| left == cell)
    }
}

/// What transactions say contradicts itself about this time, or is too much.
#[derive(Clone, Copy)]
pub(super) struct Contradiction {
    pub(super) near: u32,
    /// Whether it follows from what is known, and not from what was assumed.
    pub(super) is_certain: bool,
}

impl Contradiction {
    fn at(near: u32) -> Contradiction {
        Contradiction { near, is_certain: true }
    }
}

/// A version of a register.
#[derive(Clone, Copy)]
struct Version {
    writer: u32,
    register: u32,
    /// The version that certainly replaced it.
    next: u32,
    follows: bool,
    /// How many certainly found it, one of these, and whether others may have.
    readers: u32,
    reader: u32,
    is_open: bool,
    /// The node at which it ends.
    until: u32,
}

/// What transactions say.
pub(super) struct Facts {
    pub(super) graph: Polygraph,
    /// Whether each transaction has a place in the order.
    pub(super) has_happened: Vec<bool>,
    /// Whether something was assumed, so that a contradiction is no proof.
    pub(super) is_guess: bool,
}

/// What is put together.
struct Draft<'a> {
    prefix: Prefix<'a>,
    facts: Facts,
    /// The node of the start.
    start: u32,
    /// For each register the version at the start, and then all others.
    versions: Vec<Version>,
    /// The version of each cell that was left.
    of_cell: Vec<u32>,
    /// What was found, by whom, and the possible sources among `sources`.
    reads: Vec<(u32, Cell, u32, u32)>,
    sources: Vec<u32>,
    /// Whether each crashed one may have happened long after its call.
    may_be_late: Vec<bool>,
}

/// Registers of which it is not known what they held at the start: each is taken to have held what
/// nobody else can have left.
#[derive(Default)]
struct Unknown {
    firsts: Map<u32, u32>,
    /// What others may have left as well.
    others: Vec<Cell>,
}

impl Unknown {
    /// Takes the start away from the sources of `cell`, from position `from` on, unless it is the
    /// only one, and that of no other content.
    fn take(&mut self, sources: &mut Vec<u32>, from: usize, cell: Cell) {
        if sources.last() != Some(&FIRST) || sources.len() == from {
            return;
        }
        if sources.len() > from + 1 {
            self.others.push(cell);
            sources.pop();
        } else if *self.firsts.entry(cell.register).or_insert(cell.content) != cell.content {
            sources.pop();
        }
    }

    /// Tells whether what was taken away may yet have been a source.
    fn is_guess(&self) -> bool {
        let may_be = |cell: &Cell| {
            self.firsts.get(&cell.register).is_none_or(|&first| first == cell.content)
        };
        self.others.iter().any(may_be)
    }
}

impl Facts {
    /// Returns what the transactions say. O(n log n), and the number of possible sources of what
    /// each found.
    pub(super) fn of(prefix: Prefix<'_>) -> Result<Facts, Contradiction> {
        let mut graph = Polygraph::default();
        for at in 0..prefix.called {
            graph.node(prefix.call(at), prefix.ret(at));
        }
        let start = graph.node(0, 0);
        let has_happened: Vec<bool> =
            (0..prefix.called).map(|at| prefix.has_returned(at)).collect();
        let facts = Facts { graph, has_happened, is_guess: false };
        let mut draft = Draft {
            prefix,
            facts,
            start,
            versions: Vec::new(),
            of_cell: vec![NONE; prefix.table.len()],
            reads: Vec::new(),
            sources: Vec::new(),
            may_be_late: vec![false; prefix.called as usize],
        };
        draft.find_sources()?;
        draft.hasten();
        draft.add_versions();
        let is_certain = !draft.facts.is_guess;
        let guessed = |contradiction| Contradiction { is_certain, ..contradiction };
        draft.take_certain().map_err(guessed)?;
        draft.end_versions();
        draft.add_choices().map_err(guessed)?;
        draft.add_turns();
        Ok(draft.facts)
    }
}

impl Draft<'_> {
    /// Finds the possible sources of everything that was found; crashed ones happened.
    fn find_sources(&mut self) -> Result<(), Contradiction> {
        let prefix = self.prefix;
        let most = SOURCES.saturating_mul(prefix.table.len().max(1));
        let sources = Sources::of(&prefix);
        let mut unknown = Unknown::default();
        for at in (0..prefix.called).filter(|&at| prefix.has_returned(at)) {
            let ret = prefix.ret(at);
            if prefix.operations[at as usize].op.is_contradictory() {
                return Err(Contradiction::at(ret));
            }
            for &cell in prefix.found(at) {
                let from = self.sources.len();
                self.find_sources_of(&sources, at, cell);
                if self.sources.len() > most {
                    return Err(Contradiction { near: ret, is_certain: false });
                }
                if prefix.table.registers[cell.register as usize] == Start::Unknown {
                    unknown.take(&mut self.sources, from, cell);
                }
                if self.sources.len() == from {
                    return Err(Contradiction::at(ret));
                }
                for &source in &self.sources[from..] {
                    if let Some(happened) = self.facts.has_happened.get_mut(source as usize) {
                        *happened = true;
                    }
                }
                self.reads.push((at, cell, from as u32, self.sources.len() as u32));
            }
        }
        self.facts.is_guess |= unknown.is_guess();
        Ok(())
    }

    /// Finds who may have left what was found in one register.
    fn find_sources_of(&mut self, sources: &Sources, at: u32, cell: Cell) {
        let from = self.sources.len();
        let prefix = self.prefix;
        sources.each(&prefix, at, cell, prefix.is_hasty, |source| self.sources.push(source));
        if self.sources.len() == from && prefix.is_hasty {
            sources.each(&prefix, at, cell, false, |source| self.sources.push(source));
            for &source in &self.sources[from..] {
                if let Some(late) = self.may_be_late.get_mut(source as usize) {
                    *late = true;
                }
            }
        }
        // What must have happened has no need to have happened soon.
        if let [source] = self.sources[from..]
            && let Some(late) = self.may_be_late.get_mut(source as usize)
        {
            *late = true;
        }
    }

    /// Takes crashed ones to have happened soon, if at all.
    fn hasten(&mut self) {
        if !self.prefix.is_hasty {
            return;
        }
        for at in 0..self.prefix.called {
            let is_crashed = !self.prefix.has_returned(at) && self.facts.has_happened[at as usize];
            if is_crashed && !self.may_be_late[at as usize] {
                self.facts.graph.until[at as usize] = self.prefix.soon(at);
                self.facts.is_guess = true;
            }
        }
    }

    fn add_versions(&mut self) {
        let version = |writer: u32, register: u32| Version {
            writer,
            register,
            next: NONE,
            follows: false,
            readers: 0,
            reader: NONE,
            is_open: false,
            until: NONE,
        };
        for register in 0..self.prefix.table.registers.len() as u32 {
            self.versions.push(version(self.start, register));
        }
        for at in (0..self.prefix.called).filter(|&at| self.facts.has_happened[at as usize]) {
            for cell in self.prefix.left(at) {
                let place = self.prefix.table.place_left(at, cell.register);
                self.of_cell[place as usize] = self.versions.len() as u32;
                self.versions.push(version(at, cell.register));
            }
        }
    }

    /// The version of a register that a transaction left, if it left one.
    fn version(&self, at: u32, register: u32) -> Option<u32> {
        if at == FIRST {
            return Some(register);
        }
        let place = self.prefix.table.place_left(at, register);
        self.of_cell.get(place as usize).copied().filter(|&version| version != NONE)
    }

    /// Takes what has one source.
    fn take_certain(&mut self) -> Result<(), Contradiction> {
        for nth in 0..self.reads.len() {
            let (at, cell, from, until) = self.reads[nth];
            let sources = from as usize..until as usize;
            for position in sources.clone() {
                let Some(source) = self.version(self.sources[position], cell.register) else {
                    continue;
                };
                self.sources[position] = source;
                self.versions[source as usize].is_open |= sources.len() > 1;
            }
            if sources.len() > 1 {
                continue;
            }
            let source = self.sources[sources.start];
            let own = self.version(at, cell.register);
            let version = &mut self.versions[source as usize];
            self.facts.graph.edge(version.writer, at);
            let Some(own) = own else {
                (version.readers, version.reader) = (version.readers + 1, at);
                continue;
            };
            if version.next != NONE {
                return Err(Contradiction::at(self.prefix.ret(at)));
            }
            version.next = own;
            self.versions[own as usize].follows = true;
        }
        Ok(())
    }

    /// Gives each version its end, and puts the intervals of each register together.
    fn end_versions(&mut self) {
        for at in 0..self.versions.len() {
            let version = self.versions[at];
            let until = match (version.next, version.readers, version.is_open) {
                (NONE, 0, false) => version.writer,
                (NONE, 1, false) => version.reader,
                (NONE, ..) => self.facts.graph.node(0, NEVER),
                (next, ..) => self.versions[next as usize].writer,
            };
            self.versions[at].until = until;
            if version.next == NONE && until as usize > self.start as usize {
                self.facts.graph.edge(version.writer, until);
            }
        }
        for nth in 0..self.reads.len() {
            let (at, _, from, until) = self.reads[nth];
            if until - from == 1 {
                let end = self.versions[self.sources[from as usize] as usize].until;
                if end != at {
                    self.facts.graph.edge(at, end);
                }
            }
        }
        let mut groups: Vec<Vec<Interval>> = vec![Vec::new(); self.prefix.table.registers.len()];
        for at in 0..self.versions.len() as u32 {
            let version = self.versions[at as usize];
            if !version.follows {
                groups[version.register as usize].push(self.interval(at));
            }
        }
        self.facts.graph.groups = groups;
    }

    /// The interval that begins with a version, and goes on with those that certainly replaced it.
    fn interval(&self, first: u32) -> Interval {
        let mut last = self.versions[first as usize];
        while let Some(&next) = self.versions.get(last.next as usize) {
            last = next;
        }
        Interval { head: self.versions[first as usize].writer, end: last.until }
    }

    /// Adds what has several sources as choices.
    fn add_choices(&mut self) -> Result<(), Contradiction> {
        // The first version of the interval in which each is.
        let mut firsts: Vec<u32> = vec![NONE; self.versions.len()];
        for at in 0..self.versions.len() as u32 {
            let mut next = if self.versions[at as usize].follows { NONE } else { at };
            while let Some(version) = self.versions.get(next as usize) {
                firsts[next as usize] = at;
                next = version.next;
            }
        }
        for nth in 0..self.reads.len() {
            let (at, cell, from, until) = self.reads[nth];
            if until - from == 1 {
                continue;
            }
            let own = self.version(at, cell.register);
            let way = |&source: &u32| {
                let version = self.versions[source as usize];
                let into = (version.writer, at);
                let Some(own) = own else {
                    return Some(Way { edges: [into, (at, version.until)], adjacent: None });
                };
                let first = firsts[source as usize];
                if version.next != NONE || first == NONE || first == own {
                    return None;
                }
                let adjacent = Adjacent {
                    group: cell.register,
                    first: self.interval(first),
                    second: self.interval(own),
                };
                Some(Way { edges: [into, (version.until, at)], adjacent: Some(adjacent) })
            };
            let ways: Vec<Way> =
                self.sources[from as usize..until as usize].iter().filter_map(way).collect();
            if ways.is_empty() {
                return Err(Contradiction::at(self.prefix.ret(at)));
            }
            self.facts.graph.choices.push(ways);
        }
        Ok(())
    }

    /// Adds the order of each process, where no real time is known.
    fn add_turns(&mut self) {
        let mut last: Map<crate::history::Value, u32> = Map::default();
        for at in 0..self.prefix.called {
            let turn = self.prefix.operations[at as usize].op.turn();
            let Some(turn) = turn.filter(|_| self.facts.has_happened[at as usize]) else {
                continue;
            };
            if let Some(&before) = last.get(&turn.process()) {
                self.facts.graph.edge(before, at);
            }
            if self.prefix.has_returned(at) {
                last.insert(turn.process(), at);
            }
        }
    }
}
