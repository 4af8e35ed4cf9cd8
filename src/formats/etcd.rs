//! Requests to etcd with their responses, as its robustness tests write them into
//! `operations.json`: `{"ClientId": 1, "Input": {"Type": "txn", "Txn": {…}}, "Output": {…}, …}`.
//!
//! What reads or writes one key is an operation on it: a `get`, a `put`, a `delete`. A condition on
//! a revision is known to have held or not, and is no part of these; so a conditional put that was
//! done counts as a put, and one that was not as one that failed. That demands less of etcd than
//! its own model does, and never more. What concerns no single key as it is now is passed over, and
//! what would change keys in other ways is an error.

use super::content::Content;
use super::fields::Fields;
use super::moments::{is_never, optional_time};
use super::sink::Sink;
use crate::error::Error;
use crate::history::{Interval, Outcome, Time, Value};

/// The parts of a map by their names.
type Parts<'t, C> = Vec<(std::borrow::Cow<'t, str>, C)>;

/// The types of requests, and the fields of the request that hold the rest.
const TYPES: [(&str, &str); 6] = [
    ("range", "Range"),
    ("txn", "Txn"),
    ("leaseGrant", "LeaseGrant"),
    ("leaseRevoke", "LeaseRevoke"),
    ("defragment", "Defragment"),
    ("compact", "Compact"),
];

/// Values of so many bytes are written as hashes, but not in all requests.
const HASHED: usize = 20;

/// What a request did to a key.
struct Deed<C> {
    function: &'static str,
    key: C,
    input: Option<C>,
    output: Option<C>,
    outcome: Outcome,
}

impl<'t, C: Content<'t>> Fields<'t, C> {
    /// Hands over the record if it is a request to etcd. False if it is none.
    ///
    /// # Errors
    /// If it changes keys in a way that is no operation on one of them.
    pub(super) fn put_etcd(&mut self, sink: &mut Sink<'_>) -> Result<bool, Error> {
        if sink.has_no_requests {
            return Ok(false);
        }
        let at = |name: &str| self.rest.iter().find(|(other, _)| other == name).map(|(_, c)| *c);
        let ends = (at("Input"), at("Output"), at("ClientId"), at("Call"));
        let (Some(input), Some(output), Some(client), Some(call)) = ends else { return Ok(false) };
        if sink.mapping.is_some_and(|mapping| !mapping.fields().is_empty()) {
            return Ok(false);
        }
        let request = parts(input, sink)?;
        let kind = part(&request, "Type").and_then(|it| it.word("f", sink.values()).ok());
        let known = TYPES.iter().find(|(name, _)| kind.as_deref() == Some(*name));
        let body = known.and_then(|(_, field)| part(&request, field));
        let (Some(kind), Some(body)) = (kind, body) else {
            sink.has_no_requests = true;
            return Ok(false);
        };
        let response = parts(output, sink)?;
        let deed = match &*kind {
            "range" => range(body, &response, sink)?,
            "txn" => txn(body, &response, sink)?,
            _ => None,
        };
        let Some(Deed { function, key, input, output, outcome }) = deed else {
            sink.pass_over_requests(1);
            return sink.skip().map(|()| true);
        };
        let process = Some(client.process(sink.values())?);
        let (call, ret) = (time("Call", call, sink)?, at("Return"));
        let ret = ret.map(|ret| time("Return", ret, sink)).transpose()?;
        // An operation that failed has no time of its own.
        let ret = ret.filter(|&ret| !is_never(call, ret) && ret != Time::Whole(0));
        let outcome = match outcome {
            Outcome::Ok if ret.is_none() => Outcome::Open,
            outcome => outcome,
        };
        if let Some(conditions) = conditions(body, sink)? {
            let conditions = conditions.value(sink.values())?;
            sink.extra("Input.Txn.Conditions", conditions);
        }
        if let Some(revision) = part(&response, "Revision") {
            let revision = revision.value(sink.values())?;
            sink.extra("revision", revision);
        }
        for (role, path) in [("f", "Input"), ("key", "Input"), ("input", "Input")] {
            sink.takes(role, path);
        }
        let key = Some(key.value(sink.values())?);
        let input = held(input, sink)?;
        let output = held(output, sink)?;
        let interval = Interval { process, outcome, function, input, output, key, call, ret };
        sink.interval(&interval).map(|()| true)
    }
}

fn time<'t, C: Content<'t>>(name: &str, content: C, sink: &mut Sink<'_>) -> Result<Time, Error> {
    let time = optional_time(Some((name, content)), sink)?;
    time.ok_or_else(|| content.not_a_time(name, sink.values()))
}

fn held<'t, C: Content<'t>>(content: Option<C>, sink: &mut Sink<'_>) -> Result<Value, Error> {
    content.map_or(Ok(Value::NULL), |content| content.value(sink.values()))
}

/// The parts of a map or a list; none of anything else.
fn parts<'t, C: Content<'t>>(content: C, sink: &mut Sink<'_>) -> Result<Parts<'t, C>, Error> {
    let mut parts = Vec::new();
    content.entries(sink.values(), &mut |name, part| parts.push((name, part)))?;
    Ok(parts)
}

/// The part called `name`, unless it is null.
fn part<'t, C: Content<'t>>(parts: &Parts<'t, C>, name: &str) -> Option<C> {
    let found = parts.iter().find(|(other, _)| other == name).map(|(_, part)| *part);
    found.filter(|part| !part.is_null())
}

/// Whether a part is there, and more than an empty text, 0 or false.
fn is_set<'t, C: Content<'t>>(parts: &Parts<'t, C>, name: &str) -> bool {
    part(parts, name).is_some_and(|part| !part.is_zero())
}

/// Whether the client saw no response: then nobody knows whether the request was done.
fn is_unknown<'t, C: Content<'t>>(response: &Parts<'t, C>) -> bool {
    ["Error", "ClientError"].into_iter().any(|name| is_set(response, name))
}

/// Whether a part of the response was made up from what etcd wrote down, without what was read.
fn is_partial<'t, C: Content<'t>>(response: &Parts<'t, C>) -> bool {
    ["PartialResponse", "Persisted"].into_iter().any(|name| is_set(response, name))
}

/// The conditions of a transaction, if it has any.
fn conditions<'t, C: Content<'t>>(body: C, sink: &mut Sink<'_>) -> Result<Option<C>, Error> {
    let Some(conditions) = part(&parts(body, sink)?, "Conditions") else { return Ok(None) };
    Ok((!parts(conditions, sink)?.is_empty()).then_some(conditions))
}

/// A range of one key as it is now, whose value was read.
fn range<'t, C: Content<'t>>(
    body: C,
    response: &Parts<'t, C>,
    sink: &mut Sink<'_>,
) -> Result<Option<Deed<C>>, Error> {
    let request = parts(body, sink)?;
    let is_of_one = !is_set(&request, "End") && !is_set(&request, "Revision");
    let key = part(&request, "Start").filter(|_| is_of_one);
    let is_told = !is_unknown(response) && !is_partial(response);
    let (Some(key), Some(result)) = (key, part(response, "Range").filter(|_| is_told)) else {
        return Ok(None);
    };
    Ok(Some(get(key, result, sink)?))
}

/// A read of `key` that returned `result`.
fn get<'t, C: Content<'t>>(key: C, result: C, sink: &mut Sink<'_>) -> Result<Deed<C>, Error> {
    let kvs = part(&parts(result, sink)?, "KVs").map_or(Ok(Vec::new()), |kvs| parts(kvs, sink))?;
    let output = match &kvs[..] {
        [] => None,
        [(_, pair)] => {
            let pair = parts(*pair, sink)?;
            let found = part(&pair, "Key");
            let literal = |content: C, sink: &mut Sink<'_>| -> Result<String, Error> {
                content.literal(sink.values()).map(std::borrow::Cow::into_owned)
            };
            if let Some(found) = found
                && literal(found, sink)? != literal(key, sink)?
            {
                return Err(found.bad("the response has another key than the request".to_owned()));
            }
            part(&pair, "Value").map(|value| plain_value(value, sink)).transpose()?
        }
        _ => return Err(result.bad("one key has several values".to_owned())),
    };
    Ok(Deed { function: "get", key, input: None, output, outcome: Outcome::Ok })
}

/// The text of a `{"Value": "1"}`; the whole of a `{"Hash": 5}`.
fn plain_value<'t, C: Content<'t>>(value: C, sink: &mut Sink<'_>) -> Result<C, Error> {
    let Some(text) = part(&parts(value, sink)?, "Value") else { return Ok(value) };
    if text.literal(sink.values())?.len() >= HASHED {
        let message = "a value of 20 bytes or more is written whole, where reads have a hash";
        return Err(text.bad(message.to_owned()).hint("let the test write shorter values"));
    }
    Ok(text)
}

/// A transaction that does one thing to one key.
fn txn<'t, C: Content<'t>>(
    body: C,
    response: &Parts<'t, C>,
    sink: &mut Sink<'_>,
) -> Result<Option<Deed<C>>, Error> {
    let request = parts(body, sink)?;
    let mut branches = Vec::new();
    for name in ["OperationsOnSuccess", "OperationsOnFailure"] {
        let listed = part(&request, name).map_or(Ok(Vec::new()), |list| parts(list, sink))?;
        let mut list = Vec::new();
        for (_, operation) in listed {
            list.push(Part::of(operation, sink)?);
        }
        branches.push(list);
    }
    let writes = |list: &[Part<C>]| list.iter().any(|part| part.function != "get");
    if !branches.iter().any(|list| writes(list)) && is_unknown(response) {
        return Ok(None);
    }
    let result = part(response, "Txn").filter(|_| !is_unknown(response) && !is_partial(response));
    let Some(result) = result else {
        // Only the one write can have been done, or none.
        let done: Vec<&Part<C>> =
            branches.iter().flatten().filter(|p| p.function != "get").collect();
        let [write] = done[..] else {
            return if done.is_empty() { Ok(None) } else { Err(too_much(done[0].content)) };
        };
        let outcome = Outcome::Info;
        return write.deed(None, outcome, sink).map(Some);
    };
    let result = parts(result, sink)?;
    let is_failure = is_set(&result, "Failure");
    let [chosen, other] = if is_failure { [1, 0] } else { [0, 1] };
    match &branches[chosen][..] {
        [] => match &branches[other][..] {
            // It was not done, as its condition did not hold.
            [only] if only.function != "get" => only.deed(None, Outcome::Fail, sink).map(Some),
            _ => Ok(None),
        },
        [only] => {
            let results = part(&result, "Results").map_or(Ok(Vec::new()), |it| parts(it, sink))?;
            only.deed(results.first().map(|(_, it)| *it), Outcome::Ok, sink).map(Some)
        }
        several if writes(several) => Err(too_much(several[0].content)),
        _ => Ok(None),
    }
}

fn too_much<'t, C: Content<'t>>(content: C) -> Error {
    content
        .bad("this transaction of etcd does several things, and writes".to_owned())
        .hint("only transactions that do one thing to one key are operations on it")
}

/// One of the operations of a transaction.
struct Part<C> {
    function: &'static str,
    key: Option<C>,
    value: Option<C>,
    is_leased: bool,
    content: C,
}

impl<C> Part<C> {
    fn of<'t>(content: C, sink: &mut Sink<'_>) -> Result<Part<C>, Error>
    where
        C: Content<'t>,
    {
        let operation = parts(content, sink)?;
        let kind = part(&operation, "Type").map(|it| it.literal(sink.values())).transpose()?;
        let (function, body, key) = match kind.as_deref() {
            Some("range-operation") => ("get", "Range", "Start"),
            Some("put-operation") => ("put", "Put", "Key"),
            Some("delete-operation") => ("delete", "Delete", "Key"),
            _ => return Err(content.bad("this is no operation of etcd's model".to_owned())),
        };
        let body = part(&operation, body).map_or(Ok(Vec::new()), |body| parts(body, sink))?;
        // A range of several keys is none of one.
        let is_of_one = !is_set(&body, "End");
        let is_leased = is_set(&body, "LeaseID");
        let key = part(&body, key).filter(|_| is_of_one);
        Ok(Part { function, key, value: part(&body, "Value"), is_leased, content })
    }

    fn deed<'t>(
        &self,
        result: Option<C>,
        outcome: Outcome,
        sink: &mut Sink<'_>,
    ) -> Result<Deed<C>, Error>
    where
        C: Content<'t>,
    {
        let Some(key) = self.key else { return Err(too_much(self.content)) };
        if self.is_leased {
            let message = "this put is bound to a lease, whose end deletes the key";
            return Err(self.content.bad(message.to_owned()).hint(
                "when a lease ends is not in the records: check a test without leases, such as \
                 etcd's Kubernetes traffic",
            ));
        }
        match (self.function, result) {
            ("get", Some(result)) => get(key, result, sink),
            ("get", None) => Err(too_much(self.content)),
            (function, _) => {
                let input = self.value.map(|value| plain_value(value, sink)).transpose()?;
                Ok(Deed { function, key, input, output: None, outcome })
            }
        }
    }
}
