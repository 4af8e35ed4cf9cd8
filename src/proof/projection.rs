//! When a part of a history may stand for the whole.

use rustc_hash::FxHashSet;

use crate::history::NEVER;
use crate::model::{Establishes, Facts, Model, Part, Reading, Token};

/// Whether the legality and effect of all operations are told by tokens alone. Pure operations
/// that never returned do not count: they need not happen, and change nothing.
pub fn tokens_tell_all<M: Model>(model: &M, readings: &[Reading<M::Op>], facts: &[Facts]) -> bool {
    let counts =
        |(reading, facts): &(&Reading<M::Op>, &Facts)| reading.span.ret != NEVER || !facts.pure;
    let mut counting = readings.iter().zip(facts).filter(counts);
    model.tokens_suffice() && counting.all(|(_, facts)| is_told_by_tokens(facts))
}

/// Whether an operation's legality and effect are told by tokens alone: it overwrites the state
/// or requires a token, and it leaves the token as it is or establishes a known one.
fn is_told_by_tokens(facts: &Facts) -> bool {
    let told_when = facts.overwrites || facts.requires.is_some();
    let told_what = facts.pure || matches!(facts.establishes, Establishes::Token(_));
    told_when && told_what
}

/// Whether `core` (indices into the history), if it is not linearizable, proves that `readings`
/// are not.
///
/// It does if every legal sequence of the readings is still legal without those left out. That is
/// so if each of them is pure. Beyond that, operations may be left out
///
/// - if all operations are told by tokens, and no operation kept requires the token that one left
///   out establishes: then whoever required a token in the whole sequence finds it in the rest,
///   since the operation that established it last is still there;
/// - or by parts, all operations of one part at once, if none is about the whole: see [`Part`].
pub fn is_sound_projection<M: Model>(model: &M, readings: &[Reading<M::Op>], core: &[u32]) -> bool {
    let facts: Vec<Facts> = readings.iter().map(|reading| model.facts(&reading.op)).collect();
    let is_kept = |at: usize| core.binary_search(&readings[at].index).is_ok();
    let kept = || (0..readings.len()).filter(|&at| is_kept(at));
    let left_out = || (0..readings.len()).filter(|&at| !is_kept(at) && !facts[at].pure);
    let by_tokens = || {
        let required: FxHashSet<Token> = kept().filter_map(|at| facts[at].requires).collect();
        let unseen = |at: usize| match facts[at].establishes {
            Establishes::Token(token) => !required.contains(&token),
            _ => false,
        };
        tokens_tell_all(model, readings, &facts) && left_out().all(unseen)
    };
    let by_parts = || {
        let mut touched: FxHashSet<Token> = FxHashSet::default();
        for at in kept() {
            match facts[at].part {
                Part::Whole => return false,
                Part::One(part) => _ = touched.insert(part),
                Part::Any => {}
            }
        }
        left_out().all(|at| matches!(facts[at].part, Part::One(part) if !touched.contains(&part)))
    };
    core.is_sorted()
        && kept().count() == core.len()
        && (left_out().next().is_none() || by_tokens() || by_parts())
}
