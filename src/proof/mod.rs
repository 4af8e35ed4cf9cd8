//! Verifies certificates. Shares nothing with the deciders but the model and the history: slow and
//! simple on purpose, so that it can be read and believed.

mod confirm;
mod erasure;
mod minimality;
pub(crate) mod projection;
mod refute;
#[cfg(test)]
mod tests;
mod witness;

pub use confirm::{Proof, confirm_failure, confirm_order};
pub use erasure::Erased;
pub use minimality::{Minimality, is_minimal};
pub use projection::is_sound_projection;
pub use refute::{Refutation, refute};
pub use witness::{WitnessError, verify_order};
