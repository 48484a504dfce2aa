//! What the operator asked for: plain data, frozen at boot.
//!
//! `config` fills it, `worker` builds the live objects from it, and nothing reads configuration
//! text afterwards. Times are in milliseconds, sizes in bytes. `None` means "not given": the
//! default is applied where the value is used and documented at the field.

pub mod answers;
pub mod bind;
pub mod cookie;
pub mod global;
pub mod http;
pub mod log_format;
pub mod logs;
pub mod proxy;
pub mod server;

pub use answers::{Answer, Answers, Made, Payload};
pub use bind::Bind;
pub use cookie::{Cookie, CookieMode};
pub use global::{Global, StatsSocket, Tune};
pub use http::{AddressHeader, Http, RequestNames, RetryOn};
pub use logs::{Facility, Level, LogFormat, LogLine, LogSink, LogTarget};
pub use proxy::{Balance, HashType, HttpMode, Kind, Mode, Options, Proxy, Timeouts};
pub use server::{Server, Source};

use crate::base::ids::ServerId;

/// Everything that one configuration says, references resolved.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The merged `global` sections.
    pub global: Global,
    /// Frontends, backends and listens in order of declaration; a `ProxyId` is a position here.
    pub proxies: Vec<Proxy>,
    /// All servers, backend after backend; a `ServerId` is a position here.
    pub servers: Vec<Server>,
}

impl Settings {
    /// The server that `id` names.
    pub fn server(&self, id: ServerId) -> &Server {
        &self.servers[id.0 as usize]
    }

    /// What operators call it; `None` for the address of `dispatch`, which has no name.
    pub fn server_name(&self, id: ServerId) -> Option<&str> {
        Some(self.server(id).name.as_str()).filter(|name| !name.is_empty())
    }
}
