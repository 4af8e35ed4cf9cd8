//! EDN values, from tokens into the table of a history.

use super::item::{Form, Item};
use super::token::{Bracket, Token, Tokens, error, not_an_escape, unescape};
use crate::error::{Code, Error};
use crate::history::{MAX_DEPTH, Shape, Value, ValueTable, sort};

/// Reads forms; keeps its scratch memory from one to the next.
pub(in crate::formats) struct Parser<'t> {
    tokens: Tokens<'t>,
    /// Items of the collections that are being read, the innermost last.
    items: Vec<Value>,
    /// The string that is being unescaped, or the key that is being prefixed.
    scratch: String,
}

/// The value of `text`, which is one complete EDN form.
///
/// # Errors
/// If it is not; places count from the start of `text`.
pub(crate) fn parse_value(text: &str, values: &mut ValueTable) -> Result<Value, Error> {
    parse_value_within(text, values, 0)
}

/// The same, inside `depth` collections.
pub(in crate::formats) fn parse_value_within(
    text: &str,
    values: &mut ValueTable,
    depth: usize,
) -> Result<Value, Error> {
    let mut parser = Parser::new(text, 0);
    let token = parser.form()?;
    let value = parser.build(token, values, depth)?;
    match parser.form()? {
        Token::End => Ok(value),
        _ => Err(error(Code::Syntax, parser.start(), "more text behind the value")),
    }
}

impl<'t> Parser<'t> {
    /// A parser of `text[from..]`; places count from the start of `text`.
    pub(in crate::formats) fn new(text: &'t str, from: usize) -> Self {
        Parser { tokens: Tokens::new(text, from), items: Vec::new(), scratch: String::new() }
    }

    /// Goes on with `text[from..]`.
    pub(in crate::formats) fn restart(&mut self, text: &'t str, from: usize) {
        self.tokens = Tokens::new(text, from);
        self.items.clear();
    }

    /// Where the last token starts.
    pub(in crate::formats) fn start(&self) -> usize {
        self.tokens.start()
    }

    /// Where the last token ends.
    pub(in crate::formats) fn end(&self) -> usize {
        self.tokens.end()
    }

    /// The first token of the next form, behind what is discarded and metadata.
    pub(in crate::formats) fn form(&mut self) -> Result<Token, Error> {
        loop {
            match self.tokens.next()? {
                Token::Discard | Token::Meta => self.skip()?,
                token => return Ok(token),
            }
        }
    }

    /// Passes over the form that starts at byte `start`; returns where it ends.
    pub(super) fn pass(&mut self, start: usize) -> Result<usize, Error> {
        self.tokens.go_back(start);
        self.skip().map(|()| self.end())
    }

    /// Passes over one form without a look at what it means.
    fn skip(&mut self) -> Result<(), Error> {
        let from = self.start();
        let mut closers = Vec::new();
        let mut forms = 1;
        while forms > 0 {
            match self.tokens.next()? {
                Token::Open(bracket) => closers.push(bracket.closer()),
                Token::Close(byte) if closers.last() == Some(&byte) => {
                    closers.pop();
                    forms -= usize::from(closers.is_empty());
                }
                Token::Close(_) => return Err(mismatch(self.start())),
                Token::End => {
                    return Err(error(Code::Truncated, from, "the input ends behind this mark"));
                }
                Token::Discard | Token::Meta => forms += usize::from(closers.is_empty()),
                // These belong to the form behind them.
                Token::Tag | Token::Namespace => {}
                _ => forms -= usize::from(closers.is_empty()),
            }
        }
        Ok(())
    }

    /// The next form as a value.
    pub(in crate::formats) fn value(&mut self, values: &mut ValueTable) -> Result<Value, Error> {
        let token = self.form()?;
        self.build(token, values, 0)
    }

    /// The form that starts with `token`, as the content of a field.
    pub(in crate::formats) fn item(
        &mut self,
        token: Token,
        values: &mut ValueTable,
    ) -> Result<Item<'t>, Error> {
        let offset = self.start();
        let content = self.tokens.content();
        let form = match token {
            Token::Int => Form::Int(self.tokens.int()),
            Token::Keyword => Form::Keyword(content),
            Token::Symbol => Form::Symbol(content),
            Token::Text => Form::Text(content),
            Token::Escaped => Form::Escaped(content),
            token => match self.build(token, values, 0) {
                Ok(value) => Form::Value(value),
                // It may stand in a field that nothing depends on.
                Err(error) if error.code == Code::NotANumber => {
                    self.pass(offset)?;
                    self.items.clear();
                    let at = error.place.map_or(offset, |place| place.offset);
                    Form::NotANumber(self.tokens.text(offset, self.end()), at - offset)
                }
                Err(error) => return Err(error),
            },
        };
        Ok(Item { form, offset })
    }

    /// The value of the form that starts with `token`, inside `depth` others.
    pub(in crate::formats) fn build(
        &mut self,
        token: Token,
        values: &mut ValueTable,
        depth: usize,
    ) -> Result<Value, Error> {
        let start = self.start();
        let content = self.tokens.content();
        Ok(match token {
            Token::Int => values.int(self.tokens.int()),
            Token::Keyword => values.keyword(content),
            Token::Nil => Value::NULL,
            Token::True => Value::TRUE,
            Token::False => Value::FALSE,
            Token::Symbol => values.symbol(content),
            Token::Text => values.text(content),
            Token::Escaped => {
                let text = self.unescaped()?;
                values.text(text)
            }
            Token::Char => values.char(self.tokens.character()),
            Token::Number => number(content, values).ok_or_else(|| not_a_number(content, start))?,
            Token::Symbolic => return Err(symbolic(content, start)),
            Token::Open(bracket) => self.collection(bracket, values, depth)?,
            Token::Namespace => {
                self.map_behind()?;
                self.map(Some(content), values, depth)?
            }
            Token::Tag => {
                check_depth(depth, start)?;
                let inner = self.form()?;
                let inner = self.build(inner, values, depth + 1)?;
                tagged(content, inner, values)
            }
            Token::Close(_) => return Err(mismatch(start)),
            Token::End => {
                return Err(error(Code::Truncated, start, "the input ends where a value belongs"));
            }
            // `form` passes over them.
            Token::Discard | Token::Meta => return self.value(values),
        })
    }

    /// The string that the last token is, with its escapes resolved.
    pub(in crate::formats) fn unescaped(&mut self) -> Result<&str, Error> {
        self.scratch.clear();
        match unescape(self.tokens.content(), &mut self.scratch) {
            Ok(()) => Ok(&self.scratch),
            Err(at) => Err(not_an_escape(self.start() + 1 + at)),
        }
    }

    /// The text of the last token: a string without escapes, or the name of a keyword or symbol.
    pub(in crate::formats) fn content(&self) -> &'t str {
        self.tokens.content()
    }

    /// Passes the `{` that has to come next.
    pub(super) fn map_behind(&mut self) -> Result<(), Error> {
        match self.form()? {
            Token::Open(Bracket::Map) => Ok(()),
            Token::End => Err(error(Code::Truncated, self.start(), "a map is missing here")),
            _ => Err(error(Code::Syntax, self.start(), "a map belongs here")),
        }
    }

    fn collection(
        &mut self,
        bracket: Bracket,
        values: &mut ValueTable,
        depth: usize,
    ) -> Result<Value, Error> {
        if bracket == Bracket::Map {
            return self.map(None, values, depth);
        }
        let open = self.start();
        check_depth(depth, open)?;
        let base = self.items.len();
        loop {
            match self.form()? {
                Token::Close(byte) if byte == bracket.closer() => break,
                Token::End => return Err(unclosed(open)),
                token => {
                    let item = self.build(token, values, depth + 1)?;
                    self.items.push(item);
                }
            }
        }
        let items = &self.items[base..];
        let value = if bracket == Bracket::Set {
            let set = values.set(items);
            if !matches!(values.shape(set), Shape::Set(kept) if kept.len() == items.len()) {
                return Err(error(Code::Syntax, open, "a set holds the same value twice")
                    .hint("remove one of the two"));
            }
            set
        } else {
            values.list(items)
        };
        self.items.truncate(base);
        Ok(value)
    }

    /// A map behind its `{`.
    fn map(
        &mut self,
        namespace: Option<&str>,
        values: &mut ValueTable,
        depth: usize,
    ) -> Result<Value, Error> {
        let open = self.start();
        check_depth(depth, open)?;
        let mut pairs = Vec::new();
        loop {
            let token = match self.form()? {
                Token::Close(b'}') => break,
                Token::End => return Err(unclosed(open)),
                token => token,
            };
            let key = match (namespace, token) {
                (Some(namespace), Token::Keyword) => {
                    let name = self.content();
                    let name = qualified(namespace, name, &mut self.scratch);
                    values.keyword(name)
                }
                (Some(namespace), Token::Symbol) => {
                    let name = self.content();
                    let name = qualified(namespace, name, &mut self.scratch);
                    values.symbol(name)
                }
                (_, token) => self.build(token, values, depth + 1)?,
            };
            let token = self.value_token(open)?;
            pairs.push((key, self.build(token, values, depth + 1)?));
        }
        sort::by(&mut pairs, |&pair| pair);
        if let Some(twice) = pairs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let key = values.to_edn(twice[0].0);
            return Err(error(
                Code::DuplicateField,
                open,
                format!("a map has the key {key} twice"),
            )
            .hint("remove one of the two"));
        }
        Ok(values.map(&pairs))
    }

    /// The token behind a key of the map that was opened at `open`.
    pub(super) fn value_token(&mut self, open: usize) -> Result<Token, Error> {
        match self.form()? {
            Token::Close(b'}') => {
                Err(error(Code::Syntax, self.start(), "the key before it has no value")
                    .hint("write nil where there is no value"))
            }
            Token::End => Err(unclosed(open)),
            token => Ok(token),
        }
    }
}

fn mismatch(at: usize) -> Error {
    error(Code::Syntax, at, "this bracket closes nothing that is open here")
        .hint("is a bracket missing before it, or is it of the wrong kind?")
}

pub(super) fn unclosed(open: usize) -> Error {
    error(Code::Truncated, open, "the bracket here is never closed")
        .hint("is a closing bracket missing, or was the input cut?")
}

fn check_depth(depth: usize, at: usize) -> Result<(), Error> {
    if depth < MAX_DEPTH {
        return Ok(());
    }
    Err(error(Code::TooDeep, at, format!("a value is nested more than {MAX_DEPTH} levels deep"))
        .hint("record such values as strings"))
}

/// The key `name` of a map with a namespace: `_/name` has none, `other/name` keeps its own.
pub(super) fn qualified<'a>(namespace: &str, name: &'a str, scratch: &'a mut String) -> &'a str {
    if let Some(bare) = name.strip_prefix("_/") {
        return bare;
    }
    if name.len() > 1 && name.contains('/') {
        return name;
    }
    scratch.clear();
    scratch.extend([namespace, "/", name]);
    scratch
}

pub(super) fn symbolic(name: &str, at: usize) -> Error {
    match name {
        "NaN" | "Inf" | "-Inf" => error(Code::NotANumber, at, format!("##{name} is no value"))
            .hint("record it as a string or a keyword"),
        _ => error(Code::Syntax, at, "`##` comes before NaN, Inf or -Inf only"),
    }
}

fn not_a_number(literal: &str, at: usize) -> Error {
    let digits = literal.trim_start_matches(['+', '-']);
    let error = error(Code::Syntax, at, format!("`{literal}` is not a number that EDN knows"));
    match digits.strip_prefix('0') {
        Some(rest) if !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()) => {
            error.hint("an integer with a leading zero could be octal or decimal; write it without")
        }
        _ => error,
    }
}

/// The number `literal`: `42N`, `1.5M`, `1/3`, `0x2a`, a decimal, an integer of many digits.
fn number(literal: &str, values: &mut ValueTable) -> Option<Value> {
    let digits = literal.trim_start_matches(['+', '-']);
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let n = i128::from_str_radix(hex, 16).ok().filter(|_| !hex.starts_with(['+', '-']))?;
        let n = if literal.starts_with('-') { -n } else { n };
        return values.integer(&n.to_string());
    }
    if let Some(big) = literal.strip_suffix('M') {
        return values.big_decimal(big);
    }
    if digits.contains('/') {
        return ratio(literal, values);
    }
    if digits.contains(['.', 'e', 'E']) {
        return values.decimal(literal);
    }
    let literal = literal.strip_suffix('N').unwrap_or(literal);
    let octal = digits.len() > 1 && digits.starts_with('0') && digits != "0N";
    if octal { None } else { values.integer(literal) }
}

/// A ratio in lowest terms, as Clojure keeps it; beyond 128 bits as it is written.
fn ratio(literal: &str, values: &mut ValueTable) -> Option<Value> {
    let (top, bottom) = literal.split_once('/')?;
    if !bottom.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (Ok(top), Ok(bottom)) = (top.parse::<i128>(), bottom.parse::<i128>()) else {
        return values.ratio(literal);
    };
    let (mut a, mut b) = (top.unsigned_abs(), bottom.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let divisor = i128::try_from(a).ok()?;
    match (top.checked_div(divisor)?, bottom.checked_div(divisor)?) {
        (_, 0) => None,
        (top, 1) => values.integer(&top.to_string()),
        (top, bottom) => values.ratio(&format!("{top}/{bottom}")),
    }
}

/// `#tag inner`. The entries of maps and independent tuples are pairs, however they are written.
fn tagged(tag: &str, inner: Value, values: &mut ValueTable) -> Value {
    if !matches!(tag, "clojure.lang.MapEntry" | "jepsen.independent.Tuple") {
        return values.tagged(tag, inner);
    }
    if values.as_pair(inner).is_some() {
        return inner;
    }
    let pair = match values.shape(inner) {
        Shape::Map(items) if items.len() == 4 => {
            let named = |names: &[&str]| {
                let is_named = |pair: &&[Value]| {
                    values.as_name(pair[0]).is_some_and(|name| names.contains(&name))
                };
                items.chunks_exact(2).find(is_named).map(|pair| pair[1])
            };
            named(&["key", "k"]).zip(named(&["value", "val", "v"]))
        }
        _ => None,
    };
    match pair {
        Some((key, value)) => values.list(&[key, value]),
        None => values.tagged(tag, inner),
    }
}
