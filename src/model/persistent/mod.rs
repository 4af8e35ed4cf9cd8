//! Persistent collections for the states of models: cloning is O(1), a step shares what it leaves
//! as it was, hashes are kept up to date as contents change, and equality is exact.

mod polynomial;
mod rope;
mod sequence;
mod tree;
mod trie;

pub use rope::{Rope, Text};
pub use sequence::Sequence;
pub use tree::{Tree, entry_hash};
pub use trie::Trie;
