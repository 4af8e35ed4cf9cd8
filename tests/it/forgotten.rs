//! Values while a history is followed: those that an object holds, or a crashed operation might yet
//! put into it, outlive all others.

use crate::program::histcheck;

/// What happens to one object: functions, inputs and outputs as JSON.
struct Story {
    model: &'static str,
    /// Before many other values come and go.
    done: [&'static str; 3],
    crashed: [&'static str; 2],
    /// Behind them.
    seen: &'static [[&'static str; 3]],
    /// What the last operation cannot have returned.
    wrong: &'static str,
    /// What is done to every other object.
    idle: [&'static str; 3],
}

const STORIES: [Story; 13] = [
    Story {
        model: "register",
        done: ["write", r#""a""#, "null"],
        crashed: ["write", r#""b""#],
        seen: &[["read", "null", r#""a""#], ["read", "null", r#""b""#]],
        wrong: r#""c""#,
        idle: ["read", "null", "null"],
    },
    Story {
        model: "cas-register",
        done: ["write", r#""a""#, "null"],
        crashed: ["cas", r#"["a","b"]"#],
        seen: &[["read", "null", r#""a""#], ["read", "null", r#""b""#]],
        wrong: r#""c""#,
        idle: ["read", "null", "null"],
    },
    Story {
        model: "multi-register",
        done: ["txn", r#"[["w","x","a"]]"#, r#"[["w","x","a"]]"#],
        crashed: ["txn", r#"[["w","y","b"]]"#],
        seen: &[
            ["txn", r#"[["r","x",null]]"#, r#"[["r","x","a"]]"#],
            ["txn", r#"[["r","y",null]]"#, r#"[["r","y","b"]]"#],
        ],
        wrong: r#"[["r","y","c"]]"#,
        idle: ["txn", r#"[["r",1,null]]"#, r#"[["r",1,null]]"#],
    },
    Story {
        model: "list-append",
        done: ["txn", r#"[["append","x","a"]]"#, r#"[["append","x","a"]]"#],
        crashed: ["txn", r#"[["append","y","b"]]"#],
        seen: &[
            ["txn", r#"[["r","x",null]]"#, r#"[["r","x",["a"]]]"#],
            ["txn", r#"[["r","y",null]]"#, r#"[["r","y",["b"]]]"#],
        ],
        wrong: r#"[["r","y",["c"]]]"#,
        idle: ["txn", r#"[["r",1,null]]"#, r#"[["r",1,[]]]"#],
    },
    Story {
        model: "kv",
        done: ["put", r#"["a"]"#, "null"],
        crashed: ["put", r#"["b"]"#],
        seen: &[["get", "null", r#"["a"]"#], ["get", "null", r#"["b"]"#]],
        wrong: r#"["c"]"#,
        idle: ["get", "null", "null"],
    },
    Story {
        model: "set",
        done: ["add", r#""a""#, "null"],
        crashed: ["add", r#""b""#],
        seen: &[["read", "null", r#"["a"]"#], ["read", "null", r#"["a","b"]"#]],
        wrong: r#"["b"]"#,
        idle: ["read", "null", "[]"],
    },
    Story {
        model: "fifo-queue",
        done: ["enqueue", r#""a""#, "null"],
        crashed: ["enqueue", r#""b""#],
        seen: &[["dequeue", "null", r#""a""#], ["dequeue", "null", r#""b""#]],
        wrong: r#""a""#,
        idle: ["peek", "null", "null"],
    },
    Story {
        model: "unordered-queue",
        done: ["enqueue", r#""a""#, "null"],
        crashed: ["enqueue", r#""b""#],
        seen: &[["dequeue", "null", r#""a""#], ["dequeue", "null", r#""b""#]],
        wrong: r#""a""#,
        idle: ["peek", "null", "null"],
    },
    Story {
        model: "acked-queue",
        done: ["enqueue", r#""a""#, "null"],
        crashed: ["enqueue", r#""b""#],
        seen: &[["dequeue", "null", r#""a""#], ["dequeue", "null", r#""b""#]],
        wrong: r#""c""#,
        idle: ["dequeue", "null", "null"],
    },
    Story {
        model: "stack",
        done: ["push", r#""a""#, "null"],
        crashed: ["push", r#""b""#],
        seen: &[["pop", "null", r#""a""#], ["pop", "null", r#""b""#]],
        wrong: r#""a""#,
        idle: ["peek", "null", "null"],
    },
    Story {
        model: "priority-queue",
        done: ["insert", r#"[1,"a"]"#, "null"],
        crashed: ["insert", r#"[2,"b"]"#],
        seen: &[["dequeue", "null", r#"[1,"a"]"#], ["dequeue", "null", r#"[2,"b"]"#]],
        wrong: r#"[1,"a"]"#,
        idle: ["peek", "null", "null"],
    },
    Story {
        model: "log",
        done: ["append", r#""a""#, "null"],
        crashed: ["append", r#""b""#],
        seen: &[["read", "null", r#"["a"]"#], ["read", "null", r#"["a","b"]"#]],
        wrong: r#"["b"]"#,
        idle: ["read", "null", "[]"],
    },
    Story {
        model: "bank",
        done: ["transfer", r#"{"from":"a","to":"b","amount":1}"#, "null"],
        crashed: ["deposit", r#"{"account":"c","amount":5}"#],
        seen: &[
            ["balance", r#""a""#, "9"],
            ["balance", r#""b""#, "11"],
            ["balance", r#""c""#, "15"],
        ],
        wrong: "16",
        idle: ["balance", r#""z""#, "10"],
    },
];

/// So many objects that nothing is kept of any to explain a violation by.
const OBJECTS: u32 = 5_000;

/// How long values are that take much memory.
const LARGE: usize = 1 << 20;

/// The key of the object that matters.
const OWN: &str = "\"own\"";

impl Story {
    /// The history, whose last operation returns `last`.
    fn told(&self, last: &str) -> String {
        let initial = if self.model == "bank" { "10" } else { "null" };
        let mut text =
            format!("{{\"histcheck\":{{\"model\":\"{}\",\"initial\":{initial}}}}}\n", self.model);
        for key in 0..OBJECTS {
            text += &operation(&key.to_string(), 0, "ok", self.idle);
        }
        text += &operation(OWN, 0, "ok", self.done);
        text += &operation(OWN, 1, "info", [self.crashed[0], self.crashed[1], self.crashed[1]]);
        for letter in 'a'..'m' {
            let large = letter.to_string().repeat(LARGE);
            text +=
                &format!("{{\"process\":\"nemesis\",\"type\":\"info\",\"value\":\"{large}\"}}\n");
        }
        let (&[function, input, _], others) = self.seen.split_last().unwrap();
        others.iter().for_each(|&other| text += &operation(OWN, 2, "ok", other));
        text + &operation(OWN, 2, "ok", [function, input, last])
    }
}

/// The records of one operation on the object with this key.
fn operation(key: &str, process: u32, kind: &str, told: [&str; 3]) -> String {
    let [function, input, output] = told;
    let record = |kind: &str, value: &str| {
        format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{function}\",\"value\":{value},\
             \"key\":{key}}}\n"
        )
    };
    record("invoke", input) + &record(kind, output)
}

#[test]
fn what_objects_hold_outlives_other_values() {
    for story in &STORIES {
        let right = story.seen.last().unwrap()[2];
        for (last, status) in [(right, 0), (story.wrong, 1)] {
            let run = histcheck("--follow -q").stdin(story.told(last)).run();
            assert_eq!(run.status, status, "{} → {last}: {}", story.model, run.stdout);
        }
    }
}
