//! Runs the program, and says what is expected of it in few words.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value as Json;

/// A run of the program that is being prepared.
pub(crate) struct Program {
    command: Command,
    stdin: Vec<u8>,
}

/// `histcheck` with these arguments, separated by blanks; nothing comes from standard input.
pub(crate) fn histcheck(arguments: &str) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_histcheck"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("HISTCHECK_")) {
        command.env_remove(name);
    }
    command.env_remove("CLICOLOR_FORCE").env("NO_COLOR", "1");
    command.args(arguments.split_whitespace());
    Program { command, stdin: Vec::new() }
}

/// What a run left.
pub(crate) struct Outcome {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) status: i32,
}

impl Program {
    /// One more argument, as it is.
    pub(crate) fn arg(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// More arguments, separated by blanks.
    pub(crate) fn args(mut self, arguments: &str) -> Self {
        self.command.args(arguments.split_whitespace());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn current_dir(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// What comes from standard input.
    pub(crate) fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = text.into();
        self
    }

    /// Runs it with `file` as its standard input.
    #[cfg(unix)]
    pub(crate) fn run_from(mut self, file: fs::File) -> Outcome {
        self.command.stdin(file).stdout(Stdio::piped()).stderr(Stdio::piped());
        Outcome::of(self.command.spawn().unwrap().wait_with_output().unwrap())
    }

    pub(crate) fn run(mut self) -> Outcome {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || {
            // A program that does not read its input may be gone already.
            let _ = input.write_all(&self.stdin);
        });
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Outcome::of(output)
    }
}

impl Outcome {
    fn of(output: Output) -> Outcome {
        Outcome {
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            status: output.status.code().unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn status(self, expected: i32) -> Self {
        let Outcome { stdout, stderr, status } = &self;
        assert_eq!(*status, expected, "--- stdout\n{stdout}\n--- stderr\n{stderr}");
        self
    }

    /// Its standard output has this in it.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no {text:?} in stdout:\n{}", self.stdout);
        self
    }

    /// Its standard output does not have this in it.
    #[track_caller]
    pub(crate) fn says_no(self, text: &str) -> Self {
        assert!(!self.stdout.contains(text), "{text:?} in stdout:\n{}", self.stdout);
        self
    }

    /// Its standard error has this in it.
    #[track_caller]
    pub(crate) fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in stderr:\n{}", self.stderr);
        self
    }

    /// It says nothing on standard error.
    #[track_caller]
    pub(crate) fn without_complaint(self) -> Self {
        assert_eq!(self.stderr, "");
        self
    }

    /// The first line of standard output.
    pub(crate) fn first_line(&self) -> &str {
        self.stdout.lines().next().unwrap_or_default()
    }

    /// Each line of standard output as JSON.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Json> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The only line of standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Json {
        let mut lines = self.json_lines();
        assert_eq!(lines.len(), 1, "{}", self.stdout);
        lines.remove(0)
    }
}

/// A directory of a test's own, removed when it is dropped.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Directory {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!(
            "histcheck-test-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    /// Makes a file, with the directories that it is in.
    pub(crate) fn file(self, name: &str, text: impl AsRef<[u8]>) -> Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
