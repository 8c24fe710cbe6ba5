//! calibration
#[test]
fn calibrate() {
    for bold in [false, true] {
        for t in [
            "20 Newsgroups, term × document counts, k = 10, random",
            "relative error ‖A − WH‖",
            "mu",
            "a-hals (alpha = 0.5)",
        ] {
            let w = super::sheet::measure(t, 8.0, bold);
            let svg = format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"900pt\" height=\"30pt\" viewBox=\"0 0 900 30\" font-family=\"DejaVu Sans\"><text x=\"10\" y=\"20\" font-size=\"8\" {}>{t}</text></svg>",
                if bold { "font-weight=\"bold\"" } else { "" }
            );
            let tree = super::export::parse(&svg).unwrap();
            let b = tree.root().abs_bounding_box();
            eprintln!("{bold} {t}: {w} vs {}", b.width());
        }
    }
}
