//! haproxy's configuration language: lexer, lines, sections, keyword rows, resolve.

pub mod lines;
pub mod reference_words;
