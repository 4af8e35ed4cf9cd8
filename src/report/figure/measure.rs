//! How wide text is at most, without any font: what is drawn must fit wherever it is looked at.
//!
//! Viewers choose the font, so that widths are those of the widest usual ones: DejaVu Sans among
//! those of varying width, and 0.602 em a cell among those of fixed width.

use unicode_width::UnicodeWidthChar;

/// A font, as far as its width counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Font {
    /// Letters of varying width.
    Sans,
    /// The same in bold.
    Bold,
    /// Letters of one width.
    Mono,
}

/// The width of one character, in thousandths of the font's size.
fn advance(c: char, font: Font) -> u64 {
    let cells = c.width().unwrap_or(0) as u64;
    if cells != 1 {
        return cells * 602;
    }
    let sans = match c {
        'i' | 'j' | 'l' | '\'' | '|' | '.' | ',' | ':' | ';' | '!' | '`' => 340,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | ' ' | '/' | 'I' | '"' => 460,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '—' | '…' | '→' => 1_000,
        'a'..='z' | '0'..='9' | '_' => 640,
        'A'..='Z' => 790,
        ' '..='~' => 840,
        _ => 1_000,
    };
    match font {
        Font::Mono => 602,
        Font::Sans => sans,
        Font::Bold => sans * 28 / 25,
    }
}

/// The greatest width that `text` can have at `size` pixels, in pixels.
pub(super) fn width(text: &str, font: Font, size: f64) -> f64 {
    let thousandths: u64 = text.chars().map(|c| advance(c, font)).sum();
    thousandths as f64 * size / 1_000.0
}

/// `text` cut so that it is no wider than `limit` pixels; empty if not even a letter and an
/// ellipsis are.
pub(super) fn fitted(text: &str, font: Font, size: f64, limit: f64) -> String {
    if width(text, font, size) <= limit {
        return text.to_owned();
    }
    let limit = limit - width("…", font, size);
    let mut used = 0.0;
    let mut kept = String::new();
    for c in text.chars() {
        used += width(c.encode_utf8(&mut [0; 4]), font, size);
        if used > limit {
            break;
        }
        kept.push(c);
    }
    let kept = kept.trim_end();
    if kept.is_empty() { String::new() } else { format!("{kept}…") }
}

/// `text` in at most `lines` lines that are no wider than `limit` pixels; the last one is cut.
pub(super) fn wrapped(text: &str, font: Font, size: f64, limit: f64, lines: usize) -> Vec<String> {
    let mut wrapped: Vec<String> = Vec::new();
    let mut words = text.split(' ').peekable();
    while words.peek().is_some() {
        if wrapped.len() + 1 == lines {
            let rest: Vec<&str> = words.collect();
            wrapped.push(fitted(&rest.join(" "), font, size, limit));
            return wrapped;
        }
        let mut line = String::new();
        while let Some(word) = words.peek() {
            let longer =
                if line.is_empty() { (*word).to_owned() } else { format!("{line} {word}") };
            if !line.is_empty() && width(&longer, font, size) > limit {
                break;
            }
            line = longer;
            words.next();
        }
        wrapped.push(fitted(&line, font, size, limit));
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fitted_fits() {
        for text in ["", "write 1", "read → [1,2,3,4]", "読み取り → 値", "🙂🙂🙂🙂", "a\u{301}bc"]
        {
            for font in [Font::Sans, Font::Bold, Font::Mono] {
                for limit in 0..90 {
                    let limit = f64::from(limit);
                    let cut = fitted(text, font, 12.0, limit);
                    assert!(width(&cut, font, 12.0) <= limit, "{cut:?} in {limit}");
                }
                assert_eq!(fitted(text, font, 12.0, 1e6), text);
            }
        }
    }

    #[test]
    fn lines_hold_all_words_or_end_in_an_ellipsis() {
        let text = "process 1 read 1 although process 0's write of 2 was acknowledged";
        let lines = wrapped(text, Font::Sans, 13.0, 200.0, 9);
        assert_eq!(lines.join(" "), text);
        assert!(lines.len() > 1);
        let lines = wrapped(text, Font::Sans, 13.0, 200.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…'));
    }
}
