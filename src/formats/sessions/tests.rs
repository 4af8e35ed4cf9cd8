#![allow(clippy::unwrap_used, clippy::expect_used)]

use proptest::prelude::*;

use super::{SessionLogs, binary_format, is_binary, transcript_of_logs};
use crate::budget::{Budget, Meter};
use crate::error::{Code, Error};
use crate::formats::{Format, Input, ReadOptions, read_bytes, sniff, write};
use crate::history::{History, Outcome, Settings};

/// Every transaction: `PROCESS OUTCOME MICRO-OPERATIONS`.
fn said(history: &History) -> Vec<String> {
    let values = history.values();
    let name = |value| values.as_name(value).map_or_else(|| values.to_json(value), str::to_owned);
    let said = history.operations().iter().map(|operation| {
        assert_eq!(history.function(operation.function), "txn");
        let (process, outcome) = (name(operation.process), operation.outcome.name());
        format!("{process} {outcome} {}", values.to_json(operation.output))
    });
    said.collect()
}

fn read(bytes: impl Into<Vec<u8>>, format: Option<Format>) -> Result<History, Error> {
    read_bytes(bytes.into(), format, Settings::default())
}

/// Reads a text whose format is found out.
fn lines(text: &str, format: Format) -> Vec<String> {
    assert_eq!(sniff(text), Some(format), "{text}");
    let history = read(text, None).unwrap();
    assert!(!history.has_real_time());
    said(&history)
}

#[test]
fn plume_lists_micro_operations_by_transaction() {
    let text = "w(1,5,0,3)\nr(2, 0, 1, 4)\n\nr(3,0,0,3)\r\nw(7,8,2,-1)\nw(3,0,1,9)\nr(1,5,1,9)";
    let expected = [
        "0 ok [[\"w\",1,5],[\"r\",3,0]]",
        "1 ok [[\"r\",2,null]]",
        "aborted-1 fail [[\"w\",7,8]]",
        "1 ok [[\"w\",3,0],[\"r\",1,5]]",
    ];
    assert_eq!(lines(text, Format::Plume), expected);
    let history = read(text, None).unwrap();
    let ids = [3, 4, 9].map(|id| Some(crate::history::ValueTable::small_int(id).unwrap()));
    let found: Vec<_> = history.indices().map(|index| history.extra_of(index, "id")).collect();
    assert_eq!(found, [ids[0], ids[1], None, ids[2]]);
    let large = format!("w({0},{0},0,{0})\n", u64::MAX);
    assert!(lines(&large, Format::Plume)[0].contains("18446744073709551615,18446744073709551615"));
}

#[test]
fn awdit_has_rules_between_transactions_and_sessions() {
    let text = "=====\nw 0 0\n w 1 -1 \n-----\n-----\nr 0 0\n=====\nr 1 7";
    let expected = ["1 ok [[\"w\",0,0],[\"w\",1,-1]]", "1 ok [[\"r\",0,0]]", "2 ok [[\"r\",1,7]]"];
    assert_eq!(lines(text, Format::Awdit), expected);
}

#[test]
fn dbcop_is_read_in_all_its_forms() {
    let expected = [
        "0 ok [[\"w\",\"x\",1],[\"r\",\"y\",null]]",
        "0 fail [[\"r\",\"x\",0]]",
        "1 ok [[\"r\",\"y\",null],[\"w\",\"x\",0]]",
    ];
    let long = r#"[ [ {"events": [{"Write": {"variable": "x", "version": 1}},
        {"Read": {"variable": "y", "version": null}}], "committed": true},
        {"committed": false, "events": [{"Read": {"version": 0, "variable": "x"}}]}],
        [{"events": [{"Read": {"variable": "y", "version": 0}},
        {"Write": {"variable": "x", "version": 0}}], "committed": true}], [] ]"#;
    assert_eq!(lines(long, Format::Dbcop), expected);
    let wrapped = format!("{{\"params\": {{\"id\": 0}}, \"info\": \"\", \"data\": {long}}}");
    assert_eq!(lines(&wrapped, Format::Dbcop), expected);
    let short = r#"[[{"events":[["w","x",1],["r","y",null]],"committed":true},
        {"events":[["r","x",0]],"committed":false}],
        [{"events":[["r","y",0],["w","x",0]],"committed":true}]]"#;
    assert_eq!(lines(short, Format::Dbcop), expected);
    let first = r#"[[{"events":[{"write":true,"variable":1,"value":2,"success":false},
        {"write":false,"variable":1,"value":2,"success":false},
        {"write":false,"variable":1,"value":0,"success":true}],"success":true}]]"#;
    let expected = ["0 ok [[\"r\",1,null]]", "aborted-1 fail [[\"w\",1,2]]"];
    assert_eq!(lines(first, Format::Dbcop), expected);
}

#[test]
fn sessions_may_be_empty() {
    for text in ["[[],[]]", "[ [\n]\n]", "{\"params\":{},\"data\":[[]]}"] {
        assert!(lines(text, Format::Dbcop).is_empty(), "{text}");
    }
    assert_eq!(lines("[[],[{\"events\":[],\"committed\":true}]]", Format::Dbcop), ["1 ok []"]);
    // A record may have lists in a field of the same name.
    let record = "{\"process\":0,\"type\":\"ok\",\"f\":\"read\",\"data\":[[]]}\n";
    assert_eq!(sniff(record), Some(Format::JsonLines));
    // Other texts without operations are an error as ever.
    assert_eq!(read("[]", None).unwrap_err().code, Code::Empty);
    let bytes = bincode(&[vec![], vec![]]);
    assert!(read(bytes, None).unwrap().operations().is_empty());
    let options = crate::Options::default();
    let empty = read("[[],[]]", None).unwrap();
    assert_eq!(crate::check(&empty, &options).unwrap_err().code, Code::Empty);
}

/// Whether it writes, a variable, a value, and whether it succeeded.
type Event = (bool, u64, u64, bool);

/// The file of dbcop with these sessions of transactions.
fn bincode(sessions: &[Vec<(Vec<Event>, bool)>]) -> Vec<u8> {
    let mut out = Vec::new();
    let number = |n: u64, out: &mut Vec<u8>| out.extend(n.to_le_bytes());
    [0, 3, 30, 20, 180].into_iter().for_each(|parameter| number(parameter, &mut out));
    for text in ["info", "2018-11-12", ""] {
        number(text.len() as u64, &mut out);
        out.extend(text.as_bytes());
    }
    number(sessions.len() as u64, &mut out);
    for session in sessions {
        number(session.len() as u64, &mut out);
        for (events, is_ok) in session {
            number(events.len() as u64, &mut out);
            for &(is_write, variable, value, succeeded) in events {
                out.push(u8::from(is_write));
                number(variable, &mut out);
                number(value, &mut out);
                out.push(u8::from(succeeded));
            }
            out.push(u8::from(*is_ok));
        }
    }
    out
}

#[test]
fn the_binary_file_of_dbcop_is_read_as_json_lines() {
    let large = u64::MAX;
    let bytes = bincode(&[
        vec![(vec![(true, 1, 2, true), (false, 2, 0, true), (false, 3, 0, true)], true)],
        vec![],
        vec![
            (vec![(true, 3, 0, true), (true, 9, 9, false), (false, 1, 2, false)], true),
            (vec![(true, large, large, false)], false),
        ],
    ]);
    let expected = [
        "0 ok [[\"w\",1,2],[\"r\",2,null],[\"r\",3,0]]",
        "2 ok [[\"w\",3,0]]",
        "aborted-1 fail [[\"w\",9,9]]",
        "2 fail [[\"w\",18446744073709551615,18446744073709551615]]",
    ];
    for format in [None, Some(Format::Bincode)] {
        let input = Input::from_bytes(bytes.clone(), format.into()).unwrap();
        assert_eq!(input.format(), Format::Bincode);
        let history = input.history(Settings::default()).unwrap();
        assert_eq!(said(&history), expected);
        let place = input.locate(crate::history::Record::new(1)).unwrap();
        assert!(input.line(place).starts_with("{\"process\":2,\"type\":\"ok\",\"f\":\"txn\""));
    }
    for end in 1..bytes.len() {
        let cut = read(&bytes[..end], Some(Format::Bincode)).unwrap_err();
        assert_eq!(cut.code, Code::Damaged, "{end}");
        assert!(read(&bytes[..end], None).is_err());
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(read(longer, None).unwrap_err().code, Code::Damaged);
    // It is told apart from text by its zeros.
    let wrong = read(bytes, Some(Format::Csv)).unwrap_err();
    assert_eq!(wrong.code, Code::UnknownFormat);
}

/// A log of Cobra: marks with numbers.
fn cobra(entries: &[(u8, &[i64])]) -> Vec<u8> {
    let entry = |(mark, numbers): &(u8, &[i64])| {
        let numbers = numbers.iter().flat_map(|number| number.to_be_bytes());
        std::iter::once(*mark).chain(numbers).collect::<Vec<u8>>()
    };
    entries.iter().flat_map(entry).collect()
}

fn meter() -> Meter {
    Meter::start(&Budget::default(), 0)
}

#[test]
fn logs_of_cobra_are_sessions() {
    let log = cobra(&[
        (b'S', &[70]),
        (b'W', &[11, -5, 99]),
        (b'R', &[0, 0xbebe_ebee, 6, 0]),
        (b'R', &[70, 11, -5, 99]),
        (b'C', &[70]),
        (b'S', &[71]),
        (b'W', &[12, 6, 1]),
        (b'A', &[71]),
    ]);
    assert_eq!(binary_format(&log), Some(Format::Cobra));
    let history = read(log.clone(), None).unwrap();
    let expected = ["0 ok [[\"w\",-5,11],[\"r\",6,null],[\"r\",-5,11]]", "0 fail [[\"w\",6,12]]"];
    assert_eq!(said(&history), expected);
    assert_eq!(history.operations()[1].outcome, Outcome::Fail);
    // What starts a transaction and does not end it is known, too, unless it may be text.
    for end in 1..log.len() {
        let cut = read(&log[..end], Some(Format::Cobra));
        let is_between = end == log.len() - 43;
        assert_eq!(cut.is_ok(), is_between, "{end}");
    }
    for (entries, why) in [
        (&[(b'C', &[1][..])][..], "in no transaction"),
        (&[(b'S', &[1]), (b'S', &[2])], "inside another"),
        (&[(b'S', &[1]), (b'C', &[2])], "transaction 2 ends here, but 1 is open"),
        (&[(b'S', &[1]), (b'x', &[2])], "0x78"),
        (&[(b'S', &[1])], "the log ends inside transaction 1"),
    ] {
        let error = read(cobra(entries), Some(Format::Cobra)).unwrap_err();
        assert_eq!(error.code, Code::Damaged);
        assert!(error.message.contains(why), "{error}");
    }
    let logs = [(-1, cobra(&[(b'S', &[1]), (b'C', &[1])])), (3, Vec::new())];
    let texts = transcript_of_logs(SessionLogs::Cobra, &logs, &meter()).unwrap();
    let line = "{\"process\":-1,\"type\":\"ok\",\"f\":\"txn\",\"id\":1,\"value\":[]}\n";
    assert_eq!(texts, [line, ""]);
}

#[test]
fn logs_of_viper_are_sessions() {
    let one = "{\"value\": [[\"w\", 1, 5, true], [\"r\", 2, 0, false], [\"w\", 3, 1, false]]}\n\n\
               {\"value\": [[\"r\", 2, \"nil\", false], [\"i\", 4, 8, null, false, true]]}\n";
    let other = "{\"isInitial\": true, \"value\": [[\"r\", 7, 0, false], [\"w\", 2, 0, true]]}\n";
    let logs = [(1, one.as_bytes().to_vec()), (2, other.as_bytes().to_vec())];
    let texts = transcript_of_logs(SessionLogs::Viper, &logs, &meter()).unwrap();
    let history = read(texts.concat(), None).unwrap();
    let expected = [
        "1 ok [[\"w\",1,5],[\"r\",2,0]]",
        "1 ok [[\"r\",2,null],[\"r\",4,null],[\"w\",4,8]]",
        "2 ok [[\"r\",7,null],[\"w\",2,0]]",
    ];
    assert_eq!(said(&history), expected);
    assert_eq!(lines(one, Format::Viper)[0], "0 ok [[\"w\",1,5],[\"r\",2,null]]");
    for (text, line, column) in [
        ("{\"value\": [[\"w\", 1, 5, true]]}\n{\"value\": [[\"x\", 1, 5, true]]}\n", 2, 13),
        ("{\"value\": [[\"w\", 1, 5, true]]}\n{\"value\": [[\"range\", 1, 5, []]]}\n", 2, 13),
        ("{\"value\": [[\"w\", 1, null, true]]}\n", 1, 13),
        ("{\"value\": [[\"w\", 1, 5, true]", 1, 29),
    ] {
        let place = read(text, None).unwrap_err().place.unwrap();
        assert_eq!((place.line, place.column), (line, column), "{text}");
    }
}

#[test]
fn what_is_wrong_is_located() {
    for (text, code, line, column) in [
        ("r(1,2,3,4)\nw(1,2,3,4\n", Code::Syntax, 2, 10),
        ("r(1,2,3,4)\nw(1,2,3", Code::Truncated, 2, 8),
        ("r(1,2,3,4)\n\nw(1,2,9,4)\n", Code::BadField, 3, 1),
        ("r(1,2,3,4) x\n", Code::Syntax, 1, 12),
        ("w(1,2,99999999999999999999,4)\n", Code::BadField, 1, 7),
        ("r 0 1\nw 0\n", Code::Syntax, 2, 4),
        ("r 0 1\nx 0 1\n", Code::Syntax, 2, 1),
        ("r 0 1\n-- 5\n", Code::Syntax, 2, 4),
        ("r 0 1\nw 0 ", Code::Truncated, 2, 5),
        (
            "[[{\"events\":[{\"Write\":{\"variable\":1}}],\"committed\":true}]]",
            Code::BadField,
            1,
            14,
        ),
        ("[[{\"events\":[[\"x\",1,2]],\"committed\":true}]]", Code::BadField, 1, 14),
        (
            "[[{\"events\":[{\"Read\":{\"variable\":[],\"version\":1}}],\"committed\":true}]]",
            Code::BadField,
            1,
            34,
        ),
        ("[[{\"events\":[]}]]", Code::BadField, 1, 15),
        ("[[{\"events\":[],\"committed\":true}]", Code::Truncated, 1, 34),
        ("[[{\"events\":[],\"committed\":true},]]", Code::Syntax, 1, 34),
    ] {
        let error = read(text, None).unwrap_err();
        let place = error.place.unwrap_or_default();
        assert_eq!((error.code, place.line, place.column), (code, line, column), "{text}");
        assert!(error.hint.is_some() || code == Code::BadField, "{text}");
    }
}

#[test]
fn logs_are_known_by_name_and_start() {
    use super::session_logs;
    assert_eq!(session_logs("T-1.log", &cobra(&[(b'S', &[0])])), Some(SessionLogs::Cobra));
    assert_eq!(session_logs("T.log", b""), Some(SessionLogs::Cobra));
    assert_eq!(session_logs("T1.debug", b""), None);
    assert_eq!(session_logs("Tests.log", b""), None);
    assert_eq!(session_logs("J3.log", b"{\"value\": [[\"w\", 1, 5, tr"), Some(SessionLogs::Viper));
    assert_eq!(session_logs("J3.log", b"{\"value\": 1}"), None);
    assert_eq!((super::session_of("T-1.log"), super::session_of("J12.log")), (Some(-1), Some(12)));
    assert!(!is_binary(Format::Viper));
}

/// What the format loses of a text in JSON lines, and what it writes.
fn converted(text: &str, format: Format) -> (Vec<String>, String) {
    let history = read(text, None).unwrap();
    let mut out = Vec::new();
    write(&history, format, &mut out).unwrap();
    (format.losses(&history), String::from_utf8(out).unwrap())
}

#[test]
fn what_has_no_room_is_said() {
    let text = "{\"process\":\"a\",\"type\":\"info\",\"f\":\"txn\",\"value\":[[\"w\",\"x\",1],[\"r\",\"x\",null]]}\n\
                {\"process\":5,\"type\":\"info\",\"f\":\"txn\",\"value\":[[\"w\",\"x\",2]]}\n\
                {\"process\":5,\"type\":\"fail\",\"f\":\"txn\",\"value\":[[\"w\",\"y\",3],[\"w\",\"x\",4]]}\n\
                {\"process\":6,\"type\":\"ok\",\"f\":\"txn\",\"value\":[[\"r\",\"x\",1],[\"r\",\"l\",[1]]]}\n\
                {\"process\":6,\"type\":\"ok\",\"f\":\"txn\",\"value\":[[\"r\",\"y\",null]]}\n";
    let common = [
        "1 micro-operation is left out, since lists have no room",
        "1 transaction is of unknown outcome, and written as committed: others read what was written",
        "1 transaction is of unknown outcome, and left out: no read shows it",
    ];
    let (losses, plume) = converted(text, Format::Plume);
    assert_eq!(plume, "w(0,1,0,0)\nw(1,3,1,-1)\nw(0,4,1,-1)\nr(0,1,2,2)\nr(1,0,2,3)\n");
    assert!(common.iter().all(|loss| losses.contains(&(*loss).to_owned())), "{losses:?}");
    assert!(losses.contains(&"1 failed transaction is divided into reads and writes".to_owned()));
    let (losses, awdit) = converted(text, Format::Awdit);
    assert_eq!(awdit, "w 1 0\n=====\nw 0 1\n=====\nr 0 1\n-----\nr 1 0\n");
    assert!(losses.contains(&"1 failed transaction is left out".to_owned()));
    let (losses, dbcop) = converted(text, Format::Dbcop);
    assert!(dbcop.contains("{\"Read\":{\"variable\":\"y\",\"version\":null}}"));
    assert!(losses.iter().all(|loss| !loss.contains("keys")), "{losses:?}");
    // A queue is no transaction.
    let queue = "{\"process\":0,\"type\":\"invoke\",\"f\":\"enqueue\",\"value\":1}\n";
    let queue = read(queue, None).unwrap();
    assert_eq!(Format::Plume.losses(&queue).len(), 2);
    let refused = write(&queue, Format::Plume, &mut Vec::new()).unwrap_err();
    assert!(refused.to_string().contains("transactions on registers"), "{refused}");
}

/// A step: whether it writes, its key and its value.
type Micro = (bool, u8, Option<u8>);

/// Transactions: a session, whether it committed, and its steps.
type Recipe = Vec<(i64, bool, Vec<Micro>)>;

fn recipe() -> impl Strategy<Value = Recipe> {
    let step = (any::<bool>(), 0..3_u8, prop::option::of(0..4_u8));
    prop::collection::vec((0..3_i64, any::<bool>(), prop::collection::vec(step, 1..4)), 1..12)
}

fn lines_of(recipe: &Recipe) -> String {
    let line = |(session, is_ok, steps): &(i64, bool, Vec<Micro>)| {
        let step = |&(is_write, key, value): &Micro| match value {
            None if !is_write => format!("[\"r\",{key},null]"),
            value => {
                format!("[\"{}\",{key},{}]", if is_write { 'w' } else { 'r' }, value.unwrap_or(9))
            }
        };
        let steps: Vec<String> = steps.iter().map(step).collect();
        let kind = if *is_ok { "ok" } else { "fail" };
        let steps = steps.join(",");
        format!("{{\"process\":{session},\"type\":\"{kind}\",\"f\":\"txn\",\"value\":[{steps}]}}\n")
    };
    recipe.iter().map(line).collect()
}

/// The transactions of each session in their order, the sessions sorted.
fn by_session(history: &History) -> Vec<Vec<String>> {
    let mut sessions: Vec<(String, Vec<String>)> = Vec::new();
    for line in said(history) {
        let (session, rest) = line.split_once(' ').unwrap();
        match sessions.iter_mut().find(|(known, _)| known == session) {
            Some((_, lines)) => lines.push(rest.to_owned()),
            None => sessions.push((session.to_owned(), vec![rest.to_owned()])),
        }
    }
    let mut sessions: Vec<Vec<String>> = sessions.into_iter().map(|(_, lines)| lines).collect();
    sessions.sort();
    sessions
}

/// What the lines of Plume's text tell, by a slow and simple reading.
fn told_by(lines: &[(bool, i128, i128, i64, i64)]) -> Vec<String> {
    let written = |key| lines.iter().any(|line| line.0 && line.1 == key && line.2 == 0);
    let mut txns: Vec<(i64, String, Vec<String>)> = Vec::new();
    let mut aborted = 0;
    for &(is_write, key, value, session, txn) in lines {
        let name = if is_write { 'w' } else { 'r' };
        let value = match value {
            0 if !is_write && !written(key) => "null".to_owned(),
            value => value.to_string(),
        };
        let micro = format!("[\"{name}\",{key},{value}]");
        match txns.iter_mut().find(|known| known.0 == txn && txn != -1) {
            Some(known) => known.2.push(micro),
            None if txn == -1 => {
                aborted += 1;
                txns.push((txn, format!("aborted-{aborted} fail"), vec![micro]));
            }
            None => txns.push((txn, format!("{session} ok"), vec![micro])),
        }
    }
    txns.iter().map(|(_, who, micros)| format!("{who} [{}]", micros.join(","))).collect()
}

/// A number that is small, large, or beyond 64 bits.
fn number() -> impl Strategy<Value = i128> {
    prop_oneof![4 => 0..3_i128, 1 => Just(-7), 1 => Just(1 << 31), 1 => Just(1 << 70)]
}

proptest! {
    #[test]
    fn blocks_of_lines_tell_what_lines_tell(
        steps in prop::collection::vec(
            (any::<bool>(), number(), number(), 0..9_i64, 0..12_i64, 0..8_u8),
            1..120,
        ),
        threads in 1..3_usize,
    ) {
        let (mut text, mut lines) = (String::new(), Vec::new());
        for (at, (is_write, key, value, back, odd, form)) in steps.into_iter().enumerate() {
            // Some come late, some abort, and the numbers of some are large.
            let txn = match (odd, at as i64 / 3) {
                (0, _) => -1,
                (1, txn) => (1 << 40) + txn % 4,
                (2..5, txn) => (txn - back).max(0),
                (_, txn) => txn,
            };
            let (session, name) = (txn % 3, if is_write { 'w' } else { 'r' });
            lines.push((is_write, key, value, session, txn));
            text += &match form {
                0 => format!("\n {name}( {key} ,{value},\t{session},{txn} ) \r\n"),
                1 => format!("{name}({key},{value},{session},{txn})\r\n"),
                _ => format!("{name}({key},{value},{session},{txn})\n"),
            };
        }
        let options = ReadOptions { threads, ..Some(Format::Plume).into() };
        let input = Input::from_bytes(text.clone().into_bytes(), options).unwrap();
        let history = input.history(Settings::default()).unwrap();
        prop_assert_eq!(said(&history), told_by(&lines), "{}", text);
    }

    #[test]
    fn sessions_come_back(recipe in recipe()) {
        let history = read(lines_of(&recipe), None).unwrap();
        for format in Format::SESSIONS {
            let mut out = Vec::new();
            write(&history, format, &mut out).unwrap();
            let losses = format.losses(&history);
            let text = String::from_utf8(out).unwrap();
            if text.is_empty() {
                prop_assert!(recipe.iter().all(|txn| !txn.1), "{recipe:?}");
                continue;
            }
            let again = read(text.clone(), None).unwrap();
            let is_same = losses.iter().all(|loss| loss.starts_with("sessions"));
            if is_same && (format != Format::Plume || recipe.iter().all(|txn| txn.1)) {
                prop_assert_eq!(by_session(&again), by_session(&history), "{}", text);
            }
            // What is written of that is the same for ever.
            let mut out = Vec::new();
            write(&again, format, &mut out).unwrap();
            let once_more = read(out, None).unwrap();
            prop_assert_eq!(by_session(&once_more), by_session(&again), "{}", text);
        }
    }

    #[test]
    fn no_bytes_are_too_strange(
        mut bytes in prop::collection::vec(any::<u8>(), 0..200), is_cobra: bool,
    ) {
        let valid = if is_cobra {
            cobra(&[(b'S', &[70]), (b'W', &[11, -5, 99]), (b'R', &[70, 11, -5, 99]), (b'C', &[70])])
        } else {
            bincode(&[vec![(vec![(true, 1, 2, true), (false, 2, 0, true)], true)]])
        };
        for (at, byte) in valid.iter().enumerate() {
            if let Some(other) = bytes.get_mut(at)
                && *other < 250
            {
                *other = *byte;
            }
        }
        for format in Format::READ {
            let options = ReadOptions { threads: 1, ..Some(format).into() };
            let input = Input::from_bytes(bytes.clone(), options);
            let _ = input.and_then(|input| input.history(Settings::default()));
        }
    }
}
