//! What a set holds, and what a read of all of it listed: compact, since a history of a set has
//! many such reads.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::persistent::{Tree, entry_hash};
use crate::history::Value;

/// The elements of a [`Set`](super::Set), by the handles of their values.
pub type Contents = Tree<()>;

/// Where a [`Contents`] has an element.
pub(super) fn key(value: Value) -> u128 {
    value.handle().into()
}

/// Different elements, in the order of their handles. Costs four bytes an element; a copy costs
/// nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listing {
    /// That of a set that holds just these.
    hash: u64,
    elements: Arc<[Value]>,
}

impl Listing {
    /// What lists `elements`; `None` if one of them is there twice. O(n log n), and O(n) if they
    /// are in order.
    pub fn of(elements: &[Value]) -> Option<Listing> {
        let mut elements: Arc<[Value]> = elements.into();
        Arc::get_mut(&mut elements)?.sort_unstable();
        if elements.array_windows().any(|[one, next]| one == next) {
            return None;
        }
        Some(Listing::sorted(elements))
    }

    fn sorted(elements: Arc<[Value]>) -> Listing {
        let hashes = elements.iter().map(|&element| entry_hash(key(element), &()));
        Listing { hash: hashes.fold(0, u64::wrapping_add), elements }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// Whether `element` is there. O(log n).
    pub fn holds(&self, element: Value) -> bool {
        self.elements.binary_search_by_key(&element.handle(), |other| other.handle()).is_ok()
    }

    /// The elements, in the order of their handles.
    pub fn iter(&self) -> impl Iterator<Item = Value> {
        self.elements.iter().copied()
    }

    /// Tells `differs` of each element that is here or in `contents` and not in both, and whether
    /// it is here. O(n).
    pub fn difference(&self, contents: &Contents, differs: &mut dyn FnMut(Value, bool)) {
        let mut here = self.iter().peekable();
        for there in contents.iter().map(|(handle, ())| Value::of_handle(handle as u32)) {
            while let Some(new) = here.next_if(|new| new.handle() < there.handle()) {
                differs(new, true);
            }
            if here.next_if_eq(&there).is_none() {
                differs(there, false);
            }
        }
        here.for_each(|new| differs(new, true));
    }

    /// Whether these are all that `contents` holds. O(n) if so, else mostly O(1).
    pub fn is_all_of(&self, contents: &Contents) -> bool {
        self.len() == contents.len()
            && self.hash == contents.content_hash()
            && contents.iter().map(|(handle, ())| handle).eq(self.iter().map(key))
    }
}

impl From<&Contents> for Listing {
    fn from(contents: &Contents) -> Listing {
        Listing::sorted(contents.iter().map(|(key, ())| Value::of_handle(key as u32)).collect())
    }
}

impl Hash for Listing {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::model::Set;

    fn value(n: i64) -> Value {
        crate::history::ValueTable::small_int(n).unwrap()
    }

    #[test]
    fn it_is_all_of_a_set_that_holds_the_same() {
        let items: Vec<Value> = [5, 1, 9, 3].map(value).into();
        let listing = Listing::of(&items).unwrap();
        let set = Set::new(&items).initial;
        assert!(listing.is_all_of(&set));
        assert_eq!(Listing::from(&set), listing);
        assert!(!listing.is_all_of(&Set::new(&items[1..]).initial));
        let other: Vec<Value> = [5, 1, 9, 4].map(value).into();
        assert!(!listing.is_all_of(&Set::new(&other).initial));
        assert!(listing.holds(value(9)) && !listing.holds(value(4)));
        assert_eq!(Listing::of(&[value(1), value(2), value(1)]), None);
    }

    /// Hashes are a shortcut: what differs behind equal ones differs.
    #[test]
    fn equality_does_not_rest_on_hashes() {
        let [one, other] = [1, 2].map(|n| Listing::of(&[value(n)]).unwrap());
        let same_hash = Listing { hash: one.hash, ..other };
        assert_ne!(one, same_hash);
        assert!(!same_hash.is_all_of(&Set::new(&[value(1)]).initial));
    }
}
