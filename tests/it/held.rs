//! Long inputs, which are not held in memory: a file, standard input that is one, and a pipe are
//! told alike, whatever is wrong with them.

use std::fs::File;
use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use crate::program::{Directory, Outcome, histcheck};

/// Longer than what is held: see `LONG` in `src/formats/input.rs`.
const EVENTS: usize = 120_000;

fn event(at: usize, value: &str) -> String {
    let kind = if at.is_multiple_of(2) { "invoke" } else { "ok" };
    let key = at / 2 % 100;
    format!(
        "{{\"process\": {key}, \"type\": \"{kind}\", \"f\": \"write\", \"value\": {value}, \
         \"key\": {key}, \"time\": {at}}}\n"
    )
}

/// A history of which the line before event `at` is another, if it is there.
fn text(inserted: &[(usize, &str)]) -> Vec<u8> {
    let mut text = String::new();
    for at in 0..EVENTS {
        for (_, line) in inserted.iter().filter(|&&(before, _)| before == at) {
            text += line;
            text.push('\n');
        }
        text += &event(at, &(at / 2).to_string());
    }
    assert!(text.len() > 9 << 20);
    text.into()
}

fn same(one: &Outcome, other: &Outcome, how: &str) {
    assert_eq!(one.stderr, other.stderr, "{how}");
    assert_eq!(one.stdout, other.stdout, "{how}");
    assert_eq!(one.status, other.status, "{how}");
}

/// What is told of a history, however it comes.
#[track_caller]
fn told(bytes: &[u8], arguments: &str) -> Outcome {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    let files = Directory::new().file("<stdin>", bytes).file("gz/<stdin>", gzip.finish().unwrap());
    // The name is that of standard input, so that nothing else differs.
    let run = || histcheck(arguments).current_dir(files.path());
    let file = run().arg("./<stdin>").run();
    let tell = |outcome: Outcome| Outcome {
        stderr: outcome.stderr.replace("./<stdin>", "<stdin>"),
        stdout: outcome.stdout.replace("./<stdin>", "<stdin>"),
        ..outcome
    };
    let file = tell(file);
    same(&run().arg("-").stdin(bytes).run(), &file, "a pipe");
    let redirected = File::open(files.path().join("<stdin>")).unwrap();
    same(&run().arg("-").run_from(redirected), &file, "standard input that is a file");
    let packed = histcheck(arguments).current_dir(&files.path().join("gz")).arg("./<stdin>").run();
    same(&tell(packed), &file, "a compressed file");
    let nowhere = run().arg("-").env("TMPDIR", "/nowhere").stdin(bytes).run();
    same(&nowhere, &file, "a pipe without room for a file");
    file
}

#[test]
fn what_is_right_with_a_long_input_is_told_alike() {
    let valid = told(&text(&[]), "check").status(0).without_complaint();
    assert_eq!(valid.first_line(), "valid: 60,000 operations, linearizable");
    told(&text(&[]), "stats").status(0).without_complaint();
    let stale = [
        "{\"process\": 900, \"type\": \"invoke\", \"f\": \"read\", \"key\": 7}",
        "{\"process\": 900, \"type\": \"ok\", \"f\": \"read\", \"key\": 7, \"value\": 7}",
    ]
    .join("\n");
    let invalid = told(&text(&[(100_000, &stale)]), "check").status(1).without_complaint();
    assert!(invalid.first_line().contains("line 100001"), "{}", invalid.first_line());
    invalid.says("called at line 100001, record 100000; returned at line 100002");
}

#[test]
fn what_is_wrong_with_a_long_input_is_told_alike() {
    let damaged = "{\"process\": 1, \"type\": }";
    told(&text(&[(110_000, damaged)]), "check")
        .status(2)
        .complains("<stdin>:110001:24")
        .complains(damaged);
    let keyless = "{\"process\": 900, \"type\": \"invoke\", \"f\": \"write\", \"value\": 1}";
    told(&text(&[(10, keyless)]), "check").status(2).complains("<stdin>:11:1").complains(keyless);
    let twice = event(0, "5") + event(0, "6").trim();
    told(&text(&[(90_000, &twice)]), "check").status(2).complains("<stdin>:90002:1");
    let unknown = "{\"process\": 900, \"type\": \"invoke\", \"f\": \"fly\", \"key\": 1}";
    told(&text(&[(20_000, unknown)]), "check --model kv")
        .status(2)
        .complains("<stdin>:20001:1")
        .complains(unknown);
    // What is no text counts before all else.
    let mut bytes = text(&[(3, damaged)]);
    bytes.extend(b"\n\xff\n");
    let line = EVENTS + 3;
    told(&bytes, "check").status(2).complains(&format!("<stdin>:{line}:1")).complains("0xff");
    told(&text(&[]), "check --max-memory 1MiB --disk-from 1GiB").status(3);
}
