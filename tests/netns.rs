//! Several network paths: what only namespaces can show. Needs root and `ip`; skips aloud without.

#[path = "netns/two_paths.rs"]
mod two_paths;

#[path = "netns/path_loss.rs"]
mod path_loss;
