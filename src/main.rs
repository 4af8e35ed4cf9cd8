//! The command line of histcheck: a thin layer over the library.

mod cli;

use std::process::ExitCode;

/// Searches make and drop many small tables, from several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
