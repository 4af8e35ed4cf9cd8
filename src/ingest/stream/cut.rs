//! Where the text that is there may be cut: behind a record that is complete. What is cut off
//! wrongly costs time and no more, since the reader tells that it ends within a record.

use memchr::{memrchr, memrchr_iter, memrchr3};

use crate::ingest::Format;

/// A record that is longer is not read anew at every byte that could end it.
const LONG: usize = 1 << 18;
/// With so much text that could not be cut, the reader is asked whether it is well-formed.
const SUSPECT: usize = 1 << 20;

/// Looks for places to cut at, at every byte once.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    rule: Rule,
    /// So many bytes were looked at.
    scanned: usize,
    /// Behind the last record that is complete; 0 if there is none.
    cut: usize,
    /// So many bytes are known to end within a record.
    incomplete: usize,
}

#[derive(Debug, Default)]
enum Rule {
    #[default]
    None,
    /// JSON objects: where in one the text is.
    Lines(Json),
    /// An array of them.
    Array(Json),
    /// EDN is cut at brackets: its lexical grammar is left to the reader.
    Edn,
    Log,
    Csv(Csv),
}

/// How deep in JSON a text ends.
#[derive(Debug, Default)]
struct Json {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

/// What the next byte of CSV is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Csv {
    /// A line before the header, at its start.
    #[default]
    Above,
    Comment,
    CellStart,
    Cell,
    Quoted,
    /// Behind a quote in a quoted cell.
    Quote,
}

impl Cutter {
    /// A cutter of text in `format`.
    pub(super) fn new(format: Format) -> Cutter {
        let rule = match format {
            Format::JsonLines => Rule::Lines(Json::default()),
            Format::JsonArray => Rule::Array(Json::default()),
            Format::Edn => Rule::Edn,
            Format::Log => Rule::Log,
            Format::Csv => Rule::Csv(Csv::default()),
        };
        Cutter { rule, ..Cutter::default() }
    }

    /// How many of the bytes `text` to read, if any record ends in them.
    pub(super) fn cut(&mut self, text: &[u8]) -> Option<usize> {
        let from = std::mem::replace(&mut self.scanned, text.len());
        let cut = match &mut self.rule {
            Rule::None => None,
            Rule::Lines(json) => cut_lines(json, text, from),
            Rule::Array(json) => json.scan(text, from, true),
            Rule::Edn => memrchr3(b'}', b')', b']', &text[from..]).map(|at| from + at + 1),
            Rule::Log => memrchr(b'\n', &text[from..]).map(|at| from + at + 1),
            Rule::Csv(csv) => csv.scan(text, from),
        };
        self.cut = cut.unwrap_or(self.cut);
        let enough = match self.incomplete {
            incomplete if incomplete > LONG => incomplete + incomplete / 4,
            incomplete => incomplete + 1,
        };
        if self.cut >= enough {
            return Some(self.cut);
        }
        let is_json = matches!(self.rule, Rule::Lines(_) | Rule::Array(_));
        if is_json && text.len() >= SUSPECT.max(2 * self.incomplete) {
            return memrchr(b',', text).map(|at| at + 1).filter(|&cut| cut > self.incomplete);
        }
        None
    }

    /// Says that of the first `len` bytes, `done` were read, and a record starts behind.
    pub(super) fn passed(&mut self, done: usize, len: usize) {
        self.scanned = self.scanned.saturating_sub(done);
        self.cut = self.cut.saturating_sub(done);
        self.incomplete = len - done;
    }
}

/// Behind the last object that ends at byte `from` of `text` or later.
fn cut_lines(json: &mut Json, text: &[u8], from: usize) -> Option<usize> {
    // No string holds a line break, so that this is one between two records for sure.
    let boundary = memrchr_iter(b'\n', &text[from..]).find_map(|at| {
        let (before, behind) = text.split_at(from + at);
        let space = behind.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let ends = before.trim_ascii_end().last() == Some(&b'}');
        (ends && behind.get(space) == Some(&b'{')).then_some(from + at + space)
    });
    let from = match boundary {
        Some(at) => {
            *json = Json::default();
            at
        }
        None => from,
    };
    json.scan(text, from, false).or(boundary)
}

impl Json {
    /// Goes on from byte `from` to the end of `text`; the last place to cut at, if it comes by one.
    fn scan(&mut self, text: &[u8], from: usize, in_array: bool) -> Option<usize> {
        let Json { mut depth, mut in_string, mut escaped } = *self;
        let mut cut = None;
        for (at, &byte) in text.iter().enumerate().skip(from) {
            if in_string {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => in_string = false,
                    // An error, which need not wait for more.
                    b'\n' if !in_array => cut = Some(at + 1),
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => in_string = true,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 && !in_array {
                        cut = Some(at + 1);
                    }
                }
                b'\n' if depth == 0 && !in_array => cut = Some(at + 1),
                b',' if depth == 1 && in_array => cut = Some(at + 1),
                _ => {}
            }
        }
        *self = Json { depth, in_string, escaped };
        cut
    }
}

impl Csv {
    /// Goes on from byte `from` to the end of `text`; behind the last line break between records.
    fn scan(&mut self, text: &[u8], from: usize) -> Option<usize> {
        let mut cut = None;
        for (at, &byte) in text.iter().enumerate().skip(from) {
            let next = match (*self, byte) {
                (Csv::Above, b' ' | b'\t' | b'\r') => continue,
                (Csv::Above, b'#') => Csv::Comment,
                (Csv::Above | Csv::Comment, b'\n') => {
                    cut = Some(at + 1);
                    Csv::Above
                }
                (Csv::Comment, _) => continue,
                (Csv::Quoted, b'"') => Csv::Quote,
                (Csv::Quoted, _) => continue,
                (Csv::Quote, b'"') => Csv::Quoted,
                (Csv::Above | Csv::CellStart, b'"') => Csv::Quoted,
                (_, b'\n') => {
                    cut = Some(at + 1);
                    Csv::CellStart
                }
                (_, b',' | b'\r') => Csv::CellStart,
                _ => Csv::Cell,
            };
            *self = next;
        }
        cut
    }
}
