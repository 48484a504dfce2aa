//! From settings to live objects. Sockets are bound here; nothing is served yet.

use super::{bind, change};
use crate::balance::first::First;
use crate::balance::leastconn::LeastConn;
use crate::balance::random::Random;
use crate::balance::ring::Ring;
use crate::balance::static_rr::StaticRr;
use crate::balance::{Algorithm, Candidate, RoundRobin, SIXTEENTHS};
use crate::base::arena::Arena;
use crate::base::clock::Clock;
use crate::base::diag::Diags;
use crate::base::ids::{ProxyId, ServerId};
use crate::base::wheel::Wheel;
use crate::channel::pool::PIPE_SIZE_DEFAULT;
use crate::channel::{BufferPool, PipePool};
use crate::event::poller::Poller;
use crate::live::Live;
use crate::log::logger::Logger;
use crate::metrics::{BackendCounters, Family, FrontendCounters, ProcessCounters, ServerCounters};
use crate::net::connect::{ConnectSpec, SourcePorts};
use crate::net::inherit::Inheritance;
use crate::net::listener::{Keepalive, SocketBuffers};
use crate::proxy::bad_message::BadMessages;
use crate::proxy::queue::Queue;
use crate::proxy::server::{Admin, SourceAddr};
use crate::proxy::{Proxy, Server};
use crate::settings::proxy::TcpKeepalive;
use crate::settings::server::Wanted;
use crate::settings::{self, Balance, Settings};
use crate::stream::{Boot, Env, Pools, RateLimits};
use crate::sys::addr::SockAddr;
use crate::sys::{kernel, process};
use std::collections::{BTreeMap, VecDeque};
use std::io;

/// Events taken in one wait when `tune.maxpollevents` is not set.
const EVENTS_PER_TURN: usize = 512;
/// One pipe for so many connections when `maxpipes` is not set.
const CONNS_PER_PIPE: u32 = 4;

/// Linux from which splicing out of an MPTCP socket beats copying: it has its own splice_read.
const SPLICES_MPTCP: (u32, u32) = (7, 0);

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

/// Builds everything; sockets that `inheritance` has are gone on with. Problems go to `diags`; with an alert among them the result must not be used.
///
/// # Errors
/// epoll cannot be had.
pub fn build(
    settings: &'static Settings,
    limits: Limits,
    inheritance: &mut Inheritance,
    diags: &mut Diags,
) -> io::Result<Live> {
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
            splices_mptcp: kernel::at_least(SPLICES_MPTCP),
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
        soft_stop: None,
        housekeeping_set: false,
        untidy: false,
        maxconn: limits.maxconn,
        rates: RateLimits { conns: settings.global.maxconnrate, sessions: settings.global.maxsessrate },
        idle_pct: 100,
        boot: boot(settings, limits),
    };
    let mut live = Live { streams: Arena::new(), env };
    let proxies = settings.proxies.iter().map(|proxy| &proxy.logs);
    let hides_paths = settings.global.chroot.is_some();
    proxies.chain([&settings.global.logs]).for_each(|targets| live.env.logger.open(targets, hides_paths));
    remember(&mut live);
    bind::bind_all(&mut live.env, inheritance, diags);
    Ok(live)
}

fn boot(settings: &Settings, limits: Limits) -> Boot {
    let node = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    Boot {
        version: limits.version,
        started: Clock::new().wall(),
        ulimit_n: limits.ulimit_n,
        maxsock: limits.maxsock,
        maxconn: limits.maxconn,
        node: settings.global.node.clone().or(node).unwrap_or_default(),
        cli_addresses: Vec::new(),
        family: Family::default(),
    }
}

fn proxies(settings: &'static Settings, maxconn: u32) -> Vec<Proxy> {
    let make = |(at, p): (usize, &'static settings::Proxy)| {
        let mut proxy = proxy(at, p, settings, maxconn);
        let servers = p.servers.iter().map(|id| settings.server(*id)).map(|server| Candidate {
            weight: server.weight,
            sixteenths: SIXTEENTHS,
            up: !server.disabled && server.resolved.is_some(),
            backup: server.backup,
        });
        proxy.set_rotation(&servers.collect::<Vec<_>>(), p.options.allbackups);
        proxy
    };
    settings.proxies.iter().enumerate().map(make).collect()
}

fn proxy(at: usize, p: &settings::Proxy, settings: &Settings, maxconn: u32) -> Proxy {
    Proxy {
        id: ProxyId(at as u32),
        listeners: Vec::new(),
        maxconn: p.maxconn.unwrap_or(maxconn),
        fe: FrontendCounters::default(),
        be: BackendCounters::default(),
        balance: fresh_algorithm(p, settings),
        serving: Vec::new(),
        queue: Queue::default(),
        fullconn: p.fullconn.unwrap_or_else(|| fullconn_default(at, settings, maxconn)),
        slots_follow_load: p.servers.iter().any(|id| settings.server(*id).minconn > 0),
        log_lines: 0,
        makes_cookies: p.makes_cookies(),
        cookie_key: p.dynamic_cookie_key.clone(),
        not_made_logged: false,
        changed_ms: 0,
        down_ms: 0,
        bad: BadMessages::default(),
        servers: p.servers.clone(),
    }
}

fn fresh_algorithm(proxy: &settings::Proxy, settings: &Settings) -> Algorithm {
    let ids: Vec<u32> = proxy.servers.iter().map(|id| settings.server(*id).id).collect();
    let factor_pct = proxy.hash_balance_factor_pct;
    match &proxy.balance {
        Balance::RoundRobin => Algorithm::RoundRobin(RoundRobin::new()),
        Balance::StaticRr => Algorithm::StaticRr(StaticRr::new()),
        Balance::LeastConn => Algorithm::LeastConn(LeastConn::new()),
        Balance::First => Algorithm::First { order: First::new(&ids), views: Vec::new() },
        Balance::Random { draws } => {
            let now = Clock::new().wall();
            let seed = (now.secs as u64) ^ u64::from(process::pid()) << 32;
            Algorithm::Random { random: Random::new(Ring::new(&ids), *draws, seed), factor_pct }
        }
        Balance::Source
        | Balance::Uri(_)
        | Balance::UrlParam { .. }
        | Balance::Header { .. }
        | Balance::RdpCookie { .. } => match proxy.hash_type.consistent {
            true => Algorithm::Ring { ring: Ring::new(&ids), factor_pct },
            false => Algorithm::Map(StaticRr::new()),
        },
    }
}

/// A tenth of the connections of all frontends that lead here (configuration.txt `fullconn`).
fn fullconn_default(at: usize, settings: &Settings, maxconn: u32) -> u32 {
    let leads_here = |p: &&settings::Proxy| p.kind.is_frontend() && p.backend == Some(ProxyId(at as u32));
    let each = settings.proxies.iter().filter(leads_here).map(|p| p.maxconn.unwrap_or(maxconn));
    (each.fold(0, u32::saturating_add) / 10).max(1)
}

fn servers(settings: &'static Settings) -> Vec<Server> {
    // Where each server is configured: its backend, and its place there.
    let mut places = vec![(0, 0); settings.servers.len()];
    for (backend, proxy) in settings.proxies.iter().enumerate() {
        for (position, id) in proxy.servers.iter().enumerate() {
            places[id.0 as usize] = (backend, position);
        }
        // Behind all that are balanced.
        if let Some(id) = proxy.dispatch {
            places[id.0 as usize] = (backend, proxy.servers.len());
        }
    }
    let make = |(at, s): (usize, &'static settings::Server)| {
        let (id, (backend, position)) = (ServerId(at as u32), places[at]);
        let source = s.source.as_ref().or(settings.proxies[backend].source.as_ref());
        Server {
            id,
            backend: ProxyId(backend as u32),
            position,
            address: s.resolved.clone(),
            ports: s.address.ports,
            cookie: s.cookie_at(
                s.resolved.as_ref(),
                s.address.ports,
                settings.proxies[backend].initial_cookie_key(),
            ),
            connect: connect_spec(&settings.global.tune, s, &settings.proxies[backend], source),
            source: SourceAddr {
                address: source.map(|x| x.address).filter(|a| !a.ip().is_unspecified() || a.port() != 0),
                ports: source.and_then(|x| x.ports).map(|(low, high)| SourcePorts::new(low, high)),
            },
            usesrc: source.and_then(|x| x.usesrc.clone()),
            admin: configured_admin(s),
            weight: s.weight,
            slots_used: 0,
            slots_used_peak: 0,
            maxconn: s.maxconn,
            maxconn_full: s.maxconn,
            slowstart: None,
            changed_ms: 0,
            down_ms: 0,
            maxqueue: s.maxqueue,
            queue: Queue::default(),
            idle: Vec::new(),
            private: BTreeMap::new(),
            idle_max: usize::try_from(s.pool_max_conn).unwrap_or(usize::MAX),
            counters: ServerCounters::default(),
        }
    };
    settings.servers.iter().enumerate().map(make).collect()
}

/// What the configuration alone says of a server.
pub(super) fn configured_admin(server: &settings::Server) -> Admin {
    if server.disabled { Admin::Maint { configured: true } } else { Admin::Ready }
}

/// Servers of which a state file says something begin as it says.
fn remember(live: &mut Live) {
    let env = &mut live.env;
    for proxy in 0..env.proxies.len() {
        let mut changed = None;
        for id in env.proxies[proxy].servers.clone() {
            let configured = env.settings.server(id);
            let Some(remembered) = configured.remembered else { continue };
            let takes = |weight: &u32| env.settings.proxies[proxy].takes_weight(*weight, configured);
            let weight = remembered.weight.filter(takes);
            let server = env.server(id);
            server.admin = match remembered.wanted {
                Wanted::Ready => Admin::Ready,
                Wanted::Drain => Admin::Drain,
                Wanted::Maint => Admin::Maint { configured: configured.disabled },
            };
            server.weight = weight.unwrap_or(configured.weight);
            if let Some(mut address) = server.address.as_ref().and_then(SockAddr::inet) {
                address.set_port(remembered.port);
                server.move_to(address);
            }
            // A server without an address is down, and that is new.
            if server.address.is_some() {
                server.changed_ms = 0i64.saturating_sub_unsigned(remembered.unchanged_ms);
            }
            changed = Some(id);
        }
        if let Some(id) = changed {
            change::servers_changed(env, id);
        }
    }
}

fn connect_spec(
    tune: &settings::Tune,
    s: &settings::Server,
    backend: &settings::Proxy,
    source: Option<&settings::Source>,
) -> ConnectSpec {
    ConnectSpec {
        interface: source.and_then(|x| x.interface.as_deref()).map(Into::into),
        namespace: s.namespace.as_deref().map(Into::into),
        transparent: source.is_some_and(|x| x.usesrc.is_some()),
        tcp_ut_ms: s.tcp_ut_ms.map(|ms| ms as i32),
        md5sig: s.md5sig,
        tfo: s.tfo,
        buffers: buffers(tune.rcvbuf_server, tune.sndbuf_server),
        keepalive: backend.options.srvtcpka.then(|| keepalive(backend.server_keepalive)),
        ..ConnectSpec::new(s.address.transport)
    }
}

/// Socket buffers as `tune.*` gives them.
pub(super) fn buffers(receive: Option<u32>, send: Option<u32>) -> SocketBuffers {
    let signed = |bytes: Option<u32>| bytes.and_then(|n| i32::try_from(n).ok());
    SocketBuffers { receive: signed(receive), send: signed(send) }
}

pub(super) fn keepalive(k: TcpKeepalive) -> Keepalive {
    let signed = |n: Option<u32>| n.and_then(|n| i32::try_from(n).ok());
    Keepalive { idle_s: signed(k.idle_s), interval_s: signed(k.interval_s), count: signed(k.count) }
}
