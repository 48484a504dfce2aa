//! Messages of the start and of reloads, on standard error and for whoever asks later.

use crate::base::diag::{Diag, Severity};
use crate::config::print::line;
use crate::sys::process;
use crate::worker::control::{Channel, Report};

/// A message of the process: as those of the configuration, without its name.
pub fn process_line(severity: Severity, text: &str) -> String {
    let diag = Diag { severity, text: text.to_owned() };
    line(&diag, process::pid()).replacen(" : config : ", " : ", 1)
}

/// Prints a message of the process.
pub fn say(severity: Severity, text: &str) {
    eprintln!("{}", process_line(severity, text));
}

/// Prints messages of the start. A worker's supervisor gets them too, to show them later.
pub fn show(diags: &[Diag], supervisor: Option<&mut Channel>) {
    let lines: Vec<String> = diags.iter().map(|diag| process_line(diag.severity, &diag.text)).collect();
    lines.iter().for_each(|text| eprintln!("{text}"));
    if let Some(channel) = supervisor {
        lines.into_iter().for_each(|text| channel.send(Report::Log(text).encode()));
    }
}
