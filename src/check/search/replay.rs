//! Verifies by replay what a guess found.

use super::automaton::Automaton;
use super::prepare::Prepared;
use crate::model::Pos;

/// An operation of an order: its class, and the events of its call and its return.
#[derive(Clone, Copy)]
struct Place {
    class: u32,
    call: u32,
    ret: u32,
}

/// Whether `order` is a linearization: each completed operation is there once, crashed ones at most
/// once, none behind one that was called after its return, and each step is legal. Takes a step
/// of the model for each operation.
pub(super) fn is_linearization(
    prepared: &Prepared,
    automaton: &dyn Automaton,
    order: &[Pos],
) -> bool {
    let readings = prepared.items.iter().map(|item| item.reading);
    let crashed = prepared.crashed.iter().flat_map(|twins| twins.readings.iter().copied());
    let count = readings.chain(crashed).map(Pos::index).max().map_or(0, |last| last + 1);
    let mut places: Vec<Option<Place>> = vec![None; count];
    for item in &prepared.items {
        let (class, call, ret) = (item.class, item.call, item.ret);
        places[item.reading.index()] = Some(Place { class, call, ret });
    }
    for twins in &prepared.crashed {
        for (&call, reading) in twins.calls.iter().zip(&twins.readings) {
            places[reading.index()] = Some(Place { class: twins.class, call, ret: u32::MAX });
        }
    }
    let mut states = vec![0];
    let mut next = Vec::new();
    let mut latest_call = 0;
    let mut completed = 0;
    for at in order {
        let Some(place) = places.get_mut(at.index()).and_then(Option::take) else { return false };
        if place.ret < latest_call {
            return false;
        }
        latest_call = latest_call.max(place.call);
        completed += usize::from(place.ret != u32::MAX);
        next.clear();
        for &state in &states {
            automaton.step(state, place.class, &mut next);
        }
        next.sort_unstable();
        next.dedup();
        std::mem::swap(&mut states, &mut next);
        if states.is_empty() {
            return false;
        }
    }
    completed == prepared.items.len()
}
