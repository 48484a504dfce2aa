//! `show info`: the process as a whole, a field a line, in the reference's order and names.

use super::json;
use super::rows::{Call, Progress};
use super::view::InfoView;
use std::fmt;

/// A value and its word in typed output.
enum Value<'a> {
    U32(u64),
    U64(u64),
    Text(&'a str),
    Uptime(u64),
    /// Seconds of these microseconds, as a whole number.
    Micros(u64),
    /// The same with the fraction: what `float` makes of it.
    Float(u64),
    /// The field is left out.
    Absent,
}

impl Value<'_> {
    fn word(&self) -> &'static str {
        match self {
            Value::U32(_) | Value::Micros(_) => "u32",
            Value::U64(_) => "u64",
            Value::Float(_) => "flt",
            Value::Text(_) | Value::Uptime(_) | Value::Absent => "str",
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::U32(value) | Value::U64(value) => write!(f, "{value}"),
            Value::Micros(micros) => write!(f, "{}", micros / 1_000_000),
            Value::Float(micros) => {
                let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
                f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
            }
            Value::Text(text) => f.write_str(text),
            Value::Uptime(secs) => {
                let (days, hours) = (secs / 86_400, secs / 3600 % 24);
                write!(f, "{days}d {hours}h{:02}m{:02}s", secs / 60 % 60, secs % 60)
            }
            Value::Absent => Ok(()),
        }
    }
}

/// A field: name, tag (management.txt 9.2), help, value. Positions are those in typed output.
struct Field {
    name: &'static str,
    tag: &'static str,
    help: &'static str,
    value: for<'a> fn(&InfoView<'a>) -> Value<'a>,
}

const fn field(
    name: &'static str,
    tag: &'static str,
    help: &'static str,
    value: for<'a> fn(&InfoView<'a>) -> Value<'a>,
) -> Field {
    Field { name, tag, help, value }
}

use Value::{Absent, Micros, Text, U32, U64};

/// Bytes in a megabyte, as memory figures count it.
const MB: u64 = 1 << 20;

/// All fields. Those of features that this program does not have are 0, as in the reference when
/// they are not used: tools expect the names.
#[rustfmt::skip]
static FIELDS: &[Field] = &[
    field("Name", "POS", "product", |_| Text("HAProxy")),
    field("Version", "POS", "version", |v| Text(v.version)),
    field("Release_date", "POS", "date of the version", |v| Text(v.release_date)),
    field("Nbthread", "CGS", "threads", |_| U32(1)),
    field("Nbproc", "CGS", "processes", |_| U32(1)),
    field("Process_num", "KGP", "number of this process", |_| U32(1)),
    field("Pid", "SGP", "process id", |v| U32(v.pid.into())),
    field("Uptime", "MDP", "time since the start", |v| Value::Uptime(v.uptime_micros / 1_000_000)),
    field("Uptime_sec", "MDP", "seconds since the start", |v| Micros(v.uptime_micros)),
    field("Memmax_MB", "CLP", "memory allowed, in MB (-m)", |_| U32(0)),
    field("PoolAlloc_MB", "MGP", "buffers allocated, in MB", |v| U32(v.pool_bytes / MB)),
    field("PoolUsed_MB", "MGP", "buffers in use, in MB", |v| U32(v.pool_used_bytes / MB)),
    field("PoolFailed", "MCP", "buffers that could not be had", |_| U32(0)),
    field("Ulimit-n", "CLP", "descriptors allowed", |v| U32(v.ulimit_n)),
    field("Maxsock", "CLP", "descriptors that may be needed", |v| U32(v.maxsock)),
    field("Maxconn", "CLP", "client connections allowed", |v| U32(v.maxconn)),
    field("Hard_maxconn", "CLP", "client connections allowed at the start", |v| U32(v.maxconn_hard)),
    field("CurrConns", "MGP", "client connections now", |v| U32(v.conns)),
    field("CumConns", "MCP", "client connections so far", |v| U32(v.counters.conn.tot)),
    field("CumReq", "MCP", "requests so far", |v| U32(v.counters.requests)),
    field("MaxSslConns", "MMP", "TLS connections allowed", |_| U32(0)),
    field("CurrSslConns", "MGP", "TLS connections now", |_| U32(0)),
    field("CumSslConns", "MCP", "TLS connections so far", |_| U32(0)),
    field("Maxpipes", "CLP", "pipes allowed", |v| U32(v.maxpipes)),
    field("PipesUsed", "MGP", "pipes in use", |v| U32(v.held.pipes)),
    field("PipesFree", "MGP", "pipes kept for the next use", |v| U32(v.held.pipes_idle)),
    field("ConnRate", "MRP", "connections in the last second", |v| U32(v.counters.conn_rate.per_second(v.now_ms))),
    field("ConnRateLimit", "CLP", "connections allowed in a second", |v| U32(v.conn_rate_limit.into())),
    field("MaxConnRate", "MMP", "most connections in a second", |v| U32(v.counters.conn_rate.max())),
    field("SessRate", "MRP", "sessions in the last second", |v| U32(v.counters.sess_rate.per_second(v.now_ms))),
    field("SessRateLimit", "CLP", "sessions allowed in a second", |v| U32(v.sess_rate_limit.into())),
    field("MaxSessRate", "MRP", "most sessions in a second", |v| U32(v.counters.sess_rate.max())),
    field("SslRate", "MRP", "TLS connections in the last second", |_| U32(0)),
    field("SslRateLimit", "CLP", "TLS connections allowed in a second", |_| U32(0)),
    field("MaxSslRate", "MMP", "most TLS connections in a second", |_| U32(0)),
    field("SslFrontendKeyRate", "MGP", "TLS keys computed for clients in the last second", |_| U32(0)),
    field("SslFrontendMaxKeyRate", "MMP", "most TLS keys computed for clients in a second", |_| U32(0)),
    field("SslFrontendSessionReuse_pct", "MGP", "share of TLS sessions resumed by clients", |_| U32(0)),
    field("SslBackendKeyRate", "MRP", "TLS keys computed for servers in the last second", |_| U32(0)),
    field("SslBackendMaxKeyRate", "MMP", "most TLS keys computed for servers in a second", |_| U32(0)),
    field("SslCacheLookups", "MCP", "TLS sessions looked up", |_| U32(0)),
    field("SslCacheMisses", "MCP", "TLS sessions not found", |_| U32(0)),
    field("CompressBpsIn", "MRP", "bytes given to the compressor in the last second", |_| U32(0)),
    field("CompressBpsOut", "MRP", "bytes taken from the compressor in the last second", |_| U32(0)),
    field("CompressBpsRateLim", "CLP", "bytes that the compressor may make in a second", |_| U32(0)),
    field("ZlibMemUsage", "MGP", "memory of the compressor", |_| Absent),
    field("MaxZlibMemUsage", "CLP", "memory allowed for the compressor", |_| Absent),
    field("Tasks", "MGP", "streams, listeners and timers", |v| U32(v.tasks)),
    field("Run_queue", "MGP", "streams with something to do", |v| U32(v.run_queue)),
    field("Idle_pct", "MaP", "share of the last second spent waiting", |v| U32(v.idle_pct)),
    field("node", "COS", "name of this node", |v| Text(v.global.node.as_deref().unwrap_or(v.node))),
    field("description", "COS", "description of this node", |v| v.global.description.as_deref().map_or(Absent, Text)),
    field("Stopping", "MGP", "1 while it finishes its sessions to end", |v| U32(v.stopping.into())),
    field("Jobs", "MGP", "connections and listeners", |v| U32(v.jobs)),
    field("Unstoppable Jobs", "MGP", "connections that do not end with the traffic", |_| U32(0)),
    field("Listeners", "MGP", "open listeners", |v| U32(v.listeners)),
    field("ActivePeers", "MGP", "peers connected and known", |_| U32(0)),
    field("ConnectedPeers", "MGP", "peers connected", |_| U32(0)),
    field("DroppedLogs", "MGP", "log lines lost", |v| U32(v.log_dropped)),
    field("BusyPolling", "MGP", "1 when it never sleeps", |_| U32(0)),
    field("FailedResolutions", "MGP", "names that could not be resolved", |_| U32(0)),
    field("TotalBytesOut", "MGP", "bytes sent so far", |v| U64(v.counters.bytes_out)),
    field("TotalSplicdedBytesOut", "MGP", "of these, bytes that went through a pipe", |v| U64(v.counters.spliced_out)),
    field("BytesOutRate", "MRP", "bytes sent in the last second", |v| U64(v.counters.bytes_out_rate.per_second(v.now_ms))),
    field("DebugCommandsIssued", "MGP", "debugging commands run", |_| U32(0)),
    field("CumRecvLogs", "MCP", "log lines received", |_| U32(0)),
    field("Build info", "POS", "build", |v| Text(v.version)),
    field("Memmax_bytes", "CLP", "memory allowed, in bytes (-m)", |_| U32(0)),
    field("PoolAlloc_bytes", "MGP", "buffers allocated, in bytes", |v| U64(v.pool_bytes)),
    field("PoolUsed_bytes", "MGP", "buffers in use, in bytes", |v| U64(v.pool_used_bytes)),
    field("Start_time_sec", "MDP", "start, in seconds since 1970", |v| Micros(v.start_micros)),
    field("Tainted", "SGP", "experimental features used", |_| Text("0")),
    field("Reloads", "MCP", "reloads done", |v| U32(v.family.reloads.into())),
    field("FailedReloads", "MCP", "reloads that failed", |v| U32(v.family.failed.into())),
    field("OldWorkers", "MGP", "old workers that finish their connections", |v| U32(v.family.old.into())),
    field("OldWorkersConns", "MGP", "connections that old workers still have", |v| U64(v.family.old_conns)),
    field("OldWorkersOldest_sec", "MaP", "age of the oldest of these, in seconds", |v| U64(v.family.oldest_s)),
    field("StaleEvents", "MCP", "events for descriptors closed in the same turn", |v| U64(v.counters.stale_tokens)),
    field("AcceptPauses", "MCP", "times a listener paused for want of descriptors or memory", |v| U64(v.counters.accept_pauses)),
    field("MptcpFallbacks", "MCP", "times TCP was used where MPTCP was to be", |v| U64(v.counters.mptcp_fallbacks)),
    field("SpliceRefused", "MCP", "connections on which the kernel refused splice", |v| U64(v.counters.splice_refused)),
    field("PipesMax", "MMP", "most pipes in use", |v| U32(v.held.pipes_max)),
    field("PipesRefused", "MCP", "times no pipe could be had: maxpipes, or no descriptor left", |v| U64(v.held.pipes_refused)),
    field("BuffersMax", "MMP", "most buffers in use", |v| U32(v.held.buffers_max)),
    field("ArenaConns", "MGP", "connections held, idle ones to servers included", |v| U32(v.held.conns)),
    field("ArenaSessions", "MGP", "client sessions held", |v| U32(v.held.sessions)),
    field("ArenaStreams", "MGP", "streams held", |v| U32(v.held.streams)),
    field("ArenaListeners", "MGP", "listeners held, those of the CLI included", |v| U32(v.held.listeners)),
    field("ArenaTimers", "MGP", "timers that something waits for", |v| U32(v.held.timers)),
    field("ArenaIdleServerConns", "MGP", "idle server connections held", |v| U32(v.held.idle_server_conns)),
    field("ArenaBuffers", "MGP", "buffers lent", |v| U32(v.held.buffers)),
    field("ArenaPipes", "MGP", "pipes lent", |v| U32(v.held.pipes)),
    field("ArenaPipesIdle", "MGP", "pipes kept open for the next use", |v| U32(v.held.pipes_idle)),
];

/// The fields that are there, with their positions.
fn fields<'a>(view: &InfoView<'a>, float: bool) -> impl Iterator<Item = (usize, &'static Field, Value<'a>)> {
    FIELDS.iter().enumerate().filter_map(move |(at, field)| match (field.value)(view) {
        Absent => None,
        Micros(micros) if float => Some((at, field, Value::Float(micros))),
        value => Some((at, field, value)),
    })
}

/// `show info [desc|json|typed|float]*`
pub fn info(call: &mut Call<'_>) -> Progress {
    let has = |word: &str| call.words.iter().skip(2).any(|w| w == word);
    let (typed, desc, float) = (has("typed"), has("desc"), has("float"));
    if has("json") && !typed {
        return json(call, float);
    }
    let view = call.world.info();
    for (at, field, value) in fields(&view, float) {
        let mut line = match typed {
            true => format!("{at}.{}.1:{}:{}:{value}", field.name, field.tag, value.word()),
            false => format!("{}: {value}", field.name),
        };
        if desc {
            line.push_str(&format!(":\"{}\"", field.help));
        }
        call.out.extend_from_slice(line.as_bytes());
        call.out.push(b'\n');
    }
    Progress::Done
}

fn json(call: &mut Call<'_>, float: bool) -> Progress {
    let view = call.world.info();
    let mut mark = b'[';
    for (at, field, value) in fields(&view, float) {
        call.out.extend_from_slice(&[mark, b'{']);
        json::push_field(call.out, at, field.name, field.tag, value.word(), &value.to_string());
        mark = b',';
    }
    call.out.extend_from_slice(b"]\n");
    Progress::Done
}

#[cfg(test)]
mod tests {
    use crate::service::cli::testing::{TestWorld, answer};

    #[test]
    fn the_fields_stand_in_the_reference_order() {
        let text = answer(&mut TestWorld::new(), "show info");
        assert!(text.starts_with("Name: HAProxy\nVersion: 9.9\n"), "{text}");
        for line in [
            "Pid: 4321",
            "Uptime: 1d 1h01m01s",
            "Uptime_sec: 90061",
            "CurrConns: 3",
            "node: vm",
            "DroppedLogs: 5",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in {text}");
        }
        assert!(!text.contains("description") && !text.contains("Zlib"));
        assert!(text.ends_with("\n\n"));
    }

    #[test]
    fn typed_positions_are_those_of_the_reference() {
        let text = answer(&mut TestWorld::new(), "show info typed");
        for line in [
            "0.Name.1:POS:str:HAProxy",
            "17.CurrConns.1:MGP:u32:3",
            "47.Tasks.1:MGP:u32:0",
            "50.node.1:COS:str:vm",
            "61.TotalBytesOut.1:MGP:u64:0",
            "66.Build info.1:POS:str:9.9",
            "71.Tainted.1:SGP:str:0",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} in {text}");
        }
    }

    #[test]
    fn seconds_have_a_fraction_where_it_is_asked_for() {
        let text = answer(&mut TestWorld::new(), "show info float typed");
        assert!(text.contains(".Uptime_sec.1:MDP:flt:90061.25\n"), "{text}");
        let text = answer(&mut TestWorld::new(), "show info float");
        assert!(text.contains("\nUptime_sec: 90061.25\n"), "{text}");
    }

    #[test]
    fn json_has_the_same_facts() {
        let text = answer(&mut TestWorld::new(), "show info json");
        assert!(
            text.starts_with(
                "[{\"field\":{\"pos\":0,\"name\":\"Name\"},\"processNum\":1,\"tags\":{\"origin\":\"Product\",\
                 \"nature\":\"Output\",\"scope\":\"Service\"},\"value\":{\"type\":\"str\",\"value\":\"HAProxy\"}},{"
            ),
            "{text}"
        );
        assert!(text.ends_with("}]\n\n") && text.lines().count() == 2, "{text}");
    }

    #[test]
    fn what_is_held_stands_at_the_end() {
        let text = answer(&mut TestWorld::new(), "show info");
        assert!(text.contains("\nArenaConns: 2\nArenaSessions: 0\n"), "{text}");
        assert!(text.ends_with("\nArenaPipesIdle: 0\n\n"), "{text}");
    }

    #[test]
    fn desc_explains_each_field() {
        let text = answer(&mut TestWorld::new(), "show info desc");
        assert!(text.lines().take_while(|l| !l.is_empty()).all(|line| line.ends_with('"')), "{text}");
    }
}
