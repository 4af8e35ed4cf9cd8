//! Bytes as a sequence of choices: one byte each, so that a change of a byte changes one choice.

/// Bytes that are yet to be used. Behind their end come zeros.
pub struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    pub fn new(data: &[u8]) -> Choices<'_> {
        Choices(data)
    }

    pub fn byte(&mut self) -> u8 {
        let (&first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        first
    }

    /// A number below `count`, which is not 0 and has room in a byte.
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count
    }

    /// One of `items`, which are not none.
    pub fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}
