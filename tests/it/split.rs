//! Clients that have several operations open at once.

use std::collections::HashMap;

use histcheck::formats::read_bytes;
use histcheck::history::{Order, Settings};
use histcheck::{Code, Error, History, Options, Report, Verdict, check};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SPLIT: Settings = Settings {
    split_clients: true,
    order: Order::File,
    ties: histcheck::history::Ties::Concurrent,
    independent: histcheck::history::Independent::No,
    pairing: histcheck::history::Pairing::Strict,
};

fn read_with(text: &str, settings: Settings) -> Result<History, Error> {
    read_bytes(text.as_bytes().to_vec(), None, settings)
}

fn read(text: &str) -> Result<History, Error> {
    read_with(text, SPLIT)
}

fn report(history: &History) -> Report {
    check(history, &Options { self_check: true, ..Options::default() }).unwrap()
}

/// One event a line: `PROCESS TYPE F VALUE [FIELDS]`, each as JSON but for the words.
fn events(lines: &[&str]) -> String {
    let event = |line: &&str| {
        let words: Vec<&str> = line.splitn(5, ' ').collect();
        let more = words.get(4).map_or(String::new(), |more| format!(",{more}"));
        let [process, kind, f, value] = [words[0], words[1], words[2], words[3]];
        format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value}{more}}}\n"
        )
    };
    lines.iter().map(event).collect()
}

/// The records of the ends of an operation.
type Ends = (usize, Option<usize>);

/// What reading makes of some events.
type Paired<'a> = Result<&'a [Ends], Code>;

fn pairs(history: &History) -> Vec<Ends> {
    let ends = |op: &histcheck::history::Operation| {
        (op.invoked.index(), op.completed.map(|record| record.index()))
    };
    history.operations().iter().map(ends).collect()
}

#[test]
fn an_error_without_the_option_offers_it() {
    let whole = "{\"process\":1,\"f\":\"write\",\"input\":1,\"call\":1,\"return\":5}\n\
                 {\"process\":1,\"f\":\"write\",\"input\":2,\"call\":3,\"return\":8}\n";
    let events = events(&["1 invoke write 1", "1 invoke write 2"]);
    for text in [whole, &events] {
        let error = read_with(text, Settings::default()).unwrap_err();
        assert_eq!(error.code, Code::DoubleInvoke);
        assert!(error.hint.unwrap().contains("--split-clients"));
        assert_eq!(read(text).unwrap().split_clients().len(), 1);
    }
}

#[test]
fn whole_operations_make_as_many_processes_as_are_open_at_once() {
    let op = |process: &str, f: &str, value: u32, call: u32, ret: u32| {
        format!(
            "{{\"process\":{process},\"f\":\"{f}\",\"value\":{value},\"call\":{call},\
             \"return\":{ret}}}\n"
        )
    };
    // The reads are later and tell that 2 came first.
    let text = op("1", "write", 1, 1, 5)
        + &op("1", "write", 2, 3, 8)
        + &op("\"a\"", "read", 1, 9, 10)
        + &op("1", "read", 1, 11, 12)
        + &op("1/2", "x", 1, 1, 1).replace("1/2", "\"1/2\"").replace("\"x\"", "\"read\"");
    let history = read(&text.replace(
        "\"value\":1,\"call\":1,\"return\":1}",
        "\"value\":null,\"call\":0,\"return\":0}",
    ))
    .unwrap();
    let one = history.operations()[1].process;
    assert_eq!(history.split_clients(), [(one, 2)]);
    let names: Vec<String> = history
        .operations()
        .iter()
        .map(|operation| history.values().to_text(operation.process))
        .collect();
    // A client may be called like a part of another.
    assert_eq!(names, ["\"1/2\"", "1", "\"1/2'\"", "\"a\"", "1"]);
    let clients = history.operations().iter().map(|operation| history.client(operation.process));
    let clients: Vec<String> = clients.map(|client| history.values().to_text(client)).collect();
    assert_eq!(clients, ["\"1/2\"", "1", "1", "\"a\"", "1"]);
    assert_eq!(report(&history).verdict, Verdict::Valid);
}

#[test]
fn a_completion_has_the_id_of_its_invocation() {
    let lines = [
        "1 invoke write 1 \"op_id\":\"a\"",
        "1 invoke read null \"op_id\":\"b\"",
        "1 invoke read null \"op_id\":\"c\"",
        "1 ok read 1 \"op_id\":\"c\"",
        "1 ok read null \"op_id\":\"b\"",
        "1 ok write 1 \"op_id\":\"a\"",
    ];
    let text = events(&lines);
    for name in ["op_id", "opId", "request-id", "id", "operation_id"] {
        let history = read(&text.replace("op_id", name)).unwrap();
        assert_eq!(pairs(&history), [(0, Some(5)), (1, Some(4)), (2, Some(3))], "{name}");
        assert_eq!(history.split_clients().len(), 1);
        assert_eq!(report(&history).verdict, Verdict::Valid);
    }
    // Nobody says that `node` is an id.
    let error = read(&text.replace("op_id", "node")).unwrap_err();
    assert_eq!(error.code, Code::DoubleInvoke);
    assert!(error.message.contains("which of its 2 open ones (records 1, 2"), "{}", error.message);
    assert_eq!(error.place.unwrap().line, 4);
    let error = read(&text.replacen(
        "\"ok\",\"f\":\"read\",\"value\":1,\"op_id\":\"c\"",
        "\"ok\",\"f\":\"read\",\"value\":1,\"op_id\":\"d\"",
        1,
    ))
    .unwrap_err();
    assert_eq!((error.code, error.place.unwrap().line), (Code::NoInvocation, 4));
    // What may as well be the number of the record pairs nothing.
    let numbered: String = text
        .lines()
        .enumerate()
        .map(|(at, line)| format!("{}\"id\":{at}}}\n", line.split("\"op_id\"").next().unwrap()))
        .collect();
    assert_eq!(read(&numbered).unwrap_err().code, Code::DoubleInvoke);
}

#[test]
fn without_an_id_a_completion_is_that_of_the_only_one_that_fits() {
    let cases: [(&[&str], Paired<'_>); 8] = [
        // By its name,
        (
            &["1 invoke write 1", "1 invoke read null", "1 ok write null", "1 ok read 1"],
            Ok(&[(0, Some(2)), (1, Some(3))]),
        ),
        // what was written,
        (
            &["1 invoke write 1", "1 invoke write 2", "1 ok write 2", "1 ok write 1"],
            Ok(&[(0, Some(3)), (1, Some(2))]),
        ),
        // its key,
        (
            &[
                "1 invoke read null \"key\":\"x\"",
                "1 invoke read null \"key\":\"y\"",
                "1 ok read null \"key\":\"y\"",
            ],
            Ok(&[(0, None), (1, Some(2))]),
        ),
        // or since the other has ended.
        (
            &["1 invoke read null", "1 invoke write 1", "1 info write 1", "1 ok read 1"],
            Ok(&[(0, Some(3)), (1, Some(2))]),
        ),
        // Equal writes that succeed: the oldest.
        (
            &["1 invoke write 1", "1 invoke write 1", "1 ok write 1", "1 ok write null"],
            Ok(&[(0, Some(2)), (1, Some(3))]),
        ),
        (&["1 invoke write 1", "1 invoke write 1", "1 fail write 1"], Err(Code::DoubleInvoke)),
        (&["1 invoke read null", "1 invoke read null", "1 ok read 1"], Err(Code::DoubleInvoke)),
        (&["1 invoke read null", "1 invoke read null", "1 ok write 1"], Err(Code::Mismatch)),
    ];
    for (lines, expected) in cases {
        let found = read(&events(lines));
        let found = found.as_ref().map(pairs).map_err(|error| error.code);
        assert_eq!(found, expected.map(<[_]>::to_vec), "{lines:?}");
    }
}

#[test]
fn the_owner_of_a_lock_is_the_client() {
    let text = events(&[
        "1 invoke acquire null \"op_id\":1",
        "1 invoke release null \"op_id\":2",
        "1 ok acquire null \"op_id\":1",
        "1 ok release null \"op_id\":2",
    ]);
    let history = read(&text).unwrap();
    let options = Options { model: Some("mutex".into()), ..Options::default() };
    assert_eq!(check(&history, &options).unwrap().verdict, Verdict::Valid);
}

#[test]
fn the_order_of_a_divided_client_promises_nothing() {
    // Client 1 writes 1, then 2; the reader sees 2 first.
    let lines = [
        "1 invoke write 1",
        "1 ok write 1",
        "1 invoke write 2",
        "1 ok write 2",
        "2 invoke read null",
        "2 ok read 2",
        "2 invoke read null",
        "2 ok read 1",
    ];
    let promises = |text: &str| {
        let history = read(text).unwrap();
        let options = Options::default();
        let session = histcheck::Session::new(&history, &options).unwrap();
        let report = session.check().unwrap();
        assert_eq!(report.verdict, Verdict::Invalid);
        let explanation = session.explain(&report, 5).unwrap();
        let grades = &explanation.keys[0].guarantees;
        grades.iter().map(|held| (held.guarantee.name(), held.holds)).collect::<HashMap<_, _>>()
    };
    let plain = promises(&events(&lines));
    assert_eq!(plain["monotonic-writes"], Some(false));
    let overlapping = [&lines[..], &["1 invoke read null", "1 invoke write 7"]].concat();
    let divided = promises(&events(&overlapping));
    assert_eq!(divided["monotonic-writes"], None);
    assert_eq!(divided["read-your-writes"], None);
    // What another client was promised is known as ever.
    let own = ["3 invoke write 9", "3 ok write 9", "3 invoke read null", "3 ok read null"];
    let divided = promises(&events(&[&overlapping[..], &own].concat()));
    assert_eq!(divided["read-your-writes"], Some(false));
    assert_eq!(divided["sequential"], Some(false));
}

/// A register that is used by threads, each with a number.
fn random(rng: &mut ChaCha8Rng) -> Vec<(usize, &'static str, &'static str, Option<u32>)> {
    let mut open: Vec<(usize, &str, Option<u32>)> = Vec::new();
    let mut events = Vec::new();
    for _ in 0..rng.random_range(4..14) {
        if open.len() < 4 && rng.random_bool(0.6) {
            let thread = (0..4).find(|thread| open.iter().all(|&(at, ..)| at != *thread)).unwrap();
            let value = rng.random_bool(0.5).then(|| rng.random_range(1..4));
            let f = if value.is_some() { "write" } else { "read" };
            events.push((thread, "invoke", f, value));
            open.push((thread, f, value));
        } else if !open.is_empty() {
            let (thread, f, value) = open.remove(rng.random_range(0..open.len()));
            let value = value.or_else(|| Some(rng.random_range(1..4)));
            events.push((thread, "ok", f, value));
        }
    }
    events
}

#[test]
fn the_verdict_is_that_of_threads_of_their_own() {
    let mut rng = ChaCha8Rng::seed_from_u64(18);
    let (mut invalid, mut compared) = (0, 0);
    for _ in 0..400 {
        let events = random(&mut rng);
        if events.is_empty() {
            continue;
        }
        let mut ids = [0; 4];
        let (mut own, mut one) = (String::new(), String::new());
        for (at, (thread, kind, f, value)) in events.iter().enumerate() {
            if *kind == "invoke" {
                ids[*thread] = at;
            }
            let value = value.map_or("null".to_owned(), |value| value.to_string());
            let rest = format!("\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value},\"time\":{at}");
            own += &format!("{{\"process\":{thread},{rest}}}\n");
            one += &format!("{{\"process\":0,{rest},\"op_id\":{}}}\n", ids[*thread]);
        }
        let options = Options { model: Some("register".into()), ..Options::default() };
        let verdict = |history: &History| check(history, &options).unwrap().verdict;
        let wanted = verdict(&read_with(&own, Settings::default()).unwrap());
        for order in [Order::File, Order::Time] {
            let history = read_with(&one, Settings { order, ..SPLIT }).unwrap();
            assert_eq!(verdict(&history), wanted, "{one}");
            compared += 1;
        }
        let mut following = histcheck::follow::Following::new(
            one.as_bytes(),
            histcheck::formats::ReadOptions::default(),
            SPLIT,
            |_| Ok(options.clone()),
        )
        .unwrap();
        while following.step().unwrap().is_some() {}
        assert_eq!(following.summary().verdict, wanted, "{one}");
        invalid += usize::from(wanted == Verdict::Invalid);
    }
    assert!(compared > 700 && (50..350).contains(&invalid), "{compared} {invalid}");
}

#[test]
fn whole_operations_of_one_client_are_decided_as_those_of_many() {
    let mut rng = ChaCha8Rng::seed_from_u64(19);
    let mut invalid = 0;
    for _ in 0..400 {
        let mut text = String::new();
        for _ in 0..rng.random_range(2..9) {
            let call = rng.random_range(0..12);
            let ret = call + rng.random_range(0..6);
            let f = if rng.random_bool(0.5) { "write" } else { "read" };
            let value = rng.random_range(1..4);
            text += &format!(
                "{{\"process\":0,\"f\":\"{f}\",\"value\":{value},\"call\":{call},\
                 \"return\":{ret}}}\n"
            );
        }
        let options = Options { model: Some("register".into()), ..Options::default() };
        let verdict = |text: &str| {
            let history = read(text).unwrap();
            let divided = !history.split_clients().is_empty();
            (check(&history, &options).unwrap().verdict, divided)
        };
        let (found, divided) = verdict(&text);
        let (of_many, _) = verdict(&text.replace("\"process\":0,", ""));
        // Operations of a client that is not divided are in order also where their times touch.
        if divided || of_many == Verdict::Invalid {
            assert_eq!(found, of_many, "{text}");
        }
        invalid += usize::from(found == Verdict::Invalid);
    }
    assert!((50..350).contains(&invalid), "{invalid}");
}
