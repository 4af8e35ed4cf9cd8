//! Values as Fressian has them. What was cached is shared, so that a value costs what its bytes do,
//! however often it occurs.

use std::sync::Arc;

/// One value.
#[derive(Clone, Debug)]
pub(super) enum Datum {
    Null,
    Bool(bool),
    Int(i64),
    Double(f64),
    Float(f32),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    List(Arc<Node>),
    /// What has a type of its own: maps, sets, keywords and all that Jepsen adds.
    Struct(Tag, Arc<Node>),
}

/// The parts of a value.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) items: Vec<Datum>,
    /// How many levels there are, this one included.
    pub(super) height: usize,
}

impl Node {
    pub(super) fn new(items: Vec<Datum>) -> Arc<Node> {
        let below = items.iter().map(Datum::height).max().unwrap_or(0);
        Arc::new(Node { items, height: below + 1 })
    }
}

impl Datum {
    /// How many levels of parts it has.
    pub(super) fn height(&self) -> usize {
        match self {
            Datum::List(node) | Datum::Struct(_, node) => node.height,
            _ => 0,
        }
    }

    /// Returns the items of a list; none of null, which stands for an empty sequence.
    pub(super) fn items(&self) -> Option<&[Datum]> {
        match self {
            Datum::List(node) => Some(&node.items),
            Datum::Null => Some(&[]),
            _ => None,
        }
    }

    /// Returns the value at the keyword `name`, if this is a map that has it.
    pub(super) fn get(&self, name: &str) -> Option<&Datum> {
        let Datum::Struct(Tag::Map, node) = self else { return None };
        let pairs = node.items.first()?.items()?.chunks_exact(2);
        pairs.into_iter().find(|pair| pair[0].is_keyword(name)).map(|pair| &pair[1])
    }

    fn is_keyword(&self, name: &str) -> bool {
        let Datum::Struct(Tag::Key, node) = self else { return false };
        matches!(&node.items[..], [Datum::Null, Datum::Text(own)] if **own == *name)
    }
}

macro_rules! tags {
    ($($(#[$doc:meta])* $tag:ident = $name:literal, $parts:literal;)+) => {
        /// The types that structs have.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub(super) enum Tag {
            $($(#[$doc])* $tag,)+
            /// An array of this type, whose items follow their number.
            Array(&'static str),
            /// A type that only the test's own code knows.
            Other(Arc<str>),
        }

        impl Tag {
            /// Returns the type called `name`, and how many parts it has, if that is known.
            pub(super) fn named(name: &Arc<str>) -> (Tag, Option<usize>) {
                match &**name {
                    $($name => (Tag::$tag, Some($parts)),)+
                    _ => (Tag::Other(Arc::clone(name)), None),
                }
            }
        }
    };
}

tags! {
    /// Keys and values, in a list.
    Map = "map", 1;
    Set = "set", 1;
    Uuid = "uuid", 1;
    Regex = "regex", 1;
    Uri = "uri", 1;
    BigInt = "bigint", 1;
    BigDecimal = "bigdec", 2;
    /// Milliseconds.
    Instant = "inst", 1;
    Symbol = "sym", 2;
    Key = "key", 2;
    Ratio = "ratio", 2;
    Char = "char", 1;
    Byte = "byte", 1;
    /// The name of a class, and a map.
    Record = "record", 2;
    /// A reference that can change, at a moment.
    Atom = "atom", 1;
    /// A time of Joda's, as text.
    DateTime = "date-time", 1;
    HashSet = "persistent-hash-set", 1;
    SortedSet = "persistent-sorted-set", 1;
    /// What `jepsen.independent` pairs a key and a value with.
    MapEntry = "map-entry", 2;
    Multiset = "multiset", 1;
    Throwable = "throwable", 1;
    /// A time of Java's, as text.
    JavaInstant = "instant", 1;
    Vec = "vec", 1;
    /// One end of an operation: its index, time, type, process, function, value, and a map of all
    /// else.
    Op = "jepsen.history.Op", 7;
    /// The number of a block that holds the value.
    BlockRef = "block-ref", 1;
}
