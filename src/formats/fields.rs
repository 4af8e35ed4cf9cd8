//! What the fields of a record mean, whichever format writes them as names with values: JSON, CSV
//! and EDN fill [`Fields`], and here they become an event, a whole operation or metadata.

use std::borrow::Cow;

use super::content::{Content, duplicate, event_type, function_of, missing, quoted};
use super::json;
use super::mapping::{Target, map_option};
use super::moments::optional_time;
use super::nested::Node;
use super::outcomes::only_ended;
use super::roles::{Role, is_of_no_consequence, role};
use super::sink::Sink;
use super::words::{is_operation, parts_of_command, phase_word, word_of};
use crate::error::{Code, Error, Place};
use crate::history::{Event, EventType, Lacking, Time, Value, is_micro_operation};
use crate::vocabulary::Word;

pub(super) const PROCESS: usize = 0;
pub(super) const TYPE: usize = 1;
pub(super) const FUNCTION: usize = 2;
pub(super) const VALUE: usize = 3;
pub(super) const KEY: usize = 4;
pub(super) const TIME: usize = 5;
pub(super) const NAMES: [&str; 6] = ["process", "type", "f", "value", "key", "time"];

/// So many fields are named in an error.
const MOST_SHOWN: usize = 8;
/// Above so many other fields, repeated names are looked for by sorting.
const FEW: usize = 16;

/// The fields of one record; kept from record to record so that nothing is allocated anew.
pub(super) struct Fields<'t, C> {
    /// The fields that every event has, in the order of `NAMES`.
    pub(super) known: [Option<C>; 6],
    /// All others.
    pub(super) rest: Vec<(Cow<'t, str>, C)>,
    /// What a compare-and-set expects and writes, where each stands by itself.
    pub(super) pair: [Option<C>; 2],
    /// The name of the operation, where it is that of a field: `{"Put": {…}}`.
    pub(super) tag: Option<Cow<'t, str>>,
    /// Which end of an operation it is, where that is the name of a field: `{"Invoke": {…}}`.
    pub(super) phase: Option<Cow<'t, str>>,
    /// Whether this is a span of a trace, whose attributes may be what an operation has.
    pub(super) is_span: bool,
    /// The fields while they are being arranged.
    pub(super) nodes: Vec<Node<'t, C>>,
    duplicate: Option<Error>,
}

impl<C: Copy> Default for Fields<'_, C> {
    fn default() -> Self {
        Fields {
            known: [None; 6],
            rest: Vec::new(),
            pair: [None; 2],
            tag: None,
            phase: None,
            is_span: false,
            nodes: Vec::new(),
            duplicate: None,
        }
    }
}

impl<'t, C: Content<'t>> Fields<'t, C> {
    /// Returns the fields of a span, which has none so far.
    pub(super) fn of_span() -> Self {
        Fields { is_span: true, ..Fields::default() }
    }

    /// Forgets all fields.
    pub(super) fn clear(&mut self) {
        self.known = [None; 6];
        self.rest.clear();
        self.pair = [None; 2];
        self.tag = None;
        self.phase = None;
        self.duplicate = None;
    }

    /// Adds the field `name`.
    pub(super) fn push(&mut self, name: Cow<'t, str>, content: C) {
        let slot = match &*name {
            "process" => PROCESS,
            "type" => TYPE,
            "f" => FUNCTION,
            "value" => VALUE,
            "key" => KEY,
            "time" => TIME,
            _ => {
                if self.rest.len() < FEW && self.rest.iter().any(|(other, _)| *other == name) {
                    self.set_duplicate(&name, content);
                }
                self.rest.push((name, content));
                return;
            }
        };
        if self.known[slot].replace(content).is_some() {
            self.set_duplicate(NAMES[slot], content);
        }
    }

    /// Takes the namespace off the names of fields that have one, `op/type`, if no field says
    /// without one who did what, or how it ended.
    pub(super) fn leave_namespaces(&mut self) {
        let tells = |name: &str| {
            matches!(
                role(name).0,
                Role::Process | Role::Function | Role::Outcome | Role::Phase | Role::Call
            )
        };
        let is_told = self.known[..VALUE].iter().any(Option::is_some)
            || self.rest.iter().any(|(name, _)| tells(name));
        let split = |name: &str| {
            let (space, bare) = name.rsplit_once('/')?;
            Some((space.to_owned(), bare.to_owned())).filter(|(_, bare)| !bare.is_empty())
        };
        let mut names = self.rest.iter().filter_map(|(name, _)| split(name));
        let Some((space, _)) = names.find(|(_, bare)| !is_told && tells(bare)) else { return };
        for (name, content) in std::mem::take(&mut self.rest) {
            let bare = split(&name).filter(|(own, _)| *own == space);
            self.push(bare.map_or(name, |(_, bare)| Cow::Owned(bare)), content);
        }
    }

    fn set_duplicate(&mut self, name: &str, content: C) {
        self.duplicate.get_or_insert_with(|| duplicate(name, content.offset()));
    }

    fn check_duplicates(&mut self) -> Result<(), Error> {
        if self.rest.len() > FEW {
            let offsets = self.rest.iter().map(|(name, content)| (&**name, content.offset()));
            let mut sorted: Vec<(&str, usize)> = offsets.collect();
            sorted.sort_unstable();
            let twice = sorted.array_windows().filter(|[a, b]| a.0 == b.0).map(|[_, b]| b);
            if let Some(&(name, offset)) = twice.min_by_key(|(_, offset)| offset) {
                return Err(duplicate(name, offset));
            }
        }
        self.duplicate.take().map_or(Ok(()), Err)
    }

    /// The content of a known field, unless it is absent or null.
    pub(super) fn known(&self, slot: usize) -> Option<C> {
        self.known[slot].filter(|content| !content.is_null())
    }

    /// Hands the record to `sink`.
    pub(super) fn put(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        self.interpret(sink).map_err(|error| {
            // An error without a place is about the record as a whole.
            error.at(Place { offset: sink.start(), ..Place::default() })
        })
    }

    fn interpret(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        if sink.is_seeking() {
            // What it means may hang on what came before it, which is not kept then.
            return sink.pass();
        }
        if let Some(survey) = sink.survey.take() {
            let known = NAMES.iter().zip(self.known);
            let known = known.filter_map(|(name, content)| Some((*name, content?)));
            let rest = self.rest.iter().map(|(name, content)| (&**name, *content));
            survey.is_trace |= self.is_span;
            survey.add(known.chain(rest), sink.values())?;
            sink.survey = Some(survey);
            return sink.skip();
        }
        self.check_duplicates()?;
        if let [(name, content)] = &self.rest[..]
            && name == "histcheck"
            && self.known.iter().all(Option::is_none)
        {
            let value = content.value(sink.values())?;
            return sink.metadata(value);
        }
        if let Some(mapping) = sink.mapping {
            self.arrange(mapping, sink)?;
            self.check_duplicates()?;
        }
        if self.is_span {
            self.promote(sink)?;
            self.check_duplicates()?;
        }
        if self.open_phase(sink)? {
            self.check_duplicates()?;
        }
        if self.is_nested(sink.values()) {
            if self.put_etcd(sink)? {
                return Ok(());
            }
            if !self.open_nested(sink)? && self.tells_times() != Tells::Call {
                self.unwrap(sink)?;
                if self.is_nested(sink.values()) {
                    self.open_nested(sink)?;
                }
            }
            self.check_duplicates()?;
        }
        let is_whole = match self.tells_times() {
            Tells::Call => !self.is_event(sink),
            Tells::Duration => self.is_ended(sink),
            Tells::Neither => false,
        };
        if is_whole { self.put_whole(sink) } else { self.put_event(sink) }
    }

    /// Which of the times of a whole operation the record has, but for that of its return.
    fn tells_times(&self) -> Tells {
        let mut tells = Tells::Neither;
        // Most records have none, but an index.
        for (name, content) in self.rest.iter().filter(|(name, _)| name != "index") {
            match role(name).0 {
                Role::Call => return Tells::Call,
                Role::Duration if !content.is_null() => tells = Tells::Duration,
                _ => {}
            }
        }
        tells
    }

    /// Whether a record that tells how long an operation took is one of the whole operation, and
    /// not one of its end.
    fn is_ended(&self, sink: &mut Sink<'_>) -> bool {
        let own = self.known(TYPE).and_then(|own| word_of(&own, Target::Type, sink).ok());
        if self.phase.is_some()
            || sink.has_events()
            || own.is_some_and(|own| EventType::parse(&own).is_some())
        {
            return false;
        }
        let is_phase = |(name, content): &(Cow<'t, str>, C)| {
            role(name).0 == Role::Phase
                && word_of(content, Target::Type, sink)
                    .is_ok_and(|word| EventType::meant(&word).is_some())
        };
        !self.rest.iter().any(is_phase)
    }

    /// Whether a record that has the time of a call is one end of an operation all the same.
    fn is_event(&self, sink: &mut Sink<'_>) -> bool {
        if self.phase.is_some() {
            return true;
        }
        let Some(kind) = self.known(TYPE) else { return false };
        self.known(TIME).is_some()
            || word_of(&kind, Target::Type, sink).is_ok_and(|word| word == "invoke")
            || self.known(PROCESS).is_some_and(|process| {
                let process = process.process(sink.values());
                process.is_ok_and(|process| sink.values().as_int(process).is_none())
            })
    }

    /// What a compare-and-set takes, where each of its two values stands by itself.
    pub(super) fn pair(&self, sink: &mut Sink<'_>) -> Result<Option<Value>, Error> {
        let [Some(old), Some(new)] = self.pair else { return Ok(None) };
        let [old, new] = [old.value(sink.values())?, new.value(sink.values())?];
        Ok(Some(sink.values().list(&[old, new])))
    }

    fn put_event(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        let mut taken = [const { None }; NAMES.len()];
        let kind = self.kind(&mut taken, sink)?;
        let is_named = self.has(PROCESS) && self.has(FUNCTION);
        let is_transaction = !is_named && self.is_transaction(sink)?;
        if kind == EventType::Info && !self.has(PROCESS) && !self.has(FUNCTION) && !is_transaction {
            return self.put_note(sink);
        }
        let process = match self.field(PROCESS, &[Role::Process], &mut taken) {
            Some(process) => process.process(sink.values())?,
            None if is_transaction => sink.process_by_order(kind)?,
            None => return Err(no_process()),
        };
        let is_number = sink.values().as_int(process).is_some();
        let function = match (self.field(FUNCTION, &[Role::Function], &mut taken), self.tag.take())
        {
            (_, Some(tag)) => tag,
            (None, _) if is_transaction => transaction_by_value(sink),
            (None, _) if let Some(open) = sink.open_function(process, kind) => Cow::Owned(open),
            (function, _) => function_of(function, is_number, sink)
                .map_err(|error| self.not_named(error, function, taken[FUNCTION], sink))?,
        };
        let ends: &[Role] = match kind {
            EventType::Invoke => &[Role::Value, Role::Input],
            // An end may repeat what was taken, where nothing says what was returned.
            EventType::Ok if self.tells_output() || takes_nothing(&function) => {
                &[Role::Value, Role::Output, Role::Reply]
            }
            EventType::Ok => &[Role::Value, Role::Output, Role::Reply, Role::Input],
            EventType::Fail | EventType::Info => &[Role::Value],
        };
        self.check_answers(kind, &function, sink.values())?;
        let value = self.value(kind, ends, &mut taken);
        let target = match taken[VALUE].map(|at| role(&self.rest[at].0).0) {
            Some(Role::Input) => Target::Input,
            Some(Role::Output | Role::Reply) => Target::Output,
            _ => Target::Value,
        };
        let value = match value {
            None if kind != EventType::Fail => self.pair(sink)?,
            value => mapped_value(value, target, sink)?,
        };
        let value = value.unwrap_or(Value::NULL);
        let is_client = sink.is_client(process, &function, kind);
        // Only a client's operation has a key; elsewhere it is a field like any other.
        let key_roles: &[Role] = if is_client { &[Role::Key] } else { &[] };
        let key = self.field(KEY, key_roles, &mut taken);
        let mut key = mapped_value(key, Target::Key, sink)?;
        let time = self.timed(&mut taken, sink)?;
        let mut has_unknown = false;
        for (at, (name, content)) in self.rest.iter().enumerate() {
            if !taken.contains(&Some(at)) {
                has_unknown |= !is_of_no_consequence(name);
                put_extra(name, content, sink)?;
            }
        }
        if has_unknown && self.known[VALUE].is_none() && taken[VALUE].is_none() {
            sink.lacks(Lacking { input: true, output: true, ret: false });
        }
        for (slot, at) in taken.iter().enumerate() {
            if let Some(at) = at {
                sink.takes(NAMES[slot], &self.rest[*at].0);
            }
        }
        if !is_client && let Some(key) = key.take() {
            sink.extra("key", key);
        }
        sink.event(&Event { process, kind, function: &function, value, key, time })
    }

    /// The type of an event, whatever the field is called that tells it: one may say which end it
    /// is, and another how it ended.
    fn kind(&mut self, taken: &mut Taken, sink: &mut Sink<'_>) -> Result<EventType, Error> {
        let own = self.known(TYPE);
        let own_word = own.and_then(|own| word_of(&own, Target::Type, sink).ok());
        if let Some(kind) = own_word.as_deref().and_then(EventType::parse) {
            return Ok(kind);
        }
        let own_kind = own_word.as_deref().and_then(EventType::meant);
        let mut told: Option<(Option<usize>, EventType, bool)> =
            own_kind.map(|kind| (None, kind, own_word.as_deref().is_some_and(only_ended)));
        if let Some(phase) = self.phase.take() {
            told = EventType::meant(&phase).map(|kind| (None, kind, only_ended(&phase)));
        }
        for (at, (name, content)) in self.rest.iter().enumerate() {
            if !matches!(role(name).0, Role::Phase | Role::Outcome) {
                continue;
            }
            let Some(word) = phase_word(name, content, sink) else { continue };
            let Some(kind) = EventType::meant(&word) else { continue };
            // That it ended is said by the one, and how by the other.
            if told.is_none_or(|(_, _, only_ended)| only_ended && kind != EventType::Invoke) {
                told = Some((Some(at), kind, only_ended(&word)));
            }
        }
        let told = told.or_else(|| self.kind_in_message(sink));
        let Some((at, kind, ended)) = told else {
            return match own {
                Some(own) => event_type(&own, sink),
                None if sink.may_hold_sessions() && self.is_transaction(sink)? => {
                    self.check_success(sink.values())?;
                    Ok(EventType::Ok)
                }
                None => Err(self.missing_type(sink)),
            };
        };
        if ended {
            self.check_success(sink.values())?;
        }
        taken[TYPE] = at;
        if let (None, Some(own)) = (own_kind, own) {
            // Its own field tells something else: the name, if no other does.
            self.known[TYPE] = None;
            match self.known[FUNCTION] {
                None => self.known[FUNCTION] = Some(own),
                Some(_) => self.rest.push((Cow::Borrowed("type"), own)),
            }
        }
        Ok(kind)
    }

    /// Whether a field is there that this slot of an event can be.
    pub(super) fn has(&self, slot: usize) -> bool {
        let wanted = if slot == PROCESS { Role::Process } else { Role::Function };
        self.known(slot).is_some()
            || self.rest.iter().any(|(name, field)| role(name).0 == wanted && !field.is_null())
    }

    /// The content of a field that an event has: by its own name, or, where that is not there, by
    /// the best of the names for these roles.
    fn field(&self, slot: usize, roles: &[Role], taken: &mut Taken) -> Option<C> {
        if self.known[slot].is_some() {
            return self.known(slot);
        }
        let mut best: Option<(usize, (usize, u8))> = None;
        for (at, (name, content)) in self.rest.iter().enumerate() {
            let (own, rank) = role(name);
            let Some(order) = roles.iter().position(|role| *role == own) else { continue };
            let is_better = best.is_none_or(|(_, least)| (order, rank) < least);
            if is_better && !content.is_null() && !taken.contains(&Some(at)) {
                best = Some((at, (order, rank)));
            }
        }
        let (at, _) = best?;
        taken[slot] = Some(at);
        Some(self.rest[at].1)
    }

    /// The value of an event: beside a result, `value` repeats what the operation took.
    fn value(&self, kind: EventType, roles: &[Role], taken: &mut Taken) -> Option<C> {
        let is_result = |(name, content): &(Cow<'t, str>, C)| {
            matches!(role(name).0, Role::Output | Role::Reply) && !content.is_null()
        };
        let result = self.rest.iter().position(is_result);
        taken[VALUE] = result.filter(|_| kind == EventType::Ok && self.known[VALUE].is_some());
        match taken[VALUE] {
            Some(at) => Some(self.rest[at].1),
            None => self.field(VALUE, roles, taken),
        }
    }

    /// Whether there is a field for what was returned, be it null.
    fn tells_output(&self) -> bool {
        self.rest.iter().any(|(name, _)| matches!(role(name).0, Role::Output | Role::Reply))
    }

    /// Whether the value is a list of micro-operations, which says what the operation is.
    pub(super) fn is_transaction(&self, sink: &mut Sink<'_>) -> Result<bool, Error> {
        let is_end = |(name, _): &&(Cow<'t, str>, C)| {
            matches!(role(name).0, Role::Input | Role::Output) && self.known[TYPE].is_none()
        };
        let end = || self.rest.iter().find(is_end).map(|(_, content)| *content);
        let Some(value) = self.known(VALUE).or_else(end) else { return Ok(false) };
        let (mut parts, mut all) = (Vec::new(), true);
        value.entries(sink.values(), &mut |_, part| parts.push(part))?;
        for part in &parts {
            let mut items = Vec::new();
            part.entries(sink.values(), &mut |_, item| items.push(item))?;
            let word = items.first().map(|first| first.word("f", sink.values()));
            all &= items.len() == 3 && matches!(word, Some(Ok(word)) if is_micro_operation(&word));
        }
        Ok(all && !parts.is_empty())
    }

    /// Adds to the error about the name of an operation where that may be: in a part of `function`,
    /// which is the field at `at`, or in a field of another name.
    fn not_named(
        &self,
        error: Error,
        function: Option<C>,
        at: Option<usize>,
        sink: &mut Sink<'_>,
    ) -> Error {
        let hint = match function {
            Some(function) => {
                let name = at.map_or("f", |at| &*self.rest[at].0);
                parts_of_command(name, &function, sink)
            }
            None => {
                let mut rest = self.rest.iter();
                let named = rest.find(|(_, content)| is_operation(content, sink));
                named.map(|(name, _)| format!("`f` names the operation: {}", map_option("f", name)))
            }
        };
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    fn timed(&self, taken: &mut Taken, sink: &mut Sink<'_>) -> Result<Option<Time>, Error> {
        let time = self.field(TIME, &[Role::Time], taken);
        let name = taken[TIME].map_or("time", |at| &*self.rest[at].0);
        optional_time(time.map(|time| (name, time)), sink)
    }

    /// Hands over a record of nobody's operation: a mark, or what the test did.
    fn put_note(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        let mut taken = [const { None }; NAMES.len()];
        let time = self.timed(&mut taken, sink)?;
        let value = optional_value(self.known(VALUE), sink)?.unwrap_or(Value::NULL);
        for (at, (name, content)) in self.rest.iter().enumerate() {
            if taken[TIME] != Some(at) {
                put_extra(name, content, sink)?;
            }
        }
        if let Some(key) = optional_value(self.known(KEY), sink)? {
            sink.extra("key", key);
        }
        let process = sink.values().text("note");
        let kind = EventType::Info;
        sink.event(&Event { process, kind, function: "", value, key: None, time })
    }

    /// What a logger's message says of which end of an operation this is: `put started`.
    fn kind_in_message(&self, sink: &mut Sink<'_>) -> Option<(Option<usize>, EventType, bool)> {
        let is_message = |(name, _): &(Cow<'t, str>, C)| matches!(&**name, "msg" | "message");
        let at = self.rest.iter().position(is_message)?;
        let text = self.rest[at].1.word("type", sink.values()).ok()?;
        let words = || text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let word = [words().next_back()?, words().next()?]
            .into_iter()
            .find(|word| EventType::meant(word).is_some())?;
        Some((Some(at), EventType::meant(word)?, only_ended(word)))
    }

    fn missing_type(&self, sink: &mut Sink<'_>) -> Error {
        let phases = self.rest.iter().filter(|(name, _)| role(name).0 == Role::Phase);
        for (name, content) in phases {
            let shown = content.literal(sink.values()).unwrap_or_default();
            if matches!(&*shown, "0" | "1" | "2") {
                let message =
                    format!("`{name}` is {shown}, which is no word for an end of an operation");
                return Error::new(Code::UnknownType, message)
                    .hint("say what the numbers mean: --map type:0=invoke --map type:1=ok")
                    .at(content.place());
            }
        }
        let whole = |name: &str| {
            matches!(role(name).0, Role::Input | Role::Output | Role::Return | Role::Outcome)
        };
        if self.rest.iter().any(|(name, _)| whole(name)) {
            return missing("call").hint(
                "a record of a whole operation tells the time of its call (`call` or `start`), \
                 one of an event its `type`",
            );
        }
        match self.unknown_ends(sink) {
            Some(hint) => missing("type").hint(hint),
            None => missing("type").hint(self.types_and_fields(sink)),
        }
    }

    /// Which types there are, and which fields one may be in.
    fn types_and_fields(&self, sink: &mut Sink<'_>) -> String {
        let mut rest = self.rest.iter();
        let named = match self.has(FUNCTION) {
            true => None,
            false => rest.find(|(_, content)| is_operation(content, sink)),
        };
        let function = named.map_or(String::new(), |(name, _)| {
            format!("; {} if it names the operation", map_option("f", name))
        });
        let others = self.rest.iter().filter(|(name, _)| role(name).0 == Role::Other);
        let others: Vec<String> = others.take(MOST_SHOWN).map(|(name, _)| quoted(name)).collect();
        let others = match others.is_empty() {
            true => String::new(),
            false => format!(
                ", read from the field that is named (--map type=.FIELD): not read are {}",
                others.join(", ")
            ),
        };
        format!("the types are invoke, ok, fail and info{others}{function}")
    }

    /// How to name the ends of a whole operation, whose times and name are in fields of other
    /// names: the two largest numbers, or two dates.
    fn unknown_ends(&self, sink: &mut Sink<'_>) -> Option<String> {
        let mut times = Vec::new();
        let has_name =
            self.has(FUNCTION) || self.rest.iter().any(|(name, _)| role(name).0 == Role::Function);
        let mut function = None;
        for (name, content) in &self.rest {
            if role(name).0 != Role::Other {
                continue;
            }
            if !has_name && function.is_none() && is_operation(content, sink) {
                function = Some(name);
            } else if let Ok(Some(time)) = optional_time(Some((name, *content)), sink) {
                times.push((time, name));
            }
        }
        times.sort_by_key(|&(time, _)| match time {
            Time::Whole(time) | Time::Seconds(time) | Time::Exact(time) => time,
        });
        let [.., (_, call), (_, ret)] = times[..] else { return None };
        let function = function.map_or(String::new(), |name| map_option("f", name) + " ");
        Some(format!(
            "the types of events are invoke, ok, fail and info; if each record is a whole \
             operation, say where its ends are: {function}{} {} (`histcheck init FILE` shows all \
             fields)",
            map_option("call", call),
            map_option("return", ret)
        ))
    }
}

/// Which of the other fields stand for those that every event has.
type Taken = [Option<usize>; NAMES.len()];

/// Whether an operation of this name takes nothing.
fn takes_nothing(function: &str) -> bool {
    Word::meant(function).is_some_and(|word| word.verb().takes_nothing())
}

/// The name of an operation that only its value shows to be a transaction.
pub(super) fn transaction_by_value(sink: &mut Sink<'_>) -> Cow<'static, str> {
    sink.takes("f", "value");
    Cow::Borrowed("txn")
}

fn no_process() -> Error {
    missing("process").hint("`process` is the number of the client, or a name of another")
}

/// Which times a record tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tells {
    Call,
    Duration,
    Neither,
}

/// The value in a field, as the mapping means it.
pub(super) fn mapped_value<'t>(
    content: Option<impl Content<'t>>,
    target: Target,
    sink: &mut Sink<'_>,
) -> Result<Option<Value>, Error> {
    if let (Some(content), Some(mapping)) = (&content, sink.mapping)
        && mapping.has_words(target)
    {
        let literal = content.literal(sink.values())?;
        if let Some(meaning) = mapping.meaning(target, &literal) {
            return Ok(Some(json::value_or_text(meaning, sink.values())));
        }
    }
    optional_value(content, sink)
}

pub(super) fn optional_value<'t>(
    content: Option<impl Content<'t>>,
    sink: &mut Sink<'_>,
) -> Result<Option<Value>, Error> {
    content.map(|content| content.value(sink.values())).transpose()
}

/// Whether a text is made of hexadecimal digits alone, such as the id of a trace.
fn is_hexadecimal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Keeps a field that histcheck does not interpret; an index that only repeats the record's
/// position says nothing.
pub(super) fn put_extra<'t>(
    name: &str,
    content: &impl Content<'t>,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    if content.is_blank() || name == "index" && content.is_int(sink.index()) {
        return Ok(());
    }
    // A text that only looks like a number is none: `5e83417200195523`.
    let value = match content.kept(sink.values()) {
        Err(error) => match content.literal(sink.values()) {
            Ok(text) if is_hexadecimal(&text) => sink.values().text(&text),
            _ => return Err(error),
        },
        kept => kept?,
    };
    sink.extra(name, value);
    Ok(())
}
