//! What several test binaries use: small operations of every model, and brute force.

pub mod alphabets;
pub mod oracle;
