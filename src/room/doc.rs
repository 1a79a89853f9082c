//! Reads the tables of the module doc, so that tests can walk them. A cell may name several things with spaces between
//! them, or `any`, which is both roles.

use std::fmt::Debug;

/// The cells of the rows of the table whose first heading is `heading`.
pub fn rows(heading: &str, columns: usize) -> Vec<Vec<String>> {
    let head = format!("//! | {heading} |");
    let table = include_str!("mod.rs")
        .lines()
        .skip_while(|line| !line.starts_with(&head))
        .skip(2);
    let row = |line: &str| {
        let cells = line.strip_prefix("//! |")?.trim_end_matches('|').split('|');
        Some(cells.map(|cell| cell.trim().to_owned()).collect::<Vec<_>>())
    };
    let rows: Vec<_> = table.map_while(row).collect();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.len() == columns));
    rows
}

/// Whether the cell names `thing`.
pub fn names(cell: &str, thing: impl Debug) -> bool {
    let thing = format!("{thing:?}");
    cell == "any" || cell.split(' ').any(|word| word == thing)
}

/// How many things the cell names.
pub fn count(cell: &str) -> usize {
    if cell == "any" { 2 } else { cell.split(' ').count() }
}

/// What the two last cells say, in `Debug`'s words.
pub fn said(next: &str, act: &str) -> String {
    match next {
        "stay" => "Stay".to_owned(),
        next => format!("Go({next}, {act})"),
    }
}
