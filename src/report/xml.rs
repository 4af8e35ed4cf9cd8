//! Text as it stands in XML, for pictures and for JUnit.

use crate::words::steers;

/// `text` as content or as the value of an attribute. Characters that XML has no place for are left
/// out, and all control characters with them; others that [steer](steers) are replaced.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => {}
            c if c.is_control() => {}
            // Two would start a command to a service that shows what is printed.
            '#' if out.ends_with('#') => out.push_str("&#35;"),
            c if steers(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_markup() {
        assert_eq!(escaped("<a b=\"1\">&\u{1b}\u{0}é"), "&lt;a b=&quot;1&quot;&gt;&amp;é");
        assert_eq!(escaped("]]>\u{ffff}\n"), "]]&gt;");
    }
}
