//! One history as a page for a browser: a single file that needs no network, with the figure, a
//! timeline to zoom and filter, the keys, the anomalies, and the linearization step by step.
//!
//! The page's script runs by its hash alone, and puts every text of the history where it cannot be
//! markup: a hostile value is shown, and does nothing.

mod columns;
mod levels;
mod outline;
mod rows;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::xml::escaped;
use super::{Palette, Subject, printable, svg, verdict_line};
pub use levels::isolation_html;
use outline::Outline;
use rows::Range;

/// A page holds so many operations at most: browsers take about 200 bytes for each.
const OPERATIONS: usize = 4_000_000;

const STYLE: &str = concat!(include_str!("assets/theme.css"), include_str!("assets/page.css"));
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

/// The page of `subject`, whose history is in a file of this name, if it is in one. Its steps and
/// states are those that it was given: [`Subject::linearizations`]. O(n log n).
pub fn html(subject: &Subject<'_>, file: Option<&str>) -> String {
    page(subject, file, OPERATIONS)
}

/// The page, with at most `limit` operations.
fn page(subject: &Subject<'_>, file: Option<&str>, limit: usize) -> String {
    let first = subject.report.failing().map(|(_, failure)| failure.operation).next();
    let range = Range::around(subject.history, first, limit);
    let data =
        inert(&serde_json::to_string(&Outline::of(subject, file, range)).unwrap_or_default());
    let script = format!("(() => {{\n\"use strict\";\n{}}})();\n", SCRIPT.concat());
    let hash = STANDARD.encode(Sha256::digest(&script));
    let name = file.map_or(String::new(), |file| format!("{}: ", printable(file)));
    let title = escaped(&format!("{name}{}", verdict_line(subject, &Palette::PLAIN)));
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::check::Options;
    use crate::history::History;

    /// Writes and reads in turn, the last of which is wrong if it is to be.
    fn history(operations: i64, breaks: bool) -> History {
        let mut history = History::builder();
        for at in 0..operations / 2 {
            history.invoke(0, "write", at).unwrap();
            history.ok(0, "write", at).unwrap();
            history.invoke(1, "read", ()).unwrap();
            history.ok(1, "read", if breaks && at == 30 { 7 } else { at }).unwrap();
        }
        history.build().unwrap()
    }

    fn outline(history: &History, limit: usize) -> serde_json::Value {
        let options = Options::default();
        let session = crate::Session::new(history, &options).unwrap();
        let report = session.check().unwrap();
        let mut subject = Subject::new(history, &report);
        subject.explanation = session.explain(&report, 5).unwrap();
        subject.linearizations =
            session.linearizations(&report, crate::report::STATES_ROOM).unwrap();
        let page = page(&subject, Some("a.jsonl"), limit);
        let (_, data) = page.split_once("id=\"data\">").unwrap();
        serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap()
    }

    #[test]
    fn a_long_history_is_cut_around_its_violation() {
        let whole = outline(&history(100, true), 100);
        assert_eq!(whole["rows"]["count"], 100);
        assert_eq!(whole["failures"][0]["row"], 61);
        let part = outline(&history(100, true), 16);
        assert_eq!([&part["rows"]["count"], &part["first"], &part["operations"]], [16, 47, 100]);
        assert_eq!(part["failures"][0]["row"], 61 - 47);
        assert!(part["failures"][0]["core"].as_array().unwrap().len() < 3, "7 was long before");
        let valid = outline(&history(100, false), 16);
        assert_eq!([&valid["rows"]["count"], &valid["first"]], [16, 0]);
    }

    #[test]
    fn states_are_told_step_by_step() {
        let outline = outline(&history(6, false), 100);
        assert_eq!(outline["states"], serde_json::json!(["0", "1", "2"]));
        assert_eq!(outline["file"], "a.jsonl");
        assert_eq!(outline["anomalies"], serde_json::json!([]));
    }
}
