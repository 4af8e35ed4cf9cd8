//! Parts of histories for histcheck's own crates. Nothing here is promised: it may change in any
//! version.

pub use crate::alone::{is_micro_operation, is_transaction};
pub use crate::dense::ValueMap;
pub use crate::excerpt::{Excerpt, Rows};
pub use crate::keys::{confirms_tuples, has_tuple, mixed_keys, no_tuple, take_key};
pub use crate::memory::resident_bytes;
pub use crate::notation::function_text;
pub use crate::operation::ClientEvent;
pub use crate::sweep::Marks;
pub use crate::unwrapping::{Refused, Unwrapping};
pub use crate::value::Translation;
pub use crate::window::{End, Row, SWEEP_FROM, Window, WindowEvent};

/// What stands for a time where a record has none.
pub const NO_TIME: i64 = i64::MIN;

/// Appends formatted text to a `String`, to which writing cannot fail.
#[doc(hidden)]
#[macro_export]
macro_rules! put {
    ($out:expr, $($text:tt)*) => {{
        use ::std::fmt::Write as _;
        let _ = $out.write_fmt(format_args!($($text)*));
    }};
}

/// Appends formatted text and the end of the line to a `String`.
#[doc(hidden)]
#[macro_export]
macro_rules! putln {
    ($out:expr, $($text:tt)*) => {{
        $crate::put!($out, $($text)*);
        $out.push('\n');
    }};
}
