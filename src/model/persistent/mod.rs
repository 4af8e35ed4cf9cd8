//! Persistent collections for the states of models: cloning is O(1), a step shares what it leaves
//! as it was, hashes are kept up to date as contents change, and equality is exact.

mod rope;
mod sequence;
mod tree;
mod trie;

pub use rope::{Rope, Text};
pub use sequence::Sequence;
pub use tree::{Tree, entry_hash};
pub use trie::Trie;

/// Spreads `n` over 64 bits (the finisher of splitmix64).
fn mix(n: u64) -> u64 {
    let n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

/// The base of polynomial hashes; odd, so that it has an inverse modulo 2^64.
const BASE: u64 = 0xd131_0ba6_98df_b5ad;

/// `BASE` to the power of `exponent`, modulo 2^64.
fn power(exponent: u32) -> u64 {
    BASE.wrapping_pow(exponent)
}
