//! From a request to a checked matrix.

use super::catalogue::{Entry, Kind, lookup};
use super::error::DataError;
use super::planted::Rule;
use super::request::{Generator, Layout, Missing, Pixels, Request, Samples, Scale, Source};
use super::table::{Content, Order, SparseStored, Stored, Table, transposed};
use super::{
    Dataset, Part, Values, cluto, delimited, digits, faces, idx, kjv, labels, market, mat, npy, npz, pictures, sound,
    svmlight, swimmer, truth, words,
};
use crate::results::about::{About, Domain, Ruler, Scene};
use crate::results::record::ImageShape;
use std::path::Path;

/// Makes or reads the data set, checks every entry, lays it out as the request says and preprocesses it. `data_dir` is where the files
/// of the catalogue's sets lie; sets that are embedded or made by a rule need none.
///
/// # Errors
/// Whatever is wrong with the request or the file, see [`DataError`]; a catalogued file that is not there says how to
/// get it, and one that decodes to other values than the catalogue records is refused.
pub fn load(request: &Request, data_dir: Option<&Path>) -> Result<Dataset, DataError> {
    let Layout { transpose, scale, .. } = request.layout;
    let mut dataset = match &request.source {
        Source::Catalogue(name) => catalogued(lookup(name)?, data_dir)?,
        Source::Generator(generator) => generate(*generator)?,
        Source::Path(path) => read_path(path, &request.layout)?,
    };
    if !matches!(request.source, Source::Path(_)) {
        divide(&mut dataset, scale.unwrap_or(Scale::None))?;
    }
    if let Some(path) = &request.layout.weights {
        dataset.weights = Some(weights(path, &request.layout, &dataset)?);
    }
    request.preprocess.iter().try_for_each(|step| step.apply(&mut dataset))?;
    if transpose {
        let values = std::mem::replace(&mut dataset.values, Values::Dense(Vec::new()));
        dataset.values = values.transposed(dataset.m, dataset.n);
        dataset.weights = dataset.weights.map(|weights| weights.transposed(dataset.m, dataset.n));
        (dataset.m, dataset.n) = (dataset.n, dataset.m);
        // A column is no longer a sample, so what was known of samples, features and pictures goes.
        (dataset.image, dataset.labels, dataset.features) = (None, None, None);
        dataset.parts.clear();
        dataset.about = About::default();
    }
    if let Some(title) = &request.title {
        dataset.title.clone_from(title);
    }
    if let Some(split) = request.split {
        split.apply(&mut dataset)?;
    }
    Ok(dataset)
}

/// The weights of a data set, from a file laid out as its own.
fn weights(path: &Path, layout: &Layout, dataset: &Dataset) -> Result<Values, DataError> {
    let Layout { samples, pixels, image, .. } = *layout;
    let found = read_path(path, &Layout { samples, pixels, image, ..Layout::default() })?;
    if (found.m, found.n) != (dataset.m, dataset.n) {
        let expected = format!("{}×{}, as the data", dataset.m, dataset.n);
        return Err(DataError::field("weights", format!("{}×{} in {}", found.m, found.n, path.display()), expected));
    }
    Ok(found.values)
}

fn catalogued(entry: &Entry, data_dir: Option<&Path>) -> Result<Dataset, DataError> {
    let (mut dataset, path) = match entry.kind {
        Kind::Embedded => (embedded(entry)?, None),
        Kind::Generator => (generate(entry.generator().expect("checked by the catalogue's test"))?, None),
        Kind::Folder => {
            let (location, path) = entry.locate(data_dir)?;
            (read_path(&path, &entry.layout(location))?, Some(path))
        }
    };
    if let (Some(expected), Some(path)) = (&entry.sha256, path) {
        let found = dataset.digest();
        if found != *expected {
            return Err(DataError::Digest { name: entry.name.clone(), path, found, expected: expected.clone() });
        }
    }
    dataset.name.clone_from(&entry.name);
    dataset.title.clone_from(&entry.title);
    dataset.image = entry.image_shape();
    if entry.domain != Domain::Other {
        dataset.about.domain = entry.domain;
    }
    let scene = entry.scene.map(|[height, width]| Scene { height, width, down: entry.scene_down });
    dataset.about.scene = scene.or(dataset.about.scene);
    dataset.about.rows = entry.rows.clone().or(dataset.about.rows);
    dataset.about.columns = entry.columns.clone().or(dataset.about.columns);
    if !entry.classes.is_empty() {
        dataset.about.classes.clone_from(&entry.classes);
    }
    dataset.parts.iter_mut().zip(&entry.parts).for_each(|(part, name)| part.name.clone_from(name));
    dataset.synthetic = entry.synthetic;
    dataset.origin.clone_from(&entry.origin);
    dataset.licence.clone_from(&entry.licence);
    dataset.citation.clone_from(&entry.citation);
    Ok(dataset)
}

fn embedded(entry: &Entry) -> Result<Dataset, DataError> {
    if entry.name == "kjv" {
        let mut dataset = arrange_sparse(kjv::read()?, &Layout::default(), &entry.name)?;
        dataset.about.classes = kjv::books();
        return Ok(dataset);
    }
    let (values, labels) = digits::read()?;
    let mut dataset = Dataset::new(&entry.name, entry.m, entry.n, values);
    dataset.labels = Some(labels);
    divide(&mut dataset, entry.scale.map_or(Scale::None, Scale::By))?;
    Ok(dataset)
}

fn generate(generator: Generator) -> Result<Dataset, DataError> {
    generator.check()?;
    let mut dataset = match generator {
        Generator::Swimmer => swimmer::swimmer(),
        Generator::LowRank(request) => request.dataset()?,
        Generator::Planted(request) => {
            let mut dataset = request.dataset()?;
            let (domain, rows, columns) = match request.rule {
                Rule::Hyperspectral => (Domain::Spectra, Some(Ruler::count("band")), None),
                // Bins up to 4 kHz.
                Rule::Notes => {
                    let step = 4.0 / request.m as f64;
                    let rows = Ruler { name: "frequency".into(), unit: "kHz".into(), first: 0.5 * step, step };
                    (Domain::Sound, Some(rows), Some(Ruler::count("frame")))
                }
                _ => (Domain::Other, None, None),
            };
            dataset.about = About { domain, rows, columns, scene: request.scene(), ..About::default() };
            dataset
        }
        Generator::WordCounts(request) => {
            let mut dataset = request.dataset()?;
            dataset.about.domain = Domain::Text;
            dataset
        }
        Generator::SparseUniform(request) => request.dataset()?,
        Generator::SyntheticFaces { count, size, seed, people } => {
            let set = if people > 0 {
                faces::render_people(count, people, size, seed)
            } else {
                faces::render(count, size, seed)
            };
            let of = if people > 0 { format!("-{people}") } else { String::new() };
            let name = format!("synthetic-faces-{count}{of}-{size}-{seed}");
            let mut dataset = Dataset::new(&name, set.height * set.width, count, set.pixels);
            let of = if people > 0 { format!(" of {people} people") } else { String::new() };
            dataset.title = format!("{count} faces{of}, {size}×{size} (synthetic)");
            dataset.labels = (people > 0).then(|| (0..count).map(|index| (index % people) as u32).collect());
            dataset.image = Some(ImageShape { height: set.height, width: set.width });
            dataset.synthetic = true;
            let part = |name: &str, values| Part { name: name.to_owned(), values, activations: Vec::new() };
            dataset.parts = set.parts.into_iter().map(|p| part(p.name, p.map)).collect();
            dataset
        }
    };
    "made by this program".clone_into(&mut dataset.origin);
    Ok(dataset)
}

fn read_path(path: &Path, layout: &Layout) -> Result<Dataset, DataError> {
    let origin = path.display().to_string();
    let (mut content, end) = read_content(path, layout, &origin)?;
    let labels = labels::take(path, &end, layout, &mut content)?;
    if layout.cube {
        content = cube(content, &origin)?;
    }
    let mut dataset = match content {
        Content::Dense(mut stored) => {
            let (signed, missing) = (layout.signed, layout.missing == Some(Missing::Nan));
            stored.check_as(&origin, |x| (signed && x.is_finite()) || (missing && x.is_nan()))?;
            arrange(stored, layout, &origin)?
        }
        Content::Sparse(stored) => arrange_sparse(stored, layout, &origin)?,
    };
    if let Some((labels, classes)) = labels {
        dataset.about.classes = classes;
        if labels.len() != dataset.n {
            let expected = format!("{}, one for each sample of {origin}", dataset.n);
            return Err(DataError::field("labels", format!("{} classes", labels.len()), expected));
        }
        dataset.labels = Some(labels);
    }
    if let Some(count) = layout.largest_classes {
        labels::keep_largest(&mut dataset, count)?;
    }
    describe(path, &end, layout, &mut dataset)?;
    let stem = path.file_stem().map_or_else(|| origin.clone(), |stem| stem.to_string_lossy().into_owned());
    let stem = stem.strip_suffix(&format!(".{end}")).unwrap_or(&stem).to_owned();
    dataset.name = match layout.key.as_deref() {
        Some(key) if key != stem => format!("{stem}-{key}"),
        _ => stem,
    };
    dataset.title.clone_from(&dataset.name);
    dataset.origin = origin;
    Ok(dataset)
}

/// What the format and the layout say of rows, columns and parts.
fn describe(path: &Path, end: &str, layout: &Layout, dataset: &mut Dataset) -> Result<(), DataError> {
    let about = &mut dataset.about;
    if layout.words.is_some() {
        about.domain = Domain::Text;
    }
    if let Some((rows, columns)) = layout.spectrogram.filter(|_| end == "wav").and_then(|how| sound::rulers(path, how))
    {
        (about.domain, about.rows, about.columns) = (Domain::Sound, Some(rows), Some(columns));
    }
    if layout.cube {
        about.domain = Domain::Spectra;
    }
    about.domain = layout.domain.unwrap_or(about.domain);
    if let Some([height, width]) = layout.scene {
        if height.checked_mul(width) != Some(dataset.n) {
            let expected = format!("height·width = {}, the number of columns", dataset.n);
            return Err(DataError::field("scene", format!("[{height}, {width}]"), expected));
        }
        about.scene = Some(Scene { height, width, down: false });
    }
    let beside = |name: &Option<String>| {
        let file = path.with_file_name(name.as_ref()?);
        (!layout.lenient || file.exists()).then_some(file)
    };
    if let Some(file) = beside(&layout.features) {
        dataset.features = Some(labels::features(&file, dataset.m)?);
    }
    if let Some(file) = beside(&layout.truth) {
        dataset.parts = truth::read(&file, (dataset.m, dataset.n))?;
    }
    Ok(())
}

/// What the file or folder holds, by its ending.
fn read_content(path: &Path, layout: &Layout, origin: &str) -> Result<(Content, String), DataError> {
    let metadata = std::fs::metadata(path).map_err(DataError::io("open", path))?;
    let (folder, end, key) = (metadata.is_dir(), extension(path), layout.key.as_deref());
    let cluto = end == "mat" && !folder && cluto::is_cluto(path);
    let nothing = |field: &str, given: bool, why: &str| {
        if given { Err(DataError::field(field, "a value", format!("nothing: {origin} {why}"))) } else { Ok(()) }
    };
    if let (Some(key), false) = (key, !folder && !cluto && matches!(end.as_str(), "npz" | "mat")) {
        return Err(DataError::field("key", format!("`{key}`"), format!("nothing: {origin} has no named members")));
    }
    nothing("window", layout.spectrogram.is_some() && (folder || end != "wav"), "is no .wav file")?;
    if let Some(words) = layout.words {
        return Ok((words::read(path, words)?, end));
    }
    if folder {
        return Ok((pictures::read_folder(path)?.into(), end));
    }
    let content: Content = match end.as_str() {
        "npy" => npy::read_file(path)?.into(),
        "npz" => npz::read_file(path, key)?,
        "mat" if cluto => cluto::read_file(path)?,
        "mat" => mat::read_file(path, key)?,
        "mtx" => market::read_file(path)?,
        "svm" | "libsvm" | "svmlight" => svmlight::read_file(path)?,
        "cluto" => cluto::read_file(path)?,
        "csv" | "tsv" | "txt" => delimited::read_file(path)?.into(),
        "idx" => idx::read_file(path)?.into(),
        "zip" | "tar" | "tgz" | "tar.gz" => pictures::read_archive(path)?.into(),
        "wav" => match layout.spectrogram {
            Some(how) => sound::read_file(path, how)?.into(),
            None => return Err(DataError::field("window", "nothing", "the samples of a window of the spectrogram")),
        },
        _ => {
            let found = if end.is_empty() { "no ending".to_owned() } else { format!(".{end}") };
            let expected = ".npy, .npz, .mat, .mtx, .svm, .libsvm, .cluto, .csv, .tsv, .txt, IDX (these also as .gz, but \
                            for .npz and .mat), .wav, .zip or .tar.gz of pictures, a folder of pictures, or with `tokens` \
                            of texts";
            return Err(DataError::malformed(origin, "format", found, expected));
        }
    };
    Ok((content, end))
}

/// The ending in lower case, the one before it for `.gz`; `idx` for files named as MNIST's are.
pub(super) fn extension(path: &Path) -> String {
    let lower = |path: &Path| path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default();
    let end = lower(path);
    let (inner, gzip) = match path.file_stem() {
        Some(stem) if end == "gz" => (Path::new(stem), true),
        _ => (path, false),
    };
    let name = inner.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    if ["-ubyte", ".idx", "idx3-ubyte", "idx1-ubyte"].iter().any(|end| name.ends_with(end)) {
        return "idx".to_owned();
    }
    match lower(inner).as_str() {
        inner @ ("csv" | "tsv" | "txt" | "mtx" | "svm" | "libsvm" | "svmlight" | "npy" | "cluto" | "all") => {
            inner.to_owned()
        }
        inner if gzip => format!("{inner}.gz").trim_start_matches('.').to_owned(),
        _ => end,
    }
}

/// An array rows×columns×bands, read as pictures, as bands×pixels: in memory it is that already.
fn cube(content: Content, origin: &str) -> Result<Content, DataError> {
    match content {
        Content::Dense(Stored {
            columns: rows,
            image: Some(ImageShape { height: columns, width: bands }),
            values,
            ..
        }) => Ok(Stored::new(bands, rows * columns, Order::ColumnMajor, values).into()),
        _ => Err(DataError::field("cube", "true", format!("nothing: {origin} is no array of three dimensions"))),
    }
}

/// Samples to columns, pixels to row-major, values to their scale.
fn arrange(stored: Stored, layout: &Layout, origin: &str) -> Result<Dataset, DataError> {
    if stored.image.is_some() && layout.samples.is_some() {
        return Err(DataError::field("samples", "a value", format!("nothing: {origin} holds pictures, each a sample")));
    }
    let (known, full_scale) = (stored.image, stored.full_scale);
    let Table { rows, columns, mut values } = stored.into_table(layout.samples == Some(Samples::Rows));
    let image = picture_shape(known, layout.image, rows)?;
    if layout.pixels == Some(Pixels::ColumnMajor) {
        let Some(ImageShape { height, width }) = image else {
            return Err(DataError::field(
                "pixels",
                "column-major",
                "to know the picture: give image = [height, width]",
            ));
        };
        for picture in values.chunks_mut(rows) {
            picture.copy_from_slice(&transposed(picture, height, width));
        }
    }
    let mut dataset = Dataset::new(origin, rows, columns, values);
    dataset.image = image;
    dataset.weights = layout.missing.and_then(|missing| dataset.values.take_missing(missing));
    let scale = layout.scale.or(full_scale.map(Scale::By)).unwrap_or(Scale::None);
    divide(&mut dataset, scale)?;
    Ok(dataset)
}

/// The same for a table of which only the entries > 0 are stored.
fn arrange_sparse(stored: SparseStored, layout: &Layout, origin: &str) -> Result<Dataset, DataError> {
    let SparseStored { rows, columns, csc, samples, labels, features } = stored;
    if rows == 0 || columns == 0 {
        return Err(DataError::Empty { origin: origin.to_owned(), rows, columns });
    }
    if samples && layout.samples.is_some() {
        return Err(DataError::field("samples", "a value", format!("nothing: {origin} says itself what a sample is")));
    }
    if layout.pixels == Some(Pixels::ColumnMajor) {
        return Err(DataError::field("pixels", "column-major", format!("nothing: {origin} is sparse")));
    }
    if layout.signed {
        return Err(DataError::field("signed", "true", format!("nothing: {origin} is sparse")));
    }
    let mut dataset = match layout.samples {
        Some(Samples::Rows) => Dataset::sparse(origin, columns, rows, csc.transposed(rows)),
        _ => Dataset::sparse(origin, rows, columns, csc),
    };
    dataset.image = picture_shape(None, layout.image, dataset.m)?;
    (dataset.labels, dataset.features) = (labels, features);
    dataset.weights = layout.missing.and_then(|missing| dataset.values.take_missing(missing));
    divide(&mut dataset, layout.scale.unwrap_or(Scale::None))?;
    Ok(dataset)
}

fn picture_shape(
    known: Option<ImageShape>,
    asked: Option<[usize; 2]>,
    rows: usize,
) -> Result<Option<ImageShape>, DataError> {
    let Some([height, width]) = asked else { return Ok(known) };
    let found = format!("[{height}, {width}]");
    match known {
        Some(known) if known != (ImageShape { height, width }) => {
            let expected = format!("[{}, {}] as in the file, or nothing", known.height, known.width);
            Err(DataError::field("image", found, expected))
        }
        _ if height.checked_mul(width) != Some(rows) => {
            let expected = format!("height·width = {rows}, the length of a sample");
            Err(DataError::field("image", found, expected))
        }
        _ => Ok(Some(ImageShape { height, width })),
    }
}

fn divide(dataset: &mut Dataset, scale: Scale) -> Result<(), DataError> {
    let by = match scale {
        Scale::None => return Ok(()),
        Scale::By(by) => by,
        Scale::Max => dataset.values.stored().iter().fold(0.0, |most, value| value.abs().max(most)),
    };
    if by > 0.0 {
        let origin = format!("{} divided by {by}", dataset.name);
        dataset.values.map(dataset.m, &origin, |_, _, value| value / by)?;
    }
    Ok(())
}
