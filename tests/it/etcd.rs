//! The reports of etcd's robustness tests: requests and responses as they are written there.

use histcheck::{Code, Error, History, Options, Verdict, caveats, check, read_text};

/// An operation: a request of a type, its response, and its times; a return of 0 is not known.
fn record(client: u32, [kind, request, response]: [&str; 3], [call, ret]: [u32; 2]) -> String {
    let name = match kind {
        "range" => "Range",
        "txn" => "Txn",
        "leaseGrant" => "LeaseGrant",
        "compact" => "Compact",
        _ => "Defragment",
    };
    let fields = ["LeaseGrant", "LeaseRevoke", "Range", "Txn", "Defragment", "Compact"];
    let field = |field: &&str| {
        let body = if *field == name { request } else { "null" };
        format!("\"{field}\":{body}")
    };
    let input = fields.iter().map(field).collect::<Vec<_>>().join(",");
    format!(
        "{{\"ClientId\":{client},\"Input\":{{\"Type\":\"{kind}\",{input}}},\"Call\":{call},\
         \"Output\":{{{response},\"ClientError\":\"\",\"Revision\":5}},\"Return\":{ret}}}\n"
    )
}

const PLAIN: &str = "\"Persisted\":false,\"PersistedRevision\":0,\"Error\":\"\"";

fn range(key: &str, more: &str) -> String {
    format!("{{\"Start\":\"{key}\",\"End\":\"\",\"Limit\":0,\"Revision\":0{more}}}")
}

/// What a range of a key returns that holds `value`, if it does.
fn found(key: &str, value: Option<&str>) -> String {
    let pair = value.map(|value| {
        format!("{{\"Key\":\"{key}\",\"Value\":{{\"Value\":\"{value}\"}},\"ModRevision\":4}}")
    });
    format!(
        "{{\"KVs\":[{}],\"Count\":{}}}",
        pair.as_deref().unwrap_or(""),
        u8::from(pair.is_some())
    )
}

fn get(client: u32, value: Option<&str>, times: [u32; 2]) -> String {
    let response = format!("\"Txn\":null,\"Range\":{},{PLAIN}", found("k", value));
    record(client, ["range", &range("k", ""), &response], times)
}

fn operation(kind: &str, key: &str, value: &str) -> String {
    let [range, put, delete] =
        ["range", "put", "delete"].map(|name| if name == kind { key } else { "" });
    format!(
        "{{\"Type\":\"{kind}-operation\",\"Range\":{{\"Start\":\"{range}\",\"End\":\"\",\
         \"Limit\":0}},\"Put\":{{\"Key\":\"{put}\",\"Value\":{value},\"LeaseID\":0}},\
         \"Delete\":{{\"Key\":\"{delete}\"}}}}"
    )
}

fn put_operation(value: &str) -> String {
    operation("put", "k", &format!("{{\"Value\":\"{value}\"}}"))
}

fn txn(conditions: &str, success: &str, failure: &str) -> String {
    format!(
        "{{\"Conditions\":{conditions},\"OperationsOnSuccess\":[{success}],\
         \"OperationsOnFailure\":[{failure}]}}"
    )
}

fn answered(failure: bool, results: &str) -> String {
    format!("\"Txn\":{{\"Failure\":{failure},\"Results\":[{results}]}},\"Range\":null,{PLAIN}")
}

const DONE: &str = "{\"KVs\":null,\"Count\":0,\"Deleted\":0}";
const LOST: &str = "\"Txn\":null,\"Range\":null,\"Persisted\":false,\"Error\":\"timeout\"";
const IF: &str = "[{\"Key\":\"k\",\"ExpectedRevision\":4,\"ExpectedVersion\":0}]";

fn put(client: u32, value: &str, times: [u32; 2]) -> String {
    let request = txn("null", &put_operation(value), "");
    record(client, ["txn", &request, &answered(false, DONE)], times)
}

fn verdict(text: &str) -> Verdict {
    let history = read_text(text).unwrap();
    check(&history, &Options { self_check: true, ..Options::default() }).unwrap().verdict
}

/// The operations as `F KEY INPUT -> OUTPUT OUTCOME`.
fn lines(history: &History) -> Vec<String> {
    let values = history.values();
    let json = |value| values.to_json(value);
    let line = |op: &histcheck::history::Operation| {
        let (key, input) = (op.key.map(json).unwrap(), json(op.input));
        let f = history.function(op.function);
        format!("{f} {key} {input} -> {} {}", json(op.output), op.outcome.name())
    };
    history.operations().iter().map(line).collect()
}

fn refused(text: &str) -> Error {
    let error = read_text(text).unwrap_err();
    assert_eq!(error.code, Code::BadField, "{error:?}");
    assert!(error.place.is_some() && error.hint.is_some(), "{error:?}");
    error
}

#[test]
fn requests_on_one_key_are_operations_on_it() {
    let delete = txn("null", &operation("delete", "k", "{}"), "");
    let deleted = answered(false, "{\"KVs\":null,\"Count\":0,\"Deleted\":1}");
    let text = put(1, "a", [1, 2])
        + &get(2, Some("a"), [3, 4])
        + &record(1, ["txn", &delete, &deleted], [5, 6])
        + &get(2, None, [7, 8]);
    let history = read_text(&text).unwrap();
    assert_eq!(
        lines(&history),
        [
            "put \"k\" \"a\" -> null ok",
            "get \"k\" null -> \"a\" ok",
            "delete \"k\" null -> null ok",
            "get \"k\" null -> null ok"
        ]
    );
    assert_eq!(verdict(&text), Verdict::Valid);
    assert_eq!(verdict(&(text.clone() + &get(2, Some("a"), [9, 10]))), Verdict::Invalid);
    let hashed = text.replace("{\"Value\":\"a\"}", "{\"Hash\":77}");
    assert_eq!(verdict(&hashed), Verdict::Valid);
    let empty = text.replace("{\"Value\":\"a\"}", "{}");
    assert_eq!(verdict(&empty), Verdict::Valid);
}

#[test]
fn a_condition_says_whether_a_put_was_done() {
    let request = txn(IF, &put_operation("b"), &operation("range", "k", "{}"));
    let conditional = |response: &str, times| record(3, ["txn", &request, response], times);
    let before = put(1, "a", [1, 2]);
    let done = conditional(&answered(false, DONE), [3, 4]);
    assert_eq!(verdict(&(before.clone() + &done + &get(2, Some("b"), [5, 6]))), Verdict::Valid);
    assert_eq!(verdict(&(before.clone() + &done + &get(2, Some("a"), [5, 6]))), Verdict::Invalid);
    // What was done instead is a read.
    for (value, expected) in [("a", Verdict::Valid), ("b", Verdict::Invalid)] {
        let result = found("k", Some(value));
        let text = before.clone() + &conditional(&answered(true, &result), [3, 4]);
        assert_eq!(verdict(&text), expected, "{value}");
    }
    let nothing = txn(IF, &put_operation("b"), "");
    let failed = record(3, ["txn", &nothing, &answered(true, "")], [3, 4]);
    let history = read_text(&(before.clone() + &failed)).unwrap();
    assert_eq!(lines(&history)[1], "put \"k\" \"b\" -> null fail");
    let text = before.clone() + &failed + &get(2, Some("b"), [5, 6]);
    assert_eq!(verdict(&text), Verdict::Invalid);
    // Without a response it may have been done at any time, or never.
    for seen in ["a", "b"] {
        let text = before.clone() + &conditional(LOST, [3, 0]) + &get(2, Some(seen), [5, 6]);
        assert_eq!(verdict(&text), Verdict::Valid, "{seen}");
    }
    let history = read_text(&(before + &done)).unwrap();
    let read_as = caveats::ReadAs::of(&history, history.tally()).in_words();
    assert!(read_as.contains("not used: Input.Txn.Conditions"), "{read_as}");
}

#[test]
fn what_concerns_no_single_key_is_passed_over() {
    let list = range("k", "").replace("\"End\":\"\"", "\"End\":\"l\"");
    let stale = range("k", "").replace("\"Revision\":0", "\"Revision\":3");
    let response = format!("\"Range\":{},{PLAIN}", found("k", Some("zzz")));
    let others = [
        record(4, ["range", &list, &response], [10, 11]),
        record(5, ["range", &stale, &response], [12, 13]),
        record(6, ["defragment", "{}", PLAIN], [14, 15]),
        record(6, ["compact", "{\"Revision\":2}", PLAIN], [16, 17]),
        record(6, ["leaseGrant", "{\"LeaseID\":9}", PLAIN], [18, 19]),
        record(6, ["range", &range("k", ""), LOST], [20, 0]),
    ];
    let text = put(1, "a", [1, 2]) + &others.concat() + &get(2, Some("a"), [30, 31]);
    assert_eq!(verdict(&text), Verdict::Valid);
    let history = read_text(&text).unwrap();
    assert_eq!((history.operations().len(), history.requests_passed_over()), (2, 6));
    let report = check(&history, &Options::default()).unwrap();
    let found = caveats::caveats(&history, &report);
    assert!(found.iter().any(|it| it.kind.code() == "W0009" && it.count == 6), "{found:?}");
    // The places of records count all.
    assert_eq!(history.operations()[1].invoked.index(), 7);
}

#[test]
fn what_changes_keys_otherwise_is_an_error() {
    let two = put_operation("a") + "," + &operation("put", "l", "{\"Value\":\"a\"}");
    let both = record(1, ["txn", &txn("null", &two, ""), &answered(false, DONE)], [1, 2]);
    assert!(refused(&both).message.contains("does several things"));
    let lost = record(1, ["txn", &txn("null", &two, ""), LOST], [1, 0]);
    assert!(refused(&lost).message.contains("does several things"));
    let leased = put(1, "a", [1, 2]).replace("\"LeaseID\":0", "\"LeaseID\":7");
    assert!(refused(&leased).message.contains("lease"));
    let long = put(1, &"a".repeat(20), [1, 2]);
    assert!(refused(&long).message.contains("20 bytes"));
}
