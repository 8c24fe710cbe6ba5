//! Whole figures from invented records: what must hold of every SVG.

use super::*;
use crate::analysis::invented::{at, failed, run};
use crate::analysis::{X, Y};
use crate::results::record::{Parts, Status};

/// Four algorithms, two ranks, two starts, three seeds; one label needs escaping, one run fails.
fn records() -> Vec<Record> {
    let mut records = Vec::new();
    for rank in [2, 3] {
        for init in ["random", "nndsvda"] {
            for seed in 0..3 {
                for (i, name) in ["mu", "als", "hals", "a <new> & \"bold\" one"].into_iter().enumerate() {
                    let speed = 0.3 * (i + 1) as f64 + 0.05 * seed as f64;
                    let objectives: Vec<f64> = (0..30).map(|t| 40.0 * (-speed * f64::from(t)).exp() + 1.0).collect();
                    let seconds: Vec<f64> = (0..30).map(|t| f64::from(t) * 0.01 * (i + 1) as f64).collect();
                    let mut record = at(run(name, seed, &objectives), &seconds);
                    (record.rank, record.init) = (rank, init.into());
                    record.iterations = 29;
                    // The last one does not tell.
                    record.parts = (i < 3).then_some(Parts { products: 0.1, gram: 0.02, update: 0.05 });
                    records.push(if name == "als" && seed == 1 { failed(record, Status::Diverged) } else { record });
                }
            }
        }
    }
    records
}

fn factors(record: &Record) -> Option<Factors> {
    let (m, n, k) = (record.dataset.m, record.dataset.n, record.rank);
    let values = |count: usize| (0..count).map(|i| (i % 7) as f64).collect();
    Some(Factors { m, n, k, w: values(m * k), h: values(k * n) })
}

/// Every default figure and some more.
fn all_figures(records: &[Record]) -> Vec<Rendered> {
    let best = BestValues::over(records);
    let column = |r: &Record, j: usize| Some((0..r.dataset.m).map(|i| (i + j) as f64).collect());
    let source = Source { factors: Some(&factors), column: Some(&column), ..Source::new(records, &best) };
    let mut specs = default_figures();
    specs.push(FigureSpec::convergence(X::Seconds, Y::Gap));
    specs.push(FigureSpec { x_scale: Some(Scale::Linear), ..FigureSpec::convergence(X::Passes, Y::SparsenessH) });
    specs.push(FigureSpec {
        x: Some(X::Flops),
        targets: Some(vec![0.5, 0.1, 0.01, 1e-3]),
        ..FigureSpec::new(FigureKind::TimeToTarget)
    });
    for kind in [
        FigureKind::DataProfile,
        FigureKind::CriticalDifference,
        FigureKind::Scaling,
        FigureKind::Breakdown,
        FigureKind::Encoding,
    ] {
        specs.push(FigureSpec::new(kind));
    }
    specs.push(FigureSpec { y: Some(Y::RelativeError), ..FigureSpec::new(FigureKind::Matrix) });
    specs.push(FigureSpec {
        x: Some(X::Iterations),
        x_scale: Some(Scale::Linear),
        ..FigureSpec::new(FigureKind::Ecdf)
    });
    specs.iter().flat_map(|spec| render(spec, &source).unwrap()).collect()
}

/// All coordinates of an SVG: attributes and point lists, with the extent each adds.
fn coordinates(document: &roxmltree::Document<'_>) -> Vec<(f64, f64)> {
    let mut found = Vec::new();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let number = |name: &str| node.attribute(name).and_then(|v| v.parse::<f64>().ok());
        if let (Some(x), Some(y)) = (number("x").or(number("cx")), number("y").or(number("cy"))) {
            found.push((x, y));
            found.push((x + number("width").unwrap_or(0.0), y + number("height").unwrap_or(0.0)));
        }
        let list = node.attribute("points").or_else(|| node.attribute("d").map(|d| d.trim_start_matches('M')));
        for pair in list.unwrap_or("").split_whitespace() {
            let (x, y) = pair.split_once(',').unwrap();
            found.push((x.parse().unwrap(), y.parse().unwrap()));
        }
    }
    found
}

#[test]
fn every_figure_is_a_sound_svg() {
    let figures = all_figures(&records());
    assert!(figures.len() > 15, "{}", figures.len());
    for figure in &figures {
        let document = roxmltree::Document::parse(&figure.svg).unwrap_or_else(|e| panic!("{}: {e}", figure.name));
        let marked = figure.svg.split("base64,").map(|s| s.split_once('"').map_or(s, |p| p.1)).collect::<String>();
        let attributes = document.descendants().flat_map(|n| n.attributes().collect::<Vec<_>>());
        for a in attributes.filter(|a| a.name() != "href") {
            let words = a.value().split([' ', ',']);
            assert!(words.clone().all(|w| !matches!(w, "NaN" | "inf" | "-inf" | "-0")), "{}: {a:?}", figure.name);
        }
        assert!(!marked.contains("NaN"), "{}", figure.name);
        let view: Vec<f64> =
            document.root_element().attribute("viewBox").unwrap().split(' ').map(|v| v.parse().unwrap()).collect();
        let places = coordinates(&document);
        assert!(places.len() > 10);
        for (x, y) in places {
            assert!(
                (0.0..=view[2]).contains(&x) && (0.0..=view[3]).contains(&y),
                "{}: {x}, {y} of {view:?}",
                figure.name
            );
        }
    }
}

#[test]
fn no_text_is_lost_cut_or_in_another_font() {
    for figure in all_figures(&records()) {
        let document = roxmltree::Document::parse(&figure.svg).unwrap();
        let written = document.descendants().filter(|n| n.has_tag_name("text")).count();
        let tree = export::parse(&figure.svg).unwrap();
        let mut boxes = Vec::new();
        texts(tree.root(), &mut boxes);
        assert_eq!(boxes.len(), written, "{}", figure.name);
        let (width, height) = (tree.size().width(), tree.size().height());
        for (text, b) in boxes {
            let inside = b.left() >= 0.0 && b.right() <= width && b.top() >= 0.0 && b.bottom() <= height;
            assert!(inside, "{}: “{text}” at {b:?} leaves {width} × {height}", figure.name);
        }
    }
}

fn texts(group: &usvg::Group, found: &mut Vec<(String, usvg::Rect)>) {
    for node in group.children() {
        match node {
            usvg::Node::Group(inner) => texts(inner, found),
            usvg::Node::Text(text) => {
                let words = text.chunks().iter().map(|c| c.text()).collect::<String>();
                found.push((words, text.abs_bounding_box()));
            }
            _ => {}
        }
    }
}

#[test]
fn texts_do_not_overlap() {
    for figure in all_figures(&records()) {
        let mut boxes = Vec::new();
        texts(export::parse(&figure.svg).unwrap().root(), &mut boxes);
        for (i, (a, p)) in boxes.iter().enumerate() {
            for (b, q) in &boxes[..i] {
                let across = p.right().min(q.right()) - p.left().max(q.left());
                let down = p.bottom().min(q.bottom()) - p.top().max(q.top());
                // Boxes hold the whole line height: a sliver is no collision of letters.
                assert!(across < 0.5 || down < 2.0, "{}: “{a}” and “{b}”", figure.name);
            }
        }
    }
}

#[test]
fn each_piece_is_one_line_and_each_label_stands_once() {
    let records: Vec<Record> = records().into_iter().filter(|r| r.rank == 2 && r.init == "random").collect();
    let best = BestValues::over(&records);
    let spec = FigureSpec::convergence(X::Iterations, Y::Objective);
    let figure = render(&spec, &Source::new(&records, &best)).unwrap().remove(0);
    let document = roxmltree::Document::parse(&figure.svg).unwrap();
    let lines = document.descendants().filter(|n| n.has_tag_name("polyline")).count();
    assert_eq!(lines, 4 + 4, "a piece for each curve and a sample for each key");
    for label in ["mu", "als", "hals", "a <new> & \"bold\" one"] {
        let count = document.descendants().filter(|n| n.has_tag_name("text") && n.text() == Some(label)).count();
        assert_eq!(count, 1, "{label}");
    }
    let bands = document.descendants().filter(|n| n.attribute("fill-opacity").is_some() && n.has_tag_name("polygon"));
    assert_eq!(bands.count(), 4);
    assert!(figure.caption.contains("als 1 of 3"), "{}", figure.caption);
    assert!(figure.csv.starts_with("dataset,rank,init,label,algorithm,seeds,failed,iterations,objective_q0.1,"));
    let single: Vec<Record> = records.into_iter().filter(|r| r.seed == 0).collect();
    let figure = render(&spec, &Source::new(&single, &best)).unwrap().remove(0);
    assert!(!figure.svg.contains("fill-opacity"), "one seed has no band");
}

#[test]
fn styles_do_not_depend_on_who_else_is_shown() {
    let all = records();
    let few: Vec<Record> = all.iter().filter(|r| r.algorithm == "hals").cloned().collect();
    let [many, alone] = [&all[..], &few[..]].map(|r| Styles::of(&crate::analysis::problems(r)).style("hals"));
    assert_eq!(many, alone);
    assert_eq!(alone, Style::of("hals", 0));
}

/// `NMFBENCH_LOOK` may name a folder for the pictures of all figures, to be looked at.
#[test]
fn every_figure_is_a_picture() {
    let folder = std::env::var_os("NMFBENCH_LOOK").map(std::path::PathBuf::from);
    for figure in all_figures(&records()) {
        let png = export::png(&figure.svg, 150.0).unwrap();
        assert!(image::load_from_memory(&png).unwrap().width() > 300, "{}", figure.name);
        if let Some(folder) = &folder {
            std::fs::write(folder.join(format!("{}.png", figure.name)), png).unwrap();
        }
    }
}

#[test]
fn the_bytes_are_the_same_twice() {
    let (first, second) = (all_figures(&records()), all_figures(&records()));
    assert_eq!(first, second);
    let svg = &first[0].svg;
    let png = export::png(svg, 100.0).unwrap();
    assert_eq!(png, export::png(svg, 100.0).unwrap());
    assert_eq!(image::load_from_memory(&png).unwrap().width(), 667, "480 pt at 100 dpi");
    #[cfg(feature = "pdf")]
    {
        let pdf = export::pdf(svg, "a title").unwrap();
        assert_eq!(pdf, export::pdf(svg, "a title").unwrap());
        let text = String::from_utf8_lossy(&pdf);
        assert!(
            text.contains("/MediaBox [0 0 480 ") || text.contains("/MediaBox[0 0 480 "),
            "the page is not 480 pt wide"
        );
    }
}

#[test]
fn names_of_files_differ() {
    let mut names: Vec<String> = all_figures(&records()).into_iter().map(|f| f.name).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn nothing_to_show_is_a_sentence() {
    let mut lost = run("mu", 0, &[f64::NAN]);
    lost.status = Status::Crashed;
    (lost.trace[0].sparseness_w, lost.trace[0].sparseness_h) = (f64::NAN, f64::NAN);
    let mut untouched = lost.clone();
    untouched.trace.clear();
    let mut zero = run("mu", 0, &[0.0, 0.0]);
    zero.iterations = 0;
    for records in [vec![], vec![lost], vec![untouched], vec![zero]] {
        let best = BestValues::over(&records);
        for spec in default_figures() {
            for figure in render(&spec, &Source::new(&records, &best)).unwrap() {
                let document = roxmltree::Document::parse(&figure.svg).unwrap();
                let words: String = document.descendants().filter_map(|n| n.text()).collect();
                assert!(words.len() > 20, "{}: {words}", figure.name);
                assert!(export::png(&figure.svg, 72.0).is_ok());
            }
        }
    }
}

#[test]
fn another_machine_is_left_out_of_times_and_counted() {
    let mut records = records();
    records[0].machine = "m2".into();
    let best = BestValues::over(&records);
    let note = |x| {
        render(&FigureSpec::convergence(x, Y::Objective), &Source::new(&records, &best)).unwrap()[0].caption.clone()
    };
    assert!(
        note(X::Seconds).contains("Times on machine m1; 1 run of 1 other machine left out"),
        "{}",
        note(X::Seconds)
    );
    assert!(!note(X::Iterations).contains("machine"));
}

#[test]
fn data_without_pictures_has_no_basis() {
    let mut records = records();
    for record in &mut records {
        record.dataset.image = None;
    }
    let best = BestValues::over(&records);
    let source = Source { factors: Some(&factors), ..Source::new(&records, &best) };
    let figures = render(&FigureSpec::new(FigureKind::Factors), &source).unwrap();
    assert_eq!(figures.len(), 1);
    assert!(figures[0].caption.contains("no pictures"));
}

#[test]
fn distributions_show_the_numbers_of_their_csv() {
    let records = records();
    let best = BestValues::over(&records);
    let figure = |kind| render(&FigureSpec::new(kind), &Source::new(&records, &best)).unwrap().remove(0);
    let ecdf = figure(FigureKind::Ecdf);
    assert!(ecdf.csv.starts_with("label,curve,instances,seconds,share\n"), "{}", ecdf.csv);
    let shares = ecdf.csv.lines().skip(1).filter(|l| l.starts_with("mu,share,36,"));
    let last: f64 = shares.last().unwrap().rsplit(',').next().unwrap().parse().unwrap();
    assert!((last - 1.0).abs() < 1e-12, "each of 2 × 2 problems, 3 seeds and 3 targets is reached: {last}");
    assert!(ecdf.caption.contains("rank 2, 3; start random, nndsvda; 3 seeds"), "{}", ecdf.caption);
    let mut als = ecdf.csv.lines().filter(|l| l.starts_with("als,share,36,"));
    let last: f64 = als.next_back().unwrap().rsplit(',').next().unwrap().parse().unwrap();
    assert!((last - 2.0 / 3.0).abs() < 1e-12, "one seed in three fails: {last}");
    let profile = figure(FigureKind::Profile);
    assert!(profile.csv.lines().skip(1).all(|l| l.split(',').rev().nth(1).unwrap().parse::<f64>().unwrap() >= 1.0));
    let matrix = figure(FigureKind::Matrix);
    assert_eq!(matrix.csv.lines().count(), 1 + 4 * 3 / 2, "{}", matrix.csv);
    assert!(figure(FigureKind::Scaling).caption.contains("Exponents with 95 % intervals: mu k^"));
    let breakdown = figure(FigureKind::Breakdown);
    let row = breakdown.csv.lines().find(|l| l.starts_with("blobs,2,random,mu,")).expect("mu tells of its parts");
    let parts: Vec<f64> = row.split(',').skip(5).map(|v| v.parse().expect("a number")).collect();
    // 0.29 s in 29 iterations, of which 0.1 s are products, 0.02 s Gram matrices and 0.05 s updates.
    for (part, ms) in parts.iter().zip([100.0, 20.0, 50.0, 120.0]) {
        assert!((part - ms / 29.0).abs() < 1e-9, "{row}");
    }
    assert!(!breakdown.csv.contains("bold"), "one method does not tell: {}", breakdown.csv);
}
