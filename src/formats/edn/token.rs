//! EDN's tokens, borrowed from the text: one pass, no copies, every token with its place.

use memchr::memchr2;

use crate::error::{Code, Error, Place};

/// What a token is; its content is asked of [`Tokens`]. That keeps it in a register, where an enum
/// with borrowed text would be copied through memory at every step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::formats) enum Token {
    /// `(`, `[`, `{` or `#{`.
    Open(Bracket),
    /// `)`, `]` or `}`, as its byte.
    Close(u8),
    /// An integer of up to 18 digits: [`Tokens::int`].
    Int,
    /// Any other number, as written.
    Number,
    /// A string without escapes: what is between its quotes.
    Text,
    /// A string with escapes, which [`unescape`] resolves.
    Escaped,
    /// A keyword, without its colon.
    Keyword,
    /// A symbol other than the constants.
    Symbol,
    /// `nil`.
    Nil,
    /// `true`.
    True,
    /// `false`.
    False,
    /// A character: [`Tokens::character`].
    Char,
    /// `#tag`, without its `#`.
    Tag,
    /// `#:namespace`, which prefixes the keys of the map behind it.
    Namespace,
    /// `##NaN` and its kin.
    Symbolic,
    /// `#_`, which drops the form behind it.
    Discard,
    /// `^`, which makes the form behind it metadata of the next.
    Meta,
    /// The end of the text.
    End,
}

/// What a bracket opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::formats) enum Bracket {
    /// `(`
    List,
    /// `[`
    Vector,
    /// `{`
    Map,
    /// `#{`
    Set,
}

impl Bracket {
    /// The byte that closes it.
    pub(super) fn closer(self) -> u8 {
        match self {
            Bracket::List => b')',
            Bracket::Vector => b']',
            Bracket::Map | Bracket::Set => b'}',
        }
    }
}

/// Walks a text.
pub(super) struct Tokens<'t> {
    text: &'t str,
    at: usize,
    start: usize,
    content: &'t str,
    int: i64,
    character: char,
}

/// Bytes that end a token: white space (commas too), brackets, quotes and reader macros.
pub(super) const ENDS: [bool; 256] = {
    let mut table = [false; 256];
    let mut at = 0;
    // Control characters are never part of a token.
    while at <= b' ' as usize {
        table[at] = true;
        at += 1;
    }
    let others = b",()[]{}\";\\^@`~\x7f";
    at = 0;
    while at < others.len() {
        table[others[at] as usize] = true;
        at += 1;
    }
    table
};

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b',' | b'\t'..=b'\r' | 0x1c..=0x1f)
}

/// Whether `:name` is one keyword.
pub(crate) fn is_keyword_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(':')
        && !name.ends_with(':')
        && !name.bytes().any(|b| ENDS[usize::from(b)])
}

/// An error at byte `offset` of the text.
pub(super) fn error(code: Code, offset: usize, message: impl Into<String>) -> Error {
    Error::new(code, message).at(Place { offset, line: 0, column: 0 })
}

impl<'t> Tokens<'t> {
    /// The tokens of `text[from..]`; places count from the start of `text`.
    pub(super) fn new(text: &'t str, from: usize) -> Self {
        Tokens { text, at: from, start: from, content: "", int: 0, character: '\0' }
    }

    /// Goes back to byte `at`.
    pub(super) fn go_back(&mut self, at: usize) {
        *self = Tokens::new(self.text, at);
    }

    /// The text between two of its bytes.
    pub(super) fn text(&self, start: usize, end: usize) -> &'t str {
        &self.text[start..end]
    }

    /// Where the last token starts.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// Where the last token ends.
    pub(super) fn end(&self) -> usize {
        self.at
    }

    /// The text of the last token, without what marks its kind.
    pub(super) fn content(&self) -> &'t str {
        self.content
    }

    /// The number that the last token is.
    pub(super) fn int(&self) -> i64 {
        self.int
    }

    /// The character that the last token is.
    pub(super) fn character(&self) -> char {
        self.character
    }

    fn byte(&self, at: usize) -> u8 {
        // NUL ends every token, as the end of the text does.
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    fn skip_space(&mut self) {
        let bytes = self.text.as_bytes();
        loop {
            while self.at < bytes.len() && is_space(bytes[self.at]) {
                self.at += 1;
            }
            if self.byte(self.at) != b';' {
                return;
            }
            let rest = &bytes[self.at..];
            self.at += memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        }
    }

    /// Everything up to the next byte that ends a token.
    fn word(&mut self, from: usize) -> &'t str {
        let bytes = self.text.as_bytes();
        let mut at = from;
        while at < bytes.len() && !ENDS[usize::from(bytes[at])] {
            at += 1;
        }
        self.at = at;
        // Only ASCII bytes end a token, so this is a boundary of characters.
        self.content = &self.text[from..at];
        self.content
    }

    fn open(&mut self, bracket: Bracket, len: usize) -> Token {
        self.at += len;
        Token::Open(bracket)
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Result<Token, Error> {
        self.skip_space();
        self.start = self.at;
        let Some(&first) = self.text.as_bytes().get(self.at) else { return Ok(Token::End) };
        Ok(match first {
            b':' => return self.keyword(),
            b'0'..=b'9' => self.number(),
            b'+' | b'-' if self.byte(self.at + 1).is_ascii_digit() => self.number(),
            b'"' => return self.string(),
            b'{' => self.open(Bracket::Map, 1),
            b'[' => self.open(Bracket::Vector, 1),
            b'(' => self.open(Bracket::List, 1),
            b'}' | b']' | b')' => {
                self.at += 1;
                Token::Close(first)
            }
            b'#' => return self.dispatch(),
            b'\\' => return self.char(),
            b'^' => {
                self.at += 1;
                Token::Meta
            }
            _ if ENDS[usize::from(first)] => {
                let message = format!("a stray {:?}", char::from(first));
                return Err(error(Code::Syntax, self.start, message));
            }
            _ => match self.word(self.at) {
                "nil" => Token::Nil,
                "true" => Token::True,
                "false" => Token::False,
                _ => Token::Symbol,
            },
        })
    }

    fn keyword(&mut self) -> Result<Token, Error> {
        let name = self.word(self.at + 1);
        if name.is_empty() || name.starts_with(':') {
            return Err(error(Code::Syntax, self.start, "a keyword without a name")
                .hint("a keyword is a colon with a name behind it"));
        }
        if name.ends_with(':') {
            return Err(error(Code::Syntax, self.at - 1, "a keyword does not end with a colon")
                .hint("EDN has no colon between a key and its value"));
        }
        Ok(Token::Keyword)
    }

    fn number(&mut self) -> Token {
        let bytes = self.text.as_bytes();
        let negative = bytes[self.at] == b'-';
        let first = self.at + usize::from(matches!(bytes[self.at], b'-' | b'+'));
        let mut at = first;
        let mut n: i64 = 0;
        while at < bytes.len() && bytes[at].is_ascii_digit() && at - first < 18 {
            n = n * 10 + i64::from(bytes[at] - b'0');
            at += 1;
        }
        let plain = at - first == 1 || self.byte(first) != b'0';
        if plain && ENDS[usize::from(self.byte(at))] {
            self.at = at;
            self.int = if negative { -n } else { n };
            return Token::Int;
        }
        self.word(self.at);
        Token::Number
    }

    fn string(&mut self) -> Result<Token, Error> {
        let bytes = self.text.as_bytes();
        let from = self.at + 1;
        let mut at = from;
        let mut escaped = false;
        while let Some(found) = bytes.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
            at += found;
            if bytes[at] == b'"' {
                self.at = at + 1;
                self.content = &self.text[from..at];
                return Ok(if escaped { Token::Escaped } else { Token::Text });
            }
            escaped = true;
            at += 2;
        }
        self.at = bytes.len();
        Err(error(Code::Truncated, self.start, "this string has no end"))
    }

    fn char(&mut self) -> Result<Token, Error> {
        let from = self.at + 1;
        // The character itself may be one that ends a token, such as `\(`.
        let Some(first) = self.text[from..].chars().next() else {
            return Err(error(Code::Truncated, self.start, "a character is missing"));
        };
        self.word(from + first.len_utf8());
        let name = &self.text[from..self.at];
        let Some(character) = char_named(name, first) else {
            return Err(error(Code::Syntax, self.start, "no character has this name"));
        };
        self.character = character;
        Ok(Token::Char)
    }

    /// What starts with `#`.
    fn dispatch(&mut self) -> Result<Token, Error> {
        match self.byte(self.at + 1) {
            b'{' => Ok(self.open(Bracket::Set, 2)),
            b'_' => {
                self.at += 2;
                Ok(Token::Discard)
            }
            b'^' => {
                self.at += 2;
                Ok(Token::Meta)
            }
            b'#' => {
                self.word(self.at + 2);
                Ok(Token::Symbolic)
            }
            b':' => match self.word(self.at + 2) {
                name if is_keyword_name(name) => Ok(Token::Namespace),
                _ => Err(error(Code::Syntax, self.start, "a namespaced map without a namespace")),
            },
            _ => {
                let tag = self.word(self.at + 1);
                if tag.starts_with(char::is_alphabetic) {
                    return Ok(Token::Tag);
                }
                if self.start + 1 == self.text.len() {
                    return Err(error(Code::Truncated, self.start, "a tag is missing"));
                }
                Err(error(Code::Syntax, self.start, "`#` without a tag behind it")
                    .hint("objects printed as `#<…>` cannot be read back"))
            }
        }
    }
}

fn char_named(name: &str, first: char) -> Option<char> {
    if name.len() == first.len_utf8() {
        return Some(first);
    }
    let code = |digits: &str, radix| {
        let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
        u32::from_str_radix(digits, radix).ok().filter(|_| plain).and_then(char::from_u32)
    };
    match name {
        "newline" => Some('\n'),
        "return" => Some('\r'),
        "space" => Some(' '),
        "tab" => Some('\t'),
        "formfeed" => Some('\u{c}'),
        "backspace" => Some('\u{8}'),
        _ if first == 'u' && name.len() == 5 => code(&name[1..], 16),
        _ if first == 'o' && name.len() <= 4 => code(&name[1..], 8),
        _ => None,
    }
}

/// Appends what the string literal `raw` means; the error is the place within `raw`.
pub(super) fn unescape(raw: &str, out: &mut String) -> Result<(), usize> {
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let place = raw.len() - rest.len() + at;
        let escape = &rest[at + 1..];
        let (c, len) = escaped(escape).ok_or(place)?;
        out.push(c);
        rest = &escape[len..];
    }
    out.push_str(rest);
    Ok(())
}

/// The character that an escape means, and how long the escape is without its backslash.
fn escaped(escape: &str) -> Option<(char, usize)> {
    let simple = match escape.bytes().next()? {
        b't' => '\t',
        b'r' => '\r',
        b'n' => '\n',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'"' => '"',
        b'\\' => '\\',
        b'u' => return unicode(escape),
        b'0'..=b'7' => {
            let len = escape.bytes().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
            let code = u32::from_str_radix(&escape[..len], 8).ok().filter(|&code| code <= 0o377)?;
            return Some((char::from_u32(code)?, len));
        }
        _ => return None,
    };
    Some((simple, 1))
}

/// `uXXXX`, or two of them for a character beyond 16 bits.
fn unicode(escape: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = escape.get(at..at + 4)?;
        let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
        u32::from_str_radix(digits, 16).ok().filter(|_| plain)
    };
    let high = unit(1)?;
    if !(0xd800..0xdc00).contains(&high) {
        return Some((char::from_u32(high)?, 5));
    }
    let low = escape.get(5..7).filter(|&mark| mark == "\\u").and_then(|_| unit(7))?;
    let low = (0xdc00..0xe000).contains(&low).then_some(low)?;
    Some((char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?, 11))
}

/// Returns the error about the backslash at byte `at`.
pub(super) fn not_an_escape(at: usize) -> Error {
    error(Code::Syntax, at, "not an escape")
        .hint(r#"EDN knows \t \r \n \b \f \\ \" \uXXXX and octal \0 to \377"#)
}
