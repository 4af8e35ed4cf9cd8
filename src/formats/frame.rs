//! What stands around the records of a text that is no plain history: an object with the list of
//! them inside (`{"operations": […]}`), or what a logger wrote in front of each. All of it but the
//! records becomes space, so that the records keep their places.

use std::borrow::Cow;

use super::content::Content;
use super::failures::message_reports;
use super::fields::Fields;
use super::stray::Strays;
use crate::error::Error;

/// Returns `text` with space for all that is outside of `kept`, which are bytes of it in order.
/// Line breaks stay.
pub(super) fn blanked(text: &str, kept: &[(usize, usize)]) -> String {
    let mut blanked = String::with_capacity(text.len());
    let mut at = 0;
    let blank = |blanked: &mut String, part: &str| {
        blanked.extend(part.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
    };
    for &(start, end) in kept {
        blank(&mut blanked, &text[at..start]);
        blanked.push_str(&text[start..end]);
        at = end;
    }
    blank(&mut blanked, &text[at..]);
    blanked
}

/// Returns `text` with space for all that is outside of `lists`, which are lists in it that hold
/// something, and makes one list of them.
pub(super) fn joined(text: &str, mut lists: Vec<(usize, usize)>) -> String {
    lists.sort_unstable();
    let last = lists.len().saturating_sub(1);
    let mut kept = Vec::new();
    let mut joints = Vec::new();
    for (at, &(start, end)) in lists.iter().enumerate() {
        // Brackets are one byte; that of the end becomes the comma between two lists.
        kept.push((start + usize::from(at > 0), end - usize::from(at < last)));
        joints.extend((at < last).then_some(end - 1));
    }
    let mut joined = blanked(text, &kept);
    for at in joints {
        joined.replace_range(at..=at, ",");
    }
    joined
}

/// How the records of a notation start.
#[derive(Clone, Copy)]
pub(super) struct Opening {
    /// Tells whether a record starts where this text does.
    pub(super) starts: fn(&str) -> bool,
    /// What every record has first: the text is looked through for it.
    pub(super) first: &'static [char],
    /// Whether lines above the first record may be passed over that are no comments of the
    /// notation: what comes in pieces shows only some of them.
    pub(super) may_be_below: bool,
}

impl Opening {
    /// Returns where in `line` its record starts, if there is one.
    pub(super) fn find(&self, line: &str) -> Option<usize> {
        let mut found = line.match_indices(self.first).map(|(at, _)| at);
        found.find(|&at| (self.starts)(&line[at..]))
    }

    /// Tells whether the first line of `text` with a record has something in front of it: in the
    /// line, or lines that are no records.
    pub(super) fn is_behind(&self, text: &str) -> bool {
        if text.starts_with(['{', '(', ';', '^', '#']) && !is_comment(text) {
            return false;
        }
        // A list may start in a line of its own.
        let is_list = text.strip_prefix('[').is_some_and(|inside| {
            !inside.trim_start().starts_with(|c: char| c.is_ascii_alphanumeric())
        });
        let mut above = false;
        for line in text.lines().take(LEADING).map(str::trim) {
            if let Some(at) = self.find(line).filter(|_| !is_comment(line)) {
                let has_text = line[..at].contains(|c: char| c.is_alphanumeric());
                return line.ends_with('}')
                    && (has_text || above && self.may_be_below && !is_list && at == 0);
            }
            above |= line.contains(|c: char| c.is_alphanumeric()) || is_comment(line);
        }
        false
    }

    /// Returns the records of `text`, each on a line, without what is in front of them.
    ///
    /// # Errors
    /// If a line without one looks like a record in another notation.
    pub(super) fn alone<'t>(&self, text: &'t str) -> Result<Alone<'t>, Error> {
        let (mut kept, mut fronts, mut without, mut at) = (Vec::new(), Vec::new(), 0, 0);
        let mut strays = Strays::default();
        for line in text.split_inclusive('\n') {
            match self.find(line).filter(|_| !is_comment(line.trim_start())) {
                Some(start) => {
                    kept.push((at + start, at + line.len()));
                    let front = line[..start].trim();
                    fronts.extend(message_reports(front).then_some((at + start, front)));
                }
                None => {
                    strays.pass_over(line, at)?;
                    without += usize::from(!line.trim().is_empty());
                }
            }
            at += line.len();
        }
        Ok(Alone { text: blanked(text, &kept), without, fronts })
    }
}

/// The records of a text whose lines have something in front of them.
pub(super) struct Alone<'t> {
    /// The text, with space for all else.
    pub(super) text: String,
    /// How many lines have no record.
    pub(super) without: usize,
    /// What is in front of a record and reports a failure, by where the record starts.
    pub(super) fronts: Vec<(usize, &'t str)>,
}

impl<'t, C: Content<'t>> Fields<'t, C> {
    /// Adds what the line has in front of the record, as a message.
    pub(super) fn push_front(&mut self, content: C) {
        let is_free = |name: &&str| self.rest.iter().all(|(other, _)| other != name);
        if let Some(name) = ["msg", "message", "text.msg"].into_iter().find(is_free) {
            self.push(Cow::Borrowed(name), content);
        }
    }
}

/// Whether a line is a comment, as people write them into files whose notation has none.
fn is_comment(line: &str) -> bool {
    let starts = |mark| line.strip_prefix(mark);
    let is_apart =
        |rest: &str| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r', '#', '!']);
    starts("#").is_some_and(is_apart)
        || starts("//").is_some()
        || starts("--").is_some_and(is_apart)
}

/// So many lines may come before the first with a record.
const LEADING: usize = 200;
