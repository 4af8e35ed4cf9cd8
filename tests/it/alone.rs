//! Transactions of which only the completions were recorded, or no process.

use std::collections::BTreeMap;

use histcheck::formats::{Format, read_bytes, write};
use histcheck::history::{Order, Settings};
use histcheck::proof::Proof;
use histcheck::{Code, Error, History, Options, Report, Verdict, caveats, check, read_text};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn report(history: &History) -> Report {
    check(history, &Options { self_check: true, ..Options::default() }).unwrap()
}

/// One completion a line: `PROCESS TYPE MICRO-OPERATIONS`.
fn completions(lines: &[&str]) -> String {
    let event = |line: &&str| {
        let [process, kind, value] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!() };
        format!("{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"txn\",\"value\":{value}}}\n")
    };
    lines.iter().map(event).collect()
}

fn verdict(lines: &[&str]) -> Verdict {
    report(&read_text(&completions(lines)).unwrap()).verdict
}

#[test]
fn completions_alone_are_whole_transactions_in_session_order() {
    // Whoever read the old value may come first, unless its own process wrote before.
    let [write, stale] = ["0 ok [[\"w\",\"x\",1]]", "1 ok [[\"r\",\"x\",null]]"];
    assert_eq!(verdict(&[write, stale]), Verdict::Valid);
    assert_eq!(verdict(&[write, "0 ok [[\"r\",\"x\",null]]"]), Verdict::Invalid);
    assert_eq!(verdict(&[write, "1 ok [[\"r\",\"x\",1]]", stale]), Verdict::Invalid);
    assert_eq!(verdict(&[stale, "1 ok [[\"r\",\"x\",1]]", write]), Verdict::Valid);
    // So it is with lists.
    let [append, early] = ["0 ok [[\"append\",\"x\",1]]", "1 ok [[\"r\",\"x\",[]]]"];
    assert_eq!(verdict(&[append, early, "1 ok [[\"r\",\"x\",[1]]]"]), Verdict::Valid);
    assert_eq!(verdict(&[append, "1 ok [[\"r\",\"x\",[1]]]", early]), Verdict::Invalid);
    // What need not have happened comes after what its process did before, if it did.
    let [maybe, before] = ["2 info [[\"w\",\"y\",1]]", "2 ok [[\"r\",\"y\",1]]"];
    assert_eq!(verdict(&[before, maybe]), Verdict::Invalid);
    assert_eq!(verdict(&[maybe, before]), Verdict::Valid);
    assert_eq!(verdict(&[maybe, "2 ok [[\"r\",\"y\",null]]", before]), Verdict::Valid);
    assert_eq!(verdict(&["2 fail [[\"w\",\"y\",1]]", before]), Verdict::Invalid);
}

#[test]
fn the_report_says_what_the_verdict_is_worth() {
    let text = completions(&["0 ok [[\"w\",\"x\",1]]", "\"b\" ok [[\"r\",\"x\",null]]"]);
    let history = read_text(&text).unwrap();
    assert!(!history.has_real_time() && history.operations().len() == 2);
    let found = caveats::caveats(&history, &report(&history));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].kind.code(), found[0].count), ("W0015", 2));
    assert!(found[0].message.contains("session order"));
    let read_as = caveats::ReadAs::of(&history, history.tally()).in_words();
    assert!(read_as.starts_with("completions alone, without real time, of"), "{read_as}");
    for format in Format::ALL {
        let mut out = Vec::new();
        write(&history, format, &mut out).unwrap();
        let again = read_bytes(out, None, Settings::default()).unwrap();
        assert!(!again.has_real_time(), "{format:?}");
        assert_eq!(report(&again).verdict, Verdict::Valid, "{format:?}");
    }
}

#[test]
fn what_no_order_is_known_of_is_refused() {
    let read = |lines: &[&str]| read_text(&completions(lines));
    let alone = "0 ok [[\"w\",\"x\",1]]";
    let code = |result: Result<History, Error>| result.err().map(|error| error.code);
    // Other operations, or some with invocations and some without.
    assert_eq!(code(read(&["0 ok 5"])), Some(Code::NoInvocation));
    assert_eq!(code(read(&["0 ok [1]"])), Some(Code::NoInvocation));
    assert!(read(&["0 ok []"]).is_ok());
    let invoked = "0 invoke [[\"w\",\"x\",1]]";
    assert_eq!(code(read(&[alone, invoked])), Some(Code::NoInvocation));
    assert_eq!(code(read(&[invoked, alone, alone])), Some(Code::NoInvocation));
    let whole =
        "{\"process\":1,\"f\":\"txn\",\"value\":[[\"w\",\"x\",1]],\"call\":1,\"return\":2}\n";
    assert_eq!(code(read_text(&(completions(&[alone]) + whole))), Some(Code::NoInvocation));
    assert_eq!(
        code(read_text(&(whole.to_owned() + &completions(&[alone])))),
        Some(Code::NoInvocation)
    );
    // Orders of processes hold across keys.
    let keyed = completions(&[alone]).replace("\"f\"", "\"key\":1,\"f\"");
    assert!(read_text(&keyed).unwrap_err().hint.unwrap().contains("decided together"));
    // An order by time needs the times of calls.
    let by_time = Settings { order: Order::Time, ..Settings::default() };
    let split = Settings { split_clients: true, ..Settings::default() };
    for settings in [by_time, split] {
        let error = read_bytes(completions(&[alone]).into_bytes(), None, settings).unwrap_err();
        assert_eq!(error.code, Code::NoInvocation);
        assert!(error.hint.unwrap().contains("--order time"));
    }
}

#[test]
fn ends_without_a_process_belong_together_where_they_alternate() {
    let event = |kind: &str, value: &str| {
        format!("{{\"type\":\"{kind}\",\"f\":\"read\",\"value\":{value}}}\n")
    };
    let [write, read] = ["[[\"w\",\"x\",1]]", "[[\"r\",\"x\",null]]"];
    let both = event("invoke", write) + &event("ok", write);
    let history = read_text(&(both.clone() + &event("invoke", read) + &event("ok", read))).unwrap();
    assert!(history.has_real_time());
    assert_eq!(report(&history).verdict, Verdict::Invalid);
    let unknown = both.clone() + &event("invoke", write) + &event("info", write);
    assert_eq!(read_text(&(unknown + &both)).unwrap().operations().len(), 3);
    for (text, why) in [
        (event("invoke", write) + &event("invoke", read), "another transaction is open"),
        (both.clone() + &event("ok", write), "ends a transaction"),
        (event("ok", write), "ends a transaction"),
        (both.clone() + &completions(&["0 invoke [[\"w\",\"x\",1]]"]), "others have one"),
        (completions(&["7 invoke [[\"w\",\"x\",1]]"]) + &both, "others have one"),
    ] {
        let error = read_text(&text).unwrap_err();
        assert_eq!(error.code, Code::MissingField);
        assert!(error.message.contains(why) && error.place.is_some(), "{error:?}");
    }
    // Others than transactions need a process, as ever.
    let error = read_text("{\"type\":\"invoke\",\"f\":\"read\",\"value\":1}\n").unwrap_err();
    assert_eq!(error.code, Code::MissingField);
}

#[test]
fn a_transaction_says_by_its_value_what_it_is() {
    let whole = "{\"process\":0,\"value\":[[\"w\",\"x\",1]],\"start\":1,\"end\":2}\n\
                 {\"process\":1,\"value\":[[\"r\",\"x\",null]],\"start\":3,\"end\":4}\n";
    let alone = whole.replace(",\"start\":1,\"end\":2", "").replace(",\"start\":3,\"end\":4", "");
    let cell = |value: &str| value.replace('"', "\"\"");
    let [write, read] = ["[[\"w\",\"x\",1]]", "[[\"r\",\"x\",null]]"].map(cell);
    let csv = format!("process,value\n0,\"{write}\"\n1,\"{read}\"\n");
    let edn = "{:process 0, :value [[:w :x 1]]}\n{:process 1, :value [[:r :x nil]]}\n";
    for (text, has_times) in [(whole, true), (&alone, false), (&csv, false), (edn, false)] {
        let history = read_text(text).unwrap();
        assert_eq!(history.functions(), ["txn"]);
        assert_eq!(history.has_real_time(), has_times, "{text}");
        let expected = if has_times { Verdict::Invalid } else { Verdict::Valid };
        assert_eq!(report(&history).verdict, expected, "{text}");
    }
    // Neither where others have a type, nor where one reports a failure.
    let first = alone.lines().next().unwrap();
    let invoked = first.replace("\"value\"", "\"type\":\"invoke\",\"value\"");
    for (text, code) in [
        (format!("{invoked}\n{first}\n"), Code::MissingField),
        (format!("{first}\n{invoked}\n"), Code::NoInvocation),
        (first.replace('}', ",\"error\":\"timeout\"}"), Code::MissingField),
        ("{\"process\":0,\"value\":[[\"w\",\"x\"]]}\n".to_owned(), Code::MissingField),
    ] {
        assert_eq!(read_text(&text).unwrap_err().code, code, "{text}");
    }
}

/// A transaction: its process, whether it is known to have happened, and its steps: the object, and
/// what is written, or was read.
#[derive(Clone)]
struct Txn {
    process: usize,
    is_ok: bool,
    steps: Vec<(usize, Step)>,
}

#[derive(Clone, PartialEq)]
enum Step {
    Write(usize),
    Read(Held),
}

/// What an object holds: the last item of a register, all of a list.
type Held = Vec<usize>;

/// Leaves what a step writes in an object that held `held`.
fn write_to(held: &mut Held, value: usize, is_list: bool) {
    if !is_list {
        held.clear();
    }
    held.push(value);
}

/// Transactions that were done one after the other, in an order that often is not that of their
/// processes, some with a wrong answer.
fn random(rng: &mut ChaCha8Rng, is_list: bool) -> Vec<Txn> {
    let count = rng.random_range(1..=6);
    let mut objects = [Held::new(), Held::new()];
    let mut next = 1;
    let mut txns = Vec::new();
    for _ in 0..count {
        let mut steps = Vec::new();
        for _ in 0..rng.random_range(1..=2) {
            let object = rng.random_range(0..2);
            if rng.random_bool(0.5) {
                let repeats = next > 1 && rng.random_bool(0.1);
                let value = if repeats { rng.random_range(1..next) } else { next };
                next += 1;
                write_to(&mut objects[object], value, is_list);
                steps.push((object, Step::Write(value)));
            } else {
                let mut seen = objects[object].clone();
                if rng.random_bool(0.1) {
                    seen.pop();
                }
                steps.push((object, Step::Read(seen)));
            }
        }
        let process = rng.random_range(0..3);
        txns.push(Txn { process, is_ok: rng.random_bool(0.85), steps });
    }
    for at in (1..txns.len()).rev().filter(|_| rng.random_bool(0.4)).collect::<Vec<_>>() {
        let other = rng.random_range(0..=at);
        txns.swap(at, other);
    }
    txns
}

/// Whether some order explains the transactions that keeps that of each process: all are tried.
fn has_order(left: &[&Txn], held: &BTreeMap<usize, Held>, is_list: bool) -> bool {
    if left.iter().all(|txn| !txn.is_ok) {
        return true;
    }
    (0..left.len()).any(|at| {
        let txn = left[at];
        // What its process did before is over; what is unknown holds nobody up.
        if left[..at].iter().any(|other| other.process == txn.process && other.is_ok) {
            return false;
        }
        let mut held = held.clone();
        for (object, step) in &txn.steps {
            let object = held.entry(*object).or_default();
            match step {
                Step::Write(value) => write_to(object, *value, is_list),
                Step::Read(seen) if txn.is_ok && object != seen => return false,
                Step::Read(_) => {}
            }
        }
        let rest = left.iter().enumerate().filter(|(other, _)| *other != at);
        has_order(&rest.map(|(_, txn)| *txn).collect::<Vec<_>>(), &held, is_list)
    })
}

/// The completion of a transaction, as a line for [`completions`].
fn line(txn: &Txn, is_list: bool) -> String {
    let step = |(object, step): &(usize, Step)| match step {
        Step::Write(value) if is_list => format!("[\"append\",{object},{value}]"),
        Step::Write(value) => format!("[\"w\",{object},{value}]"),
        Step::Read(seen) if is_list => format!("[\"r\",{object},{seen:?}]"),
        Step::Read(seen) => {
            let seen = seen.first().map_or_else(|| "null".to_owned(), usize::to_string);
            format!("[\"r\",{object},{seen}]")
        }
    };
    let steps: Vec<String> = txn.steps.iter().map(step).collect();
    let kind = if txn.is_ok { "ok" } else { "info" };
    format!("{} {kind} [{}]", txn.process, steps.join(","))
}

#[test]
fn the_verdict_is_that_of_all_orders() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for is_list in [false, true] {
        let mut counts = [0; 2];
        for _ in 0..3000 {
            let txns = random(&mut rng, is_list);
            let lines: Vec<String> = txns.iter().map(|txn| line(txn, is_list)).collect();
            let text = completions(&lines.iter().map(String::as_str).collect::<Vec<_>>());
            let history = read_text(&text).unwrap();
            let model = Some(if is_list { "list-append" } else { "multi-register" }.to_owned());
            let options = Options { self_check: true, model, ..Options::default() };
            let report = check(&history, &options).unwrap();
            let is_valid = has_order(&txns.iter().collect::<Vec<_>>(), &BTreeMap::new(), is_list);
            let expected = if is_valid { Verdict::Valid } else { Verdict::Invalid };
            assert_eq!(report.verdict, expected, "\n{text}");
            assert_eq!(report.keys[0].proof, Some(Proof::Confirmed), "\n{text}");
            counts[usize::from(is_valid)] += 1;
        }
        assert!(counts.iter().all(|&count| count > 400), "{counts:?}");
    }
}
