//! A history of transactions as a page for a browser: a single file that needs no network and no
//! script, with the levels, what rules them out, and each anomaly edge by edge.

use histcheck_history::{put, putln};

use super::super::figure::anomaly_svg;
use super::super::isolation::{Drawing, Isolation, facts, list, named, verdict, weakest};
use super::super::xml::escaped;
use super::super::{Detail, Palette, isolation_details, isolation_svg};
use crate::isolation::{Asked, Found, Level, Status, Witness};
use crate::words::{printable, with_thousands};

const STYLE: &str = concat!(include_str!("assets/theme.css"), include_str!("assets/levels.css"));

/// The page of `subject`, whose history is in a file of this name, if it is in one.
/// O(n log n).
pub fn isolation_html(subject: &Isolation<'_>, file: Option<&str>) -> String {
    let word = match subject.answer().0 {
        Status::Holds(_) => "valid",
        Status::RuledOut => "invalid",
        Status::Undecided(_) => "unknown",
    };
    let name = file.map_or(String::new(), |file| format!("{}: ", printable(file)));
    let sentence = escaped(&verdict(subject));
    let mut out = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{}{word}: {sentence}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n",
        escaped(&name)
    );
    putln!(
        out,
        "<header>\n<h1><span class=\"badge {word}\">{word}</span> {}{sentence}</h1>",
        escaped(&name)
    );
    for fact in facts(subject) {
        putln!(out, "<p class=\"faint\">{}</p>", escaped(&fact));
    }
    out.push_str("</header>\n<main>\n<aside aria-label=\"Levels\">\n");
    levels(subject, &mut out);
    out.push_str("</aside>\n<div id=\"found\">\n");
    for (nth, found) in subject.report.found.iter().enumerate() {
        anomaly(subject, found, nth, &mut out);
    }
    if subject.report.found.is_empty() {
        out.push_str("<section>\n<h2>The run</h2>\n");
        figure(&isolation_svg(subject), &mut out);
        out.push_str("</section>\n");
    }
    let text = isolation_details(subject, Detail::Usual, &Palette::PLAIN);
    putln!(out, "<section>\n<h2>The report as text</h2>\n<pre>{}</pre>", lines(&text));
    out.push_str("</section>\n</div>\n</main>\n</body>\n</html>\n");
    out
}

/// Returns text of several lines as content.
fn lines(text: &str) -> String {
    text.lines().map(escaped).collect::<Vec<_>>().join("\n")
}

/// Writes the table of levels, the strongest first.
fn levels(subject: &Isolation<'_>, out: &mut String) {
    out.push_str(
        "<h2>Isolation levels</h2>\n<table>\n\
         <tr><th>level</th><th>status</th><th>why</th></tr>\n",
    );
    for level in Level::all().rev() {
        let (word, why) = match &subject.report.statuses[level.index()] {
            Status::Holds(Witness::Implied(stronger)) => {
                ("holds", format!("since {} does", stronger.name()))
            }
            Status::Holds(_) => ("holds", "proved".to_owned()),
            Status::RuledOut => ("ruled-out", ruled_out(subject, level)),
            Status::Undecided(reason) => ("undecided", escaped(reason.in_words())),
        };
        let is_asked = matches!(subject.asked, Asked::Level(asked, _) if *asked == level);
        let class = if is_asked { " class=\"asked\"" } else { "" };
        putln!(
            out,
            "<tr{class} title=\"{}\"><td>{}</td><td><span class=\"badge {word}\">{}</span></td>\
             <td>{why}</td></tr>",
            escaped(level.row().definition),
            level.name(),
            word.replace('-', " ")
        );
    }
    out.push_str("</table>\n");
}

/// Returns which anomaly rules a level out, as a link.
fn ruled_out(subject: &Isolation<'_>, level: Level) -> String {
    let by = |found: &Found| found.rules_out.contains(&level);
    if let Some(at) = subject.report.found.iter().position(by) {
        let name = escaped(subject.report.found[at].kind.name());
        return format!("<a href=\"#anomaly{at}\">{name}</a>");
    }
    let is_out = |other: &Level| subject.report.statuses[other.index()] == Status::RuledOut;
    let weaker =
        Level::all().find(|other| *other != level && level.implies(*other) && is_out(other));
    weaker.map_or_else(
        || "no single anomaly that is small enough to be shown".to_owned(),
        |weaker| format!("since {} is", weaker.name()),
    )
}

fn anomaly(subject: &Isolation<'_>, found: &Found, nth: usize, out: &mut String) {
    let count = match found.count {
        0 | 1 => String::new(),
        count => format!(" <span class=\"count\">{} times</span>", with_thousands(count)),
    };
    putln!(
        out,
        "<section id=\"anomaly{nth}\">\n<h2>{}{count}</h2>\n<p>{}</p>",
        escaped(&named(subject.report, found)),
        escaped(found.kind.meaning())
    );
    let weakest = weakest(&found.rules_out);
    if !weakest.is_empty() {
        putln!(out, "<p>It rules out <b>{}</b> and all stronger levels.</p>", list(&weakest));
    }
    let drawing = subject.drawing(found);
    figure(&anomaly_svg(subject, found), out);
    steps(&drawing, out);
    transactions(subject, &drawing, out);
    out.push_str("</section>\n");
}

/// Writes a figure; it stands in a tree of its own, so that its style and names are its own.
fn figure(svg: &str, out: &mut String) {
    putln!(
        out,
        "<div class=\"figure\"><template shadowrootmode=\"open\">\
         <style>svg{{max-width:100%;height:auto}}</style>{svg}</template></div>"
    );
}

/// Writes why one transaction comes before the next, edge by edge; or what shows the anomaly.
fn steps(drawing: &Drawing, out: &mut String) {
    if drawing.ring == 0 {
        // Without arrows, a core says what stands above it already.
        if !drawing.marked.is_empty() {
            putln!(out, "<p>{}.</p>", escaped(&drawing.sentence));
        }
        return;
    }
    out.push_str("<ol>\n");
    for arrow in &drawing.arrows {
        let [from, to] = [arrow.from, arrow.to].map(|at| escaped(&drawing.nodes[at].name));
        putln!(
            out,
            "<li><b>{from}</b><span class=\"tie\" title=\"{}\">{} →</span><b>{to}</b>: {}</li>",
            escaped(arrow.tie.meaning()),
            arrow.tie.name(),
            escaped(&arrow.sentence)
        );
    }
    out.push_str("</ol>\n<p>Each comes before the next, and the last before the first.</p>\n");
}

/// Writes who ran the transactions, where they are, and what they did.
fn transactions(subject: &Isolation<'_>, drawing: &Drawing, out: &mut String) {
    out.push_str("<table>\n<tr><th></th><th>who and where</th><th>what it did</th></tr>\n");
    for node in &drawing.nodes {
        let Some(t) = node.transaction else { continue };
        put!(out, "<tr><td><b>{}</b></td><td>{}", escaped(&node.name), escaped(&node.whose));
        if !node.ending.is_empty() {
            put!(out, ", {}", node.ending);
        }
        putln!(out, "</td><td class=\"operation\">{}</td></tr>", escaped(&subject.micros(t)));
    }
    out.push_str("</table>\n");
}
