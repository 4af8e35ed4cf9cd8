//! The names of small violations.
