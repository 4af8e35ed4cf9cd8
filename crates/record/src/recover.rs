//! What a crash left behind.

use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// So much is looked at a time.
const BLOCK: u64 = 1 << 16;

/// Cuts off what comes behind the last line break of the file `path`: the line that a recorder was
/// writing when its process was killed. Returns how many bytes that were, usually none.
///
/// The reader refuses such a line, since it cannot know where it comes from. From a recording it
/// may go: the lines before it are what the recording was a moment earlier, and the start of a
/// linearizable history is one, too. So no violation can come from the cut.
///
/// # Errors
/// If the file cannot be read or changed.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let path = std::env::temp_dir().join(format!("recovered-{}.jsonl", std::process::id()));
/// std::fs::write(&path, "{\"process\":0,\"type\":\"invoke\",\"f\":\"read\"}\n{\"proc")?;
/// assert_eq!(histcheck_record::recover(&path)?, 6);
/// assert!(std::fs::read_to_string(&path)?.ends_with("\"read\"}\n"));
/// # std::fs::remove_file(&path)
/// # }
/// ```
pub fn recover(path: impl AsRef<Path>) -> io::Result<u64> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let end = file.seek(SeekFrom::End(0))?;
    let mut from = end;
    let mut block = Vec::new();
    while from > 0 {
        let to = from;
        from = to.saturating_sub(BLOCK);
        file.seek(SeekFrom::Start(from))?;
        block.clear();
        (&mut file).take(to - from).read_to_end(&mut block)?;
        if let Some(found) = block.iter().rposition(|&byte| byte == b'\n') {
            from += found as u64 + 1;
            break;
        }
    }
    if from < end {
        file.set_len(from)?;
    }
    Ok(end - from)
}
