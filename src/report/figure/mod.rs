//! Pictures of histories, as SVG: what an engineer has to see to understand a violation, or how a
//! run went that has none. No script and no font of their own, the same bytes for the same input.

mod canvas;
mod chart;
mod draw;
mod focus;
mod legend;
mod measure;
mod overview;
mod plot;
mod scale;
mod series;
mod strip;
mod theme;
mod transactions;

use super::Subject;
use crate::history::OpIndex;

pub use plot::{Plot, plot};
pub(super) use transactions::anomaly_svg;
pub use transactions::isolation_svg;

/// The figure of `subject` as SVG: of the first violation, if it is explained, and else of how the
/// run went. O(n log n).
pub fn svg(subject: &Subject<'_>) -> String {
    let Some(focus) = focus::focus(subject, draw::room) else { return overview::draw(subject) };
    let failing: Vec<OpIndex> =
        subject.report.failing().map(|(_, failure)| failure.operation).collect();
    let shown: Vec<OpIndex> = focus.operations.iter().map(|one| one.index).collect();
    let strip = strip::Strip::of(subject.history, &failing, &shown);
    let footnote = format!("checked as {}", subject.report.model);
    draw::draw(&focus, Some(&strip).filter(|strip| strip.tells()), &footnote)
}
