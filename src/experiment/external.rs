//! The `[[algorithm]]` entries that are programs in other languages.

use super::check::{Checker, Table};
use super::expect::Scalar;
use super::model::{Exchange, External};
use super::report::Problem;
use super::schema::{PROGRAM, PROGRAM_ONLY};
use sha2::{Digest, Sha256};
use std::path::Path;

/// The program of an entry, if it names one; its keys are checked against each other.
pub(crate) fn external(checker: &mut Checker<'_>, table: &Table, name: &str) -> Option<External> {
    if PROGRAM.iter().all(|key| table.get(key).is_none()) {
        for given in PROGRAM_ONLY.iter().filter_map(|key| table.get(key)) {
            let problem = Problem::new(format!("`{}` goes with `peer` or `command` only", given.name));
            checker.problem(problem.at(&given.key_span, "not for a registered algorithm"));
        }
        return None;
    }
    if let (Some(_), Some(command)) = (table.get("peer"), table.get("command")) {
        let problem = Problem::new("an algorithm has a `peer` or a `command`, not both");
        checker.problem(problem.at(&command.key_span, "besides `peer`"));
    }
    if checker.vocabulary.algorithms().iter().any(|registered| registered == name) {
        let span = table.item("name").map_or(&table.span, |item| &item.span);
        let problem = Problem::new(format!("`{name}` is the name of a registered algorithm")).at(span, "taken");
        checker.problem(problem.help("a program needs a name of its own, such as the library's with the method's"));
    }
    let peer = table.text("peer");
    let command: Option<Vec<String>> = table.get("command").map(|given| {
        let word = |value: &Scalar| match value {
            Scalar::Text(text) => Some(text.clone()),
            _ => None,
        };
        given.items.iter().filter_map(|item| word(&item.value)).collect()
    });
    let digest = match &peer {
        Some(peer) => {
            checker.vocabulary.peers().into_iter().find(|known| known.name == *peer).map(|known| known.digest)
        }
        None => Some(digest(command.as_deref().unwrap_or_default(), checker.folder)),
    };
    let is = |key: &str, word: &Scalar| table.item(key).is_some_and(|item| item.value == *word);
    Some(External {
        peer,
        command,
        exchange: if is("exchange", &Scalar::Text("mtx".into())) { Exchange::Mtx } else { Exchange::Npy },
        stochastic: is("stochastic", &Scalar::Bool(true)),
        digest: digest.unwrap_or_default(),
    })
}

/// sha256 over the contents of the files that a command's words name: a changed script is another solver.
/// An installed program, given by its absolute path, is known by that alone.
fn digest(command: &[String], folder: Option<&Path>) -> String {
    let mut hash = Sha256::new();
    for (index, word) in command.iter().enumerate() {
        let installed = index == 0 && Path::new(word).is_absolute();
        let file = folder.map(|folder| folder.join(word)).filter(|path| path.is_file() && !installed);
        if let Some(content) = file.and_then(|path| std::fs::read(path).ok()) {
            hash.update((content.len() as u64).to_le_bytes());
            hash.update(content);
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
