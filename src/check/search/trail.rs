//! Writes down the order in which a successful search linearized the operations.

use crate::history::sort;
use crate::model::Pos;

/// An order of readings under construction.
#[derive(Default)]
pub(super) struct Trail {
    order: Vec<Pos>,
    /// Readings hidden by an overwrite, with its position in the order.
    hidden: Vec<(u32, Pos)>,
    /// The position of the latest overwriting operation.
    last_overwrite: u32,
}

impl Trail {
    /// `reading` is next.
    pub(super) fn push(&mut self, reading: Pos, overwrites: bool) {
        if overwrites {
            self.last_overwrite = self.order.len() as u32;
        }
        self.order.push(reading);
    }

    /// `reading` came just before the latest overwriting operation.
    pub(super) fn hide(&mut self, reading: Pos) {
        self.hidden.push((self.last_overwrite, reading));
    }

    /// The whole order.
    pub(super) fn finish(mut self) -> Vec<Pos> {
        sort::by(&mut self.hidden, |&(position, _)| position);
        let mut hidden = self.hidden.iter().peekable();
        let mut order = Vec::with_capacity(self.order.len() + self.hidden.len());
        for (position, &reading) in self.order.iter().enumerate() {
            while let Some((_, before)) =
                hidden.next_if(|&&(overwrite, _)| overwrite as usize == position)
            {
                order.push(*before);
            }
            order.push(reading);
        }
        order
    }
}
