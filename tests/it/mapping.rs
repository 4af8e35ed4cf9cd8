//! Records that other programs write in structures of their own: maps inside, lists around, text in
//! front, and the rules that say what is what.

use std::fs;
use std::path::Path;

use crate::program::{Directory, histcheck};

/// What `f`, `key`, `input` and `output` of the operations of `text` are.
fn operations(text: &str) -> Vec<String> {
    let history = histcheck::read_text(text).unwrap();
    let values = history.values();
    let json = |value| values.to_json(value);
    let shown = history.operations().iter().map(|operation| {
        let key = operation.key.map(|key| json(key) + "/").unwrap_or_default();
        let [input, output] = [operation.input, operation.output].map(json);
        let outcome = operation.outcome.name();
        format!("{key}{} {input} -> {output} {outcome}", history.function(operation.function))
    });
    shown.collect()
}

#[test]
fn structures_are_opened() {
    for (record, shown) in [
        (r#""Input":{"Op":"Put","Key":"a","Value":1},"Output":{}"#, r#""a"/Put 1 -> null ok"#),
        (
            r#""request":{"type":"get","k":"a","v":""},"reply":{"value":5}"#,
            r#""a"/get null -> 5 ok"#,
        ),
        (r#""op":{"name":"write","value":2},"result":null"#, "write 2 -> null ok"),
        (
            r#""args":{"method":"cas","key":7,"expected":1,"new":2},"result":true"#,
            "7/cas [1,2] -> true ok",
        ),
        (
            r#""Input":{"Op":"Cas","Key":"a","From":0,"Value":2},"Output":{"Ok":true}"#,
            r#""a"/Cas [0,2] -> {"Ok":true} ok"#,
        ),
        (
            r#""Input":{"Op":"Get","Key":"a"},"Output":{"Value":"","Err":"ErrNoKey"}"#,
            r#""a"/Get null -> null ok"#,
        ),
        (
            r#""Input":{"Op":"Put","Key":"a","Value":3},"Output":{"Err":"ErrTimeout"}"#,
            r#""a"/Put 3 -> null info"#,
        ),
        (
            r#""Input":{"Op":"Get","Key":"a"},"Output":{"Value":"x","Err":"OK"}"#,
            r#""a"/Get null -> "x" ok"#,
        ),
    ] {
        let text = format!(r#"{{"ClientId":1,{record},"Call":1,"Return":2}}"#);
        assert_eq!(operations(&text), [shown], "{text}");
        let edn = r#"{:ClientId 1 :Input {:op :put :key "a" :value 1} :Call 1 :Return 2}"#;
        assert_eq!(operations(edn), [r#""a"/put 1 -> null ok"#]);
    }
    let event = |kind: &str| {
        format!(r#"{{"process":0,"type":"{kind}","value":{{"f":"write","key":"x","value":1}}}}"#)
    };
    let text = event("invoke") + "\n" + &event("ok");
    assert_eq!(operations(&text), [r#""x"/write 1 -> 1 ok"#]);
}

#[test]
fn what_is_inside_is_read_or_told() {
    let text = "{\"Input\":{\"Op\":\"put\",\"Key\":\"a\",\"Value\":1,\"Ttl\":5},\"Call\":1,\"Return\":2}\n\
                {\"Input\":{\"Op\":\"get\",\"Key\":\"a\"},\"Output\":{\"Value\":1},\"Call\":3,\"Return\":4}\n";
    let report = histcheck("--format json").stdin(text).run().status(0).json();
    let read_as = &report["read_as"];
    assert_eq!(read_as["fields"]["f"], "Input.Op");
    assert_eq!(read_as["fields"]["key"], "Input.Key");
    assert_eq!(read_as["fields"]["output"], "Output.Value");
    assert_eq!(read_as["unused"], serde_json::json!(["Input.Ttl"]));
    // A failure without an outcome is no success.
    let text = "{\"Input\":{\"Op\":\"put\",\"Value\":1},\"Output\":{\"Err\":\"bang\"},\
                \"Call\":1,\"Return\":2}\n";
    histcheck("").stdin(text).run().status(2).complains("says that something went wrong");
    let text = "{\"Input\":{\"Op\":0,\"Value\":1},\"Call\":1,\"Return\":2}\n";
    histcheck("").stdin(text).run().status(2).complains("--map f:0=put --map f:1=get");
}

const FOREIGN: &str = "\
    {\"who\": 0, \"what\": {\"o\": 1, \"args\": [\"x\", 5]}, \"from\": 1, \"till\": 2, \"dbg\": 1}\n\
    {\"who\": 1, \"what\": {\"o\": 0, \"args\": [\"x\"]}, \"got\": \"none\", \"from\": 3, \"till\": 4, \"dbg\": 2}\n";

const RULES: [&str; 9] = [
    "process=.who",
    "f=.what.o",
    "f:0=get",
    "f:1=put",
    "key=.what.args[0]",
    "input=.what.args[1]",
    "output=.got",
    "call=.from",
    "return=.till",
];

#[test]
fn rules_say_what_is_what() {
    let rules: Vec<String> = RULES.iter().map(|rule| format!("--map {rule}")).collect();
    let rules = rules.join(" ");
    // The value that was put is not there.
    let none = format!("{rules} --map output:none=null --format json");
    let report = histcheck(&none).stdin(FOREIGN).run().status(1).json();
    assert_eq!(report["anomalies"][0]["kind"], "stale-read");
    assert_eq!(report["read_as"]["fields"]["f"], "what.o");
    let five = format!("{rules} --map output:none=5");
    histcheck(&five).stdin(FOREIGN).run().status(0).says("valid: 2 operations");
    let followed = format!("{rules} --map output:none=5 --follow");
    // Whole operations have to be there all at once.
    histcheck(&followed).stdin(FOREIGN).run().status(2);
    let csv = "a;b;c;d;e\n0;w;1;1;2\n1;r;1;3;4\n";
    let options = "--input-format csv --map process=.a --map f=.b --map value=.c --map call=.d \
                   --map return=.e";
    histcheck(options).stdin(csv).run().status(0).says("valid: 2 operations");
    histcheck(options).stdin(csv.replace("r;1", "r;2")).run().status(1);
    let wrong = options.replace("--map call=.d", "");
    histcheck(&wrong).stdin(csv).run().status(2).complains("the record has no `call`");
}

#[test]
fn rules_may_be_in_a_file_above() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("runs/1");
    fs::create_dir_all(&inner).unwrap();
    let history = inner.join("log.jsonl");
    fs::write(&history, FOREIGN).unwrap();
    let toml = "time-unit = \"ms\"\n[map]\nprocess = \".who\"\nf = [\".nothing\", \".what.o\"]\n\
                key = \".what.args[0]\"\ninput = \".what.args[1]\"\noutput = \".got\"\n\
                call = \".from\"\nreturn = \".till\"\n\
                [words.f]\n0 = \"get\"\n1 = \"put\"\n[words.output]\nnone = 5\n";
    let file = folder.path().join("histcheck.toml");
    fs::write(&file, toml).unwrap();
    histcheck("").arg(&history).run().status(0).says("valid: 2 operations");
    histcheck("--no-config").arg(&history).run().status(2).complains("error[H00");
    histcheck("").arg("--map=output:none=6").arg(&history).run().status(1);
    let stats = histcheck("stats --format json").arg(&history).run().status(0).json();
    assert_eq!(stats["operations"], 2, "{stats}");
    for (wrong, said) in [
        ("[map", "line 1 is no TOML"),
        ("maps = 1", "`maps` is none of map"),
        ("[map]\nf = 1", "`map.f` is a path"),
        ("[map]\nf = \"op\"", "names no field"),
        ("[map]\ng = \".op\"", "maps `g`"),
        ("time-unit = \"h\"", "`time-unit` is one of"),
        ("[words]\nf = 1", "`words.f` is a table"),
    ] {
        fs::write(&file, wrong).unwrap();
        histcheck("").arg(&history).run().status(2).complains(said).complains("histcheck.toml");
    }
    let other = folder.path().join("other.toml");
    fs::write(&other, toml).unwrap();
    histcheck("--config").arg(&other).arg(&history).run().status(0);
    histcheck("--config").arg(folder.path().join("no.toml")).arg(&history).run().status(2);
}

#[test]
fn a_rule_that_matches_nothing_is_told() {
    let text = "{\"process\":0,\"f\":\"write\",\"input\":1,\"call\":1,\"return\":2}\n\
                {\"process\":0,\"f\":\"read\",\"output\":1,\"call\":3,\"return\":4}\n";
    histcheck("--map key=.kye")
        .stdin(text)
        .run()
        .status(2)
        .complains("`.kye` that `key` is mapped");
    histcheck("--map ignore=.dbg").stdin(text).run().status(0);
    histcheck("--map f").stdin(text).run().status(2).complains("has no `=`");
    // What was mapped elsewhere is no longer what it is called.
    let swapped = histcheck("--map output=.input --map input=.output").stdin(text).run();
    swapped.status(0).says("input from output, output from input");
}

#[test]
fn bare_numbers_have_the_unit_that_is_given() {
    let text = "{\"process\":0,\"f\":\"write\",\"input\":1,\"call\":1,\"duration\":1.5}\n\
                {\"process\":0,\"f\":\"read\",\"output\":1,\"call\":3,\"return\":\"4\"}\n";
    let convert = histcheck("convert - --to jsonl --time-unit ms").stdin(text).run().status(0);
    assert!(convert.stdout.contains("\"call\":1000000"), "{}", convert.stdout);
    assert!(convert.stdout.contains("\"return\":4000000"), "{}", convert.stdout);
    let dated = text.replace(":1,\"duration\":1.5", ":\"2025-03-01T09:00:00Z\"");
    let dated = dated
        .replace(":3,", ":\"2025-03-01T09:00:01Z\",")
        .replace("\"4\"", "null")
        .replacen(":0,\"f\":\"write\"", ":7,\"f\":\"write\"", 1);
    let convert = histcheck("convert - --to jsonl --time-unit ms").stdin(dated).run().status(0);
    assert!(convert.stdout.contains("1740819600000000000"), "{}", convert.stdout);
}

#[test]
fn lists_are_found_in_what_is_around_them() {
    let records = "{\"process\":0,\"f\":\"write\",\"input\":1,\"call\":1,\"return\":2},\n\
                   {\"process\":1,\"f\":\"read\",\"output\":2,\"call\":3,\"return\":4}";
    for text in [
        format!("{{\"schema\": 1, \"operations\": [{records}]}}"),
        format!("{{\"history\": [\n{records}\n], \"nodes\": [\"n1\"], \"ok\": true}}\n"),
    ] {
        let said = histcheck("").stdin(text.clone()).run().status(1);
        said.says("`read → 2` by process 1 (record 1, line");
        histcheck("--input-format json").stdin(text).run().status(1);
    }
    let two = format!("{{\"a\": [{records}], \"b\": {{\"c\": [{records}]}}, \"d\": [{{}}]}}");
    histcheck("").stdin(two.clone()).run().status(2).complains("--map records=.a");
    histcheck("--map records=.b.c").stdin(two.clone()).run().status(2).complains("`a`");
    histcheck("--map records=.b.c --map ignore=.a").stdin(two.clone()).run().status(1);
    histcheck("--map records=.b").stdin(two).run().status(2).complains("no list at `.b`");
    let broken = format!("{{\"operations\": [{records},\n{{\"f\": 1}}]}}");
    let outcome = histcheck("").stdin(broken).run().status(2);
    assert!(outcome.stderr.contains("<stdin>:3:"), "{}", outcome.stderr);
}

#[test]
fn records_are_found_behind_other_text() {
    let write = "\"process\":0,\"f\":\"write\",\"input\":1,\"call\":1,\"return\":2";
    let read = "\"process\":1,\"f\":\"read\",\"output\":2,\"call\":3,\"return\":4";
    for (one, two) in [
        ("     1\t", "     2\t"),
        ("09:00:00 [main] INFO \"op\" - ", "09:00:01 [w{}-1] INFO - "),
        ("[INFO] ", "[INFO] "),
    ] {
        let text = format!("{one}{{{write}}}\nnothing here\n{two}{{{read}}}\n");
        let said = histcheck("").stdin(text.clone()).run().status(1);
        said.says("(record 1, line 3)").says("1 line holds no record and is passed over");
        let cut = &text[..text.len() - 9];
        histcheck("").stdin(cut).run().status(2).complains("H0006");
    }
    let edn = "1: {:process 0, :type :invoke, :f :read, :value nil}\n\
               2: {:process 0, :type :ok, :f :read, :value 3}\n";
    histcheck("").stdin(edn).run().status(1);
    let log = "  1  0 :invoke :read nil\n  2  0 :ok :read 3\n";
    histcheck("").stdin(log).run().status(1);
    histcheck("").stdin(format!("{log}  3  hello\n")).run().status(2);
}

#[test]
fn any_usual_separator_is_known() {
    for separator in [",", ";", "\t", "|"] {
        let text = ["Client,Op,Args,Result,Start,End", "0,write,\"[1,2]\",,1,2", "1,read,,9,3,4"]
            .map(|line| line.replace("[1,2]", "@").replace(',', separator).replace('@', "[1,2]"))
            .join("\n");
        histcheck("").stdin(text).run().status(1).says("read → 9");
    }
}

#[test]
fn keys_are_found_among_arguments() {
    let whole = |f: &str, input: &str, output: &str, at: u32| {
        let end = at + 1;
        format!(
            "{{\"process\":0,\"f\":\"{f}\",\"input\":{input},\"output\":{output},\
             \"call\":{at},\"return\":{end}}}\n"
        )
    };
    for (write, other, read, seen) in [
        (r#"{"key":"x","value":1}"#, r#"{"key":"y","value":2}"#, r#"{"key":"x"}"#, "1"),
        (r#"{"k":"x","v":1}"#, r#"{"k":"y","v":2}"#, r#"{"k":"x"}"#, r#"{"k":"x","v":1}"#),
        (r#"["x",1]"#, r#"["y",2]"#, r#"["x"]"#, "1"),
        (r#"["x",1]"#, r#"["y",2]"#, r#""x""#, "1"),
    ] {
        let text = whole("write", write, "null", 1)
            + &whole("write", other, "null", 3)
            + &whole("read", read, seen, 5);
        let shown = operations(&text);
        let expected = [r#""x"/write 1"#, r#""y"/write 2"#, r#""x"/read null -> 1 ok"#];
        for (shown, expected) in shown.iter().zip(expected) {
            assert!(shown.starts_with(expected), "{shown}: {text}");
        }
    }
    // A register may hold such maps, and its reads say so.
    let text = whole("write", r#"{"key":"x","value":1}"#, "null", 1)
        + &whole("read", "null", r#"{"key":"x","value":1}"#, 3);
    assert!(operations(&text)[0].starts_with("write {"));
    // What may be a key is not passed over.
    let text = whole("write", "1", "null", 1) + &whole("read", r#"{"of":"x"}"#, "1", 3);
    histcheck("").stdin(text).run().status(2).complains("a read takes nothing");
    let text = whole("write", "1", "null", 1) + &whole("read", "5", "1", 3);
    histcheck("").stdin(text).run().status(0).says("W0010");
}

#[test]
fn what_is_no_number_does_no_harm_where_nothing_depends_on_it() {
    let text = "{:process 0 :type :invoke :f :write :value 1}\n\
                {:process 0 :type :ok :f :write :value 1 :latency {:mean ##NaN :max [##Inf 2]}}\n\
                {:process 1 :type :invoke :f :read :value nil :load ##-Inf}\n\
                {:process 1 :type :ok :f :read :value 1}\n";
    histcheck("").stdin(text).run().status(0);
    let text = text.replace(":read :value 1", ":read :value [1 ##NaN]");
    histcheck("").stdin(text).run().status(2).complains("NaN is no value").complains("4:42");
}

#[test]
fn lists_of_micro_operations_are_transactions() {
    let text = "{:process 0 :type :invoke :value [[:w 1 5]]}\n\
                {:process 0 :type :ok :value [[:w 1 5]]}\n\
                {:process 1 :type :invoke :value [[:r 1 nil]]}\n\
                {:process 1 :type :ok :value [[:r 1 6]]}\n";
    histcheck("").stdin(text).run().status(1);
    let text = text.replace("[[:w 1 5]]", "[[:x 1 5]]");
    histcheck("").stdin(text).run().status(2).complains("H0007");
}

#[test]
fn the_user_may_say_who_is_a_client() {
    let event = |process: &str, kind: &str, f: &str, value: u32| {
        format!("{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"value\":{value}}}\n")
    };
    let both = |process: &str, f: &str, value| {
        event(process, "invoke", f, if f == "read" { 0 } else { value })
            + &event(process, "ok", f, value)
    };
    let text =
        both("\"web-1\"", "write", 1) + &both("\"checker\"", "read", 7) + &both("3", "read", 1);
    histcheck("").stdin(text.clone()).run().status(1);
    for options in ["--clients web-*,3", "--ignore-process checker", "--ignore-process check*,x"] {
        histcheck(options).stdin(text.clone()).run().status(0).says("2 operations");
        histcheck(&format!("{options} --follow")).stdin(text.clone()).run().status(0);
    }
    histcheck("--clients 4").stdin(text.clone()).run().status(2).complains("H0002");
    histcheck("--ignore-process 3 --ignore-process checker").stdin(text).run().says("1 operation");
    let whole = "{\"process\":1,\"f\":\"write\",\"input\":1,\"call\":1,\"return\":2}\n\
                 {\"process\":2,\"f\":\"read\",\"output\":9,\"call\":3,\"return\":4}\n";
    histcheck("--ignore-process 2").stdin(whole).run().says("valid: 1 operation");
}

#[test]
fn rules_are_proposed_for_a_foreign_file() {
    let text = FOREIGN.to_owned()
        + &FOREIGN.replace("\"from\": ", "\"from\": 1").replace("\"till\": ", "\"till\": 1");
    let folder = Directory::new().file("run.jsonl", text);
    let said = histcheck("init run.jsonl").current_dir(folder.path()).run().status(2);
    for line in [
        "Wrote histcheck.toml",
        "f = \".what.o\"",
        "input = \".what.args\"  # `args` is a usual name for it",
        "call = \".from\"",
        "return = \".till\"",
        "process = \".who\"",
        "output = \".got\"       # only some records have it",
        "# ? = \".dbg\"  # not used; it holds 1, 2",
        "# \"0\" = \"?\"  # nothing tells what it means",
    ] {
        assert!(said.stdout.contains(line), "{line}: {}", said.stdout);
    }
    // What nothing tells is left to the user, and an error says so.
    let said = histcheck("run.jsonl").current_dir(folder.path()).run().status(2);
    said.complains("--map f:0=get --map f:1=put");
    let toml = folder.read("histcheck.toml");
    let toml =
        toml.replace("# \"0\" = \"?\"", "0 = \"get\"").replace("# \"1\" = \"?\"", "1 = \"put\"");
    let folder = folder.file("histcheck.toml", toml + "\n[words.output]\nnone = 5\n");
    let said = histcheck("run.jsonl").current_dir(folder.path()).run().status(0);
    said.says("valid: 4 operations").says("f from what.o");
    let again = histcheck("init run.jsonl").current_dir(folder.path()).run().status(2);
    again.complains("histcheck.toml is there already");
    let seen = histcheck("init -o - run.jsonl").current_dir(folder.path()).run().status(2);
    seen.says("[words.f]");
}

#[test]
fn a_file_that_is_read_needs_no_rules() {
    let folder = Directory::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("histories");
    for name in ["stale-read.jsonl", "duplicate-delivery.edn", "lost-append.csv"] {
        let said = histcheck("init").arg(root.join(name)).current_dir(folder.path()).run();
        said.status(0).says("is read without rules").says("operations, as they are read:");
    }
    let wrapped = "{\"operations\":[{\"client\":1,\"op\":\"PUT_KEY\",\"arg\":1,\"start\":1,\"end\":2},\
                   {\"client\":2,\"op\":\"GET_KEY\",\"result\":1,\"start\":3,\"end\":4}]}";
    let said = histcheck("init - -o -").stdin(wrapped).current_dir(folder.path()).run().status(0);
    said.says("\"GET_KEY\" = \"get\"  # by its name")
        .says("process 2 get null → 1, ok from 3 to 4");
}

#[test]
fn rules_are_proposed_for_logfmt_and_traces() {
    let log = "time=1 level=INFO msg=\"op done\" who=1 what=put key=a value=1 call=10 return=20\n\
               time=2 level=INFO msg=\"op done\" who=2 what=get key=a value=1 call=30 return=40\n\
               time=3 level=WARN msg=retry attempt=2\n\
               time=4 level=INFO msg=\"op done\" who=1 what=get key=a value=1 call=50 return=60\n";
    let trace = "{\"resourceSpans\": [{\"scopeSpans\": [{\"spans\": [\
        {\"spanId\": \"1\", \"name\": \"update\", \"startTimeUnixNano\": \"1\", \
         \"endTimeUnixNano\": \"2\", \"attributes\": [\
          {\"key\": \"db.what\", \"value\": {\"stringValue\": \"put\"}},\
          {\"key\": \"value\", \"value\": {\"intValue\": \"1\"}}]},\
        {\"spanId\": \"2\", \"name\": \"find\", \"startTimeUnixNano\": \"3\", \
         \"endTimeUnixNano\": \"4\", \"attributes\": [\
          {\"key\": \"db.what\", \"value\": {\"stringValue\": \"get\"}},\
          {\"key\": \"result\", \"value\": {\"intValue\": \"1\"}}]}]}]}]}\n";
    for (name, text, rule) in [
        ("run.log", log, "f = \".what\""),
        ("run.json", trace, "f = \".attributes.\\\"db.what\\\"\""),
    ] {
        let directory = Directory::new().file(name, text);
        let run = |arguments: &str| histcheck(arguments).current_dir(directory.path()).run();
        run(name).status(2).complains("--map f=.");
        let toml = run(&format!("init {name}")).status(0).says(rule);
        assert!(!toml.stdout.contains("process = \".msg\""), "{}", toml.stdout);
        run(name).status(0).says("linearizable");
    }
}

#[test]
fn a_path_that_leads_nowhere_is_named() {
    let text = r#"{"process":0,"type":"invoke","f":"write","value":1}"#;
    for follow in ["", "--follow"] {
        let run = histcheck(&format!("{follow} --map f=.Input.Op")).stdin(text).run();
        assert_eq!(run.status, 2);
        let message = "the record has no field `.Input.Op` that `f` is mapped to";
        assert!(run.stderr.contains(message), "{}", run.stderr);
    }
}

#[test]
fn init_guesses_by_contents() {
    let mut text = String::new();
    for at in 0..20 {
        let (value, what) = if at % 2 == 0 { ("with", "put") } else { ("got", "get") };
        let time = 1000 + 7 * at;
        text += &format!(
            "{{\"who\":{},\"what\":\"{what}\",\"{value}\":{},\"a\":{time},\"b\":{}}}\n",
            at % 3,
            at / 2,
            time + 5
        );
    }
    // Two records are enough.
    let few: String = text.split_inclusive('\n').take(2).collect();
    for text in [text, few] {
        let run = histcheck("init - -o -").stdin(text.clone()).run().status(0);
        let rules =
            ["f=.what", "call=.a", "return=.b", "process=.who", "input=.with", "output=.got"];
        let program = rules.iter().fold(histcheck(""), |program, rule| {
            let (target, path) = rule.split_once('=').unwrap();
            assert!(run.stdout.contains(&format!("{target} = \"{path}\"")), "{}", run.stdout);
            program.arg("--map").arg(rule)
        });
        assert_eq!(run.stdout.matches("# a guess: ").count(), 5, "{}", run.stdout);
        program.stdin(text).run().status(0);
    }
    // Numbers for names tell nothing where nothing tells reads from writes.
    let numbers =
        "{\"o\":1,\"v\":5,\"start\":1,\"end\":2}\n{\"o\":0,\"x\":5,\"start\":3,\"end\":4}\n";
    let run = histcheck("--map f=.o").stdin(numbers).run().status(2);
    assert!(!run.stderr.contains("f:1=get"), "{}", run.stderr);
    histcheck("--map f=.o --map input=.v --map output=.x")
        .stdin(numbers)
        .run()
        .status(2)
        .complains("f:0=get --map f:1=put");
}
