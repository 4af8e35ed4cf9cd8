//! Some operations of a history: what a verdict on them says of the whole.

use histcheck::follow::Following;
use histcheck::formats::{ReadOptions, read_bytes};
use histcheck::history::Settings;
use histcheck::select::{Moment, Selection};
use histcheck::{Code, Error, History, Options, Verdict, check};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::program::histcheck;

fn read(text: &str) -> History {
    read_bytes(text.as_bytes().to_vec(), None, Settings::default()).unwrap()
}

fn selected(text: &str, selection: &Selection) -> Result<History, Error> {
    let mut history = read(text);
    selection.apply(&mut history).map(|()| history)
}

const TWO_KEYS: &str = "\
{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":1,\"key\":\"x\",\"time\":1010}
{\"process\":0,\"type\":\"ok\",\"f\":\"write\",\"value\":1,\"key\":\"x\",\"time\":1020}
{\"process\":1,\"type\":\"invoke\",\"f\":\"read\",\"value\":null,\"key\":\"x\",\"time\":1030}
{\"process\":1,\"type\":\"ok\",\"f\":\"read\",\"value\":null,\"key\":\"x\",\"time\":1045}
{\"process\":1,\"type\":\"invoke\",\"f\":\"write\",\"value\":5,\"key\":\"y\",\"time\":1050}
{\"process\":1,\"type\":\"ok\",\"f\":\"write\",\"value\":5,\"key\":\"y\",\"time\":1060}
{\"process\":2,\"type\":\"invoke\",\"f\":\"read\",\"value\":null,\"key\":\"y\",\"time\":1070,\
\"node\":\"n1\"}
{\"process\":2,\"type\":\"ok\",\"f\":\"read\",\"value\":5,\"key\":\"y\",\"time\":1080}
";

/// The records of the calls of what is selected.
fn calls(selection: &Selection) -> Vec<usize> {
    let history = selected(TWO_KEYS, selection).unwrap();
    history.operations().iter().map(|operation| operation.invoked.index()).collect()
}

#[test]
fn operations_are_chosen_by_what_they_are() {
    let of = |keys: &[&str], processes: &[&str], fields: &[(&str, &str)]| {
        let texts = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect();
        let fields = fields.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        calls(&Selection {
            keys: texts(keys),
            processes: texts(processes),
            fields: fields.collect(),
            between: None,
        })
    };
    assert_eq!(of(&["y"], &[], &[]), [4, 6]);
    assert_eq!(of(&["\"x\"", "y"], &["1"], &[]), [2, 4]);
    assert_eq!(of(&[], &["0", "2"], &[]), [0, 6]);
    assert_eq!(of(&[], &[], &[("f", "Read")]), [2, 6]);
    assert_eq!(of(&[], &[], &[("f", "read"), ("f", "write")]), [0, 2, 4, 6]);
    assert_eq!(of(&[], &[], &[("f", "read"), ("outcome", "ok"), ("key", "y")]), [6]);
    assert_eq!(of(&[], &[], &[("node", "n1")]), [6]);
    assert_eq!(of(&[], &[], &[("output", "5")]), [4, 6]);
    assert_eq!(of(&[], &[], &[("input", "null")]), [2, 6]);
}

#[test]
fn a_time_is_one_of_the_records_or_counted_from_the_first_call() {
    let between = |from: &str, to: &str| {
        let ends = [from, to].map(|text| Moment::parse(text).unwrap());
        calls(&Selection { between: Some(ends), ..Selection::default() })
    };
    assert_eq!(between("1020", "1030"), [0, 2]);
    assert_eq!(between("10ns", "20ns"), [0, 2]);
    assert_eq!(between("1045", "1050"), [2, 4]);
    // What has no known outcome may still happen.
    let text = TWO_KEYS
        .replace("\"ok\",\"f\":\"write\",\"value\":1", "\"info\",\"f\":\"write\",\"value\":1");
    histcheck("stats --between 1075 1080").stdin(text).run().status(0).says("2 operations of 2");
}

#[test]
fn a_selection_that_leaves_nothing_is_an_error_that_lists_what_there_is() {
    for (arguments, code, says) in [
        ("--key z", "H0002", "there are 2 keys: \"x\", \"y\""),
        ("--process 7", "H0002", "there are 3 processes: 0, 1, 2"),
        ("--where f=cas", "H0002", "there are 2 values: write, read"),
        ("--where node=n2", "H0002", "there is 1 value: \"n1\""),
        ("--where zone=a", "H0002", "no operation has a field `zone`"),
        ("--between 2s 3s", "H0002", "times are from 1010 to 1080"),
        ("--key x --process 2", "H0002", "leave one out"),
        ("--between 1.5 2.5", "H0014", "times are whole numbers"),
        ("--between 5 3", "H0014", "ends before it starts"),
    ] {
        for command in ["", "stats ", "convert --to csv "] {
            let run = histcheck(&format!("{command}{arguments}")).stdin(TWO_KEYS).run();
            let said = run.status(2).complains(code);
            assert!(said.stderr.contains(says), "{arguments}: {}", said.stderr);
        }
    }
    let keyless = TWO_KEYS.replace("\"key\"", "\"zone\"");
    histcheck("--key x").stdin(keyless.as_str()).run().status(2).complains("no operation has one");
}

#[test]
fn what_the_verdict_says_of_the_whole_is_told() {
    let run = |arguments: &str| histcheck(arguments).stdin(TWO_KEYS).run();
    let sound = "keys are independent";
    run("--key y").status(0).says("(W0013)").says(sound).says("on 1 of 2 keys");
    run("--key x").status(1).says("(W0013)").says("line 3");
    run("--where f=read").status(1).says("(W0014)").says("about these alone");
    run("--where f=write").status(0).says("(W0014)").says("an invalid key is invalid");
    run("--process 0 --where outcome=ok").status(0).says("(W0014)");
    run("--key y --key x").status(1).says_no("W001");
    run("--where outcome=ok").status(1).says_no("W001");
    run("--key y --format json").status(0).says("\"code\":\"W0013\"");
    run("--where f=read --format sarif").status(1).says("W0014").says("\"warning\"");
    for format in ["junit", "markdown", "github"] {
        run(&format!("--where f=read --format {format}")).status(1).says("about these alone");
    }
    run("--follow --key y").status(0).says("(W0013)").says("2 operations on 1 key in 8 records");
    run("--follow --where f=read").status(1).says("(W0014)");
    run("--follow --format json --process 2").says("\"W0014\"");
    run("--follow --key z").status(2).complains("H0002");
    run("--follow --where outcome=ok").status(2).complains("cannot select by --where outcome");
    run("--follow --between 1s 2s").status(2).complains("cannot select by --between");
    let shrunk = run("shrink --key x").status(0).stdout.clone();
    assert!(shrunk.contains("\"of\":4") && !shrunk.contains("\"y\""), "{shrunk}");
    run("convert --key y --to csv").status(0).says("invoke,write,5,y");
    run("stats --process 1").status(0).says("2 operations of 1 process");
    run("plot -k latency --key y").status(0).says("<svg");
    run("report --to json --key y").status(0).says("W0013");
}

#[test]
fn the_model_is_that_of_the_whole() {
    // Reads and writes alone would mean a register.
    let text = TWO_KEYS
        .replacen("\"f\":\"write\",\"value\":1", "\"f\":\"cas\",\"value\":[null,1]", 2)
        .replacen("\"value\":null,\"key\":\"x\",\"time\":1045", "\"value\":1,\"key\":\"x\"", 1);
    let run = histcheck("--key y").stdin(text.as_str()).run();
    run.status(0).says("cas-register, inferred");
}

/// A history of a register or a queue whose answers are made up.
fn random(rng: &mut ChaCha8Rng, keys: u32) -> String {
    let queue = rng.random_bool(0.4);
    let mut open: Vec<Option<(&str, String, u32)>> = vec![None; 4];
    let mut text = String::new();
    for _ in 0..rng.random_range(6..26) {
        let process = rng.random_range(0..4);
        let value = rng.random_range(1..4);
        let (kind, f, value, key) = match open[process].take() {
            None => {
                let key = rng.random_range(0..keys);
                let (f, value) = match (queue, rng.random_range(0..5)) {
                    (true, 0..3) => ("enqueue", value.to_string()),
                    (true, _) => ("dequeue", "null".to_owned()),
                    (false, 0..2) => ("write", value.to_string()),
                    (false, 2) => ("cas", format!("[{value},{}]", rng.random_range(1..4))),
                    (false, _) => ("read", "null".to_owned()),
                };
                open[process] = Some((f, value.clone(), key));
                ("invoke", f, value, key)
            }
            Some((f, asked, key)) => {
                let kind = ["ok", "ok", "ok", "fail", "info"][rng.random_range(0..5)];
                let value = match f {
                    "read" | "dequeue" if kind == "ok" => value.to_string(),
                    _ => asked,
                };
                (kind, f, value, key)
            }
        };
        let key = if keys > 1 { format!(",\"key\":{key}") } else { String::new() };
        text += &format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value}{key}}}\n"
        );
    }
    text
}

fn options(history: &History, observes: bool) -> Options {
    let mut options = Options::default();
    let is_queue = history.functions().iter().any(|f| f.ends_with("queue"));
    options.model = Some(if is_queue { "fifo-queue" } else { "cas-register" }.to_owned());
    options.model_options.failed_cas_observes = observes;
    options
}

fn followed(text: &str, options: &Options, selection: &Selection) -> Option<Verdict> {
    let (read, settings) = (ReadOptions::default(), Settings::default());
    let following = Following::new(text.as_bytes(), read, settings, |_| Ok(options.clone()));
    let mut following = following.unwrap();
    following.select(selection.clone()).ok()?;
    while following.step().unwrap().is_some() {}
    Some(following.summary().verdict)
}

#[test]
fn a_key_has_the_verdict_that_it_has_among_others() {
    let mut rng = ChaCha8Rng::seed_from_u64(22);
    let mut compared = 0;
    for _ in 0..200 {
        let text = random(&mut rng, 3);
        let whole = read(&text);
        let options = options(&whole, rng.random_bool(0.5));
        let report = check(&whole, &options).unwrap();
        for key in &report.keys {
            let name = whole.values().to_text(key.key.unwrap());
            let selection = Selection { keys: vec![name], ..Selection::default() };
            let part = selected(&text, &selection).unwrap();
            let found = check(&part, &options).unwrap();
            assert_eq!(found.verdict, key.decision.verdict(), "{text}");
            let told = part.selected().unwrap();
            assert!(told.keeps_valid() && told.keeps_invalid());
            assert_eq!(followed(&text, &options, &selection), Some(found.verdict), "{text}");
            compared += 1;
        }
    }
    assert!(compared > 400, "{compared}");
}

#[test]
fn what_is_said_of_a_verdict_on_a_part_holds() {
    let mut rng = ChaCha8Rng::seed_from_u64(23);
    let mut seen = [[0; 2]; 4];
    for _ in 0..3000 {
        let text = random(&mut rng, 1);
        let whole = read(&text);
        let options = options(&whole, rng.random_bool(0.5));
        let mut selection = Selection::default();
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        match rng.random_range(0..4) {
            0 => selection.processes = vec!["0".into(), "1".into(), "2".into()],
            1 => {
                for f in ["write", "cas", "enqueue", "dequeue"] {
                    selection.fields.push(field("f", f));
                }
            }
            2 => selection.fields = vec![field("outcome", "ok")],
            _ => {
                for outcome in ["ok", "info", "open"] {
                    selection.fields.push(field("outcome", outcome));
                }
            }
        }
        // What no operation has is an error.
        selection.fields.retain(|(name, value)| {
            let one = Selection { fields: vec![field(name, value)], ..Selection::default() };
            selected(&text, &one).is_ok()
        });
        let Ok(part) = selected(&text, &selection) else { continue };
        let Some(told) = part.selected() else { continue };
        let verdict = |history: &History| check(history, &options).unwrap().verdict;
        let (found, truth) = (verdict(&part), verdict(&whole));
        if found == Verdict::Valid && told.keeps_valid() {
            assert_eq!(truth, Verdict::Valid, "{selection:?}\n{text}");
        }
        if found == Verdict::Invalid && told.keeps_invalid() {
            assert_eq!(truth, Verdict::Invalid, "{selection:?}\n{text}");
        }
        if let Some(followed) = followed(&text, &options, &selection) {
            assert_eq!(followed, found, "{selection:?}\n{text}");
        }
        let kind = usize::from(told.keeps_valid()) + 2 * usize::from(told.keeps_invalid());
        seen[kind][usize::from(found == truth)] += 1;
    }
    // Where nothing is said, the verdicts do differ.
    assert!(seen.iter().flatten().sum::<u32>() > 2000, "{seen:?}");
    assert!(seen[0][0] > 20 && seen[1][0] > 20 && seen[2][0] > 20 && seen[3][0] == 0, "{seen:?}");
}

#[test]
fn nothing_is_an_error_of_the_library_too() {
    let keys = Selection { keys: vec!["z".into()], ..Selection::default() };
    assert_eq!(selected(TWO_KEYS, &keys).unwrap_err().code, Code::Empty);
}
