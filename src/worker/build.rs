//! From settings to live objects. Sockets are bound here; nothing is served yet.

use crate::balance::{self, Candidate, RoundRobin};
use crate::base::arena::Arena;
use crate::base::clock::Clock;
use crate::base::diag::{Diags, Severity};
use crate::base::ids::{ProxyId, ServerId};
use crate::base::wheel::Wheel;
use crate::channel::pool::PIPE_SIZE_DEFAULT;
use crate::channel::{BufferPool, PipePool};
use crate::event::poller::Poller;
use crate::event::token::{Kind, Token};
use crate::live::Live;
use crate::log::logger::Logger;
use crate::metrics::{BackendCounters, FrontendCounters, ListenerCounters, ProcessCounters, ServerCounters};
use crate::net::address::{Address, Host, Ports};
use crate::net::connect::{ConnectSpec, SourcePorts};
use crate::net::listener::{Gate, Keepalive, ListenSpec, listen};
use crate::net::protocol::MptcpPolicy;
use crate::net::protocol::probe::Capabilities;
use crate::net::receiver::{BindError, Note, Place, ReceiverSpec, bind_receiver};
use crate::net::resolve;
use crate::proxy::listener::Purpose;
use crate::proxy::server::SourceAddr;
use crate::proxy::{Listener, ListenerId, Proxy, Server};
use crate::settings::proxy::TcpKeepalive;
use crate::settings::{self, Settings};
use crate::stream::{Boot, Env, Pools};
use crate::sys::addr::SockAddr;
use crate::sys::process::{self, FileOwner};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;

/// Events taken in one wait when `tune.maxpollevents` is not set.
const EVENTS_PER_TURN: usize = 512;
/// Connections waiting in a listener's queue at most when nothing else is said (`maxconn` is not known).
const BACKLOG_DEFAULT: i32 = 1024;
/// CLI connections at once when `stats maxconn` is not set.
const CLI_CONNS_MAX: u32 = 10;
/// One pipe for so many connections when `maxpipes` is not set.
const CONNS_PER_PIPE: u32 = 4;

/// What start-up decided beyond the settings.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Process-wide `maxconn`.
    pub maxconn: u32,
    /// Descriptors that this takes.
    pub maxsock: u64,
    /// Descriptors that may be open.
    pub ulimit_n: u64,
    /// Version to show.
    pub version: &'static str,
    /// `-dS` or `nosplice`.
    pub splice_forbidden: bool,
}

/// Builds everything. Problems go to `diags`; with an alert among them the result must not be used.
///
/// # Errors
/// epoll cannot be had.
pub fn build(settings: &'static Settings, limits: Limits, diags: &mut Diags) -> io::Result<Live> {
    let tune = &settings.global.tune;
    let events = if tune.maxpollevents == 0 { EVENTS_PER_TURN } else { tune.maxpollevents as usize };
    let pipe_size = if tune.pipesize == 0 { PIPE_SIZE_DEFAULT } else { tune.pipesize };
    let pipes = settings.global.maxpipes.unwrap_or(limits.maxconn.div_ceil(CONNS_PER_PIPE));
    let env = Env {
        settings,
        poller: Poller::new(events)?,
        clock: Clock::new(),
        wheel: Wheel::new(),
        conns: Arena::new(),
        sessions: Arena::new(),
        listeners: Arena::new(),
        proxies: proxies(settings, limits.maxconn),
        servers: servers(settings),
        pools: Pools {
            buffers: BufferPool::new(tune.bufsize),
            pipes: PipePool::new(pipe_size, pipes as usize),
            exchanges: Vec::new(),
        },
        run: VecDeque::new(),
        ready_listeners: Vec::new(),
        cli_listeners: Vec::new(),
        session_ended: false,
        held_back: false,
        closing: Vec::new(),
        logger: Logger::new(settings.global.log_send_hostname.as_deref(), process::pid()),
        counters: ProcessCounters::default(),
        splice_forbidden: limits.splice_forbidden,
        stopping: false,
        housekeeping_set: false,
        untidy: false,
        maxconn: limits.maxconn,
        idle_pct: 100,
        boot: boot(settings, limits),
    };
    let mut live = Live { streams: Arena::new(), env };
    bind_all(&mut live.env, diags);
    Ok(live)
}

fn boot(settings: &Settings, limits: Limits) -> Boot {
    let node = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    Boot {
        version: limits.version,
        started: Clock::new().wall(),
        ulimit_n: limits.ulimit_n,
        maxsock: limits.maxsock,
        node: settings.global.node.clone().or(node).unwrap_or_default(),
        cli_addresses: Vec::new(),
    }
}

fn proxies(settings: &'static Settings, maxconn: u32) -> Vec<Proxy> {
    let make = |(at, p): (usize, &'static settings::Proxy)| Proxy {
        id: ProxyId(at as u32),
        listeners: Vec::new(),
        maxconn: p.maxconn.unwrap_or(maxconn),
        fe: FrontendCounters::default(),
        be: BackendCounters::default(),
        round_robin: round_robin(p, settings),
        queue: VecDeque::new(),
        queue_len_max: queue_len_max(p, settings),
        fullconn: p.fullconn.unwrap_or_else(|| fullconn_default(at, settings, maxconn)),
        slots_follow_load: p.servers.iter().any(|id| settings.server(*id).minconn > 0),
        log_lines: 0,
        servers: p.servers.clone(),
    };
    settings.proxies.iter().enumerate().map(make).collect()
}

fn round_robin(proxy: &settings::Proxy, settings: &Settings) -> RoundRobin {
    let servers = proxy.servers.iter().map(|id| settings.server(*id)).map(|server| Candidate {
        weight: server.weight,
        up: !server.disabled && server.resolved.is_some(),
        backup: server.backup,
    });
    let mut order = RoundRobin::new();
    order.update(balance::in_rotation(servers, proxy.options.allbackups));
    order
}

/// Each server adds its `maxqueue`; one without a limit takes any number.
fn queue_len_max(p: &settings::Proxy, settings: &Settings) -> Option<u32> {
    let limits = p.servers.iter().map(|id| settings.server(*id).maxqueue);
    limits
        .map(|n| (n > 0).then_some(n))
        .try_fold(0u32, |sum, n| n.map(|n| sum.saturating_add(n)))
        .filter(|n| *n > 0)
}

/// A tenth of the connections of all frontends that lead here (configuration.txt `fullconn`).
fn fullconn_default(at: usize, settings: &Settings, maxconn: u32) -> u32 {
    let leads_here = |p: &&settings::Proxy| p.kind.is_frontend() && p.backend == Some(ProxyId(at as u32));
    let each = settings.proxies.iter().filter(leads_here).map(|p| p.maxconn.unwrap_or(maxconn));
    (each.fold(0, u32::saturating_add) / 10).max(1)
}

fn servers(settings: &'static Settings) -> Vec<Server> {
    let backend_of =
        |id: ServerId| settings.proxies.iter().position(|p| p.servers.contains(&id)).unwrap_or(0);
    let make = |(at, s): (usize, &'static settings::Server)| {
        let id = ServerId(at as u32);
        let backend = backend_of(id);
        let source = s.source.as_ref().or(settings.proxies[backend].source.as_ref());
        Server {
            id,
            backend: ProxyId(backend as u32),
            address: s.resolved.clone(),
            port_offset: match s.address.ports {
                Ports::Offset(n) => Some(n),
                Ports::None if s.resolved.as_ref().is_some_and(|a| a.inet().is_some()) => Some(0),
                _ => None,
            },
            connect: connect_spec(s, &settings.proxies[backend], source),
            source: SourceAddr {
                address: source.map(|x| x.address).filter(|a| !a.ip().is_unspecified() || a.port() != 0),
                ports: source.and_then(|x| x.ports).map(|(low, high)| SourcePorts::new(low, high)),
            },
            usesrc: source.and_then(|x| x.usesrc.clone()),
            maintenance: s.disabled,
            weight: s.weight,
            slots_used: 0,
            maxconn: s.maxconn,
            maxqueue: s.maxqueue,
            queue: VecDeque::new(),
            idle: Vec::new(),
            idle_max: usize::try_from(s.pool_max_conn).unwrap_or(usize::MAX),
            counters: ServerCounters::default(),
        }
    };
    settings.servers.iter().enumerate().map(make).collect()
}

fn connect_spec(
    s: &settings::Server,
    backend: &settings::Proxy,
    source: Option<&settings::Source>,
) -> ConnectSpec {
    ConnectSpec {
        interface: source.and_then(|x| x.interface.as_deref()).map(Into::into),
        namespace: s.namespace.as_deref().map(Into::into),
        transparent: source.is_some_and(|x| x.usesrc.is_some()),
        tcp_ut_ms: s.tcp_ut_ms.map(|ms| ms as i32),
        tfo: s.tfo,
        keepalive: backend.options.srvtcpka.then(|| keepalive(backend.server_keepalive)),
        ..ConnectSpec::new(s.address.transport)
    }
}

fn keepalive(k: TcpKeepalive) -> Keepalive {
    let signed = |n: Option<u32>| n.and_then(|n| i32::try_from(n).ok());
    Keepalive { idle_s: signed(k.idle_s), interval_s: signed(k.interval_s), count: signed(k.count) }
}

/// Binds every `bind` and `stats socket` line.
fn bind_all(env: &mut Env, diags: &mut Diags) {
    let can = Capabilities::probe();
    let settings = env.settings;
    let policy = match settings.global.no_mptcp {
        true => MptcpPolicy::OnlyExplicit,
        false => MptcpPolicy::Preferred,
    };
    let mut told = Told::default();
    for (at, stats) in settings.global.stats_sockets.iter().enumerate() {
        let spec = receiver_spec(&stats.address, &stats.unix, settings);
        let listen_spec = ListenSpec {
            backlog: stats.backlog.map_or(BACKLOG_DEFAULT, |n| n as i32),
            ..ListenSpec::default()
        };
        let maxconn = stats.maxconn.or(settings.global.stats_maxconn).unwrap_or(CLI_CONNS_MAX);
        let one = One {
            what: "GLOBAL".into(),
            typed: format!("{}:{}", stats.place.file, stats.place.line),
            name: stats.name.clone(),
            purpose: Purpose::Cli(at as u32),
            maxconn,
            socket_id: at as u32 + 1,
        };
        env.boot.cli_addresses.push(String::new());
        for spec in spec_per_port(&stats.address, spec, diags, &one) {
            bind_one(env, spec, &listen_spec, MptcpPolicy::OnlyExplicit, &can, &one, &mut told, diags);
        }
    }
    for (at, proxy) in settings.proxies.iter().enumerate() {
        if !proxy.disabled {
            bind_proxy(env, ProxyId(at as u32), policy, &can, &mut told, diags);
        }
    }
}

/// Fallbacks already told: one notice for each cause, not for each bind.
#[derive(Default)]
struct Told(Vec<Note>);

/// What one bind is for, beside its socket.
struct One {
    what: String,
    typed: String,
    name: Option<String>,
    purpose: Purpose,
    maxconn: u32,
    socket_id: u32,
}

fn bind_proxy(
    env: &mut Env,
    id: ProxyId,
    policy: MptcpPolicy,
    can: &Capabilities,
    told: &mut Told,
    diags: &mut Diags,
) {
    let proxy = env.proxy_settings(id);
    let mut next_id = 1;
    for bind in &proxy.binds {
        let o = &bind.options;
        let maxconn_backlog = i32::try_from(env.proxies[id.0 as usize].maxconn).unwrap_or(BACKLOG_DEFAULT);
        let listen_spec = ListenSpec {
            backlog: o.backlog.or(proxy.backlog).map_or(maxconn_backlog, |n| n as i32),
            defer_accept_s: o.defer_accept.then_some(1),
            tfo: o.tfo,
            mss: o.mss,
            tcp_ut_ms: o.tcp_ut_ms.map(|ms| ms as i32),
            nodelay: true,
            keepalive: proxy.options.clitcpka.then(|| keepalive(proxy.client_keepalive)),
        };
        for address in &bind.addresses {
            let one = One {
                what: format!("{} {}", proxy.kind.word(), proxy.name),
                typed: bind.typed.clone(),
                name: o.name.clone(),
                purpose: Purpose::Proxy(id),
                maxconn: o.maxconn.unwrap_or(0),
                socket_id: 0,
            };
            let mut spec = receiver_spec(address, &o.unix, env.settings);
            spec.interface = o.interface.as_deref().map(Into::into);
            spec.namespace = o.namespace.as_deref().map(Into::into);
            spec.transparent = o.transparent;
            spec.v6only = match (o.v6only, o.v4v6) {
                (true, _) => Some(true),
                (false, true) => Some(false),
                (false, false) => spec.v6only,
            };
            for spec in spec_per_port(address, spec, diags, &one) {
                let one = One {
                    socket_id: o.id.unwrap_or(next_id),
                    what: one.what.clone(),
                    typed: one.typed.clone(),
                    name: one.name.clone(),
                    ..one
                };
                next_id += 1;
                bind_one(env, spec, &listen_spec, policy, can, &one, told, diags);
            }
        }
    }
}

fn receiver_spec(address: &Address, unix: &settings::bind::UnixOptions, all: &Settings) -> ReceiverSpec {
    let mut spec = ReceiverSpec::at(SockAddr::Unnamed, address.transport);
    spec.reuseport = !all.global.noreuseport;
    spec.owner = FileOwner { mode: unix.mode, uid: unix.uid, gid: unix.gid };
    spec
}

/// One spec for each port of the address; a name that does not resolve is an alert.
fn spec_per_port(address: &Address, base: ReceiverSpec, diags: &mut Diags, one: &One) -> Vec<ReceiverSpec> {
    let at = |place: Place| ReceiverSpec { place, ..base.clone() };
    match &address.host {
        Host::Fd(n) => vec![at(Place::Fd(*n))],
        Host::Path(path) => vec![at(Place::Addr(SockAddr::Unix(path.clone())))],
        Host::Abstract { name, padded } => vec![at(Place::Addr(match padded {
            true => SockAddr::abstract_padded(name.as_bytes()),
            false => SockAddr::abstract_exact(name.as_bytes()),
        }))],
        Host::Any | Host::Ip(_) | Host::Name(_) => match resolve::host_ip(&address.host, address.family) {
            Ok(Some(ip)) => {
                let inet = |port| at(Place::Addr(SockAddr::Inet(SocketAddr::new(ip, port))));
                address.ports.iter().map(inet).collect()
            }
            Ok(None) => Vec::new(),
            Err(e) => {
                diags.alert(format!(
                    "Starting {}: cannot resolve the address ({e}) [{}]",
                    one.what, one.typed
                ));
                Vec::new()
            }
        },
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

#[allow(clippy::too_many_arguments)]
fn bind_one(
    env: &mut Env,
    spec: ReceiverSpec,
    listen_spec: &ListenSpec,
    policy: MptcpPolicy,
    can: &Capabilities,
    one: &One,
    told: &mut Told,
    diags: &mut Diags,
) {
    match bind_and_listen(env, spec, listen_spec, policy, can, one) {
        Ok((_, notes)) => {
            for note in notes {
                if told.0.contains(&note) {
                    continue;
                }
                let severity = if note.is_warning() { Severity::Warning } else { Severity::Notice };
                diags.push(severity, format!("Starting {}: {note} [{}]", one.what, one.typed));
                told.0.push(note);
            }
        }
        Err(e) => diags.alert(format!("Starting {}: {e} [{}]", one.what, one.typed)),
    }
}

fn bind_and_listen(
    env: &mut Env,
    spec: ReceiverSpec,
    listen_spec: &ListenSpec,
    policy: MptcpPolicy,
    can: &Capabilities,
    one: &One,
) -> Result<(ListenerId, Vec<Note>), BindError> {
    let (mut receiver, mut notes) = bind_receiver(&spec, policy, can)?;
    let (after_accept, more) = listen(&mut receiver, listen_spec, can)?;
    notes.extend(more);
    env.counters.mptcp_fallbacks +=
        notes.iter().filter(|n| matches!(n, Note::FellBack { .. })).count() as u64;
    let listener = Listener {
        address: receiver.addr.clone(),
        purpose: one.purpose,
        name: one.name.clone().unwrap_or_else(|| format!("sock-{}", one.socket_id)),
        socket_id: one.socket_id,
        gate: Gate::new(one.maxconn),
        maxconn: one.maxconn,
        pending: false,
        queue_waits: false,
        after_accept,
        pause_logged: false,
        counters: ListenerCounters::default(),
        receiver: Some(receiver),
    };
    if let Purpose::Cli(at) = one.purpose
        && let Some(text) = env.boot.cli_addresses.get_mut(at as usize)
    {
        *text = typed_address(&listener.address);
    }
    let id = env.listeners.insert(listener);
    if let Some(receiver) = env.listeners.get(id).and_then(|l| l.receiver.as_ref()) {
        let token = Token::pack(Kind::Listener, id);
        env.poller.register_readable(receiver.fd.as_fd(), token).map_err(BindError::Listen)?;
    }
    if let Purpose::Proxy(proxy) = one.purpose {
        env.proxies[proxy.0 as usize].listeners.push(id);
    }
    Ok((id, notes))
}
