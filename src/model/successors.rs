//! The successors of a state in a model that is sometimes nondeterministic: at most one state
//! without an allocation, or a list.

/// The states that a step may lead to.
#[derive(Clone, Debug)]
pub enum Successors<S> {
    /// At most one.
    One(Option<S>),
    /// Any number.
    Many(std::vec::IntoIter<S>),
}

impl<S> Successors<S> {
    /// `state`, if `legal`.
    pub fn when(legal: bool, state: impl FnOnce() -> S) -> Self {
        Successors::One(legal.then(state))
    }

    /// Returns `states`, of which there is mostly one.
    pub(super) fn of(mut states: impl Iterator<Item = S>) -> Self {
        match (states.next(), states.next()) {
            (first, None) => Successors::One(first),
            (first, Some(second)) => {
                first.into_iter().chain([second]).chain(states).collect::<Vec<_>>().into()
            }
        }
    }
}

impl<S> From<Vec<S>> for Successors<S> {
    fn from(states: Vec<S>) -> Self {
        Successors::Many(states.into_iter())
    }
}

impl<S> Iterator for Successors<S> {
    type Item = S;

    fn next(&mut self) -> Option<S> {
        match self {
            Successors::One(state) => state.take(),
            Successors::Many(states) => states.next(),
        }
    }
}
