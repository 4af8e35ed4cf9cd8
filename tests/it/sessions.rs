//! Histories of transaction checkers, as the program reads and writes them.

use crate::program::{Directory, histcheck};

/// A log of Cobra: marks with numbers.
fn cobra(entries: &[(u8, &[i64])]) -> Vec<u8> {
    let mut log = Vec::new();
    for (mark, numbers) in entries {
        log.push(*mark);
        numbers.iter().for_each(|number| log.extend(number.to_be_bytes()));
    }
    log
}

#[test]
fn a_folder_of_logs_is_one_history() {
    let writer = cobra(&[(b'S', &[1]), (b'W', &[11, 5, 0]), (b'C', &[1])]);
    let reader = cobra(&[
        (b'S', &[2]),
        (b'R', &[1, 11, 5, 0]),
        (b'C', &[2]),
        (b'S', &[3]),
        (b'R', &[0, 0xbebe_ebee, 5, 0]),
        (b'C', &[3]),
    ]);
    let directory = Directory::new()
        .file("run/T2.log", &writer)
        .file("run/T10.log", &reader)
        .file("run/T11.log", "")
        .file("run/T10.debug", "not read");
    let run = |arguments: &str| histcheck(arguments).current_dir(directory.path()).run();
    run("check run").status(1).says("line 2 of run/T10.log").says("3 transactions of 2 processes");
    run("check --self-check .").status(1).says("run: invalid");
    let jsonl = "{\"process\":2,\"type\":\"ok\",\"f\":\"txn\",\"value\":[[\"w\",5,11]],\"id\":1}\n\
                 {\"process\":10,\"type\":\"ok\",\"f\":\"txn\",\"value\":[[\"r\",5,11]],\"id\":2}\n\
                 {\"process\":10,\"type\":\"ok\",\"f\":\"txn\",\"value\":[[\"r\",5,null]],\"id\":3}\n";
    let converted = run("convert --to jsonl run").status(0).without_complaint();
    assert_eq!(converted.stdout, jsonl);
    let plume = run("convert --to plume run").status(0).without_complaint().stdout;
    assert_eq!(plume, "w(5,11,2,1)\nr(5,11,10,2)\nr(5,0,10,3)\n");
    let back = histcheck("convert --to jsonl").stdin(plume).run().status(0).without_complaint();
    assert_eq!(back.stdout, jsonl);
    run("check --follow run").status(2).complains("without --follow");
    run("check --merge run").status(2).complains("without --merge");
    run("check --input-format csv run").status(2).complains("cobra, not csv");
    // Other programs' logs of the same names are what they are.
    let other = "INFO  jepsen.util - 0\t:invoke\t:read\tnil\n\
                 INFO  jepsen.util - 0\t:ok\t:read\tnil\n";
    let directory = Directory::new().file("T1.log", other).file("T2.log", other);
    let two = histcheck("check .").current_dir(directory.path()).run().status(0);
    two.says("T1.log: valid").says("T2.log: valid");
}

#[test]
fn a_damaged_log_is_named() {
    let cut = cobra(&[(b'S', &[1]), (b'W', &[11, 5, 0])]);
    let directory = Directory::new().file("T0.log", &cut);
    let run = histcheck("stats .").current_dir(directory.path()).run().status(2);
    run.complains("T0.log: the log ends inside transaction 1, at byte 34");
    let directory = Directory::new()
        .file("J0.log", "{\"value\": [[\"w\", 1, 5, true]]}\n")
        .file("J1.log", "{\"value\": [[\"r\", 1, 5, false]]}\n{\"value\": [[\"r\", [1]]]}\n");
    let run = histcheck("stats .").current_dir(directory.path()).run().status(2);
    run.complains("J1.log: a key is missing").complains(":2:13");
}

#[test]
fn what_a_format_has_no_room_for_is_said() {
    let text = "{\"process\":0,\"type\":\"invoke\",\"f\":\"txn\",\"value\":[[\"w\",\"x\",1]]}\n";
    let run = histcheck("convert --to plume").stdin(text).run().status(0);
    run.complains("1 transaction is of unknown outcome, and left out")
        .complains("there is no room for times");
    histcheck("convert --to cobra").stdin(text).run().status(2).complains("invalid value");
}
