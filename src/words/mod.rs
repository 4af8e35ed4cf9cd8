//! Operations, values, times and counts in English, for reports and explanations.

mod phrase;

pub(crate) use phrase::COMMAND;
#[cfg(feature = "figures")]
pub(crate) use phrase::null_says_nothing;
pub(crate) use phrase::{
    call_phrase, counted, duration_phrase, moment_phrase, process_phrase, return_phrase,
    value_phrase,
};
pub use phrase::{operation_phrase, printable, shortened, steers, with_thousands};
