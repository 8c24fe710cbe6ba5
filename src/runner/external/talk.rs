//! The conversation with a program: launched, spoken to, listened to.

use crate::runner::wire::{Order, Reply};
use serde::Serialize;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// The longest line that is listened to.
const LONGEST_LINE: u64 = 1 << 20;
/// How long a program may take to exit once it is done.
const FAREWELL: Duration = Duration::from_secs(5);
/// How often a silent program is looked at.
const TICK: Duration = Duration::from_millis(50);
/// The variables by which libraries are told how many threads to use.
const THREAD_VARIABLES: [&str; 11] = [
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "GOTO_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "JULIA_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",
];

/// A program at the other end of two pipes; its standard error is this process's own.
pub(super) struct Talk {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<Line>,
}

enum Line {
    Text(String),
    TooLong,
    NotText,
}

impl Talk {
    /// Launches the program in `folder`.
    pub(super) fn launch(command: &[String], folder: &Path, threads: usize) -> Result<Self, String> {
        let (program, arguments) = command.split_first().ok_or("the command is empty")?;
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder);
        THREAD_VARIABLES.iter().for_each(|name| {
            command.env(name, threads.to_string());
        });
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|e| format!("cannot start `{program}`: {e}"))?;
        let stdin = child.stdin.take().expect("piped");
        let lines = listen(child.stdout.take().expect("piped"));
        Ok(Talk { child, stdin, lines })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Says one line.
    pub(super) fn say(&mut self, message: &impl Serialize) -> Result<(), String> {
        let mut line = serde_json::to_string(message).map_err(|e| e.to_string())?;
        line.push('\n');
        let said = self.stdin.write_all(line.as_bytes()).and_then(|()| self.stdin.flush());
        said.map_err(|_| self.gone())
    }

    /// The next thing the program says. The wall limit is the runner's.
    pub(super) fn hear(&mut self) -> Result<Reply, String> {
        match self.line() {
            Some(Line::Text(line)) => match serde_json::from_str(&line) {
                Ok(Reply::Error { message }) => Err(format!("the solver says: {message}")),
                Ok(reply) => Ok(reply),
                Err(e) => Err(format!("it said `{}`, which is no event of the protocol: {e}", excerpt(&line))),
            },
            Some(Line::TooLong) => Err(format!("it said a line of more than {LONGEST_LINE} bytes")),
            Some(Line::NotText) => Err("it said something that is not text in UTF-8".into()),
            None => Err(self.gone()),
        }
    }

    /// The next line, or `None` once nobody is left to say one. Something that the program has started may hold its
    /// pipe open after its end.
    fn line(&mut self) -> Option<Line> {
        loop {
            match self.lines.recv_timeout(TICK) {
                Ok(line) => return Some(line),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) if self.child.try_wait().is_ok_and(|exit| exit.is_some()) => {
                    return self.lines.recv_timeout(TICK).ok();
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Lets it finish: `done`, then a good exit.
    pub(super) fn finish(mut self) -> Result<(), String> {
        self.say(&Order::Finish)?;
        match self.hear()? {
            Reply::Done => {}
            reply => return Err(format!("it was told to finish and said {}", name(&reply))),
        }
        let exit = self.exit();
        if let Ok(line) = self.lines.recv_timeout(TICK) {
            let said = if let Line::Text(line) = line { excerpt(&line) } else { "no text".into() };
            return Err(format!("it said `{said}` after it was done"));
        }
        match exit {
            Some(exit) if exit.success() => Ok(()),
            Some(exit) => Err(format!("it was done, and {}", ended(exit))),
            None => Err("it said that it was done and does not exit".into()),
        }
    }

    /// Why nobody is at the other end.
    fn gone(&mut self) -> String {
        match self.exit() {
            Some(exit) => format!("it {} before it was done", ended(exit)),
            None => "it closed its pipes before it was done".into(),
        }
    }

    fn exit(&mut self) -> Option<ExitStatus> {
        let began = Instant::now();
        while began.elapsed() < FAREWELL {
            if let Ok(Some(exit)) = self.child.try_wait() {
                return Some(exit);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        None
    }
}

/// Lines as they come, at most a few ahead, so that a chatty program cannot fill the memory.
fn listen(stream: impl Read + Send + 'static) -> Receiver<Line> {
    let (send, receive) = sync_channel(16);
    std::thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        loop {
            let mut line = Vec::new();
            match stream.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let whole = line.last() == Some(&b'\n');
            let line = match String::from_utf8(line) {
                _ if !whole && stream.fill_buf().is_ok_and(|rest| !rest.is_empty()) => Line::TooLong,
                Ok(text) => Line::Text(text),
                Err(_) => Line::NotText,
            };
            if send.send(line).is_err() {
                return;
            }
        }
    });
    receive
}

pub(super) fn name(reply: &Reply) -> &'static str {
    match reply {
        Reply::Ready(_) => "`ready`",
        Reply::Checkpoint(_) => "`checkpoint`",
        Reply::Done => "`done`",
        Reply::Error { .. } => "`error`",
    }
}

/// The beginning of a line, for a message.
fn excerpt(line: &str) -> String {
    const SHOWN: usize = 80;
    let line = line.trim_end();
    let shown: String = line.chars().take(SHOWN).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if line.chars().nth(SHOWN).is_some() { shown + "…" } else { shown }
}

/// "exited with code 3", "was ended by signal 11".
fn ended(exit: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&exit) {
        const FILE_TOO_LARGE: i32 = 25;
        let why = if signal == FILE_TOO_LARGE { ": a file beyond the size limit" } else { "" };
        return format!("was ended by signal {signal}{why}");
    }
    exit.code().map_or_else(|| exit.to_string(), |code| format!("exited with code {code}"))
}
