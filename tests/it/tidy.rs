//! The repository keeps to its own rules, as far as a simple scan can tell.

use std::fs;
use std::path::{Path, PathBuf};

const LINE: usize = 100;
const FUNCTION: usize = 70;

/// Where files are looked for, besides the top directory itself.
const FOLDERS: [&str; 8] =
    [".github", "benches", "crates", "docs", "examples", "histories", "src", "tests"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files of the project with their texts. Paths start at the top directory and have slashes on
/// every system.
fn files() -> Vec<(String, String)> {
    let is_ours = |path: &PathBuf| path.is_file() && !path.ends_with(".git");
    let mut paths: Vec<PathBuf> = entries(root()).into_iter().filter(is_ours).collect();
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = folders.pop() {
        let (inner, files): (Vec<_>, Vec<_>) =
            entries(&folder).into_iter().partition(|p| p.is_dir());
        folders.extend(inner);
        paths.extend(files);
    }
    paths.sort();
    let read = |path: PathBuf| {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        let path = path.strip_prefix(root()).unwrap().to_str().unwrap();
        (path.replace(std::path::MAIN_SEPARATOR, "/"), text)
    };
    paths.into_iter().map(read).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// The files whose names end so; it must find some.
fn files_that_end_in(end: &str) -> Vec<(String, String)> {
    let files: Vec<_> = files().into_iter().filter(|(path, _)| path.ends_with(end)).collect();
    assert!(!files.is_empty(), "no {end} files at all");
    files
}

/// Fails with all complaints at once.
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The line that ends the block which starts at `start`: the next that is indented no deeper and
/// is more than the rest of the block's head.
fn end_of_block(lines: &[&str], start: usize) -> usize {
    let outer = indent(lines[start]);
    let closes = |line: &str| indent(line) == outer && (line.trim() == "}" || line.ends_with(';'));
    if lines[start].ends_with([';', '}']) {
        return start;
    }
    (start + 1..lines.len()).find(|&at| closes(lines[at])).unwrap_or(lines.len() - 1)
}

fn is_function(line: &str) -> bool {
    let words = line.trim_start().split([' ', '(', '<']);
    let mut rest = words.skip_while(|word| {
        matches!(*word, "pub" | "const" | "async" | "crate)" | "super)" | "extern")
    });
    rest.next() == Some("fn")
}

/// Whether the file is a source of a published package, and no test, example or benchmark.
fn is_source(path: &str) -> bool {
    path.starts_with("src/") || path.starts_with("crates/") && path.contains("/src/")
}

/// Which lines of a file only tests see.
fn seen_by_tests(path: &str, lines: &[&str]) -> Vec<bool> {
    let is_test = !is_source(path) || path.contains("/tests");
    let mut seen = vec![is_test; lines.len()];
    for start in (0..lines.len()).filter(|&at| lines[at].trim_start() == "#[cfg(test)]") {
        let item = (start..lines.len()).find(|&at| !lines[at].trim_start().starts_with("#["));
        let end = end_of_block(lines, item.unwrap_or(start));
        seen[start..=end].fill(true);
    }
    seen
}

/// In tests, a line may be longer that holds a literal, such as a line of a log.
#[test]
fn lines_of_rust_are_short() {
    let mut complaints = Vec::new();
    for (path, text) in files_that_end_in(".rs") {
        let lines: Vec<&str> = text.lines().collect();
        let seen_by_tests = seen_by_tests(&path, &lines);
        for (at, line) in lines.iter().enumerate() {
            let length = line.chars().count();
            let holds_literal = line.contains('"') || line.ends_with('\\');
            if length > LINE && !(seen_by_tests[at] && holds_literal) {
                complaints.push(format!("{path}:{}: {length} characters", at + 1));
            }
        }
    }
    none(&complaints);
}

/// Rows of tables, code, and what has no place to break may be longer.
#[test]
fn lines_of_pages_are_short() {
    let mut complaints = Vec::new();
    for (path, page) in files_that_end_in(".md") {
        let mut is_code = false;
        for (at, line) in (1..).zip(page.lines()) {
            is_code ^= line.trim_start().starts_with("```");
            let is_whole = line.starts_with('|') || line.starts_with("    ") || !line.contains(' ');
            let length = line.chars().count();
            if length > LINE && !is_code && !is_whole {
                complaints.push(format!("{path}:{at}: {length} characters"));
            }
        }
    }
    none(&complaints);
}

#[test]
fn functions_fit_a_screen() {
    let mut complaints = Vec::new();
    let mut count = 0;
    for (path, text) in files_that_end_in(".rs") {
        let lines: Vec<&str> = text.lines().collect();
        for start in (0..lines.len()).filter(|&at| is_function(lines[at])) {
            count += 1;
            let length = end_of_block(&lines, start) - start + 1;
            if length > FUNCTION {
                complaints.push(format!("{path}:{}: a function of {length} lines", start + 1));
            }
        }
    }
    assert!(count > 500, "{count} functions: the scan misses most of them");
    none(&complaints);
}

/// Comments do not count.
#[test]
fn nothing_is_unwrapped() {
    let mut complaints = Vec::new();
    let mut count = 0;
    for (path, text) in files_that_end_in(".rs") {
        let lines: Vec<&str> = text.lines().collect();
        let seen_by_tests = seen_by_tests(&path, &lines);
        for at in (0..lines.len()).filter(|&at| !seen_by_tests[at]) {
            let line = lines[at].trim_start();
            let panics = [".unwrap()", ".unwrap_err()", ".expect(\""];
            count += 1;
            if !line.starts_with("//") && panics.iter().any(|call| line.contains(call)) {
                complaints.push(format!("{path}:{}: {line}", at + 1));
            }
        }
    }
    assert!(count > 5_000, "{count} lines: the scan misses most of them");
    none(&complaints);
}

/// The targets of the links `[…](target)` of a page, outside of code.
fn links(page: &str) -> Vec<&str> {
    let mut links = Vec::new();
    let mut is_code = false;
    for line in page.lines() {
        is_code ^= line.trim_start().starts_with("```");
        for piece in line.split("](").skip(1).filter(|_| !is_code) {
            links.extend(piece.split(')').next());
        }
    }
    links
}

#[test]
fn links_lead_somewhere() {
    let mut complaints = Vec::new();
    let mut count = 0;
    for (path, page) in files_that_end_in(".md") {
        let folder = root().join(&path).parent().unwrap().to_owned();
        for link in links(&page) {
            let target = link.split('#').next().unwrap();
            if link.contains("://") || target.is_empty() {
                continue;
            }
            count += 1;
            if !folder.join(target).exists() {
                complaints.push(format!("{path}: {link}"));
            }
        }
    }
    assert!(count > 0, "no link at all was found");
    none(&complaints);
}

/// Returns the files that the source `text` at `path` includes, as paths from the top directory.
fn included_files(path: &str, text: &str) -> Vec<String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut targets = Vec::new();
    for (call, from) in [("include_str!(\"", folder), ("example!(\"", "histories")] {
        for rest in text.split(call).skip(1) {
            let mut target: Vec<&str> = from.split('/').collect();
            for part in rest.split('"').next().unwrap().split('/') {
                if part == ".." {
                    target.pop();
                } else {
                    target.push(part);
                }
            }
            targets.push(target.join("/"));
        }
    }
    targets
}

/// A missing file would show only when the package is built, at a release.
#[test]
fn the_package_holds_what_its_sources_include() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let pattern =
        |line: &str| Some(line.trim().strip_prefix("\"/")?.strip_suffix("\",")?.to_owned());
    let patterns: Vec<String> = manifest.lines().filter_map(pattern).collect();
    let is_packaged = |file: &str| {
        patterns.iter().any(|pattern| match pattern.strip_suffix("**") {
            Some(folder) => file.starts_with(folder),
            None => file == pattern,
        })
    };
    let mut complaints = Vec::new();
    let mut count = 0;
    for (path, text) in files_that_end_in(".rs") {
        for file in included_files(&path, &text).into_iter().filter(|_| is_source(&path)) {
            count += 1;
            // A package in `crates` holds its whole folder.
            let is_there = match path.split_once("/src/") {
                Some((package, _)) => file.starts_with(&format!("{package}/")),
                None => is_packaged(&file),
            };
            if !is_there {
                complaints.push(format!("{path} includes {file}, which its package leaves out"));
            }
        }
    }
    assert!(count > 0, "no file is included at all");
    none(&complaints);
}

#[test]
fn the_index_names_every_history_and_nothing_else() {
    let folder = root().join("histories");
    let page = fs::read_to_string(folder.join("README.md")).unwrap();
    let row = |line: &str| Some(line.strip_prefix("| [")?.split(']').next()?.to_owned());
    let mut indexed: Vec<String> = page.lines().filter_map(row).collect();
    let files = |folder: &Path, prefix: &str| -> Vec<String> {
        let paths = entries(folder).into_iter().filter(|path| path.is_file());
        paths.map(|path| format!("{prefix}{}", path.file_name().unwrap().display())).collect()
    };
    let mut present = files(&folder, "");
    present.extend(files(&folder.join("store"), "store/"));
    present.retain(|name| name != "README.md");
    indexed.sort();
    present.sort();
    assert!(!present.is_empty());
    assert_eq!(indexed, present);
}

#[test]
fn no_path_of_some_machine_is_left() {
    let folders = ["home", "root", "work", "tmp", "Users", "mnt"];
    let patterns: Vec<String> = folders.iter().map(|folder| format!("/{folder}/")).collect();
    let mut complaints = Vec::new();
    for (path, text) in files() {
        for (at, line) in (1..).zip(text.lines()) {
            for pattern in &patterns {
                // A relative path has something in front of the first slash.
                let starts_a_word = |(found, _): (usize, &str)| {
                    let before = line[..found].chars().next_back();
                    before.is_none_or(|c| !c.is_alphanumeric() && !"._-}/".contains(c))
                };
                if line.match_indices(pattern.as_str()).any(starts_a_word) {
                    complaints.push(format!("{path}:{at}: {}", line.trim()));
                }
            }
        }
    }
    none(&complaints);
}
