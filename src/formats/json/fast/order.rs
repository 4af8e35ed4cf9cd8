//! Records whose fields come in the same order as in the records before, with the same white space:
//! the text between the contents of two fields is compared at once then, instead of asking byte by
//! byte and name by name what comes next.

use super::batch::{Batch, Layout};
use super::entry::{Entry, Field, NO_INDEX, seen};
use super::scan::{NULL, Scanner, kind_of};
use super::value::POWERS;
use super::word::{Literal, digits, low_bytes, plain_bytes};
use crate::history::Value;

/// More attempts in one part that do not read a record are not worth it.
pub(super) const MOST_TRIES: usize = 16;

/// The text before the content of a field; or behind the last, which comes before none.
#[derive(Clone, Copy)]
pub(in crate::formats) struct Step {
    /// Its first eight bytes and the others, of which there are at most as many.
    first: Literal,
    rest: Literal,
    field: Option<Field>,
}

impl Step {
    /// The step of `text`; `None` if that is too long.
    fn new(text: &str, field: Option<Field>) -> Option<Step> {
        let (first, rest) = text.as_bytes().split_at(text.len().min(Literal::MOST));
        (rest.len() <= Literal::MOST).then(|| Step {
            first: Literal::new(first),
            rest: Literal::new(rest),
            field,
        })
    }
}

impl<'t> Batch<'t> {
    /// Reads records in the order that is known, from byte `at` of `text` on. Returns where the
    /// first other one starts, or the first that starts at `end` or behind it; `None` if none
    /// follows.
    #[inline(never)]
    pub(super) fn read_alike(
        &mut self,
        text: &'t str,
        at: usize,
        end: usize,
        layout: Layout,
    ) -> Option<usize> {
        let order = std::mem::take(&mut self.order);
        let mut scanner = Scanner::new(text, at);
        let mut last = Last([0; WINDOW]);
        let mut goes_on = true;
        while goes_on {
            scanner.skip_space();
            let at = scanner.at;
            if at >= end {
                break;
            }
            let Some((entry, len)) = self.record_in(&order, text, at, &mut last) else { break };
            self.entries.push(Entry { at: (at - self.start) as u32, ..entry });
            scanner.at = at + len;
            self.end = scanner.at;
            goes_on = layout == Layout::Lines || scanner.skip_comma();
        }
        self.order = order;
        goes_on.then_some(scanner.at)
    }

    /// The record at byte `start` of `text`, and its length, if its fields are in this order.
    #[inline(always)]
    fn record_in(
        &mut self,
        order: &[Step],
        text: &'t str,
        start: usize,
        last: &mut Last,
    ) -> Option<(Entry, usize)> {
        let rest = &text.as_bytes()[start..];
        let window = rest.first_chunk().unwrap_or_else(|| last.of(rest));
        let mut entry = Entry::EMPTY;
        let mut at = 0;
        for Step { first, rest, field } in order {
            let is_rest_here = || Some(rest.len == 0 || rest.starts(word_at(window, at + 8)?));
            if !first.starts(word_at(window, at)?) || !is_rest_here()? {
                return None;
            }
            at += first.len + rest.len;
            if let Some(field) = *field {
                at = self.content_in(window, at, (field, text, start), &mut entry)?;
            }
        }
        (at > 0).then_some((entry, at))
    }

    /// Reads the content of `field` at byte `at` of `window`, which is `text` from byte `start` on,
    /// into `entry`, and returns where it ends; `None` if it is less usual, or none.
    #[inline(always)]
    fn content_in(
        &mut self,
        window: &Window,
        at: usize,
        (field, text, start): (Field, &'t str, usize),
        entry: &mut Entry,
    ) -> Option<usize> {
        let end;
        match field {
            Field::Process => {
                let number;
                (number, end) = integer(window, at)?;
                entry.process = self.values.int(number);
            }
            Field::Type => {
                let (literal, kind) = kind_of(word_at(window, at)?)?;
                entry.kind = kind;
                end = at + literal.len;
            }
            Field::Function => {
                let name = word_at(window, at + 1)?;
                let len = plain_bytes(name);
                end = at + len + 2;
                let is_short = window[at] == b'"' && *window.get(end - 1)? == b'"';
                if !is_short || name as u8 == b':' {
                    return None;
                }
                let range = start + at + 1..start + end - 1;
                entry.function = self.functions.short(name & low_bytes(len), text, range)?;
            }
            Field::Value => (entry.value, end) = self.value_in(window, at, text, start)?,
            Field::Key => (entry.key, end) = self.value_in(window, at, text, start)?,
            Field::Time => (entry.time, end) = integer(window, at)?,
            Field::Index => {
                let number;
                (number, end) = natural(window, at)?;
                let index = u32::try_from(number).ok().filter(|&index| index != NO_INDEX)?;
                entry.index = index;
            }
        }
        Some(end)
    }

    #[inline(always)]
    fn value_in(
        &mut self,
        window: &Window,
        at: usize,
        text: &'t str,
        start: usize,
    ) -> Option<(Value, usize)> {
        match window.get(at)? {
            b'n' => NULL.starts(word_at(window, at)?).then_some((Value::NULL, at + NULL.len)),
            b'-' | b'0'..=b'9' => {
                let (number, end) = integer(window, at)?;
                Some((self.values.int(number), end))
            }
            _ => {
                let (value, end) = Scanner::new(text, start + at).stored(self, 0)?;
                Some((value, end - start))
            }
        }
    }
}

/// The start of a record: one of so many bytes is read without asking at each whether it is there.
/// Zeros stand for those behind the end of the text.
type Window = [u8; WINDOW];
const WINDOW: usize = 256;

/// The window at the end of a text.
struct Last(Window);

impl Last {
    /// That of `rest`, which is shorter than a window.
    #[cold]
    fn of(&mut self, rest: &[u8]) -> &Window {
        self.0.fill(0);
        self.0[..rest.len()].copy_from_slice(rest);
        &self.0
    }
}

#[inline(always)]
fn word_at(window: &Window, at: usize) -> Option<u64> {
    window.get(at..)?.first_chunk().map(|eight| u64::from_le_bytes(*eight))
}

/// The integer at `at`, and where it ends, if it has at most fifteen digits. What follows it is for
/// the caller to look at.
#[inline(always)]
fn integer(window: &Window, at: usize) -> Option<(i64, usize)> {
    if *window.get(at)? == b'-' {
        let (number, end) = natural(window, at + 1)?;
        return Some((-number, end));
    }
    natural(window, at)
}

#[inline(always)]
fn natural(window: &Window, at: usize) -> Option<(i64, usize)> {
    let first = word_at(window, at)?;
    let (mut number, mut len) = digits(first);
    if len == 8 {
        let (more, count) = digits(word_at(window, at + 8)?);
        number = number * POWERS[count] + more;
        len += count;
    }
    let needless_zero = first as u8 == b'0' && len > 1;
    (len > 0 && len < 16 && !needless_zero).then_some((number as i64, at + len))
}

impl<'t> Scanner<'t> {
    /// The order of the fields of the record here; `None` if it is none of the usual shape, or has
    /// fields beyond those of an event.
    #[cold]
    pub(super) fn order(mut self, batch: &mut Batch<'t>) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        let mut entry = Entry::EMPTY;
        let (mut from, mut seen) = (self.at, 0);
        self.eat(b'{')?;
        loop {
            self.skip_space();
            let field = self.name().filter(|field| seen & field.bit() == 0)?;
            seen |= field.bit();
            self.skip_space();
            steps.push(Step::new(self.text.get(from..self.at)?, Some(field))?);
            self.content(field, &mut entry, batch)?;
            from = self.at;
            self.skip_space();
            let next = self.peek()?;
            self.at += 1;
            match next {
                b',' => {}
                b'}' => break,
                _ => return None,
            }
        }
        steps.push(Step::new(self.text.get(from..self.at)?, None)?);
        (seen & seen::REQUIRED == seen::REQUIRED).then_some(steps)
    }
}
