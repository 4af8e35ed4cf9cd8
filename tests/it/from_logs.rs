//! The page docs/FROM_YOUR_LOGS.md: its commands print what it says, and its recorders record what
//! the program reads.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::program::{Directory, histcheck};

/// A page of the documentation.
fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap()
}

/// A block of the page: its language, the file that it is, and its text.
struct Block {
    language: String,
    file: Option<String>,
    text: String,
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    let page = page("FROM_YOUR_LOGS.md");
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let (language, file) = match info.split_once(' ') {
            Some((language, file)) => (language.to_owned(), Some(file.to_owned())),
            None => (info.to_owned(), None),
        };
        let body = lines.by_ref().take_while(|line| *line != "```");
        let text = body.map(|line| format!("{line}\n")).collect();
        blocks.push(Block { language, file, text });
    }
    blocks
}

/// The file of the page with this name.
fn file(name: &str) -> String {
    blocks().into_iter().find(|block| block.file.as_deref() == Some(name)).unwrap().text
}

/// Whether the command `tool` is there; says so if not.
fn is_there(tool: &str) -> bool {
    let found = Command::new(tool).arg("--version").output().is_ok();
    if !found {
        println!("skipped: there is no {tool}");
    }
    found
}

/// A directory with the files of the page.
fn folder() -> Directory {
    let files = blocks().into_iter().filter_map(|block| Some((block.file?, block.text)));
    files.fold(Directory::new(), |folder, (name, text)| folder.file(&name, text))
}

/// What a command line of the page prints, standard output first.
#[cfg(unix)]
fn printed(command: &str, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_histcheck")).parent().unwrap();
    let path = std::env::join_paths(
        std::iter::once(program.to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let run = Command::new("sh")
        .args(["-c", command])
        .env("PATH", path.unwrap())
        .env("NO_COLOR", "1")
        .current_dir(folder)
        .output()
        .unwrap();
    String::from_utf8(run.stdout).unwrap() + &String::from_utf8(run.stderr).unwrap()
}

/// What a command prints starts with these lines; `…` stands for any number of them.
fn is_as_shown(printed: &str, shown: &[&str]) -> bool {
    let mut lines = printed.lines();
    let mut skips = false;
    for expected in shown {
        if *expected == "…" {
            skips = true;
        } else if skips {
            skips = false;
            if !lines.any(|line| line == *expected) {
                return false;
            }
        } else if lines.next() != Some(*expected) {
            return false;
        }
    }
    true
}

#[test]
#[cfg(unix)]
fn commands_print_what_the_page_shows() {
    let folder = folder();
    let mut count = 0;
    let mut wrong = Vec::new();
    for block in blocks().iter().filter(|block| block.language == "console") {
        for part in block.text.split("$ ").skip(1) {
            let mut lines = part.lines();
            let command = lines.next().unwrap();
            let tool = command.split(' ').next().unwrap();
            if !["histcheck", "cat"].contains(&tool) && !is_there(tool) {
                continue;
            }
            count += 1;
            let shown: Vec<&str> = lines.collect();
            let printed = printed(command, folder.path());
            if shown.is_empty() || !is_as_shown(&printed, &shown) {
                wrong.push(format!("$ {command}\n{printed}"));
            }
        }
    }
    assert!(count > 15, "{count} commands");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(!is_as_shown("a\nb\n", &["b"]) && is_as_shown("a\nb\n", &["…", "b"]));
}

/// The page is about words that the program has.
#[test]
fn links_and_warnings_of_the_page_exist() {
    let [cli, page] = ["CLI.md", "FROM_YOUR_LOGS.md"].map(page);
    for word in page.split(|c: char| !c.is_alphanumeric()) {
        if word.len() == 5 && word.starts_with('W') && word[1..].bytes().all(|b| b.is_ascii_digit())
        {
            assert!(cli.contains(word), "{word}");
        }
    }
    let titles: Vec<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|title| title.to_lowercase().replace(' ', "-"))
        .collect();
    for link in page.split("](#").skip(1) {
        let link = link.split(')').next().unwrap();
        assert!(titles.iter().any(|title| title == link), "#{link}");
    }
}

/// Runs a program that records two clients, which write and read a hundred times each, one write
/// that fails, and one that is still open at the end.
fn recorded(folder: &Directory, command: &str, arguments: &[&str]) {
    let run = Command::new(command).args(arguments).current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{command}: {said}");
    let path = folder.path().join("run.jsonl");
    let report = histcheck("--format json").arg(&path).run().status(0).json();
    assert_eq!(report["operations"], 402, "{command}");
    assert_eq!(report["keys"]["checked"], 1);
    let text = fs::read_to_string(&path).unwrap();
    let ends = |kind: &str| text.lines().filter(|line| line.contains(kind)).count();
    assert_eq!((ends("\"invoke\""), ends("\"ok\""), ends("\"info\"")), (402, 400, 1), "{command}");
    // What was recorded constrains: another answer would be wrong.
    let is_read = |line: &str| line.contains("\"ok\"") && line.contains("\"read\"");
    let last = text.lines().enumerate().filter(|(_, line)| is_read(line)).map(|(at, _)| at).last();
    let wrong: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(at, line)| match Some(at) == last {
            true => with_value(line, "-7"),
            false => line.to_owned(),
        })
        .collect();
    histcheck("-q").stdin(wrong.join("\n")).run().status(1);
}

/// A line with another value.
fn with_value(line: &str, value: &str) -> String {
    let mut record: serde_json::Value = serde_json::from_str(line).unwrap();
    record["value"] = serde_json::from_str(value).unwrap();
    record.to_string()
}

#[test]
fn the_recorder_in_python_records() {
    if !is_there("python3") {
        return;
    }
    let driver = "
import threading
from recorder import Recorder
recorder, held, lock = Recorder('run.jsonl'), [None], threading.Lock()
def write(value):
    with lock: held[0] = value
def fails(): raise TimeoutError
def client(process):
    for turn in range(100):
        recorder.call(process, 'write', 'k', value := 1000 * process + turn, lambda: write(value))
        recorder.call(process, 'read', 'k', None, lambda: held[0])
threads = [threading.Thread(target=client, args=[process]) for process in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
try: recorder.call(2, 'write', 'k', 5, fails)
except TimeoutError: pass
recorder.event(3, 'invoke', 'write', 'k', 6)
";
    let folder = Directory::new().file("recorder.py", file("recorder.py")).file("run.py", driver);
    recorded(&folder, "python3", &["run.py"]);
}

#[test]
fn the_recorder_in_java_records() {
    if !is_there("java") {
        return;
    }
    let driver = "
public class Run {
    static volatile Integer held;
    public static void main(String[] arguments) throws Exception {
        Recorder recorder = new Recorder(\"run.jsonl\");
        Thread[] threads = new Thread[2];
        for (int client = 0; client < 2; client++) {
            int process = client;
            threads[client] = new Thread(() -> {
                try {
                    for (int turn = 0; turn < 100; turn++) {
                        int value = 1000 * process + turn;
                        recorder.call(process, \"write\", \"k\", value, () -> { held = value; return null; });
                        recorder.call(process, \"read\", \"k\", null, () -> held);
                    }
                } catch (Exception error) { throw new RuntimeException(error); }
            });
            threads[client].start();
        }
        for (Thread thread : threads) thread.join();
        try {
            recorder.call(2, \"write\", \"k\", 5, () -> { throw new java.io.IOException(); });
        } catch (java.io.IOException expected) { }
        recorder.event(3, \"invoke\", \"write\", \"k\", 6);
    }
}
";
    let folder = Directory::new().file("Run.java", driver.to_owned() + &file("Recorder.java"));
    recorded(&folder, "java", &["-XX:TieredStopAtLevel=1", "Run.java"]);
}

#[test]
fn the_recorder_in_typescript_records() {
    if !is_there("node") {
        return;
    }
    let driver = "
const recorder = new Recorder('run.jsonl');
let held = null;
const later = (action) => new Promise((done) => setImmediate(() => done(action())));
const client = async (process) => {
  for (let turn = 0; turn < 100; turn++) {
    const value = 1000 * process + turn;
    await recorder.call(process, 'write', 'k', value, () => later(() => { held = value; }));
    await recorder.call(process, 'read', 'k', null, () => later(() => held));
  }
};
await Promise.all([client(0), client(1)]);
await recorder.call(2, 'write', 'k', 5, () => Promise.reject(new Error())).catch(() => {});
recorder.event(3, 'invoke', 'write', 'k', 6);
";
    // Old versions of Node do not take types, so these go.
    let types = [": () => Promise<unknown>", ": string", ": number", ": unknown"];
    let script = types.iter().fold(file("recorder.ts"), |text, of| text.replace(of, ""));
    let folder = Directory::new().file("run.mjs", script + driver);
    recorded(&folder, "node", &["run.mjs"]);
}

#[test]
fn the_recorder_in_go_records() {
    if Command::new("go").arg("version").output().is_err() {
        println!("skipped: there is no go");
        return;
    }
    let head = "package main\n\nimport (\n\t\"bufio\"\n\t\"encoding/json\"\n\t\"errors\"\n\t\"os\"\n\
                \t\"sync\"\n\t\"sync/atomic\"\n\t\"time\"\n)\n\n";
    let driver = "
func main() {
	file, _ := os.Create(\"run.jsonl\")
	recorder := &Recorder{out: bufio.NewWriter(file), start: time.Now()}
	var held atomic.Value
	var clients sync.WaitGroup
	for process := 0; process < 2; process++ {
		clients.Add(1)
		go func(process int) {
			defer clients.Done()
			for turn := 0; turn < 100; turn++ {
				value := 1000*process + turn
				recorder.Call(process, \"write\", \"k\", value, func() (any, error) {
					held.Store(value)
					return nil, nil
				})
				recorder.Call(process, \"read\", \"k\", nil, func() (any, error) { return held.Load(), nil })
			}
		}(process)
	}
	clients.Wait()
	recorder.Call(2, \"write\", \"k\", 5, func() (any, error) { return nil, errors.New(\"timeout\") })
	recorder.Event(3, \"invoke\", \"write\", \"k\", 6)
	recorder.Close()
}
";
    let folder = Directory::new().file("run.go", head.to_owned() + &file("recorder.go") + driver);
    recorded(&folder, "go", &["run", "run.go"]);
}

#[test]
fn the_recorder_in_rust_records() {
    if !is_there("rustc") {
        return;
    }
    let driver = "
fn main() -> Result<()> {
    let recorder = Recorder::create(\"run.jsonl\")?;
    let held = std::sync::atomic::AtomicI64::new(-1);
    let order = std::sync::atomic::Ordering::SeqCst;
    std::thread::scope(|scope| {
        for process in 0..2 {
            let (recorder, held) = (&recorder, &held);
            scope.spawn(move || -> Result<()> {
                for turn in 0..100 {
                    let value = 1000 * process as i64 + turn;
                    recorder.event(process, \"invoke\", \"write\", \"k\", &value.to_string())?;
                    held.store(value, order);
                    recorder.event(process, \"ok\", \"write\", \"k\", \"null\")?;
                    recorder.event(process, \"invoke\", \"read\", \"k\", \"null\")?;
                    let value = held.load(order);
                    recorder.event(process, \"ok\", \"read\", \"k\", &value.to_string())?;
                }
                Ok(())
            });
        }
    });
    recorder.event(2, \"invoke\", \"write\", \"k\", \"5\")?;
    recorder.event(2, \"info\", \"write\", \"k\", \"null\")?;
    recorder.event(3, \"invoke\", \"write\", \"k\", \"6\")
}
";
    let folder = Directory::new().file("run.rs", file("recorder.rs") + driver);
    let compiled = Command::new("rustc")
        .args(["--edition", "2021", "run.rs", "-o", "run-it"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    let program = folder.path().join("run-it");
    recorded(&folder, program.to_str().unwrap(), &[]);
}
