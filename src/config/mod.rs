//! haproxy's configuration language: lexer, lines, sections, keyword rows, resolve.
//!
//! `source` yields lines, `sections` gives each to the handler of its row in `keywords`, handlers
//! fill the `draft`, `resolve` and `check` turn the draft into [`crate::settings`].

pub mod address;
pub mod bind_line;
pub mod build;
pub mod check;
pub mod condition;
pub mod cx;
pub mod default_path;
mod directory;
pub mod draft;
pub mod expand;
pub mod identity;
pub mod init_addr;
pub mod keyword;
pub mod keywords;
pub mod lexer;
pub mod lines;
pub mod load;
pub mod log_format;
pub mod log_line;
pub mod manual;
pub mod names;
pub mod number;
pub mod preprocess;
pub mod print;
pub mod reference_words;
pub mod resolve;
pub mod sections;
pub mod server_line;
pub mod server_state;
pub mod source;
pub mod source_address;
pub mod suggest;
pub mod unknown;

pub use load::{Refused, load};
pub use names::Names;
pub use print::print_diags;
