//! What the handles of a recorder hand over: events that are small and cheap to move.
//!
//! Values that fit into 16 bytes are moved as they are; any other is turned into its JSON text at
//! once, by the thread that recorded it, since it may borrow what does not live longer.

use histcheck_history::{IntoValue, Shape, Value, ValueTable};

/// One event, with its place in the order of all.
pub(super) struct Event {
    /// How many events came before it.
    pub(super) ticket: u64,
    pub(super) moment: Moment,
}

/// What happened, and when.
pub(super) struct Moment {
    /// By the recorder's [clock](super::clock).
    pub(super) ticks: u64,
    pub(super) what: What,
}

/// What happened. A completion is that of its track's last invocation.
pub(super) enum What {
    /// An operation starts.
    Invoke {
        /// Its name.
        function: &'static str,
        /// The key that it is about.
        key: Option<Payload>,
        /// What it is called with.
        value: Payload,
    },
    /// It ends.
    Complete {
        /// How.
        outcome: Ending,
        /// What it returns.
        value: Payload,
    },
    /// A further field of the completion to come. It makes no line, and its time tells nothing.
    Field(Field),
    /// From here on, the track is this process. It makes no line.
    Introduce(Box<Introduction>),
    /// Something that is no client's operation.
    Note(Box<Note>),
}

// An event is one line of most caches; a larger one would cost every event of everybody.
const _: () = assert!(size_of::<Event>() <= 64);

/// How an operation ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ending {
    /// It happened.
    Ok,
    /// It did not.
    Fail,
    /// Nobody knows.
    Info,
}

impl Ending {
    /// The word for it in histories.
    pub(super) fn name(self) -> &'static str {
        match self {
            Ending::Ok => "ok",
            Ending::Fail => "fail",
            Ending::Info => "info",
        }
    }
}

/// Which process a track is, and the fields that all its records have.
pub(super) struct Introduction {
    pub(super) process: i64,
    pub(super) fields: Vec<Field>,
}

/// What is no client's operation.
pub(super) struct Note {
    pub(super) process: String,
    pub(super) function: String,
    pub(super) value: Payload,
}

/// A further field of a record.
#[derive(Clone)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) value: Payload,
}

impl Field {
    /// Makes it one of `fields`, in place of one that has the same name.
    pub(super) fn set(self, fields: &mut Vec<Field>) {
        match fields.iter_mut().find(|field| field.name == self.name) {
            Some(field) => *field = self,
            None => fields.push(self),
        }
    }
}

/// A value on its way.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Payload {
    Null,
    Bool(bool),
    Int(i64),
    /// A list of two small integers, as of a compare-and-set.
    Pair(i32, i32),
    /// A string that is not escaped yet.
    Text(Short),
    /// Anything else, as JSON.
    #[expect(clippy::box_collection, reason = "eight bytes instead of 24 in every event")]
    Json(Box<String>),
}

/// A short string.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Short {
    len: u8,
    bytes: [u8; Short::MOST],
}

impl Short {
    /// The length, in bytes, up to which a string is short.
    const MOST: usize = 14;

    fn new(text: &str) -> Option<Short> {
        let mut bytes = [0; Short::MOST];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        Some(Short { len: text.len() as u8, bytes })
    }

    /// The string.
    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

/// Turns values into payloads; keeps its memory from one to the next.
#[derive(Default)]
pub(super) struct Scratch {
    values: ValueTable,
}

impl Scratch {
    /// `value` as it is moved. Allocates only if it is neither null, a boolean, an integer of 64
    /// bits, two of 32 bits, nor a string of up to 14 bytes.
    #[inline]
    pub(super) fn payload(&mut self, value: impl IntoValue) -> Payload {
        let value = value.into_value(&mut self.values);
        if !value.is_stored() {
            return match self.values.shape(value) {
                Shape::Int(n) => Payload::Int(n),
                Shape::Bool(b) => Payload::Bool(b),
                _ => Payload::Null,
            };
        }
        let payload = self.stored(value);
        self.values.clear();
        payload
    }

    fn small_pair(&self, value: Value) -> Option<(i32, i32)> {
        let (first, second) = self.values.as_pair(value)?;
        let small = |value| i32::try_from(self.values.as_int(value)?).ok();
        Some((small(first)?, small(second)?))
    }

    fn stored(&self, value: Value) -> Payload {
        match self.values.shape(value) {
            Shape::Int(n) => Payload::Int(n),
            Shape::Text(text) if let Some(short) = Short::new(text) => Payload::Text(short),
            _ => match self.small_pair(value) {
                Some((first, second)) => Payload::Pair(first, second),
                None => Payload::Json(Box::new(self.values.to_json(value))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use histcheck_history::MAX_DEPTH;

    use super::*;

    #[test]
    fn what_is_small_needs_no_text() {
        let mut scratch = Scratch::default();
        assert_eq!(scratch.payload(()), Payload::Null);
        assert_eq!(scratch.payload(true), Payload::Bool(true));
        for n in [0, -1, 1 << 30, i64::MIN, i64::MAX] {
            assert_eq!(scratch.payload(n), Payload::Int(n));
        }
        assert_eq!(scratch.payload((-1, i32::MAX)), Payload::Pair(-1, i32::MAX));
        for text in ["", "a\"b", "fourteen bytes", "ü€"] {
            match scratch.payload(text) {
                Payload::Text(short) => assert_eq!(short.as_str(), text),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn everything_else_is_json() {
        let mut scratch = Scratch::default();
        let mut json = |value: serde_json::Value| match scratch.payload(value) {
            Payload::Json(text) => *text,
            other => panic!("{other:?}"),
        };
        assert_eq!(json(serde_json::json!([1, 1_i64 << 31])), "[1,2147483648]");
        assert_eq!(json("fifteen bytes \n".into()), r#""fifteen bytes \n""#);
        assert_eq!(json(serde_json::json!([1, null, {"a": 1.5}])), r#"[1,null,{"a":1.5}]"#);
        assert_eq!(json(u64::MAX.into()), "18446744073709551615");
        assert_eq!(scratch.values.len(), ValueTable::new().len(), "nothing piles up");
    }

    #[test]
    fn depth_is_bounded() {
        let deep = (0..300).fold(serde_json::Value::Null, |inner, _| serde_json::json!([inner]));
        let Payload::Json(text) = Scratch::default().payload(deep) else { panic!("no list") };
        // Lists as deep as a value may have them, and the rest as a string.
        let lists = text.find('"').unwrap();
        assert!(text.starts_with(&"[".repeat(lists)));
        assert_eq!(lists, MAX_DEPTH);
    }
}
