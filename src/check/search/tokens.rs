//! Who establishes a token and who requires it, over time: tells whether a value that is about to
//! be lost is still needed, and whether it can come back.

use super::items::{Class, CrashedClass, Item, TokenId};

/// For every token its producers and observers among the completed operations, and its crashed
/// producers.
pub(super) struct Tokens {
    producers: Lists<u32>,
    observers: Lists<Observer>,
    crashed_producers: Lists<u32>,
    crashed_observers: Lists<u32>,
}

/// A completed operation that requires a token.
#[derive(Clone, Copy, Default)]
struct Observer {
    call: u32,
    /// The earliest return among this observer and those called after it.
    earliest_ret: u32,
}

impl Tokens {
    pub(super) fn new(
        tokens: usize,
        items: &[Item],
        crashed: &[CrashedClass],
        classes: &[Class],
    ) -> Tokens {
        let class = |class: u32| &classes[class as usize];
        let producers =
            Lists::new(tokens, items.iter().map(|item| (class(item.class).gives, item.call)));
        let mut observers = Lists::new(
            tokens,
            items.iter().map(|item| {
                let observer = Observer { call: item.call, earliest_ret: item.ret };
                (class(item.class).requires, observer)
            }),
        );
        for token in TokenId::below(tokens) {
            let mut earliest = u32::MAX;
            for observer in observers.of_mut(token).iter_mut().rev() {
                earliest = earliest.min(observer.earliest_ret);
                observer.earliest_ret = earliest;
            }
        }
        let group = |of: fn(&Class) -> TokenId| {
            let groups = crashed.iter().enumerate();
            Lists::new(tokens, groups.map(|(at, twins)| (of(class(twins.class)), at as u32)))
        };
        let crashed_producers = group(|class| class.gives);
        let crashed_observers = group(|class| class.requires);
        Tokens { producers, observers, crashed_producers, crashed_observers }
    }

    /// The earliest return of a completed observer of `token` that is called after `event`;
    /// `u32::MAX` if there is none.
    #[inline]
    pub(super) fn next_observation(&self, token: TokenId, event: u32) -> u32 {
        let observers = self.observers.of(token);
        let first = observers.partition_point(|observer| observer.call <= event);
        observers.get(first).map_or(u32::MAX, |observer| observer.earliest_ret)
    }

    /// Whether a completed producer of `token` is called after `event` and before `deadline`.
    #[inline]
    pub(super) fn is_produced_between(&self, token: TokenId, event: u32, deadline: u32) -> bool {
        let calls = self.producers.of(token);
        calls[calls.partition_point(|&call| call <= event)..]
            .first()
            .is_some_and(|&call| call < deadline)
    }

    /// The crashed classes that establish `token`.
    pub(super) fn crashed_producers(&self, token: TokenId) -> &[u32] {
        self.crashed_producers.of(token)
    }

    /// The crashed classes that require `token`.
    pub(super) fn crashed_observers(&self, token: TokenId) -> &[u32] {
        self.crashed_observers.of(token)
    }

    /// Approximate memory in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.producers.bytes()
            + self.observers.bytes()
            + self.crashed_producers.bytes()
            + self.crashed_observers.bytes()
    }
}

/// One list for every token, all in one vector.
struct Lists<T> {
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T: Copy + Default> Lists<T> {
    /// Sorts `pairs` into lists by token, in their order; those of [`TokenId::NONE`] are left out.
    fn new(tokens: usize, pairs: impl Iterator<Item = (TokenId, T)> + Clone) -> Lists<T> {
        let mut starts = vec![0; tokens + 1];
        for (token, _) in pairs.clone().filter(|pair| pair.0 != TokenId::NONE) {
            starts[token.index() + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut items = vec![T::default(); starts[tokens] as usize];
        for (token, item) in pairs.filter(|pair| pair.0 != TokenId::NONE) {
            items[next[token] as usize] = item;
            next[token] += 1;
        }
        Lists { starts, items }
    }

    fn of(&self, token: TokenId) -> &[T] {
        let at = token.index();
        &self.items[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    fn of_mut(&mut self, token: TokenId) -> &mut [T] {
        let at = token.index();
        &mut self.items[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    fn bytes(&self) -> usize {
        self.starts.capacity() * 4 + self.items.capacity() * size_of::<T>()
    }
}
