//! Records inside of records: what a logger wrote around each, such as
//! `{"level": "INFO", "fields": {"op": "put", …}, "span": {"client": 1}}`. The inner fields become
//! those of the record.

use std::borrow::Cow;

use super::content::Content;
use super::fields::{Fields, NAMES};
use super::roles::{Role, role};
use super::sink::Sink;
use crate::error::Error;
use crate::vocabulary::Word;

/// A field by its name.
type Field<'t, C> = (Cow<'t, str>, C);

impl<'t, C: Content<'t>> Fields<'t, C> {
    /// Takes the fields of the only map inside that is a record of an operation to be fields of
    /// this record. What the logger says that has the role of one of these is kept with a point in
    /// front. A client that is missing is looked for in the other maps.
    pub(super) fn unwrap(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        let mut found = None;
        for (at, (_, content)) in self.rest.iter().enumerate() {
            let inner = entries(content, sink)?;
            if is_record(&inner, sink) && found.replace((at, inner)).is_some() {
                return Ok(());
            }
        }
        let Some((at, mut inner)) = found else { return Ok(()) };
        self.rest.remove(at);
        let is_client = |(name, _): &Field<'t, C>| role(name).0 == Role::Process;
        let known = NAMES.iter().zip(&mut self.known);
        let known = known.filter_map(|(name, slot)| Some((Cow::Borrowed(*name), slot.take()?)));
        let outer: Vec<Field<'t, C>> = known.chain(self.rest.drain(..)).collect();
        if !inner.iter().chain(&outer).any(is_client) {
            let mut clients = Vec::new();
            for (_, content) in &outer {
                clients.extend(entries(content, sink)?.into_iter().filter(is_client));
            }
            inner.extend(clients.into_iter().next());
        }
        for (name, content) in outer {
            let own = role(&name).0;
            let is_same = |(other, _): &Field<'t, C>| {
                *other == name || own != Role::Other && role(other).0 == own
            };
            let is_hidden = inner.iter().any(is_same);
            self.push(if is_hidden { Cow::Owned(format!(".{name}")) } else { name }, content);
        }
        for (name, content) in inner {
            self.push(name, content);
        }
        Ok(())
    }
}

/// The fields of a map; none of anything else.
fn entries<'t, C: Content<'t>>(
    content: &C,
    sink: &mut Sink<'_>,
) -> Result<Vec<Field<'t, C>>, Error> {
    let mut inner = Vec::new();
    if content.is_map(sink.values()) {
        content.entries(sink.values(), &mut |name, content| inner.push((name, content)))?;
    }
    Ok(inner)
}

/// Whether these are the fields of a record: they name an operation, or tell when it was called.
fn is_record<'t, C: Content<'t>>(fields: &[Field<'t, C>], sink: &mut Sink<'_>) -> bool {
    fields.iter().any(|(name, content)| match role(name).0 {
        Role::Call => true,
        // Whatever else has a name.
        Role::Function if name == "name" => {
            content.word("f", sink.values()).is_ok_and(|word| Word::meant(&word).is_some())
        }
        Role::Function => true,
        _ => false,
    })
}
