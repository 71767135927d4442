//! Lists of names that are let through and names that are not.

/// The most names a list may have.
pub(super) const NAMES_MAX: usize = 200;
/// The longest name, in characters.
pub(super) const NAME_CHARS_MAX: usize = 256;

/// A name, or a pattern in which `*` stands for any characters, none included. Upper and lower case are one, and
/// blanks around a name are none of it: a deny list is not passed by writing a name otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(String);

impl Pattern {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let name = fold(text);
        let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        if fits {
            Ok(Self(name))
        } else {
            Err(format!("must be 1 to {NAME_CHARS_MAX} characters, not all of them blank"))
        }
    }

    /// Whether it is, or takes in, a folded name.
    fn takes(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return rest.ends_with(part);
            }
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        true
    }
}

fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

/// What lists say of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// It is denied by name.
    Denied,
    /// There is a list of those let through, and it is not on it.
    NotAllowed,
    /// It is let through by name.
    Allowed,
    /// Nothing.
    Nothing,
}

/// Names that are let through, and names that are not. Who is on both is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// If it is there, who is on it is let through, and nobody else.
    pub(super) allow: Option<Vec<Pattern>>,
    pub(super) deny: Vec<Pattern>,
}

impl Names {
    /// What is said of a name; of no name, if it is empty.
    pub(super) fn say(&self, name: &str) -> Said {
        let name = fold(name);
        let on = |list: &[Pattern]| list.iter().any(|pattern| pattern.takes(&name));
        match &self.allow {
            _ if on(&self.deny) => Said::Denied,
            Some(allow) if on(allow) => Said::Allowed,
            Some(_) => Said::NotAllowed,
            None => Said::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn takes(pattern: &str, name: &str) -> bool {
        Pattern::read(pattern).expect("a pattern").takes(&fold(name))
    }

    #[test]
    fn a_name_is_exact_but_for_case_and_a_star_stands_for_anything() {
        for (pattern, name, expected) in [
            ("aws", "AWS", true),
            ("AWS", " aws ", true),
            ("aws", "aws2", false),
            ("*.example.com", "api.Example.com", true),
            ("*.example.com", "a.b.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "x.example.com.evil", false),
            ("aws*", "aws", true),
            ("a*b*c", "a--b--b--c", true),
            ("a*b*c", "a--c--b", false),
            ("ab*ba", "aba", false),
            ("*", "", true),
            ("a?c", "abc", false),
            ("a.c", "abc", false),
            ("straße", "STRASSE", false),
            ("größe", "GRÖSSE", false),
            ("größe", "GRÖße", true),
        ] {
            assert_eq!(takes(pattern, name), expected, "{pattern} {name}");
        }
        for bad in ["", "  ", "a\nb", &"x".repeat(257)] {
            assert!(Pattern::read(bad).is_err(), "{bad:?}");
        }
    }

    /// What it means, without cleverness.
    fn plainly(pattern: &[char], name: &[char]) -> bool {
        match pattern {
            [] => name.is_empty(),
            ['*', rest @ ..] => (0..=name.len()).any(|skipped| plainly(rest, &name[skipped..])),
            [first, rest @ ..] => name.first() == Some(first) && plainly(rest, &name[1..]),
        }
    }

    proptest! {
        #[test]
        fn patterns_mean_what_they_say(pattern in "[ab*]{1,8}", name in "[ab]{0,8}") {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(takes(&pattern, &name), plainly(&letters(&pattern), &letters(&name)));
        }
    }
}
