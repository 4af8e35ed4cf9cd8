//! Draws transactions as boxes with their micro-operations, and why one comes before another as
//! arrows between them: a cycle goes around clockwise.

use super::super::canvas::{Anchor, Canvas, number};
use super::super::measure::{Font, fitted, width};
use super::super::theme::{self, MARGIN, WIDTH};
use super::{class, fill, word};
use crate::isolation::Place;
use crate::report::isolation::{Arrow, Drawing, Isolation, Node, Tie};

/// The height of a box's head: its name, and whose it is.
const HEAD: f64 = 42.0;
/// The height of a micro-operation.
const ROW: f64 = 19.0;
/// The room below the last one.
const FOOT: f64 = 7.0;
/// The height between two rows of boxes, which labels need.
const BETWEEN: f64 = 66.0;
/// The least width between two boxes.
const GAP: f64 = 92.0;
/// The least width of a box.
const NARROWEST: f64 = 150.0;
/// The radius of a step's number.
const BADGE: f64 = 7.0;

/// Where a box is, in columns and rows; both may be in between.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Cell {
    column: f64,
    row: f64,
}

/// How many columns so many boxes are spread over, and how many rows; and where each is, clockwise.
fn cells(count: usize) -> (usize, usize, Vec<Cell>) {
    let columns = match count {
        0 | 1 => 1,
        2..=4 => 2,
        5 | 6 => 3,
        _ => 4,
    };
    let cell = |column: f64, row: f64| Cell { column, row };
    let top = count.min(columns);
    let mut all: Vec<Cell> = (0..top).map(|at| cell(at as f64, 0.0)).collect();
    let rest = count - top;
    if rest == 0 {
        return (columns, 1, all);
    }
    let sides = rest.saturating_sub(columns);
    let (right, left) = (sides.div_ceil(2), sides / 2);
    let (last, bottom) = ((columns - 1) as f64, rest - sides);
    let rows = right + 2;
    all.extend((1..=right).map(|at| cell(last, at as f64)));
    let lowest = (rows - 1) as f64;
    all.extend((0..bottom).map(|at| match bottom {
        1 => cell(last / 2.0, lowest),
        _ => cell(last - last * at as f64 / (bottom - 1) as f64, lowest),
    }));
    let part = lowest / (left + 1) as f64;
    all.extend((1..=left).map(|at| cell(0.0, lowest - part * at as f64)));
    (columns, rows, all)
}

/// A drawing with all its places.
pub(super) struct Ring<'d, 'a> {
    subject: &'d Isolation<'a>,
    drawing: &'d Drawing,
    /// Whether arrows have numbers, by which the sentences below call them.
    is_numbered: bool,
    cells: Vec<Cell>,
    left: f64,
    top: f64,
    /// The width of a box, and of the gap between two.
    wide: f64,
    gap: f64,
    /// The height of the highest box.
    high: f64,
    pub(super) bottom: f64,
}

impl<'d, 'a> Ring<'d, 'a> {
    pub(super) fn of(subject: &'d Isolation<'a>, drawing: &'d Drawing, top: f64) -> Self {
        let own = if drawing.ring > 0 { drawing.ring } else { drawing.nodes.len() };
        let (columns, mut rows, mut cells) = cells(own);
        // Others that show it have rows of their own.
        for at in 0..drawing.nodes.len() - own {
            let row = rows + at / columns;
            cells.push(Cell { column: (at % columns) as f64, row: row as f64 });
        }
        rows += (drawing.nodes.len() - own).div_ceil(columns);
        let room = WIDTH - 2.0 * MARGIN;
        let most = match columns {
            1 => 520.0,
            2 => 370.0,
            3 => 264.0,
            _ => 204.0,
        };
        let needed = drawing.nodes.iter().map(|node| needed(subject, node));
        let wide = needed.fold(NARROWEST, f64::max).min(most);
        let gaps = (columns - 1) as f64;
        let widest = (room - wide * columns as f64) / gaps.max(1.0);
        let label = |arrow: &Arrow| {
            let [key, change] = subject.reason(drawing, arrow, 40);
            width(&format!("{key}: {change}"), Font::Mono, theme::SMALL) + 36.0
        };
        let gap = drawing.arrows.iter().map(label).fold(GAP, f64::max).min(widest);
        let whole = wide * columns as f64 + gap * gaps;
        let high = drawing.nodes.iter().map(height).fold(0.0, f64::max);
        Ring {
            subject,
            drawing,
            is_numbered: drawing.ring > 0,
            cells,
            left: (WIDTH - whole) / 2.0,
            top,
            wide,
            gap,
            high,
            bottom: top + high * rows as f64 + BETWEEN * (rows - 1) as f64,
        }
    }

    /// The middle of a box.
    fn middle(&self, at: usize) -> (f64, f64) {
        let cell = self.cells[at];
        (
            self.left + self.wide / 2.0 + cell.column * (self.wide + self.gap),
            self.top + self.high / 2.0 + cell.row * (self.high + BETWEEN),
        )
    }

    pub(super) fn draw(&self, canvas: &mut Canvas) {
        for (at, node) in self.drawing.nodes.iter().enumerate() {
            let title = format!("{}, {}", node.name, node.whose);
            let id = match node.transaction {
                Some(_) => format!("t{}", node.record),
                None => String::new(),
            };
            canvas.group(["", &id, &title], |canvas| self.node(canvas, at, node));
        }
        for (nth, arrow) in self.drawing.arrows.iter().enumerate() {
            let id = format!("step{}", nth + 1);
            canvas.group(["", &id, &arrow.sentence], |canvas| self.arrow(canvas, nth, arrow));
        }
    }

    fn node(&self, canvas: &mut Canvas, at: usize, node: &Node) {
        let (x, y) = self.middle(at);
        let high = height(node);
        let (left, top) = (x - self.wide / 2.0, y - high / 2.0);
        let class = if node.ending.is_empty() { "box" } else { "box lost" };
        canvas.bar((left, top), (self.wide, high), class);
        let limit = self.wide - 20.0;
        canvas.text((left + 10.0, top + 19.0), Anchor::Start, "lane strong", &node.name);
        let ending = fitted(node.ending, Font::Bold, theme::SMALL, limit - 40.0);
        canvas.text((left + self.wide - 10.0, top + 19.0), Anchor::End, "reason", &ending);
        let whose = fitted(&node.whose, Font::Sans, theme::SMALL, limit);
        canvas.text((left + 10.0, top + 34.0), Anchor::Start, "small", &whose);
        let mut row = top + HEAD;
        for &place in &node.micros {
            self.micro(canvas, place, (left, row));
            row += ROW;
        }
        if node.more > 0 {
            let more = format!("and {} more", node.more);
            canvas.text((left + 10.0, row + 13.0), Anchor::Start, "small", &more);
        }
    }

    /// Draws a micro-operation, with the numbers of the steps that it is part of.
    fn micro(&self, canvas: &mut Canvas, place: Place, (left, top): (f64, f64)) {
        let is_end = |arrow: &Arrow| arrow.ends.is_some_and(|ends| ends.contains(&place));
        let steps: Vec<(usize, Tie)> = (1..)
            .zip(&self.drawing.arrows)
            .filter(|(_, arrow)| self.is_numbered && is_end(arrow))
            .map(|(nth, arrow)| (nth, arrow.tie))
            .collect();
        if self.drawing.marked.binary_search(&place).is_ok() {
            canvas.rect((left + 4.0, top), (self.wide - 8.0, ROW - 2.0), "marked");
        }
        let limit = self.wide - 18.0 - steps.len() as f64 * (2.0 * BADGE + 2.0);
        let characters = (limit / (0.602 * theme::LABEL)) as usize;
        let text = self.subject.micro_within(place, characters);
        let text = fitted(&text, Font::Mono, theme::LABEL, limit);
        canvas.text((left + 10.0, top + 12.5), Anchor::Start, "op", &text);
        for (at, &(nth, tie)) in steps.iter().rev().enumerate() {
            let x = left + self.wide - 8.0 - BADGE - at as f64 * (2.0 * BADGE + 2.0);
            badge(canvas, (x, top + (ROW - 2.0) / 2.0), nth, tie);
        }
    }

    fn arrow(&self, canvas: &mut Canvas, nth: usize, arrow: &Arrow) {
        let (from, to) = (self.middle(arrow.from), self.middle(arrow.to));
        let [high, low] = [arrow.from, arrow.to].map(|at| height(&self.drawing.nodes[at]) / 2.0);
        let right = if to.0 > from.0 { 1.0 } else { -1.0 };
        let down = if to.1 > from.1 { 1.0 } else { -1.0 };
        let half = self.wide / 2.0;
        if (from.1 - to.1).abs() < 0.5 {
            // Two between the same boxes are apart.
            let is_pair = |other: &Arrow| (other.from, other.to) == (arrow.to, arrow.from);
            let has_pair = self.drawing.arrows.iter().any(is_pair);
            let shift = if has_pair { -right * high.min(low).min(34.0) * 0.8 } else { 0.0 };
            let y = from.1 + shift;
            let ends = ((from.0 + right * (half + 2.0), y), (to.0 - right * (half + 2.0), y));
            line(canvas, &[ends.0, ends.1], arrow.tie);
            let middle = ((ends.0.0 + ends.1.0) / 2.0, y);
            self.label_along(canvas, nth, arrow, middle, (ends.1.0 - ends.0.0).abs());
            return;
        }
        let start = (from.0, from.1 + down * (high + 2.0));
        if (from.0 - to.0).abs() < 0.5 {
            let end = (to.0, to.1 - down * (low + 2.0));
            line(canvas, &[start, end], arrow.tie);
            let y = (start.1 + end.1) / 2.0;
            let middle = WIDTH / 2.0;
            let (anchor, limit) = match from.0 > middle + 1.0 {
                true => (Anchor::End, from.0 - middle),
                false if from.0 < middle - 1.0 => (Anchor::Start, middle - from.0),
                false => (Anchor::Start, WIDTH - MARGIN - from.0),
            };
            self.label_beside(canvas, nth, arrow, (from.0, y), anchor, limit - 22.0);
            return;
        }
        // Around a corner: from below to a side, or from a side to below.
        let (corner, ends) = match down > 0.0 {
            true => ((from.0, to.1), [start, (to.0 - right * (half + 2.0), to.1)]),
            false => {
                let end = (to.0, to.1 + low + 2.0);
                ((to.0, from.1), [(from.0 + right * (half + 2.0), from.1), end])
            }
        };
        curve(canvas, ends, corner, arrow.tie);
        let outer = if corner.0 > WIDTH / 2.0 { Anchor::Start } else { Anchor::End };
        let limit =
            if corner.0 > WIDTH / 2.0 { WIDTH - MARGIN - corner.0 } else { corner.0 - MARGIN };
        let upper = if down > 0.0 { ends[0].1 } else { ends[1].1 };
        self.label_beside(canvas, nth, arrow, (corner.0, upper + 26.0), outer, limit - 14.0);
    }

    /// Writes what a step is above a line, and its reason below.
    fn label_along(
        &self,
        canvas: &mut Canvas,
        nth: usize,
        arrow: &Arrow,
        (x, y): (f64, f64),
        long: f64,
    ) {
        let name = arrow.tie.name();
        let own = width(name, Font::Bold, theme::SMALL);
        if self.is_numbered {
            badge(canvas, (x - own / 2.0 - 3.0, y - 12.0), nth + 1, arrow.tie);
            canvas.text((x - own / 2.0 + 8.0, y - 8.0), Anchor::Start, word(arrow.tie), name);
        } else {
            canvas.text((x, y - 8.0), Anchor::Middle, word(arrow.tie), name);
        }
        for (at, text) in (0..).zip(self.lines(arrow, long - 14.0)) {
            canvas.text((x, y + 16.0 + 13.0 * f64::from(at)), Anchor::Middle, "state plain", &text);
        }
    }

    /// Writes what a step is and its reason beside a line.
    fn label_beside(
        &self,
        canvas: &mut Canvas,
        nth: usize,
        arrow: &Arrow,
        (x, y): (f64, f64),
        anchor: Anchor,
        limit: f64,
    ) {
        let name = arrow.tie.name();
        let side = if anchor == Anchor::End { -1.0 } else { 1.0 };
        let lines = self.lines(arrow, limit);
        let y = y + 4.0 - 6.5 * lines.len() as f64;
        let mut start = x + side * 10.0;
        if self.is_numbered {
            badge(canvas, (start + side * BADGE, y - 4.0), nth + 1, arrow.tie);
            start += side * (2.0 * BADGE + 4.0);
        }
        canvas.text((start, y), anchor, word(arrow.tie), name);
        for (at, text) in (1..).zip(lines) {
            canvas.text((x + side * 10.0, y + 14.0 * f64::from(at)), anchor, "state plain", &text);
        }
    }

    /// The reason of a step in one line, or in two if that is too long.
    fn lines(&self, arrow: &Arrow, limit: f64) -> Vec<String> {
        let room = (limit / (0.602 * theme::SMALL)) as usize;
        let [key, change] = self.subject.reason(self.drawing, arrow, 24);
        let joined = format!("{key}: {change}");
        if key.is_empty() {
            return vec![fitted(&change, Font::Mono, theme::SMALL, limit)];
        }
        if joined.chars().count() <= room {
            return vec![joined];
        }
        let [key, _] = self.subject.reason(self.drawing, arrow, room.saturating_sub(1));
        let [_, change] = self.subject.reason(self.drawing, arrow, room.saturating_sub(3) / 2);
        [key + ":", change]
            .iter()
            .map(|text| fitted(text, Font::Mono, theme::SMALL, limit))
            .collect()
    }
}

/// The height of a box.
fn height(node: &Node) -> f64 {
    let rows = node.micros.len() + usize::from(node.more > 0);
    HEAD + ROW * rows as f64 + FOOT
}

/// The width that a box needs for all that is in it.
fn needed(subject: &Isolation<'_>, node: &Node) -> f64 {
    let micro = |&place: &Place| {
        let text = subject.micro_within(place, 60);
        width(&text, Font::Mono, theme::LABEL) + 24.0 + 4.0 * BADGE
    };
    let whose = width(&node.whose, Font::Sans, theme::SMALL) + 20.0;
    let name = width(&node.name, Font::Bold, theme::LANE);
    let head = name + width(node.ending, Font::Bold, theme::SMALL) + 34.0;
    node.micros.iter().map(micro).fold(whose.max(head), f64::max)
}

/// Draws the number of a step.
pub(super) fn badge(canvas: &mut Canvas, (x, y): (f64, f64), nth: usize, tie: Tie) {
    canvas.circle((x, y), BADGE, fill(tie));
    canvas.text((x, y + 3.6), Anchor::Middle, "count", &nth.to_string());
}

/// Draws a straight arrow.
pub(super) fn line(canvas: &mut Canvas, points: &[(f64, f64); 2], tie: Tie) {
    let [from, to] = *points;
    let long = (to.0 - from.0).hypot(to.1 - from.1).max(1.0);
    let (x, y) = ((to.0 - from.0) / long, (to.1 - from.1) / long);
    if tie == Tie::Unlike {
        canvas.line(from, to, class(tie));
        return;
    }
    canvas.line(from, (to.0 - 9.0 * x, to.1 - 9.0 * y), class(tie));
    head(canvas, to, (x, y), tie);
}

/// Draws an arrow around a corner.
fn curve(canvas: &mut Canvas, [from, to]: [(f64, f64); 2], corner: (f64, f64), tie: Tie) {
    let long = (to.0 - corner.0).hypot(to.1 - corner.1).max(1.0);
    let (x, y) = ((to.0 - corner.0) / long, (to.1 - corner.1) / long);
    let path = format!(
        "M{} {}Q{} {} {} {}",
        number(from.0),
        number(from.1),
        number(corner.0),
        number(corner.1),
        number(to.0 - 9.0 * x),
        number(to.1 - 9.0 * y)
    );
    canvas.path(&path, class(tie));
    head(canvas, to, (x, y), tie);
}

/// Draws the head of an arrow at its tip, in a direction.
fn head(canvas: &mut Canvas, tip: (f64, f64), (x, y): (f64, f64), tie: Tie) {
    let back = (tip.0 - 11.0 * x, tip.1 - 11.0 * y);
    let [left, right] = [1.0, -1.0].map(|side| (back.0 - 5.0 * side * y, back.1 + 5.0 * side * x));
    let path = format!(
        "M{} {}L{} {}L{} {}Z",
        number(tip.0),
        number(tip.1),
        number(left.0),
        number(left.1),
        number(right.0),
        number(right.1)
    );
    canvas.path(&path, fill(tie));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_go_around_clockwise() {
        let at = |count: usize| -> Vec<(f64, f64)> {
            cells(count).2.iter().map(|cell| (cell.column, cell.row)).collect()
        };
        assert_eq!(at(2), [(0.0, 0.0), (1.0, 0.0)]);
        assert_eq!(at(3), [(0.0, 0.0), (1.0, 0.0), (0.5, 1.0)]);
        assert_eq!(at(4), [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]);
        for count in 1..40 {
            let (columns, rows, cells) = cells(count);
            assert_eq!(cells.len(), count);
            for (nth, one) in cells.iter().enumerate() {
                assert!(one.column <= (columns - 1) as f64 && one.row <= (rows - 1) as f64);
                for other in &cells[..nth] {
                    let apart = (one.column - other.column).abs().max((one.row - other.row).abs());
                    assert!(apart >= 1.0, "{count}: {one:?} and {other:?}");
                }
            }
        }
    }
}
