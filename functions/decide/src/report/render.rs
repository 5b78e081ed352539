//! The report as Markdown, with tables as GitHub has them (<https://github.github.com/gfm/#tables-extension->), and as HTML.

use super::{Report, Section};
use crate::page;
use domain::markdown::text;
use maud::html;
use std::fmt::Write;

impl Report {
    /// As Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut page = format!("# {}\n", text(&self.title));
        for Section { title, lines, head, rows } in &self.sections {
            // Writing to a String cannot fail.
            let _ = write!(page, "\n## {title}\n\n");
            for line in lines {
                let _ = writeln!(page, "- {}", text(line));
            }
            if rows.is_empty() {
                continue;
            }
            if !lines.is_empty() {
                page.push('\n');
            }
            let _ = writeln!(page, "| {} |\n|{}", head.join(" | "), " --- |".repeat(head.len()));
            for row in rows {
                let cells: Vec<String> = row.iter().map(|cell| text(cell)).collect();
                let _ = writeln!(page, "| {} |", cells.join(" | "));
            }
        }
        page
    }

    /// As one HTML file, which needs no other.
    #[must_use]
    pub fn html(&self) -> String {
        let body = html! {
            @for Section { title, lines, head, rows } in &self.sections {
                h2 { (title) }
                @for line in lines { p { (line) } }
                @if !rows.is_empty() {
                    table.records {
                        thead { tr { @for cell in *head { th scope="col" { (cell) } } } }
                        tbody {
                            @for row in rows {
                                tr {
                                    // On a phone a row is a list, and each of its lines has its head.
                                    @for (cell, head) in row.iter().zip(*head) {
                                        td class=[is_long(cell).then_some("wide")] data-head=(head) { (cell) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        };
        page::document(&self.title, &body)
    }
}

/// Whether a cell has a word that may have to be broken: every other word stays whole.
fn is_long(cell: &str) -> bool {
    cell.split_whitespace().any(|word| word.chars().count() > 24)
}
