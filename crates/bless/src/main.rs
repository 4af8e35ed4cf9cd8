//! `cargo bless`: writes the files that are kept in step with the program, by running the tests
//! that compare them with `BLESS=1`, and lists what changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};
use std::time::Instant;
use std::{env, fs, io};

/// Kept files that one test target writes.
struct Part {
    name: &'static str,
    /// The files, and directories of files, from the top directory.
    files: &'static [&'static str],
    /// What follows `cargo test`.
    test: &'static str,
    speed: Speed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Speed {
    /// Takes minutes at most.
    Quick,
    /// Measures for up to an hour, so that it is only run when it is asked for.
    Slow,
}

/// All parts. Each may depend on those before it: reports and pages are made of histories.
const PARTS: [Part; 6] = [
    Part {
        name: "histories",
        files: &["histories/store"],
        test: "--test suite generated",
        speed: Speed::Quick,
    },
    Part {
        name: "reports",
        files: &["tests/suite/reports", "histories/README.md"],
        test: "--test suite -- --skip generated",
        speed: Speed::Quick,
    },
    Part { name: "docs", files: &["docs"], test: "--test it up_to_date", speed: Speed::Quick },
    Part {
        name: "campaign",
        files: &["tests/campaign/effort.tsv", "tests/campaign/explained.tsv"],
        test: "--test campaign",
        speed: Speed::Quick,
    },
    Part {
        name: "diagnosis",
        files: &["docs/DIAGNOSIS.md"],
        test: "--release --test diagnosis -- --full",
        speed: Speed::Slow,
    },
    Part {
        name: "hostile",
        files: &["docs/TESTING.md"],
        test: "--release --test hostile -- --full",
        speed: Speed::Slow,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let chosen = match chosen(&arguments) {
        Ok(chosen) => chosen,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    let mut failed = Vec::new();
    for part in chosen {
        match bless(part) {
            Ok(true) => {}
            Ok(false) => failed.push(part.name),
            Err(error) => {
                eprintln!("error: {}: {error}", part.name);
                failed.push(part.name);
            }
        }
    }
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("error: a test failed for another reason than a kept file: {}", failed.join(", "));
    ExitCode::FAILURE
}

/// Returns the parts that the arguments of the command line ask for, in the order of [`PARTS`].
fn chosen(arguments: &[String]) -> Result<Vec<&'static Part>, String> {
    let (options, names): (Vec<&str>, Vec<&str>) =
        arguments.iter().map(String::as_str).partition(|argument| argument.starts_with('-'));
    let is_known = |name: &&str| PARTS.iter().any(|part| part.name == *name);
    let unknown = options.iter().find(|option| **option != "--slow");
    if let Some(unknown) = unknown.or(names.iter().find(|name| !is_known(name))) {
        return Err(format!("error: `{unknown}` is neither a part nor an option\n{}", usage()));
    }
    let is_chosen = |part: &&Part| {
        if names.is_empty() {
            part.speed == Speed::Quick || options.contains(&"--slow")
        } else {
            names.contains(&part.name)
        }
    };
    Ok(PARTS.iter().filter(is_chosen).collect())
}

fn usage() -> String {
    let mut usage = "usage: cargo bless [--slow] [PART]...\nparts:".to_owned();
    for part in &PARTS {
        let slow = if part.speed == Speed::Slow { "  (slow)" } else { "" };
        usage += &format!("\n  {:10} {}{slow}", part.name, part.files.join(", "));
    }
    usage
}

/// Runs the test of a part and lists the files that it changed. Returns whether the test passed.
fn bless(part: &Part) -> io::Result<bool> {
    println!("{}: cargo test {}", part.name, part.test);
    let before = snapshot(part)?;
    let start = Instant::now();
    let output = test(part)?;
    let seconds = start.elapsed().as_secs_f64();
    let changes = changes(&before, &snapshot(part)?);
    for (mark, path) in &changes {
        println!("  {mark} {}", path.display());
    }
    println!("  {} changed, {seconds:.1} s", changes.len());
    if !output.status.success() {
        println!("{}", String::from_utf8_lossy(&output.stdout));
    }
    Ok(output.status.success())
}

/// Runs the test of a part. What Cargo says of the build goes to the terminal.
fn test(part: &Part) -> io::Result<Output> {
    let cargo = env::var_os("CARGO").unwrap_or("cargo".into());
    Command::new(cargo)
        .args(["test", "--quiet"])
        .args(part.test.split(' '))
        .env("BLESS", "1")
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files of a part with what they hold, by their paths from the top directory.
type Snapshot = BTreeMap<PathBuf, Vec<u8>>;

fn snapshot(part: &Part) -> io::Result<Snapshot> {
    let mut snapshot = Snapshot::new();
    let mut paths: Vec<PathBuf> = part.files.iter().map(PathBuf::from).collect();
    while let Some(path) = paths.pop() {
        let full = root().join(&path);
        if full.is_dir() {
            for entry in fs::read_dir(full)? {
                paths.push(path.join(entry?.file_name()));
            }
        } else if full.exists() {
            snapshot.insert(path, fs::read(full)?);
        }
    }
    Ok(snapshot)
}

/// Lists the files that differ, marked as Git does: `A` added, `M` modified, `D` deleted.
fn changes(before: &Snapshot, after: &Snapshot) -> Vec<(char, PathBuf)> {
    let mut changes = Vec::new();
    for (path, bytes) in after {
        match before.get(path) {
            None => changes.push(('A', path.clone())),
            Some(old) if old != bytes => changes.push(('M', path.clone())),
            Some(_) => {}
        }
    }
    let deleted = before.keys().filter(|path| !after.contains_key(*path));
    changes.extend(deleted.map(|path| ('D', path.clone())));
    changes
}
