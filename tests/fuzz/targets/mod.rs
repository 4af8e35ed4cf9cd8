//! The bodies of the fuzz targets: each takes any bytes, and panics if histcheck does something
//! that it must not do. libFuzzer calls them from `fuzz/`, and `cargo test --test fuzz` calls them
//! with seeds and mutations of these.

#[allow(dead_code)]
#[path = "../../../src/formats/jepsen/tests/blocks.rs"]
mod blocks;
mod check;
mod choices;
mod decide;
mod follow;
#[path = "../../shared/followed.rs"]
mod followed;
mod parse;
mod proof;
#[path = "../../shared/mod.rs"]
mod shared;
mod small;
mod store;

pub use check::check;
pub use decide::decide;
pub use follow::follow;
pub use parse::parse;
pub use proof::proof;
pub use store::store;

/// A target: its name, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 6] = [
    ("parse", parse),
    ("check", check),
    ("decide", decide),
    ("follow", follow),
    ("proof", proof),
    ("store", store),
];
