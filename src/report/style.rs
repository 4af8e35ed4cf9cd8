//! Colours of the text reports.

/// Escape sequences for each kind of text; empty ones for plain text.
#[derive(Clone, Copy, Debug)]
pub struct Palette {
    /// Something valid.
    pub good: &'static str,
    /// Something invalid.
    pub bad: &'static str,
    /// Something undecided, or a warning.
    pub unsure: &'static str,
    /// Labels and headings.
    pub label: &'static str,
    /// Text of lesser importance.
    pub faint: &'static str,
    /// Back to normal.
    pub reset: &'static str,
}

impl Palette {
    /// No colours.
    pub const PLAIN: Palette =
        Palette { good: "", bad: "", unsure: "", label: "", faint: "", reset: "" };

    /// Colours as ANSI escape sequences.
    pub const ANSI: Palette = Palette {
        good: "\x1b[1;32m",
        bad: "\x1b[1;31m",
        unsure: "\x1b[1;33m",
        label: "\x1b[1m",
        faint: "\x1b[2m",
        reset: "\x1b[0m",
    };
}
