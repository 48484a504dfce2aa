//! haproxy's configuration language: lexer, lines, sections, keyword rows, resolve.

pub mod build;
pub mod condition;
pub mod expand;
pub mod lexer;
pub mod lines;
pub mod preprocess;
pub mod reference_words;
pub mod source;
pub mod suggest;
