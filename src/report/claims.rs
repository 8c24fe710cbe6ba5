//! What the runs say of each claim, for a terminal and for `summary.md`.

use crate::analysis::{Finding, Verdict};

/// One paragraph a claim: the verdict, the sentence, the numbers.
#[must_use]
pub fn claims_text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let source = finding.source.as_ref().map_or(String::new(), |source| format!(" ({source})"));
        text += &format!("{:<13}  {}{source}\n               {}\n", finding.verdict, finding.says, finding.numbers);
    }
    let count = |verdict| findings.iter().filter(|f| f.verdict == verdict).count();
    text + &format!(
        "{} of {} claims hold, {} do not, {} cannot be told\n",
        count(Verdict::Holds),
        findings.len(),
        count(Verdict::DoesNotHold),
        count(Verdict::CannotTell)
    )
}

/// The same as a section of a Markdown page; nothing where nothing is claimed.
#[must_use]
pub fn claims_markdown(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let mut text = "\n## Claims\n\n| verdict | claim | numbers |\n|---|---|---|\n".to_owned();
    let safe = |words: &str| words.replace('|', "\\|").replace('*', "\\*");
    for finding in findings {
        let source = finding.source.as_ref().map_or(String::new(), |source| format!(" ({source})"));
        let says = safe(&format!("{}{source}", finding.says));
        text += &format!("| **{}** | {says} | {} |\n", finding.verdict, safe(&finding.numbers));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_stand_in_front_and_are_counted() {
        let finding = |verdict, source: Option<&str>| Finding {
            says: "A is sooner than B".into(),
            source: source.map(Into::into),
            verdict,
            numbers: "in 4 of 5 pairs".into(),
        };
        let findings = [finding(Verdict::Holds, Some("X (2001)")), finding(Verdict::CannotTell, None)];
        let text = claims_text(&findings);
        assert!(text.starts_with("holds          A is sooner than B (X (2001))\n"), "{text}");
        assert!(text.ends_with("1 of 2 claims hold, 0 do not, 1 cannot be told\n"), "{text}");
        let page = claims_markdown(&findings);
        assert!(page.contains("| **cannot tell** | A is sooner than B | in 4 of 5 pairs |"), "{page}");
        assert_eq!(claims_markdown(&[]), "");
    }
}
