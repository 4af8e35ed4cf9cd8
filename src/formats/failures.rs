//! What reports that an operation failed: the names of such fields, and what stands in them.

use crate::history::{EventType, Shape, Value, ValueTable};
use crate::vocabulary::plain;

/// What the name of a field says about its content.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An error, where there is one: `error_message`, `exception.type`, `errno`.
    Error,
    /// Whether it went right: `success`, `was_ok`.
    Success,
    /// Whether it is done, or when that was: `completed`.
    Done,
    /// Whether it went wrong: `timed_out`, `lost`.
    Flag,
    /// How it ended, as a word or a number: `http_status`, `exit_code`.
    Status,
    /// A sentence: `msg`.
    Message,
    /// Whether there was a value: `found`; or none: `missing`.
    Found,
    Missing,
    /// How many were changed: `rows_affected`.
    Count,
    /// Something that has nothing to do with how the operation ended.
    Aside,
    /// Anything: `level`, `final`.
    Other,
}

impl Kind {
    /// Returns what the field `name` is for.
    pub(crate) fn of(name: &str) -> Kind {
        let whole = plain(name);
        if matches!(&*whole, "status.code" | "status.message") {
            // A span's own, which reading it takes into account.
            return Kind::Aside;
        }
        let name = whole.rsplit('.').next().unwrap_or_default();
        let stem = ERROR_PARTS.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        if is_error(name) || is_error(stem) || whole.starts_with("exception.") {
            return Kind::Error;
        }
        let bare = ["is", "was", "has"].iter().find_map(|start| name.strip_prefix(start));
        match bare.unwrap_or(name) {
            "ok" | "success" | "succeeded" | "successful" | "acked" | "acknowledged"
            | "committed" | "applied" | "acquired" => Kind::Success,
            "completed" | "complete" | "finished" | "done" | "accepted" => Kind::Done,
            "failed" | "timedout" | "aborted" | "cancelled" | "canceled" | "rejected" => {
                Kind::Error
            }
            "timeout" | "lost" | "dropped" | "expired" | "crashed" | "interrupted" | "killed"
            | "refused" => Kind::Flag,
            "conflict" | "rolledback" | "skipped" | "dryrun" | "noop" | "preconditionfailed"
            | "alreadyexists" => Kind::Flag,
            "stored" | "swapped" | "enqueued" | "deposited" => Kind::Done,
            "rowsaffected" | "affected" | "affectedrows" | "modified" | "modifiedcount"
            | "matched" | "matchedcount" | "nmodified" | "nmatched" | "rowcount" => Kind::Count,
            "found" | "exists" | "present" | "hit" => Kind::Found,
            "missing" | "null" | "notfound" | "absent" => Kind::Missing,
            "code" | "rc" | "outcome" | "http" => Kind::Status,
            "type" => Kind::Other,
            name if CODES.iter().any(|end| name.ends_with(end)) => Kind::Status,
            "msg" | "message" => Kind::Message,
            "node" | "host" | "hostname" | "source" | "test" | "run" | "tag" | "tags" | "index"
            | "id" | "link" | "logger" | "caller" | "nemesis" => Kind::Aside,
            _ => Kind::Other,
        }
    }

    /// Returns whether `value`, the content of a field of this kind, reports a failure.
    pub(crate) fn reports_failure(self, values: &ValueTable, value: Value) -> bool {
        self.reports(values, value, DEEPEST)
    }

    fn reports(self, values: &ValueTable, value: Value, depth: u32) -> bool {
        let deeper = |kind: Kind, value| depth > 0 && kind.reports(values, value, depth - 1);
        match values.shape(value) {
            Shape::Null => false,
            Shape::Bool(is_true) => self.flag_reports(is_true),
            Shape::Int(number) => self.number_reports(number),
            Shape::Text(text) | Shape::Keyword(text) | Shape::Symbol(text) => {
                self.text_reports(text.trim())
            }
            Shape::List(items) | Shape::Set(items) => items.iter().any(|item| deeper(self, *item)),
            Shape::Map(entries) => entries.as_chunks::<2>().0.iter().any(|&[name, value]| {
                let kind = values.as_name(name).map_or(Kind::Other, Kind::of);
                deeper(if self == Kind::Error { self } else { kind }, value)
            }),
            Shape::Tagged(_, value) => deeper(self, value),
            _ => self == Kind::Error,
        }
    }

    fn flag_reports(self, is_true: bool) -> bool {
        match self {
            Kind::Error | Kind::Flag => is_true,
            Kind::Success | Kind::Done => !is_true,
            _ => false,
        }
    }

    fn number_reports(self, number: i64) -> bool {
        match self {
            // A status of HTTP may stand there, too.
            Kind::Error | Kind::Status => number != 0 && !(200..300).contains(&number),
            Kind::Success => number != 1,
            _ => false,
        }
    }

    fn text_reports(self, text: &str) -> bool {
        // A table has texts only.
        match text {
            "true" | "True" | "TRUE" => return self.flag_reports(true),
            "false" | "False" | "FALSE" => return self.flag_reports(false),
            _ => {}
        }
        // `404 Not Found`
        let number = text.split(' ').next().unwrap_or_default();
        if let Ok(number) = if self == Kind::Status { number } else { text }.parse() {
            return self.number_reports(number);
        }
        if self == Kind::Message {
            return message_reports(text);
        }
        if text.len() > LONGEST {
            return self == Kind::Error;
        }
        let word = plain(text);
        let is_none = matches!(
            word.trim_matches(['<', '>', '(', ')']),
            "" | "none" | "nil" | "null" | "no" | "noerror" | "n/a" | "nan"
        );
        let meant = EventType::meant(&word);
        match self {
            Kind::Error => !is_none && meant != Some(EventType::Ok),
            Kind::Success => !matches!(&*word, "null" | "yes") && meant != Some(EventType::Ok),
            Kind::Status => {
                is_failure(&word)
                    || REFUSALS.iter().any(|part| word.contains(part))
                    || matches!(meant, Some(EventType::Fail | EventType::Info))
                    || STATUSES.contains(&&*word)
            }
            _ => is_failure(&word),
        }
    }
}

/// Whether a name is one for an error.
fn is_error(name: &str) -> bool {
    matches!(name, "err" | "errno" | "fail" | "panic")
        || ["error", "errors", "exception", "failure"].iter().any(|end| name.ends_with(end))
}

/// What the name of a field about an error ends in: `errorCode`, `failure_reason`.
const ERROR_PARTS: [&str; 17] = [
    "code",
    "no",
    "num",
    "number",
    "message",
    "msg",
    "type",
    "class",
    "kind",
    "name",
    "text",
    "string",
    "reason",
    "details",
    "detail",
    "description",
    "cause",
];

/// What the name of a field ends in that has a number for how an operation ended.
const CODES: [&str; 8] = [
    "status",
    "statuscode",
    "httpcode",
    "responsecode",
    "returncode",
    "resultcode",
    "exitcode",
    "retcode",
];

/// Longer texts are no words.
const LONGEST: usize = 64;

/// Whether a word, without spaces, names a failure.
fn is_failure(word: &str) -> bool {
    const WORDS: [&str; 22] = [
        "error",
        "err",
        "failed",
        "failure",
        "fail",
        "timeout",
        "timedout",
        "aborted",
        "abort",
        "cancelled",
        "canceled",
        "rejected",
        "refused",
        "unavailable",
        "exception",
        "crashed",
        "deadlineexceeded",
        "fatal",
        "panic",
        "interrupted",
        "connectionreset",
        "brokenpipe",
    ];
    WORDS.contains(&word)
        || ["error", "exception", "timeout"].iter().any(|end| word.ends_with(end))
        || ["connectionreset", "connectionrefused", "deadlineexceeded", "timedout"]
            .iter()
            .any(|part| word.contains(part))
}

/// What names of refusals have in them, where they stand for how an operation ended.
const REFUSALS: [&str; 20] = [
    "fail",
    "error",
    "conflict",
    "reject",
    "denied",
    "refus",
    "abort",
    "rolledback",
    "rollback",
    "unavailable",
    "throttl",
    "notleader",
    "notfound",
    "notstored",
    "exception",
    "mismatch",
    "precondition",
    "nack",
    "noop",
    "forbidden",
];

/// Whether an operation that returns no value was refused, as it returned this text.
pub(crate) fn is_refusal(text: &str) -> bool {
    let word = plain(text);
    is_failure(&word)
        || matches!(&*word, "false" | "no" | "full" | "exists" | "busy" | "locked" | "stale")
        || REFUSALS.iter().any(|part| word.contains(part))
}

/// The names of gRPC's other statuses (grpc.github.io/grpc/core/md_doc_statuscodes.html).
const STATUSES: [&str; 11] = [
    "invalidargument",
    "notfound",
    "alreadyexists",
    "permissiondenied",
    "resourceexhausted",
    "failedprecondition",
    "outofrange",
    "unimplemented",
    "internal",
    "dataloss",
    "unauthenticated",
];

/// Whether a sentence reports a failure: `put failed`, `error: no leader`.
pub(crate) fn message_reports(text: &str) -> bool {
    let mut before = "";
    // Elsewhere it may be one that was set.
    if text.trim_end_matches(|c: char| !c.is_alphanumeric()).to_lowercase().ends_with("timeout") {
        return !text.to_lowercase().contains("after timeout");
    }
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).any(|word| {
        let is_denied = matches!(&*plain(before), "no" | "without" | "0" | "zero" | "after");
        let is_failed = !is_denied && {
            let word = plain(word);
            matches!(
                &*word,
                "failed"
                    | "failure"
                    | "failing"
                    | "fail"
                    | "error"
                    | "timedout"
                    | "aborted"
                    | "exception"
                    | "refused"
                    | "unavailable"
            ) || word == "out" && plain(before) == "timed"
        };
        before = word;
        is_failed
    })
}

/// Maps and lists inside one another are looked into so deep: `response.events[0].error.code`.
const DEEPEST: u32 = 6;
