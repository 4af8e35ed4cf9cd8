//! Detects the format of a text from its first characters. It may be wrong about a text that is no
//! history; the reader's error then names the place where the text leaves the format.

use super::Format;
use super::row::Likeness;
use crate::error::{Code, Error, Place};

/// Returns the format that `text` looks like; `None` if it looks like none.
///
/// ```
/// use histcheck::formats::{Format, sniff};
/// assert_eq!(sniff("[{\"process\": 0}]"), Some(Format::JsonArray));
/// assert_eq!(sniff("[{:process 0}]"), Some(Format::Edn));
/// ```
pub fn sniff(text: &str) -> Option<Format> {
    likeness(text).map(|(format, _)| format)
}

/// Returns the format that the start `text` of a longer text settles: whatever follows, the whole
/// looks like the same.
pub(super) fn settled(text: &str) -> Option<Format> {
    likeness(text).filter(|(_, likeness)| likeness.is_settled).map(|(format, _)| format)
}

fn likeness(text: &str) -> Option<(Format, Likeness)> {
    let text = text.trim_start();
    let likeness = |format: Format| Some((format, (format.row().sniff)(text)?));
    // Of equals, the last is taken.
    let formats = Format::READ.into_iter().rev();
    formats.filter_map(likeness).max_by_key(|(_, likeness)| likeness.evidence)
}

/// Returns the error about a text that is in no format, with an offset in it.
pub(super) fn unknown_format(body: &str) -> Error {
    let start = body.len() - body.trim_start().len();
    Error::new(Code::UnknownFormat, "the text looks like none of the formats")
        .hint(format!("name the format with --input-format: {}", Format::names()))
        .at(Place { offset: start, ..Place::default() })
}

#[cfg(test)]
mod tests {
    use super::sniff;
    use crate::formats::Format::{self, Csv, Edn, JsonArray, JsonLines, Log};

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
