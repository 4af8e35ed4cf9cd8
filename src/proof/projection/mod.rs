//! When a part of a history may stand for the whole.
//!
//! A part stands for the whole if every linearization of the whole, without what is left out, is
//! one of the part: then a part that has none proves that the whole has none. Pure operations may
//! always go. For all others there are rules, each in a file of its own with its proof; a part is
//! sound if one of them allows all that is left out. A rule also says which operation stands in its
//! way, so that one can tell what must go together with an operation that goes.

mod covers;
mod holds;
mod parts;
mod permits;
mod sources;
#[cfg(test)]
mod tests;

use crate::history::hash::Map;
use crate::history::{OpIndex, Rank, sort};
use crate::model::{Establishes, Facts, Model, Pos, Reading, Token};

/// A reason for which operations that are not pure may be left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rule {
    /// Nothing but pure operations is left out.
    Pure,
    /// No operation kept can have found what one left out established: `sources.rs`.
    Sources,
    /// An overwriting operation lies between those left out and those kept: `covers.rs`.
    Covers,
    /// Parts of the object are left out as wholes: `parts.rs`.
    Parts,
    /// Holds of a lock with owners are left out as wholes: `holds.rs`.
    Holds,
    /// Permits that are left out are given back after they were taken: `permits.rs`.
    Taken,
    /// Permits that are left out are taken after they were given back: `permits.rs`.
    Given,
}

impl Rule {
    /// All rules.
    pub(crate) const ALL: [Rule; 7] = [
        Rule::Pure,
        Rule::Sources,
        Rule::Covers,
        Rule::Parts,
        Rule::Holds,
        Rule::Taken,
        Rule::Given,
    ];
}

/// What a rule says of a part.
enum Ruling {
    /// The part may stand for the whole.
    Sound,
    /// It might without these operations (positions among the readings, ascending), which are now
    /// kept, and of which none can stay.
    Without(Vec<Pos>),
    /// It may not, nor may any part of it.
    Unsound,
}

/// The parts of some readings that may stand for them.
pub(crate) struct Projections<'a, M: Model> {
    model: &'a M,
    readings: &'a [Reading<M::Op>],
    facts: Vec<Facts>,
    /// The positions that are not pure, ascending.
    changes: Vec<Pos>,
    /// Those of them that overwrite the state, by the token that they establish, ascending.
    writes: Map<Token, Vec<Pos>>,
    /// Whether every operation that changes the state says which token it leaves.
    is_told: bool,
    /// Whether every operation that changes the state overwrites it.
    is_plain: bool,
    holds: Option<holds::Holds>,
    permits: Option<permits::Permits>,
}

impl<'a, M: Model> Projections<'a, M> {
    /// Looks at `readings`, which are in the order of their calls. O(n log n) at most.
    pub(crate) fn new(model: &'a M, readings: &'a [Reading<M::Op>]) -> Self {
        let facts: Vec<Facts> = readings.iter().map(|reading| model.facts(&reading.op)).collect();
        let tells = |facts: &Facts| facts.pure || established(facts).is_some();
        let is_told = model.tokens_suffice() && facts.iter().all(tells);
        let changes: Vec<Pos> = Pos::below(facts.len()).filter(|&at| !facts[at].pure).collect();
        let mut writes: Map<Token, Vec<Pos>> = Map::default();
        for &at in changes.iter().filter(|&&at| facts[at].overwrites) {
            if let Some(token) = established(&facts[at]) {
                writes.entry(token).or_default().push(at);
            }
        }
        Projections {
            model,
            readings,
            changes,
            writes,
            is_told,
            is_plain: facts.iter().all(|facts| facts.pure || facts.overwrites),
            facts,
            holds: holds::Holds::of(model, readings),
            permits: permits::Permits::of(model, readings),
        }
    }

    /// The model.
    pub(crate) fn model(&self) -> &'a M {
        self.model
    }

    /// What is known of each reading.
    pub(crate) fn facts(&self) -> &[Facts] {
        &self.facts
    }

    /// Whether [`Rule::Sources`] can apply.
    pub(crate) fn is_told(&self) -> bool {
        self.is_told
    }

    /// The operations that go together as holds or permits, if this is such an object: groups of
    /// positions, and the positions that must stay.
    pub(crate) fn groups(&self) -> Option<(&[Vec<Pos>], &[Pos])> {
        match (&self.holds, &self.permits) {
            (Some(holds), _) => Some((holds.units(), &[])),
            (None, Some(permits)) => Some((permits.units(), permits.unpaired())),
            (None, None) => None,
        }
    }

    /// Whether `kept` (positions, ascending) may stand for the whole.
    pub(crate) fn is_sound(&self, kept: &[Pos]) -> bool {
        Rule::ALL.into_iter().any(|rule| matches!(self.rule(rule, kept), Ruling::Sound))
    }

    /// A part of `kept` (positions, ascending) that may stand for the whole by `rule`: it, or what
    /// is left of it when everything is gone that must go; `None` if nothing is left.
    pub(crate) fn sound_part(&self, rule: Rule, kept: &[Pos]) -> Option<Vec<Pos>> {
        let mut kept = kept.to_vec();
        while !kept.is_empty() {
            match self.rule(rule, &kept) {
                Ruling::Sound => return Some(kept),
                Ruling::Without(gone) => kept.retain(|at| gone.binary_search(at).is_err()),
                Ruling::Unsound => return None,
            }
        }
        None
    }

    fn rule(&self, rule: Rule, kept: &[Pos]) -> Ruling {
        let by_permits = |ruling: fn(&permits::Permits, &[Pos], &[bool]) -> Ruling| {
            let rule = |permits| ruling(permits, kept, &self.mask(kept));
            self.permits.as_ref().map_or(Ruling::Unsound, rule)
        };
        match rule {
            Rule::Pure if self.left_out(kept).next().is_none() => Ruling::Sound,
            Rule::Pure => Ruling::Unsound,
            Rule::Sources => self.by_sources(kept),
            Rule::Covers => self.by_covers(kept),
            Rule::Parts => self.by_parts(kept),
            Rule::Holds => {
                let rule = |holds: &holds::Holds| holds.rule(kept, &self.mask(kept));
                self.holds.as_ref().map_or(Ruling::Unsound, rule)
            }
            Rule::Taken => by_permits(permits::Permits::taken),
            Rule::Given => by_permits(permits::Permits::given),
        }
    }

    /// The positions that are left out and not pure, ascending.
    fn left_out<'k>(&'k self, kept: &'k [Pos]) -> impl Iterator<Item = Pos> + 'k {
        let mut rest = kept;
        self.changes.iter().copied().filter(move |&at| {
            while let [first, others @ ..] = rest
                && *first < at
            {
                rest = others;
            }
            rest.first() != Some(&at)
        })
    }

    /// For each reading whether it is among `kept`.
    fn mask(&self, kept: &[Pos]) -> Vec<bool> {
        let mut mask = vec![false; self.readings.len()];
        kept.iter().for_each(|&at| mask[at] = true);
        mask
    }

    /// Whether the reading at `at` need not happen and changes nothing.
    fn is_idle(&self, at: Pos) -> bool {
        self.facts[at].pure && !self.readings[at].span.has_returned()
    }
}

/// Completed operations by their returns, to be asked for the latest call among those that precede
/// a moment.
struct Latest(Vec<(Rank, Rank)>);

impl Latest {
    /// Operations with these returns and calls. O(n log n).
    fn new(mut ends: Vec<(Rank, Rank)>) -> Latest {
        sort::by(&mut ends, |&end| end);
        let mut latest = Rank::FIRST;
        for (_, call) in &mut ends {
            latest = latest.max(*call);
            *call = latest;
        }
        Latest(ends)
    }

    /// The latest call of those that returned before `moment`. O(log n).
    fn before(&self, moment: Rank) -> Option<Rank> {
        let count = self.0.partition_point(|&(ret, _)| ret < moment);
        Some(self.0[count.checked_sub(1)?].1)
    }
}

/// The token that a state has after an operation that changes it, if that is known.
fn established(facts: &Facts) -> Option<Token> {
    match facts.establishes {
        Establishes::Token(token) if !facts.pure => Some(token),
        _ => None,
    }
}

/// Whether `core` (indices into the history, ascending), if it is not linearizable, proves that
/// `readings` are not: whether every linearization of the readings, without those left out, is
/// one of the core. O(n) for each operation of the core.
pub fn is_sound_projection<M: Model>(
    model: &M,
    readings: &[Reading<M::Op>],
    core: &[OpIndex],
) -> bool {
    positions(readings, core).is_some_and(|kept| Projections::new(model, readings).is_sound(&kept))
}

/// Where the operations `core` stand among `readings`; `None` if it is not ascending, or names one
/// that is not there.
pub(crate) fn positions<Op>(readings: &[Reading<Op>], core: &[OpIndex]) -> Option<Vec<Pos>> {
    let is_ascending = core.windows(2).all(|pair| pair[0] < pair[1]);
    let mut wanted = core.iter().peekable();
    let found: Vec<Pos> = Pos::below(readings.len())
        .filter(|&at| wanted.next_if(|&&index| index == readings[at].index).is_some())
        .collect();
    (is_ascending && found.len() == core.len()).then_some(found)
}
