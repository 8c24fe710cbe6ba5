//! `report.html` in a real browser: its numbers are the program's, its controls work, it asks nobody for anything.
//!
//! `NMFBENCH_SCREENSHOTS=DIR` keeps pictures of it to look at.

// The fixture is one large JSON literal.
#![recursion_limit = "256"]

mod browser;
#[path = "../common/mod.rs"]
mod common;
mod fixture;

use browser::Browser;
use common::{Bench, SMALL};
use fixture::{Size, records};
use nmfbench::analysis::{
    BestValues, Bootstrap, Comparison, Contest, DEFAULT_TARGETS, Interval, Side, X, Y, attempts, curve, final_quality,
    problems, profile, reach, to_targets,
};
use nmfbench::figures::Factors;
use nmfbench::report::page::{Input, interactive, still};
use nmfbench::report::{Evidence, answer, overall};
use nmfbench::results::record::Record;
use std::path::{Path, PathBuf};

const SIZE: Size = Size { data: 2, ranks: 2, algorithms: 5, seeds: 6, looks: 40 };

/// A basis of its own for each run: unit vectors in another order, with a little noise.
fn factors(record: &Record) -> Option<Factors> {
    let (m, n, k) = (record.dataset.m, record.dataset.n, record.rank);
    let turn = record.label.len() + record.seed as usize;
    let entry = |i: usize| if i % m == (i / m + turn) % k { 1.0 } else { 0.1 * ((i * 7 + turn) % 5) as f64 / 5.0 };
    Some(Factors { m, n, k, w: (0..m * k).map(entry).collect(), h: vec![1.0; k * n] })
}

fn page(records: &[Record]) -> String {
    let best = BestValues::over(records);
    interactive(&Input {
        experiment: "invented",
        question: "Who is soonest?",
        folder: "results/invented",
        records,
        best: &best,
        ladder: DEFAULT_TARGETS,
        noise: &[],
        machine: &|_| "an invented machine".into(),
        factors: Some(&factors),
        findings: &[],
    })
}

fn saved(folder: &Path, text: &str) -> PathBuf {
    let path = folder.join("report.html");
    std::fs::write(&path, text).expect("written");
    path
}

fn keep(browser: &Browser, name: &str) {
    if let Some(folder) = std::env::var_os("NMFBENCH_SCREENSHOTS") {
        browser.screenshot(&Path::new(&folder).join(format!("{name}.png")));
    }
}

const READY: &str = "return nmfbench.panels().some(p => p.chart.drawn) && nmfbench.data.columns.size > 0;";

/// The program's own values, in the order in which [`VALUES`] gives the page's.
fn expected(records: &[Record]) -> Vec<(String, f64)> {
    let best = BestValues::over(records);
    let all = problems(records);
    let mut values = Vec::new();
    let mut say = |name: String, value: f64| values.push((name, value));
    let ends = |say: &mut dyn FnMut(String, f64), name: &str, i: &Interval| {
        say(format!("{name} value"), i.value);
        say(format!("{name} low"), i.low);
        say(format!("{name} high"), i.high);
    };
    for (x, y) in [(X::Seconds, Y::Gap), (X::Flops, Y::RelativeError), (X::Iterations, Y::SparsenessW)] {
        for problem in &all {
            for entrant in &problem.entrants {
                let f = best.objective(entrant.runs[0].record);
                let curve = curve(entrant, x, y, f, [0.1, 0.9]).expect("values");
                let name = format!("{x} {y} {}", entrant.label);
                for i in 0..curve.x.len() {
                    for value in [curve.x[i], curve.low[i], curve.mid[i], curve.high[i]] {
                        say(name.clone(), value);
                    }
                }
            }
        }
    }
    for x in [X::Seconds, X::Flops] {
        let tried = attempts(&all, &best, DEFAULT_TARGETS, x);
        let (performance, left_out) = profile::performance(&tried);
        say("left out".into(), left_out as f64);
        for lines in [profile::ecdf(&tried), performance, profile::data(&tried)] {
            for line in lines {
                say(format!("{x} {} instances", line.label), line.steps.count as f64);
                for (at, share) in line.steps.x.iter().zip(&line.steps.share) {
                    say(format!("{x} {} at", line.label), *at);
                    say(format!("{x} {} share", line.label), *share);
                }
            }
        }
        for row in to_targets(&attempts(&all, &best, &[0.01], x), &[0.01], &Bootstrap::default()) {
            for (what, told) in [("rate", &row.rate), ("median", &row.median), ("expected", &row.expected)] {
                ends(&mut say, &format!("{x} {} {what}", row.label), told);
            }
        }
    }
    let shown: Vec<_> = all.iter().collect();
    let race = Contest::of(&shown, 0.02, &Bootstrap::default(), |_, run| {
        reach(run, best.objective(run.record), 0.01, X::Seconds)
    });
    let few = Contest::of(&shown[..1], 1e-4, &Bootstrap::default(), |_, run| final_quality(run));
    let quality = Contest::of(&shown, 1e-4, &Bootstrap::default(), |_, run| final_quality(run));
    for c in race.all.iter().chain(&few.all).chain(&quality.all) {
        let Comparison { wins, ties, losses, p, adjusted, .. } = c;
        let name = format!("{} against {}", c.first, c.second);
        for count in [wins, ties, losses] {
            say(format!("{name} count"), *count as f64);
        }
        ends(&mut say, &name, &c.ratio);
        say(format!("{name} p"), *p);
        say(format!("{name} adjusted"), *adjusted);
        let side = match c.lower {
            Side::First => 1.0,
            Side::Second => 2.0,
            Side::CannotTell => 0.0,
        };
        say(format!("{name} verdict"), side);
    }
    values
}

/// The same from the page, as texts: JSON knows no infinity.
const VALUES: &str = r#"
    const n = nmfbench, all = n.visible(), ladder = n.data.payload.ladder, values = [];
    const ends = told => values.push(told.value, told.low, told.high);
    for (const [x, y] of [["seconds", "gap"], ["flops", "relative_error"], ["iterations", "sparseness_w"]]) {
      for (const problem of all) {
        for (const runs of problem.entrants.values()) {
          const c = n.curveOf(runs, x, y, [0.1, 0.9]);
          c.x.forEach((at, i) => values.push(at, c.low[i], c.mid[i], c.high[i]));
        }
      }
    }
    for (const x of ["seconds", "flops"]) {
      const tried = n.attemptsOf(all, ladder, x);
      const { profile, leftOut } = n.performanceProfile(tried);
      values.push(leftOut);
      for (const lines of [n.ecdf(tried), profile, n.dataProfile(tried)]) {
        for (const { steps } of lines) {
          values.push(steps.count);
          steps.x.forEach((at, i) => values.push(at, steps.share[i]));
        }
      }
      for (const row of n.toTarget(all, 0.01, x)) [row.rate, row.median, row.expected].forEach(ends);
    }
    const race = n.contestOf(all, 0.02, run => n.reach(run, 0.01, "seconds"));
    const end = run => n.finalValue(run, "relative_error");
    for (const contest of [race, n.contestOf(all.slice(0, 1), 1e-4, end), n.contestOf(all, 1e-4, end)]) {
      for (const c of contest.all) {
        values.push(c.wins, c.ties, c.losses);
        ends(c.ratio);
        values.push(c.p, c.adjusted, { first: 1, second: 2 }[c.lower] ?? 0);
      }
    }
    return values.map(String);
"#;

#[test]
fn the_page_computes_what_the_program_computes() {
    let Some(browser) = Browser::open(1400, 1000, false) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let records = records(&SIZE);
    browser.visit(&saved(folder.path(), &page(&records)), "");
    browser.wait(READY);
    browser.run("window.all = nmfbench.need('flops', 'relative_error', 'sparseness_w', 'seconds').then(() => { window.there = true; });");
    browser.wait("return window.there;");
    let told = browser.run(VALUES);
    let told: Vec<f64> = told
        .as_array()
        .expect("a list")
        .iter()
        .map(|text| match text.as_str().expect("a text") {
            "Infinity" => f64::INFINITY,
            "NaN" => f64::NAN,
            text => text.parse().expect("a number"),
        })
        .collect();
    let expected = expected(&records);
    assert_eq!(told.len(), expected.len());
    for ((name, own), page) in expected.iter().zip(&told) {
        let same = own.total_cmp(page).is_eq() || own.is_nan() && page.is_nan();
        assert!(same || (own - page).abs() <= 1e-9 * own.abs().max(1e-9), "{name}: {own} and in the page {page}");
    }
    let best = BestValues::over(&records);
    let evidence = Evidence { records: &records, best: &best, ladder: DEFAULT_TARGETS, noise: &[] };
    let sentence = browser.run(
        "const steps = nmfbench.answerSteps(nmfbench.visible(), nmfbench.data.payload.ladder, 0.02, true);\
         for (;;) { const { done, value } = steps.next(); if (done) return value; }",
    );
    assert_eq!(sentence.as_str(), Some(answer(&overall(&evidence)).as_str()));
}

#[test]
fn filters_targets_cards_and_links_work() {
    let Some(browser) = Browser::open(1400, 1300, false) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = saved(folder.path(), &page(&records(&SIZE)));
    browser.visit(&path, "");
    browser.wait(READY);
    keep(&browser, "light");
    let text = |script: &str| browser.run(&format!("return String({script});")).as_str().expect("a text").to_owned();
    let scope = "document.getElementById('scope').textContent";
    assert!(text(scope).starts_with("all of 120 runs shown · 4 problems · 4 failed"), "{}", text(scope));
    browser.wait("return document.querySelector('.reading').textContent.includes('0.01');");
    // A filter: one data set less, and the sentence, the panels and the address follow.
    let answer = text("document.getElementById('answer').textContent");
    browser.run("document.querySelector('[data-axis=dataset]').click();");
    browser.wait(
        "return nmfbench.panels().length === 2 && !document.getElementById('answer').classList.contains('busy');",
    );
    assert!(text(scope).starts_with("60 of 120 runs shown · 2 problems"), "{}", text(scope));
    assert_ne!(text("document.getElementById('answer').textContent"), answer);
    assert!(text("location.hash").contains("hide.dataset=set+0"), "{}", text("location.hash"));
    // The target by keyboard.
    browser.run(
        "const line = document.querySelector('.target'); line.focus();\
         for (const shiftKey of [true, false]) {\
           line.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', shiftKey, bubbles: true }));\
         }",
    );
    assert_eq!(text("nmfbench.state.target.toFixed(4)"), "0.1259", "a decade and a tenth above 0.01");
    browser.wait("return document.querySelector('.reading').textContent.includes('0.13');");
    // One seed, single runs, linear.
    browser.run("nmfbench.change({ ylog: false, runs: true, y: 'relative_error', x: 'flops' });");
    browser.run(
        "const one = document.getElementById('one-seed'); one.value = '2'; one.dispatchEvent(new Event('change'));",
    );
    browser.wait(&format!(
        "return {scope}.startsWith('10 of 120') && nmfbench.panels()[0].chart.drawn.traces.length > 0;"
    ));
    keep(&browser, "filtered");
    // A link leads to the same view, and to a run's card.
    let hash = text("location.hash.slice(1)");
    browser.visit(&path, &format!("{hash}&run=1-0-2-1"));
    browser.wait("return document.getElementById('card').open && document.querySelector('#card-ends dd');");
    assert!(text(scope).starts_with("10 of 120"), "{}", text(scope));
    let card = text("document.getElementById('card').textContent");
    for part in [
        "times suspect: switched",
        "budget: iterations",
        "nmfbench run results/invented/experiment.toml",
        "--only seed=2",
    ] {
        assert!(card.contains(part), "{part} in {card}");
    }
    keep(&browser, "card");
    // Nothing was asked of anybody.
    assert_eq!(text("performance.getEntriesByType('resource').length"), "0");
    let log = browser.log();
    assert!(!log.contains("SEVERE"), "{log}");
}

#[test]
fn every_section_draws_and_failures_are_listed() {
    let Some(browser) = Browser::open(1300, 4200, false) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    browser.visit(&saved(folder.path(), &page(&records(&SIZE))), "target=0.1");
    browser.wait(READY);
    browser.wait("return document.querySelectorAll('.duels td.lower').length && document.querySelectorAll('#runs-table tr').length > 100;");
    browser.wait("return document.querySelectorAll('#profile-chart .trace, #final-chart .trace').length > 8;");
    let listed = browser.run("return [...document.querySelectorAll('.failed')].map(e => e.textContent);");
    assert_eq!(listed.as_array().map(Vec::len), Some(4), "{listed}");
    assert_eq!(browser.run("return document.querySelectorAll('#galleries .sprite img').length;"), 20);
    keep(&browser, "whole");
    // The csv of a view holds what its chart shows.
    let shown = browser.run("const c = nmfbench.panels()[0].chart; return [c.csv(), c.drawn.traces.find(t => t.mode === 'lines').y.at(-1)];");
    let last = shown[1].as_f64().expect("a number").to_string();
    assert!(shown[0].as_str().expect("csv").lines().any(|line| line.contains(&last[..12])), "{last}");
    browser.run("nmfbench.change({ duel: 'quality', profile: 'performance' });");
    browser.wait("return document.getElementById('profile-note').textContent.includes('Dolan');");
    assert!(!browser.log().contains("SEVERE"), "{}", browser.log());
    for (width, name) in [(400, "phone"), (1400, "dark")] {
        let browser = Browser::open(width, 1500, name == "dark").expect("as before");
        browser.visit(&folder.path().join("report.html"), "");
        browser.wait(READY);
        let wide = browser.run("return document.documentElement.scrollWidth - innerWidth;");
        assert!(wide.as_f64() <= Some(0.0), "{name} scrolls sideways by {wide}");
        keep(&browser, name);
    }
}

/// A solver that sits at a bad value after no time, and one that is slower and better.
#[test]
fn a_solver_stuck_early_wins_nothing_in_the_page() {
    let mut runs = records(&Size { data: 1, ranks: 1, algorithms: 2, seeds: 8, looks: 30 });
    for run in &mut runs {
        if run.algorithm == "mu" {
            run.label = "stuck".into();
            for (i, look) in run.trace.iter_mut().enumerate() {
                look.seconds *= 1e-3;
                look.objective = if i == 0 { look.objective } else { 30.0 };
                look.relative_error = (look.objective / 80.0).sqrt();
            }
        } else {
            run.label = "better".into();
        }
    }
    let text = page(&runs);
    let sentence = text.split("<p id=\"answer\"").nth(1).and_then(|rest| rest.split("</p>").next()).expect("an answer");
    assert!(sentence.contains("better is soonest to a gap of 1 %, the only one"), "{sentence}");
    assert!(!sentence.contains("stuck is") && !sentence.contains("stuck has"), "{sentence}");
    let Some(browser) = Browser::open(1300, 3600, false) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    browser.visit(&saved(folder.path(), &text), "");
    browser.wait(READY);
    browser.wait("return document.querySelectorAll('.duels td.lower').length && document.querySelector('#target-table tbody tr') && document.querySelector('.reading').textContent;");
    let told = browser.run(
        "return [document.querySelector('.reading').textContent, document.querySelector('#target-table tbody th').textContent,\
         ...[...document.querySelectorAll('.duels td.lower')].map(e => e.title)];",
    );
    let told: Vec<&str> = told.as_array().expect("a list").iter().filter_map(|t| t.as_str()).collect();
    assert_eq!(told[0], "Only better reaches 0.01 in half of its runs.");
    assert_eq!(told[1].trim(), "better");
    assert!(told.len() == 3 && told[2].contains("better is lower"), "{told:?}");
}

#[test]
fn the_page_is_one_file_and_reads_without_scripts() {
    let runs = records(&SIZE);
    let text = page(&runs);
    // The library names addresses that it would ask for maps; the page has none, and may ask nobody.
    let library = text.find("plotly.js v").expect("the library");
    let end = library + text[library..].find("</script>").expect("its end");
    let ours = format!("{}{}", &text[..library], &text[end..]);
    for word in ["src=\"http", "href=\"http", "@import", "url(http"] {
        assert!(!ours.contains(word), "{word}");
    }
    assert!(text.contains("default-src 'none'"), "no request may leave the page");
    let own = text.rsplit("\"use strict\";\n(() => {").next().expect("the page's own script");
    assert!(!own.contains("fetch(") && !own.contains("XMLHttpRequest") && !own.contains("import("));
    assert_eq!(text.matches("plotly.js v").count(), 1, "the library once");
    assert!(!ours.contains("MathJax"), "without the typesetter of formulas");
    let before = &text[..text.find("<script").expect("scripts")];
    assert!(before.contains("<th scope=\"row\">hals</th>") && before.contains("relative error"), "tables as text");
    let best = BestValues::over(&runs);
    let input = Input {
        experiment: "a <b> & c",
        question: "",
        folder: "",
        records: &runs,
        best: &best,
        ladder: DEFAULT_TARGETS,
        noise: &[],
        machine: &|_| String::new(),
        factors: None,
        findings: &[],
    };
    let text = still(&input, &[("<?xml version=\"1.0\"?><svg></svg>".into(), "What it shows".into())]);
    assert!(text.contains("a &lt;b&gt; &amp; c") && text.contains("<figure><svg></svg><figcaption>What it shows"));
    assert!(!text.contains("<script"), "nothing moves");
}

#[test]
fn numbers_of_large_sweeps_are_rounded_and_agree_to_five_digits() {
    let runs = records(&Size { data: 2, ranks: 1, algorithms: 4, seeds: 80, looks: 100 });
    let text = page(&runs);
    let library = text.find("plotly.js v").expect("the library");
    assert!(library < 2_000_000, "{library} bytes for {} runs", runs.len());
    let Some(browser) = Browser::open(1400, 900, false) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    browser.visit(&saved(folder.path(), &text), "");
    browser.wait(READY);
    let told = browser.run(
        "const run = nmfbench.data.runs.find(r => r.key === '1-0-79-1'); return ['objective', 'gap', 'seconds', 'iterations']\
         .map(name => [...run.values(name)]);",
    );
    let best = BestValues::over(&runs);
    let record = runs.iter().find(|r| r.key == "1-0-79-1").expect("there");
    for (i, look) in record.trace.iter().enumerate() {
        let gap = Y::Gap.of(look, record.trace[0].objective, best.objective(record));
        let near = |name: usize, own: f64, share: f64| {
            let page = told[name][i].as_f64().expect("a number");
            assert!((page - own).abs() <= share * own.abs(), "{name} at {i}: {own} and in the page {page}");
        };
        near(0, look.objective, 1e-5);
        near(1, gap, 1e-5);
        near(2, look.seconds, 1e-5);
        near(3, look.iteration as f64, 0.0);
    }
}

#[test]
fn a_run_writes_its_report_and_the_command_remakes_it() {
    let bench = Bench::with("small.toml", &SMALL.replace("rank = [3, 4]", "rank = 3"));
    bench.call(0, &["run", "small.toml"]);
    let path = bench.path("results/small/report.html");
    let first = std::fs::read_to_string(&path).expect("a report");
    assert!(first.contains("Which ends lower?"));
    std::fs::remove_file(&path).expect("removed");
    let (out, _) = bench.call(0, &["report", "results/small"]);
    assert!(out.contains("report.html"), "{out}");
    assert_eq!(std::fs::read_to_string(&path).expect("a report"), first, "from the folder alone");
    bench.call(0, &["report", "small.toml", "--out", "mine.html"]);
    assert_eq!(std::fs::read_to_string(bench.path("mine.html")).expect("a report"), first, "from the experiment");
    bench.call(0, &["report", "results/small", "--static", "--out", "still.html"]);
    let still = std::fs::read_to_string(bench.path("still.html")).expect("a report");
    assert!(still.contains("<svg") && !still.contains("<script"));
    let (_, err) = bench.call(2, &["report", "nowhere.toml"]);
    assert!(err.contains("nowhere.toml"), "{err}");
    let Some(browser) = Browser::open(1400, 1300, false) else { return };
    browser.visit(&path, "");
    browser.wait(READY);
    assert!(!browser.log().contains("SEVERE"), "{}", browser.log());
    keep(&browser, "small");
}
