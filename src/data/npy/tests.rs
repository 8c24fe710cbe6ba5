use super::*;
use proptest::prelude::*;

fn npy(header: &str, values: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(values);
    bytes
}

fn header(descr: &str, fortran: bool, shape: &str) -> String {
    let fortran = if fortran { "True" } else { "False" };
    format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n")
}

fn read(bytes: &[u8]) -> Result<Stored, DataError> {
    read_array(&mut &bytes[..], bytes.len() as u64, true, "a.npy")
}

fn message(bytes: &[u8]) -> String {
    read(bytes).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn every_type_in_both_endians() {
    macro_rules! check {
        ($($code:literal $number:ty),*) => {$({
            let values: [$number; 4] = [0 as $number, 1 as $number, 100 as $number, <$number>::MAX];
            let little: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            let big: Vec<u8> = values.iter().flat_map(|v| v.to_be_bytes()).collect();
            let expected: Vec<f64> = values.iter().map(|&v| v as f64).collect();
            for (endian, bytes) in [("<", &little), (">", &big)] {
                let code = format!("{endian}{}", $code);
                let stored = read(&npy(&header(&code, true, "(4, 1)"), bytes)).unwrap();
                assert_eq!(stored.values, expected, "{code}");
            }
        })*};
    }
    check!("u1" u8, "i1" i8, "u2" u16, "i2" i16, "u4" u32, "i4" i32, "u8" u64, "i8" i64, "f4" f32, "f8" f64);
    let bools = read(&npy(&header("|b1", false, "(1, 3)"), &[0, 1, 255])).unwrap();
    assert_eq!(bools.values, [0.0, 1.0, 1.0]);
}

#[test]
fn both_orders_give_the_same_matrix() {
    let c = read(&npy(&header("|u1", false, "(2, 3)"), &[1, 2, 3, 4, 5, 6])).unwrap().into_table(false);
    let f = read(&npy(&header("|u1", true, "(2, 3)"), &[1, 4, 2, 5, 3, 6])).unwrap().into_table(false);
    assert_eq!((c.rows, c.columns), (2, 3));
    assert_eq!(c, f);
}

#[test]
fn pictures_become_columns_in_both_orders() {
    // Two pictures of 2×3: 1..6 and 7..12, row by row.
    let c: Vec<u8> = (1..=12).collect();
    let mut f = vec![0; 12];
    for (index, &value) in c.iter().enumerate() {
        let (picture, y, x) = (index / 6, index / 3 % 2, index % 3);
        f[picture + 2 * (y + 2 * x)] = value;
    }
    for (fortran, bytes) in [(false, &c), (true, &f)] {
        let stored = read(&npy(&header("|u1", fortran, "(2, 2, 3)"), bytes)).unwrap();
        assert_eq!(stored.image, Some(ImageShape { height: 2, width: 3 }));
        let table = stored.into_table(false);
        assert_eq!((table.rows, table.columns), (6, 2));
        assert_eq!(table.values, (1..=12).map(f64::from).collect::<Vec<_>>(), "fortran {fortran}");
    }
}

#[test]
fn headers_of_other_writers() {
    // Version 2, keys in another order, Python 2's long integers, no spaces, double quotes.
    let text = "{\"shape\":(2L,1L),\"fortran_order\":False,\"descr\":\"|u1\"}";
    let mut bytes = b"\x93NUMPY\x02\x00".to_vec();
    bytes.extend_from_slice(&u32::try_from(text.len()).unwrap().to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes.extend_from_slice(&[3, 4]);
    assert_eq!(read(&bytes).unwrap().values, [3.0, 4.0]);
}

#[test]
fn hostile_files_are_named() {
    let good = npy(&header("<f8", false, "(2, 2)"), &[0; 32]);
    let whole = good.len();
    let cut = message(&good[..whole - 5]);
    assert!(
        cut.contains(&format!("length: found {} bytes, expected {whole} bytes (2×2 of type f64)", whole - 5)),
        "{cut}"
    );
    let long = message(&[&good[..], &[0]].concat());
    assert!(long.contains(&format!("found {} bytes, expected {whole}", whole + 1)), "{long}");
    assert!(message(&good[..7]).contains("magic"), "{}", message(&good[..7]));
    assert!(message(&good[..40]).contains("expected a whole .npy header"));
    assert!(message(b"PK\x03\x04 and more").contains("magic: found bytes [50, 4b, 03, 04"));
    let huge = message(&npy(&header("<f8", false, "(99999999999, 99999999999)"), &[]));
    assert!(huge.contains("found a size of 99999999999×99999999999, expected at most 1073741824 values"), "{huge}");
    let huge = message(&npy(&header("<f8", false, "(99999999999999999999999, 1)"), &[]));
    assert!(huge.contains("expected a dimension that fits 64 bits"), "{huge}");
    let large = message(&npy(&header("|u1", false, "(30000, 30000)"), &[0; 10]));
    assert!(large.contains("expected 900"), "{large}");
    let object = message(&npy(&header("|O", false, "(2, 2)"), &[]));
    assert!(object.contains("dtype '|O' (pickled Python objects), expected bool, an integer"), "{object}");
    let complex = message(&npy(&header("<c16", false, "(1, 1)"), &[0; 16]));
    assert!(complex.contains("dtype '<c16'"), "{complex}");
    let record = message(&npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", &[0; 8]));
    assert!(record.contains("a structured dtype"), "{record}");
    let line = message(&npy(&header("<f8", false, "(3,)"), &[0; 24]));
    assert!(line.contains("shape: found 1 dimensions"), "{line}");
    let brackets = message(&npy(&"(".repeat(60_000), &[]));
    assert!(brackets.contains("expected `{`"), "{brackets}");
    let missing = message(&npy("{'descr': '<f8', 'shape': (1, 1)}", &[0; 8]));
    assert!(missing.contains("no `fortran_order`"), "{missing}");
}

#[test]
fn files_and_their_absence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.npy");
    assert!(matches!(read_npy(&path), Err(DataError::Io { action: "open", .. })));
    write_npy(&path, 2, 3, &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!((bytes.len() - 48) % 64, 0, "the values start on a multiple of 64");
    assert_eq!(bytes.len(), array_bytes(2, 3));
    // Another implementation reads the same.
    let other = npyz::NpyFile::new(&bytes[..]).unwrap();
    assert_eq!(other.shape(), [2, 3]);
    assert_eq!(other.order(), npyz::Order::Fortran);
    assert_eq!(other.into_vec::<f64>().unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert!(matches!(write_npy(&folder.path().join("no/such/folder.npy"), 0, 0, &[]), Err(DataError::Io { .. })));
}

proptest! {
    #[test]
    fn what_is_written_reads_back_to_the_same_bits(
        m in 0_usize..40, n in 0_usize..40, bits in prop::collection::vec(any::<u64>(), 1600)
    ) {
        let values: Vec<f64> = bits[..m * n].iter().map(|&b| f64::from_bits(b)).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npy");
        write_npy(&path, m, n, &values).unwrap();
        let table = read_npy(&path).unwrap();
        prop_assert_eq!((table.rows, table.columns), (m, n));
        let back: Vec<u64> = table.values.iter().map(|v| v.to_bits()).collect();
        prop_assert_eq!(&back[..], &bits[..m * n]);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes);
    }

    #[test]
    fn arbitrary_headers_never_panic(text in "[{'a-z_<>|:(0-9, )]*", values in prop::collection::vec(any::<u8>(), 0..50)) {
        let _ = read(&npy(&text, &values));
    }

    #[test]
    fn mutilated_files_never_panic(at in 0_usize..150, byte: u8, cut in 0_usize..160) {
        let mut bytes = npy(&header("<u2", true, "(3, 4, 2)"), &[7; 48]);
        let length = bytes.len();
        bytes[at % length] = byte;
        bytes.truncate(cut);
        let _ = read(&bytes);
    }
}
