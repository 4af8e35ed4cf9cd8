//! Which attributes of a span are what, where no rule says so.

use std::borrow::Cow;

use crate::error::Error;
use crate::formats::content::Content;
use crate::formats::fields::{Fields, TYPE};
use crate::formats::outcomes::{no_outcome, says_wrong};
use crate::formats::roles::{Role, role};
use crate::formats::sink::Sink;
use crate::vocabulary::plain;

/// What the attributes of a span stand behind.
const ATTRIBUTES: [&str; 2] = ["attributes.", "tags."];
/// What tells who did it, in the order in which that is asked, where no attribute is a client.
const WHO: [&str; 7] = [
    "attributes.thread.id",
    "tags.thread.id",
    "attributes.thread.name",
    "tags.thread.name",
    "resource.service.instance.id",
    "resource.process.pid",
    "resource.service.name",
];
/// Groups of attributes that say what a resource is, or where it runs.
const ABOUT: [&str; 12] = [
    "service",
    "telemetry",
    "process",
    "host",
    "os",
    "container",
    "k8s",
    "cloud",
    "deployment",
    "faas",
    "otel",
    "jaeger",
];

/// The name of an attribute by itself.
fn attribute(name: &str) -> Option<&str> {
    ATTRIBUTES.iter().find_map(|prefix| name.strip_prefix(prefix))
}

/// What an attribute is by its name, and how well that is known: the least counts.
fn role_of(name: &str) -> (Role, u8) {
    match name {
        "db.operation.name" => (Role::Function, 20),
        "db.operation" => (Role::Function, 21),
        "rpc.method" => (Role::Function, 22),
        _ if !name.contains('.') => match role(name) {
            // What it returned; the span has times of its own.
            (Role::Reply, rank) => (Role::Output, 10 + rank),
            (Role::Call | Role::Return | Role::Duration | Role::Time | Role::Phase, _) => {
                (Role::Other, 0)
            }
            // Names are those of whatever else.
            (Role::Function, _) if name == "name" => (Role::Other, 0),
            known => known,
        },
        // `client.id`, `thread.id`
        _ if role(&name.replace('.', "")).0 == Role::Process => (Role::Process, 25),
        _ => {
            let last = name.rsplit('.').next().unwrap_or_default();
            let role = match &*plain(last) {
                "op" | "operation" => Role::Function,
                "key" => Role::Key,
                "value" => Role::Value,
                "input" | "arg" | "args" => Role::Input,
                "output" | "result" => Role::Output,
                "client" | "clientid" | "worker" => Role::Process,
                "outcome" => Role::Outcome,
                _ => Role::Other,
            };
            (role, 30)
        }
    }
}

/// Whether a field is an attribute that names an operation.
pub(super) fn names_operation(name: &str) -> bool {
    let known = attribute(name).map(role_of);
    known.is_some_and(|(role, rank)| role == Role::Function && rank != 22)
}

/// Whether a field is an attribute for what an operation takes or returns, or for its key.
pub(super) fn is_content(name: &str) -> bool {
    let role = attribute(name).map(|name| role_of(name).0);
    matches!(role, Some(Role::Key | Role::Value | Role::Input | Role::Output))
}

impl<'t, C: Content<'t>> Fields<'t, C> {
    /// Lets the attributes of a span be what their names say, unless a rule says what is.
    ///
    /// # Errors
    /// If the span has an error, and nothing says whether the operation happened.
    pub(in crate::formats) fn promote(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        for wanted in [
            Role::Process,
            Role::Function,
            Role::Key,
            Role::Value,
            Role::Input,
            Role::Output,
            Role::Outcome,
        ] {
            let is_said = sink.mapping.is_some_and(|mapping| mapping.places(wanted));
            let best = if is_said { None } else { self.best(wanted) };
            let who = || WHO.iter().find_map(|who| self.rest.iter().position(|(n, _)| n == who));
            let is_open = wanted == Role::Process && !is_said;
            let best = best.or_else(|| if is_open { who() } else { None });
            if let Some(at) = best {
                let (name, content) = self.rest.remove(at);
                sink.takes(wanted.name(), &name);
                self.push(Cow::Borrowed(wanted.name()), content);
            }
        }
        self.check_status(sink)?;
        self.rest.retain(|(name, _)| {
            let group = name.strip_prefix("resource.").and_then(|about| about.split('.').next());
            !group.is_some_and(|group| ABOUT.contains(&group))
        });
        Ok(())
    }

    /// The attribute that is the best for a role; none where two are as good.
    fn best(&self, wanted: Role) -> Option<usize> {
        let rank = |(at, (name, content)): (usize, &(Cow<'t, str>, C))| {
            let (role, rank) = role_of(attribute(name)?);
            (role == wanted && !content.is_null()).then_some((rank, at))
        };
        let mut found: Vec<(u8, usize)> = self.rest.iter().enumerate().filter_map(rank).collect();
        found.sort_unstable();
        match found[..] {
            [(rank, _), (other, _), ..] if rank == other => None,
            [(_, at), ..] => Some(at),
            [] => None,
        }
    }

    /// Refuses an error of which nobody says what became of the operation.
    fn check_status(&self, sink: &mut Sink<'_>) -> Result<(), Error> {
        let has_outcome = self.rest.iter().any(|(name, _)| role(name).0 == Role::Outcome);
        if has_outcome || self.known[TYPE].is_some() {
            return Ok(());
        }
        let found = self.rest.iter().find(|(name, content)| match attribute(name) {
            _ if name == "status.code" => true,
            Some("otel.status_code") => {
                content.literal(sink.values()).is_ok_and(|code| code == "ERROR")
            }
            Some(name) => says_wrong(role_of(name).0, *content, sink.values()),
            None => false,
        });
        let Some((name, content)) = found else { return Ok(()) };
        // What the status says in words tells one error from another.
        let words = ["status.message", "attributes.otel.status_description"];
        let in_words = self.rest.iter().find(|(name, _)| words.contains(&&**name));
        let (name, content) = in_words.map_or((name, content), |(name, content)| (name, content));
        Err(no_outcome(name, content, sink.values()))
    }
}
