//! Finds out the format of a text from its first characters. It may be wrong about a text that is
//! no history; the reader's error then names the place where the text leaves the format.

use super::Format;
use super::roles::{Role, role};

/// How many lines may come before the one that tells the format.
const LEADING_LINES: usize = 200;

/// The format that `text` looks like; `None` if it looks like none.
///
/// ```
/// use histcheck::ingest::{Format, sniff};
/// assert_eq!(sniff("[{\"process\": 0}]"), Some(Format::JsonArray));
/// assert_eq!(sniff("[{:process 0}]"), Some(Format::Edn));
/// ```
pub fn sniff(text: &str) -> Option<Format> {
    let text = text.trim_start();
    match text.as_bytes().first()? {
        b'{' => Some(if looks_like_edn(&text[1..]) { Format::Edn } else { Format::JsonLines }),
        b'[' => Some(sniff_sequence(text[1..].trim_start())),
        b'(' | b';' => Some(Format::Edn),
        b'#' => sniff_hash(text),
        _ if is_header(first_line(text)) => Some(Format::Csv),
        _ if text.lines().take(LEADING_LINES).any(is_log_line) => Some(Format::Log),
        _ => None,
    }
}

/// What starts with `[`: an array of objects or a vector of maps.
fn sniff_sequence(inside: &str) -> Format {
    let edn = match inside.as_bytes().first() {
        Some(b'{') => looks_like_edn(&inside[1..]),
        Some(b':' | b'#' | b';' | b'(') => true,
        _ => false,
    };
    if edn { Format::Edn } else { Format::JsonArray }
}

/// Whether what follows a `{` is the inside of an EDN map.
fn looks_like_edn(inside: &str) -> bool {
    matches!(inside.trim_start().as_bytes().first(), Some(b':' | b'#' | b';' | b','))
}

/// What starts with `#`: comment lines above the header of CSV, or a set or tag of EDN.
fn sniff_hash(text: &str) -> Option<Format> {
    let is_content = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let below = text.lines().take(LEADING_LINES).find(is_content);
    if below.is_some_and(is_header) {
        return Some(Format::Csv);
    }
    let rest = text.trim_start_matches('#');
    let comment = rest.is_empty() || rest.starts_with(char::is_whitespace);
    (!comment).then_some(Format::Edn)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// Whether `line` names the columns of events or of whole operations.
fn is_header(line: &str) -> bool {
    let has = |wanted: &[Role]| {
        line.split(',').any(|cell| wanted.contains(&role(cell.trim().trim_matches('"')).0))
    };
    has(&[Role::Call]) && has(&[Role::Function])
        || has(&[Role::Outcome]) && has(&[Role::Process, Role::Function])
}

/// Whether `line` is an operation as Jepsen logs it: `INFO  jepsen.util - 0 :invoke :read nil`.
fn is_log_line(line: &str) -> bool {
    line.contains("jepsen.")
        || [":invoke", ":ok", ":fail", ":info"]
            .iter()
            .any(|word| line.split('\t').nth(1).is_some_and(|cell| cell.trim() == *word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_their_first_characters() {
        use Format::{Csv, Edn, JsonArray, JsonLines, Log};
        for (text, format) in [
            ("{\"process\":0}", Some(JsonLines)),
            ("\n \t{\n  \"process\": 0\n}", Some(JsonLines)),
            ("{}", Some(JsonLines)),
            ("[{\"process\":0}]", Some(JsonArray)),
            ("[\n{}]", Some(JsonArray)),
            ("[]", Some(JsonArray)),
            ("{:process 0}", Some(Edn)),
            ("{ :process 0}", Some(Edn)),
            ("[{:process 0}]", Some(Edn)),
            ("[\n #jepsen.history.Op{:process 0}]", Some(Edn)),
            ("#jepsen.history.Op{:process 0}", Some(Edn)),
            ("#{}", Some(Edn)),
            ("({:process 0})", Some(Edn)),
            ("; a comment\n{:process 0}", Some(Edn)),
            ("process,type,f,value\n", Some(Csv)),
            ("type, process, f", Some(Csv)),
            ("\"process\",\"type\",\"f\"", Some(Csv)),
            ("f,call,return", Some(Csv)),
            ("ClientId,Op,Call,Return", Some(Csv)),
            ("# a comment\n#histcheck\n# histcheck: {}\n\nf,start,end\n", Some(Csv)),
            ("#histcheck: {}\nf,start,end\n", Some(Csv)),
            ("INFO  jepsen.util - 0\t:invoke\t:read\tnil", Some(Log)),
            ("0\t:invoke\t:read\tnil", Some(Log)),
            (":nemesis\t:info\t:start\tnil", Some(Log)),
            ("Test starts\nINFO  jepsen.util - 0\t:invoke\t:read\tnil", Some(Log)),
            ("# only a comment", None),
            ("hello, world", None),
            ("42", None),
            ("NaN", None),
            ("<xml/>", None),
        ] {
            assert_eq!(sniff(text), format, "{text}");
        }
    }
}
