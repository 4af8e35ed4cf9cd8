//! Plots: one side of how a run went, over its time.

use super::canvas::{Anchor, Canvas};
use super::chart::{self, Chart, Line, Unit, latency_lines};
use super::draw::titled;
use super::measure::{Font, fitted, width, wrapped};
use super::scale::Scale;
use super::series;
use super::strip;
use super::theme::{self, Ink};
use super::theme::{MARGIN, WIDTH};
use crate::explain::{Situation, SkewOutcome, Stale};
use crate::history::{Function, History, sort};
use crate::words::{counted, duration_phrase, value_phrase};

/// What a plot shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plot<'a> {
    /// How long operations took.
    Latency,
    /// How many ended a second.
    Rate,
    /// How many were under way at once.
    Concurrency,
    /// How long the values of these stale reads had been replaced.
    Staleness(&'a [Stale]),
    /// By how much the clocks of nodes are off, as far as it was found out.
    ClockOffset(&'a SkewOutcome),
}

/// So many functions have charts of their own, the most frequent ones.
const FUNCTIONS: usize = 6;

/// The plot of `history` as SVG. O(n log n).
pub fn plot(history: &History, plot: Plot<'_>) -> String {
    let scale = Scale::of(history);
    match plot {
        Plot::Latency => latency(history, &scale),
        Plot::Rate => rate(history, &scale),
        Plot::Concurrency => sheet(
            history,
            &scale,
            "Operations under way",
            vec![Chart {
                title: "at once, at most".to_owned(),
                unit: Unit::Count,
                lines: vec![Line::new(
                    "under way",
                    Ink::Blue,
                    series::concurrency(history, &scale),
                )],
            }],
        ),
        Plot::Staleness(stale) => staleness(history, &scale, stale),
        Plot::ClockOffset(outcome) => clocks(history, outcome),
    }
}

/// The most frequent functions of clients, with their names.
fn functions(history: &History) -> Vec<(Function, String)> {
    let mut counts: Vec<(Function, usize)> = Vec::new();
    for operation in history.operations() {
        match counts.iter_mut().find(|one| one.0 == operation.function) {
            Some(one) => one.1 += 1,
            None => counts.push((operation.function, 1)),
        }
    }
    // The order of their first appearance decides between equals.
    sort::by(&mut counts, |&(_, count)| std::cmp::Reverse(count));
    let named =
        |(function, _)| (function, crate::report::shortened(history.function(function), 24));
    counts.into_iter().take(FUNCTIONS).map(named).collect()
}

fn latency(history: &History, scale: &Scale<'_>) -> String {
    let chart = |(function, name): (Function, String)| Chart {
        title: format!("{name}, ok"),
        unit: Unit::Durations,
        lines: latency_lines(series::latencies(history, scale, Some(function))),
    };
    let charts = functions(history).into_iter().map(chart).collect();
    sheet(history, scale, "How long operations took", charts)
}

fn rate(history: &History, scale: &Scale<'_>) -> String {
    const INKS: [Ink; FUNCTIONS] =
        [Ink::Blue, Ink::Green, Ink::Orange, Ink::Red, Ink::Purple, Ink::Sky];
    let functions = functions(history);
    let rates: Vec<[series::Numbers; 3]> = functions
        .iter()
        .map(|&(function, _)| series::rates(history, scale, Some(function)))
        .collect();
    let chart = |(outcome, title): (usize, &str)| Chart {
        title: title.to_owned(),
        unit: Unit::Rate,
        lines: functions
            .iter()
            .zip(&rates)
            .zip(INKS)
            .map(|(((_, name), rates), ink)| Line::new(name, ink, rates[outcome].clone()))
            .collect(),
    };
    let outcomes = [(0, "ok"), (1, "failed"), (2, "unknown outcome")];
    let title = match scale.nanoseconds() {
        Some(_) => "Operations that ended, per second",
        None => "Operations that ended, per part of the history",
    };
    sheet(history, scale, title, outcomes.into_iter().map(chart).collect())
}

fn staleness(history: &History, scale: &Scale<'_>, stale: &[Stale]) -> String {
    let age = |one: &Stale| {
        let [call, _] = history.times(one.operation);
        let [written, replaced] = history.times(one.overwrite);
        Some((scale.call(one.operation), call?.saturating_sub(replaced.or(written)?).max(0)))
    };
    let ages: Vec<(f64, i64)> = stale.iter().filter_map(age).collect();
    let [median, _, longest] = series::quantiles(scale, &ages);
    let counts = series::counts(scale, stale.iter().map(|one| scale.call(one.operation)));
    let title = match stale.len() {
        0 => "No read is known to be stale".to_owned(),
        several => format!("{}, by when they began", counted(several, "stale read")),
    };
    sheet(
        history,
        scale,
        &title,
        vec![
            Chart {
                title: "how long ago what they returned had been replaced".to_owned(),
                unit: Unit::Durations,
                lines: vec![
                    Line::new("median", Ink::Blue, median),
                    Line::new("longest", Ink::Red, longest),
                ],
            },
            Chart {
                title: "how many".to_owned(),
                unit: Unit::Count,
                lines: vec![Line::new("stale reads", Ink::Red, counts)],
            },
        ],
    )
}

/// Charts below each other, with a title; without those that show nothing.
fn sheet(history: &History, scale: &Scale<'_>, title: &str, charts: Vec<Chart>) -> String {
    let charts = chart::telling(charts);
    let troubles = strip::troubles(history, scale);
    let mut about = counted(history.operations().len(), "operation");
    if let Some(all) = scale.nanoseconds() {
        about += &format!(" in {}", duration_phrase(all));
    }
    if let Some(names) = strip::names(&troubles) {
        about += &format!("; shaded: {names}");
    }
    if charts.is_empty() {
        about += "; there is nothing to show";
    }
    let top = MARGIN + 62.0;
    let height = top + chart::HEIGHT * charts.len() as f64 + MARGIN;
    let canvas = headed(title, &about, height);
    chart::draw_all(canvas, &charts, top, scale.nanoseconds(), &troubles).finish()
}

fn headed(title: &str, about: &str, height: f64) -> Canvas {
    let body = wrapped(about, Font::Sans, theme::BODY, WIDTH - 2.0 * MARGIN, 3);
    titled(title, about, &body, height)
}

/// A bar for each clock, from true time to what it shows.
fn clocks(history: &History, outcome: &SkewOutcome) -> String {
    const ROW: f64 = 30.0;
    let skew = match outcome {
        SkewOutcome::Found(skew) => skew,
        other => {
            let why = match other {
                SkewOutcome::Impossible => "No offsets of clocks explain the history.",
                SkewOutcome::NotNeeded => "The history needs none to be explained.",
                SkewOutcome::NoTimes => "The history has no times.",
                _ => "Whether any offsets explain the history was not found out in time.",
            };
            return headed("No clock offsets", why, MARGIN * 2.0 + 50.0).finish();
        }
    };
    let about = match skew.situation {
        Situation::Recording => "With these, the recording is linearizable.",
        Situation::LastWriteWins => "With these, a store where the last write wins explains it.",
    };
    let about =
        if skew.is_smallest { format!("{about} No smaller ones do.") } else { about.to_owned() };
    let name = |value| crate::report::printable(&value_phrase(history, value));
    let names: Vec<String> =
        skew.offsets.iter().map(|&(clock, _)| name(clock).trim_matches('"').to_owned()).collect();
    let widest = names.iter().map(|name| width(name, Font::Sans, theme::LANE)).fold(0.0, f64::max);
    let left = MARGIN + widest.min(260.0) + 120.0;
    let right = WIDTH - MARGIN - 110.0;
    let offsets = || skew.offsets.iter().map(|one| one.1);
    let (least, most) = (offsets().min().unwrap_or(0).min(0), offsets().max().unwrap_or(0).max(0));
    let span = (i128::from(most) - i128::from(least)).max(1) as f64;
    let at = |offset: i64| {
        left + (right - left) * (i128::from(offset) - i128::from(least)) as f64 / span
    };
    let top = MARGIN + 74.0;
    let bottom = top + ROW * names.len() as f64;
    let mut canvas = headed("By how much clocks are ahead of true time", &about, bottom + MARGIN);
    canvas.line((at(0), top - 6.0), (at(0), bottom), "axis");
    for ((name, &(_, offset)), row) in names.iter().zip(&skew.offsets).zip(0..) {
        let y = top + ROW * f64::from(row);
        let name = fitted(name, Font::Sans, theme::LANE, 260.0);
        canvas.text((MARGIN, y + 13.0), Anchor::Start, "lane", &name);
        let (from, to) = (at(0).min(at(offset)), at(0).max(at(offset)));
        canvas.bar((from, y), ((to - from).max(1.0), 18.0), Ink::Blue.fill());
        let sign = if offset < 0 { "-" } else { "" };
        let text = match offset {
            0 => "0".to_owned(),
            _ => format!("{sign}{}", duration_phrase(u128::from(offset.unsigned_abs()))),
        };
        if offset < 0 {
            canvas.text((from - 6.0, y + 13.0), Anchor::End, "small", &text)
        } else {
            canvas.text((to + 6.0, y + 13.0), Anchor::Start, "small", &text)
        }
    }
    canvas.finish()
}
