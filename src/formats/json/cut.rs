//! Where JSON may be cut: behind an object, or behind a comma of the array.

use memchr::memrchr_iter;

/// Returns where the last record of `text` starts that does on a line of its own, behind one that
/// ends at byte `from` or later.
pub(super) fn between_lines(text: &[u8], from: usize) -> Option<usize> {
    // No string holds a line break, so that this is one between two records for sure.
    memrchr_iter(b'\n', &text[from..]).find_map(|at| {
        let (before, behind) = text.split_at(from + at);
        let space = behind.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let ends = before.trim_ascii_end().last() == Some(&b'}');
        (ends && behind.get(space) == Some(&b'{')).then_some(from + at + space)
    })
}

/// How deep in JSON a text ends.
#[derive(Debug, Default)]
pub(super) struct Nesting {
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Nesting {
    /// Returns the end of the last object of `text` that ends at byte `from` or later.
    pub(super) fn cut_lines(&mut self, text: &[u8], from: usize) -> Option<usize> {
        let boundary = between_lines(text, from);
        let from = match boundary {
            Some(at) => {
                *self = Nesting::default();
                at
            }
            None => from,
        };
        self.scan(text, from, false).or(boundary)
    }

    /// Goes on from byte `from` to the end of `text`; the last place to cut at, if it comes by one.
    pub(super) fn scan(&mut self, text: &[u8], from: usize, in_array: bool) -> Option<usize> {
        let Nesting { mut depth, mut in_string, mut escaped } = *self;
        let mut cut = None;
        for (at, &byte) in text.iter().enumerate().skip(from) {
            if in_string {
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' => escaped = true,
                    b'"' => in_string = false,
                    // An error, which need not wait for more.
                    b'\n' if !in_array => cut = Some(at + 1),
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => in_string = true,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 && !in_array {
                        cut = Some(at + 1);
                    }
                }
                b'\n' if depth == 0 && !in_array => cut = Some(at + 1),
                b',' if depth == 1 && in_array => cut = Some(at + 1),
                _ => {}
            }
        }
        *self = Nesting { depth, in_string, escaped };
        cut
    }
}
