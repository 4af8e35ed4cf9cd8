//! Errors with the line that they are about, as compilers show them.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet, renderer::DecorStyle};
use histcheck::formats::Input;
use histcheck::report::{printable, steers};
use histcheck::{Error, Place};

/// So many characters of a line are shown at most,
const SHOWN: usize = 90;

/// and so many of them before the place of an error, if there are more.
const BEFORE: usize = 50;

/// `error`, about the file called `file`, with its line if `input` has it.
pub(crate) fn render(file: &str, error: &Error, input: Option<&Input>, colored: bool) -> String {
    let file_of =
        |input: &'_ Input| error.place.and_then(|place| input.file_of(place)).map(printable);
    let file = input.and_then(file_of).unwrap_or_else(|| printable(file));
    let message = clipped(&printable(&error.message));
    let title = Level::ERROR.primary_title(message.as_str()).id(error.code.as_str());
    let place = error.place.filter(|place| place.line > 0);
    let window = place.zip(input).map(|(place, input)| Window::of(input.line(place), place));
    let mut group = match (&window, place) {
        (Some(window), Some(place)) => {
            let mark = AnnotationKind::Primary.span(window.mark.clone());
            let snippet = Snippet::source(window.text.as_str()).line_start(place.line);
            title.element(snippet.path(file.as_str()).annotation(mark))
        }
        (None, Some(place)) => {
            let origin = Origin::path(file.as_str()).line(place.line);
            title.element(origin.char_column(place.column))
        }
        _ => title.element(Origin::path(file.as_str())),
    };
    let hint = error.hint.as_deref().map(|hint| clipped(&printable(hint)));
    if let Some(hint) = &hint {
        group = group.element(Level::HELP.message(hint.as_str()));
    }
    let renderer = if colored { Renderer::styled() } else { Renderer::plain() };
    // The window is narrow enough, also if its characters are wide; nothing else is to be cut.
    let shown = renderer.decor_style(DecorStyle::Ascii).term_width(3 * SHOWN).render(&[group]);
    match (window, place) {
        // The renderer counts the column within what is shown of the line.
        (Some(window), Some(place)) => {
            let place_in = |column| format!("{file}:{}:{column}", place.line);
            shown.replacen(&place_in(window.column()), &place_in(place.column), 1)
        }
        _ => shown,
    }
}

/// Names and values longer than this are cut in messages.
const WORD: usize = 160;

/// `text` without the ends of its long words, and of what is long between backquotes.
fn clipped(text: &str) -> String {
    if text.len() <= WORD {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let (mut length, mut is_quoted) = (0, false);
    for c in text.chars() {
        is_quoted ^= c == '`';
        let ends = c == '`' || c == ' ' && !is_quoted;
        length = if ends { 0 } else { length + 1 };
        match length {
            0..WORD => out.push(c),
            WORD => out.push('…'),
            _ => {}
        }
    }
    out
}

/// The part of a line that is shown, and what is marked in it.
#[derive(PartialEq, Eq, Debug)]
struct Window {
    text: String,
    mark: Range<usize>,
}

impl Window {
    fn of(line: &str, place: Place) -> Window {
        let len = line.chars().count();
        let at = place.column.saturating_sub(1).min(len);
        let first = if len <= SHOWN { 0 } else { at.saturating_sub(BEFORE) };
        let mut characters = line.chars().skip(first);
        let mut text = if first > 0 { "…".to_owned() } else { String::new() };
        let push = |text: &mut String, character: char| match character {
            '\t' => text.push(' '),
            character if steers(character) => text.push('\u{fffd}'),
            // It would start a command to a service that shows what is printed.
            '#' if text.ends_with('#') => text.push('\u{fffd}'),
            character => text.push(character),
        };
        for character in characters.by_ref().take(at - first) {
            push(&mut text, character);
        }
        let start = text.len();
        let mut end = start;
        for (nth, character) in characters.by_ref().take(SHOWN - (at - first)).enumerate() {
            push(&mut text, character);
            if nth == 0 {
                end = text.len();
            }
        }
        if characters.next().is_some() {
            text.push('…');
        }
        if start == end {
            // Behind the end of the line, where something is missing.
            text.push(' ');
            end = text.len();
        }
        Window { text, mark: start..end }
    }

    /// The column of the mark within the text, from 1.
    fn column(&self) -> usize {
        self.text[..self.mark.start].chars().count() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use histcheck::Code;

    fn window(line: &str, column: usize) -> (String, String) {
        let window = Window::of(line, Place { offset: 0, line: 1, column });
        let marked = window.text[window.mark].to_owned();
        (window.text, marked)
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let line = format!("{}é{}", "a".repeat(1_000_000), "b".repeat(1_000_000));
        let (text, marked) = window(&line, 1_000_001);
        assert_eq!(marked, "é");
        assert_eq!(text, format!("…{}é{}…", "a".repeat(BEFORE), "b".repeat(SHOWN - BEFORE - 1)));
    }

    #[test]
    fn short_lines_stay_whole() {
        assert_eq!(window("\tab\u{1b}", 2), (" ab\u{fffd}".to_owned(), "a".to_owned()));
        assert_eq!(window("ab", 3), ("ab ".to_owned(), " ".to_owned()));
        assert_eq!(window("ab", 99), ("ab ".to_owned(), " ".to_owned()));
        assert_eq!(window("", 1), (" ".to_owned(), " ".to_owned()));
    }

    #[test]
    fn an_error_shows_its_line() {
        let text = "{\"process\": 0}\n{\"日本\":\t1}";
        let input = Input::from_bytes(text.into(), histcheck::formats::ReadOptions::default()).ok();
        let error = Error::new(Code::Syntax, "what is\nthis").hint("remove it").at(Place {
            offset: 0,
            line: 2,
            column: 8,
        });
        // The place names the column; the line comes from the offset.
        let error = Error { place: error.place.map(|p| Place { offset: 15, ..p }), ..error };
        let shown = render("a b.jsonl", &error, input.as_ref(), false);
        let expected = "\
error[H0005]: what is\\nthis
 --> a b.jsonl:2:8
  |
2 | {\"日本\": 1}
  |          ^
  |
  = help: remove it";
        assert_eq!(shown, expected);
    }
}
