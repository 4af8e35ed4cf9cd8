//! Anomalies in DOT, the language of Graphviz: a cluster for each, with a node for each transaction
//! and an edge for each reason why one comes before another.

use histcheck_history::{put, putln};

use super::drawing::{Drawing, Tie};
use super::text::{named, verdict};
use super::{Isolation, isolation_line};
use crate::isolation::Found;
use crate::report::Palette;

/// Labels have lines of so many characters at most.
const LINE: usize = 60;

/// Returns the anomalies of a history as a graph; without an anomaly, it has no nodes.
pub fn isolation_dot(subject: &Isolation<'_>) -> String {
    let mut out = String::from("digraph histcheck {\n");
    putln!(out, "  graph [label={}, labelloc=t, fontname=\"Helvetica\"];", quoted(&head(subject)));
    out.push_str(
        "  node [shape=box, style=rounded, fontname=\"Courier\", fontsize=11];\n  \
         edge [fontname=\"Courier\", fontsize=10];\n",
    );
    for (nth, found) in subject.report.found.iter().enumerate() {
        cluster(subject, found, nth, &mut out);
    }
    out.push_str("}\n");
    out
}

fn head(subject: &Isolation<'_>) -> String {
    match subject.file {
        Some(_) => isolation_line(subject, &Palette::PLAIN),
        None => verdict(subject),
    }
}

fn cluster(subject: &Isolation<'_>, found: &Found, nth: usize, out: &mut String) {
    let drawing = subject.drawing(found);
    putln!(out, "  subgraph cluster_{nth} {{");
    putln!(out, "    label={};", quoted(&named(subject.report, found)));
    putln!(out, "    tooltip={};", quoted(&drawing.sentence));
    for at in 0..drawing.nodes.len() {
        node(subject, &drawing, (nth, at), out);
    }
    for arrow in &drawing.arrows {
        let [key, change] = subject.reason(&drawing, arrow, LINE);
        let reason = if key.is_empty() { change } else { format!("{key}: {change}") };
        let color = color(arrow.tie);
        let lines = [arrow.tie.name().to_owned(), reason];
        put!(
            out,
            "    a{nth}_{} -> a{nth}_{} [label={}, color=\"{color}\", fontcolor=\"{color}\"",
            arrow.from,
            arrow.to,
            label(&lines, "\\n")
        );
        match arrow.tie {
            Tie::Unlike => out.push_str(", dir=none, style=dotted"),
            Tie::RealTime => out.push_str(", style=dashed"),
            _ => {}
        }
        putln!(out, ", tooltip={}];", quoted(&arrow.sentence));
    }
    out.push_str("  }\n");
}

fn node(subject: &Isolation<'_>, drawing: &Drawing, (nth, at): (usize, usize), out: &mut String) {
    let node = &drawing.nodes[at];
    let ending = if node.ending.is_empty() { "" } else { ", " };
    let mut lines = vec![match node.whose.is_empty() {
        true => node.name.clone(),
        false => format!("{} ({}{ending}{})", node.name, node.whose, node.ending),
    }];
    lines.extend(node.micros.iter().map(|&place| subject.micro_within(place, LINE)));
    if node.more > 0 {
        lines.push(format!("and {} more", node.more));
    }
    let style = if node.ending.is_empty() { "" } else { ", style=\"rounded,dashed\"" };
    putln!(out, "    a{nth}_{at} [label={}{style}];", label(&lines, "\\l"));
}

fn color(tie: Tie) -> &'static str {
    match tie {
        Tie::Wr => "#0072b2",
        Tie::Ww => "#a0508c",
        Tie::Rw | Tie::Unlike => "#c83c00",
        Tie::Session => "#00805d",
        Tie::RealTime => "#8a6000",
        Tie::Seen => "#4d5761",
    }
}

/// Returns lines as a label, each ended by what breaks and aligns it.
fn label(lines: &[String], end: &str) -> String {
    let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
    let last = if end == "\\l" { end } else { "" };
    format!("\"{}{last}\"", lines.join(end))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", escaped(text))
}

/// Returns `text` as it is written between quotes, where backslashes start escapes and ampersands
/// entities.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in crate::words::printable(text).chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_a_label() {
        assert_eq!(quoted("a\"]; b -> c [\\N &lt;\n"), "\"a\\\"]; b -> c [\\\\N &amp;lt;\\\\n\"");
    }
}
