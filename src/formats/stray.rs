//! Lines among records that look like records of another notation: `process=1 type=ok f=read`,
//! `{'process': 1, …}`, `1,ok,read,7`. Lines that hold no record are passed over, but never these:
//! what they tell would be missing.

use super::roles::{Role, role};
use crate::error::{Code, Error, Place};
use crate::history::EventType;
use crate::vocabulary::Word;

/// Looks at the lines of a text that are passed over, in their order.
#[derive(Default)]
pub(super) struct Strays {
    /// Whether a map of EDN is no record that is missed: Jepsen logs what it found out.
    edn_is_known: bool,
    /// What the lines just before named, each of which started with a name: a record may go over
    /// several lines.
    above: Named,
}

impl Strays {
    /// Those of a log of Jepsen, where maps of EDN are what a checker found.
    pub(super) fn of_jepsen() -> Strays {
        Strays { edn_is_known: true, ..Strays::default() }
    }

    /// Passes `line` over, which starts at `offset` of the text.
    ///
    /// # Errors
    /// If it looks like a record.
    pub(super) fn pass_over(&mut self, line: &str, offset: usize) -> Result<(), Error> {
        let text = line.trim();
        if COMMENTS.iter().any(|mark| text.starts_with(mark)) {
            return Ok(());
        }
        let named = self.named(text);
        let goes_on = named.count > 0 && named.count <= 2 && named.at_start;
        self.above = if goes_on { self.above.and(&named) } else { Named::default() };
        if !named.is_record() && !self.above.is_record() && !is_row(text) {
            return Ok(());
        }
        let start = offset + line.len() - line.trim_start().len();
        Err(Error::new(
            Code::Syntax,
            "this line looks like a record, but is not written as the \
             others are",
        )
        .hint(
            "write all records in one notation, such as {\"process\": 0, \"type\": \"ok\", \
                 \"f\": \"read\", \"value\": 1}, one per line (json.dumps in Python, jq, or a few \
                 lines of a script); remove the line if it is no record",
        )
        .at(Place { offset: start, ..Place::default() }))
    }

    /// Returns what the names in `text` say, each of which has a value behind it.
    fn named(&self, text: &str) -> Named {
        let bytes = text.as_bytes();
        let mut named = Named::default();
        let mut at = 0;
        while at < bytes.len() {
            let length = bytes[at..].iter().take_while(|byte| is_in_name(**byte)).count();
            let behind = &text[at + length..];
            if let Some(value) = value_behind(text, at, length, !self.edn_is_known) {
                named.at_start |= text[..at]
                    .trim_matches([' ', '{', '[', '(', ',', '-', '\'', '"', ':'])
                    .is_empty();
                named.add(&text[at..at + length], value);
            }
            at += length + behind.chars().next().map_or(1, char::len_utf8);
        }
        named
    }
}

/// What starts a comment, whatever it holds.
const COMMENTS: [&str; 4] = ["#", "//", ";", "--"];

const fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'@')
}

/// Returns what is behind the word of `text` that starts at `at`, if the word is a name: with `=`
/// or a colon behind it, or, in EDN, a colon in front.
fn value_behind(text: &str, at: usize, length: usize, is_edn: bool) -> Option<&str> {
    if length == 0 {
        return None;
    }
    let rest = text[at + length..].trim_start_matches(['"', '\'', '`']).trim_start();
    if let Some(value) = rest.strip_prefix("=>").or_else(|| rest.strip_prefix(['=', ':'])) {
        // No address, no time of day, no path of a module.
        return (!value.starts_with([':', '/', '='])).then_some(value);
    }
    let is_keyword = is_edn && text[..at].ends_with(':') && !text[..at].ends_with("::");
    (is_keyword && text[at + length..].starts_with([' ', '\t'])).then_some(rest)
}

/// Which fields of a record a line names.
#[derive(Clone, Copy, Default)]
struct Named {
    count: usize,
    /// Whether a name is the first in the line.
    at_start: bool,
    process: bool,
    /// An operation,
    function: bool,
    /// one that a model knows.
    known: bool,
    /// Which end of an operation it is, or how that ended.
    end: bool,
    /// The time of a call, a value, or a key.
    content: bool,
}

impl Named {
    fn add(&mut self, name: &str, value: &str) {
        self.count += 1;
        let value = value.trim_start_matches([' ', '\t', '"', '\'', '`', ':']);
        let end = value.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '-'));
        let word = &value[..end.unwrap_or(value.len())];
        match role(name).0 {
            Role::Process => self.process = true,
            Role::Function => {
                self.function = true;
                self.known |= Word::meant(word).is_some();
            }
            Role::Outcome | Role::Phase => {
                self.end |= EventType::meant(word).is_some();
                self.known |= Word::meant(word).is_some();
                self.function |= Word::meant(word).is_some();
            }
            Role::Call | Role::Value | Role::Input | Role::Output | Role::Key => {
                self.content = true;
            }
            _ => {}
        }
    }

    fn and(self, other: &Named) -> Named {
        Named {
            count: self.count + other.count,
            at_start: true,
            process: self.process || other.process,
            function: self.function || other.function,
            known: self.known || other.known,
            end: self.end || other.end,
            content: self.content || other.content,
        }
    }

    /// Whether they are those of a record: who did what, or how it ended.
    fn is_record(&self) -> bool {
        self.process && self.end
            || self.known && (self.process || self.end || self.content)
            || self.process && self.function && self.content
    }
}

/// Whether `line` is the row of a table or a list, which has no names: a process, and behind it the
/// type of an event and an operation, in whatever order.
fn is_row(line: &str) -> bool {
    let inside = line.trim_start_matches(['[', '(', ' ']);
    let separators: &[char] = if inside.len() < line.len() || inside.contains(',') {
        &[',']
    } else {
        &['\t', ';', '|', ' ']
    };
    let mut cells = inside
        .split(separators)
        .map(|cell| cell.trim().trim_matches(['"', '\'', ']', ')']))
        .filter(|cell| !cell.is_empty())
        .take(CELLS);
    let is_number = cells.next().is_some_and(|cell| cell.parse::<i64>().is_ok());
    let [mut end, mut function] = [false; 2];
    for cell in cells {
        // Between blanks, only what nobody writes in a sentence.
        if separators.contains(&' ') && !cell.starts_with(':') && !line.contains('\t') {
            continue;
        }
        let word = cell.trim_start_matches(':');
        // Loggers write levels in capitals.
        end |= EventType::meant(word).is_some() && word != "INFO";
        function |= Word::meant(word).is_some();
    }
    is_number && end && function
}

/// So many cells of a line tell whether it is a row.
const CELLS: usize = 8;

#[cfg(test)]
mod tests {
    use super::Strays;

    fn is_stray(text: &str) -> bool {
        let mut strays = Strays::default();
        text.lines().any(|line| strays.pass_over(line, 0).is_err())
    }

    #[test]
    fn records_of_other_notations_are_not_passed_over() {
        for text in [
            "process=1 type=invoke f=read",
            "12:30:11 INFO client: process=1 type=ok",
            "{'process': 1, 'type': 'invoke', 'f': 'read', 'value': None}",
            "{:process 1, :type :ok, :f :read, :value 7}",
            "{:type :ok :process 2}",
            "Op{process=1, type=ok, f=read, value=7}",
            "Op { client: 1, op: Read, start: 10 }",
            "{\"process\": 1, \"type\": \"ok\"}",
            "{\"client\" => 1, \"op\" => \"read\", \"value\" => 7}",
            "op=get key=a out=7",
            "1,invoke,read,",
            "[1, \"ok\", \"read\", 7]",
            "(1, 'ok', 'read', 7)",
            "1 :invoke :read nil",
            "1\tok\tread\t7",
            "- process: 1\n  type: ok\n  f: read\n  value: 7",
            "{'process': 1,\n 'type': 'ok',\n 'f': 'read'}",
        ] {
            assert!(is_stray(text), "{text}");
        }
    }

    #[test]
    fn what_loggers_write_is_passed_over() {
        for text in [
            "",
            "INFO starting 3 workers",
            "2026-01-01 12:00:00 INFO [main] server: listening on http://localhost:80/read",
            "level=info msg=\"client started\" thread=main",
            "Test options: {:name \"x\", :concurrency 5, :time-limit 60}",
            "12345 INFO write done",
            "12345 INFO write: ok",
            "# process=1 type=invoke f=read",
            "// {\"process\": 1, \"type\": \"ok\"}",
            "warning: type mismatch in std::io::read",
            "1, 2, 3",
            "process 1 started, process 2 too",
        ] {
            assert!(!is_stray(text), "{text}");
        }
    }
}
