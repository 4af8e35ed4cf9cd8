//! The strings of a key's operations, and the texts that its gets returned in terms of them.
//!
//! Where no string is the beginning of another one, a text falls into strings in at most one way:
//! they are a prefix code.

use std::sync::Arc;

use super::super::event::Event;
use super::{Base, List, Piece, Sight};
use crate::history::hash::Map;
use crate::model::kv::{Content, Op};

/// The operations of a key with appends, and the different strings of all of them, those that
/// failed too.
pub(super) struct Pieces<'a> {
    initial: &'a Content,
    events: &'a [Event<Op>],
    failed: &'a [Event<Op>],
    /// Sorted; a piece is the place of its string.
    strings: Vec<&'a str>,
}

impl<'a> Pieces<'a> {
    /// The strings of `events` and `failed`; `None` if nothing is appended, or they are no prefix
    /// code. O(n log n).
    pub(super) fn of(
        initial: &'a Content,
        events: &'a [Event<Op>],
        failed: &'a [Event<Op>],
    ) -> Option<Self> {
        let mut strings: Vec<&str> = Vec::new();
        if let Content::Text(text) = initial {
            strings.push(text.as_str());
        }
        let mut appends = false;
        for event in events.iter().chain(failed) {
            match &event.op {
                Op::Append(text) => {
                    appends = true;
                    strings.push(text.as_str());
                }
                Op::Put(Content::Text(text)) => strings.push(text.as_str()),
                _ => {}
            }
        }
        strings.sort_unstable();
        strings.dedup();
        // An empty string adds nothing, and is the beginning of all.
        strings.retain(|string| !string.is_empty());
        let is_code = strings.windows(2).all(|pair| !pair[1].starts_with(pair[0]));
        (appends && is_code).then_some(Pieces { initial, events, failed, strings })
    }

    fn piece(&self, string: &str) -> Option<Piece> {
        self.strings.binary_search(&string).ok().map(|at| at as Piece)
    }

    /// The pieces that a text consists of.
    fn parse(&self, text: &str) -> Option<Vec<Piece>> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            // A string that `rest` starts with is the greatest that is not greater than it, since
            // the code has no other beginning of that one.
            let at = self.strings.partition_point(|string| *string <= rest).checked_sub(1)?;
            rest = rest.strip_prefix(self.strings[at])?;
            pieces.push(at as Piece);
        }
        Some(pieces)
    }

    /// The key as a list; `None` if it holds something else than strings, or there is too much
    /// text.
    pub(super) fn list(&self) -> Option<List> {
        let initial = match self.initial {
            Content::Absent => Vec::new(),
            Content::Text(text) => self.parse(text.as_str())?,
            Content::Int(_) | Content::Other(_) => return None,
        };
        let mut list = List {
            initial,
            appends: Vec::new(),
            resets: Vec::new(),
            sights: Vec::new(),
            failed: Vec::new(),
            strange: Vec::new(),
        };
        for event in self.events {
            match &event.op {
                Op::Append(text) if text.as_str().is_empty() => {}
                Op::Append(text) => list.appends.push(event.with(self.piece(text.as_str())?)),
                Op::Put(Content::Absent) => list.resets.push(event.with(None)),
                Op::Put(Content::Text(text)) => {
                    list.resets.push(event.with(self.piece(text.as_str())));
                }
                Op::Get(_) => {}
                _ => return None,
            }
        }
        for event in self.failed {
            if let Op::Append(text) | Op::Put(Content::Text(text)) = &event.op {
                list.failed.extend(self.piece(text.as_str()).map(|piece| event.with(piece)));
            }
        }
        self.see(&mut list)?;
        Some(list)
    }

    /// Adds the sights of all gets; `None` if there is too much text.
    fn see(&self, list: &mut List) -> Option<()> {
        /// Bytes of text that are looked at, at most.
        const TEXT: usize = 1 << 26;
        // How often each piece comes as the whole, and how often as a part.
        let mut counts: Map<Piece, [usize; 2]> = Map::default();
        for piece in list.resets.iter().filter_map(|event| event.op) {
            counts.entry(piece).or_default()[0] += 1;
        }
        for &piece in list.appends.iter().map(|event| &event.op).chain(&list.initial) {
            counts.entry(piece).or_default()[1] += 1;
        }
        let base = |event: &Event<Op>, pieces: &[Piece]| match pieces.first() {
            _ if list.resets.iter().all(|reset| reset.span.call > event.span.ret) => Base::Start,
            Some(first)
                if counts.get(first).is_none_or(|count| count[0] == 0)
                    && list.resets.iter().all(|reset| reset.op.is_some()) =>
            {
                Base::Start
            }
            Some(first) if counts.get(first) == Some(&[1, 0]) => Base::Put(*first),
            _ => Base::Unknown,
        };
        let mut total = 0;
        let gets = self.events.iter().filter(|event| event.is_done());
        for event in gets {
            let pieces = match &event.op {
                Op::Get(Some(Content::Absent)) => Some(Vec::new()),
                Op::Get(Some(Content::Text(text))) => {
                    total += text.as_str().len();
                    if total > TEXT {
                        return None;
                    }
                    self.parse(text.as_str())
                }
                Op::Get(Some(Content::Int(_) | Content::Other(_))) => None,
                _ => continue,
            };
            match pieces {
                Some(pieces) => {
                    let base = base(event, &pieces);
                    let pieces: Arc<[Piece]> = pieces.into();
                    let sight = Sight { base, from: 0, pieces, is_whole: true, by_append: false };
                    list.sights.push(event.with(sight));
                }
                None => list.strange.push(event.with(())),
            }
        }
        Some(())
    }
}
