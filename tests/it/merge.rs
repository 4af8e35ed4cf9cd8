//! One run whose records are in several files.

use crate::program::{Directory, histcheck};

fn event(process: u32, kind: &str, f: &str, value: &str, time: u32) -> String {
    format!(
        "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value},\
         \"time\":{time}}}\n"
    )
}

/// The logs of two clients: one writes 1 and 2, the other reads what `seen` says after that.
fn logs(seen: &str) -> [String; 2] {
    let writer = event(0, "invoke", "write", "1", 10)
        + &event(0, "ok", "write", "1", 20)
        + &event(0, "invoke", "write", "2", 40)
        + &event(0, "ok", "write", "2", 50);
    let reader = event(1, "invoke", "read", "null", 25)
        + &event(1, "ok", "read", "1", 30)
        + &event(1, "invoke", "read", "null", 60)
        + &event(1, "ok", "read", seen, 70);
    [writer, reader]
}

#[test]
fn logs_of_clients_are_ordered_by_their_times() {
    for (seen, status) in [("2", 0), ("1", 1)] {
        let [writer, reader] = logs(seen);
        let directory = Directory::new().file("w.jsonl", &writer).file("r.jsonl", &reader);
        for files in ["w.jsonl r.jsonl", "r.jsonl w.jsonl", "."] {
            let program = histcheck(&format!("check --merge --self-check {files}"));
            let run = program.current_dir(directory.path()).run();
            let run = run.status(status).says("4 operations");
            if status == 1 {
                run.says("line 3 of").says("r.jsonl:3").says("w.jsonl:3");
            }
        }
        // One behind the other, they say something else.
        let run = histcheck("").stdin(writer + &reader).run();
        assert!(seen == "1" || run.status == 1, "{}", run.stdout);
    }
}

#[test]
fn places_name_the_file() {
    let [writer, reader] = logs("1");
    let table = "process,type,f,value,time\n".to_owned()
        + "0,invoke,write,1,10\n0,ok,write,1,20\n0,invoke,write,2,40\n0,ok,write,2,50\n";
    let directory = Directory::new()
        .file("w.csv", &table)
        .file("w.jsonl", &writer)
        .file("r.jsonl.txt", &reader)
        .file("torn.jsonl", reader.replace("\"ok\"", "\"okay-ish\""))
        .file("timeless.jsonl", reader.replace(",\"time\":30", ""));
    let run = |arguments: &str| histcheck(arguments).current_dir(directory.path()).run();
    // Each file has a format of its own.
    let json = run("check --merge w.csv r.jsonl.txt --format json").status(1).json();
    let failure = &json["failures"][0];
    assert_eq!((&failure["file"], &failure["line"]), (&"r.jsonl.txt".into(), &3.into()));
    run("check --merge w.csv r.jsonl.txt --format github").says("::error file=r.jsonl.txt,line=3,");
    let sarif = run("check --merge w.csv r.jsonl.txt --format sarif").stdout;
    let sarif: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    let uri = |location: &serde_json::Value| {
        let place = &location["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap().to_owned();
        (uri, place["region"]["startLine"].as_u64())
    };
    assert_eq!(uri(&result["locations"][0]), ("r.jsonl.txt".to_owned(), Some(3)));
    assert_eq!(uri(&result["relatedLocations"][0]), ("w.csv".to_owned(), Some(2)));
    run("check --merge w.csv r.jsonl.txt --format junit").says("line 3 of r.jsonl.txt");
    run("check --merge w.csv r.jsonl.txt --format markdown").says("r&#46;jsonl&#46;txt</code> 3");
    // So do errors.
    run("check --merge w.jsonl torn.jsonl").status(2).complains("torn.jsonl:2:").complains("H0009");
    run("check --merge w.jsonl timeless.jsonl")
        .status(2)
        .complains("timeless.jsonl:2:1")
        .complains("--merge) needs a time on every record");
    run("check --merge w.jsonl gone.jsonl").status(2).complains("gone.jsonl: cannot read it");
    run("check --merge w.jsonl torn.jsonl --format json").status(2).says("torn.jsonl: ");
    run("check --merge -").status(2).complains("cannot read standard input");
    run("check --merge").status(2).complains("needs the names of files");
    run("check --merge --follow w.jsonl").status(2);
}

#[test]
fn one_client_is_one_in_all_files() {
    let one = event(0, "invoke", "write", "1", 10) + &event(0, "ok", "write", "1", 30);
    let other = event(0, "invoke", "read", "null", 20) + &event(0, "ok", "read", "1", 40);
    let directory = Directory::new().file("a.jsonl", &one).file("b.jsonl", &other);
    let run = |arguments: &str| histcheck(arguments).current_dir(directory.path()).run();
    run("check --merge a.jsonl b.jsonl").status(2).complains("H0011").complains("--split-clients");
    run("check --merge --split-clients a.jsonl b.jsonl").status(0).says("W0012");
}

/// A folder as etcd's robustness tests leave it, with one operation that a client did.
fn report(wrong: bool) -> Directory {
    let op = |client: u32, f: &str, what: &str, call: u32| {
        format!(
            "{{\"ClientId\":{client},\"f\":\"{f}\",{what},\"Call\":{call},\"Return\":{}}}\n",
            call + 5
        )
    };
    let seen = if wrong { "\"Output\":1" } else { "\"Output\":2" };
    Directory::new()
        .file("run/client-2/operations.json", op(2, "write", "\"Input\":1", 10))
        .file("run/client-10/operations.json", op(10, "read", seen, 50))
        .file("run/client-10/watch.json", "{\"Events\":[]}\n")
        .file("run/client-3/operations.json", op(3, "write", "\"Input\":2", 30))
        .file("run/client-4/watch.json", "{\"Events\":[]}\n")
        .file(
            "other.jsonl",
            event(0, "invoke", "write", "1", 1)
                + &event(1, "invoke", "read", "null", 2)
                + &event(1, "ok", "read", "1", 3),
        )
}

#[test]
fn a_report_of_etcds_tests_is_one_run() {
    for (wrong, status) in [(false, 0), (true, 1)] {
        let directory = report(wrong);
        let run = |arguments: &str| histcheck(arguments).current_dir(directory.path()).run();
        let checked = run("run").status(status).says("3 operations of 3 processes");
        let checked = checked.complains("2 files of clients passed over (watch.json)");
        if wrong {
            checked.says("line 1 of run/client-10/operations.json");
            run("report --to svg run").says("line 1 of run/client-10/operations.json");
            let page = run("report --to html run");
            page.says("\"files\":[\"run/client-2/operations.json\",").says("[2,1,2]");
        }
        // It stands among others.
        let all = run(".").status(status);
        assert_eq!(
            all.stdout.matches("operations, linearizable").count(),
            if wrong { 1 } else { 2 }
        );
        run("convert --to csv run").status(0).says("2,write,");
        run("stats run").status(0).says("3 operations");
        run("report --to json run").says("\"operations\":3");
        run("--follow run").status(2).complains("cannot be followed");
    }
}
