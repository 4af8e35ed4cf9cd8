//! Objects whose legality rests on tokens: what nobody kept can have found may go.
//!
//! *Condition.* Tokens suffice; every operation that changes the state says which token it leaves;
//! every operation kept overwrites the state, or requires or forbids a token, unless all that
//! change the state overwrite it: then the source of an operation tells the state that it finds.
//!
//! The *source* of an operation, in a linearization, is the last one before it that changes the
//! state. If no operation kept has a source that is left out, in no linearization, then what is
//! left of a linearization is legal: everyone still finds the token that its source left.
//! An operation *s* left out, with token *t*, cannot be the source of *k*
//!
//! - if *k* returns before *s* is called; or requires another token than *t*, or forbids *t*;
//! - or if an operation *o* that is kept and completed lies between the two in real time, and
//!   changes the state, or requires another token than *t*: for then *s* is not the last one.
//!
//! Of crashed operations that are equal, the earliest suffice, as many as operations are kept that
//! require their token: let *s*, crashed and left out, be a source of one of them. Then one of its
//! equals is the source of none, and can take the place of *s*, since it was called no later. (It
//! may lose its own place: nobody kept finds what it left there. What it requires is found, as *s*
//! found it: what cannot be the source of the one called earlier cannot be that of *s*.) That holds
//! where every operation kept that looks at the state requires a token.
//!
//! Beyond what soundness needs, the last completed plain write that can have been seen is not left
//! out, nor is what it is called: who looks at the part sees that a value was written, and when.

use super::{Projections, Ruling, established};
use crate::history::{Rank, Span};
use crate::model::{Model, Pos, Token};

/// What an operation that is kept asks of its source.
struct Demand {
    at: Pos,
    span: Span,
    requires: Option<Token>,
    forbids: Option<Token>,
    /// The latest call of those kept that change the state and precede it.
    changed: Option<Rank>,
    /// Those kept that precede it and require a token: the latest call, with its token, and the
    /// latest with another token.
    shown: [Option<(Rank, Token)>; 2],
    /// The latest call of those kept that establish what it requires, and may precede it.
    source: Option<Rank>,
}

impl Demand {
    /// Whether something that returns at `ret` and leaves `token` is certainly not the last
    /// change before it.
    fn excludes(&self, ret: Rank, token: Token) -> bool {
        let shown = self.shown.iter().flatten().any(|&(call, shown)| shown != token && call > ret);
        ret != Rank::NEVER && (shown || self.changed.is_some_and(|call| call > ret))
    }
}

impl<M: Model> Projections<'_, M> {
    pub(super) fn by_sources(&self, kept: &[Pos]) -> Ruling {
        if !self.is_told {
            return Ruling::Unsound;
        }
        let (mut demands, mut gone) = (Vec::new(), Vec::new());
        for &at in kept.iter().filter(|&&at| !self.is_idle(at)) {
            let facts = &self.facts[at];
            match (facts.requires, facts.forbids) {
                (None, None) if facts.overwrites => {}
                (None, None) if !self.is_plain => gone.push(at),
                _ => demands.push(self.demand(kept, at)),
            }
        }
        if !gone.is_empty() {
            return Ruling::Without(gone);
        }
        for at in self.left_out(kept) {
            if let Some(demand) =
                demands.iter().find(|demand| !self.spares(kept, &demands, demand, at))
            {
                return Ruling::Without(vec![demand.at]);
            }
        }
        Ruling::Sound
    }

    /// Whether `demand` can do without the reading at `at`, which is left out.
    fn spares(&self, kept: &[Pos], demands: &[Demand], demand: &Demand, at: Pos) -> bool {
        let (span, facts) = (self.readings[at].span, &self.facts[at]);
        let Some(token) = established(facts) else { return false };
        let wanted =
            demand.requires.is_none_or(|wanted| wanted == token) && demand.forbids != Some(token);
        if demand.span.ret < span.call || !wanted {
            return true;
        }
        let is_evident = !facts.overwrites
            || !span.has_returned()
            || demand.requires.is_none()
            || demand.source.is_some_and(|call| call > span.call);
        if demand.excludes(span.ret, token) {
            return is_evident;
        }
        !span.has_returned() && self.has_equals(kept, demands, at, token)
    }

    /// Whether enough crashed operations are kept that equal the crashed one at `at`.
    fn has_equals(&self, kept: &[Pos], demands: &[Demand], at: Pos, token: Token) -> bool {
        let reading = &self.readings[at];
        let equals = kept.iter().map(|&at| &self.readings[at]).filter(|other| {
            !other.span.has_returned()
                && other.span.call < reading.span.call
                && other.op == reading.op
        });
        let needed = demands.iter().filter(|demand| demand.requires == Some(token)).count();
        demands.iter().all(|demand| demand.requires.is_some()) && equals.count() >= needed
    }

    fn demand(&self, kept: &[Pos], at: Pos) -> Demand {
        let (span, facts) = (self.readings[at].span, &self.facts[at]);
        let (requires, forbids) = (facts.requires, facts.forbids);
        let mut demand =
            Demand { at, span, requires, forbids, changed: None, shown: [None; 2], source: None };
        for &other in kept.iter().filter(|&&other| other != at) {
            let (before, facts) = (self.readings[other].span, &self.facts[other]);
            let token = established(facts);
            if before.call < span.ret && token.is_some() && token == requires {
                demand.source = demand.source.max(Some(before.call));
            }
            // What never returned may not have happened.
            if before.ret == Rank::NEVER || before.ret >= span.call {
                continue;
            }
            if token.is_some() {
                demand.changed = demand.changed.max(Some(before.call));
            }
            if let Some(token) = facts.requires {
                show(&mut demand.shown, (before.call, token));
            }
        }
        demand
    }
}

/// Enters a call with its token among the latest two of different tokens.
fn show(shown: &mut [Option<(Rank, Token)>; 2], new: (Rank, Token)) {
    let [latest, other] = shown;
    match latest {
        Some(held) if held.1 == new.1 => *latest = (*latest).max(Some(new)),
        Some(held) if *held < new => (*latest, *other) = (Some(new), *latest),
        Some(_) => *other = (*other).max(Some(new)),
        None => *latest = Some(new),
    }
}
