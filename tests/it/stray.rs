//! Records that do not stand where the others do: in another notation, or in another list. None is
//! passed over without a word.

use crate::program::histcheck;

const WRITE: [&str; 2] = [
    "INFO {\"process\": 0, \"type\": \"invoke\", \"f\": \"write\", \"value\": 1}\n",
    "INFO {\"process\": 0, \"type\": \"ok\", \"f\": \"write\", \"value\": 1}\n",
];

#[test]
fn records_in_another_notation_are_refused() {
    for read in [
        "process=1 type=invoke f=read\nprocess=1 type=ok f=read value=7\n",
        "{'process': 1, 'type': 'invoke', 'f': 'read'}\n{'process': 1, 'type': 'ok', 'value': 7}\n",
        "{:process 1, :type :invoke, :f :read}\n{:process 1, :type :ok, :f :read, :value 7}\n",
        "1,invoke,read,\n1,ok,read,7\n",
        "Op{process=1, type=invoke, f=read}\nOp{process=1, type=ok, f=read, value=7}\n",
        "- process: 1\n  type: invoke\n  f: read\n- process: 1\n  type: ok\n  value: 7\n",
    ] {
        let [call, end] = WRITE;
        for text in [format!("{call}{end}{read}"), format!("{call}{read}{end}")] {
            let run = histcheck("").stdin(text.clone()).run().status(2);
            let run = run.complains("H0005").complains("looks like a record").complains("= help");
            let line = text.lines().position(|line| !line.starts_with("INFO")).unwrap() + 1;
            // A record over several lines is one from the line on that makes it one.
            let lines = [line, line + 1, line + 2].map(|line| format!("<stdin>:{line}:"));
            assert!(lines.iter().any(|place| run.stderr.contains(place)), "{}", run.stderr);
        }
    }
    // So are those in the text of a logger's messages, in logfmt, and in a log of Jepsen.
    for text in [
        "{\"message\": \"{\\\"process\\\":0,\\\"type\\\":\\\"invoke\\\",\\\"f\\\":\\\"read\\\"}\"}\n\
         {\"message\": \"process=0 type=ok f=read value=7\"}\n",
        "time=1 process=0 type=invoke f=read\n{\"process\": 0, \"type\": \"ok\", \"value\": 7}\n",
        "INFO jepsen.util - 0\t:invoke\t:read\tnil\nprocess=0 type=ok f=read value=7\n",
        "INFO {:process 0, :type :invoke, :f :read}\nprocess=0 type=ok f=read value=7\n",
    ] {
        histcheck("").stdin(text).run().status(2).complains("looks like a record");
    }
}

#[test]
fn what_is_no_record_is_passed_over_and_counted() {
    let [call, end] = WRITE;
    let text = format!("{call}INFO workers: 3, thread=main\n# process=1 type=ok\n{end}");
    histcheck("").stdin(text).run().status(0).says("2 lines hold no record");
    // Comments and other lines may come first.
    let [call, end] = WRITE.map(|line| line.replace("INFO ", ""));
    for above in ["# my run\n", "// my run\n// of today\n", "starting the test\n", "#\n\n"] {
        let text = format!("{above}{call}{end}");
        histcheck("").stdin(text).run().status(0).says("(W0009)");
    }
    let edn = "; my run\n{:process 0, :type :invoke, :f :read}\n\
               {:process 0, :type :ok, :f :read, :value 7}\n";
    histcheck("").stdin(edn).run().status(1);
}

#[test]
fn the_end_of_an_operation_in_logfmt_need_not_name_it() {
    let text = "time=1 process=0 type=invoke f=read\ntime=2 process=0 type=ok value=7\n";
    histcheck("").stdin(text).run().status(1).says("phantom-read");
}

const ONE: &str = "{\"op\":\"write\",\"value\":1,\"start\":1,\"end\":2}";
const OTHER: &str = "{\"op\":\"read\",\"value\":5,\"start\":3,\"end\":4}";

#[test]
fn no_list_of_records_is_left_out_without_a_word() {
    let two = format!("{{\"1\": [{ONE}], \"2\": [{OTHER}]}}");
    let run = |rules: &str, text: &str| histcheck(rules).stdin(text.to_owned()).run();
    run("", &two).status(2).complains("`1` and `2`").complains("--map records=.1 --map records=.2");
    run("--map records=.1", &two).status(2).complains("H0028").complains("`2` holds records");
    // What the errors propose works.
    run("--map records=.1 --map ignore=.2", &two).status(0);
    for rules in ["--map records=.1 --map records=.2", "--map records=.2 --map records=.1"] {
        run(rules, &two).status(1).says("(record 1, line 1)");
        run(rules, &format!("{{\"0\": [], \"1\": [{ONE}], \"2\": [{OTHER}]}}")).status(1);
        run(rules, &format!("{{\"1\": [], \"2\": [{OTHER}]}}")).status(1);
    }
    let deep = format!("{{\"history\": [{ONE}], \"more\": {{\"history\": [{OTHER}]}}}}");
    run("", &deep).status(2).complains("--map records=.history --map records=.more.history");
    run("--map records=.history --map records=.more.history", &deep).status(1);
    run("--map ignore=.more", &deep).status(0);
    let inner = format!("{{\"clients\": {{\"a\": [{ONE}], \"b\": [{OTHER}]}}}}");
    run("", &inner).status(2).complains("--map records=.clients.a --map records=.clients.b");
    let rows = format!("{{\"a\": [[\"write\", 1, 1, 2]], \"b\": [{OTHER}]}}");
    run("", &rows).status(2).complains("`a` holds records");
    let items = format!("{{\"clients\": [{{\"id\": 1, \"ops\": [{ONE}]}}]}}");
    run("", &items).status(2).complains("jq -c '.clients[].ops[]'");
    let map = format!("{{\"ops\": {{\"a\": {ONE}, \"b\": {OTHER}}}}}");
    run("", &map).status(2).complains("jq -c '.ops[]'");
    // What stands beside the records is no list of them.
    let beside = format!(
        "{{\"nodes\": {{\"all\": [{{\"name\": \"n1\", \"key\": 1}}]}}, \"history\": [{ONE}]}}"
    );
    run("", &beside).status(0);
}

#[test]
fn events_of_several_lists_have_no_order() {
    let event = |process: u32, kind: &str| {
        format!("{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"read\",\"value\":1}}")
    };
    let list = |process| format!("[{},{}]", event(process, "invoke"), event(process, "ok"));
    let text = format!("{{\"1\":{},\"2\":{}}}", list(1), list(2));
    for rules in ["", "--map records=.1", "--map records=.1 --map records=.2"] {
        histcheck(rules).stdin(text.clone()).run().status(2).complains("--merge");
    }
    let edn = "{:a [{:process 1 :type :invoke :f :read} {:process 1 :type :ok :f :read :value 1}]
                :b [{:process 2 :type :invoke :f :read} {:process 2 :type :ok :f :read :value 5}]}";
    histcheck("").stdin(edn).run().status(2).complains("--map records=.a --map ignore=.b");
    histcheck("--map records=.a").stdin(edn).run().status(2).complains("`b`");
    histcheck("--map records=.a --map ignore=.b --init 1").stdin(edn).run().status(0);
}
