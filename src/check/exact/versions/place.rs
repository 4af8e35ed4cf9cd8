//! Places what reads only among updates that are in order; proves an order by itself.

use super::acts::{Act, Content, Known};
use crate::check::exact::Timed;
use crate::check::exact::ends::{End, Ends};
use crate::history::hash::Map;
use crate::history::{Rank, Value};

/// An update at its place, with the version that it makes; 0 if it deletes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Step {
    pub(super) at: u32,
    pub(super) version: i64,
}

/// What the key holds between two updates.
#[derive(Clone, Copy)]
struct State {
    version: i64,
    value: Option<Value>,
}

/// The order of `operations` in which `steps` are the updates and everything else comes as early
/// as it can; `None` if there is none. The key holds `initial` first, in the version `first`.
pub(super) fn place<Op>(
    operations: &[Timed<'_, Op>],
    known: &[Known],
    steps: &[Step],
    initial: Option<Value>,
    first: i64,
) -> Option<Vec<u32>> {
    let line = Line::new(known, steps, State { version: first, value: initial })?;
    let mut places = vec![0; known.len()];
    for (index, step) in steps.iter().enumerate() {
        places[step.at as usize] = index as u32 + 1;
    }
    // Whatever is called now comes after so many updates.
    let mut bound = 0;
    let mut looks: Vec<(u32, u32)> = Vec::new();
    for end in Ends::of(operations) {
        match end {
            End::Call(at) => {
                let Known { act, span } = known[at as usize];
                if matches!(act, Act::Update(_)) || !span.has_returned() {
                    continue;
                }
                let place = line.find(act, bound)?;
                // Nothing before it may be called after it returned.
                if line.latest[place as usize] > span.ret {
                    return None;
                }
                places[at as usize] = place;
                looks.push((place, at));
            }
            End::Return(at) => {
                let place = places[at as usize];
                if place == 0 && known[at as usize].update().is_some() {
                    return None;
                }
                bound = bound.max(place);
            }
        }
    }
    looks.sort_by_key(|&(place, _)| place);
    let mut looks = looks.into_iter().peekable();
    let mut order = Vec::with_capacity(known.len());
    for place in 0..=steps.len() {
        order.extend(place.checked_sub(1).map(|before| steps[before].at));
        while let Some((_, at)) = looks.next_if(|look| look.0 as usize == place) {
            order.push(at);
        }
    }
    Some(order)
}

/// What the key holds after so many updates, and where to find it.
struct Line {
    states: Vec<State>,
    /// The last call of the updates up to each place.
    latest: Vec<Rank>,
    versions: Map<i64, Vec<u32>>,
    values: Map<Value, Vec<u32>>,
}

impl Line {
    /// `None` if the updates are not legal or not in order.
    fn new(known: &[Known], steps: &[Step], first: State) -> Option<Line> {
        let seeks = known.iter().any(|known| matches!(known.act, Act::SeeValue(_)));
        let mut line = Line {
            states: Vec::with_capacity(steps.len() + 1),
            latest: Vec::with_capacity(steps.len() + 1),
            versions: Map::default(),
            values: Map::default(),
        };
        line.push(first, Rank::FIRST, seeks);
        let (mut state, mut latest) = (first, Rank::FIRST);
        let mut is_done = vec![false; known.len()];
        for &Step { at, version } in steps {
            let Known { span, .. } = known[at as usize];
            let update = known[at as usize].update()?;
            if span.ret < latest || std::mem::replace(&mut is_done[at as usize], true) {
                return None;
            }
            latest = latest.max(span.call);
            if update.expected.is_some_and(|expected| expected != state.version) {
                return None;
            }
            let value = match update.content {
                Content::Gone => None,
                Content::Is(value) => Some(value),
                Content::Any => return None,
            };
            let legal = match value {
                None => version == 0,
                Some(_) => {
                    version > state.version && update.version.is_none_or(|told| told == version)
                }
            };
            if !legal {
                return None;
            }
            state = State { version, value };
            line.push(state, latest, seeks);
        }
        Some(line)
    }

    fn push(&mut self, state: State, latest: Rank, seeks: bool) {
        let place = self.states.len() as u32;
        self.states.push(state);
        self.latest.push(latest);
        self.versions.entry(state.version).or_default().push(place);
        if let (true, Some(value)) = (seeks, state.value) {
            self.values.entry(value).or_default().push(place);
        }
    }

    /// The first place from `bound` on at which it can happen.
    fn find(&self, act: Act, bound: u32) -> Option<u32> {
        let after = |places: Option<&Vec<u32>>, fits: &dyn Fn(State) -> bool| {
            let places = places?;
            let from = places.partition_point(|&place| place < bound);
            places[from..].iter().copied().find(|&place| fits(self.states[place as usize]))
        };
        match act {
            Act::Nothing => Some(bound),
            Act::See(version, value) => after(self.versions.get(&version), &|state| {
                value.is_none_or(|value| state.value == Some(value))
            }),
            Act::SeeValue(value) => after(self.values.get(&value), &|_| true),
            Act::SeeAbsent => after(self.versions.get(&0), &|_| true),
            Act::Not(version) => (bound..self.states.len() as u32)
                .find(|&place| self.states[place as usize].version != version),
            Act::Update(_) | Act::Impossible => None,
        }
    }
}
