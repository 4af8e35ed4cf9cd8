//! The kinds of caveats: what each is called, what it means, and what to do about it.

/// A kind of caveat.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CaveatKind {
    /// No completed operation tells what the object held.
    NothingConstrains,
    /// Most operations may have happened or not.
    MostlyOpen,
    /// A process that is no client does what clients do.
    LeftAside,
    /// No read returned a value.
    NothingRead,
    /// A process invoked again after an operation of unknown outcome.
    Reinvoked,
    /// The times run backwards.
    TimesRunBackwards,
    /// Operations returned what the model does not look at.
    UnreadOutputs,
    /// No operation asks what the object holds.
    NothingAsked,
    /// Lines held no record.
    LinesPassedOver,
    /// Reads were called with what the model does not look at.
    UnreadInputs,
    /// Clients with several operations open at once were divided.
    ClientsSplit,
    /// Only some keys were selected, with all that counts of them.
    KeysSelected,
    /// Only some operations of an object were selected.
    PartSelected,
    /// No record tells when operations were called.
    NoRealTime,
    /// Keys that differ only in type count as several.
    KeysAlike,
}

impl CaveatKind {
    /// All of them.
    pub const ALL: &'static [CaveatKind] = &[
        CaveatKind::NothingConstrains,
        CaveatKind::MostlyOpen,
        CaveatKind::LeftAside,
        CaveatKind::NothingRead,
        CaveatKind::Reinvoked,
        CaveatKind::TimesRunBackwards,
        CaveatKind::UnreadOutputs,
        CaveatKind::NothingAsked,
        CaveatKind::LinesPassedOver,
        CaveatKind::UnreadInputs,
        CaveatKind::ClientsSplit,
        CaveatKind::KeysSelected,
        CaveatKind::PartSelected,
        CaveatKind::NoRealTime,
        CaveatKind::KeysAlike,
    ];

    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            CaveatKind::NothingConstrains => "W0001",
            CaveatKind::MostlyOpen => "W0002",
            CaveatKind::LeftAside => "W0003",
            CaveatKind::NothingRead => "W0004",
            CaveatKind::Reinvoked => "W0005",
            CaveatKind::TimesRunBackwards => "W0006",
            CaveatKind::UnreadOutputs => "W0007",
            CaveatKind::NothingAsked => "W0008",
            CaveatKind::LinesPassedOver => "W0009",
            CaveatKind::UnreadInputs => "W0010",
            CaveatKind::ClientsSplit => "W0012",
            CaveatKind::KeysSelected => "W0013",
            CaveatKind::PartSelected => "W0014",
            CaveatKind::NoRealTime => "W0015",
            CaveatKind::KeysAlike => "W0016",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            CaveatKind::NothingConstrains => "nothing-constrains",
            CaveatKind::MostlyOpen => "mostly-open",
            CaveatKind::LeftAside => "left-aside",
            CaveatKind::NothingRead => "nothing-read",
            CaveatKind::Reinvoked => "reinvoked",
            CaveatKind::TimesRunBackwards => "times-run-backwards",
            CaveatKind::UnreadOutputs => "unread-outputs",
            CaveatKind::NothingAsked => "nothing-asked",
            CaveatKind::LinesPassedOver => "lines-passed-over",
            CaveatKind::UnreadInputs => "unread-inputs",
            CaveatKind::ClientsSplit => "clients-split",
            CaveatKind::KeysSelected => "keys-selected",
            CaveatKind::PartSelected => "part-selected",
            CaveatKind::NoRealTime => "no-real-time",
            CaveatKind::KeysAlike => "keys-alike",
        }
    }

    /// What to do about it, if it makes a verdict worthless.
    pub fn remedy(self) -> &'static str {
        match self {
            CaveatKind::LeftAside => {
                "say who is a client (--clients), or that these are none (--ignore-process)"
            }
            _ => {
                "check that the test reached the system, and that the field with the results is \
                 read (the line `read as` names it; --map output=.FIELD names another)"
            }
        }
    }

    /// What it means, and what to do about it.
    pub fn explanation(self) -> &'static str {
        match self {
            CaveatKind::NothingConstrains => {
                "Whatever the system did, this history would be valid: no operation succeeded that \
                 tells what the object held. Often the test could not reach the system, or the \
                 results stand in a field that was not read. A valid verdict over it has the exit \
                 status 2, unless --allow-vacuous is given."
            }
            CaveatKind::MostlyOpen => {
                "More than half of the operations have no known outcome. Each may have happened at \
                 any time after its call, or never, so that they explain much of what a fault \
                 would do. Are their ends in the file, under a name that is read?"
            }
            CaveatKind::LeftAside => {
                "Clients are processes with a number, or with a name if they invoke and complete \
                 operations that a model knows. Records of others are kept for the report, and \
                 take no part in the check. Here some complete operations that they never invoked."
            }
            CaveatKind::NothingRead => {
                "Every read that succeeded returned null, or no operation has a value at all. If \
                 that is not what the system answered, the results stand in a field that was not \
                 read."
            }
            CaveatKind::Reinvoked => {
                "A process whose operation has no known outcome invoked another one. The first may \
                 still take effect at any later time."
            }
            CaveatKind::TimesRunBackwards => {
                "The order of the records is the order of the events, and their times contradict \
                 it: after a step back they go on from there. If logs of several clients were \
                 concatenated, --order time orders the events by their times. If several runs \
                 were, check each run by itself: each may start from another state. If operations \
                 end before they are called, their times are not those of one clock."
            }
            CaveatKind::UnreadOutputs => {
                "These operations returned something that may mean more than that they are done, \
                 and the model does not look at it."
            }
            CaveatKind::NothingAsked => {
                "All operations are ones that succeed whatever the object holds, such as writes. \
                 Nothing that the system did could be wrong; let the test read, too."
            }
            CaveatKind::LinesPassedOver => {
                "The records stand behind other text, as in a log, and some lines hold none; or \
                 spans of a trace name no operation, or are parts of one; or requests to etcd \
                 concern several keys, an old revision, or none. If operations stand there in \
                 another form, they were not read."
            }
            CaveatKind::UnreadInputs => UNREAD_INPUTS,
            CaveatKind::ClientsSplit => {
                "Clients called operations while others of their own were open, and \
                 --split-clients made of each as many processes as it had operations at one time. \
                 The verdict rests on real time alone and is not affected. In which order such a \
                 client meant its operations is not known, so that no guarantee of clients is said \
                 to hold for keys on which it worked."
            }
            CaveatKind::KeysSelected => {
                "Some keys were selected (--key), and nothing was left out of them that counts. \
                 Objects are independent, so that the verdict on each of these keys is that of the \
                 whole history: if one is invalid, so is the whole. Nothing is said of the others."
            }
            CaveatKind::PartSelected => PART_SELECTED,
            CaveatKind::NoRealTime => NO_REAL_TIME,
            CaveatKind::KeysAlike => KEYS_ALIKE,
        }
    }
}

/// What a verdict on some operations of an object means.
const PART_SELECTED: &str = "\
    Operations on the same objects were left out (--process, --where, --between). The verdict is \
    one about the selection. What was left out may explain what is left, so that an invalid \
    selection is no proof that the history is invalid, unless only operations were left out that \
    change nothing; and it may contradict what is left, so that a valid one is none of the \
    opposite, unless only operations of unknown outcome were left out. The report says which of \
    these it is.";

/// What it means that reads are called with a value.
const UNREAD_INPUTS: &str = "\
    Reads were called with a value, which the model does not look at. If it is the key of what is \
    read, all keys were taken for one object: give it a field of its own (`key`), or map it (--map \
    key=.PATH).";

/// What keys of several types mean.
const KEYS_ALIKE: &str = "\
    Some keys differ only in type, such as 1 and \"1\", and count as two objects. If they are one, \
    reads of the one are not compared with writes to the other, and a fault goes unnoticed. \
    --loose-values makes one value of those that differ only in type.";

/// What a verdict without real time means.
const NO_REAL_TIME: &str = "\
    Only the completions of transactions were recorded, so that nothing tells which of them was \
    over before another began. All count as concurrent, but for those of one process, which keep \
    their order. A valid history is serializable in session order (strong session \
    serializability): one order of all transactions, which keeps that of each process, explains \
    what they read. It need not be linearizable, or strictly serializable: a stale read by another \
    process goes unnoticed. An invalid history is invalid in real time, too. Record invocations to \
    have real time checked.";
