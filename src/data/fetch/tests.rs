//! Against a server on this machine that behaves badly in all the usual ways.

use super::*;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the server does with one request.
enum Act {
    /// The whole file, or the rest that is asked for.
    Send,
    /// The head promises all, the connection ends after so many bytes.
    Break(usize),
    /// The same, but the connection stays open and silent.
    Stall(usize),
    /// Another path of the same server.
    Redirect,
    /// A code without a body.
    Code(u16),
    /// The whole file although a rest was asked for.
    Ignore,
}

struct Server {
    url: String,
    /// The Range header of each request.
    asked: Arc<Mutex<Vec<Option<String>>>>,
}

const FILE: &[u8] = b"0123456789abcdefghij";

impl Server {
    fn new(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://127.0.0.1:{}/file", listener.local_addr().unwrap().port());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for act in acts {
                let Ok((stream, _)) = listener.accept() else { return };
                seen.lock().unwrap().push(range(&stream));
                let range = seen.lock().unwrap().last().cloned().flatten();
                open.extend(answer(stream, &act, range));
            }
        });
        Server { url, asked }
    }

    fn download(&self, sha256: Option<String>) -> Download {
        Download { urls: vec![self.url.clone()], file: "d/file.txt".into(), sha256, bytes: 100, unpack: None }
    }
}

fn range(stream: &TcpStream) -> Option<String> {
    let mut range = None;
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap_or_default();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("range: ") {
            range = Some(value.to_owned());
        }
        if line.is_empty() {
            break;
        }
    }
    range
}

/// The stream, where it is to stay open.
fn answer(mut stream: TcpStream, act: &Act, range: Option<String>) -> Option<TcpStream> {
    let start = range.as_deref().and_then(|r| r.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let start: usize = if matches!(act, Act::Ignore) { 0 } else { start.unwrap_or(0) };
    let rest = &FILE[start.min(FILE.len())..];
    let length = rest.len();
    let head = match act {
        Act::Redirect => "302 Found\r\nLocation: /other\r\nContent-Length: 0".to_owned(),
        Act::Code(code) => format!("{code} No\r\nContent-Length: 0"),
        _ if start > 0 => {
            format!("206 Partial\r\nContent-Range: bytes {start}-19/20\r\nContent-Length: {length}")
        }
        _ => format!("200 OK\r\nContent-Length: {length}"),
    };
    let body = match act {
        Act::Redirect | Act::Code(_) => &[],
        Act::Break(bytes) | Act::Stall(bytes) => &rest[..*bytes],
        Act::Send | Act::Ignore => rest,
    };
    let _ = stream.write_all(format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").as_bytes());
    let _ = stream.write_all(body);
    let _ = stream.flush();
    matches!(act, Act::Stall(_)).then_some(stream)
}

fn digest() -> String {
    Sha256::digest(FILE).iter().map(|byte| format!("{byte:02x}")).collect()
}

const QUICK: Patience = Patience { connect: Duration::from_secs(5), read: Duration::from_millis(300), attempts: 3 };

fn get(download: &Download, folder: &Path) -> Result<String, FetchError> {
    fetch(download, folder, QUICK, &mut |_, _| ())
}

fn error(server: &Server, sha256: Option<String>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let error = get(&server.download(sha256), folder.path()).unwrap_err().to_string();
    assert!(!folder.path().join("d/file.txt").exists(), "what is not whole has no name");
    error
}

#[test]
fn a_file_arrives_whole_and_progress_is_told() {
    let server = Server::new(vec![Act::Redirect, Act::Send]);
    let folder = tempfile::tempdir().unwrap();
    let mut last = (0, None);
    let mut progress = |bytes, of| last = (bytes, of);
    let found = fetch(&server.download(Some(digest())), folder.path(), QUICK, &mut progress).unwrap();
    assert_eq!((found, last), (digest(), (20, Some(20))));
    assert_eq!(std::fs::read(folder.path().join("d/file.txt")).unwrap(), FILE);
    assert!(!folder.path().join("d/file.txt.part").exists());
}

#[test]
fn broken_and_stalled_transfers_are_taken_up_where_they_ended() {
    for act in [Act::Break(7), Act::Stall(7)] {
        let server = Server::new(vec![act, Act::Send]);
        let folder = tempfile::tempdir().unwrap();
        get(&server.download(Some(digest())), folder.path()).unwrap();
        assert_eq!(std::fs::read(folder.path().join("d/file.txt")).unwrap(), FILE);
        assert_eq!(*server.asked.lock().unwrap(), [None, Some("bytes=7-".to_owned())]);
    }
}

#[test]
fn a_later_call_goes_on_too_and_a_server_without_ranges_begins_again() {
    for (acts, asked) in [(vec![Act::Send], 1), (vec![Act::Ignore], 1), (vec![Act::Code(416), Act::Send], 2)] {
        let server = Server::new(acts);
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("d")).unwrap();
        std::fs::write(folder.path().join("d/file.txt.part"), &FILE[..12]).unwrap();
        get(&server.download(Some(digest())), folder.path()).unwrap();
        assert_eq!(std::fs::read(folder.path().join("d/file.txt")).unwrap(), FILE);
        let seen = server.asked.lock().unwrap();
        assert_eq!((seen.len(), seen[0].as_deref()), (asked, Some("bytes=12-")));
    }
}

#[test]
fn what_is_wrong_is_named_with_its_address() {
    let missing = error(&Server::new(vec![Act::Code(404)]), None);
    assert!(missing.contains("/file: found the answer 404, expected 200"), "{missing}");
    let wrong = error(&Server::new(vec![Act::Send]), Some("ab".repeat(32)));
    assert!(wrong.contains(&format!("found a file with sha256 {}, expected abab", digest())), "{wrong}");
    let broken = error(&Server::new(vec![Act::Break(3), Act::Break(3), Act::Break(3)]), None);
    assert!(broken.contains("after 9 bytes, which are kept"), "{broken}");
    let server = Server::new(vec![Act::Send]);
    let folder = tempfile::tempdir().unwrap();
    let large = get(&Download { bytes: 19, ..server.download(None) }, folder.path()).unwrap_err().to_string();
    assert!(large.contains("found more than 19 bytes"), "{large}");
    let plain = Download { urls: vec!["http://example.org/x".into()], ..server.download(None) };
    let plain = get(&plain, folder.path()).unwrap_err().to_string();
    assert!(plain.contains("without encryption and no checksum"), "{plain}");
}

#[test]
fn the_next_address_is_tried() {
    let (first, second) = (Server::new(vec![Act::Code(503)]), Server::new(vec![Act::Send]));
    let folder = tempfile::tempdir().unwrap();
    let urls = vec![first.url.clone(), second.url.clone()];
    get(&Download { urls, ..second.download(Some(digest())) }, folder.path()).unwrap();
    assert!(folder.path().join("d/file.txt").exists());
}
