//! Times as programs write them: ends that did not come, durations of several units, dates of EDN.

use crate::program::histcheck;

/// A write that ends as `end` says, and reads of what was there before.
fn json(end: &str) -> String {
    format!(
        "{{\"client\":1,\"op\":\"write\",\"value\":1,\"start\":\"2025-01-01T00:00:00Z\",\"end\":{end}}}\n\
         {{\"client\":2,\"op\":\"read\",\"output\":0,\"start\":\"2025-01-01T00:00:01Z\",\
         \"end\":\"2025-01-01T00:00:02Z\"}}\n"
    )
}

fn csv(end: &str) -> String {
    format!(
        "client,op,value,output,start,end\n1,write,1,,2025-01-01T00:00:00Z,{end}\n\
         2,read,,0,2025-01-01T00:00:01Z,2025-01-01T00:00:02Z\n"
    )
}

#[test]
fn what_stands_for_no_end_is_none() {
    for never in
        ["", "-", "N/A", "NaN", "NaT", "None", "null", "NULL", "nil", "0001-01-01T00:00:00Z"]
    {
        // The write may still take effect after the reads, and before them.
        for text in [json(&format!("\"{never}\"")), csv(never)] {
            for init in ["0", "5"] {
                let run = histcheck(&format!("--init {init}")).stdin(text.clone()).run();
                run.status(i32::from(init == "5"));
            }
        }
    }
    histcheck("--init 0").stdin(json("null")).run().status(0);
    // One that ended before contradicts them.
    let ended = "2025-01-01T00:00:00.5Z";
    histcheck("--init 0").stdin(json(&format!("\"{ended}\""))).run().status(1);
    histcheck("--init 0").stdin(csv(ended)).run().status(1);
    for text in [json("\"soon\""), csv("soon")] {
        histcheck("--init 0").stdin(text).run().status(2).complains("is a time");
    }
    // What a read returns is a value, whatever it looks like.
    let read = json("null").replace("\"output\":0", "\"output\":\"N/A\"");
    histcheck("").stdin(read.clone()).run().status(1).says("read → \"N/A\"");
    histcheck("--init \"N/A\"").stdin(read).run().status(0);
}

#[test]
fn durations_of_several_units_are_read() {
    for (took, status) in [
        ("PT0.5S", 1),
        ("500ms", 1),
        ("0.5s", 1),
        ("250µs", 1),
        ("1m2s", 0),
        ("1m2.5s", 0),
        ("1h", 0),
        ("PT1H", 0),
        ("-", 0),
    ] {
        let text = json("null").replace("\"end\":null", &format!("\"duration\":\"{took}\""));
        histcheck("--init 0").stdin(text).run().status(status);
    }
}

#[test]
fn dates_and_namespaces_of_edn_are_read() {
    let edn = |end: &str| {
        format!(
            "{{:op/process 1 :op/f :write :op/value 1 :op/start #inst \"2025-01-01T00:00:00.000-00:00\"
              :op/end {end}}}
             {{:op/process 2 :op/f :read :op/output 0 :op/start #inst \"2025-01-01T00:00:01.000-00:00\"
              :op/end #inst \"2025-01-01T00:00:02.000-00:00\"}}"
        )
    };
    histcheck("--init 0").stdin(edn("nil")).run().status(0);
    histcheck("--init 0").stdin(edn("#inst \"2025-01-01T00:00:00.500-00:00\"")).run().status(1);
    let events = "{:op/process 1 :op/type :invoke :op/f :read :error/type :none}
                  #:op{:process 1 :type :ok :f :read :value 2 :error/type :none}";
    histcheck("").stdin(events).run().status(1).says("read → 2");
    // Names without a namespace come first.
    let both = "{:process 1 :type :invoke :f :read :server/process 7}
                {:process 1 :type :ok :f :read :value 2 :server/process 8}";
    histcheck("").stdin(both).run().status(1).says("by process 1");
}
