//! Logs of which each holds one session, in a folder that holds a history.

/// Which program wrote the logs of a folder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionLogs {
    /// Cobra: `T*.log`.
    Cobra,
    /// Viper: `J*.log`.
    Viper,
}

impl SessionLogs {
    /// The format of each log.
    pub(in crate::formats) fn format(self) -> super::Format {
        match self {
            SessionLogs::Cobra => super::Format::Cobra,
            SessionLogs::Viper => super::Format::Viper,
        }
    }

    /// Tells whether `start`, the first bytes of a log, may be those of such a log.
    fn is_start(self, start: &[u8]) -> bool {
        match self {
            SessionLogs::Cobra => start.is_empty() || start[0] == b'S' && start.contains(&0),
            SessionLogs::Viper => {
                let text = String::from_utf8_lossy(start);
                text.trim().is_empty() || super::viper::is_viper(text.trim_start())
            }
        }
    }
}

/// Returns whose logs a folder holds: `name` is that of one of its files, and `start` its first
/// bytes, 64 of which are enough. `None` if the file is no such log.
///
/// ```
/// use histcheck::formats::{SessionLogs, session_logs};
/// assert_eq!(session_logs("T12.log", b"S\0\0\0\0\0\0\0\x01"), Some(SessionLogs::Cobra));
/// assert_eq!(session_logs("T12.log", b"Starting"), None);
/// ```
pub fn session_logs(name: &str, start: &[u8]) -> Option<SessionLogs> {
    let stem = name.strip_suffix(".log")?;
    let kind = match stem.as_bytes().first()? {
        b'T' => SessionLogs::Cobra,
        b'J' => SessionLogs::Viper,
        _ => return None,
    };
    let is_number = stem.len() == 1 || stem[1..].parse::<i64>().is_ok();
    (is_number && kind.is_start(start)).then_some(kind)
}

/// Returns the number in the name of a log.
pub(in crate::formats) fn session_of(name: &str) -> Option<i64> {
    let stem = name.strip_suffix(".log").unwrap_or(name);
    stem.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '-').parse().ok()
}
