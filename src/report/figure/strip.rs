//! The whole history in one strip: how many operations were called when, what failed or never
//! returned, what a nemesis did, and which part of it the figure shows.

use super::super::trouble;
use super::canvas::{Anchor, Canvas, Frame};
use super::measure::{Font, fitted, width};
use super::scale::Scale;
use super::theme;
use crate::history::{Annotation, History, OpIndex, Outcome};
use crate::words::{counted, duration_phrase};

/// The height of a strip, with the marks below it.
pub(super) const HEIGHT: f64 = 46.0;

/// The height of its columns.
const COLUMNS: f64 = 40.0;

/// So many columns it has.
const BINS: usize = 150;

/// So much is shown at most of what was done to the system.
const TROUBLES: usize = 200;

/// How much happened in a part of the history.
#[derive(Clone, Copy, Default, Debug)]
struct Bin {
    ok: usize,
    /// Failed or of unknown outcome.
    other: usize,
}

/// Something that was done to the system, over a part of the history.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) from: f64,
    pub(super) to: f64,
    title: String,
}

/// The strip of a history.
#[derive(Debug)]
pub(super) struct Strip {
    label: String,
    length: Option<String>,
    bins: Vec<Bin>,
    troubles: Vec<Trouble>,
    /// The parts at which keys failed.
    failures: Vec<f64>,
    window: Option<[f64; 2]>,
}

impl Strip {
    /// The strip of `history`, with the parts at which keys failed (by these operations) and the
    /// window of those that are shown. O(n).
    pub(super) fn of(history: &History, failing: &[OpIndex], shown: &[OpIndex]) -> Strip {
        let scale = Scale::of(history);
        let mut bins = vec![Bin::default(); BINS];
        for (index, operation) in history.indexed() {
            let bin = &mut bins[((scale.call(index) * BINS as f64) as usize).min(BINS - 1)];
            match operation.outcome {
                Outcome::Ok => bin.ok += 1,
                _ => bin.other += 1,
            }
        }
        let ends = |index: &OpIndex| {
            let is_open = history[*index].completed.is_none();
            [scale.call(*index), if is_open { scale.call(*index) } else { scale.ret(*index) }]
        };
        let window = shown
            .iter()
            .map(ends)
            .reduce(|one, other| [one[0].min(other[0]), one[1].max(other[1])]);
        let length = scale.nanoseconds().map(duration_phrase);
        Strip {
            label: counted(history.operations().len(), "operation"),
            length,
            bins,
            troubles: troubles(history, &scale),
            failures: failing.iter().map(|&index| scale.call(index)).collect(),
            window,
        }
    }

    /// Draws it into `frame`. Returns where the window is.
    pub(super) fn draw(&self, canvas: &mut Canvas, frame: Frame) -> Option<[f64; 2]> {
        let Frame { left, right, top } = frame;
        let bottom = top + COLUMNS;
        let wide = (right - left) / BINS as f64;
        let at = |part: f64| left + part * (right - left);
        for trouble in &self.troubles {
            canvas.group(["", "", &trouble.title], |canvas| {
                let (from, to) = (at(trouble.from), at(trouble.to));
                canvas.rect((from, top - 4.0), ((to - from).max(2.0), COLUMNS + 4.0), "trouble");
            });
        }
        let most = self.bins.iter().map(|bin| bin.ok + bin.other).max().unwrap_or(0).max(1);
        let tall = |count: usize| COLUMNS * count as f64 / most as f64;
        for (nth, bin) in self.bins.iter().enumerate() {
            let x = left + wide * nth as f64;
            let (ok, other) = (tall(bin.ok), tall(bin.other));
            if bin.ok > 0 {
                canvas.rect((x, bottom - ok), (wide - 1.0, ok), "many");
            }
            if bin.other > 0 {
                canvas.rect((x, bottom - ok - other), (wide - 1.0, other), "w0");
            }
        }
        canvas.line((left, bottom), (right, bottom), "axis");
        for &failure in &self.failures {
            let x = at(failure);
            canvas.group(["", "", "a key fails here"], |canvas| {
                canvas.rect((x - 1.0, bottom), (2.0, 6.0), "mark");
            });
        }
        for (nth, line) in self.labels().enumerate() {
            let y = top + 14.0 + 16.0 * nth as f64;
            canvas.text((left - 16.0, y), Anchor::End, "small", line);
        }
        let window = self.window?;
        let [mut from, mut to] = window.map(at);
        if to - from < 4.0 {
            let middle = f64::midpoint(from, to).clamp(left + 2.0, right - 2.0);
            (from, to) = (middle - 2.0, middle + 2.0);
        }
        canvas.group(["", "", "the part that is shown below"], |canvas| {
            canvas.rect((from, top - 4.0), (to - from, COLUMNS + 10.0), "window");
        });
        Some([from, to])
    }

    /// What stands to its left: how much it is, and how long.
    fn labels(&self) -> impl Iterator<Item = &str> {
        [Some(&self.label), self.length.as_ref()].into_iter().flatten().map(String::as_str)
    }

    /// How wide that is.
    pub(super) fn margin(&self) -> f64 {
        self.labels().map(|line| width(line, Font::Sans, theme::SMALL)).fold(0.0, f64::max)
    }

    /// What was done to the system, in a few words, if anything was.
    pub(super) fn troubles(&self) -> Option<String> {
        names(&self.troubles)
    }

    /// Whether it tells anything that the figure below does not.
    pub(super) fn tells(&self) -> bool {
        let shows_all = self.window.is_none_or(|window| window[1] - window[0] > 0.9);
        !shows_all || !self.troubles.is_empty()
    }
}

/// What was done to a system, in a few words, if anything was.
pub(super) fn names(troubles: &[Trouble]) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for trouble in troubles {
        // Some nemeses only say when they start.
        let name = match trouble.title.split(' ').next().unwrap_or_default() {
            "start" => "nemesis",
            name => name,
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let names = fitted(&names.join(", "), Font::Sans, theme::SMALL, 200.0);
    (!names.is_empty()).then_some(names)
}

/// What others than clients did, as parts of the history.
pub(super) fn troubles(history: &History, scale: &Scale<'_>) -> Vec<Trouble> {
    let part = |note: &Annotation| scale.part(note.time, note.record);
    trouble::troubles(history, TROUBLES)
        .into_iter()
        .map(|trouble| Trouble {
            from: part(trouble.from),
            to: trouble.to.map_or(1.0, part),
            title: trouble.title,
        })
        .collect()
}
