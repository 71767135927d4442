//! Cutting JSON text into tokens.

/// One piece of JSON text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `{ } [ ] : ,`
    Mark(u8),
    /// A string with its quotes.
    Text(&'a str),
    /// A number, `true`, `false` or `null`.
    Word(&'a str),
}

/// Cuts JSON text into tokens and drops the whitespace between them.
pub(super) struct Tokens<'a>(pub(super) &'a str);

impl<'a> Tokens<'a> {
    fn take(&mut self, length: usize) -> &'a str {
        let (head, tail) = self.0.split_at_checked(length).unwrap_or((self.0, ""));
        self.0 = tail;
        head
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.0 = self.0.trim_start_matches([' ', '\n', '\r', '\t']);
        let bytes = self.0.as_bytes();
        let token = match *bytes.first()? {
            mark @ (b'{' | b'}' | b'[' | b']' | b':' | b',') => {
                self.take(1);
                Token::Mark(mark)
            }
            b'"' => Token::Text(self.take(text_length(bytes))),
            _ => {
                let ends = |c: &u8| b"{}[]:,\" \n\r\t".contains(c);
                let length = bytes.iter().position(ends).unwrap_or(bytes.len());
                Token::Word(self.take(length))
            }
        };
        Some(token)
    }
}

/// The length of the string that `bytes` start with, quotes included.
fn text_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Appends a token as it was.
pub(super) fn push(token: Token<'_>, out: &mut String) {
    match token {
        Token::Mark(mark) => out.push(char::from(mark)),
        Token::Text(text) | Token::Word(text) => out.push_str(text),
    }
}
