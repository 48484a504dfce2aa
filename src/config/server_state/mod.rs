//! Server state files: what `show servers state` wrote, read at the next start (configuration.txt
//! `server-state-file`, `load-server-state-from-file`).
//!
//! A file that is unreadable or malformed is a warning and applies to nothing.

pub mod file;
pub mod judge;

use super::source::reason;
use crate::base::diag::Diags;
use crate::settings::proxy::LoadState;
use crate::settings::{Global, Proxy};
use file::{Entry, Malformed};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes of a file that are read at most: some 300,000 servers.
const FILE_LEN_MAX: u64 = 64 << 20;

/// What a file says of the servers of a backend, by their names.
pub type OfBackend = HashMap<String, Entry>;

/// The state files of one configuration.
#[derive(Debug)]
pub struct StateFiles {
    /// `None` without `server-state-file`.
    global: Option<HashMap<String, OfBackend>>,
}

impl StateFiles {
    /// Reads the global file; as in the reference even when no backend asks for it.
    pub fn new(global: &Global, diags: &mut Diags) -> StateFiles {
        let path = global.server_state_file.as_deref().map(|file| placed(file, global));
        StateFiles { global: path.map(|path| read_global(&path, diags)) }
    }

    /// What there is to know of the servers of `proxy`.
    pub fn of(&mut self, proxy: &Proxy, global: &Global, diags: &mut Diags) -> OfBackend {
        match &proxy.load_state {
            LoadState::None => OfBackend::new(),
            LoadState::Global => match &mut self.global {
                Some(all) => all.remove(&proxy.name).unwrap_or_default(),
                None => {
                    diags.warning(format!(
                        "backend '{}' configured to load server state file from global section \
                         'server-state-file' directive. Unfortunately, 'server-state-file' is not set!",
                        proxy.name
                    ));
                    OfBackend::new()
                }
            },
            LoadState::Local => {
                let name = proxy.server_state_file_name.as_deref().unwrap_or(Path::new(&proxy.name));
                read_local(&placed(name, global), proxy, diags)
            }
        }
    }
}

/// A relative name is one below `server-state-base`.
fn placed(file: &Path, global: &Global) -> PathBuf {
    match &global.server_state_base {
        Some(base) => base.join(file),
        None => file.to_owned(),
    }
}

/// What the file says, by backend. Of two lines about one server the first counts.
fn read_global(path: &Path, diags: &mut Diags) -> HashMap<String, OfBackend> {
    let mut all: HashMap<String, OfBackend> = HashMap::new();
    for entry in entries(path, &Words { intro: "config: ", what: "global server state file", end: "" }, diags)
    {
        let of_backend = all.entry(entry.backend.clone()).or_default();
        of_backend.entry(entry.server.clone()).or_insert(entry);
    }
    all
}

/// The same of a backend's own file, in which other backends have no business.
fn read_local(path: &Path, proxy: &Proxy, diags: &mut Diags) -> OfBackend {
    let intro = format!("Proxy '{}': ", proxy.name);
    let mut all = OfBackend::new();
    for entry in entries(path, &Words { intro: &intro, what: "server state file", end: "." }, diags) {
        if all.contains_key(&entry.server) {
            continue;
        }
        if entry.backend_id != proxy.id.to_string() {
            diags.warning(format!(
                "{intro}backend ID mismatch: from server state file: '{}', from running config '{}'",
                entry.backend_id, proxy.id
            ));
        }
        if entry.backend == proxy.name {
            all.insert(entry.server.clone(), entry);
        } else {
            diags.warning(format!(
                "{intro}backend name mismatch: from server state file: '{}', from running config '{}'",
                entry.backend, proxy.name
            ));
        }
    }
    all
}

/// Names in a local file that the backend does not have. A global file may be about others.
pub fn tell_unknown<'a>(
    proxy: &Proxy,
    states: &OfBackend,
    servers: impl Iterator<Item = &'a str>,
    diags: &mut Diags,
) {
    if proxy.load_state != LoadState::Local {
        return;
    }
    let known: Vec<&str> = servers.collect();
    let mut unknown: Vec<&Entry> = states.values().filter(|e| !known.contains(&e.server.as_str())).collect();
    unknown.sort_by_key(|entry| entry.line);
    for entry in unknown {
        let (backend, server) = (&proxy.name, &entry.server);
        diags.warning(format!("Proxy '{backend}': can't find server '{server}' in backend '{backend}'"));
    }
}

/// How the reference speaks of a file.
struct Words<'a> {
    intro: &'a str,
    what: &'a str,
    /// Behind the system's words.
    end: &'a str,
}

fn entries(path: &Path, words: &Words<'_>, diags: &mut Diags) -> Vec<Entry> {
    let Words { intro, what, end } = words;
    let shown = path.display();
    let text = match read(path) {
        Ok(text) => text,
        Err(error) => {
            diags.warning(format!("{intro}Can't open {what} '{shown}': {}{end}", reason(&error)));
            return Vec::new();
        }
    };
    match file::entries(&text) {
        Ok(entries) => entries,
        Err(Malformed::Version) => {
            diags.warning(format!("{intro}Can't get version of the {what} '{shown}'."));
            Vec::new()
        }
        Err(Malformed::Line(line)) => {
            diags.warning(format!("{intro}corrupted {what} '{shown}' at line {line}."));
            Vec::new()
        }
    }
}

/// What is no plain file reads as an empty one: a pipe could keep the start waiting.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    if path.metadata()?.is_file() {
        let read = File::open(path)?.take(FILE_LEN_MAX + 1).read_to_end(&mut text)?;
        if read as u64 > FILE_LEN_MAX {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "file too long"));
        }
    }
    Ok(text)
}
