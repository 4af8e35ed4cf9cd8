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

use super::{Latest, Projections, Ruling, established};
use crate::history::hash::Map;
use crate::history::{Rank, Span, sort};
use crate::model::{Model, Pos, Token};

/// The latest two calls of operations that require a token, of different tokens.
type Shown = [Option<(Rank, Token)>; 2];

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
    shown: Shown,
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

/// What is kept, to be asked for what an operation can have found.
struct Kept {
    /// Completed ones that change the state.
    changed: Latest,
    /// Returns of completed ones that require a token, ascending; with each the latest two calls of
    /// different tokens up to it.
    shown: Vec<(Rank, Shown)>,
    /// Those that establish each token, ascending.
    sources: Map<Token, Vec<Pos>>,
}

impl<M: Model> Projections<'_, M> {
    /// O(n log n), and as much for each operation left out as operations are kept that require what
    /// it establishes, or look at the state without saying what they found.
    pub(super) fn by_sources(&self, kept: &[Pos]) -> Ruling {
        if !self.is_told {
            return Ruling::Unsound;
        }
        let known = self.kept(kept);
        let (mut demands, mut gone) = (Vec::new(), Vec::new());
        for &at in kept.iter().filter(|&&at| !self.is_idle(at)) {
            let facts = &self.facts[at];
            match (facts.requires, facts.forbids) {
                (None, None) if facts.overwrites => {}
                (None, None) if !self.is_plain => gone.push(at),
                _ => demands.push(self.demand(&known, at)),
            }
        }
        if !gone.is_empty() {
            return Ruling::Without(gone);
        }
        self.supplied(kept, &demands)
    }

    /// Whether all `demands` can do without what is left out. Of those that cannot do without
    /// something that returned, none can stay, whatever else goes; of the others, the first one
    /// goes, since that may be enough.
    fn supplied(&self, kept: &[Pos], demands: &[Demand]) -> Ruling {
        let mut by_token: Map<Option<Token>, Vec<usize>> = Map::default();
        for (nth, demand) in demands.iter().enumerate() {
            by_token.entry(demand.requires).or_default().push(nth);
        }
        let asking = |token| by_token.get(&token).map_or(&[][..], Vec::as_slice);
        let mut is_gone = vec![false; demands.len()];
        let mut first_crashed = None;
        for at in self.left_out(kept) {
            let Some(token) = established(&self.facts[at]) else { return Ruling::Unsound };
            let has_returned = self.readings[at].span.has_returned();
            if !has_returned && first_crashed.is_some() {
                continue;
            }
            let needed = asking(Some(token)).len();
            let all_require = asking(None).is_empty();
            let mut equals = None;
            let mut spares = |nth: usize| match self.spares(&demands[nth], at) {
                Spares::Yes => true,
                Spares::No => false,
                Spares::IfEqual => {
                    *equals.get_or_insert_with(|| all_require && self.has_equals(kept, needed, at))
                }
            };
            let both = asking(Some(token)).iter().chain(asking(None)).copied();
            let lacking = both.filter(|&nth| !is_gone[nth] && !spares(nth));
            if has_returned {
                let lacking: Vec<usize> = lacking.collect();
                lacking.into_iter().for_each(|nth| is_gone[nth] = true);
            } else {
                first_crashed = lacking.min();
            }
        }
        let gone = |&(nth, demand): &(usize, &Demand)| is_gone[nth].then_some(demand.at);
        let mut gone: Vec<Pos> =
            demands.iter().enumerate().filter_map(|demand| gone(&demand)).collect();
        if gone.is_empty() {
            gone.extend(first_crashed.map(|nth| demands[nth].at));
        }
        if gone.is_empty() { Ruling::Sound } else { Ruling::Without(gone) }
    }

    /// Whether `demand` can do without the reading at `at`, which is left out.
    fn spares(&self, demand: &Demand, at: Pos) -> Spares {
        let (span, facts) = (self.readings[at].span, &self.facts[at]);
        let Some(token) = established(facts) else { return Spares::No };
        let wanted =
            demand.requires.is_none_or(|wanted| wanted == token) && demand.forbids != Some(token);
        if demand.span.ret < span.call || !wanted {
            return Spares::Yes;
        }
        let is_evident = !facts.overwrites
            || !span.has_returned()
            || demand.requires.is_none()
            || demand.source.is_some_and(|call| call > span.call);
        match demand.excludes(span.ret, token) {
            true if is_evident => Spares::Yes,
            true => Spares::No,
            false if span.has_returned() => Spares::No,
            false => Spares::IfEqual,
        }
    }

    /// Whether so many crashed operations are kept that equal the crashed one at `at` and were
    /// called before it.
    fn has_equals(&self, kept: &[Pos], needed: usize, at: Pos) -> bool {
        let reading = &self.readings[at];
        let equals = kept.iter().map(|&at| &self.readings[at]).filter(|other| {
            !other.span.has_returned()
                && other.span.call < reading.span.call
                && other.op == reading.op
        });
        equals.count() >= needed
    }

    fn kept(&self, kept: &[Pos]) -> Kept {
        let (mut changed, mut requiring) = (Vec::new(), Vec::new());
        let mut sources: Map<Token, Vec<Pos>> = Map::default();
        for &at in kept {
            let (span, facts) = (self.readings[at].span, &self.facts[at]);
            let token = established(facts);
            if let Some(token) = token {
                sources.entry(token).or_default().push(at);
            }
            // What never returned may not have happened.
            if !span.has_returned() {
                continue;
            }
            if token.is_some() {
                changed.push((span.ret, span.call));
            }
            requiring.extend(facts.requires.map(|token| (span.ret, (span.call, token))));
        }
        sort::by(&mut requiring, |&(ret, _)| ret);
        let mut latest = [None; 2];
        let shown = requiring.into_iter().map(|(ret, new)| {
            show(&mut latest, new);
            (ret, latest)
        });
        Kept { shown: shown.collect(), changed: Latest::new(changed), sources }
    }

    fn demand(&self, kept: &Kept, at: Pos) -> Demand {
        let (span, facts) = (self.readings[at].span, &self.facts[at]);
        let (requires, forbids) = (facts.requires, facts.forbids);
        let call = |at: Pos| self.readings[at].span.call;
        let sources = requires.and_then(|token| kept.sources.get(&token));
        let sources = sources.map_or(&[][..], Vec::as_slice);
        let before = sources.partition_point(|&other| call(other) < span.ret);
        let source = sources[..before].iter().rev().find(|&&other| other != at);
        let shown = kept.shown.partition_point(|&(ret, _)| ret < span.call);
        Demand {
            at,
            span,
            requires,
            forbids,
            changed: kept.changed.before(span.call),
            shown: shown.checked_sub(1).map_or([None; 2], |last| kept.shown[last].1),
            source: source.map(|&other| call(other)),
        }
    }
}

/// Whether an operation can do without another one.
enum Spares {
    Yes,
    No,
    /// It can if enough crashed operations are kept that equal it.
    IfEqual,
}

/// Enters a call with its token among the latest two of different tokens.
fn show(shown: &mut Shown, new: (Rank, Token)) {
    let [latest, other] = shown;
    match latest {
        Some(held) if held.1 == new.1 => *latest = (*latest).max(Some(new)),
        Some(held) if *held < new => (*latest, *other) = (Some(new), *latest),
        Some(_) => *other = (*other).max(Some(new)),
        None => *latest = Some(new),
    }
}
