//! What is around the operations that cannot be linearized, for people.

use super::super::Subject;
use super::super::style::{Palette, Strokes};
use super::super::table::Table;
use super::explained::write_guarantees;
use super::key_name;
use crate::check::{Decision, Failure};
use crate::explain::{Context, Steps};
use crate::history::{History, OpIndex, Operation, Outcome, Rank, Record, Span};
use crate::words::{counted, operation_phrase, shortened, with_thousands};
use histcheck_history::putln;

/// Operations are cut to so many characters in tables, so that these fit a hundred columns.
const PHRASE: usize = 32;

/// What a key starts from is cut to so many characters.
const INITIAL: usize = 40;

/// So many steps of a linearization are listed.
const STEPS: usize = 5;

/// Appends the surroundings of the first failures.
pub(super) fn write_violations(subject: &Subject<'_>, palette: &Palette, out: &mut String) {
    for context in &subject.contexts {
        let key = &subject.report.keys[context.key_at];
        let Decision::Invalid(failure) = &key.decision else { continue };
        out.push('\n');
        let operation = &subject.history[failure.operation];
        let name = key_name(subject.history, key);
        let name = name.map_or(String::new(), |name| format!("key {name}: "));
        putln!(
            out,
            "{}{name}{}`{}` by process {}{}{}",
            palette.label,
            if failure.is_first() { "" } else { "the search got stuck at " },
            operation_phrase(subject.history, operation),
            process(subject.history, operation),
            if failure.is_first() { " cannot be linearized" } else { "" },
            palette.reset,
        );
        putln!(out, "  {}", ends(subject, failure));
        let explained = subject.explanation.keys.iter().find(|key| key.key_at == context.key_at);
        if let Some(initial) = explained.and_then(|key| key.initial.as_ref()) {
            let initial = shortened(initial, INITIAL);
            putln!(out, "  shown from the start {initial}; from no other can it be, either");
        }
        write_operations(subject, context, failure, palette, out);
        if let Some(before) = &context.before {
            write_before(subject, before, failure, palette, out);
        }
        if let Some(explained) = explained {
            write_guarantees(subject, explained, palette, out);
        }
    }
    let hidden = subject.report.key_counts.invalid.saturating_sub(subject.contexts.len());
    if hidden > 0 {
        let keys = if hidden == 1 { "key" } else { "keys" };
        let hidden = with_thousands(hidden);
        putln!(out, "\nand {hidden} more {keys} that cannot be linearized");
    }
}

/// Who called it, cut if it is long.
pub(in crate::report) fn process(history: &History, operation: &Operation) -> String {
    shortened(&history.values().to_text(operation.process), 40)
}

/// Where and when the failing operation was called and returned.
fn ends(subject: &Subject<'_>, failure: &Failure) -> String {
    let operation = &subject.history[failure.operation];
    let [call, ret] = subject.history.times(failure.operation);
    let end = |record: Record, time: Option<i64>| {
        let line = subject.where_is(record).map_or(String::new(), |line| format!("{line}, "));
        let time = time.map_or(String::new(), |time| format!(", time {time}"));
        format!("{line}record {record}{time}")
    };
    let called = end(operation.invoked, call);
    match operation.completed.filter(|&end| end != operation.invoked) {
        Some(completed) => format!("called at {called}; returned at {}", end(completed, ret)),
        None => format!("{called}{}", ret.map_or(String::new(), |ret| format!(" to {ret}"))),
    }
}

/// The line of `record`, with its file where there are several.
fn line_cell(subject: &Subject<'_>, record: Record) -> String {
    match (subject.line(record), subject.file_of(record)) {
        (None, _) => String::new(),
        (Some(line), None) => line.to_string(),
        (Some(line), Some(file)) => format!("{}:{line}", super::super::printable(file)),
    }
}

fn write_operations(
    subject: &Subject<'_>,
    context: &Context,
    failure: &Failure,
    palette: &Palette,
    out: &mut String,
) {
    let titles =
        ["", ">line", ">record", ">process", "operation", "outcome", "call..return", "overlap"];
    let mut table = Table::new(&titles, (palette.faint, palette.reset));
    let bars = bars(subject.history, &context.operations, failure.operation, &palette.strokes);
    let is_core = |operation: OpIndex| failure.core.binary_search(&operation).is_ok();
    let marks_core = failure.core.len() > 1 && context.operations.iter().any(|&op| !is_core(op));
    for (&index, bar) in context.operations.iter().zip(bars) {
        let operation = &subject.history[index];
        let is_failing = index == failure.operation;
        let mark = match (is_failing, marks_core && is_core(index)) {
            (true, _) => ">",
            (false, true) => "*",
            (false, false) => "",
        };
        let cells = vec![
            mark.to_owned(),
            line_cell(subject, operation.invoked),
            operation.invoked.to_string(),
            process(subject.history, operation),
            shortened(&operation_phrase(subject.history, operation), PHRASE),
            operation.outcome.name().to_owned(),
            interval(subject.history, index),
            bar,
        ];
        let style = if is_failing { (palette.bad, palette.reset) } else { ("", "") };
        table.row(cells, style);
    }
    out.push('\n');
    table.write("  ", out);
    if context.others > 0 {
        let s = if context.others == 1 { "s" } else { "" };
        let others = counted(context.others, "other operation");
        putln!(out, "  and {others} overlap{s} it");
    }
    let shown_core = context.operations.iter().filter(|&&op| is_core(op)).count();
    if marks_core && shown_core == failure.core.len() {
        putln!(out, "  those marked * and > cannot be ordered even by themselves");
    } else if !failure.core.is_empty() && shown_core < failure.core.len() {
        let core = counted(failure.core.len(), "operation");
        putln!(out, "  {core} cannot be ordered even by themselves");
    }
}

/// Both ends of an operation in what orders the history: times or records.
pub(in crate::report) fn interval(history: &History, index: OpIndex) -> String {
    let operation = &history[index];
    let returns = history.span(index).ret != Rank::NEVER;
    if history.is_ordered_by_time() && history.start_time().is_some() {
        let [call, ret] =
            history.times(index).map(|time| time.map_or_else(String::new, |time| time.to_string()));
        return if returns { format!("{call}..{ret}") } else { format!("{call}..") };
    }
    match operation.completed.filter(|_| returns) {
        Some(completed) => format!("{}..{completed}", operation.invoked),
        None => format!("{}..", operation.invoked),
    }
}

/// The operations as bars over one axis, on which only the order of their ends counts.
fn bars(
    history: &History,
    operations: &[OpIndex],
    culprit: OpIndex,
    strokes: &Strokes,
) -> Vec<String> {
    let spans: Vec<_> = operations.iter().map(|&op| history.span(op)).collect();
    let mut ranks: Vec<Rank> = spans.iter().flat_map(|span| [span.call, span.ret]).collect();
    ranks.sort_unstable();
    ranks.dedup();
    let column = |rank: Rank| ranks.partition_point(|&other| other < rank);
    let bar = |(span, &index): (&Span, &OpIndex)| {
        let (from, to) = (column(span.call), column(span.ret));
        let [start, inside, end] = match history[index].outcome {
            _ if index == culprit => strokes.culprit,
            Outcome::Fail => strokes.fail,
            _ if !span.has_returned() => strokes.open,
            _ => strokes.ok,
        };
        let inside: String = std::iter::repeat_n(inside, (to - from).saturating_sub(1)).collect();
        format!("{}{start}{inside}{end}", " ".repeat(from))
    };
    spans.iter().zip(operations).map(bar).collect()
}

fn write_before(
    subject: &Subject<'_>,
    before: &Steps,
    failure: &Failure,
    palette: &Palette,
    out: &mut String,
) {
    let history = subject.history;
    let phrase = |index: OpIndex| operation_phrase(history, &history[index]);
    let left_out = before.last.len().saturating_sub(STEPS);
    let steps = &before.last[left_out..];
    let after = match before.earlier + left_out {
        0 => String::new(),
        earlier => format!(", after {}", counted(earlier, "other operation")),
    };
    putln!(out, "\n  one way for everything before its return to have happened{after}:");
    let has_states = steps.iter().any(|step| step.state.is_some());
    let titles = ["operation", if has_states { "state after it" } else { "" }];
    let mut table = Table::new(&titles, (palette.faint, palette.reset));
    for step in steps {
        let state = step.state.as_ref().map_or(String::new(), |state| shortened(state, 60));
        table.row(vec![phrase(step.operation), state], ("", ""));
    }
    table.write("    ", out);
    if steps.is_empty() {
        putln!(out, "    nothing did");
    }
    putln!(
        out,
        "  neither this way nor any other leaves a place for `{}`",
        phrase(failure.operation)
    );
}
