//! What the figure of a violation shows: a few operations around the counterexample, on lanes, with
//! one way in which everything before can have happened, and what forbids the one that failed.

use super::super::Subject;
use super::super::text::key_name;
use super::measure::{Font, width};
use super::overview::asides;
use super::theme;
use crate::check::{Decision, Failure};
use crate::explain::{Anomaly, Context, Step};
use crate::history::{History, OpIndex, Outcome, Rank, Record, Shape, Value, sort};
use crate::words::{
    call_phrase, counted, moment_phrase, operation_phrase, printable, return_phrase, shortened,
    value_phrase,
};

/// So many operations are shown at most, if the counterexample has no more.
const SHOWN: usize = 40;

/// So many steps before the culprit's return come before what else is told of it.
const STEPS: usize = 6;

/// Operations' labels are no longer than this,
const LABEL_CHARS: usize = 90;

/// and there is no room made for more of them than this.
const ROOM_CHARS: usize = 28;

/// What part an operation has in the violation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Role {
    /// It cannot be placed.
    Culprit,
    /// With the others of its kind it proves that.
    Core,
    /// It happened around there.
    Other,
}

/// One operation.
#[derive(Debug)]
pub(super) struct Shown {
    /// Its index in the history.
    pub(super) index: OpIndex,
    /// The record of its invocation, by which other reports call it.
    pub(super) record: Record,
    pub(super) role: Role,
    pub(super) outcome: Outcome,
    /// Its place among the lanes.
    pub(super) lane: usize,
    /// The columns of its ends; none if it never returned.
    pub(super) call: usize,
    pub(super) ret: Option<usize>,
    /// What is written on it.
    pub(super) label: String,
    /// All that is known of it, in a sentence.
    pub(super) title: String,
}

/// A row of operations that follow each other: those of one process.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) name: String,
    /// The node that it belongs to, if all its operations name one.
    pub(super) node: Option<String>,
}

/// A step of the way in which everything before can have happened.
#[derive(Debug)]
pub(super) struct Point {
    /// Its operation, as a place among those shown.
    pub(super) shown: usize,
    /// The gap between columns in which it takes effect: 0 is that behind the first column.
    pub(super) gap: usize,
    /// Its place in the whole way, from 1 on.
    pub(super) number: usize,
    /// The state after it.
    pub(super) state: Option<String>,
}

/// Why the culprit cannot be placed.
#[derive(Debug)]
pub(super) struct Reason {
    /// What returned before it was called, as a place among those shown.
    pub(super) from: Option<usize>,
    /// In words.
    pub(super) text: String,
}

/// The column of an end.
#[derive(Debug)]
pub(super) struct Column {
    /// Its rank in the whole history.
    pub(super) rank: Rank,
    /// When it was: a time, or else a record.
    pub(super) moment: String,
    /// So many operations of the key were called between it and the column before that are not
    /// shown.
    pub(super) hidden: usize,
}

/// The figure of a violation.
#[derive(Debug)]
pub(super) struct Focus {
    /// What is wrong where, in a line.
    pub(super) title: String,
    /// What happened, in a sentence.
    pub(super) sentence: String,
    pub(super) operations: Vec<Shown>,
    pub(super) lanes: Vec<Lane>,
    pub(super) columns: Vec<Column>,
    pub(super) points: Vec<Point>,
    /// Whether some steps of that way are not shown.
    pub(super) leaps: bool,
    /// What cannot be placed, as a place among those shown, and why; nothing in a figure of
    /// transactions.
    pub(super) culprit: Option<(usize, Reason)>,
}

/// The figure of the first failing key of `subject`, with as many operations as have, with their
/// labels, the `room` that it leaves; `None` if nothing failed.
pub(super) fn focus(subject: &Subject<'_>, room: fn(&Focus) -> f64) -> Option<Focus> {
    let context = subject.contexts.first()?;
    let key = subject.report.keys.get(context.key_at)?;
    let Decision::Invalid(failure) = &key.decision else { return None };
    let ranked = ranked(subject, context, failure);
    let core = ranked.iter().filter(|one| one.1 < Role::Other).count();
    let mut count = ranked.len().min(SHOWN.max(core));
    loop {
        let focus = Focus::of(subject, context, failure, &ranked[..count]);
        if count <= core || focus.needed() <= room(&focus) {
            return Some(focus);
        }
        count = core.max(count - 1 - count / 12);
    }
}

/// The operations that may be shown, those that matter most first.
fn ranked(subject: &Subject<'_>, context: &Context, failure: &Failure) -> Vec<(OpIndex, Role)> {
    let history = subject.history;
    let counterexample = subject.explanation.counterexample();
    let own = counterexample
        .filter(|(key_at, one)| *key_at == context.key_at && one.operation == failure.operation);
    let core = if failure.core.is_empty() {
        own.map_or(&[][..], |(_, violation)| &violation.core)
    } else {
        &failure.core
    };
    let mut ranked = vec![(failure.operation, Role::Culprit)];
    let mut add = |index: OpIndex, role: Role, most: usize| {
        if ranked.len() < most && ranked.iter().all(|one| one.0 != index) {
            ranked.push((index, role));
        }
    };
    core.iter().for_each(|&index| add(index, Role::Core, usize::MAX));
    // How it stood before.
    let steps = || context.before.iter().flat_map(|before| before.last.iter().rev());
    steps().take(STEPS).for_each(|step| add(step.operation, Role::Other, SHOWN));
    let named = anomaly(subject, context.key_at);
    named.into_iter().flat_map(|one| &one.operations).for_each(|&index| {
        if history[index].outcome != Outcome::Fail {
            add(index, Role::Other, SHOWN);
        }
    });
    context.operations.iter().for_each(|&index| add(index, Role::Other, SHOWN));
    steps().for_each(|step| add(step.operation, Role::Other, SHOWN));
    ranked
}

/// What is named first of a key's anomalies.
fn anomaly<'s>(subject: &'s Subject<'_>, key_at: usize) -> Option<&'s Anomaly> {
    let anomalies = &subject.explanation.anomalies;
    anomalies.iter().find(|one| one.key_at == Some(key_at)).or(anomalies.first())
}

impl Focus {
    fn of(
        subject: &Subject<'_>,
        context: &Context,
        failure: &Failure,
        chosen: &[(OpIndex, Role)],
    ) -> Focus {
        let history = subject.history;
        let mut chosen = chosen.to_vec();
        sort::by(&mut chosen, |&(index, _)| history.span(index).call);
        let lanes = Lanes::of(history, &chosen);
        let partitions = history.partitions();
        let columns = columns(history, partitions.get(context.key_at).operations, &chosen);
        let column = |rank: Rank| columns.partition_point(|column| column.rank < rank);
        let shown = |(&(index, role), &lane): (&(OpIndex, Role), &usize)| {
            let operation = &history[index];
            let span = history.span(index);
            Shown {
                index,
                record: operation.invoked,
                role,
                outcome: operation.outcome,
                lane,
                call: column(span.call),
                ret: (span.has_returned()).then(|| column(span.ret)),
                label: shortened(&operation_phrase(history, operation), LABEL_CHARS),
                title: title(subject, index),
            }
        };
        let operations: Vec<Shown> = chosen.iter().zip(&lanes.of).map(shown).collect();
        let place = |index: OpIndex| operations.iter().position(|one| one.index == index);
        let culprit = place(failure.operation).unwrap_or_default();
        let mut focus = Focus {
            title: heading(subject, context.key_at),
            sentence: sentence(subject, context.key_at),
            points: Vec::new(),
            leaps: false,
            culprit: Some((culprit, reason(subject, &operations, culprit))),
            lanes: lanes.lanes,
            operations,
            columns,
        };
        if let Some(before) = &context.before {
            focus.place(&before.last, before.earlier);
        }
        focus
    }

    /// Gives each step that is shown the gap in which it takes effect: in the order of the steps,
    /// within its operation, and as far from both its ends as that allows.
    fn place(&mut self, steps: &[Step], earlier: usize) {
        let place = |index: OpIndex| self.operations.iter().position(|one| one.index == index);
        let last = self.columns.len();
        // The first and the last gap of each.
        let mut gaps: Vec<(usize, [usize; 2])> = Vec::new();
        let mut points: Vec<Point> = Vec::new();
        for (at, step) in steps.iter().enumerate() {
            let Some(shown) = place(step.operation) else { continue };
            let one = &self.operations[shown];
            let end = one.ret.unwrap_or(last).saturating_sub(1).max(one.call);
            gaps.push((shown, [one.call, end]));
            let state = step.state.as_ref().map(|state| shortened(state, 24));
            points.push(Point { shown, gap: one.call, number: earlier + at + 1, state });
        }
        let mut least = 0;
        for gap in &mut gaps {
            least = least.max(gap.1[0]);
            gap.1[0] = least;
        }
        let mut most = usize::MAX;
        for gap in gaps.iter_mut().rev() {
            most = most.min(gap.1[1]);
            gap.1[1] = most.max(gap.1[0]);
        }
        let mut before = 0;
        for (point, (_, [least, most])) in points.iter_mut().zip(gaps) {
            point.gap = usize::midpoint(least, most).max(before);
            before = point.gap;
        }
        self.leaps = earlier > 0 || points.len() < steps.len();
        self.points = points;
    }

    /// The width of the gaps between columns, and behind the last one, that everything needs.
    pub(super) fn gaps(&self) -> Vec<f64> {
        const GAP: f64 = 9.0;
        const POINT: f64 = 21.0;
        const LAST: f64 = 36.0;
        let mut gaps = vec![GAP; self.columns.len()];
        for point in &self.points {
            if let Some(gap) = gaps.get_mut(point.gap) {
                *gap += POINT;
            }
        }
        if let Some(last) = gaps.last_mut() {
            *last = last.max(LAST);
        }
        let mut bars: Vec<&Shown> = self.operations.iter().collect();
        let range = |one: &Shown| one.call..one.ret.unwrap_or(self.columns.len()).max(one.call + 1);
        // Of equal lengths, they stay in the order of their calls.
        sort::by(&mut bars, |one| range(one).len());
        for one in bars {
            let range = range(one);
            let missing = bar_width(&shortened(&one.label, ROOM_CHARS))
                - gaps[range.clone()].iter().sum::<f64>();
            if missing > 0.0 {
                let each = missing / range.len() as f64;
                gaps[range].iter_mut().for_each(|gap| *gap += each);
            }
        }
        gaps
    }

    /// The width that everything needs.
    pub(super) fn needed(&self) -> f64 {
        self.gaps().iter().sum()
    }
}

/// The width of a bar with this label.
fn bar_width(label: &str) -> f64 {
    width(label, Font::Mono, theme::LABEL) + 16.0
}

/// Lanes, grouped by node.
pub(super) struct Lanes {
    pub(super) lanes: Vec<Lane>,
    /// The lane of each operation.
    pub(super) of: Vec<usize>,
}

impl Lanes {
    /// A lane for each process; a process that went on behind an operation that never returned has
    /// another one from there on.
    pub(super) fn of(history: &History, chosen: &[(OpIndex, Role)]) -> Lanes {
        struct Row {
            node: Option<Value>,
            process: Value,
            /// Which of the process's rows it is.
            nth: usize,
            ret: Rank,
        }
        let mut rows: Vec<Row> = Vec::new();
        let mut row_of = Vec::new();
        for &(index, _) in chosen {
            let process = history[index].process;
            let node = history.extra_of(index, "node");
            let span = history.span(index);
            let own = || rows.iter().filter(|row| row.process == process);
            let nth = own().count();
            let free = rows.iter().position(|row| row.process == process && row.ret < span.call);
            let at = free.unwrap_or_else(|| {
                rows.push(Row { node, process, nth, ret: Rank::FIRST });
                rows.len() - 1
            });
            rows[at].ret = span.ret;
            row_of.push(at);
            let is_elsewhere = rows.iter().any(|row| row.process == process && row.node != node);
            if is_elsewhere {
                let all = rows.iter_mut().filter(|row| row.process == process);
                all.for_each(|row| row.node = None);
            }
        }
        let values = history.values();
        let order =
            |value: Value| (values.as_int(value).unwrap_or(i64::MAX), values.to_text(value));
        let mut sorted: Vec<usize> = (0..rows.len()).collect();
        sorted.sort_by_cached_key(|&at| {
            let Row { node, process, nth, .. } = rows[at];
            (node.is_none(), node.map(order), order(process), nth)
        });
        let lane = |&at: &usize| Lane {
            name: format!("process {}", shortened(&values.to_text(rows[at].process), 16)),
            node: rows[at].node.map(|node| shortened(&as_text(history, node), 14)),
        };
        let place = |row: usize| sorted.iter().position(|&at| at == row).unwrap_or_default();
        Lanes {
            lanes: sorted.iter().map(lane).collect(),
            of: row_of.into_iter().map(place).collect(),
        }
    }
}

/// A value in words: a string without its quotes.
fn as_text(history: &History, value: Value) -> String {
    match history.values().as_name(value) {
        Some(name) => name.to_owned(),
        None => value_phrase(history, value),
    }
}

/// The ends of operations; `all` are those of which it is counted how many are not shown.
pub(super) fn columns(
    history: &History,
    all: &[OpIndex],
    chosen: &[(OpIndex, Role)],
) -> Vec<Column> {
    let start = chosen.iter().map(|one| history.span(one.0).call).min().unwrap_or_default();
    let mut ends: Vec<(Rank, OpIndex, bool)> = Vec::new();
    for &(index, _) in chosen {
        let span = history.span(index);
        ends.push((span.call, index, false));
        if span.has_returned() {
            ends.push((span.ret, index, true));
        }
    }
    sort::by(&mut ends, |&end| end);
    let calls = |rank: Rank| all.partition_point(|&op| history.span(op).call < rank);
    let mut columns: Vec<Column> = Vec::new();
    let mut before = calls(start);
    for (rank, index, returns) in ends {
        let until = calls(rank);
        // Those that are shown have columns of their own.
        let hidden = until - before;
        before = until + usize::from(!returns);
        columns.push(Column { rank, moment: moment_phrase(history, index, returns), hidden });
    }
    columns
}

/// All that is known of an operation, in a sentence.
fn title(subject: &Subject<'_>, index: OpIndex) -> String {
    let history = subject.history;
    let operation = &history[index];
    let mut title = format!(
        "{} by process {}: {}",
        operation_phrase(history, operation),
        shortened(&history.values().to_text(operation.process), 40),
        match operation.outcome {
            Outcome::Ok => "ok",
            Outcome::Fail => "failed, did not happen",
            _ => "unknown outcome, may have happened at any time after its call",
        },
    );
    let returns = operation.completed.is_some();
    title.push_str(&format!("; called {}", call_phrase(history, index)));
    if returns {
        title.push_str(&format!(", returned {}", return_phrase(history, index)));
    }
    title.push_str(&match operation.completed.filter(|&end| end != operation.invoked) {
        Some(completed) => format!("; records {} and {completed}", operation.invoked),
        None => format!("; record {}", operation.invoked),
    });
    if let Some(line) = subject.where_is(operation.invoked) {
        title.push_str(&format!(", {line}"));
    }
    for field in ["node", "source", "version", "timestamp", "error"] {
        if let Some(value) = history.extra_of(index, field) {
            title.push_str(&format!("; {field} {}", shortened(&as_text(history, value), 40)));
        }
    }
    printable(&title)
}

fn heading(subject: &Subject<'_>, key_at: usize) -> String {
    let report = subject.report;
    let name = key_name(subject.history, &report.keys[key_at]);
    let what = match name {
        Some(name) => format!("Key {name} is not linearizable"),
        None => "Not linearizable".to_owned(),
    };
    let kind = anomaly(subject, key_at).map(|one| one.kind.name().replace('-', " "));
    let kind = kind.filter(|kind| kind != "unclassified").map(|kind| format!(": {kind}"));
    let others = match report.key_counts.invalid {
        0 | 1 => String::new(),
        several => format!(" (and {})", counted(several - 1, "other key")),
    };
    printable(&format!("{what}{}{others}", kind.unwrap_or_default()))
}

fn sentence(subject: &Subject<'_>, key_at: usize) -> String {
    let sentence = match anomaly(subject, key_at) {
        Some(one) => {
            let mut letters = one.summary.chars();
            let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
            printable(&format!("{first}{}.", letters.as_str()))
        }
        None => "No order of the operations explains what they returned.".to_owned(),
    };
    std::iter::once(sentence).chain(asides(subject)).collect::<Vec<_>>().join(" ")
}

/// Why the culprit cannot be placed: of the core's operations that had returned before it was
/// called the last one, but for what wrote what it returned.
fn reason(subject: &Subject<'_>, operations: &[Shown], culprit: usize) -> Reason {
    let history = subject.history;
    let row = |one: &Shown| &history[one.index];
    let failing = &operations[culprit];
    let seen = row(failing).output;
    let is_source = |one: &Shown| {
        let new = history.values().as_pair(row(one).input).map(|pair| pair.1);
        let is_item = || match history.values().shape(seen) {
            Shape::List(items) | Shape::Set(items) => items.contains(&row(one).input),
            _ => false,
        };
        let is_same = row(one).input == seen || new == Some(seen) || row(one).output == seen;
        !seen.is_null() && (is_same || is_item())
    };
    let before = operations
        .iter()
        .enumerate()
        .filter(|(_, one)| one.role == Role::Core && one.ret.is_some_and(|ret| ret < failing.call));
    let from = before.filter(|(_, one)| !is_source(one)).max_by_key(|(_, one)| one.ret);
    let own = shortened(&operation_phrase(history, row(failing)), 44);
    match from {
        Some((at, one)) => {
            let other = shortened(&operation_phrase(history, row(one)), 44);
            let yet = match own.split_once(" → ") {
                Some((_, answer)) => format!("yet it returned {answer}"),
                None => format!("yet it is {own}"),
            };
            Reason { from: Some(at), text: format!("comes after {other}, {yet}") }
        }
        None => Reason { from: None, text: "no order leaves a place for it".to_owned() },
    }
}
