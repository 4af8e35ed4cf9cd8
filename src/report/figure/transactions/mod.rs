//! The figure of a history of transactions: its first anomaly as a cycle of transactions, with the
//! sentences of its steps and the timeline of these transactions; or how a run went that has none.

mod lanes;
mod ring;

use super::canvas::{Anchor, Canvas};
use super::chart;
use super::draw::{self, Layout};
use super::focus::Focus;
use super::measure::{Font, width, wrapped};
use super::overview::charts;
use super::scale::Scale;
use super::strip;
use super::theme::{self, MARGIN, WIDTH};
use crate::isolation::{Found, Kind, Level, Status};
use crate::report::isolation::{Arrow, Drawing, Isolation, Tie, facts, named, verdict};
use ring::{Ring, badge, line};

/// Classes that only figures of transactions have.
const STYLE: &str = "
.wr,.ww,.rw,.so,.rt,.se,.ne{fill:none;stroke-width:2}
.wr{stroke:#0072b2}.ww{stroke:#a0508c}.rw{stroke:#c83c00}.so{stroke:#00805d}\
.rt{stroke:#8a6000;stroke-dasharray:6 4}.se{stroke:#4d5761}.ne{stroke:#c83c00;stroke-dasharray:3 3}
.wr-fill{fill:#0072b2}.ww-fill{fill:#a0508c}.rw-fill,.ne-fill{fill:#c83c00}.so-fill{fill:#00805d}\
.rt-fill{fill:#8a6000}.se-fill{fill:#4d5761}
.strong{font-weight:700}.plain{fill:#1b1f23}
.box{fill:#f6f8fa;stroke:#8b949e}.lost{fill:#f0f1f3;stroke-dasharray:4 3}
.marked{fill:#fbe5b0}
@media (prefers-color-scheme:dark){
.wr{stroke:#4aa8e0}.ww{stroke:#d88bc6}.rw,.ne{stroke:#ff7a4d}.so{stroke:#2fb58c}.rt{stroke:#e6a92b}\
.se{stroke:#a9b4bf}
.wr-fill{fill:#4aa8e0}.ww-fill{fill:#d88bc6}.rw-fill,.ne-fill{fill:#ff7a4d}.so-fill{fill:#2fb58c}\
.rt-fill{fill:#e6a92b}.se-fill{fill:#a9b4bf}
.count{fill:#14181c}.plain{fill:#eef1f4}
.box{fill:#1b2026;stroke:#6e7781}.lost{fill:#242a30}.marked{fill:#4d3c10}
}
";

/// The height of a line of sentences.
const LINE: f64 = 21.0;

/// The class of an arrow's line.
fn class(tie: Tie) -> &'static str {
    match tie {
        Tie::Wr => "wr",
        Tie::Ww => "ww",
        Tie::Rw => "rw",
        Tie::Session => "so",
        Tie::RealTime => "rt",
        Tie::Seen => "se",
        Tie::Unlike => "ne",
    }
}

/// The class of its head and of its number.
fn fill(tie: Tie) -> &'static str {
    match tie {
        Tie::Wr => "wr-fill",
        Tie::Ww => "ww-fill",
        Tie::Rw => "rw-fill",
        Tie::Session => "so-fill",
        Tie::RealTime => "rt-fill",
        Tie::Seen => "se-fill",
        Tie::Unlike => "ne-fill",
    }
}

/// The class of its name.
fn word(tie: Tie) -> &'static str {
    match tie {
        Tie::Wr => "small strong wr-fill",
        Tie::Ww => "small strong ww-fill",
        Tie::Rw => "small strong rw-fill",
        Tie::Session => "small strong so-fill",
        Tie::RealTime => "small strong rt-fill",
        Tie::Seen => "small strong se-fill",
        Tie::Unlike => "small strong ne-fill",
    }
}

/// The figure of `subject` as SVG: of the anomaly that the answer names, else of the worst one, and
/// else of how the run went. O(n log n).
pub fn isolation_svg(subject: &Isolation<'_>) -> String {
    let first = subject.answer().1.first().copied().or(subject.report.found.first());
    match first {
        Some(found) => {
            let title = format!("{}: {}", capital(&named(subject.report, found)), left(subject));
            anomaly(subject, found, Some(&title), &body(subject, Some(found)))
        }
        None => whole(subject),
    }
}

/// The figure of one anomaly without its title and its sentences, which a page has itself.
pub(in crate::report) fn anomaly_svg(subject: &Isolation<'_>, found: &Found) -> String {
    anomaly(subject, found, None, &[])
}

fn capital(text: &str) -> String {
    // The letters of G0 and of its kind mean something.
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str())
}

/// The strongest levels that are left, as the end of a title.
fn left(subject: &Isolation<'_>) -> String {
    let holds = subject.telling(|status| matches!(status, Status::Holds(_)), true);
    let is_open = |status: &Status| matches!(status, Status::Undecided(_));
    let known =
        if subject.report.statuses.iter().any(is_open) { " known to hold" } else { " left" };
    match names(&holds, 3) {
        None if known == " left" => "no level holds".to_owned(),
        None => "no level is known to hold".to_owned(),
        Some(levels) if holds.len() > 1 => format!("the strongest levels{known} are {levels}"),
        Some(level) => format!("the strongest level{known} is {level}"),
    }
}

/// The names of the first levels, if there is one.
fn names(levels: &[Level], most: usize) -> Option<String> {
    let names: Vec<&str> = levels.iter().rev().take(most).map(|level| level.name()).collect();
    let more = levels.len().saturating_sub(most);
    match more {
        0 => (!names.is_empty()).then(|| names.join(", ")),
        more => Some(format!("{} and {more} more", names.join(", "))),
    }
}

/// The verdict, as a sentence without its end.
fn answer(subject: &Isolation<'_>) -> String {
    let word = match subject.answer().0 {
        Status::Holds(_) => "Valid",
        Status::RuledOut => "Invalid",
        Status::Undecided(_) => "Unknown",
    };
    format!("{word}: {}", verdict(subject))
}

/// What is to be said beside an anomaly, or of a history without one.
fn body(subject: &Isolation<'_>, shown: Option<&Found>) -> Vec<String> {
    let mut body = vec![format!("{}.", answer(subject))];
    let others = subject.report.found.iter().filter(|&found| Some(found) != shown);
    let mut others: Vec<String> = others.map(|found| named(subject.report, found)).collect();
    // Several levels may have none of their own but this.
    others.dedup();
    if !others.is_empty() {
        body.push(format!("Also found: {}.", others.join(", ")));
    }
    let is = |wanted: fn(&Status) -> bool, holds| names(&subject.telling(wanted, holds), 6);
    if let Some(levels) = is(|status| matches!(status, Status::Holds(_)), true) {
        body.push(format!("Holds: {levels}, and all weaker levels."));
    }
    if let Some(levels) = is(|status| *status == Status::RuledOut, false) {
        body.push(format!("Ruled out: {levels}, and all stronger levels."));
    }
    if let Some(levels) = is(|status| matches!(status, Status::Undecided(_)), true) {
        body.push(format!("Undecided: {levels}."));
    }
    body.extend(facts(subject).into_iter().map(|fact| format!("{}.", capital(&fact))));
    body
}

/// A canvas of this height with a title and lines of sentences, and where these end.
fn headed(title: &str, body: &[String], height: impl FnOnce(f64) -> f64) -> (Canvas, f64) {
    let limit = WIDTH - 2.0 * MARGIN;
    let titles = wrapped(title, Font::Bold, theme::TITLE, limit, 2);
    let lines: Vec<String> =
        body.iter().flat_map(|line| wrapped(line, Font::Sans, theme::BODY, limit, 3)).collect();
    let first = MARGIN + 14.0 + 26.0 * titles.len() as f64;
    let bottom = first + LINE * lines.len() as f64 + 8.0;
    let about = body.join(" ");
    let size = (WIDTH as u32, height(bottom).ceil() as u32);
    let mut canvas = Canvas::new(size, title, &about);
    canvas.style(STYLE);
    for (at, line) in titles.iter().enumerate() {
        let y = MARGIN + 14.0 + 26.0 * at as f64;
        canvas.text((MARGIN, y), Anchor::Start, "title", line);
    }
    for (at, line) in lines.iter().enumerate() {
        let y = first + 2.0 + LINE * at as f64;
        canvas.text((MARGIN, y), Anchor::Start, "body", line);
    }
    (canvas, bottom)
}

/// A sentence below a drawing: the number and kind of its step, if it is one, and its lines.
type Said = (Option<(usize, Tie)>, Vec<String>);

/// The figure of an anomaly; without a title, it has no sentences either.
fn anomaly(subject: &Isolation<'_>, found: &Found, title: Option<&str>, body: &[String]) -> String {
    let drawing = subject.drawing(found);
    let said = if title.is_some() { said(found.kind, &drawing) } else { Vec::new() };
    let focus = lanes::focus(subject, &drawing);
    let below: f64 = said.iter().map(|(_, lines)| LINE * lines.len() as f64).sum();
    let place = |focus: &Focus, top: f64| -> f64 {
        Layout::of(focus, draw::left(focus, None), top).bottom + 38.0
    };
    let sentences = |top: f64| Ring::of(subject, &drawing, top + 6.0).bottom + 34.0;
    let gap = if said.is_empty() { 0.0 } else { 18.0 };
    let timeline = |top: f64| sentences(top) + below + gap;
    let legend = |top: f64| match &focus {
        Some(focus) => place(focus, timeline(top) + 16.0),
        None => timeline(top),
    };
    let signs = legend_of(&drawing);
    let rows = signs.last().map_or(0.0, |sign| sign.2 + 1.0);
    let whole = |top: f64| legend(top) + LINE * rows + MARGIN - 8.0;
    let (mut canvas, top) = match title {
        Some(title) => headed(title, body, whole),
        None => {
            let top = MARGIN - 10.0;
            let size = (WIDTH as u32, whole(top).ceil() as u32);
            let mut canvas = Canvas::new(size, &named(subject.report, found), &drawing.sentence);
            canvas.style(STYLE);
            (canvas, top)
        }
    };
    Ring::of(subject, &drawing, top + 6.0).draw(&mut canvas);
    let mut y = sentences(top);
    for (step, lines) in said {
        if let Some((nth, tie)) = step {
            badge(&mut canvas, (MARGIN + 8.0, y - 4.5), nth, tie);
        }
        let indent = if step.is_some() { 26.0 } else { 0.0 };
        for line in lines {
            canvas.text((MARGIN + indent, y), Anchor::Start, "body", &line);
            y += LINE;
        }
    }
    if let Some(focus) = &focus {
        let top = timeline(top);
        canvas.text((MARGIN, top), Anchor::Start, "node", "When these transactions ran:");
        let layout = Layout::of(focus, draw::left(focus, None), top + 16.0);
        layout.draw(&mut canvas);
        layout.axis(&mut canvas);
        lanes::arrows(&drawing, focus, &layout, &mut canvas);
    }
    let top = legend(top) + 12.0;
    for (tie, x, row) in signs {
        let y = top + LINE * row;
        line(&mut canvas, &[(x, y - 4.0), (x + 30.0, y - 4.0)], tie);
        canvas.text((x + 38.0, y), Anchor::Start, "small", &sign(tie));
    }
    canvas.finish()
}

/// The sentences of the steps, or the one that says what shows an anomaly.
fn said(kind: Kind, drawing: &Drawing) -> Vec<Said> {
    let limit = WIDTH - 2.0 * MARGIN;
    if drawing.ring == 0 {
        let sentence = match kind {
            // It says the same.
            Kind::NoOrder(_) => kind.meaning().to_owned(),
            _ => format!("{}. {}", drawing.sentence, kind.meaning()),
        };
        return vec![(None, wrapped(&sentence, Font::Sans, theme::BODY, limit, 4))];
    }
    let step = |(nth, arrow): (usize, &Arrow)| {
        let lines = wrapped(&arrow.sentence, Font::Sans, theme::BODY, limit - 26.0, 2);
        (Some((nth, arrow.tie)), lines)
    };
    let mut said: Vec<Said> = (1..).zip(&drawing.arrows).map(step).collect();
    let end = "Each arrow leads from a transaction to one that has to come after it: no order of \
               them satisfies all. ";
    let end = format!("{end}{}", kind.meaning());
    said.push((None, wrapped(&end, Font::Sans, theme::BODY, limit, 2)));
    said
}

fn sign(tie: Tie) -> String {
    match tie {
        Tie::Unlike => tie.meaning().to_owned(),
        _ => format!("A {} B: {}", tie.name(), tie.meaning()),
    }
}

/// The kinds of arrows that there are, each with its left end and its row.
fn legend_of(drawing: &Drawing) -> Vec<(Tie, f64, f64)> {
    let all = [Tie::Wr, Tie::Ww, Tie::Rw, Tie::Session, Tie::RealTime, Tie::Seen, Tie::Unlike];
    let (mut x, mut row) = (MARGIN, 0.0);
    let mut signs = Vec::new();
    for tie in all.into_iter().filter(|&tie| drawing.arrows.iter().any(|one| one.tie == tie)) {
        let wide = 38.0 + width(&sign(tie), Font::Sans, theme::SMALL);
        if x > MARGIN && x + wide > WIDTH - MARGIN {
            (x, row) = (MARGIN, row + 1.0);
        }
        signs.push((tie, x, row));
        x += wide + 22.0;
    }
    signs
}

/// The figure of a history without an anomaly: all transactions, if they have room, and else how
/// the run went.
fn whole(subject: &Isolation<'_>) -> String {
    let history = subject.history();
    let title = answer(subject);
    let mut body = body(subject, None);
    body.remove(0);
    if let Some(focus) = lanes::of_all(subject) {
        let bottom =
            |top: f64| Layout::of(&focus, draw::left(&focus, None), top + 14.0).bottom + 34.0;
        let (mut canvas, top) = headed(&title, &body, |top| bottom(top) + MARGIN);
        let layout = Layout::of(&focus, draw::left(&focus, None), top + 14.0);
        layout.draw(&mut canvas);
        layout.axis(&mut canvas);
        return canvas.finish();
    }
    let scale = Scale::of(history);
    let charts = charts(history, &scale);
    let troubles = strip::troubles(history, &scale);
    if let Some(names) = strip::names(&troubles) {
        body.push(format!("Shaded: {names}."));
    }
    let height = |top: f64| top + 14.0 + chart::HEIGHT * charts.len() as f64 + MARGIN;
    let (canvas, top) = headed(&title, &body, height);
    chart::draw_all(canvas, &charts, top + 14.0, scale.nanoseconds(), &troubles).finish()
}
