//! What several tests share.

#[cfg(feature = "cli")]
pub(crate) mod browser;
pub(crate) mod generate;
pub(crate) mod json;
pub(crate) mod objects;
pub(crate) mod page;
