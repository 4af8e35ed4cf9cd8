//! What several tests share.

pub(crate) mod generate;
pub(crate) mod json;
pub(crate) mod objects;
pub(crate) mod page;
