//! Markdown: tables and what may stand in their cells.

/// A table; nothing if it has no rows.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let line = |cells: &mut dyn Iterator<Item = String>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
    let mut table = line(&mut head.iter().map(|&name| name.to_owned()));
    table.push_str(&line(&mut head.iter().map(|_| "---".to_owned())));
    for row in rows {
        table.push_str(&line(&mut row.iter().map(|cell| self::cell(cell))));
    }
    table.push('\n');
    table
}

/// Text on one line, with nothing in it that would end a cell.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

/// Text as code; nothing stays nothing.
pub(super) fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{text}`") }
}

/// Each as code, with commas between.
pub(super) fn codes<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> String {
    texts.into_iter().map(|text| code(text.as_ref())).collect::<Vec<_>>().join(", ")
}

/// A sentence that ends as one, with a capital at its beginning.
pub(super) fn sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return String::new() };
    let end = if text.ends_with(['.', '!', '?', ':', '…']) { "" } else { "." };
    format!("{}{}{end}", first.to_uppercase(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_cells_and_sentences_become_sentences() {
        let table = table(&["a"], &[vec!["one | two\n three".into()]]);
        assert_eq!(table, "| a |\n| --- |\n| one \\| two three |\n\n");
        assert_eq!(sentence("start the\n server"), "Start the server.");
        assert_eq!((sentence(""), code("")), (String::new(), String::new()));
    }
}
