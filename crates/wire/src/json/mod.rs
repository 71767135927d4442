//! Rewriting JSON text token by token, so that every number keeps its digits, every string its
//! escapes and every object its order (spec wire, "Dialects").
//!
//! The input is text that a JSON parser has already accepted (a `RawValue`); on any other text the
//! functions return *some* text but never panic. No recursion: depth costs memory, not stack.
mod tokens;

use std::{borrow::Cow, collections::BTreeSet};

use tokens::{Token, Tokens, push};

/// Keys whose value belongs to the user: nothing below them is renamed.
pub const USER_DATA_KEYS: [&str; 4] = ["metadata", "details", "parameters", "extra"];

/// Appends `json` without the whitespace between its tokens.
pub fn compact_into(json: &str, out: &mut String) {
    if json.bytes().any(|c| matches!(c, b' ' | b'\n' | b'\r' | b'\t')) {
        for token in Tokens(json) {
            push(token, out);
        }
    } else {
        out.push_str(json);
    }
}

/// `json` without the whitespace between its tokens; nothing else changes.
pub fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    compact_into(json, &mut out);
    out
}

/// `json` with one space after every comma and colon and none elsewhere, as Python writes it.
pub fn spaced(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 8);
    for token in Tokens(json) {
        push(token, &mut out);
        if let Token::Mark(b',' | b':') = token {
            out.push(' ');
        }
    }
    out
}

/// Appends `json` with the `snake_case` keys of every object turned into camelCase, except below
/// [`USER_DATA_KEYS`]. If two keys of an object become equal the first stays.
pub fn camel_case_into(json: &str, out: &mut String) {
    let mut rewriter = Rewriter::new(true, out);
    rewriter.run(&mut Tokens(json));
}

/// Appends the members of the object `json`, each preceded by a comma, without those named in
/// `taken` and without the later ones of members that share a name. False, and nothing appended, if
/// `json` is no object.
pub fn members_into(json: &str, taken: &[&'static str], out: &mut String) -> bool {
    let mut tokens = Tokens(json);
    if tokens.next() != Some(Token::Mark(b'{')) {
        return false;
    }
    let mut rewriter = Rewriter::new(false, out);
    rewriter.stack.push(Frame {
        seen: taken.iter().map(|name| Cow::Borrowed(*name)).collect(),
        empty: false,
        object: true,
        unique: true,
    });
    rewriter.run(&mut tokens);
    // The last token written was the brace that closes the object.
    if out.ends_with('}') {
        out.pop();
    }
    true
}

/// An object or array that is open.
struct Frame<'a> {
    /// The names written so far.
    seen: BTreeSet<Cow<'a, str>>,
    /// No element written so far.
    empty: bool,
    object: bool,
    /// Names are written once.
    unique: bool,
}

/// Writes tokens, renaming and dropping members on the way.
struct Rewriter<'a, 'o> {
    camel: bool,
    out: &'o mut String,
    stack: Vec<Frame<'a>>,
    /// The depth of the innermost value that belongs to the user, while inside one.
    user: Option<usize>,
}

impl<'a, 'o> Rewriter<'a, 'o> {
    fn new(camel: bool, out: &'o mut String) -> Self {
        Self { camel, out, stack: Vec::new(), user: None }
    }

    fn run(&mut self, tokens: &mut Tokens<'a>) {
        // The name and colon have been written; a value follows.
        let mut named = false;
        while let Some(token) = tokens.next() {
            match token {
                Token::Mark(b',' | b':') => {}
                Token::Mark(close @ (b'}' | b']')) => {
                    self.stack.pop();
                    self.out.push(char::from(close));
                    self.leave();
                    named = false;
                }
                Token::Text(text) if self.expects_name() && !named => {
                    named = self.name(text, tokens);
                }
                value => {
                    if !named {
                        self.separate();
                    }
                    named = false;
                    push(value, self.out);
                    if let Token::Mark(open) = value {
                        self.stack.push(Frame {
                            seen: BTreeSet::new(),
                            empty: true,
                            object: open == b'{',
                            unique: self.camel && self.user.is_none(),
                        });
                    } else {
                        self.leave();
                    }
                }
            }
        }
    }

    fn expects_name(&self) -> bool {
        self.stack.last().is_some_and(|frame| frame.object)
    }

    /// Writes a member's name and colon, or skips the whole member; true if written.
    fn name(&mut self, text: &'a str, tokens: &mut Tokens<'a>) -> bool {
        let raw = inside(text);
        let name = if self.camel && self.user.is_none() { camel(raw) } else { Cow::Borrowed(raw) };
        if let Some(frame) = self.stack.last_mut()
            && frame.unique
            && !frame.seen.insert(plain(&name))
        {
            skip_value(tokens);
            return false;
        }
        self.separate();
        self.out.push('"');
        self.out.push_str(&name);
        self.out.push_str("\":");
        if self.user.is_none() && USER_DATA_KEYS.contains(&raw) {
            self.user = Some(self.stack.len());
        }
        true
    }

    /// Writes the comma between two elements.
    fn separate(&mut self) {
        if let Some(frame) = self.stack.last_mut() {
            if !frame.empty {
                self.out.push(',');
            }
            frame.empty = false;
        }
    }

    /// A value has ended; if it was the user's, renaming starts again.
    fn leave(&mut self) {
        if self.user == Some(self.stack.len()) {
            self.user = None;
        }
    }
}

/// Skips the colon and the value that follow a name.
fn skip_value(tokens: &mut Tokens<'_>) {
    let mut depth = 0_usize;
    for token in tokens {
        match token {
            Token::Mark(b'{' | b'[') => depth += 1,
            Token::Mark(b'}' | b']') => depth = depth.saturating_sub(1),
            Token::Mark(_) => continue,
            Token::Text(_) | Token::Word(_) => {}
        }
        if depth == 0 {
            return;
        }
    }
}

/// What is between the quotes.
fn inside(text: &str) -> &str {
    let text = text.strip_prefix('"').unwrap_or(text);
    text.strip_suffix('"').unwrap_or(text)
}

/// The name that the text between the quotes stands for, for comparing.
fn plain<'a>(raw: &Cow<'a, str>) -> Cow<'a, str> {
    if raw.contains('\\')
        && let Ok(name) = serde_json::from_str(&format!("\"{raw}\""))
    {
        return Cow::Owned(name);
    }
    raw.clone()
}

/// A pure `snake_case` name, `[a-z][a-z0-9]*(_[a-z0-9]+)*`, in camelCase; any other as it is.
pub fn camel(name: &str) -> Cow<'_, str> {
    let word = |word: &str| word.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()) && !word.is_empty();
    let starts = name.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
    if !starts || !name.contains('_') || !name.split('_').all(word) {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        if c == '_' {
            upper = true;
        } else {
            out.push(if upper { c.to_ascii_uppercase() } else { c });
            upper = false;
        }
    }
    Cow::Owned(out)
}
