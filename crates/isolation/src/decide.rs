//! Which levels a history has: from the facts, by graphs where the order of versions is known, by
//! a guess of that order, and by a search where the guess fails.

use crate::anomaly::Kind;
use crate::edges::{Kinds, Orders, Shape, Vertices, graph};
use crate::facts::{Facts, Groups};
use crate::level::{Base, LEVELS, Level, Ordering};
use crate::numbers::NONE;
use crate::table::KeyKind;
use crate::weak::{self, Sight};
use crate::{polygraph, views};

/// What is known of a level.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Status {
    /// The history has it.
    Holds(Witness),
    /// It has not.
    RuledOut,
    /// It is not known whether it has.
    Undecided(Reason),
}

/// Why a level is not decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// The history does not say which transactions completed before others were invoked.
    NoRealTime,
    /// Several transactions wrote the same value to the same key, so that it is not known from
    /// which of them a read of it is.
    RepeatedValues,
    /// It takes more work than the budget allows.
    Work,
    /// The history goes on, and what comes may change it.
    GoesOn,
}

impl Reason {
    /// Returns whether there may be anomalies that are not known of.
    pub(crate) fn hides_anomalies(self) -> bool {
        self != Reason::NoRealTime
    }

    /// Returns the reason in words, as the end of a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Reason::NoRealTime => "no record tells when transactions were invoked",
            Reason::RepeatedValues => {
                "several transactions wrote the same value to one key, so that reads of it may be \
                 from any of them"
            }
            Reason::Work => "it takes more work than is allowed",
            Reason::GoesOn => "the history goes on, and what comes may change that",
        }
    }
}

/// What proves that a history has a level.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Witness {
    /// An order of all transactions, one after the other.
    Serial(Vec<u32>),
    /// An order of beginnings (twice the number of a transaction) and commits (one more).
    Snapshots(Vec<u32>),
    /// An order of commits.
    Commits(Vec<u32>),
    /// It has a stronger level.
    Implied(Level),
}

/// The statuses of all levels, by their positions.
pub(crate) type Statuses = Vec<Option<Status>>;

/// What to decide, and with how much work, in edges looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// The level that is decided first, with all the work.
    pub(crate) asked: Option<Level>,
    /// Whether no other one is decided.
    pub(crate) is_only: bool,
    /// Whether the history may go on.
    pub(crate) goes_on: bool,
    pub(crate) work: u64,
}

/// So many times less work is spent on a level that was not asked for.
const SHARE: u64 = 20;

/// What there is to decide.
pub(crate) struct Question<'f, 't, 'h> {
    pub(crate) facts: &'f Facts<'t, 'h>,
    pub(crate) orders: Orders,
    pub(crate) statuses: Statuses,
    pub(crate) work: u64,
    /// Likely positions of the transactions, once they are asked for.
    pub(crate) likely: Option<Vec<u32>>,
}

/// Decides all levels; tells the status of the one that is asked for as soon as that is known.
pub(crate) fn decide(
    facts: &Facts<'_, '_>,
    plan: Plan,
    tell: &mut dyn FnMut(&Status),
) -> (Vec<Status>, Orders) {
    let orders = Orders::new(facts);
    let statuses = vec![None; LEVELS.len()];
    let mut question = Question { facts, orders, statuses, work: plan.work, likely: None };
    question.rule_out_by_reads();
    let has_repeats = facts.aside.contains(&true);
    let has_real_time = facts.table.history.has_real_time();
    let known = |(level, status): (Level, Option<Status>)| match status {
        Some(status) if plan.goes_on && !stays(level, &status) => Status::Undecided(Reason::GoesOn),
        // Where reads of what aborted are allowed, they may be that.
        Some(Status::RuledOut)
            if facts.prefers
                && !Kind::AbortedRead.rules_out(level)
                && !facts.found.iter().any(|found| found.rules_out.contains(&level)) =>
        {
            Status::Undecided(Reason::RepeatedValues)
        }
        Some(Status::Holds(_)) if has_repeats => Status::Undecided(Reason::RepeatedValues),
        Some(status) => status,
        None if level.ordering() == Ordering::RealTime && !has_real_time => {
            Status::Undecided(Reason::NoRealTime)
        }
        None => Status::Undecided(Reason::Work),
    };
    if let Some(asked) = plan.asked {
        // What holds is mostly found at once; of what does not, a weaker level tells soonest.
        question.decide(asked, false);
        question.decide_cheaply(asked);
        question.decide(asked, true);
        tell(&known((asked, question.statuses[asked.index()].clone())));
    }
    if !plan.is_only || plan.asked.is_none() {
        question.work = plan.work / SHARE;
        question.decide_all();
    }
    let statuses = Level::all().zip(question.statuses).map(known).collect();
    (statuses, question.orders)
}

/// Returns whether the status of a level stays when the history goes on. What holds may not; and
/// where reads of what aborts are allowed, what is ruled out may still abort.
fn stays(level: Level, status: &Status) -> bool {
    *status == Status::RuledOut && Kind::AbortedRead.rules_out(level)
}

impl Question<'_, '_, '_> {
    /// Rules out the levels that forbid what reads show whatever the order.
    fn rule_out_by_reads(&mut self) {
        for found in &self.facts.found {
            for &level in &found.rules_out {
                self.statuses[level.index()] = Some(Status::RuledOut);
            }
        }
    }

    fn set(&mut self, level: Level, status: Status) {
        match status {
            Status::Holds(_) => {
                for other in Level::all().filter(|&other| other != level && level.implies(other)) {
                    let implied = Status::Holds(Witness::Implied(level));
                    self.statuses[other.index()].get_or_insert(implied);
                }
            }
            Status::RuledOut => {
                for other in Level::all().filter(|&other| other.implies(level)) {
                    self.statuses[other.index()].get_or_insert(Status::RuledOut);
                }
            }
            Status::Undecided(_) => {}
        }
        self.statuses[level.index()].get_or_insert(status);
    }

    /// Decides what is left: first what is likely and what is cheap, then what may need a search.
    fn decide_all(&mut self) {
        let orderings = [Ordering::RealTime, Ordering::Session, Ordering::None];
        for ordering in orderings {
            if let Some(level) = Level::of(Base::Serializable, ordering) {
                self.decide(level, false);
            }
        }
        Level::all().for_each(|level| self.decide_cheaply(level));
        for base in [Base::Serializable, Base::SnapshotIsolation] {
            for ordering in orderings {
                if let Some(level) = Level::of(base, ordering) {
                    self.decide(level, true);
                }
            }
        }
        Level::all().for_each(|level| self.decide(level, true));
    }

    /// Decides the levels that `level` implies and that need no search.
    fn decide_cheaply(&mut self, level: Level) {
        let is_cheap = |base: Base| {
            use Base::{Causal, CursorStability, MonotonicAtomicView, ReadAtomic};
            use Base::{ReadCommitted, ReadUncommitted};
            matches!(
                base,
                ReadUncommitted
                    | ReadCommitted
                    | MonotonicAtomicView
                    | CursorStability
                    | ReadAtomic
                    | Causal
            )
        };
        let weaker = |other: &Level| level.implies(*other) && is_cheap(other.base());
        // The stronger first: mostly, it holds.
        let mut all: Vec<Level> = Level::all().filter(weaker).collect();
        all.reverse();
        for other in all {
            self.decide(other, false);
        }
    }

    /// Decides a level, unless its status is known; by a search only if that is allowed.
    pub(crate) fn decide(&mut self, level: Level, searches: bool) {
        if self.statuses[level.index()].is_some() {
            return;
        }
        let has_real_time = self.facts.table.history.has_real_time();
        if level.ordering() == Ordering::RealTime && !has_real_time {
            return;
        }
        let work = self.work;
        if let Some(status) = self.status(level, searches) {
            self.set(level, status);
        }
        self.work = work;
    }

    /// Returns the status of a level, or `None` if it takes too much work.
    fn status(&mut self, level: Level, searches: bool) -> Option<Status> {
        let facts = self.facts;
        let known = holds(facts, &self.orders, level, &mut self.work)?;
        let Some(order) = known else { return Some(Status::RuledOut) };
        let needs_no_order = match level.base() {
            Base::MonotonicAtomicView | Base::ReadAtomic | Base::Causal => true,
            // Versions can follow the order that is found.
            Base::ReadUncommitted | Base::ReadCommitted | Base::CursorStability => true,
            Base::Serializable | Base::RepeatableRead => facts.tails_are_free(),
            _ => false,
        };
        if needs_no_order || facts.is_ordered() {
            return Some(Status::Holds(order));
        }
        let likely = self.likely.get_or_insert_with(|| likely_positions(facts, &self.orders));
        let order_by = |positions: &[u32], work: &mut u64| {
            let order = holds(&facts.completed(positions), &self.orders, level, work)?;
            order.map(Status::Holds)
        };
        if let Some(status) = order_by(likely, &mut self.work) {
            return Some(status);
        }
        if !searches {
            return None;
        }
        match polygraph::decide(facts, &self.orders, level, likely, &mut self.work)? {
            None => Some(Status::RuledOut),
            Some(positions) => {
                let status = order_by(&positions, &mut self.work);
                let is_right = status.is_some() || self.work == 0;
                debug_assert!(is_right, "the order that was found does not hold");
                // What fits this level fits others that are alike.
                self.likely = Some(positions);
                status
            }
        }
    }
}

/// Returns the position of each transaction in an order that is likely: that of all edges that are
/// known, where they have no cycle, and within one that of the returns.
fn likely_positions(facts: &Facts<'_, '_>, orders: &Orders) -> Vec<u32> {
    let has_real_time = facts.table.history.has_real_time();
    let ordering = if has_real_time { Ordering::RealTime } else { Ordering::Session };
    let vertices = Vertices::new(Shape::Whole, facts);
    let components = graph(facts, orders, vertices, Kinds::all(ordering)).components();
    let mut all: Vec<(u32, u32, u32)> = (0..facts.len() as u32)
        .map(|t| (NONE - components.number(t), facts.table.span(t).ret.index() as u32, t))
        .collect();
    all.sort_unstable();
    let mut positions = vec![0; facts.len()];
    for (&(.., t), at) in all.iter().zip(0..) {
        positions[t as usize] = at;
    }
    positions
}

/// Returns whether the known edges of `facts` allow a level, with an order that they keep: `None`
/// if it takes too much work, `Some(None)` if they do not.
pub(crate) fn holds(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    level: Level,
    work: &mut u64,
) -> Option<Option<Witness>> {
    let ordering = level.ordering();
    let view =
        |holds: views::Holds| holds.map(|holds| holds.then(|| commits(facts, orders, ordering)));
    match level.base() {
        Base::ReadUncommitted => Some(acyclic(
            facts,
            orders,
            Shape::Whole,
            Kinds { ww: true, wr: false, rw: false, ordering },
        )),
        Base::ReadCommitted | Base::CursorStability => Some(acyclic(
            facts,
            orders,
            Shape::Whole,
            Kinds { ww: true, wr: true, rw: false, ordering },
        )),
        Base::MonotonicAtomicView => weak(facts, orders, Sight::Earlier, ordering),
        Base::ReadAtomic => weak(facts, orders, Sight::Direct, ordering),
        Base::Causal => weak(facts, orders, Sight::Transitive, ordering),
        Base::ConsistentView | Base::ForwardConsistentView | Base::ParallelSnapshotIsolation => {
            view(views::consistent_view(facts, orders, ordering, work))
        }
        Base::MonotonicView => view(views::monotonic_view(facts, orders, work)),
        Base::UpdateSerializable => view(views::update_serializable(facts, orders, work)),
        Base::UpdateAtomic => match weak(facts, orders, Sight::Direct, ordering)? {
            None => Some(None),
            Some(order) => {
                let Witness::Commits(commits) = &order else { return None };
                views::update_atomic(facts, commits, work).map(|holds| holds.then_some(order))
            }
        },
        Base::MonotonicSnapshotRead => {
            let is_acyclic = views::snapshot_reads(facts).order();
            let own = |order: Vec<u32>| {
                order.into_iter().filter(|&v| v < facts.len() as u32).collect::<Vec<u32>>()
            };
            Some(is_acyclic.map(|order| Witness::Commits(own(order))))
        }
        Base::Prefix => Some(acyclic(facts, orders, Shape::Prefix, Kinds::all(ordering))),
        Base::SnapshotIsolation => {
            Some(acyclic(facts, orders, Shape::Snapshot, Kinds::all(ordering)))
        }
        Base::RepeatableRead | Base::Serializable => {
            Some(acyclic(facts, orders, Shape::Whole, Kinds::all(ordering)))
        }
    }
}

/// Returns an order of commits that read committed allows.
fn commits(facts: &Facts<'_, '_>, orders: &Orders, ordering: Ordering) -> Witness {
    let kinds = Kinds { ww: true, wr: true, rw: false, ordering };
    acyclic(facts, orders, Shape::Whole, kinds).unwrap_or(Witness::Commits(Vec::new()))
}

/// Returns an order of all vertices of transactions, if the graph has no cycle.
fn acyclic(facts: &Facts<'_, '_>, orders: &Orders, shape: Shape, kinds: Kinds) -> Option<Witness> {
    let vertices = Vertices::new(shape, facts);
    let graph = graph(facts, orders, vertices, kinds);
    let mut order = graph.order()?;
    order.retain(|&vertex| {
        vertices.transaction(vertex).is_some_and(|t| facts.installed[t as usize])
    });
    Some(match (shape, kinds.rw) {
        (Shape::Whole, true) => Witness::Serial(order),
        (Shape::Whole, false) => Witness::Commits(order),
        _ => Witness::Snapshots(order),
    })
}

fn weak(
    facts: &Facts<'_, '_>,
    orders: &Orders,
    sight: Sight,
    ordering: Ordering,
) -> Option<Option<Witness>> {
    match weak::decide(facts, orders, sight, ordering) {
        weak::Outcome::Order(order) => Some(Some(Witness::Commits(order))),
        weak::Outcome::Cycle(_) => Some(None),
        weak::Outcome::TooLarge => None,
    }
}

impl<'t, 'h> Facts<'t, 'h> {
    /// Returns whether any order of the versions in tails fits any order of the transactions that
    /// keeps the known edges: nobody read them.
    fn tails_are_free(&self) -> bool {
        let is_list = |key: u32| self.table.kinds[key as usize] == KeyKind::List;
        let is_unread = |key: u32| is_list(key) && !self.by_last_element;
        (0..self.tails.len() as u32).all(|key| is_unread(key) || self.tails.of(key).len() < 2)
    }

    /// Returns the same facts, where the versions in tails follow `positions`.
    pub(crate) fn completed(&self, positions: &[u32]) -> Facts<'t, 'h> {
        let mut chains = Groups::new(self.chains.len());
        let mut tails = Groups::new(self.tails.len());
        let mut tail = Vec::new();
        // The place of each transaction in the chain of each key that it writes.
        let mut places: Vec<Vec<(u32, u32)>> = vec![Vec::new(); self.len()];
        for key in 0..self.chains.len() as u32 {
            self.chains.of(key).iter().for_each(|&t| chains.push(t));
            tail.extend_from_slice(self.tails.of(key));
            tail.sort_by_key(|&t| positions[t as usize]);
            for t in tail.drain(..) {
                chains.push(t);
                places[t as usize].push((key, chains.open().len() as u32));
            }
            chains.end();
            tails.end();
        }
        let mut reads = Groups::new(self.len());
        for t in 0..self.len() as u32 {
            for &read in self.reads.of(t) {
                let mut read = read;
                if read.place == NONE && read.source < crate::facts::LOST {
                    let of = &places[read.source as usize];
                    let place = of.iter().find(|&&(key, _)| key == read.key);
                    read.place = place.map_or(NONE, |&(_, place)| place);
                }
                reads.push(read);
            }
            reads.end();
        }
        Facts {
            table: self.table,
            installed: self.installed.clone(),
            reads,
            writes: self.writes.clone(),
            chains,
            elements: Groups::new(0),
            tails,
            aside: self.aside.clone(),
            prefers: self.prefers,
            by_last_element: self.by_last_element,
            found: self.found.clone(),
        }
    }
}
