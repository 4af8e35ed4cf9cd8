//! Values in lists, maps and status words mean the same to who follows a history, and to a check of
//! it beyond memory, as to who reads it whole: or an error says why they cannot.

use std::io::Read;

use histcheck::follow::Following;
use histcheck::formats::{ReadOptions, read_text};
use histcheck::history::Settings;
use histcheck::{Code, Error, Options, Verdict, check};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::program::{Directory, histcheck};
use crate::tries::tries;

/// What an operation is called with, where its key is, and how it answers.
#[derive(Clone, Copy)]
struct Style {
    arguments: u32,
    answers: u32,
    status: u32,
}

/// As many ways there are of each.
const STYLES: [u32; 3] = [8, 8, 4];

impl Style {
    fn any(rng: &mut ChaCha8Rng) -> Style {
        let [arguments, answers, status] = STYLES.map(|count| rng.random_range(0..count));
        Style { arguments, answers, status }
    }

    /// The operation's key field, and what it is called with.
    fn input(self, key: &str, value: Option<i64>) -> (Option<String>, Value) {
        match (self.arguments, value) {
            (0, value) => (None, value.into()),
            (1, Some(value)) => (None, json!([value])),
            (1, None) => (None, json!([])),
            (2, Some(value)) => (None, json!({ "value": value })),
            (2, None) => (None, json!({})),
            (3, Some(value)) => (None, json!({ "key": key, "value": value })),
            (3, None) => (None, json!({ "key": key })),
            (4, Some(value)) => (None, json!([key, value])),
            (4, None) => (None, json!([key])),
            (5, Some(value)) => (None, json!([key, value])),
            (5, None) => (None, json!(key)),
            (6, value) => (None, json!([key, value])),
            (_, value) => (Some(key.into()), value.into()),
        }
    }

    /// What a read returns.
    fn answer(self, key: &str, value: Option<i64>) -> Value {
        match self.answers {
            0 if self.arguments == 6 => json!([key, value]),
            0 => value.into(),
            1 => json!({ "value": value }),
            2 => json!({ "value": value, "ok": true }),
            3 => json!({ "key": key, "value": value }),
            4 => json!({ "Value": value.unwrap_or(0), "Err": value.map_or("ErrNoKey", |_| "OK") }),
            5 => json!({ "data": value }),
            6 => value.map_or(json!({ "Err": "ErrNoKey" }), |value| json!({ "Some": value })),
            _ => value.map_or("<nil>".into(), Value::from),
        }
    }

    /// What a write returns.
    fn status(self, input: &Value, nth: usize) -> Value {
        match self.status {
            0 => Value::Null,
            1 => 0.into(),
            2 => "".into(),
            _ if nth % 7 == 3 => json!({ "ok": true }),
            _ => input.clone(),
        }
    }
}

/// A history of registers, right or not, whose operations do not overlap: all of one style, but for
/// a few in some.
fn text(rng: &mut ChaCha8Rng, whole: bool) -> String {
    let style = Style::any(rng);
    let count = if rng.random_bool(0.2) { rng.random_range(500..900) } else { 30 };
    let odd = rng.random_bool(0.5).then(|| rng.random_range(0..count));
    let wrong = rng.random_bool(0.4).then(|| rng.random_range(0..count));
    let keys = if rng.random_bool(0.5) { 1 } else { 2 };
    let is_one = style.arguments < 3;
    let mut held: [Option<i64>; 2] = [None; 2];
    let mut text = String::new();
    for nth in 0..count {
        let style = if odd == Some(nth) { Style::any(rng) } else { style };
        let at = if is_one { 0 } else { rng.random_range(0..keys) };
        let key = ["x", "y"][at];
        let value = rng.random_bool(0.5).then(|| rng.random_range(0..50));
        let (field, input) = style.input(key, value);
        held[at] = value.or(held[at]);
        let output = match value {
            Some(_) => style.status(&input, nth),
            None if wrong == Some(nth) => style.answer(key, Some(77)),
            None => style.answer(key, held[at]),
        };
        let name = if value.is_some() { "write" } else { "read" };
        let with_key = |mut record: Value| {
            if let Some(field) = &field {
                record["key"] = json!(field);
            }
            format!("{record}\n")
        };
        if whole {
            text += &with_key(json!({
                "process": nth % 3, "f": name, "input": input, "output": output,
                "call": 10 * nth, "return": 10 * nth + 5,
            }));
            continue;
        }
        let record = |kind: &str, value: Value| {
            with_key(json!({ "process": nth % 3, "type": kind, "f": name, "value": value }))
        };
        let answer = if output.is_null() { input.clone() } else { output };
        text += &record("invoke", input);
        text += &record("ok", answer);
    }
    text
}

fn options() -> Options {
    Options { model: Some("register".into()), ..Options::default() }
}

fn checked(text: &str) -> Result<Verdict, Error> {
    Ok(check(&read_text(text)?, &options())?.verdict)
}

/// The verdict on a history that is followed, and whether a violation was told.
fn followed(reader: impl Read) -> (Result<Verdict, Error>, bool) {
    let (read, settings) = (ReadOptions::default(), Settings::default());
    let mut following = match Following::new(reader, read, settings, |_| Ok(options())) {
        Ok(following) => following,
        Err(error) => return (Err(error), false),
    };
    let mut is_told = false;
    loop {
        match following.step() {
            Ok(Some(violations)) => is_told |= !violations.is_empty(),
            Ok(None) => return (Ok(following.summary().verdict), is_told),
            Err(error) => return (Err(error), is_told),
        }
    }
}

#[test]
fn what_values_stand_in_is_one_thing_to_all_readers() {
    let mut rng = ChaCha8Rng::seed_from_u64(22);
    // By what came of the whole and of the other: both decided; refused; or the other alone was.
    let mut counts = [0; 3];
    for _ in 0..tries(400) {
        let text = text(&mut rng, false);
        let whole = checked(&text);
        let (followed, is_told) = followed(text.as_bytes());
        let shown = &text[..text.len().min(4000)];
        assert!(
            !is_told || !matches!(whole, Ok(Verdict::Valid)),
            "{whole:?} {followed:?}\n{shown}"
        );
        match (&whole, &followed) {
            (Ok(whole), Ok(followed)) => assert_eq!(whole, followed, "{shown}"),
            (Err(whole), Ok(_)) => panic!("{whole:?} {followed:?}\n{shown}"),
            (Err(_), Err(_)) => {}
            (Ok(_), Err(error)) => {
                let codes = [Code::BadField, Code::BadOperation, Code::MixedKeys];
                assert!(codes.contains(&error.code), "{error:?}\n{shown}");
            }
        }
        counts[usize::from(followed.is_err()) + usize::from(followed.is_err() && whole.is_ok())] +=
            1;
    }
    println!("{counts:?}");
    let [both, _, alone] = counts;
    assert!(both > 5 * alone, "{counts:?}");
}

#[test]
fn what_values_stand_in_is_one_thing_beyond_memory() {
    let mut rng = ChaCha8Rng::seed_from_u64(23);
    let texts = std::iter::repeat_with(|| {
        let whole = rng.random_bool(0.5);
        text(&mut rng, whole)
    })
    .filter(|text| text.contains(r#""key":"#));
    for text in texts.take(tries(40) as usize) {
        let directory = Directory::new().file("history", &text);
        let path = directory.path().join("history");
        let run = |limits: &str| {
            histcheck(&format!("-q --max-memory 4GiB --disk-from {limits}")).arg(&path).run()
        };
        let [whole, beyond] = ["4GiB", "1"].map(run);
        assert_eq!(whole.stdout, beyond.stdout, "{text}");
        assert_eq!((whole.stderr, whole.status), (beyond.stderr, beyond.status), "{text}");
    }
}

#[test]
fn answers_stand_beside_errors_and_in_enums() {
    let text = |seen: &str, last: &str| {
        format!(
            "{{\"op\":\"get\",\"result\":{last},\"start\":1,\"end\":2}}\n\
             {{\"op\":\"put\",\"value\":5,\"start\":3,\"end\":4}}\n\
             {{\"op\":\"get\",\"result\":{seen},\"start\":5,\"end\":6}}\n"
        )
    };
    for (right, wrong, none) in [
        (
            r#"{"Value":5,"Err":"OK"}"#,
            r#"{"Value":6,"Err":"OK"}"#,
            r#"{"Value":0,"Err":"ErrNoKey"}"#,
        ),
        (r#"{"Value":5,"Err":""}"#, r#"{"Value":6,"Err":""}"#, r#"{"Err":"ErrNoKey"}"#),
        (r#"{"data":5}"#, r#"{"data":6}"#, r#"{"data":null}"#),
        (r#"{"status":"OK","data":5}"#, r#"{"status":"OK","data":6}"#, r#"{"status":"NotFound"}"#),
        (r#"{"Some":5}"#, r#"{"Some":6}"#, "null"),
    ] {
        histcheck("").stdin(text(right, none)).run().status(0);
        histcheck("").stdin(text(wrong, none)).run().status(1);
        histcheck("").stdin(text(none, none)).run().status(1);
        histcheck("").stdin(text(right, right)).run().status(1);
    }
    // What is written so is a value.
    let written = text(r#"{"data":5}"#, "null").replace("\"value\":5", "\"value\":{\"data\":5}");
    histcheck("").stdin(written).run().status(0);
    let kept = text(r#"{"data":5}"#, "null").replace("\"value\":5", "\"value\":{\"data\":6}");
    histcheck("").stdin(kept).run().status(1);
}
