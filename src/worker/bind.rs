//! Binding: every `bind` and `stats socket` line becomes listeners, or a message.

use crate::base::diag::{Diags, Place as LineOf, Severity};
use crate::base::ids::ProxyId;
use crate::event::token::{Kind, Token};
use crate::metrics::ListenerCounters;
use crate::net::address::Address;
use crate::net::inherit::Inheritance;
use crate::net::listener::{Gate, ListenSpec, listen};
use crate::net::protocol::MptcpPolicy;
use crate::net::protocol::probe::{Capabilities, SocketOption};
use crate::net::receiver::{BindError, Note, Place, ReceiverSpec, bind_receiver};
use crate::proxy::Listener;
use crate::proxy::listener::{Change, Purpose};
use crate::settings::bind::{BindOptions, UnixOptions};
use crate::settings::{self, Kind as ProxyKind};
use crate::stream::Env;
use crate::sys::addr::SockAddr;
use crate::sys::process::FileOwner;
use std::io::ErrorKind;
use std::os::fd::AsFd;

pub use super::change_over::commit;

/// Connections waiting in a listener's queue at most when nothing else is said.
pub const BACKLOG_DEFAULT: i32 = 1024;
/// Seconds that `defer-accept` waits for data before it accepts all the same.
const DEFER_ACCEPT_S: i32 = 1;

/// Binds everything that the settings ask for, to sockets from `inheritance` where it has them; what goes wrong is told in `diags`.
pub fn bind_all(env: &mut Env, inheritance: &mut Inheritance, diags: &mut Diags) {
    let settings = env.settings;
    let policy = match settings.global.no_mptcp {
        true => MptcpPolicy::OnlyExplicit,
        false => MptcpPolicy::Preferred,
    };
    let mut binder = Binder { can: Capabilities::probe(), env, inheritance, diags, told: Vec::new() };
    for (at, stats) in settings.global.stats_sockets.iter().enumerate() {
        binder.stats_socket(at as u32, stats);
    }
    for (at, proxy) in settings.proxies.iter().enumerate().filter(|(_, proxy)| !proxy.disabled) {
        binder.proxy(ProxyId(at as u32), proxy, policy);
    }
}

/// What one line says of each of its sockets.
struct Line<'a> {
    place: &'a LineOf,
    owner: String,
    name: Option<&'a str>,
    purpose: Purpose,
    maxconn: u32,
    policy: MptcpPolicy,
    listen: ListenSpec,
}

struct Binder<'a> {
    env: &'a mut Env,
    inheritance: &'a mut Inheritance,
    can: Capabilities,
    diags: &'a mut Diags,
    /// Notes already told: one for each cause, not for each socket.
    told: Vec<Note>,
}

impl Binder<'_> {
    fn stats_socket(&mut self, at: u32, stats: &settings::StatsSocket) {
        self.env.boot.cli_addresses.push(String::new());
        let backlog = stats.backlog.map_or(BACKLOG_DEFAULT, |n| n as i32);
        let line = Line {
            place: &stats.place,
            owner: "frontend GLOBAL".into(),
            name: stats.name.as_deref(),
            purpose: Purpose::Cli(at),
            maxconn: stats.maxconn.unwrap_or(0),
            // An operator's tool gains nothing from a second path.
            policy: MptcpPolicy::OnlyExplicit,
            listen: ListenSpec { backlog, ..ListenSpec::default() },
        };
        let spec = self.spec(&stats.address, &stats.unix);
        self.sockets(&stats.address, &spec, &line, at + 1);
    }

    fn proxy(&mut self, id: ProxyId, proxy: &settings::Proxy, policy: MptcpPolicy) {
        let owner = match proxy.kind {
            ProxyKind::Listen => format!("proxy {}", proxy.name),
            kind => format!("{} {}", kind.word(), proxy.name),
        };
        let mut next_id = 1;
        for bind in &proxy.binds {
            let line = Line {
                place: &bind.place,
                owner: owner.clone(),
                name: bind.options.name.as_deref(),
                purpose: Purpose::Proxy(id),
                maxconn: bind.options.maxconn.unwrap_or(0),
                policy,
                listen: self.listen_spec(id, proxy, &bind.options),
            };
            for address in &bind.addresses {
                let mut spec = self.spec(address, &bind.options.unix);
                apply(&bind.options, &mut spec);
                let bound = self.sockets(address, &spec, &line, bind.options.id.unwrap_or(next_id));
                next_id += bound;
            }
        }
    }

    fn listen_spec(&self, id: ProxyId, proxy: &settings::Proxy, o: &BindOptions) -> ListenSpec {
        let maxconn = i32::try_from(self.env.proxies[id.0 as usize].maxconn).unwrap_or(BACKLOG_DEFAULT);
        let tune = &self.env.settings.global.tune;
        ListenSpec {
            backlog: o.backlog.or(proxy.backlog).map_or(maxconn, |n| n as i32),
            defer_accept_s: o.defer_accept.then_some(DEFER_ACCEPT_S),
            tfo: o.tfo,
            mss: o.mss,
            tcp_ut_ms: o.tcp_ut_ms.map(|ms| ms as i32),
            md5sig: o.md5sig,
            nodelay: true,
            buffers: super::build::buffers(tune.rcvbuf_client, tune.sndbuf_client),
            keepalive: proxy.options.clitcpka.then(|| super::build::keepalive(proxy.client_keepalive)),
        }
    }

    fn spec(&self, address: &Address, unix: &UnixOptions) -> ReceiverSpec {
        spec(address, unix, !self.env.settings.global.noreuseport)
    }

    /// Binds one address, port by port; socket ids count up from `first_id`. How many sockets it asked for.
    fn sockets(&mut self, address: &Address, base: &ReceiverSpec, line: &Line<'_>, first_id: u32) -> u32 {
        let places = match Place::all_of(address) {
            Ok(places) => places,
            Err(e) => {
                self.diags.alert(format!("{}: cannot resolve the address ({e})", binding(line)));
                return 0;
            }
        };
        let asked = places.len() as u32;
        for (at, place) in (0..).zip(places) {
            let at_address = shown(&place);
            let spec = ReceiverSpec { place, ..base.clone() };
            match self.bind(&spec, line, first_id + at) {
                Ok(notes) => notes.into_iter().for_each(|note| self.tell(note, line, &at_address)),
                Err(e) => self.diags.alert(format!("{}: {e} {at_address}", binding(line))),
            }
        }
        asked
    }

    fn tell(&mut self, note: Note, line: &Line<'_>, at_address: &str) {
        if self.told.contains(&note) {
            return;
        }
        let severity = if note.is_warning() { Severity::Warning } else { Severity::Notice };
        self.diags.push(severity, format!("{}: {note} {at_address}", binding(line)));
        self.told.push(note);
    }

    fn bind(&mut self, spec: &ReceiverSpec, line: &Line<'_>, socket_id: u32) -> Result<Vec<Note>, BindError> {
        let env = &mut *self.env;
        let (mut receiver, mut notes) = loop {
            match bind_receiver(spec, line.policy, &self.can, self.inheritance) {
                Err(BindError::Bind(e) | BindError::BindUnix(e))
                    if e.kind() == ErrorKind::AddrInUse && self.inheritance.ask_to_release() => {}
                bound => break bound?,
            }
        };
        let (after_accept, more) = listen(&mut receiver, &line.listen, &self.can)?;
        notes.extend(more);
        env.counters.mptcp_fallbacks +=
            notes.iter().filter(|n| matches!(n, Note::FellBack { .. })).count() as u64;
        if let Purpose::Cli(at) = line.purpose
            && let Some(text) = env.boot.cli_addresses.get_mut(at as usize)
        {
            *text = typed_address(&receiver.addr);
        }
        let change = receiver.successor.take().map(|switch| Change {
            switch,
            binding: binding(line),
            at_address: shown(&spec.place),
            waits_until_ms: u64::MAX,
        });
        let listener = Listener {
            address: receiver.addr.clone(),
            purpose: line.purpose,
            name: line.name.map_or_else(|| format!("sock-{socket_id}"), str::to_owned),
            socket_id,
            gate: Gate::new(line.maxconn),
            maxconn: line.maxconn,
            backlog: line.listen.backlog,
            deaf: false,
            pending: false,
            queue_waits: false,
            after_accept,
            shared: false,
            pause_logged: false,
            counters: ListenerCounters::default(),
            change,
            removed: false,
            leaving: Vec::new(),
            receiver: Some(receiver),
        };
        let id = env.listeners.insert(listener);
        if let Some(listener) = env.listeners.get(id) {
            let token = Token::pack(Kind::Listener, id);
            let successor = listener.change.as_ref().map(|change| &change.switch.receiver);
            for receiver in listener.receiver.iter().chain(successor) {
                env.poller.register_readable(receiver.fd.as_fd(), token).map_err(BindError::Listen)?;
            }
        }
        if let Purpose::Proxy(proxy) = line.purpose {
            env.proxies[proxy.0 as usize].listeners.push(id);
        }
        Ok(notes)
    }
}

/// What an address says of its sockets, before their place is known.
pub fn spec(address: &Address, unix: &UnixOptions, reuseport: bool) -> ReceiverSpec {
    let owner = FileOwner { mode: unix.mode, uid: unix.uid, gid: unix.gid };
    ReceiverSpec { reuseport, owner, ..ReceiverSpec::at(SockAddr::Unnamed, address.transport) }
}

fn apply(o: &BindOptions, spec: &mut ReceiverSpec) {
    spec.interface = o.interface.as_deref().map(Into::into);
    spec.namespace = o.namespace.as_deref().map(Into::into);
    spec.transparent = o.transparent;
    spec.tcp_only = o.md5sig.map(|_| SocketOption::Md5sig);
    spec.v6only = match (o.v6only, o.v4v6) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => spec.v6only,
    };
}

/// The beginning of a message about a socket, as the reference has it.
fn binding(line: &Line<'_>) -> String {
    format!("Binding [{}:{}] for {}", line.place.file, line.place.line, line.owner)
}

/// The address at the end of such a message.
pub fn shown(place: &Place) -> String {
    match place {
        Place::Fd(number) => format!("for [fd@{number}]"),
        Place::Addr(address @ SockAddr::Inet(_)) => format!("for [{address}]"),
        Place::Addr(SockAddr::Unix(path)) => format!("[{}]", path.display()),
        Place::Addr(address) => format!("[{address}]"),
    }
}

/// An address as a `bind` line would give it.
fn typed_address(address: &SockAddr) -> String {
    match address {
        SockAddr::Inet(inet) if inet.is_ipv4() => format!("ipv4@{inet}"),
        SockAddr::Inet(inet) => format!("ipv6@{inet}"),
        SockAddr::Unix(path) => format!("unix@{}", path.display()),
        SockAddr::Abstract(_) | SockAddr::Unnamed => address.to_string(),
    }
}
