//! Puts what comes from several threads back into one order.

use std::collections::VecDeque;

/// Items that are numbered without gaps, but arrive in any order.
pub(super) struct Window<T> {
    /// The number of the first item that was not taken yet.
    next: u64,
    /// From that number on, what has arrived.
    waiting: VecDeque<Option<T>>,
}

impl<T> Default for Window<T> {
    fn default() -> Self {
        Window { next: 0, waiting: VecDeque::new() }
    }
}

impl<T> Window<T> {
    /// The number of the item that is taken next: so many were taken.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Returns whether an item waits for an earlier one.
    pub(super) fn is_held_up(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Adds item `number`; one that was taken already is dropped.
    #[inline]
    pub(super) fn put(&mut self, number: u64, item: T) {
        let Some(at) = number.checked_sub(self.next) else { return };
        let at = at as usize;
        if at == self.waiting.len() {
            self.waiting.push_back(Some(item));
            return;
        }
        if at > self.waiting.len() {
            self.waiting.resize_with(at + 1, || None);
        }
        self.waiting[at] = Some(item);
    }

    /// The next item, if it has arrived.
    #[inline]
    pub(super) fn take(&mut self) -> Option<T> {
        let item = self.waiting.front_mut()?.take()?;
        self.waiting.pop_front();
        self.next += 1;
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every order of arrival gives the one order, and nothing comes before what precedes it.
    #[test]
    fn items_come_out_in_order_whatever_order_they_arrive_in() {
        let mut orders = vec![vec![]];
        for number in 0..6u64 {
            orders = orders
                .into_iter()
                .flat_map(|order: Vec<u64>| {
                    (0..=order.len()).map(move |at| {
                        let mut longer = order.clone();
                        longer.insert(at, number);
                        longer
                    })
                })
                .collect();
        }
        assert_eq!(orders.len(), 720);
        for order in orders {
            let mut window = Window::default();
            let mut taken = Vec::new();
            for (arrived, &number) in (1..).zip(&order) {
                window.put(number, number);
                taken.extend(std::iter::from_fn(|| window.take()));
                let prefix = (0..6).take_while(|n| order[..arrived].contains(n)).count();
                assert_eq!(taken.len(), prefix, "{order:?} after {arrived}");
            }
            assert_eq!(taken, [0, 1, 2, 3, 4, 5]);
            assert_eq!(window.next(), 6);
        }
    }
}
