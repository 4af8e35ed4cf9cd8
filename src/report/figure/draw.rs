//! Draws the figure of a violation: sentences, a strip of the whole history, and the focus.

use super::canvas::{Anchor, Canvas, Frame, number};
use super::focus::{Focus, Point, Role, Shown};
use super::legend::Legend;
use super::measure::{Font, fitted, width, wrapped};
use super::strip::{self, Strip};
use super::theme::{self, MARGIN, POINT, WIDTH};
use crate::history::Outcome;
use crate::words::{counted, with_thousands};

/// The height between the strip and the lanes.
const ZOOM: f64 = 34.0;

/// The height of a bar.
const BAR: f64 = 28.0;
/// The room below a bar, for states.
const BELOW: f64 = 20.0;
/// The room for the reason, above the culprit's lane.
const ABOVE: f64 = 20.0;
/// How far below a bar's edge points have their middle, so that they spare its label.
const LOWER: f64 = 4.0;

/// A figure of this height with its title and the lines below that; `about` says what it shows to
/// who cannot see.
pub(super) fn titled(title: &str, about: &str, body: &[String], height: f64) -> Canvas {
    let mut canvas = Canvas::new((WIDTH as u32, height.ceil() as u32), title, about);
    let shown = fitted(title, Font::Bold, theme::TITLE, WIDTH - 2.0 * MARGIN);
    canvas.text((MARGIN, MARGIN + 14.0), Anchor::Start, "title", &shown);
    for (at, line) in body.iter().enumerate() {
        canvas.text((MARGIN, MARGIN + 42.0 + 22.0 * at as f64), Anchor::Start, "body", line);
    }
    canvas
}

/// Where everything stands.
pub(super) struct Layout<'f> {
    focus: &'f Focus,
    /// The left end of the lanes.
    left: f64,
    /// The positions of the columns.
    columns: Vec<f64>,
    /// The top of each lane's bars.
    tops: Vec<f64>,
    /// The bottom of all lanes.
    pub(super) bottom: f64,
}

/// The left end of the lanes, by the widest of their names.
pub(super) fn left(focus: &Focus, strip: Option<&Strip>) -> f64 {
    let names = focus.lanes.iter().map(|lane| width(&lane.name, Font::Sans, theme::LANE));
    let nodes = focus.lanes.iter().filter_map(|lane| lane.node.as_deref());
    let nodes = nodes.map(|node| width(node, Font::Bold, theme::SMALL));
    let widest = |widths: &mut dyn Iterator<Item = f64>| widths.fold(0.0, f64::max);
    let (mut names, mut nodes) = (names, nodes);
    let nodes = widest(&mut nodes);
    let gap = if nodes > 0.0 { 14.0 } else { 0.0 };
    let names = nodes + gap + widest(&mut names);
    MARGIN + names.max(strip.map_or(0.0, Strip::margin)) + 16.0
}

/// The figure as SVG.
pub(super) fn draw(focus: &Focus, strip: Option<&Strip>, footnote: &str) -> String {
    let limit = WIDTH - 2.0 * MARGIN;
    let body = wrapped(&focus.sentence, Font::Sans, theme::BODY, limit, 6);
    let head = MARGIN + 18.0 + 22.0 * body.len() as f64 + 22.0;
    let top = head + strip.map_or(0.0, |_| strip::HEIGHT + ZOOM);
    let layout = Layout::of(focus, left(focus, strip), top);
    let legend = Legend::of(focus, strip, layout.left);
    let below = layout.bottom + 62.0;
    let height = below + legend.height() + 14.0 + MARGIN;
    let mut canvas = titled(&focus.title, &focus.sentence, &body, height);
    let right = WIDTH - MARGIN;
    if let Some(strip) = strip {
        let window = strip.draw(&mut canvas, Frame { left: layout.left, right, top: head });
        let (top, bottom) = (head + strip::HEIGHT, head + strip::HEIGHT + ZOOM - 10.0);
        if let Some([from, to]) = window {
            canvas.line((from, top), (layout.left, bottom), "zoom");
            canvas.line((to, top), (right, bottom), "zoom");
        }
    }
    layout.draw(&mut canvas);
    layout.axis(&mut canvas);
    legend.draw(&mut canvas, below);
    canvas.text((right, height - MARGIN + 4.0), Anchor::End, "small", footnote);
    canvas.finish()
}

impl<'f> Layout<'f> {
    pub(super) fn of(focus: &'f Focus, left: f64, top: f64) -> Layout<'f> {
        let room = WIDTH - MARGIN - left;
        let gaps = focus.gaps();
        let sum: f64 = gaps.iter().sum();
        let more = (room - sum).max(0.0) / gaps.len().max(1) as f64;
        let scale = if sum > room { room / sum } else { 1.0 };
        let mut columns = vec![left];
        for gap in gaps {
            let last = columns.last().copied().unwrap_or(left);
            columns.push(last + gap * scale + more);
        }
        let has_states = focus.points.iter().any(|point| point.state.is_some());
        let below = match (has_states, focus.points.is_empty()) {
            (true, _) => BELOW,
            (false, false) => POINT + LOWER + 6.0,
            (false, true) => 10.0,
        };
        let mut y = top;
        let mut tops = Vec::new();
        for lane in 0..focus.lanes.len() {
            if focus.culprit.as_ref().is_some_and(|(at, _)| lane == focus.operations[*at].lane) {
                y += ABOVE;
            }
            tops.push(y);
            y += BAR + below;
        }
        Layout { focus, left, columns, tops, bottom: y }
    }

    /// The left and right end of an operation's bar.
    fn ends(&self, one: &Shown) -> [f64; 2] {
        let last = self.columns.len() - 1;
        [self.columns[one.call], self.columns[one.ret.unwrap_or(last)]]
    }

    fn middle(&self, lane: usize) -> f64 {
        self.tops[lane] + BAR / 2.0
    }

    pub(super) fn draw(&self, canvas: &mut Canvas) {
        self.lanes(canvas);
        let points = self.points();
        canvas.group(["", "", "one way in which everything before can have happened"], |canvas| {
            if points.len() > 1 {
                canvas.polyline(&points, "way");
            }
        });
        self.edge(canvas);
        for one in &self.focus.operations {
            self.operation(canvas, one);
        }
        self.reason(canvas);
        self.states(canvas, &points);
        for (nth, (point, &at)) in (1..).zip(self.focus.points.iter().zip(&points)) {
            self.point(canvas, point, nth, at);
        }
    }

    fn lanes(&self, canvas: &mut Canvas) {
        let right = WIDTH - MARGIN;
        let mut before: Option<&str> = None;
        for (at, lane) in self.focus.lanes.iter().enumerate() {
            let y = self.middle(at);
            let node = lane.node.as_deref();
            if at > 0 && node != before {
                let y = (self.tops[at - 1] + BAR + self.tops[at]) / 2.0;
                canvas.line((MARGIN, y), (self.left - 8.0, y), "group");
            }
            if let Some(node) = node.filter(|_| at == 0 || node != before) {
                canvas.text((MARGIN, y + 4.0), Anchor::Start, "node", node);
            }
            before = node;
            let x = self.left - 16.0;
            canvas.text((x, y + 4.0), Anchor::End, "lane", &lane.name);
            canvas.line((self.left, y), (right, y), "rail");
        }
    }

    fn operation(&self, canvas: &mut Canvas, one: &Shown) {
        let [from, to] = self.ends(one);
        let top = self.tops[one.lane];
        let kind = match (one.role, one.outcome) {
            (Role::Culprit, _) => "culprit",
            (_, Outcome::Ok) => "ok",
            (_, Outcome::Fail) => "fail",
            _ => "info",
        };
        let class = if one.role == Role::Core { format!("{kind} core") } else { kind.to_owned() };
        canvas.group(["", &format!("op{}", one.record), &one.title], |canvas| {
            if one.ret.is_some() {
                canvas.bar((from, top), (to - from, BAR), &class);
            } else {
                // It has no end: it fades out to the right.
                let y = [top, top + BAR].map(number);
                let [x, end] = [from, to].map(number);
                let open = format!("M{end} {}L{x} {}L{x} {}L{end} {}", y[0], y[0], y[1], y[1]);
                canvas.path(&open, &class);
            }
            let label = fitted(&one.label, Font::Mono, theme::LABEL, to - from - 12.0);
            let class = if one.outcome == Outcome::Fail { "op fail-label" } else { "op" };
            canvas.text((from + 7.0, top + 16.0), Anchor::Start, class, &label);
            if one.outcome == Outcome::Fail && !label.is_empty() {
                let y = top + 12.0;
                let end = from + 7.0 + width(&label, Font::Mono, theme::LABEL);
                canvas.line((from + 7.0, y), (end, y), "struck");
            }
        });
    }

    /// Where the points are: at the lower edge of their operations.
    fn points(&self) -> Vec<(f64, f64)> {
        let points = &self.focus.points;
        let mut positions = Vec::new();
        for (at, point) in points.iter().enumerate() {
            let same = |other: &&Point| other.gap == point.gap;
            let count = points.iter().filter(same).count();
            let nth = points[..at].iter().filter(same).count();
            let [from, to] = [self.columns[point.gap], self.columns[point.gap + 1]];
            let x = from + (to - from) * (nth + 1) as f64 / (count + 1) as f64;
            positions.push((x, self.tops[self.focus.operations[point.shown].lane] + BAR + LOWER));
        }
        positions
    }

    fn point(&self, canvas: &mut Canvas, point: &Point, nth: usize, at: (f64, f64)) {
        let one = &self.focus.operations[point.shown];
        let state = point.state.as_ref().map_or(String::new(), |state| format!("; then: {state}"));
        let title = format!("step {}: {}{state}", with_thousands(point.number), one.label);
        canvas.group(["", &format!("step{}", point.number), &title], |canvas| {
            canvas.circle(at, POINT, "point");
            canvas.text((at.0, at.1 + 3.6), Anchor::Middle, "count", &nth.to_string());
        });
    }

    /// The states after steps, below the bars, where they have room.
    fn states(&self, canvas: &mut Canvas, points: &[(f64, f64)]) {
        let lane = |point: &Point| self.focus.operations[point.shown].lane;
        let mut last = None;
        for (at, (point, &(x, y))) in self.focus.points.iter().zip(points).enumerate() {
            // A state that stays need not be told again.
            let Some(state) = point.state.as_deref().filter(|&state| last != Some(state)) else {
                continue;
            };
            let next = self.focus.points.iter().zip(points).skip(at + 1);
            let next = next.filter(|(other, _)| lane(other) == lane(point)).map(|(_, at)| at.0);
            let until = next.fold(WIDTH - MARGIN, f64::min) - POINT - 4.0;
            let start = x + POINT + 3.0;
            let text = fitted(state, Font::Mono, theme::SMALL, until - start);
            if !text.is_empty() && (text.chars().count() > 3 || text == state) {
                let size = (width(&text, Font::Mono, theme::SMALL) + 2.0, 13.0);
                canvas.rect((start - 1.0, y - 0.5), size, "paper");
                canvas.text((start, y + 9.5), Anchor::Start, "state", &text);
                last = Some(state);
            }
        }
    }

    fn edge(&self, canvas: &mut Canvas) {
        let Some((culprit, reason)) = &self.focus.culprit else { return };
        if let Some(from) = reason.from {
            canvas.group(["", "edge", &reason.text], |canvas| {
                self.arrow(canvas, from, *culprit, ["edge", "head"]);
            });
        }
    }

    /// Draws an arrow from the end of one operation to the start of another, each a place among
    /// those shown, with the classes of its line and of its head.
    pub(super) fn arrow(&self, canvas: &mut Canvas, from: usize, to: usize, class: [&str; 2]) {
        let [from, to] = [from, to].map(|at| &self.focus.operations[at]);
        let (x, y) = (self.ends(from)[1], self.middle(from.lane));
        let (end, bottom) = (self.ends(to)[0], self.middle(to.lane));
        let bend = ((end - x) / 2.0).clamp(12.0, 120.0);
        let path = format!(
            "M{} {}C{} {} {} {} {} {}",
            number(x),
            number(y),
            number(x + bend),
            number(y),
            number(end - bend),
            number(bottom),
            number(end - 9.0),
            number(bottom)
        );
        canvas.path(&path, class[0]);
        let (tip, back) = (number(end - 1.0), number(end - 11.0));
        let (y, above, below) = (number(bottom), number(bottom - 5.0), number(bottom + 5.0));
        canvas.path(&format!("M{tip} {y}L{back} {above}L{back} {below}Z"), class[1]);
    }

    fn reason(&self, canvas: &mut Canvas) {
        let Some((culprit, reason)) = &self.focus.culprit else { return };
        let culprit = &self.focus.operations[*culprit];
        let text = fitted(&reason.text, Font::Bold, theme::SMALL, WIDTH - MARGIN - self.left);
        let wide = width(&text, Font::Bold, theme::SMALL);
        let x = self.ends(culprit)[0].min(WIDTH - MARGIN - wide).max(self.left);
        let y = self.tops[culprit.lane] - 7.0;
        canvas.rect((x - 2.0, y - 10.0), (wide + 4.0, 14.0), "paper");
        canvas.text((x, y), Anchor::Start, "reason", &text);
    }

    /// The ends of operations, with their times where these have room.
    pub(super) fn axis(&self, canvas: &mut Canvas) {
        let y = self.bottom + 8.0;
        let right = WIDTH - MARGIN;
        canvas.line((self.left, y), (right, y), "axis");
        let culprit = self.focus.culprit.as_ref().map(|(at, _)| &self.focus.operations[*at]);
        let first = [culprit.map(|one| one.call), culprit.and_then(|one| one.ret), Some(0)];
        let order = first.into_iter().flatten().chain(0..self.focus.columns.len());
        let mut taken: Vec<[f64; 2]> = Vec::new();
        for at in order {
            let (column, x) = (&self.focus.columns[at], self.columns[at]);
            let half = width(&column.moment, Font::Sans, theme::SMALL) / 2.0;
            let middle = x.clamp(self.left + half - 10.0, (right - half).max(self.left));
            let own = [middle - half - 7.0, middle + half + 7.0];
            if taken.iter().any(|other| own[0] < other[1] && other[0] < own[1]) {
                continue;
            }
            taken.push(own);
            canvas.line((x, y), (x, y + 5.0), "axis");
            canvas.text((middle, y + 18.0), Anchor::Middle, "small", &column.moment);
        }
        for (at, column) in self.focus.columns.iter().enumerate().filter(|(_, one)| one.hidden > 0)
        {
            let x = (self.columns[at.max(1) - 1] + self.columns[at]) / 2.0;
            let title = format!("{} in between", counted(column.hidden, "other operation"));
            canvas.group(["", "", &title], |canvas| {
                for shift in [-2.0, 2.0] {
                    canvas.line((x + shift - 2.0, y + 4.0), (x + shift + 2.0, y - 4.0), "axis");
                }
            });
        }
    }
}

/// The room that operations have side by side.
pub(super) fn room(focus: &Focus) -> f64 {
    WIDTH - MARGIN - left(focus, None)
}
