//! The integration tests, in one binary: what the library promises to those who use it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod errors;
mod formats;
mod ingest;
mod models;
mod support;
