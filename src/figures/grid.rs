//! Which problems share a page, and what the page and its panels are called.

use crate::analysis::Problem;

/// The panels a page holds at most.
pub(crate) const PANELS: usize = 6;

/// Problems that share a page, and the end of the page's file name.
pub(crate) struct Group<'p, 'a> {
    /// The problems, in order.
    pub(crate) problems: Vec<&'p Problem<'a>>,
    /// Empty when there is one page only.
    pub(crate) suffix: String,
}

/// All on one page if they fit, else a page (or several) for each data set.
pub(crate) fn pages<'p, 'a>(problems: &'p [Problem<'a>], most: usize) -> Vec<Group<'p, 'a>> {
    if problems.len() <= most {
        return vec![Group { problems: problems.iter().collect(), suffix: String::new() }];
    }
    let mut sets: Vec<(&str, &str, Vec<&Problem<'_>>)> = Vec::new();
    for problem in problems {
        let (name, digest) = (problem.dataset.name.as_str(), problem.dataset.digest.as_str());
        match sets.iter_mut().find(|set| (set.0, set.1) == (name, digest)) {
            Some(set) => set.2.push(problem),
            None => sets.push((name, digest, vec![problem])),
        }
    }
    let mut pages: Vec<Group<'_, '_>> = Vec::new();
    for (name, _, members) in sets {
        let count = members.len().div_ceil(most);
        for (i, chunk) in members.chunks(members.len().div_ceil(count)).enumerate() {
            let page = if count > 1 { format!("-{}", i + 1) } else { String::new() };
            let mut suffix = format!("-{}{page}", file_name(name));
            // Data sets of one name differ in their digest; their pages must not overwrite each other.
            while pages.iter().any(|p| p.suffix == suffix) {
                suffix.push('b');
            }
            pages.push(Group { problems: chunk.to_vec(), suffix });
        }
    }
    pages
}

/// A name as part of a file's name.
pub(crate) fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' }).collect()
}

impl Group<'_, '_> {
    /// The data set's title, when all problems share it.
    pub(crate) fn common_title(&self) -> Option<&str> {
        let first = self.problems.first()?.dataset;
        self.problems.iter().all(|p| p.dataset.title == first.title).then_some(first.title.as_str())
    }

    /// The line above the page: what the file says, and the data set where it is one for all.
    pub(crate) fn heading(&self, title: Option<&str>) -> Option<String> {
        match (title, self.common_title()) {
            (Some(title), Some(data)) => Some(format!("{title}: {data}")),
            (Some(one), None) | (None, Some(one)) => Some(one.to_string()),
            (None, None) => None,
        }
    }

    /// What a panel is called: the data set unless the heading says it, the rank and the start.
    pub(crate) fn panel_title(&self, problem: &Problem<'_>) -> String {
        let rest = format!("k = {}, {}", problem.rank, problem.init);
        if self.common_title().is_some() { rest } else { format!("{}, {rest}", problem.dataset.title) }
    }

    /// A sentence for data that no one measured.
    pub(crate) fn synthetic_note(&self) -> String {
        let made = self.problems.iter().filter(|p| p.dataset.synthetic).count();
        match made {
            0 => String::new(),
            n if n == self.problems.len() => "The data are synthetic. ".into(),
            _ => "Some of the data are synthetic. ".into(),
        }
    }

    /// The seeds per entrant, such as “5 seeds” or “3–5 seeds”.
    pub(crate) fn seeds(&self) -> String {
        let counts = || self.problems.iter().flat_map(|p| &p.entrants).map(|e| e.runs.len());
        match (counts().min().unwrap_or(0), counts().max().unwrap_or(0)) {
            (1, 1) => "1 seed".into(),
            (a, b) if a == b => format!("{a} seeds"),
            (a, b) => format!("{a}–{b} seeds"),
        }
    }

    /// Which entrants failed how often, over the whole page; empty when none did.
    pub(crate) fn failures(&self) -> String {
        let mut failed: Vec<(&str, usize, usize)> = Vec::new();
        for entrant in self.problems.iter().flat_map(|p| &p.entrants) {
            let bad = entrant.runs.iter().filter(|run| !run.proper).count();
            match failed.iter_mut().find(|f| f.0 == entrant.label) {
                Some(known) => (known.1, known.2) = (known.1 + bad, known.2 + entrant.runs.len()),
                None => failed.push((&entrant.label, bad, entrant.runs.len())),
            }
        }
        let told: Vec<String> =
            failed.iter().filter(|f| f.1 > 0).map(|(label, bad, all)| format!("{label} {bad} of {all}")).collect();
        if told.is_empty() { String::new() } else { format!("Failed runs: {}. ", told.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{invented, problems};

    #[test]
    fn many_problems_are_split_by_data_set() {
        let mut records = Vec::new();
        for (name, ranks) in [("faces", 4), ("text/a", 9)] {
            for rank in 1..=ranks {
                let mut record = invented::run("mu", 0, &[2.0, 1.0]);
                (record.dataset.name, record.dataset.digest, record.rank) = (name.into(), name.into(), rank);
                records.push(record);
            }
        }
        let all = problems(&records);
        let pages: Vec<_> = pages(&all, PANELS).into_iter().map(|g| (g.suffix, g.problems.len())).collect();
        let expected = [("-faces".to_string(), 4), ("-text-a-1".to_string(), 5), ("-text-a-2".to_string(), 4)];
        assert_eq!(pages, expected);
        assert_eq!(super::pages(&all[..6], PANELS).len(), 1);
    }
}
