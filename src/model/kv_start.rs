//! What a key of a key-value store may have held at the start, where that is not known.
//!
//! What the first operations tell is taken back over the appends and the sums that may have come
//! before them.

use std::collections::BTreeSet;

use super::Reading;
use super::counter::Wide;
use super::kv::{Content, Op};
use super::persistent::Text;
use super::starts::Early;
use crate::history::Rank;

/// So many sums of what was added before the start was told are looked at.
const SUMS: usize = 1 << 12;

/// Sums that are not known are so far apart, and further from all that is known than all additions
/// of a history together lead.
const FAR: i128 = 1 << 110;

/// Returns contents from one of which `readings` are linearizable if they are from any; `None` if
/// there would be too many.
pub(super) fn contents(readings: &[Reading<Op>]) -> Option<Vec<Content>> {
    let early = Early::of(
        readings,
        |op| told(op).is_some(),
        |op| left(op).is_some(),
        |op, seen| match (left(op), told(seen)) {
            (Some(left), Some(seen)) => may_lead(left, &seen),
            _ => false,
        },
    );
    let mut found: Vec<Content> = Vec::new();
    let mut add = |content: Content| {
        if !found.contains(&content) {
            found.push(content);
        }
    };
    if !early.is_certain {
        nobody_knows(readings)?.into_iter().for_each(&mut add);
    }
    for reading in &early.tellers {
        let Some(content) = told(&reading.op) else { continue };
        let updates = Updates::before(readings, reading, early.end);
        match &content {
            Content::Text(text) => updates.texts(text.as_str()).into_iter().for_each(&mut add),
            Content::Int(number) => {
                updates.sums((*number).into())?.into_iter().for_each(&mut add);
            }
            Content::Absent | Content::Other(_) => add(content),
        }
    }
    if found.is_empty() {
        // None fits, so that any shows it.
        found.push(Content::Absent);
    }
    Some(found)
}

/// What an operation tells of the content before it.
fn told(op: &Op) -> Option<Content> {
    match op {
        Op::Get(seen) => seen.clone(),
        Op::Cas(change) => Some(change[0].clone()),
        Op::Add(op) => op.found().map(|found| Content::Int(found.into())),
        Op::Put(_) | Op::Append(_) | Op::Mismatch(_) => None,
    }
}

/// What an operation leaves, whatever was there.
fn left(op: &Op) -> Option<&Content> {
    match op {
        Op::Put(content) => Some(content),
        Op::Cas(change) => Some(&change[1]),
        Op::Get(_) | Op::Append(_) | Op::Mismatch(_) | Op::Add(_) => None,
    }
}

/// Whether appends and sums may lead from one content to another.
fn may_lead(from: &Content, to: &Content) -> bool {
    match (from, to) {
        (Content::Text(from), Content::Text(to)) => to.as_str().starts_with(from.as_str()),
        (Content::Absent, Content::Text(_)) => true,
        (Content::Absent | Content::Int(_), Content::Int(_)) => true,
        _ => from == to,
    }
}

/// The updates that may, and those that must, have come before an operation that tells the start.
struct Updates<'a> {
    /// Appended strings.
    texts: Vec<&'a str>,
    /// The length of those that must have been appended, and of all.
    lengths: [usize; 2],
    /// The sum of what must have been added.
    sum: i128,
    /// What may have been added beside that.
    others: Vec<i128>,
}

impl<'a> Updates<'a> {
    fn before(readings: &'a [Reading<Op>], teller: &Reading<Op>, end: Rank) -> Updates<'a> {
        let mut updates =
            Updates { texts: Vec::new(), lengths: [0; 2], sum: 0, others: Vec::new() };
        let known = readings.iter().take_while(|reading| reading.span.call < end);
        for reading in known.filter(|reading| reading.index != teller.index) {
            let is_sure = reading.span.ret < teller.span.call;
            match &reading.op {
                Op::Append(text) => {
                    let text = text.as_str();
                    updates.lengths[1] += text.len();
                    updates.lengths[0] += if is_sure { text.len() } else { 0 };
                    updates.texts.push(text);
                }
                Op::Add(op) if is_sure => updates.sum += i128::from(op.delta),
                Op::Add(op) if op.delta != 0 => updates.others.push(op.delta.into()),
                _ => {}
            }
        }
        updates.texts.sort_unstable();
        updates.texts.dedup();
        updates
    }

    /// What may have become `text`.
    fn texts(&self, text: &str) -> Vec<Content> {
        let [least, most] = self.lengths;
        let begins = |at: usize| {
            let rest = &text[at..];
            rest.is_empty() || self.texts.iter().any(|it| !it.is_empty() && rest.starts_with(it))
        };
        let lengths = (0..=text.len()).rev().filter(|&at| text.is_char_boundary(at));
        let fits = lengths.filter(|&at| (least..=most).contains(&(text.len() - at)) && begins(at));
        let mut found: Vec<Content> =
            fits.map(|at| Content::Text(Text::new(&text[..at]))).collect();
        if found.last().is_some_and(|last| *last == Content::Text(Text::new(""))) {
            found.push(Content::Absent);
        }
        found
    }

    /// What may have become `number`; `None` if that is too much.
    fn sums(&self, number: i128) -> Option<Vec<Content>> {
        let mut before: BTreeSet<i128> = BTreeSet::new();
        before.extend(number.checked_sub(self.sum));
        for &other in &self.others {
            let more: Vec<i128> =
                before.iter().filter_map(|number| number.checked_sub(other)).collect();
            before.extend(more);
            if before.len() > SUMS {
                return None;
            }
        }
        let mut found: Vec<Content> = Vec::new();
        for number in before {
            found.push(Content::Int(number.into()));
            if number == 0 {
                found.push(Content::Absent);
            }
        }
        Some(found)
    }
}

/// Contents that no operation tells or excludes, also after updates; one of each kind that the
/// updates of `readings` tell apart. `None` if there is no such number.
fn nobody_knows(readings: &[Reading<Op>]) -> Option<Vec<Content>> {
    let mut numbers: BTreeSet<i128> = BTreeSet::new();
    let mut texts: Vec<Text> = Vec::new();
    let (mut appends, mut adds) = (false, false);
    for reading in readings {
        let excluded = match &reading.op {
            Op::Mismatch(content) => Some(content.clone()),
            op => told(op),
        };
        match excluded {
            Some(Content::Int(number)) => _ = numbers.insert(i128::from(number)),
            Some(Content::Text(text)) => texts.push(text),
            _ => {}
        }
        appends |= matches!(reading.op, Op::Append(_));
        adds |= matches!(reading.op, Op::Add(_));
    }
    let mut found = Vec::new();
    if appends {
        let is_new = |start: &String| !texts.iter().any(|text| text.as_str().starts_with(start));
        let new = (0..=texts.len()).map(|nth| format!("\u{0}{nth}")).find(is_new)?;
        found.push(Content::Text(Text::new(&new)));
    }
    if adds || !appends {
        let far =
            |number: &i128| numbers.range(number - FAR / 2..=number + FAR / 2).next().is_none();
        let number = (0..=numbers.len() as i128)
            .map_while(|nth| nth.checked_mul(FAR)?.checked_add(FAR))
            .find(far)?;
        found.push(Content::Int(Wide::from(number)));
    }
    Some(found)
}
