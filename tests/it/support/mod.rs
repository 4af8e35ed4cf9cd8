//! What several tests share.

#[cfg(feature = "cli")]
pub(crate) mod browser;
pub(crate) mod generate;
#[cfg(feature = "cli")]
pub(crate) mod hard;
pub(crate) mod json;
pub(crate) mod objects;
