//! Transactions on the lanes of their processes.

use super::super::canvas::Canvas;
use super::super::draw::{Layout, room};
use super::super::focus::{Focus, Lanes, Role, Shown, columns};
use super::{class, fill};
use crate::history::{OpIndex, sort};
use crate::report::isolation::{Drawing, Isolation, Tie};
use crate::words::shortened;

/// So many transactions of a history are shown as a whole.
const ALL: usize = 40;

/// Labels have so many characters at most, where they have room.
const LABEL: usize = 90;

/// The transactions of a drawing on their lanes; none where it is not known when they ran.
pub(super) fn focus(subject: &Isolation<'_>, drawing: &Drawing) -> Option<Focus> {
    if !subject.history().has_real_time() {
        return None;
    }
    let named = drawing.nodes.iter().filter_map(|node| Some((node.transaction?, &*node.name)));
    let mut named: Vec<(u32, &str)> = named.collect();
    for most in [LABEL, 44, 26, 14, 0] {
        let focus = of(subject, &mut named, most);
        if most == 0 || focus.needed() <= room(&focus) {
            return Some(focus);
        }
    }
    None
}

/// All transactions on their lanes, if they have room there.
pub(super) fn of_all(subject: &Isolation<'_>) -> Option<Focus> {
    let transactions = &subject.report.transactions;
    if !subject.history().has_real_time() || transactions.len() > ALL || transactions.is_empty() {
        return None;
    }
    let all: Vec<(u32, &str)> = transactions.all().map(|t| (t, "")).collect();
    let focus = |most: usize| of(subject, &mut all.clone(), most);
    let fits = |focus: &Focus| focus.needed() <= room(focus);
    [LABEL, 44, 26, 14].into_iter().map(focus).find(fits)
}

/// Transactions with their short names, and labels of at most so many characters.
fn of(subject: &Isolation<'_>, named: &mut [(u32, &str)], most: usize) -> Focus {
    let history = subject.history();
    let call = |t: u32| history.span(OpIndex::new(t as usize)).call;
    sort::by(named, |&(t, _)| call(t));
    let chosen: Vec<(OpIndex, Role)> =
        named.iter().map(|&(t, _)| (OpIndex::new(t as usize), Role::Other)).collect();
    let all: Vec<OpIndex> = (0..history.operations().len()).map(OpIndex::new).collect();
    let columns = columns(history, &all, &chosen);
    let lanes = Lanes::of(history, &chosen);
    let shown = |(&(t, name), &lane): (&(u32, &str), &usize)| {
        let index = OpIndex::new(t as usize);
        let (operation, span) = (&history[index], history.span(index));
        let micros = subject.micros(t);
        let label = match (name.is_empty(), shortened(&micros, most)) {
            (true, micros) => micros,
            (false, _) if most == 0 => name.to_owned(),
            (false, micros) => format!("{name}: {micros}"),
        };
        let column = |rank| columns.partition_point(|column| column.rank < rank);
        Shown {
            index,
            record: operation.invoked,
            role: Role::Other,
            outcome: operation.outcome,
            lane,
            call: column(span.call),
            ret: span.has_returned().then(|| column(span.ret)),
            label,
            title: shortened(&micros, 400),
        }
    };
    let operations: Vec<Shown> = named.iter().zip(&lanes.of).map(shown).collect();
    Focus {
        title: String::new(),
        sentence: String::new(),
        operations,
        lanes: lanes.lanes,
        columns,
        points: Vec::new(),
        leaps: false,
        culprit: None,
    }
}

/// Draws the arrows that stand for the order of sessions and real time.
pub(super) fn arrows(drawing: &Drawing, focus: &Focus, layout: &Layout<'_>, canvas: &mut Canvas) {
    let is_order = |tie: Tie| matches!(tie, Tie::Session | Tie::RealTime);
    let place = |node: usize| {
        let transaction = drawing.nodes[node].transaction?;
        focus.operations.iter().position(|one| one.index.index() == transaction as usize)
    };
    for arrow in drawing.arrows.iter().filter(|arrow| is_order(arrow.tie)) {
        if let (Some(from), Some(to)) = (place(arrow.from), place(arrow.to)) {
            canvas.group(["", "", &arrow.sentence], |canvas| {
                layout.arrow(canvas, from, to, [class(arrow.tie), fill(arrow.tie)]);
            });
        }
    }
}
