//! What both guesses by sums share: they go along the events of a history, go back where nothing
//! leads on, count what they do, and replay what they find.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::problem::Problem;
use super::states::States;
use crate::budget::{Account, Meter};
use crate::check::search::depth::{LOOK_EVERY, Part};
use crate::check::search::items::{CrashedClass, Event};
use crate::check::search::path::{self, NodeId, Nodes};
use crate::check::search::replay::is_linearization;
use crate::check::search::retreat::{Patience, Retreat};
use crate::check::search::walker::{Move, Shared};
use crate::error::StopReason;
use crate::model::Pos;

/// Where a guess is.
pub(super) trait Place: Clone {
    /// The event that comes next.
    fn event(&mut self) -> &mut u32;

    /// The latest nodes of the configurations that are kept here.
    fn tips(&mut self) -> impl Iterator<Item = &mut NodeId>;
}

/// The way of a guess along a history.
pub(super) struct Course<'a, P> {
    pub(super) shared: &'a Shared<'a>,
    pub(super) problem: &'a Problem,
    pub(super) states: States,
    /// Crashed operations that do the same.
    pub(super) crashed: Arc<[CrashedClass]>,
    pub(super) place: P,
    pub(super) nodes: Nodes,
    pub(super) retreat: Retreat<P>,
    pub(super) configurations: u64,
    account: Account<'a>,
    looked: u64,
    given_up: bool,
}

/// A guess that goes along a history.
pub(super) trait Stages<'a> {
    type Place: Place;

    fn course(&mut self) -> &mut Course<'a, Self::Place>;

    /// An operation is called.
    fn call(&mut self, item: u32);

    /// An operation returns. False if no configuration gets past it.
    fn pass(&mut self, item: u32, meter: &Meter) -> Result<bool, StopReason>;

    /// The last nodes of the configurations that all operations led to, the best first.
    fn ends(&mut self) -> Vec<NodeId>;
}

impl<'a, P: Place> Course<'a, P> {
    /// The start of the way from a place.
    pub(super) fn new(
        (shared, problem, meter): (&'a Shared<'a>, &'a Problem, &'a Meter),
        crashed: Arc<[CrashedClass]>,
        place: P,
        (patience, width): (Patience, usize),
    ) -> Self {
        Course {
            shared,
            problem,
            states: States::new(&problem.amounts),
            crashed,
            place,
            nodes: Nodes::new(true),
            retreat: Retreat::new(patience, width, shared.prepared.width),
            configurations: 0,
            account: meter.account(),
            looked: 0,
            given_up: false,
        }
    }

    /// The number of the effect that a completed operation has.
    pub(super) fn kind(&self, item: u32) -> u32 {
        self.problem.kind(self.shared.prepared.items[item as usize].class)
    }

    /// How many configurations were visited; the meter is told of all of them.
    pub(super) fn visited(&mut self) -> u64 {
        self.account.visit(self.configurations);
        self.configurations
    }

    /// Gives all memory back.
    pub(super) fn give_up(&mut self) {
        self.given_up = true;
        self.retreat.forget();
        self.nodes = Nodes::new(false);
    }

    fn poll(&mut self, meter: &Meter) -> Result<(), StopReason> {
        if self.configurations >= self.looked + LOOK_EVERY {
            self.looked = self.configurations;
            self.account.visit(self.configurations);
            self.account.set(self.states.bytes() + self.nodes.bytes());
            meter.look_at_memory();
        }
        meter.poll()
    }

    /// Forgets the nodes that lead nowhere, once there are many.
    fn sweep(&mut self) {
        if !self.nodes.is_overgrown() {
            return;
        }
        let marked = self.retreat.places().flat_map(P::tips);
        let mut tips: Vec<&mut NodeId> = self.place.tips().chain(marked).collect();
        let mut nodes = [std::mem::take(&mut self.nodes)];
        path::sweep(&mut nodes, &mut tips);
        [self.nodes] = nodes;
    }

    /// The linearization that leads to a node, if it is one: models may tell less of amounts than
    /// they know.
    fn order_to(&self, last: NodeId) -> Option<Vec<Pos>> {
        let prepared = self.shared.prepared;
        let mut next = vec![0; self.crashed.len()];
        let mut order: Vec<Pos> = Vec::with_capacity(prepared.items.len());
        for by in path::moves_to(&self.nodes, last) {
            match by {
                Move::Item(item) => order.push(prepared.items[item as usize].reading),
                Move::Crashed(group) => {
                    let next = &mut next[group as usize];
                    order.push(self.crashed[group as usize].readings[*next]);
                    *next += 1;
                }
                Move::Start | Move::Pass => {}
            }
        }
        is_linearization(prepared, self.shared.automaton, &order).then_some(order)
    }
}

/// Goes on, until `share` configurations in a row led no further, or for at most `most`, or until
/// the guess is `cancelled`.
pub(super) fn explore<'a, S: Stages<'a>>(
    guess: &mut S,
    (share, most): (u64, u64),
    cancelled: &AtomicBool,
    meter: &Meter,
) -> Part {
    let course = guess.course();
    let events = &course.shared.prepared.events;
    let last = course.configurations.saturating_add(most);
    let mut end = course.configurations.saturating_add(share);
    loop {
        let course = guess.course();
        if course.given_up || course.configurations >= end.min(last) {
            return Part::Pause;
        }
        if cancelled.load(Ordering::Relaxed) {
            return Part::Pause;
        }
        if let Err(reason) = course.poll(meter) {
            return Part::Stopped(reason);
        }
        let event = *course.place.event();
        let place = &course.place;
        if course.retreat.arrive(event, || place.clone()) {
            end = course.configurations.saturating_add(share);
        }
        let is_past = match events.get(event as usize) {
            Some(Event::Crash) => Ok(true),
            Some(&Event::Call(item)) => {
                guess.call(item);
                Ok(true)
            }
            Some(&Event::Return(item)) => guess.pass(item, meter),
            None => {
                let ends = guess.ends();
                let course = guess.course();
                match ends.into_iter().find_map(|last| course.order_to(last)) {
                    Some(order) => return Part::Order(order),
                    None => Ok(false),
                }
            }
        };
        let course = guess.course();
        match is_past {
            Ok(true) => *course.place.event() += 1,
            Ok(false) => match course.retreat.go_back() {
                Some(place) => course.place = place,
                None => course.give_up(),
            },
            Err(reason) => return Part::Stopped(reason),
        }
        course.sweep();
    }
}
