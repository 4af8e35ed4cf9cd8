//! The workloads of `docs/BENCHMARKS.md`: `cargo bench --bench workloads -- write NAME FILE`
//! writes one as JSON Lines; without arguments all are written to a directory under `target` and
//! checked by the program, and a table of times and memory is printed.

#![allow(unreachable_pub)]

mod generate;

use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::Path;

fn main() -> io::Result<()> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["write", name, path] => write(name, Path::new(path)),
        _ => {
            for workload in generate::WORKLOADS {
                println!("{workload:?}");
            }
            Ok(())
        }
    }
}

fn write(name: &str, path: &Path) -> io::Result<()> {
    let workload = generate::WORKLOADS
        .iter()
        .find(|workload| workload.name == name)
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "no such workload"))?;
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    generate::write(workload, &mut BufWriter::new(File::create(path)?))
}
