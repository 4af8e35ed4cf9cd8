//! Pages that tests keep in step with the code.

/// The page with another `text` between the comments that mark it.
pub(crate) fn replaced(page: &str, name: &str, text: &str) -> String {
    let (before, rest) = page.split_once(&format!("<!-- {name}:")).unwrap();
    let (comment, rest) = rest.split_once("-->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end -->").unwrap();
    format!("{before}<!-- {name}:{comment}-->\n{text}<!-- end -->{after}")
}
