//! What every check finds, and that a plain second implementation finds the same.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod choose;
mod kafka;
mod lists;
mod naive;
mod naive_logs;
mod registers;
mod sets;
mod support;
