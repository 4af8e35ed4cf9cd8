//! Finds out the format of a text from its first characters. It may be wrong about a text that is
//! no history; the reader's error then names the place where the text leaves the format.

use super::Format;
use super::log::{closing_quote, is_line};
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
        b'{' => Some(if is_edn_map(&text[1..]) { Format::Edn } else { Format::JsonLines }),
        b'[' => Some(sniff_sequence(text)),
        b'(' | b';' | b'^' => Some(Format::Edn),
        b'#' => sniff_hash(text),
        _ if is_header(first_line(text)) => Some(Format::Csv),
        _ if is_log(text) => Some(Format::Log),
        _ => None,
    }
}

/// Whether the start `text` of a longer text tells the format of the whole: whatever follows, it
/// looks like the same. A text whose format is not told by its start may take many lines.
pub(super) fn is_settled(text: &str) -> bool {
    let text = text.trim_start();
    let lines = text.rfind('\n').map_or("", |end| &text[..end]);
    let has_record = text.contains('}');
    match text.as_bytes().first() {
        None => false,
        Some(b'{') => has_record,
        Some(b'(' | b';' | b'^') => true,
        Some(b'[') => match text[1..].trim_start().bytes().next() {
            Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9') => is_log(lines),
            Some(b'{') => has_record,
            first => first.is_some(),
        },
        Some(b'#') => {
            let is_comment =
                |line: &str| line.trim().is_empty() || line.trim_start().starts_with('#');
            is_tagged_map(text) || lines.lines().any(|line| !is_comment(line))
        }
        Some(_) => !lines.is_empty() && sniff(lines).is_some(),
    }
}

/// What starts with `[`: an array of objects, a vector of maps, or the line of a log that has a
/// date or a thread first.
fn sniff_sequence(text: &str) -> Format {
    let inside = text[1..].trim_start();
    match inside.as_bytes().first() {
        Some(b'{') if is_edn_map(&inside[1..]) => Format::Edn,
        Some(b':' | b'#' | b';' | b'(' | b'^' | b',') => Format::Edn,
        Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9') if is_log(text) => Format::Log,
        _ => Format::JsonArray,
    }
}

/// Whether what follows a `{` is the inside of an EDN map: its first key is no string, or no colon
/// stands behind it, or one that belongs to a keyword.
fn is_edn_map(inside: &str) -> bool {
    let inside = inside.trim_start();
    let Some(key) = inside.strip_prefix('"') else {
        return inside.starts_with([':', '#', ';', ',', '^']);
    };
    let Some(end) = closing_quote(key) else { return false };
    let behind = &key[end + 1..];
    let value = behind.trim_start();
    let Some(word) = value.strip_prefix(':') else {
        // A text that ends here says nothing, and a comma is white space in EDN only.
        return !value.is_empty() && !value.starts_with('}');
    };
    let json = ["true", "false", "null", "NaN"].iter().any(|literal| word.starts_with(literal));
    behind.len() > value.len() && word.starts_with(char::is_alphabetic) && !json
}

/// What starts with `#`: comment lines above the header of CSV, or a set or tag of EDN.
fn sniff_hash(text: &str) -> Option<Format> {
    if is_tagged_map(text) {
        return Some(Format::Edn);
    }
    let is_content = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let below = text.lines().take(LEADING_LINES).find(is_content);
    if below.is_some_and(is_header) {
        return Some(Format::Csv);
    }
    let rest = text.trim_start_matches('#');
    let comment = rest.is_empty() || rest.starts_with(char::is_whitespace);
    (!comment).then_some(Format::Edn)
}

/// Whether a text that starts with `#` starts with a set, or with a map behind a tag, as in
/// `#jepsen.history.Op{:index 0}`: what comes below does not make a comment of it.
fn is_tagged_map(text: &str) -> bool {
    let tag = &text[1..];
    let behind = tag.trim_start_matches(|c: char| c.is_alphanumeric() || "._-/:".contains(c));
    behind.starts_with('{') && !tag.starts_with("histcheck")
}

fn is_log(text: &str) -> bool {
    text.lines().take(LEADING_LINES).any(is_line)
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

#[cfg(test)]
mod tests {
    use super::Format::{self, Csv, Edn, JsonArray, JsonLines, Log};
    use super::sniff;

    const BEGINNINGS: &[(&str, Option<Format>)] = &[
        ("{\"process\":0}", Some(JsonLines)),
        ("\n \t{\n  \"process\": 0\n}", Some(JsonLines)),
        ("{}", Some(JsonLines)),
        ("[{\"process\":0}]", Some(JsonArray)),
        ("[\n{}]", Some(JsonArray)),
        ("[]", Some(JsonArray)),
        ("{\"process\" : 0}", Some(JsonLines)),
        ("{\"f\" :true}", Some(JsonLines)),
        ("{\"f\" :\"read\"}", Some(JsonLines)),
        ("{\"f\\\":\":1}", Some(JsonLines)),
        ("{\"cut", Some(JsonLines)),
        ("[ {\n\"process\": 0}]", Some(JsonArray)),
        ("[\n\n{\"histcheck\": {}},\n{:process 0}]", Some(JsonArray)),
        ("[1, 2]", Some(JsonArray)),
        ("[", Some(JsonArray)),
        ("{\"process\" 0, \"type\" \"invoke\"}", Some(Edn)),
        ("{\"type\" :invoke}", Some(Edn)),
        ("[{\"process\"\n0}]", Some(Edn)),
        ("({\"process\" 0})", Some(Edn)),
        ("{:f :read, :call 1, :return 2}", Some(Edn)),
        ("{:histcheck {:model \"register\"}}", Some(Edn)),
        ("{\n  :process 0}", Some(Edn)),
        ("{, :process 0}", Some(Edn)),
        ("{#_ :x :process 0}", Some(Edn)),
        ("[ ; the first\n {:process 0}]", Some(Edn)),
        ("[\n {:process 0}]", Some(Edn)),
        ("[^{:line 1} {:process 0}]", Some(Edn)),
        ("^{:source \"x\"} [{:process 0}]", Some(Edn)),
        ("#_ {:process 9} {:process 0}", Some(Edn)),
        ("#knossos.op.Op{:process 0,\n:type :invoke, :f :read}", Some(Edn)),
        ("#:jepsen{:process 0}", Some(Edn)),
        ("\n;; Jepsen\n\n#jepsen.history.Op{:process 0}", Some(Edn)),
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
        ("0  :invoke  :read  nil", Some(Log)),
        ("-1\t:info\t:x\tnil", Some(Log)),
        ("\"the nemesis\"\t:info\t:x\tnil", Some(Log)),
        ("INFO  jepsen.util - :nemesis\t:info\t:start\tnil", Some(Log)),
        ("INFO [2018-06-07 13:14:12,062] jepsen worker 0 - jepsen.util 0 :ok :read 1", Some(Log)),
        ("INFO [2018-06-07 13:14:12,062] main - jepsen.core Running test", Some(Log)),
        ("2021-02-26 23:39:01,526{GMT}\tINFO\t[w 1] jepsen.util: 1\t:ok\t:read\t4", Some(Log)),
        ("13:01:50.999 [main] INFO  jepsen.cli - Test options:\n {:concurrency 5}", Some(Log)),
        ("[2018-06-07 13:14] jepsen.util - 0\t:ok\t:read\t1", Some(Log)),
        ("[main] INFO jepsen.print: 0\t:ok\t:read\t1", Some(Log)),
        ("# only a comment", None),
        ("a 0 :invoke :read", None),
        ("hello, world", None),
        ("42", None),
        ("NaN", None),
        ("<xml/>", None),
    ];

    #[test]
    fn formats_are_known_by_their_first_characters() {
        for &(text, format) in BEGINNINGS {
            assert_eq!(sniff(text), format, "{text}");
        }
    }
}
