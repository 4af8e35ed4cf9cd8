//! Pages of which parts are generated: each between `<!-- NAME: how it is written -->` and
//! `<!-- end -->`.

use std::fs;
use std::path::Path;

use crate::kept::keep;

/// The longest line of a page, in characters.
const WIDTH: usize = 100;

/// Keeps the page `docs/NAME`, whose generated parts, by their names, are these texts.
///
/// # Errors
/// If the page is out of date, or cannot be read or written.
pub(crate) fn keep_page(name: &str, part: &str, texts: &[(&str, String)]) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    let mut page = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
    for (name, text) in texts {
        page = replaced(&page, name, &filled(text)).ok_or(format!("no part `{name}` in {name}"))?;
    }
    keep(&path, part, &page)
}

/// Returns the page with another `text` as its part `name`, or `None` if it has no such part.
fn replaced(page: &str, name: &str, text: &str) -> Option<String> {
    let (before, rest) = page.split_once(&format!("<!-- {name}:"))?;
    let (comment, rest) = rest.split_once("-->\n")?;
    let (_, after) = rest.split_once("<!-- end -->")?;
    Some(format!("{before}<!-- {name}:{comment}-->\n{text}<!-- end -->{after}"))
}

/// Breaks the lines of a text that are too long and no rows of a table.
fn filled(text: &str) -> String {
    let mut filled = String::new();
    for line in text.lines() {
        let mut length = 0;
        for word in line.split(' ') {
            let after = length + 1 + word.chars().count();
            let fits = after <= WIDTH || line.starts_with('|');
            if length > 0 {
                filled.push(if fits { ' ' } else { '\n' });
            }
            filled += word;
            length = if length > 0 && fits { after } else { word.chars().count() };
        }
        filled.push('\n');
    }
    filled
}
