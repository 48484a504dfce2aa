//! What the black-box tests are made of: a proxy process, scripted clients and servers, a syslog sink, a CLI
//! client, network namespaces. Nothing here knows which proxy it drives.

pub mod cli;
pub mod counters;
pub mod http;
pub mod load;
pub mod netns;
pub mod peer;
pub mod proxy;
pub mod rig;
pub mod scene;
pub mod sink;
pub mod sock;
pub mod stage;
