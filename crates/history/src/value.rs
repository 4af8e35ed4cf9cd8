//! Values of a history, interned: every distinct value is stored once and stands for itself as a
//! 32-bit handle, so that comparing two values is comparing two numbers.
//!
//! Values keep the type that the file gave them: `42`, `42.0` and `"42"` are three values. Small
//! integers live in the handle itself and never touch the table. Lists of micro-operations may be
//! [packed], which are not interned.

mod index;
mod intern;
mod packed;

use index::Index;
pub use intern::Translation;
use intern::probe_of;
use packed::Packed;

use super::hash::Seeded;
use super::number;
use super::sort::{self, Key};

/// Deepest nesting of lists, maps and sets that a value may have.
pub const MAX_DEPTH: usize = 128;

/// A handle on a value of one [`ValueTable`]; equal handles are equal values.
///
/// Handles of different tables must not be compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Value(u32);

const INLINE: u32 = 1 << 31;
const INLINE_MIN: i64 = -(1 << 30);
const INLINE_MAX: i64 = (1 << 30) - 1;

impl Value {
    /// `null` in JSON, `nil` in EDN: the absent value.
    pub const NULL: Value = Value(0);
    /// `false`.
    pub const FALSE: Value = Value(1);
    /// `true`.
    pub const TRUE: Value = Value(2);

    /// The integer in the handle itself, if it is one of the small ones.
    #[inline]
    pub(super) fn inline_int(self) -> Option<i64> {
        // The 31 payload bits are sign-extended.
        (self.0 & INLINE != 0).then(|| i64::from((self.0 << 1) as i32 >> 1))
    }

    /// Whether this is the absent value.
    #[inline]
    pub fn is_null(self) -> bool {
        self == Value::NULL
    }

    /// The handle as a number, for keys of tables that hold values.
    #[inline]
    pub fn handle(self) -> u32 {
        self.0
    }

    /// The boolean value `b`.
    pub fn bool(b: bool) -> Value {
        if b { Value::TRUE } else { Value::FALSE }
    }
}

#[doc(hidden)]
impl Value {
    /// The value with this handle.
    #[inline]
    pub fn of_handle(handle: u32) -> Value {
        Value(handle)
    }

    /// Whether the value is one that the table stores, and not known from the handle alone.
    #[inline]
    pub fn is_stored(self) -> bool {
        self.0 & INLINE == 0 && self.0 > Value::TRUE.0
    }
}

impl Key for Value {
    const BITS: u32 = u32::BITS;

    #[inline]
    fn bits(self) -> u128 {
        u128::from(self.0)
    }
}

/// What a value is, borrowed from its table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape<'t> {
    /// The absent value.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer of at most 64 bits.
    Int(i64),
    /// An integer beyond 64 bits, as its decimal digits.
    BigInt(&'t str),
    /// A number with a fraction or an exponent, in canonical decimal notation.
    Decimal(&'t str),
    /// An EDN `1.50M` without its suffix: arbitrary precision, its scale significant.
    BigDecimal(&'t str),
    /// An EDN ratio such as `1/3`.
    Ratio(&'t str),
    /// A string.
    Text(&'t str),
    /// An EDN keyword, without its colon.
    Keyword(&'t str),
    /// An EDN symbol.
    Symbol(&'t str),
    /// An EDN character, as the character itself.
    Char(&'t str),
    /// A JSON array, an EDN vector or list.
    List(&'t [Value]),
    /// An EDN set, without duplicates.
    Set(&'t [Value]),
    /// A map: keys and values in turn.
    Map(&'t [Value]),
    /// An EDN tagged value: its tag (a symbol) and what follows it.
    Tagged(Value, Value),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Null,
    Bool,
    Int,
    BigInt,
    Decimal,
    BigDecimal,
    Ratio,
    Text,
    Keyword,
    Symbol,
    Char,
    List,
    Set,
    Map,
    Tagged,
    /// None: the value was forgotten, and its handle waits for another.
    Free,
}

impl Kind {
    pub(super) fn is_textual(self) -> bool {
        matches!(
            self,
            Kind::BigInt
                | Kind::Decimal
                | Kind::BigDecimal
                | Kind::Ratio
                | Kind::Text
                | Kind::Keyword
                | Kind::Symbol
                | Kind::Char
        )
    }
}

/// `start..start + len` in the table's bytes or items; an integer is its own `start`.
#[derive(Clone, Copy)]
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) len: u32,
    pub(super) start: u64,
}

/// The values of one history, each stored once.
#[derive(Clone)]
pub struct ValueTable {
    pub(super) nodes: Vec<Node>,
    pub(super) bytes: String,
    pub(super) items: Vec<Value>,
    /// The hash of each node: see [`intern`].
    pub(super) hashes: Vec<u32>,
    pub(super) index: Index,
    seed: Seeded,
    /// Handles of values that were forgotten.
    pub(super) free: Vec<u32>,
    packed: Packed,
}

impl Default for ValueTable {
    fn default() -> Self {
        Self::new()
    }
}

impl ValueTable {
    /// A table that holds only `null`, `false` and `true`.
    pub fn new() -> Self {
        let node = |kind, start| Node { kind, len: 0, start };
        ValueTable {
            nodes: vec![node(Kind::Null, 0), node(Kind::Bool, 0), node(Kind::Bool, 1)],
            bytes: String::new(),
            items: Vec::new(),
            hashes: (0..=Value::TRUE.0).collect(),
            index: Index::default(),
            seed: Seeded::default(),
            free: Vec::new(),
            packed: Packed::default(),
        }
    }

    /// How many values the table stores, small integers and packed lists not counted.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether the table stores nothing; never true, since `null` is always there.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Approximate heap memory in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
            + self.bytes.capacity()
            + self.items.capacity() * size_of::<Value>()
            + self.index.heap_bytes()
            + (self.free.capacity() + self.hashes.capacity()) * size_of::<u32>()
            + self.packed.heap_bytes()
    }

    /// The integer `n`.
    #[inline]
    pub fn int(&mut self, n: i64) -> Value {
        match Self::small_int(n) {
            Some(value) => value,
            None => self.intern(Kind::Int, n as u64, &[], ""),
        }
    }

    /// The handle of an integer that needs no table, if it is small enough.
    #[inline]
    pub fn small_int(n: i64) -> Option<Value> {
        (INLINE_MIN..=INLINE_MAX).contains(&n).then_some(Value(INLINE | (n as u32 & !INLINE)))
    }

    /// The string `text`.
    pub fn text(&mut self, text: &str) -> Value {
        self.intern(Kind::Text, 0, &[], text)
    }

    /// The keyword `:name`; `name` comes without the colon.
    pub fn keyword(&mut self, name: &str) -> Value {
        self.intern(Kind::Keyword, 0, &[], name)
    }

    /// The symbol `name`.
    pub fn symbol(&mut self, name: &str) -> Value {
        self.intern(Kind::Symbol, 0, &[], name)
    }

    /// The character `c`.
    pub fn char(&mut self, c: char) -> Value {
        self.intern(Kind::Char, 0, &[], c.encode_utf8(&mut [0; 4]))
    }

    /// An integer literal of any size: digits with an optional sign. `None` if it is not one.
    pub fn integer(&mut self, literal: &str) -> Option<Value> {
        if let Ok(n) = literal.parse::<i64>() {
            return Some(self.int(n));
        }
        let digits = number::canonical_integer(literal)?;
        Some(self.intern(Kind::BigInt, 0, &[], &digits))
    }

    /// A decimal literal with a fraction or an exponent. `None` if it is not one.
    ///
    /// `4.2e1` and `42.0` are the same value; `42` is another.
    pub fn decimal(&mut self, literal: &str) -> Option<Value> {
        if number::is_plain_decimal(literal) {
            return Some(self.intern(Kind::Decimal, 0, &[], literal));
        }
        let canonical = number::canonical_decimal(literal)?;
        Some(self.intern(Kind::Decimal, 0, &[], &canonical))
    }

    /// A number literal as JSON and EDN share them: an integer or a decimal.
    pub fn number(&mut self, literal: &str) -> Option<Value> {
        if literal.bytes().any(|b| matches!(b, b'.' | b'e' | b'E')) {
            self.decimal(literal)
        } else {
            self.integer(literal)
        }
    }

    /// A big decimal (EDN `1.50M`), given without its suffix. `None` if it is not a number.
    pub fn big_decimal(&mut self, literal: &str) -> Option<Value> {
        number::canonical_decimal(literal)?;
        Some(self.intern(Kind::BigDecimal, 0, &[], literal.trim_start_matches('+')))
    }

    /// A ratio literal such as `1/3`. `None` if it is not one.
    pub fn ratio(&mut self, literal: &str) -> Option<Value> {
        let (top, bottom) = literal.split_once('/')?;
        let (top, bottom) = (number::canonical_integer(top)?, number::canonical_integer(bottom)?);
        (!bottom.starts_with('-') && bottom != "0")
            .then(|| self.intern(Kind::Ratio, 0, &[], &format!("{top}/{bottom}")))
    }

    /// The list of `items`.
    pub fn list(&mut self, items: &[Value]) -> Value {
        let items = self.unpacked(items);
        self.intern(Kind::List, 0, &items, "")
    }

    /// The set of `items`; order and repetition do not matter.
    pub fn set(&mut self, items: &[Value]) -> Value {
        let mut items = self.unpacked(items).into_owned();
        items.sort_unstable();
        items.dedup();
        self.intern(Kind::Set, 0, &items, "")
    }

    /// The map of `pairs`; their order does not matter.
    pub fn map(&mut self, pairs: &[(Value, Value)]) -> Value {
        let mut pairs = pairs.to_vec();
        for (key, value) in &mut pairs {
            (*key, *value) = (self.unpack(*key), self.unpack(*value));
        }
        sort::by(&mut pairs, |&pair| pair);
        let flat: Vec<Value> = pairs.iter().flat_map(|&(key, value)| [key, value]).collect();
        self.intern(Kind::Map, 0, &flat, "")
    }

    /// The EDN value `#tag value`.
    pub fn tagged(&mut self, tag: &str, value: Value) -> Value {
        let (tag, value) = (self.symbol(tag), self.unpack(value));
        self.intern(Kind::Tagged, 0, &[tag, value], "")
    }

    /// What `value` is.
    #[inline]
    pub fn shape(&self, value: Value) -> Shape<'_> {
        if let Some(n) = value.inline_int() {
            return Shape::Int(n);
        }
        if value.is_null() {
            return Shape::Null;
        }
        self.shape_of_node(value)
    }

    fn shape_of_node(&self, value: Value) -> Shape<'_> {
        if value.0 as usize >= self.nodes.len() {
            return self.packed.shape(value);
        }
        let probe = probe_of(&self.nodes, &self.bytes, &self.items, value.0);
        match probe.kind {
            Kind::Null | Kind::Free => Shape::Null,
            Kind::Bool => Shape::Bool(probe.start == 1),
            Kind::Int => Shape::Int(probe.start as i64),
            Kind::BigInt => Shape::BigInt(probe.text),
            Kind::Decimal => Shape::Decimal(probe.text),
            Kind::BigDecimal => Shape::BigDecimal(probe.text),
            Kind::Ratio => Shape::Ratio(probe.text),
            Kind::Text => Shape::Text(probe.text),
            Kind::Keyword => Shape::Keyword(probe.text),
            Kind::Symbol => Shape::Symbol(probe.text),
            Kind::Char => Shape::Char(probe.text),
            Kind::List => Shape::List(probe.items),
            Kind::Set => Shape::Set(probe.items),
            Kind::Map => Shape::Map(probe.items),
            Kind::Tagged => Shape::Tagged(probe.items[0], probe.items[1]),
        }
    }

    /// The integer that `value` is, if it is one of at most 64 bits.
    #[inline]
    pub fn as_int(&self, value: Value) -> Option<i64> {
        match self.shape(value) {
            Shape::Int(n) => Some(n),
            _ => None,
        }
    }

    /// The text of a string, keyword or symbol.
    #[inline]
    pub fn as_name(&self, value: Value) -> Option<&str> {
        match self.shape(value) {
            Shape::Text(text) | Shape::Keyword(text) | Shape::Symbol(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list.
    #[inline]
    pub fn as_list(&self, value: Value) -> Option<&[Value]> {
        match self.shape(value) {
            Shape::List(items) => Some(items),
            _ => None,
        }
    }

    /// The two items of a list of two.
    #[inline]
    pub fn as_pair(&self, value: Value) -> Option<(Value, Value)> {
        match self.as_list(value)? {
            &[first, second] => Some((first, second)),
            _ => None,
        }
    }
}

#[doc(hidden)]
impl ValueTable {
    /// Forgets all values but those that every table has.
    pub fn clear(&mut self) {
        self.nodes.truncate(Value::TRUE.0 as usize + 1);
        self.bytes.clear();
        self.items.clear();
        self.hashes.truncate(Value::TRUE.0 as usize + 1);
        self.index.clear();
        self.free.clear();
        self.packed = Packed::default();
    }
}

#[cfg(test)]
mod tests;
