//! The string literals of a Rust file, found by a scanner that knows comments, raw strings and
//! characters, and nothing else of the language.

/// Each literal's text as written, with the line it starts in.
pub(super) fn literals(source: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    let bytes = source.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        let rest = &source[at..];
        let word_before = at > 0 && is_word(bytes[at - 1]);
        let (length, literal) = match byte {
            b'/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), None),
            b'/' if rest.starts_with("/*") => (comment(rest), None),
            b'\'' => (character(rest), None),
            b'"' => {
                let end = quoted(rest);
                (end, Some(&rest[1..end.saturating_sub(1).max(1)]))
            }
            b'r' if !word_before || bytes[at - 1] == b'b' => match raw(rest) {
                Some((length, text)) => (length, Some(text)),
                None => (1, None),
            },
            // The first byte decides the length, so that `at` stays on a character's start.
            _ => (rest.chars().next().map_or(1, char::len_utf8), None),
        };
        if let Some(text) = literal {
            found.push((line, text));
        }
        line += rest[..length].matches('\n').count();
        at += length;
    }
    found
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The length of a block comment, which may hold others.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The length of a character, or 1 for the tick of a lifetime.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => text[2..].find('\'').map_or(1, |end| {
            // `'\''`: the tick after the backslash is what is quoted.
            if end == 0 { 4 } else { 2 + end + 1 }
        }),
        Some(_) => match chars.next() {
            Some((at, '\'')) => at + 1,
            _ => 1,
        },
        None => 1,
    }
}

/// The length of a string with its quotes.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length and text of a raw string, if this is one.
fn raw(text: &str) -> Option<(usize, &str)> {
    let hashes = text[1..].bytes().take_while(|byte| *byte == b'#').count();
    let body = text[1 + hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = body.find(&close)?;
    Some((1 + hashes + 1 + end + close.len(), &body[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_characters_and_lifetimes_are_no_literals() {
        let source = r##"// "a"
/* "b" /* "c" */ "d" */ fn f<'a>(x: &'a str) { g('"', '\'', '\\', 'ä'); "yes\"ä" }
r#"raw "it" is"# br"bytes" for"x" "##;
        let found = literals(source);
        let want = [(2, r#"yes\"ä"#), (3, r#"raw "it" is"#), (3, "bytes"), (3, "x")];
        assert_eq!(found, want);
    }
}
