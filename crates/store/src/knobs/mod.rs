//! The space of systems: every knob, what it means, and how it is set. A preset is a point in it.
//!
//! Knobs are plain data. What they do is written where it is done.

mod choices;
mod setting;

pub use choices::{
    Acknowledge, Cache, Calls, Commit, ConflictOrder, Connection, Crash, Delivery, Engine, InDoubt,
    Invalidation, Isolation, Membership, Method, Partition, Pause, Placement, ReadCheck, ReadLocks,
    ReadsFrom, Recording, Replication, Session, Skewed, Snapshots, Victim, Workload,
};
pub use setting::Share;

use setting::Setting;

use super::sim::{MILLISECOND, Nanos};

/// One knob, for those who list them or set them by name.
pub struct Knob {
    /// Its name, as on the command line.
    pub name: &'static str,
    /// The group of knobs that it belongs to.
    pub group: &'static str,
    /// What it means, in a sentence.
    pub about: &'static str,
    /// What it can be set to.
    pub choices: fn() -> String,
    show: fn(&Knobs) -> String,
    set: fn(&mut Knobs, &str) -> Result<(), String>,
}

/// Defines the knobs: the struct of all settings, with what each is by default, and the table.
macro_rules! knobs {
    ($(
        [$group:literal]
        $( #[doc = $about:literal] $name:literal $field:ident: $type:ty = $default:expr; )+
    )+) => {
        /// A setting for every knob: a point in the space of systems.
        #[derive(Clone, PartialEq, Debug)]
        pub struct Knobs {
            $($( #[doc = $about] pub $field: $type, )+)+
        }

        impl Default for Knobs {
            fn default() -> Knobs {
                Knobs { $($( $field: $default, )+)+ }
            }
        }

        /// All knobs.
        pub const KNOBS: &[Knob] = &[$($(
            Knob {
                name: $name,
                group: $group,
                about: $about.trim_ascii(),
                choices: <$type as Setting>::choices,
                show: |knobs| knobs.$field.show(),
                set: |knobs, text| {
                    knobs.$field = Setting::parse(text)?;
                    Ok(())
                },
            },
        )+)+];
    };
}

knobs! {
    ["size"]
    /// How many operations the clients start.
    "operations" operations: u32 = 200;
    /// How many clients there are, each of which does one thing at a time.
    "clients" clients: u32 = 5;
    /// How many keys there are.
    "keys" keys: u32 = 1;
    /// How many nodes there are.
    "nodes" nodes: u32 = 3;

    ["workload"]
    /// What the clients do.
    "workload" workload: Workload = Workload::Register;
    /// So many operations only read.
    "reads" reads: Share = Share(5000);
    /// How many different values are written; 0: each is written once.
    "values" values: u32 = 0;
    /// How long a client waits between its operations, on average.
    "think" think: Nanos = 5 * MILLISECOND;
    /// How an operation that needs several steps is kept whole.
    "method" method: Method = Method::Atomic;
    /// How long a client works between the steps of an operation, or while it has what it took.
    "work" work: Nanos = MILLISECOND;
    /// How many accounts, registers or locks an operation chooses from, at least 2.
    "accounts" accounts: u32 = 4;
    /// How much is in each account in the beginning.
    "balance" balance: u32 = 100;
    /// How many permits there are.
    "permits" permits: u32 = 2;
    /// How long a lock is lent, or an item of a queue invisible that was taken; 0: for ever.
    "lease" lease: Nanos = 0;
    /// Whether a register refuses a lock's holder after a later one has written.
    "fencing" fencing: bool = false;
    /// So many clients forget to give back what they took.
    "leaks" leaks: Share = Share(0);
    /// How much transactions see of each other.
    "isolation" isolation: Isolation = Isolation::Serializable;
    /// Which store runs interactive transactions: those of list-append and rw-register.
    "engine" engine: Engine = Engine::Locking;
    /// How many steps an interactive transaction has at most.
    "steps" steps: u32 = 4;
    /// How often a key is written before another one takes its place.
    "writes-per-key" writes_per_key: u32 = 16;
    /// So many interactive transactions are rolled back by their clients.
    "rollbacks" rollbacks: Share = Share(0);
    /// How long a transaction keeps the locks of what it reads.
    "read-locks" read_locks: ReadLocks = ReadLocks::Long;
    /// Whether a transaction locks what it writes, until it ends.
    "write-locks" write_locks: bool = true;
    /// Whether a transaction locks all its keys when it begins, in one order for all.
    "lock-ahead" lock_ahead: bool = false;
    /// Which transaction of a deadlock is aborted.
    "victim" victim: Victim = Victim::Youngest;
    /// Whether what an aborted transaction wrote in place is taken back.
    "undo" undo: bool = true;
    /// What is committed that a transaction sees.
    "snapshots" snapshots: Snapshots = Snapshots::Begin;
    /// Whether a transaction aborts if what it writes was written since it began.
    "write-check" write_check: bool = true;
    /// What is required of the reads of a transaction that commits.
    "read-check" read_check: ReadCheck = ReadCheck::None;
    /// Whether a site writes only keys that are at home there, where conflicts are looked for.
    "home-writes" home_writes: bool = true;
    /// When a site shows what another one sent.
    "delivery" delivery: Delivery = Delivery::Causal;
    /// What of its own past a client is sure to see at another node.
    "session" session: Session = Session::All;
    /// How a transaction that wrote on several shards commits.
    "commit" commit: Commit = Commit::TwoPhase;
    /// What a shard does that promised to commit and is not told whether to.
    "in-doubt" in_doubt: InDoubt = InDoubt::Wait;

    ["copies"]
    /// How the nodes keep copies.
    "replication" replication: Replication = Replication::Single;
    /// How many copies there are of each key; 0: one on every node.
    "copies" copies: u32 = 0;
    /// When a primary acknowledges an update.
    "acknowledge" acknowledge: Acknowledge = Acknowledge::Late;
    /// How long a primary that acknowledges early collects updates before it sends them on.
    "lag" lag: Nanos = 0;
    /// Which node answers a read.
    "reads-from" reads_from: ReadsFrom = ReadsFrom::Primary;
    /// Whether a backup takes over where the primary is not heard from.
    "failover" failover: bool = false;
    /// Whether a primary stops by itself when another one may have taken over.
    "step-down" step_down: bool = true;
    /// How many copies a read waits for; 0: a majority.
    "read-quorum" read_quorum: u32 = 0;
    /// How many copies a write waits for; 0: a majority.
    "write-quorum" write_quorum: u32 = 0;
    /// Which of two writes without a leader counts as the later one.
    "order" order: ConflictOrder = ConflictOrder::Version;
    /// Whether a read waits until a write quorum has what it returns.
    "write-back" write_back: bool = true;
    /// Whether a read brings copies up to date that were behind, without waiting for it.
    "read-repair" read_repair: bool = false;
    /// When a copy forgets that a value was deleted; 0: never.
    "forget-deletes" forget_deletes: Nanos = 0;
    /// How many applied entries a node of Raft keeps; who lacks older ones gets a whole copy.
    "log-kept" log_kept: u32 = 256;

    ["placement"]
    /// Which nodes keep the copies of a key.
    "placement" placement: Placement = Placement::First;
    /// At how many places of the ring each node stands.
    "virtual-nodes" virtual_nodes: u32 = 16;
    /// How the members of the ring change, in the middle of the run.
    "membership" membership: Membership = Membership::Fixed;
    /// Whether the members hand over what others are to keep from then on.
    "handover" handover: bool = true;

    ["caches"]
    /// Where reads are cached.
    "cache" cache: Cache = Cache::None;
    /// How long an entry lasts; 0: until it is invalidated.
    "time-to-live" time_to_live: Nanos = 0;
    /// What a write does to caches.
    "invalidation" invalidation: Invalidation = Invalidation::Around;
    /// Whether a cache refuses to be filled with what was read before an invalidation.
    "guarded-fills" guarded_fills: bool = true;

    ["calls"]
    /// Which node takes a client's calls.
    "connection" connection: Connection = Connection::Sticky;
    /// What a client does if no answer comes.
    "calls" calls: Calls = Calls::AtMostOnce;
    /// How long a client waits for an answer.
    "timeout" timeout: Nanos = 30 * MILLISECOND;
    /// How often it calls again.
    "retries" retries: u32 = 3;

    ["network"]
    /// How long a message takes at least.
    "delay" delay: Nanos = 200_000;
    /// How much longer it takes on average.
    "jitter" jitter: Nanos = 200_000;
    /// So many messages are slow.
    "slow" slow: Share = Share(0);
    /// How much longer a slow message takes on average.
    "slow-by" slow_by: Nanos = 10 * MILLISECOND;
    /// So many messages are lost.
    "loss" loss: Share = Share(0);
    /// So many messages arrive twice.
    "duplication" duplication: Share = Share(0);
    /// Whether messages between two hosts may overtake each other.
    "reordering" reordering: bool = false;

    ["clocks"]
    /// Which clocks are wrong.
    "skewed" skewed: Skewed = Skewed::None;
    /// How far a wrong clock is off in the beginning, at most.
    "offset" offset: Nanos = 0;
    /// How much a wrong clock gains or loses a second, at most.
    "drift" drift: Nanos = 0;
    /// By how much the clock of a node is stepped, as by NTP.
    "step" step: Nanos = 0;
    /// By which clock the history's times are taken, and its records ordered.
    "recording" recording: Recording = Recording::OneClock;

    ["faults"]
    /// Which messages a partition stops.
    "partition" partition: Partition = Partition::None;
    /// Which nodes crash.
    "crash" crash: Crash = Crash::None;
    /// Whether a node that comes back has what it had.
    "durable" durable: bool = true;
    /// What is stopped for a while.
    "pause" pause: Pause = Pause::None;
    /// How long it takes until the next fault, on average.
    "fault-every" fault_every: Nanos = 60 * MILLISECOND;
    /// How long a fault lasts, on average.
    "fault-for" fault_for: Nanos = 30 * MILLISECOND;
}

/// The shortest time after which something may happen again and again: 10us.
const SHORTEST_PERIOD: Nanos = MILLISECOND / 100;

impl Knobs {
    /// Sets the knob called `name` to what `text` says.
    ///
    /// # Errors
    /// If there is no such knob, or it cannot be set to that; the error says so in words.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), String> {
        let knob = KNOBS.iter().find(|knob| knob.name == name);
        let knob = knob.ok_or_else(|| format!("no knob is called `{name}`"))?;
        (knob.set)(self, text).map_err(|why| format!("{name}: {why}"))
    }

    /// The knobs as by default, but for these settings, each as `name=setting`; for tests.
    #[cfg(test)]
    #[allow(clippy::expect_used)]
    pub(super) fn of(settings: &str) -> Knobs {
        let mut knobs = Knobs::default();
        for word in settings.split_whitespace() {
            let (name, text) = word.split_once('=').expect(word);
            knobs.set(name, text).expect(word);
        }
        knobs.check().expect(settings);
        knobs
    }

    /// Sets those of these knobs that exist, to what they can be set to.
    pub(super) fn set_all(&mut self, settings: &[(&str, &str)]) {
        for (name, text) in settings {
            // The settings of presets are right: a test sees to that.
            let _ = self.set(name, text);
        }
    }

    /// What the knob called `name` is set to; `None` if there is no such knob.
    pub fn show(&self, name: &str) -> Option<String> {
        let knob = KNOBS.iter().find(|knob| knob.name == name)?;
        Some((knob.show)(self))
    }

    /// Whether there is a system at this point of the space.
    ///
    /// # Errors
    /// If there is none; the error says why, in words.
    pub fn check(&self) -> Result<(), String> {
        let needs = |is_met: bool, what: &str| if is_met { Ok(()) } else { Err(what.to_owned()) };
        needs((1..=64).contains(&self.nodes), "nodes: from 1 to 64")?;
        needs((1..=1000).contains(&self.clients), "clients: from 1 to 1000")?;
        needs((1..=1 << 29).contains(&self.keys), "keys: from 1 to 536870912")?;
        needs((1..1 << 30).contains(&self.operations), "operations: from 1 to 1073741823")?;
        needs(self.copies <= self.nodes, "copies: not more than nodes")?;
        let is_fixed = self.membership == Membership::Fixed;
        needs(is_fixed || self.nodes > 1, "nodes: at least 2, if one of them joins or leaves")?;
        needs(self.virtual_nodes > 0, "virtual-nodes: at least 1")?;
        needs(self.permits > 0, "permits: at least 1")?;
        let positive = [
            ("delay", self.delay),
            ("jitter", self.jitter),
            ("slow-by", self.slow_by),
            ("work", self.work),
            ("lag", self.lag),
            ("lease", self.lease),
            ("think", self.think),
            ("time-to-live", self.time_to_live),
            ("forget-deletes", self.forget_deletes),
            ("offset", self.offset),
        ];
        for (name, length) in positive {
            needs(length >= 0, &format!("{name}: not less than 0"))?;
        }
        needs(self.timeout > 0, "timeout: more than 0")?;
        // What happens again after these would happen so often that a run never ended.
        let seldom = |length: Nanos| length >= SHORTEST_PERIOD;
        needs(self.lag == 0 || seldom(self.lag), "lag: 0, or not less than 10us")?;
        needs(
            seldom(self.fault_every) && seldom(self.fault_for),
            "fault-every, fault-for: not less than 10us",
        )?;
        let is_register = matches!(self.workload, Workload::Register | Workload::Kv);
        let is_leaderless = self.replication == Replication::Leaderless;
        needs(
            is_register || !is_leaderless,
            "replication: without a leader only registers can be kept (workload register or kv)",
        )?;
        // There, registers are placed for themselves, and would be those of all keys.
        let is_parallel = self.isolation == Isolation::ParallelSnapshot;
        needs(
            self.keys == 1 || !is_parallel || self.workload != Workload::Transactions,
            "keys: one, if transactions have the isolation parallel-snapshot",
        )?;
        self.check_transactions()?;
        needs(
            self.placement == Placement::First || !self.failover,
            "failover: only with the placement first",
        )?;
        needs(
            self.placement != Placement::Ring || is_leaderless,
            "placement: a ring needs the replication leaderless",
        )
    }

    /// Returns whether the clients run interactive transactions.
    pub(super) fn is_interactive(&self) -> bool {
        matches!(self.workload, Workload::ListAppend | Workload::RwRegister)
    }

    /// The same as [`Knobs::check`], of what only interactive transactions need.
    fn check_transactions(&self) -> Result<(), String> {
        if !self.is_interactive() {
            return Ok(());
        }
        let needs = |is_met: bool, what: &str| if is_met { Ok(()) } else { Err(what.to_owned()) };
        needs((1..=64).contains(&self.steps), "steps: from 1 to 64")?;
        needs(self.writes_per_key > 0, "writes-per-key: at least 1")?;
        needs(self.keys <= 1 << 16, "keys: at most 65536 for interactive transactions")?;
        needs(
            self.nodes > 1 || self.engine != Engine::Shards,
            "nodes: at least 2 for the engine shards, the last of which coordinates",
        )?;
        let is_list = self.workload == Workload::ListAppend && self.engine == Engine::Sites;
        needs(
            self.home_writes || self.write_check || !is_list,
            "home-writes: yes for lists at sites, unless there is a write-check",
        )?;
        needs(
            self.recording == Recording::OneClock,
            "recording: one-clock for interactive transactions",
        )
    }

    /// The knobs that are set to something else than in `other`, with their settings here.
    pub fn differences(&self, other: &Knobs) -> Vec<(&'static str, String)> {
        let shown = KNOBS.iter().map(|knob| (knob, (knob.show)(self), (knob.show)(other)));
        shown.filter(|one| one.1 != one.2).map(|(knob, here, _)| (knob.name, here)).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]

    use super::*;

    #[test]
    fn every_knob_can_be_set_to_what_it_shows() {
        let knobs = Knobs::default();
        for knob in KNOBS {
            let mut other = Knobs::default();
            other.set(knob.name, &(knob.show)(&knobs)).expect(knob.name);
            assert_eq!(other, knobs, "{}", knob.name);
            assert!(knob.about.ends_with('.'), "{}", knob.about);
        }
    }

    #[test]
    fn differences_lead_from_one_point_to_the_other() {
        let mut one = Knobs::default();
        one.set("read-quorum", "1").expect("a knob");
        one.set("delay", "3ms").expect("a knob");
        let differences = one.differences(&Knobs::default());
        assert_eq!(differences, [("read-quorum", "1".to_owned()), ("delay", "3ms".to_owned())]);
        assert!(one.set("read-quorum", "x").is_err());
        assert!(one.set("quorum", "1").is_err());
    }
}
