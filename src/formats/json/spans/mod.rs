//! Traces in JSON, as OpenTelemetry and Jaeger write them: a span that names an operation is the
//! record of a whole one. Its fields have the names that they have there, those of its attributes
//! and of its resource behind a point: `attributes.key`.

mod attribute;
mod dialect;
mod promote;

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::cell::Cell;
use super::text::{offset_in, syntax};
use crate::error::{Code, Error, Place};
use crate::formats::content::quoted;
use crate::formats::fields::Fields;
use crate::formats::mapping::{Mapping, Target};
use crate::formats::sink::Sink;
use crate::history::hash::Map;
use crate::vocabulary::{Verb, Word};
use promote::{is_content, names_operation};

pub(super) use dialect::is_trace;

/// A span with its fields, which are JSON.
struct Span<'t> {
    /// Where it starts in the text.
    start: usize,
    id: Option<String>,
    parent: Option<String>,
    fields: Vec<Field<'t>>,
}

/// A field of a span: its content is a part of the text, or was put together from parts of it.
struct Field<'t> {
    name: String,
    text: Cow<'t, str>,
    offset: usize,
}

impl Field<'_> {
    fn is_attribute(&self) -> bool {
        self.name.starts_with("attributes.") || self.name.starts_with("tags.")
    }

    fn cell(&self) -> Cell<'_> {
        Cell { text: &self.text, offset: self.offset, plain: false }
    }
}

/// Reads a text that holds traces, all of it. Spans that are no operations, or parts of others, are
/// passed over, and counted.
///
/// # Errors
/// If it is no JSON, no span is an operation, or one is inside of another of another kind.
pub(super) fn read(text: &str, sink: &mut Sink<'_>) -> Result<(), Error> {
    let mut spans = Vec::new();
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    loop {
        let start = values.byte_offset();
        let Some(value) = values.next() else { break };
        let value = value.map_err(|error| syntax(text, start, &error))?;
        let offset = offset_in(text, value.get());
        dialect::collect(Cell { text: value.get(), offset, plain: false }, &mut spans)?;
    }
    let mapping = sink.mapping;
    let verbs: Vec<Option<Named>> = spans.iter().map(|span| span.operation(mapping)).collect();
    // Which spans are operations may be what is to be found out.
    let has_attributes = |span: &Span<'_>| span.fields.iter().any(|field| field.is_attribute());
    let mut passed_over = 0;
    let parents = Parents::of(&spans);
    let joined = parents.joined(&spans, &verbs);
    let contents = match sink.survey {
        Some(_) => Contents::default(),
        None => Contents::of(&spans, &verbs),
    };
    for (at, span) in spans.iter().enumerate() {
        let is_taken = match verbs[at] {
            None => sink.survey.is_some() && has_attributes(span),
            Some(named) => !parents.is_part(at, named, &spans, &verbs)?,
        };
        if !is_taken {
            if verbs[at].is_none() && !joined[at] {
                contents.check(span)?;
            }
            passed_over += 1;
            continue;
        }
        if !sink.begin(span.start) {
            return Ok(());
        }
        let mut fields = Fields::of_span();
        for field in &span.fields {
            fields.push(field.name.as_str().into(), field.cell());
        }
        fields.put(sink)?;
    }
    if passed_over == spans.len() {
        return Err(no_operation(&spans));
    }
    sink.pass_over_spans(passed_over);
    Ok(())
}

/// What a span is called that is an operation, as far as the vocabulary knows it.
type Named = Option<Verb>;

impl Span<'_> {
    fn literal(&self, name: &str) -> Option<String> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        let text = &*field.text;
        Some(serde_json::from_str::<String>(text).unwrap_or_else(|_| text.to_owned()))
    }

    /// What operation it is: by the rules, by an attribute that names one, or by its own name, if
    /// that is a word for one.
    fn operation(&self, mapping: Option<&Mapping>) -> Option<Named> {
        let meant = |word: String| {
            let meaning = mapping.and_then(|mapping| mapping.meaning(Target::Function, &word));
            let is_said = meaning.is_some();
            (Word::meant(meaning.unwrap_or(&word)).map(Word::verb), is_said)
        };
        let rules = mapping.map_or(&[][..], Mapping::fields);
        let mut rules = rules.iter().filter(|rule| rule.target == Target::Function).peekable();
        if rules.peek().is_some() {
            let word = rules.find_map(|rule| self.literal(&rule.path.dotted()))?;
            let (verb, is_said) = meant(word);
            // Where only the name of the span tells, most spans are something else.
            return (verb.is_some() || is_said).then_some(verb);
        }
        let named = self.fields.iter().find(|field| names_operation(&field.name));
        if let Some(word) = named.and_then(|field| self.literal(&field.name)) {
            return Some(meant(word).0);
        }
        let names = ["attributes.rpc.method", "name", "operationName", "Name"];
        let mut words = names.iter().filter_map(|name| self.literal(name)).map(meant);
        words.find(|(verb, is_said)| verb.is_some() || *is_said).map(|(verb, _)| verb)
    }
}

/// The attributes that hold what operations are called with and return, or their keys.
#[derive(Default)]
struct Contents(Vec<String>);

impl Contents {
    fn of(spans: &[Span<'_>], verbs: &[Option<Named>]) -> Contents {
        let mut names: Vec<String> = Vec::new();
        for (span, _) in spans.iter().zip(verbs).filter(|(_, named)| named.is_some()) {
            for Field { name, .. } in span.fields.iter().filter(|field| is_content(&field.name)) {
                if names.len() < MOST_CONTENTS && !names.contains(name) {
                    names.push(name.clone());
                }
            }
        }
        Contents(names)
    }

    /// Refuses a span that is no operation, and has what operations have.
    fn check(&self, span: &Span<'_>) -> Result<(), Error> {
        let is_shared = |field: &&Field<'_>| self.0.contains(&field.name);
        let Some(field) = span.fields.iter().find(is_shared) else { return Ok(()) };
        let name = name_of(span);
        let message = format!(
            "the span {name} names no operation that a model knows, and has {} as operations have",
            quoted(&field.name)
        );
        Err(Error::new(Code::NoModel, message)
            .hint(format!(
                "say which operation it is, as in --map 'f:{}=put', or leave such spans out of \
                 the file if they are none",
                name.trim_matches('`')
            ))
            .at(Place { offset: span.start, ..Place::default() }))
    }
}

/// So many names of attributes are kept.
const MOST_CONTENTS: usize = 64;

/// Which spans are inside of which.
struct Parents(Map<String, usize>);

impl Parents {
    fn of(spans: &[Span<'_>]) -> Parents {
        let ids = spans.iter().enumerate().filter_map(|(at, span)| Some((span.id.clone()?, at)));
        Parents(ids.collect())
    }

    /// Which spans are inside of one that is an operation, or around one.
    fn joined(&self, spans: &[Span<'_>], verbs: &[Option<Named>]) -> Vec<bool> {
        let mut joined = vec![false; spans.len()];
        for at in 0..spans.len() {
            let is_operation = verbs[at].is_some();
            for outer in self.above(at, spans) {
                joined[at] |= verbs[outer].is_some();
                joined[outer] |= is_operation;
            }
        }
        joined
    }

    /// The spans that the one at `at` is inside of. A circle of spans would not end.
    fn above(&self, at: usize, spans: &[Span<'_>]) -> impl Iterator<Item = usize> {
        let outer = move |&at: &usize| self.0.get(spans[at].parent.as_ref()?).copied();
        std::iter::successors(outer(&at), outer).take(spans.len())
    }

    /// Whether the span at `at` is a part of what another does: a client's span holds that of the
    /// server.
    ///
    /// # Errors
    /// If the other is another operation.
    fn is_part(
        &self,
        at: usize,
        named: Named,
        spans: &[Span<'_>],
        verbs: &[Option<Named>],
    ) -> Result<bool, Error> {
        let mut inner = at;
        // A circle of spans would not end.
        for _ in 0..spans.len() {
            let parent = spans[inner].parent.as_ref().and_then(|id| self.0.get(id));
            let Some(&parent) = parent.filter(|&&parent| parent != at) else { return Ok(false) };
            match verbs[parent] {
                Some(outer) if outer == named => return Ok(true),
                Some(_) => return Err(nested(&spans[at], &spans[parent])),
                None => inner = parent,
            }
        }
        Ok(false)
    }
}

fn name_of(span: &Span<'_>) -> String {
    let names = ["name", "operationName", "Name"];
    quoted(&names.iter().find_map(|name| span.literal(name)).unwrap_or_default())
}

fn nested(inner: &Span<'_>, outer: &Span<'_>) -> Error {
    let message = format!(
        "the span {} is inside of the span {}, and both are operations",
        name_of(inner),
        name_of(outer)
    );
    Error::new(Code::BadField, message)
        .hint(
            "a client's operation is one span: say which field names it, as in --map \
             f=.attributes.op, or leave the spans inside out of the file",
        )
        .at(Place { offset: inner.start, ..Place::default() })
}

fn no_operation(spans: &[Span<'_>]) -> Error {
    let error = Error::new(Code::Empty, "no span names an operation that a model knows");
    match spans.first() {
        Some(first) => error
            .hint(
                "say where the name is, as in --map f=.attributes.\"app.op\", or what names mean, \
                 as in --map 'f:PutItem=put'; `histcheck init FILE` shows the fields",
            )
            .at(Place { offset: first.start, ..Place::default() }),
        None => error.hint("the trace holds no spans: was anything sampled?"),
    }
}
