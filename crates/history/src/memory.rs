//! The memory of the process.

/// Returns the resident memory of the process in bytes, or `None` where the system does not tell it
/// (everywhere but on Linux). Takes some microseconds.
pub fn resident_bytes() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: usize = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    Some(kibibytes * 1024)
}
