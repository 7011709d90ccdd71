//! Tables as Markdown and as a page without anything from elsewhere.

use std::fmt::Write as _;

use super::Table;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem}\
    table{border-collapse:collapse;margin:1rem 0}th,td{padding:.3rem .8rem;border-bottom:1px solid #8886;\
    text-align:right}th:first-child,td:first-child{text-align:left}li{color:#888}\
    @media(prefers-color-scheme:dark){body{background:#111;color:#ddd}}";

pub(super) fn markdown(table: &Table) -> String {
    let mut text = format!("## {}\n\n", table.title);
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    text.push_str(&line(&table.head));
    text.push_str(&line(&vec!["---".to_owned(); table.head.len()]));
    text.extend(table.rows.iter().map(|row| line(row)));
    text.push('\n');
    text.extend(table.notes.iter().map(|note| format!("- {note}\n")));
    text.push('\n');
    text
}

pub(super) fn html(tables: &[Table]) -> String {
    let mut page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Load test</title><style>{STYLE}</style><h1>Load test</h1>"
    );
    for table in tables {
        let _ = write!(page, "<h2>{}</h2><table><tr>", escaped(&table.title));
        page.extend(
            table
                .head
                .iter()
                .map(|cell| format!("<th>{}", escaped(cell))),
        );
        for row in &table.rows {
            page.push_str("<tr>");
            page.extend(row.iter().map(|cell| format!("<td>{}", escaped(cell))));
        }
        page.push_str("</table><ul>");
        page.extend(
            table
                .notes
                .iter()
                .map(|note| format!("<li>{}", escaped(note))),
        );
        page.push_str("</ul>");
    }
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_written_for_terminals_and_browsers() {
        let table = Table {
            title: "Ratios".into(),
            head: vec!["call".into(), "a & b".into()],
            rows: vec![vec!["<list>".into(), "1".into()]],
            notes: vec!["once".into()],
        };
        assert_eq!(
            "## Ratios\n\n| call | a & b |\n| --- | --- |\n| <list> | 1 |\n\n- once\n\n",
            markdown(&table)
        );
        assert!(html(&[table]).contains("<th>a &amp; b<tr><td>&lt;list&gt;<td>1</table>"));
    }
}
