//! Charts of numbers over the time of a history, drawn by plotters.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use plotters::coord::Shift;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::prelude::{
    Cartesian2d, ChartBuilder, ChartContext, Circle, Color, DrawingArea, DrawingAreaErrorKind,
    IntoLogRange, LineSeries, RGBColor, Rectangle, ShapeStyle,
};

use super::canvas::{Anchor, Canvas, Frame};
use super::measure::{Font, fitted, width};
use super::series::Numbers;
use super::strip::Trouble;
use super::theme::{self, Ink, MARGIN, WIDTH};
use crate::words::{duration_phrase, with_thousands};

/// What numbers count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    /// Seconds; over so wide a range that it is cut by powers.
    Durations,
    /// Things.
    Count,
    /// Things a second.
    Rate,
}

/// One line of a chart.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) ink: Ink,
    pub(super) numbers: Numbers,
}

/// A chart.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) title: String,
    pub(super) unit: Unit,
    pub(super) lines: Vec<Line>,
}

/// The height of a chart, with its title and its axis.
pub(super) const HEIGHT: f64 = 190.0;

/// The room for numbers at the left.
const NUMBERS: u32 = 64;

type Failure = DrawingAreaErrorKind<std::convert::Infallible>;

/// The lines of latencies: their median, 99th percentile and greatest.
pub(super) fn latency_lines([median, most, longest]: [Numbers; 3]) -> Vec<Line> {
    vec![
        Line::new("median", Ink::Blue, median),
        Line::new("99 of 100", Ink::Sky, most),
        Line::new("longest", Ink::Red, longest),
    ]
}

/// The charts that tell something, without lines that do not.
pub(super) fn telling(mut charts: Vec<Chart>) -> Vec<Chart> {
    for chart in &mut charts {
        chart.lines.retain(|line| line.most() > 0.0);
    }
    charts.retain(|chart| !chart.lines.is_empty());
    charts
}

impl Line {
    pub(super) fn new(name: &str, ink: Ink, numbers: Numbers) -> Line {
        Line { name: name.to_owned(), ink, numbers }
    }

    /// The greatest of its numbers.
    fn most(&self) -> f64 {
        self.numbers.iter().flatten().copied().fold(0.0, f64::max)
    }

    /// The least above zero.
    fn least(&self) -> f64 {
        let positive = self.numbers.iter().flatten().copied().filter(|&number| number > 0.0);
        positive.fold(f64::INFINITY, f64::min)
    }

    /// The stretches without a gap, as points.
    fn runs(&self) -> Vec<Vec<(f64, f64)>> {
        let mut runs = vec![Vec::new()];
        for (part, number) in self.numbers.iter().enumerate() {
            let place = (part as f64 + 0.5) / self.numbers.len() as f64;
            match (number, runs.last_mut()) {
                (Some(number), Some(run)) => run.push((place, *number)),
                _ => runs.push(Vec::new()),
            }
        }
        runs.retain(|run| !run.is_empty());
        runs
    }
}

/// Draws charts below each other, from `top` on.
pub(super) fn draw_all(
    mut canvas: Canvas,
    charts: &[Chart],
    top: f64,
    nanoseconds: Option<u128>,
    troubles: &[Trouble],
) -> Canvas {
    for (at, chart) in charts.iter().enumerate() {
        let top = top + HEIGHT * at as f64;
        let frame = Frame { left: MARGIN, right: WIDTH - MARGIN - 12.0, top };
        canvas = chart.draw(canvas, frame, nanoseconds, troubles);
    }
    canvas
}

impl Chart {
    /// Draws it into `frame`, over `nanoseconds` of time, if the history has times, and what was
    /// done to the system.
    fn draw(
        &self,
        canvas: Canvas,
        frame: Frame,
        nanoseconds: Option<u128>,
        troubles: &[Trouble],
    ) -> Canvas {
        let Frame { left, right, top } = frame;
        let canvas = Rc::new(RefCell::new(canvas));
        self.heading(&mut canvas.borrow_mut(), frame);
        let whole: DrawingArea<Canvas, Shift> = (&canvas).into();
        let (width, height) = (right - left, HEIGHT - 30.0);
        let area = whole.shrink((left as u32, (top + 20.0) as u32), (width as u32, height as u32));
        // Nothing can go wrong with a drawing in memory.
        let _ = self.plot(&area, nanoseconds, troubles);
        drop(area);
        match Rc::try_unwrap(canvas) {
            Ok(canvas) => canvas.into_inner(),
            // Nobody else holds it.
            Err(shared) => shared.replace(Canvas::new((1, 1), "", "")),
        }
    }

    /// The title, and the names of the lines with their colours.
    fn heading(&self, canvas: &mut Canvas, frame: Frame) {
        let Frame { left, right, top } = frame;
        let title = fitted(&self.title, Font::Sans, theme::LANE, right - left);
        canvas.text((left, top + 10.0), Anchor::Start, "lane", &title);
        let mut x = right;
        for line in self.lines.iter().rev() {
            let room = x - left - width(&title, Font::Sans, theme::LANE) - 60.0;
            let name = fitted(&line.name, Font::Sans, theme::SMALL, room);
            if name.is_empty() {
                break;
            }
            canvas.text((x, top + 10.0), Anchor::End, "small", &name);
            x -= width(&name, Font::Sans, theme::SMALL) + 6.0;
            canvas.line((x - 18.0, top + 6.0), (x, top + 6.0), line.ink.stroke());
            x -= 36.0;
        }
    }

    fn plot(
        &self,
        area: &DrawingArea<Canvas, Shift>,
        nanoseconds: Option<u128>,
        troubles: &[Trouble],
    ) -> Result<(), Failure> {
        let most = self.lines.iter().map(Line::most).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
        let least = self.lines.iter().map(Line::least).fold(most, f64::min);
        let mut builder = ChartBuilder::on(area);
        builder.x_label_area_size(22).y_label_area_size(NUMBERS);
        if self.unit == Unit::Durations && most > 20.0 * least {
            let range = (least * 0.8..most * 1.25).log_scale();
            let mut chart = builder.build_cartesian_2d(0.0..1.0, range)?;
            self.mesh(&mut chart, nanoseconds)?;
            self.fill(&mut chart, least * 0.8..most * 1.25, troubles)
        } else {
            let mut chart = builder.build_cartesian_2d(0.0..1.0, 0.0..most * 1.1)?;
            self.mesh(&mut chart, nanoseconds)?;
            self.fill(&mut chart, 0.0..most * 1.1, troubles)
        }
    }

    fn mesh<X, Y>(
        &self,
        chart: &mut ChartContext<'_, Canvas, Cartesian2d<X, Y>>,
        nanoseconds: Option<u128>,
    ) -> Result<(), Failure>
    where
        X: Ranged<ValueType = f64> + ValueFormatter<f64>,
        Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
    {
        let faint = color(Ink::Faint);
        chart
            .configure_mesh()
            .x_labels(8)
            .y_labels(5)
            .max_light_lines(0)
            .bold_line_style(faint)
            .axis_style(faint)
            .x_label_formatter(&|part| match nanoseconds {
                Some(_) if *part <= 0.0 => "0".to_owned(),
                Some(all) => duration_phrase((*part * all as f64).round() as u128),
                None => format!("{:.0} %", part * 100.0),
            })
            .y_label_formatter(&|number| self.unit.phrase(*number))
            .draw()
    }

    fn fill<X, Y>(
        &self,
        chart: &mut ChartContext<'_, Canvas, Cartesian2d<X, Y>>,
        range: Range<f64>,
        troubles: &[Trouble],
    ) -> Result<(), Failure>
    where
        X: Ranged<ValueType = f64>,
        Y: Ranged<ValueType = f64>,
    {
        let style =
            ShapeStyle { color: color(Ink::Orange).mix(0.25), filled: true, stroke_width: 0 };
        chart.draw_series(troubles.iter().map(|trouble| {
            Rectangle::new([(trouble.from, range.end), (trouble.to, range.start)], style)
        }))?;
        for line in &self.lines {
            for run in line.runs() {
                let style = ShapeStyle::from(color(line.ink)).stroke_width(2);
                if let [alone] = run[..] {
                    chart.draw_series([Circle::new(alone, 2, style.filled())])?;
                } else {
                    chart.draw_series(LineSeries::new(run, style))?;
                }
            }
        }
        Ok(())
    }
}

impl Unit {
    fn phrase(self, number: f64) -> String {
        let whole = |number: f64| with_thousands(number.round() as usize);
        match self {
            Unit::Durations if number <= 0.0 => "0".to_owned(),
            Unit::Durations => duration_phrase((number * 1e9).round() as u128),
            Unit::Count | Unit::Rate if number >= 10.0 || number.fract() == 0.0 => whole(number),
            Unit::Count | Unit::Rate => format!("{number:.1}"),
        }
    }
}

fn color(ink: Ink) -> RGBColor {
    let (red, green, blue) = ink.rgb();
    RGBColor(red, green, blue)
}
