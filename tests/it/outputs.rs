//! What the program writes: whole or not at all, and never onto what it reads.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::program::{Directory, histcheck};

/// A history with a violation, on 40 keys.
fn history(operations: usize) -> String {
    let mut text = String::new();
    for at in 0..operations {
        let (process, key) = (at % 7, at % 40);
        let (f, value) = if at % 80 == 79 { ("read", at * 7) } else { ("write", at) };
        for kind in ["invoke", "ok"] {
            text += &format!(
                "{{\"process\":{process},\"type\":\"{kind}\",\"f\":\"{f}\",\"key\":{key},\
                 \"value\":{value},\"time\":{at}}}\n"
            );
        }
    }
    text
}

/// Every way to write a file, and the option that names it last.
const WAYS: &[&str] = &[
    "convert --to edn --output",
    "convert --to csv -o",
    "report --to html -o",
    "report --to json -o",
    "plot --kind latency -o",
    "shrink -o",
    "check -q --explain-timeout 1s --svg",
    "check -q --explain-timeout 1s --html",
    "check -q --explain-timeout 0s --witness",
];

/// The names in a directory, sorted.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn nothing_is_written_onto_an_input() {
    let text = history(100);
    let directory = Directory::new().file("in.jsonl", &text);
    let path = |name: &str| directory.path().join(name);
    fs::hard_link(path("in.jsonl"), path("hard")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("in.jsonl", path("soft")).unwrap();
    for way in WAYS {
        for target in ["in.jsonl", "hard", "soft", "./in.jsonl"] {
            if !path(target).exists() {
                continue;
            }
            let run = histcheck(way).arg(path(target)).arg(path("in.jsonl")).run().status(2);
            assert!(run.stderr.contains("would overwrite the input"), "{way}: {}", run.stderr);
            assert_eq!(run.stdout, "");
            assert_eq!(fs::read_to_string(path("in.jsonl")).unwrap(), text, "{way} {target}");
        }
    }
    let (one, other) = (path("one.svg"), path("./one.svg"));
    let run = histcheck("--svg").arg(&one).arg("--html").arg(other).arg(path("in.jsonl")).run();
    run.status(2).complains("name the same file");
    assert!(!one.exists());
    let run = histcheck("--svg none/out.svg").arg(path("in.jsonl")).run();
    run.complains("cannot write none/out.svg: there is no directory none\n");
}

#[cfg(unix)]
#[test]
fn what_standard_output_goes_to_is_not_written_anew() {
    let directory = Directory::new().file("in.jsonl", history(100));
    let path = |name: &str| directory.path().join(name);
    let run = |target: &str| {
        let output = fs::File::create(path("out")).unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_histcheck"));
        let program = program.arg(path("in.jsonl")).arg("--svg").arg(target).stdout(output);
        let status = program.output().unwrap().status.code();
        (status, fs::read_to_string(path("out")).unwrap())
    };
    assert_eq!(run(path("out").to_str().unwrap()), (Some(2), String::new()));
    let (status, written) = run("/dev/stdout");
    assert!(status < Some(2) && written.contains("valid") && written.contains("</svg>"));
}

#[cfg(unix)]
#[test]
fn what_a_link_leads_to_is_written() {
    let directory = Directory::new().file("in.jsonl", history(100));
    let path = |name: &str| directory.path().join(name);
    std::os::unix::fs::symlink("target", path("link")).unwrap();
    for way in WAYS {
        let run = histcheck(way).arg(path("link")).arg(path("in.jsonl")).run();
        assert!(run.status < 2, "{way}: {}", run.stderr);
        assert!(fs::symlink_metadata(path("link")).unwrap().is_symlink(), "{way}");
        assert!(!fs::read(path("target")).unwrap().is_empty(), "{way}");
        fs::remove_file(path("target")).unwrap();
    }
    assert_eq!(names(directory.path()), ["in.jsonl", "link"]);
}

#[cfg(unix)]
#[test]
fn where_there_is_no_room_the_old_file_stays() {
    let directory = Directory::new().file("in.jsonl", history(2000));
    let path = |name: &str| directory.path().join(name);
    for way in WAYS {
        fs::write(path("out"), "old").unwrap();
        // A file may have 512 bytes; what it says goes through a pipe.
        let program = env!("CARGO_BIN_EXE_histcheck");
        let line = format!("trap '' XFSZ; ulimit -f 1; exec {program} {way} \"$0\" \"$1\"");
        let run = Command::new("sh")
            .args(["-c", &line])
            .args([path("out"), path("in.jsonl")])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stderr);
        if run.status.code() == Some(0) || fs::read(path("out")).unwrap() != b"old" {
            // A small one.
            assert!(fs::metadata(path("out")).unwrap().len() <= 512, "{way}: {said}");
        } else {
            assert!(run.status.code().is_some_and(|status| status > 0), "{way}: {said}");
            assert!(said.contains("cannot write"), "{way}: {said}");
        }
        assert_eq!(names(directory.path()), ["in.jsonl", "out"], "{way}");
    }
}

/// Kills the program at random moments while it writes: the file is the old one or the new one.
/// Hardly ever is anything else left, which the next run removes. `HISTCHECK_TRIES=40` tries a
/// thousand times.
#[cfg(target_os = "linux")]
#[test]
fn a_killed_program_leaves_the_old_file_or_the_new_one() {
    let tries: u32 =
        std::env::var("HISTCHECK_TRIES").ok().and_then(|tries| tries.parse().ok()).unwrap_or(1);
    let directory = Directory::new().file("in.jsonl", history(3000));
    let path = |name: &str| directory.path().join(name);
    let mut random = 7_u64;
    let (mut kept, mut left) = ([0; 2], 0);
    for way in WAYS {
        let run = || {
            Command::new(env!("CARGO_BIN_EXE_histcheck"))
                .args(way.split(' '))
                .args([path("out"), path("in.jsonl")])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        };
        let start = Instant::now();
        run().wait().unwrap();
        let whole = start.elapsed().as_micros() as u64;
        let new = fs::read(path("out")).unwrap();
        for at in 0..3 * tries {
            // Both where there is an old one, and where there is none.
            let old = (at % 2 == 0).then(|| b"old".to_vec());
            let _ = fs::remove_file(path("out"));
            old.iter().for_each(|old| fs::write(path("out"), old).unwrap());
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let mut child = run();
            std::thread::sleep(Duration::from_micros((random >> 33) % (whole + whole / 8)));
            child.kill().unwrap();
            child.wait().unwrap();
            let found = fs::read(path("out")).ok();
            assert!(found == old || found.as_ref() == Some(&new), "{way}, try {at}");
            kept[usize::from(found == old)] += 1;
            let is_clean =
                || names(directory.path()).iter().all(|name| name == "in.jsonl" || name == "out");
            if !is_clean() {
                // Between two steps that no system takes at once; whoever writes next tidies up.
                left += 1;
                run().wait().unwrap();
                assert!(is_clean(), "{way}, try {at}");
            }
        }
        let _ = fs::remove_file(path("out"));
    }
    println!("{} new files, {} old ones; {left} times something beside it", kept[0], kept[1]);
}

#[cfg(target_os = "linux")]
#[test]
fn what_the_process_has_open_is_written_as_it_is() {
    let directory = Directory::new().file("in.jsonl", history(100));
    let path = |name: &str| directory.path().join(name);
    let program = env!("CARGO_BIN_EXE_histcheck");
    let run = |line: &str| {
        let line = line.replace("histcheck", program);
        let run = Command::new("bash").args(["-c", &line]).current_dir(directory.path()).output();
        String::from_utf8(run.unwrap().stdout).unwrap()
    };
    let table = run("histcheck convert --to csv in.jsonl");
    assert!(table.starts_with("process,"), "{table}");
    assert_eq!(run("histcheck convert --to csv -o /dev/stdout in.jsonl | cat"), table);
    run("(echo pre; histcheck convert --to csv -o /dev/stdout in.jsonl; echo post) > out");
    assert_eq!(fs::read_to_string(path("out")).unwrap(), format!("pre\n{table}post\n"));
    assert_eq!(run("histcheck convert --to csv in.jsonl -o >(cat) | cat"), table);
    // What comes from standard input is an input, too.
    let before = fs::read(path("in.jsonl")).unwrap();
    for way in WAYS {
        run(&format!("histcheck {way} in.jsonl < in.jsonl"));
        assert_eq!(fs::read(path("in.jsonl")).unwrap(), before, "{way}");
    }
}
