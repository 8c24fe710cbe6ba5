//! A folder or an archive of pictures of one size, nested or not: each becomes a column.

mod archive;
mod pgm;

pub(crate) use archive::read_archive;

use super::error::DataError;
use super::table::{MAX_INFLATION, MAX_VALUES, Order, Stored, checked_count};
use crate::results::record::ImageShape;
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::{ColorType, DynamicImage, ImageDecoder, Limits};
use std::cmp::Ordering;
use std::io::Cursor;
use std::path::{Path, PathBuf};

/// Folders below this depth are refused: a link may lead back up.
const MAX_DEPTH: usize = 16;
/// Pictures that this reader cannot decode. To skip them silently would change the data.
const FOREIGN: [&str; 7] = ["gif", "bmp", "tif", "tiff", "webp", "ppm", "pbm"];

/// One grey picture, row by row, with values in 0..=white.
#[derive(Debug)]
struct Picture {
    height: usize,
    width: usize,
    white: f64,
    values: Vec<f64>,
}

/// Pictures that it can.
const KNOWN: [&str; 4] = ["pgm", "png", "jpg", "jpeg"];
const KNOWN_WORDS: &str = ".pgm, .png or .jpg";

/// Reads all `.pgm`, `.png` and `.jpg` files below the folder in natural order (`2.pgm` before `10.pgm`); other files, such as
/// a README, are ignored.
pub(crate) fn read_folder(folder: &Path) -> Result<Stored, DataError> {
    let mut paths = Vec::new();
    list(folder, 0, &mut paths)?;
    let origin = folder.display().to_string();
    let pictures = paths.iter().map(|path| Ok((path.display().to_string(), read_picture(path)?)));
    stack(pictures, paths.len(), &origin)
}

/// Pictures of one size, each a column; `count` of them.
fn stack(
    mut pictures: impl Iterator<Item = Result<(String, Picture), DataError>>,
    count: usize,
    origin: &str,
) -> Result<Stored, DataError> {
    let Some(first) = pictures.next() else {
        let expected = format!("at least one {KNOWN_WORDS} file");
        return Err(DataError::malformed(origin, "folder", "no pictures", expected));
    };
    let (first_name, first) = first?;
    let (height, width, white) = (first.height, first.width, first.white);
    checked_count(origin, &[height as u64, width as u64, count as u64])?;
    let mut values = Vec::with_capacity(height * width * count);
    values.extend(first.values);
    for picture in pictures {
        let (name, picture) = picture?;
        let describe = |height: usize, width: usize, white: f64| format!("{height}×{width} pixels up to {white}");
        if (picture.height, picture.width, picture.white.to_bits()) != (height, width, white.to_bits()) {
            let found = describe(picture.height, picture.width, picture.white);
            let expected = format!("{} as in {first_name}", describe(height, width, white));
            return Err(DataError::malformed(name, "size", found, expected));
        }
        values.extend(picture.values);
    }
    let mut stored = Stored::new(height * width, count, Order::ColumnMajor, values);
    stored.image = Some(ImageShape { height, width });
    stored.full_scale = Some(white);
    Ok(stored)
}

fn list(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> Result<(), DataError> {
    if depth > MAX_DEPTH {
        let found = format!("folders nested deeper than {MAX_DEPTH}");
        return Err(DataError::malformed(folder.display().to_string(), "folder", found, "pictures"));
    }
    let fail = || DataError::io("list", folder);
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail())? {
        entries.push(entry.map_err(fail())?.path());
    }
    entries.sort_by(|a, b| {
        let [a, b] = [a, b].map(|path| path.file_name().unwrap_or_default().to_string_lossy());
        natural(&a, &b)
    });
    for path in entries {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let end = path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        if hidden {
            continue;
        } else if path.is_dir() {
            list(&path, depth + 1, paths)?;
        } else if is_picture(&end, &path.display().to_string())? {
            paths.push(path);
        }
    }
    Ok(())
}

/// Whether a file of this ending is a picture; one that cannot be decoded is an error.
fn is_picture(end: &str, origin: &str) -> Result<bool, DataError> {
    if FOREIGN.contains(&end) {
        return Err(DataError::malformed(origin, "format", format!("a .{end} picture"), KNOWN_WORDS));
    }
    Ok(KNOWN.contains(&end))
}

/// Runs of digits compare as numbers, the rest byte by byte; ties go to the plain order, so the order is total.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a, b);
    while let (Some(p), Some(q)) = (x.chars().next(), y.chars().next()) {
        let order = if p.is_ascii_digit() && q.is_ascii_digit() {
            let [(m, after_x), (n, after_y)] = [x, y].map(|text| {
                let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
                text.split_at(end)
            });
            (x, y) = (after_x, after_y);
            let [m, n] = [m, n].map(|digits| digits.trim_start_matches('0'));
            m.len().cmp(&n.len()).then_with(|| m.cmp(n))
        } else {
            (x, y) = (&x[p.len_utf8()..], &y[q.len_utf8()..]);
            p.cmp(&q)
        };
        if order.is_ne() {
            return order;
        }
    }
    x.len().cmp(&y.len()).then_with(|| a.cmp(b))
}

fn read_picture(path: &Path) -> Result<Picture, DataError> {
    let bytes = std::fs::read(path).map_err(DataError::io("read", path))?;
    decode(&bytes, &path.display().to_string())
}

/// By the first bytes, whatever the ending says.
fn decode(bytes: &[u8], origin: &str) -> Result<Picture, DataError> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => decode_png(bytes, origin),
        [0xff, 0xd8, ..] => decode_jpeg(bytes, origin),
        _ => pgm::decode(bytes, origin),
    }
}

/// Colour becomes luma. The format loses digits: another decoder may differ by a unit here and there.
fn decode_jpeg(bytes: &[u8], origin: &str) -> Result<Picture, DataError> {
    let fail =
        |error: image::ImageError| DataError::malformed(origin, "jpeg", error.to_string(), "a whole JPEG picture");
    let decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(fail)?;
    let (width, height) = decoder.dimensions();
    checked_count(origin, &[u64::from(height), u64::from(width)])?;
    let picture = DynamicImage::from_decoder(decoder).map_err(fail)?;
    let values = picture.into_luma8().into_raw().into_iter().map(f64::from).collect();
    Ok(Picture { height: height as usize, width: width as usize, white: 255.0, values })
}

fn decode_png(bytes: &[u8], origin: &str) -> Result<Picture, DataError> {
    let fail = |error: image::ImageError| DataError::malformed(origin, "png", error.to_string(), "a whole PNG picture");
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_VALUES as u64);
    let decoder = PngDecoder::with_limits(Cursor::new(bytes), limits).map_err(fail)?;
    let (width, height) = decoder.dimensions();
    checked_count(origin, &[u64::from(height), u64::from(width)])?;
    // One bit of a palette becomes up to 4 bytes.
    let limit = (bytes.len() as u64).saturating_mul(32 * MAX_INFLATION);
    if decoder.total_bytes() > limit {
        return Err(DataError::TooLarge {
            origin: origin.to_owned(),
            found: format!("{height}×{width} pixels in {} bytes of file", bytes.len()),
            limit: format!("{limit} bytes of pixels, what such a file can hold"),
        });
    }
    let wide = matches!(decoder.color_type(), ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16);
    let picture = DynamicImage::from_decoder(decoder).map_err(fail)?;
    // Colour becomes luma; transparency is dropped.
    let (white, values) = if wide {
        (65535.0, picture.into_luma16().into_raw().into_iter().map(f64::from).collect())
    } else {
        (255.0, picture.into_luma8().into_raw().into_iter().map(f64::from).collect())
    };
    Ok(Picture { height: height as usize, width: width as usize, white, values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ExtendedColorType, ImageEncoder, codecs::png::PngEncoder};
    use std::fs;

    fn png(width: u32, height: u32, colour: ExtendedColorType, pixels: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        PngEncoder::new(&mut bytes).write_image(pixels, width, height, colour).unwrap();
        bytes
    }

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    fn message(files: &[(&str, &[u8])]) -> String {
        read_folder(folder(files).path()).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn nested_folders_in_natural_order() {
        let files: Vec<(&str, &[u8])> = vec![
            ("s10/1.pgm", b"P5 2 1 255 \x05\x05"),
            ("s2/10.pgm", b"P5 2 1 255 \x04\x04"),
            ("s2/2.pgm", b"P5 2 1 255 \x03\x03"),
            ("s1/1.PGM", b"P2 2 1 255 1 2"),
            ("README", b"ignored"),
            (".hidden.png", b"ignored"),
        ];
        let stored = read_folder(folder(&files).path()).unwrap();
        assert_eq!((stored.rows, stored.columns), (2, 4));
        assert_eq!(stored.image, Some(ImageShape { height: 1, width: 2 }));
        assert_eq!(stored.values, [1.0, 2.0, 3.0, 3.0, 4.0, 4.0, 5.0, 5.0]);
    }

    #[test]
    fn png_in_grey_colour_and_16_bits() {
        let grey = png(2, 1, ExtendedColorType::L8, &[7, 200]);
        let colour = png(2, 1, ExtendedColorType::Rgb8, &[255, 255, 255, 0, 0, 0]);
        let stored = read_folder(folder(&[("a.png", &grey), ("b.png", &colour)]).path()).unwrap();
        assert_eq!(stored.values, [7.0, 200.0, 255.0, 0.0]);
        let green = png(1, 1, ExtendedColorType::Rgb8, &[0, 255, 0]);
        let value = read_folder(folder(&[("a.png", &green)]).path()).unwrap().values[0];
        assert!((180.0..184.0).contains(&value), "green has a luma of 0.7152, got {value}");
        // The encoder takes 16-bit samples in the order of the machine.
        let wide = png(1, 1, ExtendedColorType::L16, &1000_u16.to_ne_bytes());
        let stored = read_folder(folder(&[("a.png", &wide)]).path()).unwrap();
        assert_eq!((stored.values[0], stored.full_scale), (1000.0, Some(65535.0)));
    }

    #[test]
    fn the_first_picture_that_differs_is_named() {
        let error = message(&[("1.pgm", b"P5 2 1 255 ab"), ("2.pgm", b"P5 2 1 255 ab"), ("10.pgm", b"P5 1 2 255 ab")]);
        assert!(error.contains("10.pgm: size: found 2×1 pixels up to 255, expected 1×2 pixels up to 255"), "{error}");
        let error = message(&[("1.pgm", b"P5 1 1 255 a"), ("2.pgm", b"P5 1 1 15 \x01")]);
        assert!(error.contains("2.pgm: size: found 1×1 pixels up to 15"), "{error}");
    }

    #[test]
    fn folders_without_pictures_and_damaged_pictures() {
        assert!(message(&[]).contains("folder: found no pictures"));
        assert!(message(&[("notes.txt", b"x")]).contains("found no pictures"));
        assert!(message(&[("1.pgm", b"P5 1 1 255 a"), ("2.gif", b"")]).contains("2.gif: format: found a .gif picture"));
        let grey = png(2, 1, ExtendedColorType::L8, &[7, 200]);
        assert!(message(&[("a.png", &grey[..grey.len() - 20])]).contains("a.png: png: found"));
        assert!(message(&[("a.png", b"hello")]).contains("magic"));
        assert!(matches!(read_folder(Path::new("no/such/folder")), Err(DataError::Io { action: "list", .. })));
    }

    #[test]
    fn a_png_header_that_claims_too_much_is_refused_before_memory_is_taken() {
        let mut huge = png(2, 1, ExtendedColorType::L8, &[7, 200]);
        huge[16..24].copy_from_slice(&[0, 0, 0x75, 0x30, 0, 0, 0x75, 0x30]);
        let mut checksum = flate2::Crc::new();
        checksum.update(&huge[12..29]);
        huge[29..33].copy_from_slice(&checksum.sum().to_be_bytes());
        let error = message(&[("a.png", &huge)]);
        assert!(error.contains("a.png: found a size of 30000×30000 pixels in"), "{error}");
    }

    #[test]
    fn natural_order_is_what_people_expect() {
        let mut names = ["s10", "s2", "s1", "s02", "a", "s2b", "s", "10", "9"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["9", "10", "a", "s", "s1", "s02", "s2", "s2b", "s10"]);
    }

    proptest::proptest! {
        #[test]
        fn mutilated_png_never_panics(at in 8_usize..80, byte: u8) {
            let mut bytes = png(3, 2, ExtendedColorType::L8, &[1, 2, 3, 4, 5, 6]);
            let last = bytes.len() - 1;
            bytes[at.min(last)] = byte;
            let _ = decode_png(&bytes, "a.png");
        }
    }
}
