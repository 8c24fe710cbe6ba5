//! The columns of W as topics: their heaviest words with their weights.

use super::{Shown, left_out};
use crate::analysis::show::{capital, significant};
use crate::figures::page::pt;
use crate::figures::sheet::{Drawn, NOTE, Sheet, TICK, TITLE, Text, WIDE, drawing, shorten, text};
use crate::figures::style::{GREY, Style};
use crate::figures::values::table;
use crate::figures::{Rendered, Styles};
use crate::results::about::About;
use plotters::prelude::*;

/// Words of a topic.
const WORDS: usize = 8;
/// Topics on a page.
const TOPICS: usize = 24;
const ACROSS: usize = 4;
const ROW: f64 = 10.5;
const HEAD: f64 = 25.0;

/// A topic as it is shown.
struct Topic {
    component: usize,
    /// Of the sum of all contributions.
    share: f64,
    words: Vec<(String, f64)>,
    /// The class most of whose samples have this topic first, with that class's share of the topic's samples.
    class: Option<(String, f64)>,
}

/// A page for each entrant.
pub(super) fn render(
    name: &str,
    heading: &str,
    about: &About,
    shown: &[Shown<'_>],
    styles: &Styles,
) -> Drawn<Vec<Rendered>> {
    let pages =
        shown.iter().map(|entry| page(&super::page_name(name, "topics", entry, shown), heading, about, entry, styles));
    pages.collect()
}

fn page(name: &str, heading: &str, about: &About, entry: &Shown<'_>, styles: &Styles) -> Drawn<Rendered> {
    let topics: Vec<Topic> = topics(about, entry);
    let across = ACROSS.min(topics.len().max(1));
    let gap = 12.0;
    let width = (WIDE - 12.0 - gap * (ACROSS - 1) as f64) / ACROSS as f64;
    let pitch = HEAD + ROW * WORDS as f64 + 8.0;
    let style: Style = styles.style(&entry.label);
    let mut note = format!(
        "{}, {}. Each block is a column of W with its {WORDS} heaviest words and their weights over the largest, in the \
         order of the contributions ‖w‖‖h‖, of which the percentage is its share",
        entry.label,
        entry.facts()
    );
    if topics.iter().any(|t| t.class.is_some()) {
        note.push_str("; beneath, the class most frequent among the samples to which the topic gives most, with its share of them");
    }
    note.push_str(&format!(". {}", left_out(entry.factors.k, topics.len(), "topics")));
    let full = format!("{heading}: {}", entry.label);
    let sheet = Sheet {
        title: "Topics",
        heading: Some(&full),
        width: 12.0 + width * across as f64 + gap * (across - 1) as f64,
        body: pitch * topics.len().div_ceil(across) as f64,
        legend: &[],
        band: false,
        note: note.trim_end(),
    };
    let svg = sheet.draw(|root, top| {
        for (i, topic) in topics.iter().enumerate() {
            let x = 6.0 + (i % across) as f64 * (width + gap);
            let y = top + pitch * (i / across) as f64;
            let title = format!("{}  ({} %)", i + 1, significant(100.0 * topic.share, 2));
            text(root, &title, (x, y + 8.0), &Text::new(TITLE).bold())?;
            if let Some((class, share)) = &topic.class {
                let words = shorten(&format!("{class}, {:.0} %", 100.0 * share), NOTE, false, width);
                text(root, &words, (x, y + 18.0), &Text::new(NOTE).color(GREY))?;
            }
            let most = topic.words.first().map_or(0.0, |w| w.1);
            for (j, (word, weight)) in topic.words.iter().enumerate() {
                let middle = y + HEAD + ROW * (j as f64 + 0.5);
                let share = if most > 0.0 { weight / most } else { 0.0 };
                let bar = [(pt(x), pt(middle - 4.4)), (pt(x + share * (width - 22.0)), pt(middle + 4.4))];
                root.draw(&Rectangle::new(bar, style.color.mix(0.22).filled())).map_err(drawing)?;
                let word = shorten(word, TICK, false, width - 26.0);
                text(root, &word, (x + 2.5, middle), &Text::new(TICK))?;
                text(root, &format!("{share:.2}"), (x + width, middle), &Text::new(NOTE).color(GREY).right())?;
            }
        }
        Ok(())
    })?;
    let mut rows = Vec::new();
    for (i, topic) in topics.iter().enumerate() {
        let (class, of_class) = topic.class.clone().unwrap_or_default();
        for (word, weight) in &topic.words {
            let mut row = vec![entry.label.clone(), entry.record.seed.to_string(), entry.record.key.clone()];
            row.extend([(i + 1).to_string(), topic.component.to_string(), topic.share.to_string()]);
            row.extend([word.clone(), weight.to_string(), class.clone(), of_class.to_string()]);
            rows.push(row);
        }
    }
    let header = ["label", "seed", "run", "topic", "component", "share", "word", "weight", "class", "share_of_class"];
    let caption = format!("{}: topics. {}", capital(heading), note.trim_end());
    Ok(Rendered { name: name.to_string(), svg, csv: table(&header, rows)?, caption })
}

fn topics(about: &About, entry: &Shown<'_>) -> Vec<Topic> {
    let factors = &entry.factors;
    let clusters = factors.strongest();
    let total: f64 = factors.contributions().iter().sum();
    let topic = |l: &usize| {
        let w = factors.basis(*l);
        let mut order: Vec<usize> = (0..w.len()).filter(|i| w[*i] > 0.0).collect();
        order.sort_by(|a, b| w[*b].total_cmp(&w[*a]).then(a.cmp(b)));
        let word = |i: usize| about.features.get(i).cloned().unwrap_or_else(|| format!("word {}", i + 1));
        Topic {
            component: *l,
            share: if total > 0.0 { factors.contributions()[*l] / total } else { 0.0 },
            words: order.into_iter().take(WORDS).map(|i| (word(i), w[i])).collect(),
            class: class(about, &clusters, *l),
        }
    };
    entry.order.iter().take(TOPICS).map(topic).collect()
}

/// The most frequent class of a cluster; of equals the first.
fn class(about: &About, clusters: &[Option<usize>], l: usize) -> Option<(String, f64)> {
    if about.labels.len() != clusters.len() {
        return None;
    }
    let members: Vec<u32> = clusters.iter().zip(&about.labels).filter(|c| *c.0 == Some(l)).map(|c| *c.1).collect();
    let count = |class: u32| members.iter().filter(|m| **m == class).count();
    let best = members.iter().copied().min_by_key(|class| (std::cmp::Reverse(count(*class)), *class))?;
    Some((super::class_name(about, best), count(best) as f64 / members.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_of_a_topic_is_the_most_frequent_of_its_samples() {
        let about = About { labels: vec![1, 1, 0, 0, 0], classes: vec!["a".into(), "b".into()], ..About::default() };
        let clusters = [Some(0), Some(0), Some(0), Some(1), None];
        assert_eq!(class(&about, &clusters, 0), Some(("b".into(), 2.0 / 3.0)));
        assert_eq!(class(&about, &clusters, 1), Some(("a".into(), 1.0)));
        assert_eq!(class(&about, &clusters, 7), None);
        assert_eq!(class(&About::default(), &clusters, 0), None);
    }
}
