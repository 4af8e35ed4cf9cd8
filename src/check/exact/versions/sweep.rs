//! Blocks, deletions and looks at the absent key in real time: each as late as it can be, and
//! whatever can be done for nothing on the way.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};

use super::acts::{Act, Content};
use super::place::Step;
use super::problem::{Course, Item, Problem};
use super::table::{NOBODY, START};
use crate::check::exact::ends::{by_return, deadline, position};
use crate::history::{Rank, Value};

/// Where a sweep is.
#[derive(Clone, Default)]
pub(super) struct Now {
    /// The version that is there; 0 if the key is absent.
    pub(super) level: i64,
    value: Option<Value>,
    /// It is there until this time at least.
    pub(super) until: Rank,
    released: usize,
    /// Where the deadlines to come begin.
    pub(super) cursor: usize,
    /// How many blocks were passed, by their versions.
    pub(super) passed: usize,
    /// Blocks that can be done now, by their versions; those that replace the absent key apart.
    ready: BTreeSet<(i64, Rank, u32)>,
    ready_absent: BTreeSet<(Rank, u32)>,
    /// Blocks that could begin now.
    begun: BTreeSet<(i64, Rank, u32)>,
    /// Deletions that were called, by their returns; of those that crashed, how many were, and
    /// how many happened.
    deletes: BinaryHeap<Reverse<u64>>,
    lost: usize,
    used: usize,
    fillers: BinaryHeap<Reverse<u64>>,
    open_absent: Vec<u32>,
    open_not: Vec<u32>,
    open_values: Vec<u32>,
    spare: usize,
}

impl Now {
    /// How many deletions can happen now.
    pub(super) fn deletes(&self) -> usize {
        self.deletes.len() + self.lost - self.used
    }
}

/// A choice that may have been wrong.
struct Choice {
    before: Now,
    steps: usize,
    log: usize,
    /// The ways that were tried.
    tried: u8,
}

/// A sweep, and how far it came.
pub(super) struct Sweep<'a> {
    pub(super) problem: &'a Problem<'a>,
    /// Blocks by their versions, and the place of each there.
    pub(super) ascending: Vec<u32>,
    pub(super) places: Vec<u32>,
    /// Deletions that crashed, in the order of their calls.
    lost: Vec<u32>,
    pub(super) now: Now,
    pub(super) done: Vec<bool>,
    /// The operations that are done, or no matter any more.
    settled: Vec<bool>,
    /// What was done or settled, in turn.
    log: Vec<(bool, u32)>,
    choices: VecDeque<Choice>,
    /// How many blocks may be done for nothing before a deletion.
    most: usize,
    /// The updates that were done.
    pub(super) steps: Vec<Step>,
    /// The last time at which something was decided that may not be the best.
    pub(super) doubt: Option<Rank>,
}

/// So many choices can be taken back, and so often without coming further.
const CHOICES: usize = 48;
const RETURNS: usize = 200;

/// What has to be done before a block begins, or now: blocks with deletions between them.
pub(super) struct Plan {
    pub(super) runs: Vec<Vec<u32>>,
    pub(super) target: Option<u32>,
    pub(super) fillers: bool,
}

impl<'a> Sweep<'a> {
    /// A key that holds `value` at first, in the version `level`.
    pub(super) fn new(problem: &'a Problem<'a>, level: i64, value: Option<Value>) -> Self {
        let mut ascending: Vec<u32> = (0..problem.blocks.len() as u32).collect();
        ascending.sort_by_key(|&at| {
            let block = problem.blocks[at as usize];
            (block.low, block.first)
        });
        let mut places = vec![0; ascending.len()];
        for (place, &at) in (0..).zip(&ascending) {
            places[at as usize] = place;
        }
        Sweep {
            problem,
            ascending,
            places,
            lost: Vec::new(),
            now: Now { level, value, ..Now::default() },
            done: vec![false; problem.blocks.len()],
            settled: vec![false; problem.known.len()],
            log: Vec::new(),
            choices: VecDeque::new(),
            most: usize::MAX,
            steps: Vec::new(),
            doubt: None,
        }
    }

    /// Sweeps to the end; else a time at which there is no way any more.
    pub(super) fn run(&mut self) -> Result<(), Rank> {
        let Problem { blocks, versions, .. } = self.problem;
        if let Some(start) = blocks.iter().position(|block| block.is_start(versions)) {
            self.enter(Rank::FIRST, Some(start as u32))?;
        }
        let (mut furthest, mut returns) = (0, 0);
        loop {
            match self.advance() {
                Ok(true) if self.now.cursor > furthest => {
                    (furthest, returns) = (self.now.cursor, 0);
                }
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(by) => {
                    returns += 1;
                    if returns > RETURNS || !self.take_back() {
                        return Err(by);
                    }
                }
            }
        }
    }

    /// Comes to the next time; tells whether there is one.
    fn advance(&mut self) -> Result<bool, Rank> {
        let Problem { releases, deadlines, .. } = self.problem;
        let Some(&(deadline, item)) = deadlines.get(self.now.cursor) else { return Ok(false) };
        match releases.get(self.now.released) {
            Some(&(at, item)) if at < deadline => {
                self.now.released += 1;
                self.release(item);
            }
            _ => {
                if !self.is_settled(item) {
                    self.force(deadline, item)?;
                }
                self.now.cursor += 1;
            }
        }
        Ok(true)
    }

    pub(super) fn is_settled(&self, item: Item) -> bool {
        match item {
            Item::Block(at) | Item::Head(at) => self.done[at as usize],
            Item::Delete(at)
            | Item::Absent(at)
            | Item::Not(at)
            | Item::Value(at)
            | Item::Filler(at) => self.settled[at as usize],
        }
    }

    fn settle(&mut self, at: u32) {
        self.settled[at as usize] = true;
        self.log.push((false, at));
    }

    pub(super) fn doubt(&mut self) {
        let now = self.problem.deadlines.get(self.now.cursor).map(|deadline| deadline.0);
        self.doubt = self.doubt.max(now);
    }

    fn act(&self, at: u32) -> Act {
        self.problem.known[at as usize].act
    }

    /// From now on `item` can have its place.
    fn release(&mut self, item: Item) {
        if self.is_settled(item) {
            return;
        }
        let now = &mut self.now;
        match item {
            Item::Block(_) | Item::Head(_) if self.problem.course == Course::Ascending => {}
            Item::Block(at) => {
                let block = self.problem.blocks[at as usize];
                if block.from_absent {
                    now.ready_absent.insert((block.first, at));
                } else {
                    now.ready.insert((block.low, block.first, at));
                }
            }
            Item::Head(at) => {
                let block = self.problem.blocks[at as usize];
                now.begun.insert((block.low, block.first, at));
            }
            Item::Delete(at) if !self.problem.known[at as usize].has_returned() => {
                self.lost.truncate(now.lost);
                self.lost.push(at);
                now.lost += 1;
            }
            Item::Delete(at) => {
                let ret = self.problem.known[at as usize].span.ret;
                now.deletes.push(Reverse(by_return(ret, at)));
            }
            Item::Filler(at) => {
                let ret = self.problem.known[at as usize].span.ret;
                now.fillers.push(Reverse(by_return(ret, at)));
            }
            Item::Absent(at) if now.level == 0 => self.settle(at),
            Item::Absent(at) => now.open_absent.push(at),
            Item::Not(at) => {
                if self.act(at) == Act::Not(self.now.level) {
                    self.now.open_not.push(at);
                } else {
                    self.settle(at);
                }
            }
            Item::Value(at) => {
                if self.now.value.map(Act::SeeValue) == Some(self.act(at)) {
                    self.settle(at);
                } else {
                    self.now.open_values.push(at);
                }
            }
        }
    }

    /// Now `item` must have its place.
    fn force(&mut self, now: Rank, item: Item) -> Result<(), Rank> {
        let is_look = matches!(item, Item::Not(_) | Item::Value(_));
        if self.now.until > now {
            // What looks at single versions may have its place inside of a block.
            return if is_look { Ok(()) } else { Err(now) };
        }
        match item {
            Item::Block(at) if self.problem.blocks[at as usize].last > now => {
                self.enter(now, Some(at))
            }
            Item::Block(_) => self.enter(now, None),
            _ if self.problem.course == Course::Exact => self.enter(now, None),
            Item::Not(_) | Item::Value(_) | Item::Delete(_) | Item::Absent(_) => {
                if self.choices.len() == CHOICES {
                    self.choices.pop_front();
                }
                let (steps, log) = (self.steps.len(), self.log.len());
                self.choices.push_back(Choice { before: self.now.clone(), steps, log, tried: 0 });
                self.choose(now, item).then_some(()).ok_or(now)
            }
            Item::Filler(_) => self.fill(i64::MAX, 1).then_some(()).ok_or(now),
            Item::Head(_) => Ok(()),
        }
    }

    /// Tries the ways of the last choice that are left; tells whether there is one.
    fn choose(&mut self, now: Rank, item: Item) -> bool {
        while let Some(choice) = self.choices.back_mut() {
            let way = choice.tried;
            choice.tried += 1;
            let happened = match (item, way) {
                (Item::Delete(_) | Item::Absent(_), 0..=2) => {
                    self.most = [usize::MAX, 0, 1][usize::from(way)];
                    self.enter(now, None).is_ok()
                }
                (Item::Not(_), 0) => self.go_on(now, None),
                (Item::Not(_), 1) => self.now.level != 0 && self.delete(),
                (Item::Not(_), 2) => self.spare(now, None),
                (Item::Not(_), 3) => self.fill(i64::MAX, 1),
                (Item::Value(at), 0) => self.go_on(now, Some(self.act(at))),
                (Item::Value(at), 1) => self.spare(now, Some(self.act(at))),
                _ => break,
            };
            if happened {
                return true;
            }
            self.restore();
        }
        false
    }

    /// Goes back to the last choice for which there is another way, and takes that.
    fn take_back(&mut self) -> bool {
        while !self.choices.is_empty() {
            self.restore();
            if let Some(&(deadline, item)) = self.problem.deadlines.get(self.now.cursor)
                && self.choose(deadline, item)
            {
                self.now.cursor += 1;
                return true;
            }
            self.choices.pop_back();
        }
        false
    }

    /// Undoes what was done since the last choice.
    fn restore(&mut self) {
        let Some(choice) = self.choices.back() else { return };
        self.now = choice.before.clone();
        self.steps.truncate(choice.steps);
        for (is_block, at) in self.log.drain(choice.log..) {
            let list = if is_block { &mut self.done } else { &mut self.settled };
            list[at as usize] = false;
        }
    }

    fn enter(&mut self, now: Rank, target: Option<u32>) -> Result<(), Rank> {
        let plan = self.plan(now, target)?;
        self.carry_out(plan, now)
    }

    fn carry_out(&mut self, plan: Plan, now: Rank) -> Result<(), Rank> {
        let blocks = self.problem.blocks;
        // They have their places; nothing else may take them on the way.
        for &at in plan.runs.iter().flatten().chain(&plan.target) {
            self.forget(at);
        }
        let last = plan.runs.len() - 1;
        for (run, members) in plan.runs.iter().enumerate() {
            for &at in members {
                if !blocks[at as usize].from_absent {
                    self.climb(blocks[at as usize].low);
                }
                self.take(at);
            }
            if run < last {
                self.climb_all(now);
                self.delete();
            }
        }
        if let Some(at) = plan.target {
            let block = blocks[at as usize];
            if !block.from_absent {
                self.climb(block.low);
            }
            self.take(at);
            self.now.until = block.last.max(now);
            let until = self.now.until;
            let is_late = |&Reverse(pair): &Reverse<u64>| deadline(pair) < until;
            if plan.fillers && self.now.fillers.peek().is_some_and(is_late) {
                return Err(now);
            }
        }
        Ok(())
    }

    fn forget(&mut self, at: u32) {
        if self.problem.course == Course::Ascending {
            return;
        }
        let block = self.problem.blocks[at as usize];
        self.now.ready.remove(&(block.low, block.first, at));
        self.now.ready_absent.remove(&(block.first, at));
        self.now.begun.remove(&(block.low, block.first, at));
    }

    /// Does what is ready before a deletion.
    fn climb_all(&mut self, now: Rank) {
        let most = std::mem::replace(&mut self.most, usize::MAX);
        if self.problem.course != Course::Ascending {
            if most > 0 {
                self.climb(i64::MAX);
            }
            return;
        }
        for _ in 0..most {
            let Some(&next) = self.ascending.get(self.now.passed) else { break };
            let block = self.problem.blocks[next as usize];
            let fits = !block.from_absent && !block.to_absent && self.now.level < block.low;
            if block.last > now || !fits {
                break;
            }
            self.fill(block.low, usize::MAX);
            self.take(next);
        }
        self.fill(i64::MAX, usize::MAX);
    }

    /// Does what is ready and fits on the way to a version.
    fn climb(&mut self, target: i64) {
        let blocks = self.problem.blocks;
        if self.now.level == 0 && !self.now.ready_absent.is_empty() {
            let fits = |&&(_, at): &&(Rank, u32)| blocks[at as usize].high < target;
            let found = self.now.ready_absent.iter().find(fits).copied();
            let above = found.map_or(0, |(_, at)| blocks[at as usize].high);
            if self.now.ready.first().is_some_and(|&(low, ..)| low <= above) {
                self.doubt();
            }
            if let Some((_, at)) = found {
                self.take(at);
            }
        }
        while self.now.level < target - 1 {
            let from = (self.now.level + 1, Rank::FIRST, 0);
            let fits = |&&(_, _, at): &&(i64, Rank, u32)| {
                let block = blocks[at as usize];
                block.high < target && !block.to_absent
            };
            let ready = self.now.ready.range(from..(target, Rank::FIRST, 0));
            let Some((low, _, at)) = ready.clone().find(fits).copied() else {
                if ready.clone().next().is_some() {
                    // What has to wait now may have to come first.
                    self.doubt();
                }
                break;
            };
            let mut others = self.now.ready.range((low + 1, Rank::FIRST, 0)..);
            let high = blocks[at as usize].high;
            if others.next().is_some_and(|&(other, ..)| other <= high) {
                self.doubt();
            }
            self.fill(low, usize::MAX);
            self.take(at);
        }
        self.fill(target, usize::MAX);
    }

    /// Lets updates happen whose version nobody saw, at most so many, below a version; tells
    /// whether all did.
    fn fill(&mut self, below: i64, most: usize) -> bool {
        for filled in 0..most {
            if self.now.level.saturating_add(1) >= below {
                return filled == most;
            }
            let Some(Reverse(pair)) = self.now.fillers.pop() else { return false };
            self.fill_with(position(pair));
        }
        true
    }

    fn fill_with(&mut self, at: u32) {
        self.settle(at);
        let update = self.problem.known[at as usize].update();
        let value = update.and_then(|update| match update.content {
            Content::Is(value) => Some(value),
            Content::Gone | Content::Any => None,
        });
        self.turn(at, self.now.level.saturating_add(1), value);
    }

    /// Does a block.
    fn take(&mut self, at: u32) {
        self.forget(at);
        self.done[at as usize] = true;
        self.log.push((true, at));
        while self.ascending.get(self.now.passed).is_some_and(|&next| self.done[next as usize]) {
            self.now.passed += 1;
        }
        let mut next = self.problem.blocks[at as usize].head;
        while next != NOBODY {
            let version = self.problem.versions.all[next as usize];
            self.turn(version.writer, version.number, version.value);
            next = version.next;
        }
    }

    /// Lets a deletion happen; tells whether one can.
    fn delete(&mut self) -> bool {
        let at = match self.now.deletes.pop() {
            Some(Reverse(pair)) => position(pair),
            None if self.now.used < self.now.lost => {
                self.now.used += 1;
                self.lost[self.now.used - 1]
            }
            None => return false,
        };
        self.settle(at);
        self.turn(at, 0, None);
        true
    }

    /// An update makes a version.
    fn turn(&mut self, at: u32, version: i64, value: Option<Value>) {
        if at != START && at != NOBODY {
            self.steps.push(Step { at, version });
        }
        if self.now.level == 0 && !self.now.ready_absent.is_empty() {
            // They need the key to be absent once more; another order may not.
            self.doubt();
        }
        if version != self.now.level {
            std::mem::take(&mut self.now.open_not).into_iter().for_each(|at| self.settle(at));
        }
        if version == 0 {
            std::mem::take(&mut self.now.open_absent).into_iter().for_each(|at| self.settle(at));
        }
        let sought = value.map(Act::SeeValue);
        let mut open = std::mem::take(&mut self.now.open_values);
        open.retain(|&at| {
            let found = Some(self.act(at)) == sought;
            if found {
                self.settle(at);
            }
            !found
        });
        (self.now.open_values, self.now.level, self.now.value) = (open, version, value);
    }

    /// Goes on to the next version, or to the next that holds what a look sees.
    fn go_on(&mut self, now: Rank, sought: Option<Act>) -> bool {
        let Problem { blocks, versions, course, .. } = self.problem;
        let is_it = |at: &u32| {
            let head = versions.all[blocks[*at as usize].head as usize];
            sought.is_none_or(|sought| head.value.map(Act::SeeValue) == Some(sought))
        };
        let near = if sought.is_some() { SOUGHT } else { 1 };
        let next = if *course == Course::Ascending {
            let next = self.ascending[self.now.passed..].iter().copied();
            let mut open = next.filter(|&at| !self.done[at as usize]).take(near);
            open.find(is_it).filter(|&at| blocks[at as usize].call < now)
        } else {
            let above = (self.now.level.saturating_add(1), Rank::FIRST, 0);
            let begun = self.now.begun.range(above..).map(|&(_, _, at)| at);
            begun.take(near).find(is_it)
        };
        next.is_some_and(|at| self.enter(now, Some(at)).is_ok())
    }

    /// Lets a crashed update happen that was called by now.
    fn spare(&mut self, now: Rank, sought: Option<Act>) -> bool {
        let Problem { known, spare, .. } = self.problem;
        let is_it = |at: u32| {
            let puts = known[at as usize].update().map(|update| update.content);
            let value = match puts {
                Some(Content::Is(value)) => Some(Act::SeeValue(value)),
                _ => None,
            };
            !self.settled[at as usize] && (sought.is_none() || value == sought)
        };
        let from = if sought.is_none() { self.now.spare } else { 0 };
        let called = spare[from..].iter().take_while(|&&at| known[at as usize].span.call < now);
        let Some(found) = called.copied().position(is_it) else { return false };
        if sought.is_none() {
            self.now.spare = from + found;
        }
        self.fill_with(spare[from + found]);
        true
    }
}

/// A value is looked for among so many versions to come.
const SOUGHT: usize = 64;
