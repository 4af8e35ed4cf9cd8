//! Reads the text columns of Jepsen: `history.txt`, where every line is an operation, and
//! `jepsen.log`, where operations stand among all that a test run logs.
//!
//! The columns are process, type, `f`, value and, where there is one, the error; all but the error
//! are EDN.

use memchr::{memchr, memchr_iter};

use crate::error::{Code, Error, Place};
use crate::formats::content::{Content, function_of, unknown_type};
use crate::formats::edn::{Parser, Token, closing_quote, parse_value};
use crate::formats::mapping::Target;
use crate::formats::sink::Sink;
use crate::formats::stray::Strays;
use crate::formats::words::word_of;
use crate::history::{Event, EventType, Shape, Value};

/// What the lines of a text are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    /// Each is an operation.
    Bare,
    /// Each is an operation behind a number, as tools show files.
    Numbered,
    /// Operations stand among other lines.
    Logged,
}

/// Reads a piece of a history that is whole lines. `lines` is what they are, once that is known.
pub(super) fn read(
    text: &str,
    lines: &mut Option<Lines>,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    let mut parser = Parser::new(text, 0);
    let mut strays = Strays::of_jepsen();
    for line in lines_of(text) {
        let all = &text[line.start..line.end];
        if all.trim().is_empty() {
            continue;
        }
        // The first line tells which of the two files this is.
        let lines = *lines.get_or_insert_with(|| match all {
            _ if is_operation(all.trim_start()) => Lines::Bare,
            _ if numbered(all).is_some() => Lines::Numbered,
            _ => Lines::Logged,
        });
        let first = all.len() - all.trim_start().len();
        let found = match lines {
            Lines::Bare => Some(first).filter(|&at| is_operation(&all[at..])),
            Lines::Numbered => numbered(all),
            Lines::Logged => logged(all),
        };
        let start = match found {
            Some(at) => line.start + at,
            None if lines == Lines::Logged => {
                strays.pass_over(all, line.start)?;
                continue;
            }
            None => return Err(not_an_operation(line.start + first, line.last)),
        };
        if !sink.begin(start) {
            return Ok(());
        }
        parser.restart(&text[..line.end], start);
        operation(&mut parser, &text[..line.end], sink).map_err(|error| cut(error, start, line))?;
    }
    Ok(())
}

/// Where a line stands, without its end, and whether the input ends with it.
#[derive(Clone, Copy)]
struct Line {
    start: usize,
    end: usize,
    last: bool,
}

fn lines_of(text: &str) -> impl Iterator<Item = Line> {
    let mut start = 0;
    let ends = memchr_iter(b'\n', text.as_bytes()).map(|end| (end, false));
    ends.chain([(text.len(), true)]).map(move |(end, last)| {
        let bytes = text.as_bytes();
        let trimmed = end - usize::from(end > start && bytes[end - 1] == b'\r');
        let line = Line { start, end: trimmed, last };
        start = end + 1;
        line
    })
}

/// The loggers that Jepsen writes operations with.
const LOGGERS: [&str; 2] = ["jepsen.util", "jepsen.print"];
/// What stands between the logger's name and the message, by version of Jepsen.
const SEPARATORS: [&str; 3] = [" - ", ": ", " "];

/// Where in the line of a log an operation starts, if there is one.
fn logged(line: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = memchr(b'j', &line.as_bytes()[from..]) {
        let at = from + at;
        from = at + 1;
        let Some(logger) = LOGGERS.iter().find(|logger| line[at..].starts_with(**logger)) else {
            continue;
        };
        let behind = &line[at + logger.len()..];
        let found = SEPARATORS
            .iter()
            .filter_map(|separator| behind.strip_prefix(separator))
            .find(|message| is_operation(message));
        if let Some(message) = found {
            return Some(line.len() - message.len());
        }
    }
    None
}

/// Where in a line that starts with its number the operation starts.
fn numbered(line: &str) -> Option<usize> {
    let behind = line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
    let has_number = behind.len() < line.trim_start().len();
    let operation = behind.strip_prefix([':', '.', ')', '|']).unwrap_or(behind);
    let is_apart = operation.starts_with([' ', '\t']);
    let operation = operation.trim_start();
    (has_number && is_apart && is_operation(operation)).then(|| line.len() - operation.len())
}

/// Whether `line` is one of a history or of a log: an operation, or what Jepsen logs besides.
pub(super) fn is_line(line: &str) -> bool {
    is_operation(line)
        || numbered(line).is_some()
        || logged(line).is_some()
        || line.contains("jepsen.")
}

/// Whether `text` starts like an operation: a process, and behind white space a keyword.
fn is_operation(text: &str) -> bool {
    let space = [' ', '\t'];
    let text = text.trim_start_matches(space);
    let end = match text.strip_prefix('"') {
        Some(inside) => closing_quote(inside).map(|at| at + 2),
        None => text.find(space),
    };
    let Some((process, rest)) = end.and_then(|end| text.split_at_checked(end)) else {
        return false;
    };
    let digits = process.strip_prefix('-').unwrap_or(process);
    let integer = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let named = process.len() > 1 && process.starts_with([':', '"']);
    let kind = rest.trim_start_matches(space);
    let is_keyword = kind.starts_with(':') && !kind[1..].starts_with(space) && kind.len() > 1;
    (integer || named) && rest.starts_with(space) && is_keyword
}

/// The operation that `parser` stands before, in a line that ends with `text`.
fn operation(parser: &mut Parser<'_>, text: &str, sink: &mut Sink<'_>) -> Result<(), Error> {
    let token = parser.form()?;
    let process = parser.item(token, sink.values())?.process(sink.values())?;
    let token = parser.form()?;
    let kind = parser.item(token, sink.values())?;
    // Among other lines, only the words that Jepsen writes are types.
    let word = word_of(&kind, Target::Type, sink)?;
    let kind = EventType::parse(&word).ok_or_else(|| unknown_type(&kind, sink.values()))?;
    let token = column(parser, "f")?;
    let item = parser.item(token, sink.values())?;
    let function = function_of(Some(item), true, sink)?;
    let token = column(parser, "value")
        .map_err(|error| error.hint("Jepsen writes nil where there is no value"))?;
    let value = parser.build(token, sink.values(), 0)?;
    let rest = text[parser.end()..].trim();
    if !rest.is_empty() {
        let error = printed(rest, sink);
        sink.extra("error", error);
    }
    let function = &function;
    sink.event(&Event { process, kind, function, value, key: None, time: None })
}

/// The error of a completion. Jepsen prints it for people, strings without their quotes, so that
/// it is a value only where it reads as one.
fn printed(text: &str, sink: &mut Sink<'_>) -> Value {
    let values = sink.values();
    match parse_value(text, values) {
        Ok(value) if !matches!(values.shape(value), Shape::Symbol(_)) => value,
        _ => values.text(text),
    }
}

/// Returns the first token of the column `name`.
#[inline]
fn column(parser: &mut Parser<'_>, name: &str) -> Result<Token, Error> {
    match parser.form()? {
        Token::End => {
            let place = Place { offset: parser.start(), line: 0, column: 0 };
            let message = format!("the line has no column for `{name}`");
            Err(Error::new(Code::MissingField, message)
                .hint("a line has the columns process, :type, :f and value")
                .at(place))
        }
        token => Ok(token),
    }
}

fn not_an_operation(start: usize, last: bool) -> Error {
    let code = if last { Code::Truncated } else { Code::Syntax };
    Error::new(code, "this line is no operation")
        .hint("a line has the columns process, :type, :f and value, such as `0  :ok  :read  nil`")
        .at(Place { offset: start, line: 0, column: 0 })
}

/// What an unfinished line means: the input may end within the last one, but within no other.
fn cut(mut error: Error, start: usize, line: Line) -> Error {
    match error.code {
        Code::Truncated if !line.last => {
            error.code = Code::Syntax;
            error.message.push_str("; a value ends with its line");
            error
        }
        Code::MissingField if line.last => {
            Error::new(Code::Truncated, "the last line is incomplete")
                .hint("was the recorder stopped? remove the line, or complete it")
                .at(Place { offset: start, line: 0, column: 0 })
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;
    use crate::history::{History, HistoryBuilder, Outcome, Record, Settings};

    fn record(at: usize) -> Option<Record> {
        Some(Record::new(at))
    }

    fn history(text: &str) -> Result<History, Error> {
        let mut builder = HistoryBuilder::default();
        read(text, &mut None, &mut Sink::new(&mut builder))?;
        builder.finish(Settings::default())
    }

    #[test]
    fn every_line_of_a_history_is_an_operation() {
        let text = "0\t:invoke\t:read\tnil\r\n:nemesis        :info   :start  [:isolated {\"n1\" #{}}]\n\
                    \n1  :invoke  :cas  [1 2]\n0\t:ok\t:read\t\"a\\tb\"\n\
                    1\t:info\t:cas\t:timed-out\tindeterminate: no reply\n";
        let history = history(text).unwrap();
        let [read, cas] = history.operations() else { panic!() };
        assert_eq!(history.values().as_name(read.output), Some("a\tb"));
        assert_eq!(history.values().shape(cas.output), Shape::Keyword("timed-out"));
        assert_eq!(cas.outcome, Outcome::Info);
        assert_eq!(history.annotations().len(), 1);
        assert_eq!((read.completed, cas.completed), (record(3), record(4)));
        let error = history.extra(Record::new(4), "error").unwrap();
        assert_eq!(history.values().shape(error), Shape::Text("indeterminate: no reply"));
    }

    #[test]
    fn operations_are_found_among_other_lines() {
        let text = "13:01:50.999 [main] INFO  jepsen.cli - Test options:\n {:concurrency 5}\n\
            INFO  jepsen.util - 0\t:invoke\t:write\t1\n\
            INFO [2018-06-07 13:14:12,062] jepsen worker 0 - jepsen.util 0   :ok     :write  1\n\
            INFO  jepsen.core - jepsen.util is not a line of it\n\
            2021-02-26 23:39:01,526{GMT}\tINFO\t[jepsen worker 1] jepsen.util: 1\t:invoke\t:read\t[0 nil]\n\
            2021-02-26 23:39:01,527{GMT}\tINFO\t[jepsen worker 1] jepsen.print: 1\t:fail\t:read\t[0 nil]\t:not-found\n\
            2021-02-26 23:39:01,527{GMT}\tINFO\t[jepsen worker nemesis] jepsen.util: :nemesis\t:info\t:stop\tnil";
        let history = history(text).unwrap();
        let [write, read] = history.operations() else { panic!() };
        assert_eq!(
            (write.invoked.index(), write.completed, write.outcome),
            (0, record(1), Outcome::Ok)
        );
        assert_eq!(
            (read.invoked.index(), read.completed, read.outcome),
            (2, record(3), Outcome::Fail)
        );
        let error = history.extra(Record::new(3), "error").unwrap();
        assert_eq!(history.values().shape(error), Shape::Keyword("not-found"));
        assert_eq!(history.records(), 5);
    }

    #[test]
    fn a_bad_line_is_refused_where_it_is_wrong() {
        for (text, code, rest) in [
            ("0 :invoke :read nil\nhello\n", Code::Syntax, "hello"),
            ("0 :invoke :read nil\n0 :o", Code::UnknownType, ":o"),
            ("0 :invoke :read nil\n0 :", Code::Truncated, "0 :"),
            ("0 :invoke :read nil\n0 :ok", Code::Truncated, "0 :ok"),
            ("0 :invoke :read nil\n0 :ok :read", Code::Truncated, "0 :ok"),
            ("0 :invoke :read nil\n0 :ok :read [1", Code::Truncated, "[1"),
            ("0 :invoke :read [1\n0 :ok :read 1\n", Code::Syntax, "[1\n"),
            ("0 :invoke :read\n0 :ok :read 1\n", Code::MissingField, "\n"),
            ("x jepsen.util - 0 :start :read nil\n", Code::UnknownType, ":start"),
            ("x jepsen.util - 0 :invoke 5 nil\n", Code::BadField, "5"),
            ("x jepsen.util - 0 :invoke :read #<x>\n", Code::Syntax, "#<x>"),
            ("0 :ok :read nil\n", Code::NoInvocation, "0 :ok"),
            ("x jepsen.util - 0 :invoke :read nil\n0 :ok :read 1\n", Code::Syntax, "0 :ok"),
            ("nothing here\n0 :invoke :read nil\n", Code::Syntax, "0 :invoke"),
        ] {
            let error = history(text).expect_err(text);
            let offset = error.place.expect(text).offset;
            assert_eq!(error.code, code, "{text}");
            assert!(text[offset..].starts_with(rest), "{text}: {:?}", &text[offset..]);
        }
        for text in ["", "\n\n", "nothing here\n"] {
            assert_eq!(history(text).err().map(|error| error.code), Some(Code::Empty));
        }
    }

    /// Reads a corpus of histories, if there is one, given by the environment.
    #[test]
    fn the_corpus_is_read() {
        let Some(corpus) = std::env::var_os("HISTCHECK_CORPUS") else { return };
        let mut read = 0;
        let folders = std::fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path());
        for folder in folders.filter(|path| path.is_dir()) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "log") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let history = history(&text).unwrap();
                    assert_eq!(history.records(), text.matches("jepsen.util").count());
                    read += 1;
                }
            }
        }
        assert!(read > 0);
    }
}
