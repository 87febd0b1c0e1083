//! Cells of tables: no spreadsheet takes one for a formula, and one cell may hold a list.

/// What separates the entries of a list, and what stands before one that is part of an entry.
const SEPARATOR: char = ';';
const ESCAPE: char = '\\';
/// What makes a spreadsheet take a cell for a formula, in the widths that it may be typed in.
const STARTERS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Whether a cell begins a formula once the apostrophes before it are taken away.
fn starts_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(STARTERS)
}

/// A text as it stands in a cell: behind an apostrophe, if it could be a formula. [`read`] undoes it, whatever the text.
pub(super) fn written(text: &str) -> String {
    if starts_formula(text) { format!("'{text}") } else { text.to_owned() }
}

/// The text of a cell.
pub(super) fn read(cell: &str) -> String {
    let escaped = cell.strip_prefix('\'').filter(|rest| starts_formula(rest));
    escaped.unwrap_or(cell).to_owned()
}

/// A list as one text.
pub(super) fn joined<'a>(entries: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for (index, entry) in entries.enumerate() {
        if index > 0 {
            text.push(SEPARATOR);
        }
        for c in entry.chars() {
            if matches!(c, SEPARATOR | ESCAPE) {
                text.push(ESCAPE);
            }
            text.push(c);
        }
    }
    text
}

/// The entries of a list; an empty text has none.
pub(super) fn parted(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let mut entries = Vec::new();
    let mut entry = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            SEPARATOR => entries.push(std::mem::take(&mut entry).trim().to_owned()),
            ESCAPE => entry.push(chars.next().unwrap_or(ESCAPE)),
            c => entry.push(c),
        }
    }
    entries.push(entry.trim().to_owned());
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn formulas_stand_behind_an_apostrophe() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-1", "'-1"),
            ("'=1", "''=1"),
            ("'n Beetje", "'n Beetje"),
            ("a=1", "a=1"),
            ("", ""),
        ] {
            assert_eq!((written(text).as_str(), read(cell).as_str()), (cell, text));
        }
    }

    proptest! {
        #[test]
        fn cells_come_back(text in "['=+@;\\\\a -]{0,8}|\\PC{0,12}") {
            prop_assert_eq!(read(&written(&text)), text.clone());
            prop_assert!(!written(&text).starts_with(STARTERS));
        }

        #[test]
        fn lists_come_back(entries in prop::collection::vec("[;\\\\a-c]{1,6}", 0..5)) {
            prop_assert_eq!(parted(&joined(entries.iter().map(String::as_str))), entries);
        }
    }
}
