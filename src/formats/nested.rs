//! Records that hold what they tell in maps of their own, as programs write their structures:
//! `{"Input": {"Op": "Put", "Key": "a", "Value": "1"}, "Output": {…}, …}`. Here the inner fields
//! become fields of the record, by the names that are known or by the rules of a mapping.

use std::borrow::Cow;

use super::content::Content;
use super::fields::{FUNCTION, Fields, KEY, NAMES, PROCESS, TYPE, VALUE};
use super::mapping::{Mapping, Path, Target};
use super::roles::{Role, role};
use super::sink::Sink;
use super::words::{numbered, phase_word, word_of};
use crate::error::Error;
use crate::history::{EventType, ValueTable};
use crate::vocabulary::{Verb, Word, plain};

/// A field of a record, or one inside another.
pub(super) struct Node<'t, C> {
    name: Cow<'t, str>,
    content: C,
    /// The one that it is inside of.
    parent: Option<usize>,
    state: State,
    /// Whether the fields inside it are nodes, too.
    is_open: bool,
}

impl<'t, C> Node<'t, C> {
    fn new(name: Cow<'t, str>, content: C, parent: Option<usize>) -> Self {
        Node { name, content, parent, state: State::Whole, is_open: false }
    }
}

/// What becomes of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It stays a field of its own.
    Whole,
    /// It plays a role.
    Used,
    /// The fields inside it stay.
    Opened,
    /// It is not to be used.
    Ignored,
}

impl<'t, C: Content<'t>> Fields<'t, C> {
    /// Puts the fields in the place that `mapping` says.
    pub(super) fn arrange(&mut self, mapping: &Mapping, sink: &mut Sink<'_>) -> Result<(), Error> {
        let mut nodes = std::mem::take(&mut self.nodes);
        nodes.clear();
        let known = NAMES.iter().zip(&mut self.known);
        let known = known.filter_map(|(name, slot)| Some((Cow::Borrowed(*name), slot.take()?)));
        for (name, content) in known.chain(self.rest.drain(..)) {
            nodes.push(Node::new(name, content, None));
        }
        let mut filled = 0_u32;
        for (number, rule) in mapping.fields().iter().enumerate() {
            let bit = 1 << rule.target as u32;
            let is_ignored = rule.target == Target::Ignore;
            if filled & bit != 0 && !is_ignored {
                continue;
            }
            let Some(at) = find(&mut nodes, &rule.path, sink.values())? else { continue };
            if sink.finds_rule(number) && !is_ignored {
                sink.takes(rule.target.name(), &rule.path.dotted());
            }
            if is_ignored || nodes[at].content.is_null() && !rule.target.keeps_null() {
                nodes[at].state = State::Ignored;
                continue;
            }
            filled |= bit;
            nodes[at].state = State::Used;
            self.place(rule.target, nodes[at].content);
        }
        for at in 0..nodes.len() {
            let &Node { parent, state, content, .. } = &nodes[at];
            let is_hidden = |mut at: Option<usize>| loop {
                match at {
                    Some(node) if nodes[node].state == State::Opened => at = nodes[node].parent,
                    Some(_) => break true,
                    None => break false,
                }
            };
            // What is inside of a field that is used is a part of that.
            if state != State::Whole || is_hidden(parent) {
                continue;
            }
            let name = match parent {
                Some(_) => Cow::Owned(dotted(&nodes, at)),
                // Its place is taken by what the mapping says.
                None if mapping.places(role(&nodes[at].name).0)
                    && !(nodes[at].name == NAMES[TYPE] && mapping.has_words(Target::Type)) =>
                {
                    Cow::Owned(format!(".{}", nodes[at].name))
                }
                None => nodes[at].name.clone(),
            };
            self.push(name, content);
        }
        self.nodes = nodes;
        Ok(())
    }

    /// Puts a content where what `target` stands for is read.
    fn place(&mut self, target: Target, content: C) {
        match target {
            Target::From => self.pair[0] = Some(content),
            Target::To => self.pair[1] = Some(content),
            Target::Ignore => {}
            target => self.push(Cow::Borrowed(target.name()), content),
        }
    }

    /// Whether the name of the operation is not a field of the record, but may be inside of one.
    pub(super) fn is_nested(&self, values: &ValueTable) -> bool {
        let is_map = |content: &C| content.is_map(values);
        match &self.known[FUNCTION] {
            Some(function) => is_map(function),
            None => {
                let named = self.rest.iter().find(|(name, _)| role(name).0 == Role::Function);
                named.is_none_or(|(_, content)| is_map(content))
            }
        }
    }

    /// Opens the field that holds the name of the operation, with its key and its arguments; and
    /// the one that holds what it returned. False if there is none.
    pub(super) fn open_nested(&mut self, sink: &mut Sink<'_>) -> Result<bool, Error> {
        match self.open_call(sink)? {
            Some(call) => self.open_reply(call, sink)?,
            // The end of an operation may not repeat what it is.
            None if self.is_end(sink) => self.open_reply(None, sink)?,
            None => return Ok(false),
        }
        Ok(true)
    }

    /// Whether the record says by a `kind` or such that an operation ended.
    fn is_end(&self, sink: &mut Sink<'_>) -> bool {
        let is_end = |word: &str| EventType::meant(word) == Some(EventType::Ok);
        self.phase.as_deref().is_some_and(is_end)
            || self.rest.iter().any(|(name, content)| {
                role(name).0 == Role::Phase
                    && phase_word(name, content, sink)
                        .is_some_and(|word| EventType::meant(&word) == Some(EventType::Ok))
            })
    }

    /// Opens the field for which end of an operation the record is, where that is the name of the
    /// only field in it, as serde writes enums: `{"event": {"Invoke": {"process": 0, …}}}`. False
    /// if there is none.
    pub(super) fn open_phase(&mut self, sink: &mut Sink<'_>) -> Result<bool, Error> {
        let values = &*sink.values();
        let own = self.known[TYPE].filter(|content| content.is_map(values));
        let mut rest = self.rest.iter().enumerate();
        let rest =
            rest.find(|(_, (name, content))| content.is_map(values) && role(name).0 == Role::Phase);
        let rest = rest.map(|(at, (_, content))| (Some(at), *content));
        let Some((at, content)) = own.map(|content| (None, content)).or(rest) else {
            return Ok(false);
        };
        let mut inner = Vec::new();
        content.entries(sink.values(), &mut |name, content| inner.push((name, content)))?;
        let Some((phase, body)) = inner.pop().filter(|_| inner.is_empty()) else {
            return Ok(false);
        };
        if EventType::meant(&phase).is_none() {
            return Ok(false);
        }
        match at {
            Some(at) => sink.takes("type", &self.rest.remove(at).0),
            None => self.known[TYPE] = None,
        }
        let mut fields = Vec::new();
        body.entries(sink.values(), &mut |name, content| fields.push((name, content)))?;
        match &fields[..] {
            // The operation itself is an enum, too.
            [(tag, _)] if body.is_map(sink.values()) && Word::meant(tag).is_some() => {
                self.push(Cow::Borrowed("op"), body);
            }
            _ if body.is_map(sink.values()) => {
                fields.into_iter().for_each(|(name, content)| self.push(name, content));
            }
            _ => self.push(Cow::Borrowed("value"), body),
        }
        self.phase = Some(phase);
        Ok(true)
    }

    /// Opens the map that says what was called; returns what that means, if there is one.
    fn open_call(&mut self, sink: &mut Sink<'_>) -> Result<Option<Option<Verb>>, Error> {
        let slots = [(FUNCTION, Role::Function), (VALUE, Role::Value)];
        let known = slots.iter().filter_map(|&(slot, role)| {
            Some((Some(slot), Cow::Borrowed(NAMES[slot]), role, self.known[slot]?))
        });
        let rest = self.rest.iter().filter_map(|(name, content)| {
            let role = role(name).0;
            matches!(role, Role::Function | Role::Input | Role::Value)
                .then(|| (None, name.clone(), role, *content))
        });
        let holders: Vec<_> = known.chain(rest).collect();
        for (slot, name, _, content) in holders {
            let mut inner = Vec::new();
            if !content.entries(sink.values(), &mut |name, content| inner.push((name, content)))? {
                continue;
            }
            let is_function = |(name, content): &(Cow<'t, str>, C)| match role(name).0 {
                Role::Function => true,
                Role::Outcome | Role::Phase => content
                    .word("f", sink.values())
                    .is_ok_and(|word| EventType::meant(&word).is_none()),
                _ => false,
            };
            let at = inner.iter().position(is_function);
            let tag = inner.first().filter(|_| at.is_none() && inner.len() == 1);
            let tag = tag.and_then(|(tag, _)| tag_of(tag, &content, sink));
            if at.is_none() && tag.is_none() {
                continue;
            }
            match slot {
                Some(slot) => self.known[slot] = None,
                None => self.rest.retain(|(other, _)| *other != name),
            }
            let Some(at) = at else {
                let verb = tag.as_deref().and_then(Word::meant).map(Word::verb);
                self.tag = tag;
                self.take_tagged(&name, &inner[0], verb, sink)?;
                return Ok(Some(verb));
            };
            let function = inner.remove(at);
            sink.takes_inner("f", &name, &function.0);
            let word = word_of(&function.1, Target::Function, sink);
            if let (Err(error), Ok(literal)) = (&word, function.1.literal(sink.values())) {
                let is_given = |(name, content): &(Cow<'t, str>, C)| {
                    matches!(role(name).0, Role::Value | Role::Input) && !content.is_zero()
                };
                return Err(numbered(error.clone(), &literal, !inner.iter().any(is_given)));
            }
            let word = word.ok();
            let verb = word.and_then(|word| sink.verb(&word));
            self.known[FUNCTION] = Some(function.1);
            self.take_arguments(&name, inner, verb, sink);
            return Ok(Some(verb));
        }
        Ok(None)
    }

    /// Takes what stands under the name of the operation, which is the only field of `holder`, as
    /// serde and Kotlin write enums: `{"Put": {"key": "a", "value": 1}}`, `{"Write": 1}`.
    fn take_tagged(
        &mut self,
        holder: &str,
        (tag, content): &(Cow<'t, str>, C),
        verb: Option<Verb>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Error> {
        sink.takes("f", holder);
        let holder = format!("{holder}.{tag}");
        let mut inner = Vec::new();
        if content.is_map(sink.values()) {
            content.entries(sink.values(), &mut |name, part| inner.push((name, part)))?;
            self.take_arguments(&holder, inner, verb, sink);
        } else if !(content.is_null() || verb.is_some_and(Verb::takes_nothing) && content.is_zero())
        {
            sink.takes("input", &holder);
            self.push(Cow::Borrowed("input"), *content);
        }
        Ok(())
    }

    /// Takes the other fields of the map `holder` that says what was called.
    fn take_arguments(
        &mut self,
        holder: &str,
        inner: Vec<(Cow<'t, str>, C)>,
        verb: Option<Verb>,
        sink: &mut Sink<'_>,
    ) {
        let mut value = None;
        let mut others = Vec::new();
        for (name, content) in inner {
            let is_part =
                |names: &[&str]| verb == Some(Verb::Cas) && names.contains(&&*plain(&name));
            match role(&name).0 {
                _ if is_part(OLD) && self.pair[0].is_none() => {
                    sink.takes_inner("from", holder, &name);
                    self.pair[0] = Some(content);
                }
                _ if is_part(NEW) && self.pair[1].is_none() => {
                    sink.takes_inner("to", holder, &name);
                    self.pair[1] = Some(content);
                }
                Role::Key if self.known[KEY].is_none() => {
                    sink.takes_inner("key", holder, &name);
                    self.known[KEY] = Some(content);
                }
                Role::Process if self.known[PROCESS].is_none() => self.push(name, content),
                Role::Value | Role::Input if value.is_none() => value = Some((name, content)),
                _ => others.push((name, content)),
            }
        }
        let takes_nothing = verb.is_some_and(Verb::takes_nothing);
        if let (Some(_), None, Some((name, content))) = (self.pair[0], self.pair[1], &value) {
            sink.takes_inner("to", holder, name);
            self.pair[1] = Some(*content);
            value = None;
        }
        let has_pair = self.pair.iter().all(Option::is_some);
        match value {
            // A structure has all its fields, whether or not they mean something.
            Some((_, content)) if (takes_nothing || has_pair) && content.is_zero() => {}
            Some((name, content)) => {
                sink.takes_inner("input", holder, &name);
                self.push(Cow::Borrowed("input"), content);
            }
            None => {}
        }
        for (name, content) in others.into_iter().filter(|(_, content)| !content.is_zero()) {
            self.push(Cow::Owned(format!("{holder}.{name}")), content);
        }
    }

    /// Returns which field says what came of the call.
    fn reply_at(&self, verb: Option<Verb>, sink: &mut Sink<'_>) -> Option<usize> {
        let is_reply = |(name, content): &(Cow<'t, str>, C)| match role(name).0 {
            Role::Output | Role::Reply => !content.is_null(),
            Role::Outcome => content.is_map(sink.values()),
            _ => false,
        };
        self.rest.iter().position(is_reply).or_else(|| {
            // Where each end has its own record, that of a completion is what came of it.
            let is_value = |(name, _): &(Cow<'t, str>, C)| role(name).0 == Role::Value;
            let at = self.rest.iter().position(is_value).filter(|_| verb.is_none())?;
            self.is_end(sink).then_some(at)
        })
    }

    /// Opens the map that says what came of the call.
    fn open_reply(&mut self, verb: Option<Verb>, sink: &mut Sink<'_>) -> Result<(), Error> {
        let Some(at) = self.reply_at(verb, sink) else { return Ok(()) };
        let (holder, content) = self.rest[at].clone();
        let mut inner = Vec::new();
        if !content.is_map(sink.values())
            || !content.entries(sink.values(), &mut |name, content| inner.push((name, content)))?
        {
            return Ok(());
        }
        if let [(tag, part)] = &inner[..]
            && is_success(tag, part, sink.values())
        {
            // `{"Ok": 5}`, `{"ReadOk": {"value": 5}}`
            let path = format!("{holder}.{tag}");
            let part = *part;
            self.rest[at] = (Cow::Borrowed("output"), part);
            sink.takes("output", &path);
            return if part.is_map(sink.values()) { self.open_reply(verb, sink) } else { Ok(()) };
        }
        let values = &mut *sink.values();
        let is_known = |(name, content): &(Cow<'t, str>, C)| match role(name).0 {
            Role::Value | Role::Output | Role::Reply | Role::Error => true,
            Role::Outcome => !matches!(Said::by(content, values), Said::Wrong),
            _ => false,
        };
        if !inner.is_empty() && !inner.iter().any(is_known) {
            return Ok(());
        }
        self.rest.remove(at);
        let (mut value, mut found) = (None, true);
        let says_outcome = |(name, _): &(Cow<'t, str>, C)| role(name).0 == Role::Outcome;
        let mut has_outcome = self.rest.iter().any(says_outcome);
        for (name, content) in inner {
            match role(&name).0 {
                Role::Value | Role::Output | Role::Reply if value.is_none() => {
                    sink.takes_inner("output", &holder, &name);
                    value = Some(content);
                }
                Role::Error | Role::Outcome if !has_outcome => {
                    match Said::by(&content, sink.values()) {
                        Said::Nothing => {}
                        Said::NotFound => found = false,
                        Said::Outcome => {
                            has_outcome = true;
                            sink.takes_inner("outcome", &holder, &name);
                            self.push(Cow::Borrowed("outcome"), content);
                        }
                        Said::Wrong => self.push(Cow::Borrowed("error"), content),
                    }
                }
                _ if content.is_zero() => {}
                _ => self.push(Cow::Owned(format!("{holder}.{name}")), content),
            }
        }
        let only_has_effect = verb.is_some_and(Verb::only_has_effect);
        if let Some(content) =
            value.filter(|content| found && !(only_has_effect && content.is_zero()))
        {
            self.push(Cow::Borrowed("output"), content);
        }
        Ok(())
    }
}

/// The name of the operation whose arguments stand under this name, the only one in `content`.
fn tag_of<'t, C: Content<'t>>(
    tag: &Cow<'t, str>,
    content: &C,
    sink: &mut Sink<'_>,
) -> Option<Cow<'t, str>> {
    if !content.is_map(sink.values()) {
        return None;
    }
    let meaning = sink.mapping.and_then(|mapping| mapping.meaning(Target::Function, tag));
    match meaning {
        Some(meaning) => Some(Cow::Owned(meaning.to_owned())),
        None => Word::meant(tag).map(|_| tag.clone()),
    }
}

/// Whether the only field of an answer says that the operation succeeded with what it holds. A
/// boolean may say whether it did.
fn is_success<'t>(tag: &str, content: &impl Content<'t>, values: &ValueTable) -> bool {
    let is_bool = || content.literal(values).is_ok_and(|it| matches!(&*it, "true" | "false"));
    let tag = plain(tag);
    let operation = tag.strip_suffix("ok").filter(|name| !name.is_empty());
    match operation {
        Some(operation) => Word::meant(operation).is_some(),
        None => matches!(&*tag, "ok" | "some" | "success") && !is_bool(),
    }
}

/// What a field about errors says of an operation.
enum Said {
    /// That there was none.
    Nothing,
    /// That there was no value.
    NotFound,
    /// How the operation ended.
    Outcome,
    /// That something went wrong.
    Wrong,
}

impl Said {
    fn by<'t>(content: &impl Content<'t>, values: &ValueTable) -> Said {
        if content.is_zero() {
            return Said::Nothing;
        }
        let Ok(word) = content.word("error", values) else { return Said::Wrong };
        let word = plain(&word);
        let word = word.strip_prefix("err").filter(|rest| !rest.is_empty() && *rest != "or");
        let word = word.map_or_else(
            || content.word("error", values).map(|word| plain(&word)).unwrap_or_default(),
            str::to_owned,
        );
        match &*word {
            "nokey" | "keynotfound" | "notfound" | "nosuchkey" | "nil" | "none" | "missing" => {
                Said::NotFound
            }
            word => match EventType::meant(word) {
                Some(EventType::Ok) => Said::Nothing,
                None if word.strip_suffix("ok").is_some_and(|word| Word::meant(word).is_some()) => {
                    Said::Nothing
                }
                Some(_) => Said::Outcome,
                None => Said::Wrong,
            },
        }
    }
}

/// What the values of a compare-and-set are called.
pub(crate) const OLD: &[&str] = &["from", "old", "expected", "expect", "prev"];
pub(crate) const NEW: &[&str] = &["to", "new", "update", "desired"];

/// The node at `path`, whose holders are opened on the way. Where there is no field of a name, that
/// of a field may be several names with points between them, as those of attributes are.
fn find<'t, C: Content<'t>>(
    nodes: &mut Vec<Node<'t, C>>,
    path: &Path,
    values: &mut ValueTable,
) -> Result<Option<usize>, Error> {
    find_in(nodes, None, &path.0, values)
}

/// The node at the path of `names` inside of `parent`.
fn find_in<'t, C: Content<'t>>(
    nodes: &mut Vec<Node<'t, C>>,
    parent: Option<usize>,
    names: &[String],
    values: &mut ValueTable,
) -> Result<Option<usize>, Error> {
    if names.is_empty() {
        return Ok(parent);
    }
    if let Some(holder) = parent
        && !nodes[holder].is_open
    {
        let content = nodes[holder].content;
        let mut add = |name, content| nodes.push(Node::new(name, content, parent));
        if !content.entries(values, &mut add)? {
            return Ok(None);
        }
        nodes[holder].is_open = true;
        if nodes[holder].state == State::Whole {
            nodes[holder].state = State::Opened;
        }
    }
    for count in 1..=names.len() {
        let is_next =
            |node: &Node<'t, C>| node.parent == parent && is_joined(&node.name, &names[..count]);
        if let Some(at) = nodes.iter().position(is_next)
            && let Some(found) = find_in(nodes, Some(at), &names[count..], values)?
        {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Whether `name` is these names with points between them.
fn is_joined(name: &str, names: &[String]) -> bool {
    let [first, rest @ ..] = names else { return name.is_empty() };
    match name.strip_prefix(&**first) {
        Some("") => rest.is_empty(),
        Some(behind) if !rest.is_empty() => {
            behind.strip_prefix('.').is_some_and(|behind| is_joined(behind, rest))
        }
        _ => false,
    }
}

/// The names from the outermost field to this one.
fn dotted<C>(nodes: &[Node<'_, C>], at: usize) -> String {
    match nodes[at].parent {
        Some(parent) => format!("{}.{}", dotted(nodes, parent), nodes[at].name),
        None => nodes[at].name.to_string(),
    }
}
