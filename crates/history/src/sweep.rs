//! Forgets values that nobody holds, so that a table serves a history without end. Handles stay
//! what they are: those of forgotten values wait for new ones.

use super::value::{Kind, Node};
use super::{Value, ValueTable};

/// The values of one table that are to be kept.
pub struct Marks<'t> {
    table: &'t ValueTable,
    kept: Vec<bool>,
    /// Collections whose items are not marked yet.
    pending: Vec<Value>,
}

impl Marks<'_> {
    /// Keeps `value`, and what it consists of. Amortized O(1) for each value that is kept.
    pub fn keep(&mut self, value: Value) {
        self.mark(value);
        while let Some(value) = self.pending.pop() {
            let Some(&Node { len, start, .. }) = self.table.nodes.get(value.handle() as usize)
            else {
                // It is packed, and stays; what it consists of is to be kept.
                for &item in self.table.as_list(value).unwrap_or_default() {
                    self.mark(item);
                }
                continue;
            };
            for at in start as usize..start as usize + len as usize {
                self.mark(self.table.items[at]);
            }
        }
    }

    /// Keeps all values that are there.
    pub fn keep_all(&mut self) {
        self.kept.fill(true);
    }

    fn mark(&mut self, value: Value) {
        if !value.is_stored() {
            return;
        }
        let at = value.handle() as usize;
        let Some(kept) = self.kept.get_mut(at) else { return self.pending.push(value) };
        let is_new = !std::mem::replace(kept, true);
        if is_new && is_collection(self.table.nodes[at].kind) {
            self.pending.push(value);
        }
    }
}

fn is_collection(kind: Kind) -> bool {
    matches!(kind, Kind::List | Kind::Set | Kind::Map | Kind::Tagged)
}

impl ValueTable {
    /// Forgets all values but those that `hold` marks, in O(values and their bytes). The handles of
    /// the others must not be used any more: new values will have them.
    pub(crate) fn sweep(&mut self, hold: impl FnOnce(&mut Marks<'_>)) {
        let mut marks =
            Marks { table: self, kept: vec![false; self.nodes.len()], pending: Vec::new() };
        hold(&mut marks);
        let mut kept = marks.kept;
        // These every table has.
        kept[..=Value::TRUE.handle() as usize].fill(true);
        let len = kept.iter().rposition(|&kept| kept).map_or(0, |last| last + 1);
        self.nodes.truncate(len);
        self.nodes.shrink_to(2 * len);
        self.hashes.truncate(len);
        self.hashes.shrink_to(2 * len);
        self.free.clear();
        let (bytes, items) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.items));
        let mut count = 0;
        // Small handles are found without hashing, and are to be given first.
        for at in (0..len).rev() {
            let node = &mut self.nodes[at];
            if !kept[at] {
                *node = Node { kind: Kind::Free, len: 0, start: 0 };
                self.free.push(at as u32);
                continue;
            }
            count += 1;
            let from = node.start as usize;
            let range = from..from + node.len as usize;
            if node.kind.is_textual() {
                node.start = self.bytes.len() as u64;
                self.bytes.push_str(&bytes[range]);
            } else if is_collection(node.kind) {
                node.start = self.items.len() as u64;
                self.items.extend_from_slice(&items[range]);
            }
        }
        self.free.shrink_to(2 * self.free.len());
        self.make_index(count);
    }

    /// How many bytes the values take, without room for more; the index is mostly half full.
    pub(crate) fn used_bytes(&self) -> usize {
        let values = self.nodes.len() - self.free.len();
        values * (size_of::<Node>() + size_of::<u32>() + 2 * size_of::<u64>())
            + self.bytes.len()
            + self.items.len() * size_of::<Value>()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use proptest::prelude::*;

    use super::*;

    /// A value of one of many kinds, by number; its parts have smaller numbers.
    fn make(table: &mut ValueTable, number: u32) -> Value {
        let inner = |table: &mut ValueTable| {
            [number / 3, number / 5]
                .map(|part| if part < number { make(table, part) } else { Value::NULL })
        };
        match number % 9 {
            0 => table.text(&format!("text {number}")),
            1 => table.int(i64::from(number) << 33),
            2 => table.int(number.into()),
            3 if number.is_multiple_of(2) => table.list(&[]),
            3 => table.keyword(&number.to_string()),
            4 => {
                let items = inner(table);
                table.list(&items)
            }
            5 => {
                let items = inner(table);
                table.set(&items)
            }
            6 => {
                let [a, b] = inner(table);
                let key = table.int(7);
                if a == key { table.map(&[(a, b)]) } else { table.map(&[(a, b), (key, a)]) }
            }
            7 => {
                let [a, _] = inner(table);
                table.tagged("tag", a)
            }
            _ => table.decimal(&format!("{number}.5")).unwrap(),
        }
    }

    proptest! {
        #[test]
        fn what_is_held_stays_and_the_rest_makes_room(
            rounds in prop::collection::vec(
                (prop::collection::vec(0..2000_u32, 0..60), any::<u64>()), 1..12,
            ),
        ) {
            let mut table = ValueTable::new();
            let mut held: Vec<(u32, Value)> = Vec::new();
            for (numbers, choice) in rounds {
                for (at, &number) in numbers.iter().enumerate() {
                    let value = make(&mut table, number);
                    if choice >> (at % 64) & 1 == 1 {
                        held.push((number, value));
                    }
                }
                held.retain(|(number, _)| choice >> (number % 61) & 3 != 0);
                table.sweep(|marks| held.iter().for_each(|&(_, value)| marks.keep(value)));
                let mut fresh = ValueTable::new();
                for &(number, value) in &held {
                    let expected = make(&mut fresh, number);
                    // In one table, equal values have equal handles.
                    prop_assert_eq!(fresh.import(&table, value), expected);
                }
                let stored = table.nodes.len() - table.free.len();
                prop_assert_eq!(stored, table.index.len() + 3);
                prop_assert!(stored <= fresh.len(), "{} {}", stored, fresh.len());
                prop_assert!(table.bytes.len() <= fresh.bytes.len());
                prop_assert!(table.items.len() <= fresh.items.len());
                for &(number, value) in &held {
                    prop_assert_eq!(make(&mut table, number), value);
                }
            }
        }
    }

    #[test]
    fn a_table_that_is_swept_stays_small() {
        let mut table = ValueTable::new();
        let kept = table.text("kept");
        for round in 0..100 {
            for number in 0..1000 {
                let text = table.text(&format!("{round} {number}"));
                table.list(&[text, kept]);
            }
            table.sweep(|marks| marks.keep(kept));
            assert!(table.used_bytes() < 1000, "{}", table.used_bytes());
            assert!(table.heap_bytes() < 2000, "{}", table.heap_bytes());
        }
        assert_eq!(table.as_name(kept), Some("kept"));
    }
}
