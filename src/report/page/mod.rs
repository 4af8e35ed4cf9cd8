//! One history as a page for a browser: a single file that needs no network, with the figure, a
//! timeline to zoom and filter, the keys, the anomalies, and the linearization step by step.
//!
//! The page's script runs by its hash alone, and puts every text of the history where it cannot be
//! markup: a hostile value is shown, and does nothing.

mod columns;
mod outline;
mod rows;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::xml::escaped;
use super::{Palette, Subject, svg, verdict_line};
use outline::Outline;
use rows::Range;

/// A page holds so many operations at most: browsers take about 200 bytes for each.
const OPERATIONS: usize = 4_000_000;

const STYLE: &str = include_str!("assets/page.css");
const BODY: &str = include_str!("assets/page.html");

/// Where the body has the figure. It stands in a tree of its own, so that its style is its own.
const FIGURE: &str = "<!--figure-->";

/// The script, in the order of its parts; later parts use earlier ones.
const SCRIPT: &[&str] = &[
    include_str!("assets/data.js"),
    include_str!("assets/view.js"),
    include_str!("assets/steps.js"),
    include_str!("assets/draw.js"),
    include_str!("assets/lists.js"),
    include_str!("assets/panels.js"),
    include_str!("assets/main.js"),
];

/// The page of `subject`. Its steps and states are those that it was given:
/// [`Subject::linearize`]. O(n log n).
pub fn html(subject: &Subject<'_>) -> String {
    page(subject, OPERATIONS)
}

/// The page, with at most `limit` operations.
fn page(subject: &Subject<'_>, limit: usize) -> String {
    let first = subject.report.failing().map(|(_, failure)| failure.operation).next();
    let range = Range::around(subject.history, first, limit);
    let data = inert(&serde_json::to_string(&Outline::of(subject, range)).unwrap_or_default());
    let script = format!("(() => {{\n\"use strict\";\n{}}})();\n", SCRIPT.concat());
    let hash = STANDARD.encode(Sha256::digest(&script));
    let title = escaped(&verdict_line(subject, &Palette::PLAIN));
    let (before, behind) = BODY.split_once(FIGURE).unwrap_or((BODY, ""));
    let mut out = String::with_capacity(data.len() + script.len() + (1 << 16));
    for part in [
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ",
        "base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; script-src 'sha256-",
        &hash,
        "'\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
        "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
        &title,
        "</title>\n<style>\n",
        STYLE,
        "</style>\n</head>\n<body>\n",
        before,
        "<template shadowrootmode=\"open\"><style>svg{max-width:100%;height:auto}</style>",
        &svg(subject),
        "</template>",
        behind,
        "<script type=\"application/json\" id=\"data\">",
        &data,
        "</script>\n<script>",
        &script,
        "</script>\n</body>\n</html>\n",
    ] {
        out.push_str(part);
    }
    out
}

/// JSON as it may stand within a script element: nothing in it ends the element, or opens a comment
/// in it. The characters can only be in strings, where their escapes mean the same.
fn inert(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e")
}
