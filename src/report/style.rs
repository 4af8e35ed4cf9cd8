//! Colours and lines of the text reports.

/// Escape sequences for each kind of text (empty ones for plain text), and what lines are drawn
/// with.
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
    /// What lines are drawn with.
    pub strokes: Strokes,
}

/// The characters that bars are drawn with: their left end, their inside, and their right end.
#[derive(Clone, Copy, Debug)]
pub struct Strokes {
    /// An operation that happened.
    pub ok: [char; 3],
    /// One that failed.
    pub fail: [char; 3],
    /// One that may happen at any time.
    pub open: [char; 3],
    /// One that cannot be placed.
    pub culprit: [char; 3],
}

impl Strokes {
    /// Characters for drawing boxes.
    pub const BOXES: Strokes = Strokes {
        ok: ['├', '─', '┤'],
        fail: ['├', '╌', '┤'],
        open: ['├', '┄', '▸'],
        culprit: ['╞', '═', '╡'],
    };

    /// Characters of ASCII.
    pub const ASCII: Strokes = Strokes {
        ok: ['[', '-', ']'],
        fail: ['[', '~', ']'],
        open: ['[', '.', '>'],
        culprit: ['[', '=', ']'],
    };
}

impl Palette {
    /// No colours.
    pub const PLAIN: Palette = Palette {
        good: "",
        bad: "",
        unsure: "",
        label: "",
        faint: "",
        reset: "",
        strokes: Strokes::BOXES,
    };

    /// Colours as ANSI escape sequences.
    pub const ANSI: Palette = Palette {
        good: "\x1b[1;32m",
        bad: "\x1b[1;31m",
        unsure: "\x1b[1;33m",
        label: "\x1b[1m",
        faint: "\x1b[2m",
        reset: "\x1b[0m",
        strokes: Strokes::BOXES,
    };
}
