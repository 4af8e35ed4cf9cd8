//! Files that are kept in step with the program. A test compares each with what the program does
//! now, and writes it while blessing.

use std::fs;
use std::path::Path;

/// Returns whether tests write the kept files instead of comparing them: `BLESS=1`, which
/// `cargo bless` sets.
pub(crate) fn is_blessing() -> bool {
    std::env::var_os("BLESS").is_some()
}

/// Returns the complaint about the file at `path`, which `cargo bless PART` writes.
pub(crate) fn out_of_date(path: &Path, part: &str, difference: &str) -> String {
    let path = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path);
    format!(
        "{} is out of date: run `cargo bless {part}`, and review the difference\n{difference}",
        path.display(),
    )
}

/// Compares the file at `path` with `fresh`; while blessing, writes it.
///
/// # Errors
/// If the two differ, with the first line that does, or if the file cannot be written.
pub(crate) fn keep(path: &Path, part: &str, fresh: &str) -> Result<(), String> {
    // A file that is missing, or is not text, differs like any other.
    let kept = fs::read_to_string(path).unwrap_or_default();
    if kept == fresh {
        return Ok(());
    }
    if is_blessing() {
        let written = fs::create_dir_all(path.parent().unwrap_or(path));
        let written = written.and_then(|()| fs::write(path, fresh));
        return written.map_err(|error| format!("{}: {error}", path.display()));
    }
    Err(out_of_date(path, part, &difference(&kept, fresh)))
}

/// Describes the first line in which two texts differ.
fn difference(kept: &str, fresh: &str) -> String {
    let same = kept.lines().zip(fresh.lines()).take_while(|(kept, fresh)| kept == fresh).count();
    let [kept, fresh] = [kept, fresh].map(|text| text.lines().nth(same).unwrap_or("(the end)"));
    format!("line {}\n  kept: {kept}\n  now:  {fresh}", same + 1)
}
