//! What the signs of a figure mean: only those that are there.

use super::canvas::{Anchor, Canvas};
use super::focus::{Focus, Role};
use super::measure::{Font, width};
use super::strip::Strip;
use super::theme::{self, MARGIN, POINT, WIDTH};
use crate::history::Outcome;

/// The height of a row.
const ROW: f64 = 21.0;

/// What a sign looks like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sign {
    /// A numbered point.
    Point,
    /// An operation, by its class.
    Bar(&'static str),
    /// Two strokes through the axis.
    Break,
}

impl Sign {
    fn width(self) -> f64 {
        match self {
            Sign::Point => 22.0,
            Sign::Bar(_) => 28.0,
            Sign::Break => 26.0,
        }
    }
}

/// Signs with their meanings, each at its place: its left end and its row.
pub(super) struct Legend {
    entries: Vec<(Sign, String, f64, usize)>,
}

impl Legend {
    /// That of a figure, from `left` on, in as many rows as it takes.
    pub(super) fn of(focus: &Focus, strip: Option<&Strip>, left: f64) -> Legend {
        let (mut x, mut row) = (left, 0);
        let mut entries = Vec::new();
        for (sign, text) in signs(focus, strip) {
            let wide = sign.width() + width(&text, Font::Sans, theme::SMALL);
            if x > left && x + wide > WIDTH - MARGIN {
                (x, row) = (left, row + 1);
            }
            entries.push((sign, text, x, row));
            x += wide + 18.0;
        }
        Legend { entries }
    }

    /// How high it is.
    pub(super) fn height(&self) -> f64 {
        ROW * self.entries.last().map_or(0.0, |last| last.3 as f64 + 1.0)
    }

    /// Draws it; the first row has its baseline at `top`.
    pub(super) fn draw(&self, canvas: &mut Canvas, top: f64) {
        for (sign, text, x, row) in &self.entries {
            let (x, y) = (*x, top + ROW * *row as f64);
            match *sign {
                Sign::Point => {
                    canvas.circle((x + 8.0, y - 4.0), POINT, "point");
                    canvas.text((x + 8.0, y - 0.4), Anchor::Middle, "count", "1");
                }
                Sign::Bar(class) => {
                    canvas.bar((x, y - 11.0), (22.0, 14.0), class);
                    if class == "fail" {
                        canvas.line((x + 4.0, y - 4.0), (x + 18.0, y - 4.0), "struck");
                    }
                }
                Sign::Break => {
                    canvas.line((x, y - 4.0), (x + 20.0, y - 4.0), "axis");
                    for shift in [8.0, 12.0] {
                        canvas.line((x + shift - 2.0, y), (x + shift + 2.0, y - 8.0), "axis");
                    }
                }
            }
            canvas.text((x + sign.width(), y), Anchor::Start, "small", text);
        }
    }
}

fn signs(focus: &Focus, strip: Option<&Strip>) -> Vec<(Sign, String)> {
    let has = |is_it: fn(Outcome) -> bool| {
        let mut others = focus.operations.iter().filter(|one| one.role != Role::Culprit);
        others.any(|one| is_it(one.outcome))
    };
    let mut signs = Vec::new();
    let mut add = |is_there: bool, sign: Sign, text: &str| {
        if is_there {
            signs.push((sign, text.to_owned()));
        }
    };
    let way = if focus.leaps {
        "one way in which all before can have happened, some steps left out"
    } else {
        "one way in which all before can have happened, with the states"
    };
    add(!focus.points.is_empty(), Sign::Point, way);
    add(has(|outcome| outcome == Outcome::Ok), Sign::Bar("ok"), "ok");
    add(has(|outcome| outcome == Outcome::Fail), Sign::Bar("fail"), "failed");
    let is_open = |outcome| outcome != Outcome::Ok && outcome != Outcome::Fail;
    add(has(is_open), Sign::Bar("info"), "may happen at any time");
    add(true, Sign::Bar("culprit"), "has no place in any order");
    let is_core = focus.operations.iter().any(|one| one.role == Role::Core);
    add(is_core, Sign::Bar("ok core"), "with it, cannot be ordered even by themselves");
    let breaks = focus.columns.iter().any(|column| column.hidden > 0);
    add(breaks, Sign::Break, "others in between");
    if let Some(troubles) = strip.and_then(Strip::troubles) {
        add(true, Sign::Bar("trouble"), &troubles);
    }
    signs
}
