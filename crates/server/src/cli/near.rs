//! Names that somebody may have meant.

/// More are no help.
const NEAR_MAX: usize = 3;

/// The names that are a few letters from what was typed, nearest first.
pub(super) fn nearest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let allowed = typed.chars().count().div_ceil(5).min(4);
    let near = |name: &'a str| (distance(typed, name), name);
    let mut near: Vec<(usize, &str)> = names.map(near).filter(|(far, _)| (1..=allowed).contains(far)).collect();
    near.sort_unstable();
    near.into_iter().take(NEAR_MAX).map(|(_, name)| name).collect()
}

/// How many letters have to be put in, taken out or changed (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut before = at;
        let mut left = at + 1;
        for (slot, known) in row.iter_mut().skip(1).zip(&other) {
            let changed = before + usize::from(letter != *known);
            before = *slot;
            *slot = changed.min(left + 1).min(*slot + 1);
            left = *slot;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_counted() {
        for (one, other, far) in
            [("", "", 0), ("a", "", 1), ("", "abc", 3), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("ab", "ba", 2)]
        {
            assert_eq!(distance(one, other), far, "{one} {other}");
            assert_eq!(distance(other, one), far, "{other} {one}");
        }
    }

    #[test]
    fn what_is_near_is_named_and_the_rest_is_not() {
        let names = ["purchase.succeeded", "purchase.failed", "wallet.created", "wallet.updated", "file.written"];
        let near = |typed| nearest(typed, names.into_iter());
        assert_eq!(near("purchase.succeded"), ["purchase.succeeded"]);
        assert_eq!(near("walet.created"), ["wallet.created"]);
        assert!(near("invoice.paid").is_empty());
        assert!(near("purchase.succeeded").is_empty(), "the same is not near");
        assert!(near("").is_empty());
    }
}
