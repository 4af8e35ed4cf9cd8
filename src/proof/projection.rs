//! When a part of a history may stand for the whole.

use rustc_hash::FxHashSet;

use crate::history::NEVER;
use crate::model::{Establishes, Facts, Model, Reading, Token};

/// Whether the legality and effect of all operations are told by tokens alone. Pure operations
/// that never returned do not count: they need not happen, and change nothing.
pub fn tokens_tell_all<Op>(readings: &[Reading<Op>], facts: &[Facts]) -> bool {
    let counts =
        |(reading, facts): &(&Reading<Op>, &Facts)| reading.span.ret != NEVER || !facts.pure;
    readings.iter().zip(facts).filter(counts).all(|(_, facts)| is_told_by_tokens(facts))
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
/// so if each of them is pure; or if all operations are told by tokens, and no operation kept
/// requires the token that it establishes: then whoever required a token in the whole sequence
/// finds it in the rest, since the operation that established it last is still there.
pub fn is_sound_projection<M: Model>(model: &M, readings: &[Reading<M::Op>], core: &[u32]) -> bool {
    let facts: Vec<Facts> = readings.iter().map(|reading| model.facts(&reading.op)).collect();
    let is_kept = |at: usize| core.binary_search(&readings[at].index).is_ok();
    let tokens_tell_all = tokens_tell_all(readings, &facts);
    let kept = (0..readings.len()).filter(|&at| is_kept(at));
    let required: FxHashSet<Token> = kept.clone().filter_map(|at| facts[at].requires).collect();
    let unseen = |facts: &Facts| match facts.establishes {
        Establishes::Token(token) => tokens_tell_all && !required.contains(&token),
        _ => false,
    };
    core.is_sorted()
        && kept.count() == core.len()
        && (0..readings.len()).all(|at| is_kept(at) || facts[at].pure || unseen(&facts[at]))
}
