//! Turns the operations of one key into what the search walks: classes of interchangeable
//! operations, events, slots, and tables of who establishes and who requires what.

use super::automaton::Space;
use super::items::{Class, CrashedClass, Event, Item, TokenId};
use super::tokens::Tokens;
use crate::history::hash::Map;
use crate::history::{Rank, Span, sort};
use crate::model::{Establishes, Facts, Pos};

/// One key's history, ready for the search.
pub(super) struct Prepared {
    pub(super) events: Vec<Event>,
    pub(super) items: Vec<Item>,
    pub(super) classes: Vec<Class>,
    /// In the order of their first calls.
    pub(super) crashed: Vec<CrashedClass>,
    pub(super) tokens: Tokens,
    /// The dense numbers of tokens.
    pub(super) token_ids: Map<u64, TokenId>,
    /// How many slots there are: the most completed operations that are open at once.
    pub(super) width: usize,
    /// Whether an operation's legality may rest on more of the state than its token.
    pub(super) opaque: bool,
    /// Whether some operation may establish a token that is not known beforehand.
    pub(super) unknown_gives: bool,
    /// Whether any operation overwrites the state.
    pub(super) overwrites: bool,
}

impl Prepared {
    /// Approximate memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.events.capacity() * size_of::<Event>()
            + self.items.capacity() * size_of::<Item>()
            + self.classes.capacity() * size_of::<Class>()
            + self.token_ids.capacity() * 13
            + self.tokens.bytes()
    }
}

/// The most operations of one crashed class: their count has 16 bits.
const MAX_TWINS: usize = u16::MAX as usize;

/// Prepares the operations of a space for the search.
pub(super) fn prepare(space: &Space) -> Prepared {
    let Space { spans, class_of, facts, .. } = space;
    let mut token_ids = Map::default();
    let classes: Vec<Class> = facts.iter().map(|facts| class(facts, &mut token_ids)).collect();
    let completed = |at: usize| spans[at].ret != Rank::NEVER;
    let opaque = (0..spans.len()).any(|at| {
        let class = &classes[class_of[at] as usize];
        // A crashed operation without effect is of no use to anyone, and left out below.
        let left_out = class.pure && !completed(at);
        !class.overwrites && class.requires == TokenId::NONE && !left_out
    });
    let unknown_gives = classes.iter().any(|class| !class.pure && class.gives == TokenId::NONE);
    let overwrites = classes.iter().any(|class| class.overwrites);
    let mut observed = vec![false; token_ids.len()];
    for &class in class_of {
        let requires = classes[class as usize].requires;
        if requires != TokenId::NONE {
            observed[requires] = true;
        }
    }
    let useful = |at: usize| {
        let class = &classes[class_of[at] as usize];
        let seen = opaque || class.gives == TokenId::NONE || observed[class.gives];
        completed(at) || (!class.pure && seen)
    };
    let timeline = Timeline::new(spans, class_of, useful);
    let tokens = Tokens::new(token_ids.len(), &timeline.items, &timeline.crashed, &classes);
    Prepared {
        events: timeline.events,
        items: timeline.items,
        classes,
        crashed: timeline.crashed,
        tokens,
        token_ids,
        width: timeline.width,
        opaque,
        unknown_gives,
        overwrites,
    }
}

/// Returns what the search knows of a class; its tokens get numbers.
fn class(facts: &Facts, token_ids: &mut Map<u64, TokenId>) -> Class {
    let mut id = |token: u64| {
        let next = TokenId::new(token_ids.len());
        *token_ids.entry(token).or_insert(next)
    };
    let requires = facts.requires.map_or(TokenId::NONE, &mut id);
    let gives = match facts.establishes {
        Establishes::Token(token) if !facts.pure => id(token),
        _ => TokenId::NONE,
    };
    Class { pure: facts.pure, overwrites: facts.overwrites, requires, gives }
}

/// Events with their items, slots given out.
struct Timeline {
    events: Vec<Event>,
    items: Vec<Item>,
    crashed: Vec<CrashedClass>,
    width: usize,
}

impl Timeline {
    fn new(spans: &[Span], class_of: &[u32], useful: impl Fn(usize) -> bool) -> Timeline {
        let mut timeline = Timeline {
            events: Vec::with_capacity(spans.len() * 2),
            items: Vec::with_capacity(spans.len()),
            crashed: Vec::new(),
            width: 0,
        };
        let mut crashed_of: Map<u32, u32> = Map::default();
        // Returns of the items so far, by rank; calls come in order.
        let mut returns: Vec<(Rank, u32)> = Vec::with_capacity(spans.len());
        let mut calls: Vec<(Rank, Pos)> = Vec::with_capacity(spans.len());
        for (at, span) in Pos::below(spans.len()).zip(spans) {
            if !useful(at.index()) {
                continue;
            }
            calls.push((span.call, at));
            if span.has_returned() {
                returns.push((span.ret, timeline.items.len() as u32));
                timeline.items.push(Item {
                    class: class_of[at],
                    reading: at,
                    slot: 0,
                    call: 0,
                    ret: 0,
                });
            }
        }
        sort::by(&mut returns, |&(ret, _)| ret);
        let mut slots = Slots::default();
        let (mut next_return, mut next_item) = (0, 0);
        for (rank, at) in calls {
            while next_return < returns.len() && returns[next_return].0 < rank {
                timeline.returns(returns[next_return].1, &mut slots);
                next_return += 1;
            }
            if spans[at].ret == Rank::NEVER {
                timeline.crashes(class_of[at], at, &mut crashed_of);
            } else {
                timeline.items[next_item].slot = slots.take();
                timeline.items[next_item].call = timeline.events.len() as u32;
                timeline.events.push(Event::Call(next_item as u32));
                next_item += 1;
            }
        }
        for &(_, item) in &returns[next_return..] {
            timeline.returns(item, &mut slots);
        }
        timeline.width = slots.width;
        timeline
    }

    fn returns(&mut self, item: u32, slots: &mut Slots) {
        self.items[item as usize].ret = self.events.len() as u32;
        slots.give_back(self.items[item as usize].slot);
        self.events.push(Event::Return(item));
    }

    fn crashes(&mut self, class: u32, reading: Pos, crashed_of: &mut Map<u32, u32>) {
        let mut group = *crashed_of.entry(class).or_insert(u32::MAX);
        if group == u32::MAX || self.crashed[group as usize].calls.len() == MAX_TWINS {
            group = self.crashed.len() as u32;
            self.crashed.push(CrashedClass { class, calls: Vec::new(), readings: Vec::new() });
            crashed_of.insert(class, group);
        }
        let event = self.events.len() as u32;
        let twins = &mut self.crashed[group as usize];
        twins.calls.push(event);
        twins.readings.push(reading);
        self.events.push(Event::Crash);
    }
}

/// Gives out the lowest free slot.
#[derive(Default)]
struct Slots {
    free: Vec<u64>,
    width: usize,
}

impl Slots {
    fn take(&mut self) -> u32 {
        let word = self.free.iter().position(|&word| word != 0).unwrap_or_else(|| {
            self.free.push(u64::MAX);
            self.free.len() - 1
        });
        let bit = self.free[word].trailing_zeros();
        self.free[word] &= self.free[word] - 1;
        let slot = word as u32 * 64 + bit;
        self.width = self.width.max(slot as usize + 1);
        slot
    }

    fn give_back(&mut self, slot: u32) {
        self.free[slot as usize / 64] |= 1 << (slot % 64);
    }
}
