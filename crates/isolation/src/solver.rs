//! A search for an acyclic choice of edges: each variable adds the edges of one of its two literals
//! to a graph that must have no cycle.
//!
//! Conflict-driven (Marques-Silva and Sakallah, GRASP, 1996): the literals of the edges on a cycle
//! cannot all be true, and what follows from that is learned. The topological order is kept up to
//! date as edges come (Pearce and Kelly, JEA 2006).

use std::collections::BinaryHeap;

use crate::graph::Graph;
use crate::numbers::NONE;

/// Twice the number of a variable, and one more for its opposite.
pub(crate) type Literal = u32;

/// The edges of each literal.
pub(crate) struct Choices {
    pub(crate) edges: Vec<Vec<(u32, u32)>>,
}

impl Choices {
    /// Returns how many variables there are.
    pub(crate) fn variables(&self) -> usize {
        self.edges.len() / 2
    }
}

/// What a search found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Solved {
    /// A choice: [`Solver::positions`] has its order.
    Choice,
    /// There is none.
    None,
    /// The work is used up.
    TooMuch,
}

/// Finds literals, all true now, that must not be true together.
pub(crate) type Check<'c> = &'c mut dyn FnMut(&Order) -> Option<Vec<Literal>>;

/// The graph, and its topological order.
pub(crate) struct Order {
    out: Vec<Vec<(u32, Literal)>>,
    /// The predecessors of each vertex, with the literals of the edges from them, or [`NONE`].
    pub(crate) into: Vec<Vec<(u32, Literal)>>,
    pub(crate) positions: Vec<u32>,
    /// The edges that were added, for going back.
    added: Vec<(u32, u32)>,
    /// How a vertex was reached by the present search.
    came: Vec<(u32, Literal)>,
    forward: Vec<u32>,
    backward: Vec<u32>,
    work: u64,
}

impl Order {
    fn new(known: &Graph, order: &[u32]) -> Order {
        let mut positions = vec![0; known.len()];
        for (&vertex, at) in order.iter().zip(0..) {
            positions[vertex as usize] = at;
        }
        let mut into: Vec<Vec<(u32, Literal)>> = vec![Vec::new(); known.len()];
        let mut out: Vec<Vec<(u32, Literal)>> = vec![Vec::new(); known.len()];
        for from in 0..known.len() as u32 {
            for &to in known.successors(from) {
                out[from as usize].push((to, NONE));
                into[to as usize].push((from, NONE));
            }
        }
        let came = vec![(NONE, NONE); known.len()];
        let (forward, backward, added) = (Vec::new(), Vec::new(), Vec::new());
        Order { out, into, positions, added, came, forward, backward, work: 0 }
    }

    /// Adds an edge of `literal`. If it closes a cycle, puts the literals on that into `why`, and
    /// returns false.
    fn add(&mut self, (from, to): (u32, u32), literal: Literal, why: &mut Vec<Literal>) -> bool {
        let (low, high) = (self.positions[to as usize], self.positions[from as usize]);
        if from == to {
            why.push(literal);
            return false;
        }
        if low < high {
            self.came[to as usize] = (to, NONE);
            self.forward.push(to);
            let mut at = 0;
            while at < self.forward.len() {
                let vertex = self.forward[at];
                at += 1;
                self.work += 1 + self.out[vertex as usize].len() as u64;
                for &(next, by) in &self.out[vertex as usize] {
                    if next == from {
                        why.push(literal);
                        why.extend(Some(by).filter(|&by| by != NONE));
                        let mut vertex = vertex;
                        while vertex != to {
                            let (before, by) = self.came[vertex as usize];
                            why.extend(Some(by).filter(|&by| by != NONE));
                            vertex = before;
                        }
                        self.clean();
                        return false;
                    }
                    let is_new = self.came[next as usize].0 == NONE;
                    if is_new && self.positions[next as usize] < high {
                        self.came[next as usize] = (vertex, by);
                        self.forward.push(next);
                    }
                }
            }
            self.came[from as usize] = (from, NONE);
            self.backward.push(from);
            let mut at = 0;
            while at < self.backward.len() {
                let vertex = self.backward[at];
                at += 1;
                self.work += 1 + self.into[vertex as usize].len() as u64;
                for &(before, _) in &self.into[vertex as usize] {
                    let is_new = self.came[before as usize].0 == NONE;
                    if is_new && self.positions[before as usize] > low {
                        self.came[before as usize] = (vertex, NONE);
                        self.backward.push(before);
                    }
                }
            }
            let positions = &mut self.positions;
            self.forward.sort_unstable_by_key(|&vertex| positions[vertex as usize]);
            self.backward.sort_unstable_by_key(|&vertex| positions[vertex as usize]);
            let all = || self.backward.iter().chain(&self.forward);
            let mut places: Vec<u32> = all().map(|&vertex| positions[vertex as usize]).collect();
            places.sort_unstable();
            for (&vertex, place) in all().zip(places) {
                positions[vertex as usize] = place;
            }
            self.clean();
        }
        self.out[from as usize].push((to, literal));
        self.into[to as usize].push((from, literal));
        self.added.push((from, to));
        true
    }

    fn clean(&mut self) {
        for vertex in self.forward.drain(..).chain(self.backward.drain(..)) {
            self.came[vertex as usize] = (NONE, NONE);
        }
    }

    /// Takes edges away until so many are left.
    fn go_back(&mut self, left: usize) {
        while self.added.len() > left {
            let Some((from, to)) = self.added.pop() else { break };
            self.out[from as usize].pop();
            self.into[to as usize].pop();
        }
    }
}

/// What is known of a variable.
#[derive(Clone, Copy)]
struct Known {
    /// The true literal, or [`NONE`].
    literal: Literal,
    level: u32,
    /// The clause that it follows from, or [`NONE`].
    reason: u32,
}

/// A search.
pub(crate) struct Solver<'c> {
    choices: &'c Choices,
    order: Order,
    known: Vec<Known>,
    trail: Vec<Literal>,
    done: usize,
    /// Where each level begins: in the trail, and among the edges.
    levels: Vec<(usize, usize)>,
    clauses: Vec<Vec<Literal>>,
    /// The clauses that watch each literal, for it to become false.
    watches: Vec<Vec<u32>>,
    activity: Vec<f64>,
    bump: f64,
    queue: BinaryHeap<(u64, u32)>,
    /// The activity that each variable has in the queue; other entries of it are outdated.
    queued: Vec<u64>,
    /// The literal of each variable that is tried first.
    phase: Vec<Literal>,
    is_seen: Vec<bool>,
    conflicts: u64,
}

/// The activity of a variable that is not in the queue: no number.
const ABSENT: u64 = u64::MAX;

/// What it costs to decide a variable, or to forget that, in edges looked at.
const STEP: u64 = 12;

/// Conflicts until the first restart.
const RESTART: u64 = 128;

impl<'c> Solver<'c> {
    /// Returns a search that adds to `known`, which keeps `order`; `phase` has the literal of each
    /// variable that is tried first.
    pub(crate) fn new(
        known: &Graph,
        order: &[u32],
        choices: &'c Choices,
        phase: Vec<Literal>,
    ) -> Solver<'c> {
        let variables = choices.variables();
        let unknown = Known { literal: NONE, level: 0, reason: NONE };
        Solver {
            order: Order::new(known, order),
            known: vec![unknown; variables],
            trail: Vec::new(),
            done: 0,
            levels: Vec::new(),
            clauses: Vec::new(),
            watches: vec![Vec::new(); choices.edges.len()],
            activity: vec![0.0; variables],
            bump: 1.0,
            queue: (0..variables as u32).map(|variable| (0, variable)).collect(),
            queued: vec![0; variables],
            phase,
            is_seen: vec![false; variables],
            conflicts: 0,
            choices,
        }
    }

    /// Returns the position of each vertex in the order of the choice that was found.
    pub(crate) fn positions(&self) -> &[u32] {
        &self.order.positions
    }

    /// Searches, as far as `work` goes; `check`, whose work counts as four steps for each vertex,
    /// says what is wrong with a choice without a cycle.
    pub(crate) fn solve(&mut self, work: &mut u64, check: Check<'_>) -> Solved {
        let (mut spent, mut restart, mut since) = (0, RESTART, 0);
        loop {
            let conflict = match self.propagate() {
                Some(conflict) => Some(conflict),
                None => match self.decide() {
                    true => None,
                    false => {
                        self.order.work += 4 * self.order.positions.len() as u64;
                        match check(&self.order) {
                            None => return Solved::Choice,
                            wrong => wrong,
                        }
                    }
                },
            };
            if let Some(conflict) = conflict {
                self.conflicts += 1;
                since += 1;
                if !self.learn(&conflict) {
                    return Solved::None;
                }
                if since > restart {
                    (since, restart) = (0, restart + restart / 4);
                    self.go_back(0);
                }
            }
            *work = work.saturating_sub(self.order.work - spent + 1);
            spent = self.order.work;
            if *work == 0 {
                return Solved::TooMuch;
            }
        }
    }

    fn is_true(&self, literal: Literal) -> bool {
        self.known[literal as usize / 2].literal == literal
    }

    fn is_false(&self, literal: Literal) -> bool {
        self.known[literal as usize / 2].literal == literal ^ 1
    }

    fn assume(&mut self, literal: Literal, reason: u32) {
        let level = self.levels.len() as u32;
        self.known[literal as usize / 2] = Known { literal, level, reason };
        self.trail.push(literal);
    }

    /// Finds what follows; returns true literals that contradict each other, if any do.
    fn propagate(&mut self) -> Option<Vec<Literal>> {
        while let Some(&literal) = self.trail.get(self.done) {
            self.done += 1;
            let choices = self.choices;
            for &edge in &choices.edges[literal as usize] {
                let mut why = Vec::new();
                if !self.order.add(edge, literal, &mut why) {
                    why.sort_unstable();
                    why.dedup();
                    return Some(why);
                }
            }
            let clash = self.visit_watches(literal ^ 1);
            if clash.is_some() {
                return clash;
            }
        }
        None
    }

    /// Visits the clauses that watch a literal which became false.
    fn visit_watches(&mut self, literal: Literal) -> Option<Vec<Literal>> {
        let mut watching = std::mem::take(&mut self.watches[literal as usize]);
        let (mut kept, mut at, mut clash) = (0, 0, None);
        while at < watching.len() && clash.is_none() {
            let number = watching[at];
            at += 1;
            self.order.work += 1;
            let clause = &mut self.clauses[number as usize];
            if clause[0] == literal {
                clause.swap(0, 1);
            }
            let first = clause[0];
            let is_false = |known: &[Known], literal: Literal| {
                known[literal as usize / 2].literal == literal ^ 1
            };
            if self.known[first as usize / 2].literal != first {
                let known = &self.known;
                let other = (2..clause.len()).find(|&nth| !is_false(known, clause[nth]));
                if let Some(nth) = other {
                    clause.swap(1, nth);
                    self.watches[clause[1] as usize].push(number);
                    continue;
                }
                if is_false(&self.known, first) {
                    clash = Some(clause.iter().map(|&literal| literal ^ 1).collect());
                } else {
                    watching[kept] = number;
                    kept += 1;
                    self.assume(first, number);
                    continue;
                }
            }
            watching[kept] = number;
            kept += 1;
        }
        watching.drain(kept..at);
        self.watches[literal as usize] = watching;
        clash
    }

    /// Decides one more variable; false if all are decided.
    fn decide(&mut self) -> bool {
        while let Some((activity, variable)) = self.queue.pop() {
            self.order.work += STEP;
            if self.queued[variable as usize] != activity {
                continue;
            }
            self.queued[variable as usize] = ABSENT;
            if self.known[variable as usize].literal == NONE {
                self.levels.push((self.trail.len(), self.order.added.len()));
                self.assume(self.phase[variable as usize], NONE);
                return true;
            }
        }
        // The queue may have lost some on the way.
        match self.known.iter().position(|known| known.literal == NONE) {
            None => false,
            Some(variable) => {
                self.levels.push((self.trail.len(), self.order.added.len()));
                self.assume(self.phase[variable], NONE);
                true
            }
        }
    }

    fn go_back(&mut self, level: usize) {
        let Some(&(trail, edges)) = self.levels.get(level) else { return };
        self.order.work += STEP * (self.trail.len() - trail) as u64;
        for &literal in &self.trail[trail..] {
            let variable = literal / 2;
            self.known[variable as usize].literal = NONE;
            self.phase[variable as usize] = literal;
            let activity = self.activity[variable as usize].to_bits();
            if self.queued[variable as usize] != activity {
                self.queued[variable as usize] = activity;
                self.queue.push((activity, variable));
            }
        }
        self.trail.truncate(trail);
        self.order.go_back(edges);
        self.levels.truncate(level);
        self.done = self.trail.len();
    }

    /// Learns from true literals that contradict each other; false if nothing is left.
    fn learn(&mut self, conflict: &[Literal]) -> bool {
        let level_of = |known: &[Known], literal: Literal| known[literal as usize / 2].level;
        let top = conflict.iter().map(|&literal| level_of(&self.known, literal)).max();
        let Some(top) = top.filter(|&top| top > 0) else { return false };
        // What contradicts itself may do so since an earlier level.
        self.go_back(top as usize);
        let mut learned = vec![NONE];
        let mut open = 0;
        let mut why: Vec<Literal> = conflict.to_vec();
        let mut at = self.trail.len();
        let asserted = loop {
            for &literal in &why {
                let variable = literal as usize / 2;
                let level = self.known[variable].level;
                if self.is_seen[variable] || level == 0 {
                    continue;
                }
                self.is_seen[variable] = true;
                self.raise(variable);
                if level == top {
                    open += 1;
                } else {
                    learned.push(literal ^ 1);
                }
            }
            let is_met = |literal: &Literal| self.is_seen[*literal as usize / 2];
            let Some(last) = self.trail[..at].iter().rposition(is_met) else { return false };
            at = last;
            let literal = self.trail[at];
            self.is_seen[literal as usize / 2] = false;
            open -= 1;
            if open == 0 {
                break literal ^ 1;
            }
            let reason = self.known[literal as usize / 2].reason;
            why.clear();
            if reason != NONE {
                let others = self.clauses[reason as usize].iter().filter(|&&one| one != literal);
                why.extend(others.map(|&one| one ^ 1));
            }
        };
        learned[0] = asserted;
        for &literal in &learned[1..] {
            self.is_seen[literal as usize / 2] = false;
        }
        self.bump *= 1.0 / 0.95;
        let second = (1..learned.len())
            .max_by_key(|&nth| level_of(&self.known, learned[nth]))
            .map(|nth| (nth, level_of(&self.known, learned[nth])));
        self.go_back(second.map_or(0, |(_, level)| level as usize));
        let number = self.clauses.len() as u32;
        let reason = match second {
            None => NONE,
            Some((nth, _)) => {
                learned.swap(1, nth);
                self.watches[learned[0] as usize].push(number);
                self.watches[learned[1] as usize].push(number);
                self.clauses.push(learned);
                number
            }
        };
        debug_assert!(!self.is_true(asserted) && !self.is_false(asserted));
        self.assume(asserted, reason);
        true
    }

    fn raise(&mut self, variable: usize) {
        self.activity[variable] += self.bump;
        if self.activity[variable] > 1e100 {
            self.activity.iter_mut().for_each(|activity| *activity *= 1e-100);
            self.bump *= 1e-100;
        }
        // One that is set comes back to the queue when that is undone.
        if self.known[variable].literal == NONE {
            self.queued[variable] = self.activity[variable].to_bits();
            self.queue.push((self.queued[variable], variable as u32));
        }
    }
}
