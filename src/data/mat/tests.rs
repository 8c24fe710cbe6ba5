use super::*;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;
use std::io::Write;

/// Writes elements in either byte order.
#[derive(Clone, Copy)]
struct Maker {
    big_endian: bool,
}

impl Maker {
    fn word(self, value: u32) -> [u8; 4] {
        if self.big_endian { value.to_be_bytes() } else { value.to_le_bytes() }
    }

    fn element(self, kind: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = [self.word(kind), self.word(u32::try_from(body.len()).unwrap())].concat();
        bytes.extend_from_slice(body);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    fn matrix(self, name: &str, class: u32, sizes: &[u32], kind: u32, values: &[u8]) -> Vec<u8> {
        let flags = self.element(6, &[self.word(class), self.word(0)].concat());
        let sizes = self.element(5, &sizes.iter().flat_map(|&size| self.word(size)).collect::<Vec<_>>());
        let name = self.element(1, name.as_bytes());
        self.element(MATRIX, &[flags, sizes, name, self.element(kind, values)].concat())
    }

    fn file(self, elements: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = b"MATLAB 5.0 MAT-file, made by a test".to_vec();
        bytes.resize(124, b' ');
        bytes.extend_from_slice(if self.big_endian { b"\x01\x00MI" } else { b"\x00\x01IM" });
        bytes.extend(elements.concat());
        bytes
    }

    fn deflated(self, element: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(element).unwrap();
        let body = encoder.finish().unwrap();
        [&self.word(COMPRESSED)[..], &self.word(u32::try_from(body.len()).unwrap()), &body].concat()
    }
}

const LITTLE: Maker = Maker { big_endian: false };

fn dense(bytes: &[u8], key: Option<&str>) -> Stored {
    match read_bytes(bytes, key, "a.mat").unwrap() {
        Content::Dense(stored) => stored,
        Content::Sparse(_) => panic!("a dense matrix was written"),
    }
}

fn message(bytes: &[u8], key: Option<&str>) -> String {
    read_bytes(bytes, key, "a.mat").map(|_| ()).unwrap_err().to_string()
}

#[test]
fn doubles_and_packed_integers_in_both_byte_orders() {
    for maker in [LITTLE, Maker { big_endian: true }] {
        let doubles: Vec<u8> = [1.5_f64, 2.0, 3.0, 4.0, 5.0, 6.0]
            .iter()
            .flat_map(|v| if maker.big_endian { v.to_be_bytes() } else { v.to_le_bytes() })
            .collect();
        // MATLAB stores doubles that are small integers as bytes.
        let x = maker.matrix("X", 6, &[2, 3], 9, &doubles);
        let y = maker.matrix("Y", 6, &[3, 1], 2, &[7, 8, 9]);
        for bytes in [maker.file(&[x.clone(), y.clone()]), maker.file(&[maker.deflated(&x), maker.deflated(&y)])] {
            let stored = dense(&bytes, Some("X"));
            assert_eq!((stored.rows, stored.columns, stored.order), (2, 3, Order::ColumnMajor));
            assert_eq!(stored.values, [1.5, 2.0, 3.0, 4.0, 5.0, 6.0]);
            assert_eq!(dense(&bytes, Some("Y")).values, [7.0, 8.0, 9.0]);
            let error = message(&bytes, Some("Z"));
            assert!(error.contains("found `Z`") && error.contains("X (2×3), Y (3×1)"), "{error}");
            let error = message(&bytes, None);
            assert!(error.contains("several matrices") && error.contains("X (2×3), Y (3×1)"), "{error}");
        }
    }
}

#[test]
fn small_elements_and_a_lone_matrix_beside_text() {
    // A name of one letter and values of up to 4 bytes sit inside their tags.
    let small = |kind: u32, body: &[u8]| {
        let mut bytes = LITTLE.word(kind | (u32::try_from(body.len()).unwrap() << 16)).to_vec();
        bytes.extend_from_slice(body);
        bytes.resize(8, 0);
        bytes
    };
    let flags = LITTLE.element(6, &[LITTLE.word(8), LITTLE.word(0)].concat());
    let sizes = LITTLE.element(5, &[LITTLE.word(1), LITTLE.word(2)].concat());
    let a = LITTLE.element(MATRIX, &[flags, sizes, small(1, b"A"), small(3, &[255, 255, 4, 0])].concat());
    let text = LITTLE.matrix("note", 4, &[1, 2], 4, &[65, 0, 66, 0]);
    let stored = dense(&LITTLE.file(&[text, a]), None);
    assert_eq!(stored.values, [-1.0, 4.0]);
}

#[test]
fn other_classes_are_refused_by_name() {
    for (class, word) in
        [(1, "a cell array"), (2, "a structure"), (4, "text"), (0x0805, "complex"), (0x0806, "complex")]
    {
        let bytes = LITTLE.file(&[LITTLE.matrix("v", class, &[1, 1], 2, &[1])]);
        let error = message(&bytes, Some("v"));
        assert!(error.contains(&format!("a.mat: v: variable: found {word}, expected a real matrix")), "{error}");
        assert!(message(&bytes, None).contains(&format!("found v ({word})")));
    }
    let cube = LITTLE.file(&[LITTLE.matrix("v", 6, &[1, 2, 1], 2, &[1, 2])]);
    assert!(message(&cube, Some("v")).contains("found 3 dimensions"));
}

/// Rows of 3, 2 columns, room for one entry more than there is.
fn sparse(places: &[u32], bounds: &[u32], values: &[u8]) -> Vec<u8> {
    let words = |words: &[u32]| words.iter().flat_map(|&word| LITTLE.word(word)).collect::<Vec<_>>();
    let parts = [
        LITTLE.element(6, &words(&[5, 4])),
        LITTLE.element(5, &words(&[3, 2])),
        LITTLE.element(1, b"S"),
        LITTLE.element(5, &words(places)),
        LITTLE.element(5, &words(bounds)),
        LITTLE.element(2, values),
    ];
    LITTLE.element(MATRIX, &parts.concat())
}

#[test]
fn sparse_matrices_are_read_and_their_faults_named() {
    let whole = sparse(&[2, 0, 1, 0], &[0, 1, 3], &[7, 8, 9, 0]);
    for file in [LITTLE.file(std::slice::from_ref(&whole)), LITTLE.file(&[LITTLE.deflated(&whole)])] {
        let Content::Sparse(read) = read_bytes(&file, None, "a.mat").unwrap() else { panic!("written sparse") };
        assert_eq!((read.rows, read.columns), (3, 2));
        assert_eq!(read.csc, Csc { starts: vec![0, 1, 3], rows: vec![2, 0, 1], values: vec![7.0, 8.0, 9.0] });
    }
    let fault = |places: &[u32], bounds: &[u32], values: &[u8]| {
        message(&LITTLE.file(&[sparse(places, bounds, values)]), Some("S"))
    };
    assert!(fault(&[3, 0, 1], &[0, 1, 3], &[7, 8, 9]).contains("row indices: found 3 at position 0"));
    assert!(fault(&[2, 0, 1], &[0, 1], &[7, 8, 9]).contains("column bounds: found 2 numbers in 8 bytes, expected 3"));
    assert!(fault(&[2, 0], &[0, 1, 3], &[7, 8, 9]).contains("row indices: found 2 places"));
    assert!(fault(&[2, 0, 1], &[0, 1, 3], &[7, 8]).contains("values: found 2 numbers in 2 bytes, expected 3 numbers"));
    assert!(fault(&[2, 0, 1], &[0, 4, 3], &[7, 8, 9]).contains("found 3 after 4"));
}

#[test]
fn hostile_files_are_named() {
    assert!(message(b"MATLAB 7.3 MAT-file, Platform", None).contains("level 7.3 file (HDF5), expected a level 5"));
    assert!(message(b"short", None).contains("header: found 5 bytes"));
    assert!(message(&[b'x'; 200], None).contains("byte 126: found bytes [78, 78]"));
    let whole = LITTLE.file(&[LITTLE.matrix("X", 6, &[2, 3], 2, &[1, 2, 3, 4, 5, 6])]);
    let cut = message(&whole[..whole.len() - 9], None);
    assert!(cut.contains("byte 128: found") && cut.contains("bytes of an element"), "{cut}");
    let huge = LITTLE.file(&[LITTLE.matrix("X", 6, &[u32::MAX, u32::MAX], 9, &[0; 8])]);
    assert!(message(&huge, None).contains("found a size of 4294967295×4294967295"));
    let wrong = LITTLE.file(&[LITTLE.matrix("X", 6, &[2, 3], 9, &[0; 24])]);
    assert!(message(&wrong, None).contains("values: found 3 numbers in 24 bytes, expected 6 numbers"));
    let deflated = LITTLE.deflated(&[&LITTLE.word(MATRIX)[..], &LITTLE.word(u32::MAX)].concat());
    assert!(message(&LITTLE.file(&[deflated]), None).contains("4294967295 bytes unpacked"));
    let deflated = LITTLE.deflated(&[&LITTLE.word(MATRIX)[..], &LITTLE.word(100), &[0; 20]].concat());
    assert!(message(&LITTLE.file(&[deflated]), None).contains("found 20 of 100 bytes"));
    let noise = [&LITTLE.word(COMPRESSED)[..], &LITTLE.word(16), &[0xaa; 16]].concat();
    assert!(message(&LITTLE.file(&[noise]), None).contains("expected a deflated matrix"));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(tail in prop::collection::vec(any::<u8>(), 0..300), big_endian: bool) {
        let _ = read_bytes(&tail, None, "a.mat");
        let _ = read_bytes(&Maker { big_endian }.file(&[tail]), None, "a.mat");
    }

    #[test]
    fn mutilated_files_never_panic(at in 128_usize..260, byte: u8, cut in 128_usize..400, packed: bool) {
        let matrix = LITTLE.matrix("X", 6, &[2, 3], 4, &[1; 12]);
        let element = if packed { LITTLE.deflated(&matrix) } else { matrix };
        let mut bytes = LITTLE.file(&[element]);
        let last = bytes.len() - 1;
        bytes[at.min(last)] = byte;
        bytes.truncate(cut);
        let _ = read_bytes(&bytes, None, "a.mat");
        let _ = read_bytes(&bytes, Some("X"), "a.mat");
    }
}
