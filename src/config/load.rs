//! From files to settings.

use super::build::Build;
use super::draft::{Current, Draft};
use super::expand::Environment;
use super::names::Names;
use super::source::{Reader, Source};
use super::{resolve, sections};
use crate::base::diag::Diags;
use crate::settings::Settings;

/// The configuration is refused; the reasons are among the messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused {
    /// `quiet` was asked for: the messages are not to be shown.
    pub quiet: bool,
}

/// Reads `sources` in order and turns them into settings. All mistakes are collected in `diags`; the
/// `setenv` family changes `env`. Host names of servers are looked up, which can block.
///
/// # Errors
/// [`Refused`] when a message is an alert that is not merely about a skipped line.
pub fn load(
    sources: Vec<Source>,
    build: Build,
    names: Names,
    env: &mut Environment,
    diags: &mut Diags,
) -> Result<Settings, Refused> {
    let files = super::source::names(&sources);
    let mut reader = Reader::new(sources, build);
    let mut draft = Draft::default();
    let mut file_number = 0;
    while let Some(line) = reader.next_line(env, diags) {
        if reader.file_number() != file_number {
            file_number = reader.file_number();
            draft.current = Current::None;
        }
        sections::take(&line, &mut draft, names, env, diags);
    }
    let refused = Refused { quiet: draft.global.quiet };
    if diags.refuses() {
        // checks between lines would only tell of what the wrong lines left out
        diags.alert(format!("Error(s) found in configuration file : {files}"));
        if !reader.is_stopped() {
            diags.alert("Fatal errors found in configuration.");
        }
        return Err(refused);
    }
    let mut settings = resolve::resolve(draft, names, diags);
    if diags.refuses() {
        diags.alert("Fatal errors found in configuration.");
        return Err(refused);
    }
    settings.global.environment = env.iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
    Ok(settings)
}

#[cfg(test)]
mod tests;
