//! The command line as its users see it.

use histcheck::formats::read_bytes;
use histcheck::history::OpIndex;
use histcheck::history::Settings;
use histcheck::model::{self, Register};
use histcheck::proof::verify_order;
use serde_json::{Value as Json, json};

use crate::program::{Directory, histcheck};
use crate::support::hard::hard;

const VALID: &str = r#"{"process": 0, "type": "invoke", "f": "write", "value": 1}
{"process": 1, "type": "invoke", "f": "read"}
{"process": 0, "type": "ok", "f": "write", "value": 1}
{"process": 1, "type": "ok", "f": "read", "value": 1}
"#;

const INVALID: &str = r#"{"process": 0, "type": "invoke", "f": "write", "value": 1, "key": "x"}
{"process": 0, "type": "ok", "f": "write", "value": 1, "key": "x"}

{"process": 0, "type": "invoke", "f": "write", "value": 2, "key": "x"}
{"process": 0, "type": "ok", "f": "write", "value": 2, "key": "x"}
{"process": 1, "type": "invoke", "f": "write", "value": 7, "key": "y"}
{"process": 3, "type": "invoke", "f": "read", "key": "x"}
{"process": 3, "type": "ok", "f": "read", "value": 1, "key": "x"}
"#;

#[test]
fn the_verdict_comes_first() {
    let outcome = histcheck("").stdin(VALID).run().status(0).without_complaint();
    assert_eq!(outcome.first_line(), "valid: 2 operations, linearizable");
    let outcome = histcheck("-").stdin(INVALID).run().status(1).without_complaint();
    assert_eq!(
        outcome.first_line(),
        "invalid: key \"x\": no order of the operations explains `read → 1` by process 3 \
         (record 5, line 7)"
    );
    outcome
        .says("  model    register, inferred from the operations")
        .says("  history  4 operations of 3 processes on 2 keys, 1 of unknown outcome")
        .says("1 key valid, 1 key invalid")
        .says("called at line 7, record 5; returned at line 8, record 6")
        .says("  >     7       5        3  read → 1");
}

#[test]
fn quiet_and_verbose_say_less_and_more() {
    let quiet = histcheck("-q").stdin(INVALID).run().status(1);
    assert_eq!(quiet.stdout.lines().count(), 1);
    histcheck("-v").stdin(INVALID).run().status(1).says("\"y\"           1  valid");
    histcheck("-q -v").stdin(INVALID).run().status(2).complains("cannot be used with");
}

#[test]
fn json_tells_the_same() {
    let report =
        histcheck("--format json").stdin(INVALID).run().status(1).without_complaint().json();
    assert_eq!(report["schema_version"], 1);
    assert_eq!(report["verdict"], "invalid");
    assert_eq!(report["model"], "register");
    assert_eq!(report["operations"], 4);
    assert_eq!(report["keys"], json!({"checked": 2, "invalid": 1, "unknown": 0}));
    assert_eq!(report["stop_reason"], Json::Null);
    let failure = &report["failures"][0];
    assert_eq!(failure["key"], "x");
    assert_eq!(failure["operation"], 5);
    assert_eq!(failure["line"], 7);
    assert_eq!(failure["f"], "read");
    assert_eq!(failure["process"], 3);
    assert_eq!(failure["input"], Json::Null);
    assert_eq!(failure["output"], 1);
    let text = histcheck("--format json").stdin(VALID).run().status(0).stdout;
    assert!(text.starts_with("{\"schema_version\":1,"), "{text}");
    assert!(!text.contains("\"file\""), "{text}");
}

#[test]
fn nothing_from_standard_input_is_an_error() {
    histcheck("").run().status(2).complains("error[H0002]: the input is empty");
    histcheck("- -").stdin(VALID).run().status(2).says("valid").complains("only once");
}

#[test]
fn the_worst_of_several_files_counts() {
    let directory = Directory::new()
        .file("a.jsonl", VALID)
        .file("b.jsonl", INVALID)
        .file("c.jsonl", "{\"process\": 0}")
        .file("d.jsonl", hard());
    let run = |arguments: &str| histcheck(arguments).current_dir(directory.path()).run();
    run("a.jsonl a.jsonl -q").status(0).says("a.jsonl: valid");
    run("--max-configs 1000 a.jsonl d.jsonl -q").status(3).says("d.jsonl: unknown");
    run("--max-configs 1000 a.jsonl d.jsonl c.jsonl -q").status(2);
    let all = run("--max-configs 1000 c.jsonl d.jsonl b.jsonl missing.jsonl a.jsonl -q").status(1);
    let verdicts: Vec<&str> =
        all.stdout.lines().map(|line| line.split(':').nth(1).unwrap().trim()).collect();
    assert_eq!(verdicts, ["unknown", "invalid", "valid"]);
    all.complains("c.jsonl:1:1").complains("missing.jsonl");
    run("--exit-zero b.jsonl").status(0).says("invalid");
    run("--exit-zero b.jsonl c.jsonl").status(2);
    let lines = run("--format json a.jsonl missing.jsonl").status(2).json_lines();
    assert_eq!(lines[0]["file"], "a.jsonl");
    assert_eq!(lines[1]["file"], "missing.jsonl");
    assert_eq!(lines[1]["verdict"], Json::Null);
    assert_eq!(lines[1]["error"]["code"], "H0001");
}

#[test]
fn directories_stand_for_the_histories_below_them() {
    let directory = Directory::new()
        .file("runs/2/b.jsonl", VALID)
        .file("runs/1/a.edn", "{:process 0 :type :invoke :f :read} {:process 0 :type :ok :f :read}")
        .file("runs/notes.md", "no history")
        .file("empty/notes.md", "no history");
    let run = |arguments: &str| histcheck(arguments).current_dir(directory.path()).run();
    let outcome = run("runs -q").status(0);
    assert_eq!(
        outcome.stdout,
        "runs/1/a.edn: valid: 1 operation, linearizable\n\
         runs/2/b.jsonl: valid: 2 operations, linearizable\n"
    );
    run("empty").status(2).complains("the directory holds no history");
}

#[cfg(unix)]
#[test]
fn nothing_in_a_directory_that_is_named_like_a_history_is_passed_over() {
    use std::os::unix::{ffi::OsStrExt, fs::symlink};
    let directory = Directory::new().file("runs/a.jsonl", VALID).file("runs/z/b.jsonl", VALID);
    let runs = directory.path().join("runs");
    std::fs::write(runs.join(std::ffi::OsStr::from_bytes(b"caf\xe9.jsonl")), VALID).unwrap();
    let run = || histcheck("runs -q").current_dir(directory.path()).run();
    let outcome = run().status(0);
    assert_eq!(
        outcome.stdout,
        "runs/a.jsonl: valid: 2 operations, linearizable\n\
         runs/caf\u{fffd}.jsonl: valid: 2 operations, linearizable\n\
         runs/z/b.jsonl: valid: 2 operations, linearizable\n"
    );
    // Links to directories are not followed, whatever they are called.
    symlink("z", runs.join("latest.jsonl")).unwrap();
    assert_eq!(run().status(0).stdout, outcome.stdout);
    symlink("gone", runs.join("link.jsonl")).unwrap();
    let pipe = runs.join("pipe.jsonl");
    assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
    let outcome = run().status(2).says("runs/z/b.jsonl: valid");
    outcome
        .complains("runs/link.jsonl")
        .complains("runs/pipe.jsonl")
        .complains("a pipe or a device");
}

#[test]
fn errors_show_the_line() {
    let text = format!("{VALID}{{\"process\": 0, \"type\": \"invoke\", \"value\": 3}}\n");
    let outcome = histcheck("").stdin(text).run().status(2);
    assert_eq!(outcome.stdout, "");
    assert_eq!(
        outcome.stderr,
        "error[H0007]: the record has no `f`
 --> <stdin>:5:1
  |
5 | {\"process\": 0, \"type\": \"invoke\", \"value\": 3}
  | ^
  |
  = help: `f` names the operation, such as read
"
    );
    let json = histcheck("--format json").stdin("{\"process\": x}").run().status(2).json();
    assert_eq!(json["error"]["code"], "H0005");
    assert_eq!(json["error"]["line"], 1);
    assert_eq!(json["error"]["column"], 13);
}

#[test]
fn long_lines_are_cut_around_the_error() {
    let text = format!("{{\"value\": \"{}\", bad: \"{}\"}}", "é".repeat(5000), "z".repeat(5000));
    let outcome = histcheck("").stdin(text).run().status(2).complains("<stdin>:1:5015");
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    let at = lines[3].chars().position(|c| c == 'b').unwrap();
    assert_eq!(lines[4].chars().position(|c| c == '^'), Some(at), "{}", outcome.stderr);
    assert!(lines[3].chars().count() < 100, "{}", outcome.stderr);
}

#[test]
fn what_the_model_refuses_is_located() {
    histcheck("--model counter")
        .stdin(INVALID)
        .run()
        .status(2)
        .complains("error[H0019]")
        .complains("<stdin>:1:1");
    histcheck("--model regster").stdin(VALID).run().status(2).complains("did you mean `register`?");
    histcheck("--init {").stdin(VALID).run().status(2).complains("error[H0023]");
}

#[test]
fn the_initial_value_counts() {
    let read = "{\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n\
                {\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"value\":5}\n";
    histcheck("").stdin(read).run().status(1);
    histcheck("--init 5").stdin(read).run().status(0);
    histcheck("").env("HISTCHECK_INIT", "5").stdin(read).run().status(0);
    let metadata = "{\"histcheck\": {\"initial\": 5, \"model\": \"register\"}}\n";
    let named = format!("{metadata}{read}");
    histcheck("").stdin(named.clone()).run().status(0).says("register, named by the history");
    histcheck("--init 6").stdin(named).run().status(1);
}

#[test]
fn a_failed_cas_may_observe() {
    let text = r#"{"process":0,"type":"invoke","f":"cas","value":[null,1]}
{"process":0,"type":"fail","f":"cas","value":[null,1]}
"#;
    histcheck("--allow-vacuous").stdin(text).run().status(0);
    histcheck("--failed-cas observes").stdin(text).run().status(1);
}

#[test]
fn budgets_end_in_unknown() {
    for (budget, reason) in [
        ("--timeout 1s", "timeout"),
        ("--max-memory 1MB", "memory"),
        ("--max-configs 1000", "configurations"),
    ] {
        let outcome = histcheck(&format!("--format json {budget} --model counter"))
            .stdin(hard())
            .run()
            .status(3);
        let report = outcome.json();
        assert_eq!(report["verdict"], "unknown", "{budget}");
        assert_eq!(report["stop_reason"], reason);
        assert_eq!(report["keys"]["unknown"], 1);
        let option = budget.split(' ').next().unwrap();
        histcheck(&format!("{budget} --model counter")).stdin(hard()).run().status(3).says(option);
    }
    histcheck("--timeout soon").stdin(VALID).run().status(2).complains("expected a time");
}

#[test]
fn the_witness_is_a_linearization() {
    let directory = Directory::new().file("a.jsonl", VALID).file("b.jsonl", INVALID);
    let run = |arguments: &str| histcheck(arguments).current_dir(directory.path()).run();
    run("--witness one a.jsonl").status(0);
    assert_eq!(directory.read("one"), "{\"key\":null,\"order\":[0,1]}\n");
    run("--witness two a.jsonl b.jsonl").status(1);
    let lines: Vec<Json> =
        directory.read("two").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2, "one key of b.jsonl is invalid");
    assert_eq!((&lines[0]["file"], &lines[1]["file"]), (&json!("a.jsonl"), &json!("b.jsonl")));
    assert_eq!(lines[1]["key"], "y");

    let history = read_bytes(VALID.into(), None, Settings::default()).unwrap();
    let initial = histcheck::history::Value::NULL;
    let register = Register { initial, has_cas: false, failed_cas_observes: false };
    let readings =
        model::read(&register, &history, &history.indices().collect::<Vec<_>>(), None).unwrap();
    let order: Vec<OpIndex> = lines[0]["order"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| {
            let record = record.as_u64().unwrap();
            let is_it = |op: &histcheck::history::Operation| op.invoked.index() as u64 == record;
            OpIndex::new(history.operations().iter().position(is_it).unwrap())
        })
        .collect();
    verify_order(&register, &readings, &order).unwrap();
    run("--witness no/such/place a.jsonl").status(2).complains("witness");
}

#[test]
fn proofs_are_verified() {
    histcheck("--self-check").stdin(INVALID).run().status(1).says("proof    verified for 2 keys");
    let report = histcheck("--self-check --format json").stdin(VALID).run().status(0).json();
    assert_eq!(report["self_check"], json!({"confirmed": 1, "too_large": 0, "wrong": 0}));
}

#[test]
fn threads_do_not_show() {
    let mut text = String::new();
    for key in 0..50 {
        text += &INVALID.replace("\"x\"", &key.to_string()).replace("\"y\"", &key.to_string());
        text = text.replace("\"process\": 1,", &format!("\"process\": {},", 1000 + key));
    }
    for format in ["", "-v", "--format json"] {
        let run = |threads| histcheck(&format!("{threads} {format}")).stdin(text.clone()).run();
        let (one, two) = (run("-j1").status(1), run("-j2").status(1));
        assert_eq!(one.stdout, two.stdout);
    }
    let outcome = histcheck("").stdin(text).run();
    outcome.says("; 49 more keys are invalid").says("and 45 more keys that cannot be linearized");
}

#[test]
fn ties_that_matter_are_named() {
    let tied = r#"{"process":0,"type":"invoke","f":"write","value":1,"time":1}
{"process":0,"type":"ok","f":"write","value":1,"time":5}
{"process":1,"type":"invoke","f":"read","time":5}
{"process":1,"type":"ok","f":"read","value":null,"time":9}
"#;
    let run = |arguments: &str| histcheck(arguments).stdin(tied).run();
    let report = run("--order time --format json").status(0).json();
    assert_eq!(report["ties"], json!({"decisive": true, "otherwise": "invalid"}));
    run("--order time").status(0).says("the verdict rests on equal times");
    let report = run("--order time --ties ordered --format json").status(1).json();
    assert_eq!(report["ties"], json!({"decisive": true, "otherwise": "valid"}));
    assert_eq!(run("--format json").status(1).json()["ties"], Json::Null);
}

#[test]
fn colours_are_for_terminals() {
    let plain = |program: crate::program::Program| program.stdin(VALID).run().says_no("\u{1b}");
    plain(histcheck(""));
    plain(histcheck("--color auto"));
    histcheck("--color always").stdin(VALID).run().says("\u{1b}[1;32mvalid\u{1b}[0m");
    histcheck("--color always").stdin("{").run().complains("\u{1b}[");
}

#[test]
fn no_input_steers_the_terminal() {
    let text = VALID.replace("\"read\"", "\"\\u001b[2Jread\"");
    let outcome = histcheck("").stdin(text.clone()).run().status(2);
    assert!(!outcome.stderr.contains('\u{1b}'), "{}", outcome.stderr);
    histcheck("stats").stdin(text).run().status(0).says_no("\u{1b}");
}

#[test]
fn timings_only_come_when_asked_for() {
    histcheck("").stdin(VALID).run().says_no("time ");
    histcheck("--timings").stdin(VALID).run().says("s to read,");
    let report = histcheck("--timings --format json").stdin(VALID).run().json();
    assert!(report["timings"]["check_seconds"].is_f64());
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_changes_nothing_else() {
    let directory = Directory::new().file("a.jsonl", INVALID);
    let script = format!(
        "{{ '{}' a.jsonl a.jsonl; echo $? > status; }} | true",
        env!("CARGO_BIN_EXE_histcheck")
    );
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(directory.read("status"), "1\n");
}

#[test]
fn stats_count() {
    let text = r#"{"process":0,"type":"invoke","f":"write","value":1,"time":10}
{"process":1,"type":"invoke","f":"read","time":20}
{"process":0,"type":"ok","f":"write","value":1,"time":1000}
{"process":1,"type":"fail","f":"read","time":50}
{"process":1,"type":"invoke","f":"read","time":60}
{"process":"nemesis","type":"info","f":"kill","time":70}
"#;
    histcheck("stats")
        .stdin(text)
        .run()
        .status(0)
        .says("3 operations of 2 processes in 6 records")
        .says("1 ok, 1 fail, 0 info, 1 open")
        .says("at most 2, 1.50 on average");
    let stats = histcheck("stats --format json").stdin(text).run().status(0).json();
    assert_eq!(stats["operations"], 3);
    assert_eq!(stats["duration"], 990);
    assert_eq!(stats["functions"][0]["latency"]["p50"], 990);
    assert_eq!(stats["functions"][1]["outcomes"]["open"], 1);
    assert_eq!(stats["annotations"], 1);
    assert_eq!(stats["processes"]["most"][0], json!({"value": 1, "operations": 2}));
    histcheck("stats").run().status(2).complains("H0002");
}

#[test]
fn convert_goes_there_and_back() {
    for format in ["jsonl", "json", "edn", "csv", "log"] {
        let converted = histcheck("convert - --to").arg(format).stdin(VALID).run().status(0);
        let back = histcheck("convert --to jsonl").stdin(converted.stdout).run().status(0);
        let direct =
            histcheck("convert --to jsonl").stdin(VALID).run().status(0).without_complaint();
        assert_eq!(back.stdout, direct.stdout, "{format}");
    }
    let timed = VALID.replace("\"process\"", "\"time\": 3, \"process\"");
    histcheck("convert --to log").stdin(timed).run().status(0).complains("no room for times");
    let directory = Directory::new();
    let run = histcheck("convert --to csv -o out.csv").current_dir(directory.path());
    assert_eq!(run.stdin(VALID).run().status(0).stdout, "");
    assert!(directory.read("out.csv").contains("write"));
    histcheck("convert --to yaml").run().status(2);
    histcheck("convert .").arg("--to").arg("edn").run().status(2).complains("directory");
}

#[test]
fn anomalies_are_listed_and_defined() {
    histcheck("anomalies").run().status(0).says("stale-read").says("unclassified");
    let stale = histcheck("anomalies stale-read").run();
    stale.status(0).says("histories/stale-read.jsonl").says("process 1 had read the newer 2");
    histcheck("anomalies unclassified").run().status(0).says("has no name");
    histcheck("anomalies stale_reed").run().status(2).complains("did you mean stale-read?");
    histcheck("anomalies x").run().status(2).complains("`histcheck anomalies` lists them");
    let anomalies = histcheck("anomalies --format json").run().status(0).json_lines();
    assert_eq!(anomalies.len(), histcheck::explain::ANOMALIES.len());
    assert_eq!(anomalies[0]["name"], "clock-skew-reordering");
}

#[test]
fn models_are_listed_and_described() {
    histcheck("models").run().status(0).says("cas-register").says("unordered-queue");
    histcheck("models kv").run().status(0).says("append");
    histcheck("models fifo_queue").run().status(2).complains("did you mean `fifo-queue`?");
    let models = histcheck("models --format json").run().status(0).json_lines();
    assert_eq!(models.len(), histcheck::model::CATALOGUE.len());
    assert_eq!(models[0]["functions"][0]["name"], "read");
    assert!(models.iter().all(|model| model["cost"].is_string() && model["options"].is_array()));
}

#[test]
fn codes_are_explained() {
    histcheck("explain h0007").run().status(0).says("H0007: a record lacks a field\n\n");
    histcheck("explain").run().status(0).says("H0001").says("H0023");
    histcheck("explain E0007").run().status(2).complains("did you mean H0007?");
    histcheck("explain nonsense").run().status(2).complains("lists the codes");
}

#[test]
fn shells_and_man_are_served() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        histcheck("completions").arg(shell).run().status(0).says("histcheck").without_complaint();
    }
    histcheck("man").run().status(0).says(".TH histcheck 1");
    histcheck("--version").run().status(0).says(env!("CARGO_PKG_VERSION"));
    let help = histcheck("--help").run().status(0).stdout;
    assert!(help.find("Examples:") < help.find("Options:"), "{help}");
    assert!(help.contains("Exit status:"));
    histcheck("--no-such-option").run().status(2);
}

#[test]
fn commands_behind_options_get_a_hint() {
    histcheck("--timings stats").run().status(2).complains("histcheck stats …");
    let directory = Directory::new().file("check", VALID);
    histcheck("./check").current_dir(directory.path()).run().status(0).says("valid");
    histcheck("check ./check").current_dir(directory.path()).run().status(0).says("valid");
}

#[test]
fn flags_can_come_from_the_environment() {
    let run = |value| histcheck("").env("HISTCHECK_EXIT_ZERO", value).stdin(INVALID).run();
    run("1").status(0);
    run("true").status(0);
    run("0").status(1);
    histcheck("").env("HISTCHECK_FORMAT", "json").stdin(VALID).run().status(0).json();
    histcheck("models").env("HISTCHECK_MODEL", "kv").run().status(0);
}

/// The fenced blocks of docs/CLI.md with this tag.
pub(crate) fn blocks(tag: &str) -> Vec<String> {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/CLI.md");
    let page = std::fs::read_to_string(page).unwrap();
    let fence = format!("```{tag}\n");
    let starts = page.match_indices(&fence).map(|(at, _)| at + fence.len());
    starts.map(|at| page[at..].split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_example_of_the_page_is_true() {
    let [history] = &blocks("jsonl")[..] else { panic!("one history") };
    let [check, _, stats] = &blocks("json")[..] else { panic!("three reports") };
    let report = histcheck("--format json").stdin(history.clone()).run().status(1).json();
    assert_eq!(report, serde_json::from_str::<Json>(check).unwrap());
    let statistics = histcheck("stats --format json").stdin(history.clone()).run().json();
    assert_eq!(statistics, serde_json::from_str::<Json>(stats).unwrap());
}

#[test]
fn the_page_has_every_option() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/CLI.md");
    let page = std::fs::read_to_string(page).unwrap();
    let help = histcheck("--help").run().stdout;
    let options = help.split_whitespace().filter(|word| word.starts_with("--") && word.len() > 2);
    for option in options.map(|option| option.trim_end_matches(|c: char| !c.is_alphanumeric())) {
        assert!(page.contains(option), "{option} is missing in docs/CLI.md");
    }
}

#[test]
fn the_readme_shows_what_happens() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).unwrap();
    let transcript = readme.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
    let (command, output) = transcript.split_once('\n').unwrap();
    let arguments = command.strip_prefix("$ histcheck ").unwrap();
    let outcome = histcheck(arguments).current_dir(root).run().status(1).without_complaint();
    assert_eq!(outcome.stdout, output);
}

/// A limit that ends the reading ends in a verdict like any other: unknown, with the reason.
#[test]
fn limits_hold_while_reading() {
    let directory = Directory::new().file("a.jsonl", VALID);
    let run = |arguments: &str| histcheck(arguments).current_dir(directory.path()).run();
    for (limit, reason) in [("--timeout 0s", "timeout"), ("--max-memory 10", "memory")] {
        run(&format!("{limit} a.jsonl")).status(3).says("unknown");
        run(&format!("--format json {limit} a.jsonl"))
            .status(3)
            .says(r#"{"schema_version":1,"verdict":"unknown","model":null"#)
            .says(&format!(r#""stop_reason":"{reason}""#));
    }
}

/// Without time to find the first impossible operation, the report does not pretend to know it.
#[test]
fn an_unexplained_violation_says_so() {
    let directory = Directory::new().file("b.jsonl", INVALID);
    let run = |arguments: &str| histcheck(arguments).current_dir(directory.path()).run();
    run("b.jsonl").status(1).says("no order of the operations explains");
    run("--explain-timeout 0s b.jsonl").status(1).says("the search got stuck at");
}

#[test]
fn bars_are_drawn_in_ascii_when_asked_for() {
    let run = |flags: &str| {
        let run = histcheck(&format!("histories/store/lease-lock-paused.jsonl {flags}"));
        run.run().status(1).stdout
    };
    let boxes = run("");
    assert!(boxes.contains('├') && boxes.contains('╞'));
    let plain = run("--ascii");
    assert!(plain.contains("[=") && !plain.contains('├') && !plain.contains('╞'));
    let fits = |line: &str| line.starts_with("  anomaly") || line.chars().count() <= 100;
    let table = boxes.lines().skip_while(|line| !line.contains("call..return"));
    assert!(table.take(10).all(fits));
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_printed_is_no_success() {
    for arguments in ["--help", "--version", "check --help", "models", "man", "completions bash"] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_histcheck"))
            .args(arguments.split(' '))
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(2), "{arguments}");
        let said = String::from_utf8(run.stderr).unwrap();
        assert!(said.contains("cannot write to standard output"), "{arguments}: {said}");
    }
}

#[test]
fn a_table_may_have_any_number_of_comments_above_it() {
    let table = "#\n".repeat(200_000) + "process,type,f,value\n0,invoke,write,1\n";
    for arguments in ["-q --allow-vacuous", "-q --allow-vacuous --follow"] {
        histcheck(arguments).stdin(table.as_str()).run().status(0).says("valid, but nothing");
    }
}

#[test]
fn an_update_that_leaves_the_value_sees_the_latest_one_too() {
    let mut text = String::new();
    for (f, value) in [("write", "1"), ("write", "2"), ("cas", "[1,1]")] {
        for kind in ["invoke", "ok"] {
            text +=
                &format!("{{\"process\":0,\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value}}}\n");
        }
    }
    let report = histcheck("--format json").stdin(text.as_str()).run().status(1).json();
    assert_eq!(report["failures"][0]["staleness"]["k"], serde_json::Value::Null, "no k is enough");
    let read = text.replace("cas", "read").replace("[1,1]", "1");
    let report = histcheck("--format json").stdin(read).run().status(1).json();
    assert_eq!(report["failures"][0]["staleness"]["k"], 2);
    assert_eq!(report["failures"][0]["is_first"], true);
    let unexplained = histcheck("--format json --explain-timeout 0s").stdin(text).run().json();
    assert_eq!(unexplained["failures"][0]["is_first"], false);
}
