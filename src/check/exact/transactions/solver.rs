//! Settles what is open of a graph: literals that take edges, under clauses.
//!
//! Conflict-driven: what a literal forces is found at once, a contradiction is led back to the
//! literals that it rests on, and is never met again (Marques-Silva and Sakallah, "GRASP", 1996;
//! acyclicity as in PolySI, VLDB 2023).

use super::EDGES;
use super::polygraph::{Edge, NONE};
use super::theory::{Clash, Mark, Theory};
use crate::check::exact::work::Stop;

/// What may be true: twice the number of its variable, and one more for its opposite.
pub(super) type Literal = u32;

/// What is open of a graph.
#[derive(Default)]
pub(super) struct Open {
    /// The edges of each literal; one may stand there twice.
    pub(super) edges: Vec<[Option<Edge>; 2]>,
    /// Of each of these one literal is true, by positions in `literals`.
    pub(super) clauses: Vec<(u32, u32)>,
    pub(super) literals: Vec<Literal>,
}

impl Open {
    /// Adds a variable with the edges of its two literals; returns the first of these.
    pub(super) fn variable(&mut self, yes: [Option<Edge>; 2], no: [Option<Edge>; 2]) -> Literal {
        self.edges.extend([yes, no]);
        self.edges.len() as u32 - 2
    }

    /// Demands that one of `literals` is true.
    pub(super) fn clause(&mut self, literals: impl IntoIterator<Item = Literal>) {
        let start = self.literals.len() as u32;
        self.literals.extend(literals);
        self.clauses.push((start, self.literals.len() as u32));
    }
}

/// What a solver found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Settled {
    Order,
    Contradiction,
    /// Neither within the budget.
    Open,
}

/// So many levels are taken back at most for one literal: decisions far away in time have little to
/// do with each other (Nadel and Ryvchin, "Chronological backtracking", SAT 2018).
const FAR: u32 = 100;

/// Between two looks at the limits, so many edges and literals are looked at.
const LOOK_EVERY: u64 = 1 << 18;

/// What is known of a variable.
#[derive(Clone, Copy)]
struct Known {
    /// The true literal, or [`NONE`].
    literal: Literal,
    level: u32,
    /// The true literals that it follows from, by positions in the solver's reasons.
    reason: (u32, u32),
}

const UNKNOWN: Known = Known { literal: NONE, level: 0, reason: (0, 0) };

/// Where a level begins.
#[derive(Clone, Copy)]
struct Level {
    trail: u32,
    reasons: u32,
    next: u32,
    mark: Mark,
}

/// A search over what is open of a graph.
pub(super) struct Solver<'a> {
    open: Open,
    theory: &'a mut Theory,
    /// Of each node, the literals with edges from it, and with edges to it.
    leaving: Lists,
    entering: Lists,
    known: Vec<Known>,
    trail: Vec<Literal>,
    done: usize,
    reasons: Vec<Literal>,
    levels: Vec<Level>,
    /// The clauses that watch each literal, for it to become false.
    watches: Vec<Vec<u32>>,
    /// The variables in the order in which they are decided.
    order: &'a [u32],
    next: usize,
    is_seen: Vec<bool>,
    why: Vec<Literal>,
    learned: Vec<Literal>,
    /// What stays when levels are taken back, and the reasons for it.
    kept: Vec<Literal>,
    kept_reasons: Vec<Literal>,
    work: u64,
}

/// Literals by nodes.
struct Lists {
    starts: Vec<u32>,
    items: Vec<Literal>,
}

impl Lists {
    fn of(nodes: usize, open: &Open, node: impl Fn(Edge) -> u32) -> Lists {
        let mut starts = vec![0_u32; nodes + 1];
        for edge in open.edges.iter().flatten().flatten() {
            starts[node(*edge) as usize + 1] += 1;
        }
        for at in 0..nodes {
            starts[at + 1] += starts[at];
        }
        let (mut next, mut items) = (starts.clone(), vec![0; starts[nodes] as usize]);
        for (literal, edges) in (0..).zip(&open.edges) {
            for edge in edges.iter().flatten() {
                let place = &mut next[node(*edge) as usize];
                items[*place as usize] = literal;
                *place += 1;
            }
        }
        Lists { starts, items }
    }

    fn range(&self, node: u32) -> std::ops::Range<usize> {
        self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize
    }
}

impl<'a> Solver<'a> {
    /// Decides variables in `order`.
    pub(super) fn new(open: Open, theory: &'a mut Theory, order: &'a [u32], nodes: usize) -> Self {
        let variables = open.edges.len() / 2;
        Solver {
            leaving: Lists::of(nodes, &open, |edge| edge.0),
            entering: Lists::of(nodes, &open, |edge| edge.1),
            known: vec![UNKNOWN; variables],
            trail: Vec::with_capacity(variables),
            done: 0,
            reasons: Vec::new(),
            levels: Vec::new(),
            watches: vec![Vec::new(); open.edges.len()],
            is_seen: vec![false; variables],
            why: Vec::new(),
            learned: Vec::new(),
            kept: Vec::new(),
            kept_reasons: Vec::new(),
            work: 0,
            next: 0,
            open,
            theory,
            order,
        }
    }

    /// Looks for an order, which the theory then has; `limit` edges and literals may be looked at,
    /// until it has to `stop`.
    pub(super) fn solve(&mut self, limit: u64, stop: Stop<'_>) -> Settled {
        if self.start().is_err() {
            return Settled::Contradiction;
        }
        let mut looked = 0;
        loop {
            if self.propagate().is_err() {
                if !self.learn() {
                    return Settled::Contradiction;
                }
            } else if !self.decide() {
                return Settled::Order;
            }
            let work = self.work + self.theory.work;
            if work >= looked + LOOK_EVERY {
                let steps = (work - looked) / EDGES as u64;
                looked = work;
                if stop(steps) {
                    return Settled::Open;
                }
            }
            if work > limit {
                return Settled::Open;
            }
        }
    }

    /// Takes what clauses of one literal demand, and excludes what times do.
    fn start(&mut self) -> Result<(), Clash> {
        for at in 0..self.open.clauses.len() as u32 {
            let (start, end) = self.open.clauses[at as usize];
            match end - start {
                0 => return Err(Clash),
                1 => self.assume(self.open.literals[start as usize], (0, 0))?,
                _ => self.watch(at),
            }
        }
        for literal in 0..self.open.edges.len() as u32 {
            let edges = self.open.edges[literal as usize];
            if edges.iter().flatten().any(|&edge| self.theory.is_backward(edge)) {
                self.assume(literal ^ 1, (0, 0))?;
            }
        }
        Ok(())
    }

    fn watch(&mut self, clause: u32) {
        let start = self.open.clauses[clause as usize].0 as usize;
        for literal in [self.open.literals[start], self.open.literals[start + 1]] {
            self.watches[literal as usize].push(clause);
        }
    }

    fn is_true(&self, literal: Literal) -> bool {
        self.known[literal as usize / 2].literal == literal
    }

    fn is_false(&self, literal: Literal) -> bool {
        self.known[literal as usize / 2].literal == literal ^ 1
    }

    /// Makes a literal true, for a reason. If it is false, that is in `why`.
    fn assume(&mut self, literal: Literal, reason: (u32, u32)) -> Result<(), Clash> {
        if self.is_true(literal) {
            return Ok(());
        }
        if self.is_false(literal) {
            self.why.clear();
            self.why.extend(&self.reasons[reason.0 as usize..reason.1 as usize]);
            self.why.push(literal ^ 1);
            return Err(Clash);
        }
        let level = self.level(&self.reasons[reason.0 as usize..reason.1 as usize]);
        self.known[literal as usize / 2] = Known { literal, level, reason };
        self.trail.push(literal);
        Ok(())
    }

    /// The latest level of any of these.
    fn level(&self, literals: &[Literal]) -> u32 {
        let level = |&literal: &Literal| self.known[literal as usize / 2].level;
        literals.iter().map(level).max().unwrap_or(0)
    }

    /// Makes a literal true that follows from those in `why`.
    fn imply(&mut self, literal: Literal) -> Result<(), Clash> {
        let start = self.reasons.len() as u32;
        self.reasons.extend(&self.why);
        self.assume(literal, (start, self.reasons.len() as u32))
    }

    /// Finds all that follows from the literals on the trail.
    fn propagate(&mut self) -> Result<(), Clash> {
        while let Some(&literal) = self.trail.get(self.done) {
            self.done += 1;
            for edge in self.open.edges[literal as usize].into_iter().flatten() {
                self.why.clear();
                self.theory.add(edge, literal, &mut self.why)?;
            }
            self.exclude()?;
            self.visit_watches(literal ^ 1)?;
        }
        Ok(())
    }

    /// Excludes the literals that times exclude which moved.
    fn exclude(&mut self) -> Result<(), Clash> {
        while let Some(moved) = self.theory.moved.pop() {
            let lists = if moved.is_until { &self.entering } else { &self.leaving };
            for at in lists.range(moved.node) {
                self.work += 1;
                let lists = if moved.is_until { &self.entering } else { &self.leaving };
                let literal = lists.items[at];
                if self.known[literal as usize / 2].literal != NONE {
                    continue;
                }
                let edges = self.open.edges[literal as usize];
                let backward = |edge: &&Edge| self.theory.is_backward(**edge);
                let Some(&(tail, head)) = edges.iter().flatten().find(backward) else { continue };
                self.why.clear();
                self.theory.explain_from(tail, &mut self.why);
                self.theory.explain_until(head, &mut self.why);
                self.imply(literal ^ 1)?;
            }
        }
        Ok(())
    }

    /// Visits the clauses that watch a literal which has become false.
    fn visit_watches(&mut self, literal: Literal) -> Result<(), Clash> {
        let mut watching = std::mem::take(&mut self.watches[literal as usize]);
        let (mut kept, mut result) = (0, Ok(()));
        let mut at = 0;
        while at < watching.len() {
            let clause = watching[at];
            at += 1;
            self.work += 1;
            match self.visit(clause, literal) {
                Ok(true) => {
                    watching[kept] = clause;
                    kept += 1;
                }
                Ok(false) => {}
                Err(clash) => {
                    watching[kept] = clause;
                    kept += 1;
                    result = Err(clash);
                    break;
                }
            }
        }
        watching.drain(kept..at);
        self.watches[literal as usize] = watching;
        result
    }

    /// Visits a clause one of whose watched literals is false; tells whether it still watches it.
    fn visit(&mut self, clause: u32, literal: Literal) -> Result<bool, Clash> {
        let (start, end) = self.open.clauses[clause as usize];
        let (start, end) = (start as usize, end as usize);
        if self.open.literals[start] == literal {
            self.open.literals.swap(start, start + 1);
        }
        let other = self.open.literals[start];
        if self.is_true(other) {
            return Ok(true);
        }
        for at in start + 2..end {
            self.work += 1;
            let candidate = self.open.literals[at];
            if !self.is_false(candidate) {
                self.open.literals.swap(start + 1, at);
                self.watches[candidate as usize].push(clause);
                return Ok(false);
            }
        }
        self.why.clear();
        self.why.extend(self.open.literals[start + 1..end].iter().map(|&literal| literal ^ 1));
        self.imply(other).map(|()| true)
    }

    /// Decides one more variable; false if all are decided.
    fn decide(&mut self) -> bool {
        while let Some(&variable) = self.order.get(self.next) {
            if self.known[variable as usize].literal == NONE {
                self.levels.push(Level {
                    trail: self.trail.len() as u32,
                    reasons: self.reasons.len() as u32,
                    next: self.next as u32,
                    mark: self.theory.mark(),
                });
                let literal = self.better(2 * variable);
                let level = self.levels.len() as u32;
                self.known[variable as usize] = Known { literal, level, reason: (0, 0) };
                self.trail.push(literal);
                return true;
            }
            self.next += 1;
        }
        false
    }

    /// Of a literal and its opposite, the one that leaves more room.
    fn better(&self, literal: Literal) -> Literal {
        let room = |literal: Literal| {
            let edges = self.open.edges[literal as usize].iter().flatten();
            let room = |&(tail, head): &Edge| {
                i64::from(self.theory.until(head)) - i64::from(self.theory.from(tail))
            };
            edges.map(room).min()
        };
        match (room(literal), room(literal ^ 1)) {
            (Some(yes), Some(no)) if yes < no => literal ^ 1,
            _ => literal,
        }
    }

    /// Learns from the literals in `why`, which do not go together; false if nothing is left.
    fn learn(&mut self) -> bool {
        self.theory.moved.clear();
        let level = self.level(&self.why);
        if level == 0 {
            return false;
        }
        self.go_back(level);
        self.learned.clear();
        let (mut open, mut at) = (0, self.trail.len());
        let mut why = std::mem::take(&mut self.why);
        let asserted = loop {
            for &literal in &why {
                let variable = literal as usize / 2;
                let known = self.known[variable];
                if known.level == 0 || self.is_seen[variable] {
                    continue;
                }
                self.is_seen[variable] = true;
                if known.level == level {
                    open += 1;
                } else {
                    self.learned.push(literal ^ 1);
                }
            }
            self.work += why.len() as u64;
            let is_met = |literal: &Literal| {
                let variable = *literal as usize / 2;
                self.is_seen[variable] && self.known[variable].level == level
            };
            let Some(last) = self.trail[..at].iter().rposition(is_met) else { break None };
            at = last;
            let literal = self.trail[at];
            self.is_seen[literal as usize / 2] = false;
            open -= 1;
            if open == 0 {
                break Some(literal ^ 1);
            }
            let (start, end) = self.known[literal as usize / 2].reason;
            why.clear();
            why.extend(&self.reasons[start as usize..end as usize]);
        };
        self.why = why;
        for &literal in &self.learned {
            self.is_seen[literal as usize / 2] = false;
        }
        asserted.is_some_and(|literal| self.assert(literal))
    }

    /// Goes back to where the learned clause, with `literal`, would have had this follow, or less
    /// far, if that is long ago.
    fn assert(&mut self, literal: Literal) -> bool {
        let mut learned = std::mem::take(&mut self.learned);
        // The latest first: it is watched.
        let level = |literal: &Literal| self.known[*literal as usize / 2].level;
        let latest = (0..learned.len()).max_by_key(|&at| level(&learned[at]));
        let mut target = latest.map_or(0, |at| level(&learned[at]));
        if let Some(at) = latest {
            learned.swap(0, at);
        }
        let last = self.levels.len() as u32 - 1;
        if last - target > FAR {
            target = last;
        }
        self.go_back(target);
        if !learned.is_empty() {
            self.open.clause(std::iter::once(literal).chain(learned.iter().copied()));
            self.watch(self.open.clauses.len() as u32 - 1);
        }
        self.why.clear();
        self.why.extend(learned.iter().map(|&literal| literal ^ 1));
        self.learned = learned;
        self.imply(literal).is_ok()
    }

    /// Takes back all levels behind `target`, but not what follows from others.
    fn go_back(&mut self, target: u32) {
        let Some(&Level { trail, reasons, next, mark }) = self.levels.get(target as usize) else {
            return;
        };
        self.levels.truncate(target as usize);
        self.kept.clear();
        self.kept_reasons.clear();
        for &literal in &self.trail[trail as usize..] {
            let known = &mut self.known[literal as usize / 2];
            if known.level <= target {
                let start = self.kept_reasons.len() as u32;
                let (from, until) = known.reason;
                self.kept_reasons.extend(&self.reasons[from as usize..until as usize]);
                known.reason = (start + reasons, self.kept_reasons.len() as u32 + reasons);
                self.kept.push(literal);
            } else {
                *known = UNKNOWN;
            }
        }
        self.trail.truncate(trail as usize);
        self.trail.extend(&self.kept);
        self.reasons.truncate(reasons as usize);
        self.reasons.extend(&self.kept_reasons);
        self.work += self.kept_reasons.len() as u64;
        self.done = trail as usize;
        self.next = next as usize;
        self.theory.go_back(mark);
    }
}
