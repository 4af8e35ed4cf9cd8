//! Where the spans are in what exporters write, and what their fields are called there.

use std::borrow::Cow;

use super::attribute::{add, bare, part, parts, text_of};
use super::{Field, Span};
use crate::error::Error;
use crate::formats::json::cell::Cell;
use crate::vocabulary::plain;

type Parts<'t> = Vec<(Cow<'t, str>, Cell<'t>)>;

/// Tells whether the text that starts like this holds traces, by the first field of its first
/// object.
pub(in crate::formats::json) fn is_trace(start: &str) -> bool {
    let start = start.trim_start();
    let start = start.strip_prefix('[').map_or(start, str::trim_start);
    let Some(inside) = start.strip_prefix('{') else { return false };
    let first = inside.trim_start().strip_prefix('"').and_then(|text| text.split_once('"'));
    let Some((first, rest)) = first else { return false };
    let has = |names: &[&str]| names.iter().all(|name| rest.contains(name));
    match first {
        "resourceSpans" | "resource_spans" => true,
        "data" | "traceID" => has(&["\"spans\"", "\"operationName\"", "\"startTime\""]),
        "Name" => has(&["\"SpanContext\"", "\"StartTime\""]),
        "name" => has(&["\"context\"", "\"trace_id\"", "\"start_time\""]),
        _ => false,
    }
}

/// Adds the spans of one value of the text.
pub(super) fn collect<'t>(value: Cell<'t>, spans: &mut Vec<Span<'t>>) -> Result<(), Error> {
    if value.text.starts_with('[') {
        return parts(value)?.into_iter().try_for_each(|(_, item)| collect(item, spans));
    }
    let fields = parts(value)?;
    if let Some(list) = part(&fields, "resourcespans") {
        return otlp(list, spans);
    }
    if let Some(traces) = part(&fields, "data") {
        return parts(traces)?.into_iter().try_for_each(|(_, trace)| jaeger(trace, spans));
    }
    if part(&fields, "spans").is_some() {
        return jaeger(value, spans);
    }
    if part(&fields, "spancontext").is_some() || part(&fields, "context").is_some() {
        spans.push(console(value, &fields)?);
    }
    Ok(())
}

/// The spans of OTLP: `resourceSpans` → `scopeSpans` → `spans`.
fn otlp<'t>(list: Cell<'t>, spans: &mut Vec<Span<'t>>) -> Result<(), Error> {
    for (_, of_resource) in parts(list)? {
        let of_resource = parts(of_resource)?;
        let resource = match part(&of_resource, "resource") {
            Some(resource) => part(&parts(resource)?, "attributes"),
            None => None,
        };
        let older = || part(&of_resource, "instrumentationlibraryspans");
        let Some(scopes) = part(&of_resource, "scopespans").or_else(older) else { continue };
        for (_, scope) in parts(scopes)? {
            let Some(list) = part(&parts(scope)?, "spans") else { continue };
            for (_, span) in parts(list)? {
                spans.push(otlp_span(span, resource)?);
            }
        }
    }
    Ok(())
}

fn otlp_span<'t>(cell: Cell<'t>, resource: Option<Cell<'t>>) -> Result<Span<'t>, Error> {
    let known = parts(cell)?;
    let mut span = Span::new(cell, &known, ["spanid", "parentspanid"])?;
    for (name, part) in &known {
        match &*plain(name) {
            "name" | "kind" | "traceid" | "spanid" => span.add(name, *part),
            "starttimeunixnano" | "endtimeunixnano" => span.add_time(name, *part),
            "attributes" => add("attributes", *part, &mut span.fields)?,
            "status" => span.add_status(*part)?,
            "events" => span.add_events(name, *part),
            // What links to it, and how much of that is missing.
            _ => {}
        }
    }
    if let Some(resource) = resource {
        add("resource", resource, &mut span.fields)?;
    }
    Ok(span)
}

/// The spans of a trace as Jaeger's interface hands it out.
fn jaeger<'t>(trace: Cell<'t>, spans: &mut Vec<Span<'t>>) -> Result<(), Error> {
    let trace = parts(trace)?;
    let processes = part(&trace, "processes").map_or(Ok(Vec::new()), parts)?;
    let Some(list) = part(&trace, "spans") else { return Ok(()) };
    for (_, cell) in parts(list)? {
        let known = parts(cell)?;
        let mut span = Span::new(cell, &known, ["spanid", "parentspanid"])?;
        for (name, part) in &known {
            match &**name {
                "operationName" | "traceID" | "spanID" => span.add(name, *part),
                // Microseconds.
                "startTime" | "duration" => span.add_time(&format!("{name}_us"), *part),
                "tags" => add("tags", *part, &mut span.fields)?,
                "logs" => span.add_events(name, *part),
                "references" if span.parent.is_none() => span.parent = parent_of(*part)?,
                _ => {}
            }
        }
        let process = match part(&known, "processid").map(text_of).transpose()? {
            Some(id) => processes.iter().find(|(name, _)| **name == id).map(|(_, part)| *part),
            None => part(&known, "process"),
        };
        if let Some(process) = process {
            let process = parts(process)?;
            if let Some(service) = part(&process, "servicename") {
                span.add("resource.service.name", service);
            }
            if let Some(tags) = part(&process, "tags") {
                add("resource", tags, &mut span.fields)?;
            }
        }
        spans.push(span);
    }
    Ok(())
}

/// The span that a span of Jaeger's is inside of.
fn parent_of(references: Cell<'_>) -> Result<Option<String>, Error> {
    for (_, reference) in parts(references)? {
        let reference = parts(reference)?;
        let kind = part(&reference, "reftype").map(text_of).transpose()?;
        if kind.as_deref() == Some("CHILD_OF") {
            return part(&reference, "spanid").map(text_of).transpose();
        }
    }
    Ok(None)
}

/// A span that is an object by itself, as exporters print them.
fn console<'t>(cell: Cell<'t>, known: &Parts<'t>) -> Result<Span<'t>, Error> {
    let context = part(known, "spancontext").or_else(|| part(known, "context"));
    let context = context.map_or(Ok(Vec::new()), parts)?;
    let mut span = Span::new(cell, known, ["", "parentid"])?;
    span.id = part(&context, "spanid").map(text_of).transpose()?;
    if let Some(parent) = part(known, "parent") {
        span.parent = part(&parts(parent)?, "spanid").map(text_of).transpose()?;
    }
    for (name, part) in context.iter().filter(|(name, _)| plain(name).ends_with("id")) {
        span.add(name, *part);
    }
    for (name, part_of) in known {
        match &*plain(name) {
            "name" | "kind" => span.add(name, *part_of),
            "starttime" | "endtime" => span.add_time(name, *part_of),
            "attributes" => add("attributes", *part_of, &mut span.fields)?,
            "status" => span.add_status(*part_of)?,
            "events" => span.add_events(name, *part_of),
            "resource" => {
                let inner = part(&parts(*part_of)?, "attributes");
                add("resource", inner.unwrap_or(*part_of), &mut span.fields)?;
            }
            _ => {}
        }
    }
    Ok(span)
}

impl<'t> Span<'t> {
    fn new(cell: Cell<'t>, known: &Parts<'t>, ids: [&str; 2]) -> Result<Span<'t>, Error> {
        let id = |name: &str| -> Result<Option<String>, Error> {
            let id = part(known, name).map(text_of).transpose()?;
            Ok(id.filter(|id| !id.is_empty() && id != "null"))
        };
        let [id, parent] = [id(ids[0])?, id(ids[1])?];
        Ok(Span { start: cell.offset, id, parent, fields: Vec::new() })
    }

    fn add(&mut self, name: &str, cell: Cell<'t>) {
        let (text, offset) = (Cow::Borrowed(cell.text), cell.offset);
        self.fields.push(Field { name: name.to_owned(), text, offset });
    }

    /// Adds a time, unless it says that there is none: the span never ended.
    fn add_time(&mut self, name: &str, cell: Cell<'t>) {
        let (text, offset) = bare(cell);
        if !matches!(&*text, "0" | "null" | "\"\"" | "\"0001-01-01T00:00:00Z\"") {
            self.fields.push(Field { name: name.to_owned(), text, offset });
        }
    }

    /// Adds what happened meanwhile, if that may be an error.
    fn add_events(&mut self, name: &str, cell: Cell<'t>) {
        let text = cell.text.to_ascii_lowercase();
        if ["error", "exception", "fail", "timeout", "abort"].iter().any(|it| text.contains(it)) {
            self.add(name, cell);
        }
    }

    /// Adds what the status says of an error: all others say that there was none.
    fn add_status(&mut self, status: Cell<'t>) -> Result<(), Error> {
        let status = parts(status)?;
        let code = part(&status, "code").or_else(|| part(&status, "statuscode"));
        let Some(code) = code else { return Ok(()) };
        if matches!(&*plain(&text_of(code)?), "2" | "statuscodeerror" | "error") {
            self.add("status.code", code);
            let message = part(&status, "message").or_else(|| part(&status, "description"));
            if let Some(message) = message.filter(|message| message.text != "\"\"") {
                self.add("status.message", message);
            }
        }
        Ok(())
    }
}
