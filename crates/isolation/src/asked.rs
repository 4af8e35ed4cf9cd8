//! What is asked of a history: a level, in the words of histcheck or of another tool, or whether
//! some anomalies are there.

use crate::anomaly::{Found, Kind};
use crate::decide::Status;
use crate::level::{Base, Level, Ordering};

/// A tool whose words are spoken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tool {
    /// Elle: the names of Adya, without the order of sessions.
    Elle,
    /// AWDIT and Plume: read committed, read atomic and causal by Biswas and Enea, in whose levels
    /// commits follow the order of sessions.
    Awdit,
    /// dbcop: all levels by Biswas and Enea.
    Dbcop,
    /// PolySI and IsoVista: snapshot isolation with the order of sessions.
    Polysi,
    /// Cobra: serializability that keeps the order of sessions.
    Cobra,
    /// Viper: snapshot isolation, without an order or with that of sessions or real time.
    Viper,
}

impl Tool {
    /// All tools.
    pub const ALL: [Tool; 6] =
        [Tool::Elle, Tool::Awdit, Tool::Dbcop, Tool::Polysi, Tool::Cobra, Tool::Viper];

    /// Returns the name.
    pub fn name(self) -> &'static str {
        match self {
            Tool::Elle => "elle",
            Tool::Awdit => "awdit",
            Tool::Dbcop => "dbcop",
            Tool::Polysi => "polysi",
            Tool::Cobra => "cobra",
            Tool::Viper => "viper",
        }
    }

    /// Returns whether the tool's levels have the order of sessions in them.
    pub fn keeps_sessions(self) -> bool {
        !matches!(self, Tool::Elle | Tool::Viper)
    }

    /// Returns whether the tool takes lists for registers that hold their last elements.
    pub fn reads_last_elements(self) -> bool {
        matches!(self, Tool::Awdit | Tool::Dbcop)
    }
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Asked {
    /// Whether it has a level, and none of some anomalies.
    Level(Level, &'static [Kind]),
    /// Whether it is free of anomalies with these names.
    Anomalies(Vec<String>),
}

/// Groups of anomalies, by what stands for them.
const GROUPS: [(&str, &[&str]); 6] = [
    (
        "G1",
        &[
            "G0",
            "G1a",
            "G1b",
            "G1c",
            "garbage-read",
            "dirty-update",
            "incompatible-order",
            "future-read",
        ],
    ),
    ("G1c", &["G0", "G1c"]),
    ("G-single", &["G-single"]),
    ("G-nonadjacent", &["G-single", "G-nonadjacent"]),
    ("G2", &["G-single", "G-nonadjacent", "G2-item", "lost-update"]),
    ("internal", &["internal", "non-repeatable-read"]),
];

/// Returns whether an anomaly called `own` is meant by `name`: all are about items, which some
/// names say.
fn is_called(own: &str, name: &str) -> bool {
    let is_about_items = |own: &str, name: &str| own.replacen("-item", "", 1) == name;
    own == name || is_about_items(name, own) || name != "G2" && is_about_items(own, name)
}

/// Returns whether anomalies may be called so.
fn is_name(name: &str) -> bool {
    GROUPS.iter().any(|(group, _)| *group == name)
        || Kind::all().iter().any(|kind| is_called(kind.name(), name))
}

impl Asked {
    /// Reads what is asked: the name of a level, or `anomalies:` and names. A level means what
    /// `tool` means by it.
    pub fn parse(text: &str, tool: Option<Tool>) -> Option<Asked> {
        if let Some(names) = text.strip_prefix("anomalies:") {
            let names: Vec<String> = names.split(',').map(|name| name.trim().to_owned()).collect();
            return names.iter().all(|name| is_name(name)).then_some(Asked::Anomalies(names));
        }
        let level = Level::parse(text)?;
        if !tool.is_some_and(Tool::keeps_sessions) || level.ordering() != Ordering::None {
            return Some(Asked::Level(level, &[]));
        }
        let (base, kinds): (Base, &'static [Kind]) = match level.base() {
            Base::ReadCommitted => (Base::MonotonicAtomicView, &[]),
            Base::RepeatableRead => (Base::MonotonicAtomicView, &[Kind::NonRepeatableRead]),
            base => (base, &[]),
        };
        let kept = Level::of(base, Ordering::Session).unwrap_or(level);
        Some(Asked::Level(kept, kinds))
    }

    /// Returns what is asked where nothing is said: strict serializability, or, without real time,
    /// that which keeps the order of sessions.
    pub fn usual(has_real_time: bool) -> Asked {
        let ordering = if has_real_time { Ordering::RealTime } else { Ordering::Session };
        let level = Level::of(Base::Serializable, ordering).or_else(|| Level::all().next_back());
        level.map_or(Asked::Anomalies(Vec::new()), |level| Asked::Level(level, &[]))
    }

    /// Returns the answer, with the anomalies that make it no.
    pub fn answer<'f>(&self, statuses: &[Status], found: &'f [Found]) -> (Status, Vec<&'f Found>) {
        match self {
            Asked::Level(level, kinds) => {
                let status = &statuses[level.index()];
                let by: Vec<&Found> = found
                    .iter()
                    .filter(|one| one.rules_out.contains(level) || kinds.contains(&one.kind))
                    .collect();
                if by.iter().any(|one| kinds.contains(&one.kind)) {
                    return (Status::RuledOut, by);
                }
                (status.clone(), by)
            }
            Asked::Anomalies(names) => {
                let is_asked = |kind: Kind| {
                    names.iter().any(|name| {
                        let group = GROUPS.iter().find(|(group, _)| group == name);
                        is_called(kind.name(), name)
                            || group.is_some_and(|(_, kinds)| kinds.contains(&kind.name()))
                    })
                };
                let by: Vec<&Found> = found.iter().filter(|one| is_asked(one.kind)).collect();
                // What a read shows by itself is found in any case.
                let by_reads = ["internal", "future-read", "G1a", "G1b", "garbage-read"];
                let is_hidden = !names.iter().all(|name| by_reads.contains(&name.as_str()));
                let undecided = statuses.iter().filter(|_| is_hidden).find(|status| {
                    matches!(status, Status::Undecided(reason) if reason.hides_anomalies())
                });
                match undecided {
                    _ if !by.is_empty() => (Status::RuledOut, by),
                    Some(status) => (status.clone(), by),
                    None => (Status::Holds(crate::decide::Witness::Commits(Vec::new())), by),
                }
            }
        }
    }
}
