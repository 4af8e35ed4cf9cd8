//! Example systems, correct and broken, that make histories.

pub mod threads;
