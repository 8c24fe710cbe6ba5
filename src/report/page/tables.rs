//! The tables of the summary as HTML: what a reader without scripts has, and a printer.

use crate::analysis::Finding;
use crate::report::rows::ProblemSummary;
use crate::report::summary::{cells, conventions, facts};
use crate::report::verdict::verdict;
use std::fmt::Write as _;

/// Text as HTML says it.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A verdict and a table for each problem; beyond a few, folded away.
pub(super) fn problems(problems: &[ProblemSummary]) -> String {
    if problems.is_empty() {
        return "<p>There are no runs yet.</p>".into();
    }
    let mut html = format!("<p class=\"note\">{}</p>\n", escaped(&conventions(problems)));
    let open = if problems.len() <= 4 { " open" } else { "" };
    for problem in problems {
        let (header, rows) = cells(problem, false);
        let _ = write!(
            html,
            "<details class=\"problem\"{open}><summary>{}</summary>\n<p>{}</p>\n<p class=\"note\">{}</p>\n\
             <div class=\"wide\"><table><thead><tr>",
            escaped(&problem.title),
            escaped(&verdict(problem)),
            escaped(&facts(problem))
        );
        header.iter().for_each(|name| html += &format!("<th scope=\"col\">{}</th>", escaped(name)));
        html += "</tr></thead>\n<tbody>\n";
        for row in rows {
            html += "<tr>";
            for (i, cell) in row.iter().enumerate() {
                let best = cell.strip_suffix(" *");
                let text = escaped(best.unwrap_or(cell));
                html += &match (i, best) {
                    (0, _) => format!("<th scope=\"row\">{text}</th>"),
                    (_, Some(_)) => format!("<td class=\"best\">{text} *</td>"),
                    _ => format!("<td>{text}</td>"),
                };
            }
            html += "</tr>\n";
        }
        html += "</tbody></table></div></details>\n";
    }
    html
}

/// What the runs say of each claim; nothing where nothing is claimed.
pub(super) fn claims(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let mut html = "<section id=\"claims\"><h2>Claims</h2>\n<div class=\"wide\"><table><thead><tr><th>verdict</th>\
                    <th>claim</th><th>numbers</th></tr></thead><tbody>\n"
        .to_owned();
    for finding in findings {
        let source = finding.source.as_ref().map_or(String::new(), |source| format!(" ({source})"));
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td></tr>",
            finding.verdict,
            escaped(&format!("{}{source}", finding.says)),
            escaped(&finding.numbers)
        );
    }
    html + "</tbody></table></div></section>\n"
}
