//! How keys are numbered: the keys that the history shows, the parts of an object that is spread
//! over several registers, such as the accounts of a bank, and the locks that guard them.

/// The bits of a key that the history may show.
const SHOWN: u32 = 20;

/// Keys with this bit hold locks, whatever the others hold.
const LOCK: u32 = 1 << 30;

/// So many parts an object has at most.
pub(super) const MOST_PARTS: u32 = 256;

/// Part `number` of what the history shows as `key`.
pub(super) fn part(key: u32, number: u32) -> u32 {
    key | ((number.min(MOST_PARTS - 1) + 1) << SHOWN)
}

/// The lock that guards `key`.
pub(super) fn guard(key: u32) -> u32 {
    key | LOCK
}

/// Whether `key` is that of a lock which guards another one.
pub(super) fn is_guard(key: u32) -> bool {
    key & LOCK != 0
}

/// The key by which it is decided where copies are: all parts of an object, and the locks that
/// guard them, are in one place.
pub(super) fn whole(key: u32) -> u32 {
    key & ((1 << SHOWN) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_guards_are_keys_of_their_own_in_one_place() {
        let mut all: Vec<u32> = Vec::new();
        for key in [0, 1, 77, (1 << SHOWN) - 1] {
            for number in 0..MOST_PARTS {
                let part = part(key, number);
                all.extend([part, guard(part)]);
                assert!(is_guard(guard(part)) && !is_guard(part));
                assert_eq!((whole(part), whole(guard(part))), (key, key));
            }
            all.extend([key, guard(key)]);
        }
        let length = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), length);
    }
}
