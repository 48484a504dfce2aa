//! `show stat`: a row for each frontend, listener, server and backend (management.txt 9.1).

use super::json;
use super::rows::{Call, Cursor, Progress};
use super::show_sess::address;
use super::view::{ListenerView, ProxyView, ServerState, ServerView, World};
use crate::balance::SIXTEENTHS;
use crate::metrics::columns::{COLUMN_COUNT, COLUMNS, Column, Kind, position};
use crate::metrics::{HttpCounters, Times};
use crate::settings::Mode;
use std::fmt::{self, Write as _};

/// One cell; `None` in a row is an empty one.
enum Cell<'a> {
    Number(u64),
    Signed(i64),
    Text(&'a str),
    Owned(String),
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Number(value) => write!(f, "{value}"),
            Cell::Signed(value) => write!(f, "{value}"),
            Cell::Text(text) => f.write_str(text),
            Cell::Owned(text) => f.write_str(text),
        }
    }
}

/// The kinds of rows, in the order in which a proxy shows them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Object {
    Frontend,
    Listener,
    Server,
    Backend,
}

impl Object {
    /// Bit in the `<type>` argument, number in the `type` column, letter in typed output.
    const fn marks(self) -> (i64, u64, char) {
        match self {
            Object::Frontend => (1, 0, 'F'),
            Object::Backend => (2, 1, 'B'),
            Object::Server => (4, 2, 'S'),
            Object::Listener => (8, 3, 'L'),
        }
    }
}

struct RowOut<'a> {
    object: Object,
    cells: [Option<Cell<'a>>; COLUMN_COUNT],
}

/// Fills cells by the name of their column; a wrong name does not compile.
macro_rules! set {
    ($row:expr, $( $name:literal = $value:expr ),+ $(,)?) => {
        $( $row.cells[const { position($name) }] = Some($value); )+
    };
}

fn n(value: impl Into<u64>) -> Cell<'static> {
    Cell::Number(value.into())
}

/// Which rows a command asks for, and how they are written.
struct Filter {
    proxy: Option<String>,
    types: i64,
    sid: i64,
    typed: bool,
    json: bool,
    up: bool,
    no_maint: bool,
}

impl Filter {
    fn of(words: &[String]) -> Filter {
        let has = |word: &str| words.iter().skip(2).any(|w| w == word);
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<i64>().ok());
        let mut filter = Filter {
            proxy: None,
            types: -1,
            sid: -1,
            typed: has("typed"),
            json: has("json") && !has("typed"),
            up: has("up"),
            no_maint: has("no-maint"),
        };
        if let (Some(proxy), Some(types), Some(sid)) = (words.get(2), number(3), number(4)) {
            filter.proxy = Some(proxy.clone()).filter(|proxy| proxy != "-1");
            (filter.types, filter.sid) = (types, sid);
        }
        filter
    }

    fn wants_proxy(&self, proxy: &ProxyView<'_>) -> bool {
        self.proxy.as_deref().is_none_or(|name| {
            name.parse().map_or_else(|_| proxy.settings.name == name, |id: u32| proxy.settings.id == id)
        })
    }

    fn wants(&self, object: Object, sid: u32) -> bool {
        let (bit, _, _) = object.marks();
        self.types & bit != 0 && (self.sid == -1 || self.sid == i64::from(sid))
    }

    fn wants_server(&self, server: &ServerView<'_>) -> bool {
        self.wants(Object::Server, server.settings.id)
            && (!self.up || server.state.is_up())
            && !(self.no_maint && server.state == ServerState::Maint)
    }

    /// Backends show how many of their servers are up when servers may have been left out.
    fn counts_servers(&self) -> bool {
        self.up || self.no_maint
    }
}

/// `show stat [<px>|<iid> <type> <sid>] [json|typed|up|no-maint]*`
pub fn stat(call: &mut Call<'_>) -> Progress {
    let filter = Filter::of(call.words);
    if call.cursor.step == 0 {
        let is_named = filter.proxy.as_deref().is_some_and(|name| name.parse::<u32>().is_err());
        let is_known = |at: usize| call.world.proxy(at).map(|proxy| filter.wants_proxy(&proxy));
        if is_named && !(0..).map_while(is_known).any(|known| known) {
            return call.refuse("No such proxy.");
        }
        match (filter.typed, filter.json) {
            (false, false) => push_header(call.out),
            (_, json) => call.out.extend_from_slice(if json { b"[" } else { b"" }),
        }
        call.cursor.step = FRONTEND;
    }
    let now_ms = call.world.info().now_ms;
    while let Some(proxy) = call.world.proxy(call.cursor.outer) {
        while filter.wants_proxy(&proxy) && call.cursor.step <= BACKEND {
            let start = call.out.len();
            push_next(call.out, call.world, call.cursor, &proxy, &filter, now_ms);
            // In JSON every row begins with a comma, the first of all without.
            if filter.json && call.out.len() > start && !std::mem::replace(&mut call.cursor.begun, true) {
                call.out.remove(start);
            }
            if call.out.len() >= super::rows::OUTPUT_PAGE_LEN {
                return Progress::More;
            }
        }
        call.cursor.outer += 1;
        (call.cursor.step, call.cursor.inner) = (FRONTEND, 0);
    }
    if filter.json {
        call.out.extend_from_slice(b"]\n");
    }
    Progress::Done
}

fn push_header(out: &mut Vec<u8>) {
    out.extend_from_slice(b"# ");
    for column in COLUMNS {
        out.extend_from_slice(column.name.as_bytes());
        out.push(b',');
    }
    out.push(b'\n');
}

/// The step of the cursor: which of a proxy's rows is next. Before the first there is the header.
const FRONTEND: usize = 1;
const LISTENERS: usize = 2;
const SERVERS: usize = 3;
const BACKEND: usize = 4;

/// The row of a proxy at which the cursor stands, if it is wanted; moves the cursor on.
fn push_next(
    out: &mut Vec<u8>,
    world: &dyn World,
    cursor: &mut Cursor,
    proxy: &ProxyView<'_>,
    filter: &Filter,
    now_ms: u64,
) {
    let settings = proxy.settings;
    let (at, nth) = (cursor.outer, cursor.inner);
    let more = match cursor.step {
        FRONTEND => {
            if settings.kind.is_frontend() && filter.wants(Object::Frontend, 0) {
                frontend(proxy, now_ms).push(out, proxy, 0, filter);
            }
            false
        }
        LISTENERS => {
            let shown = settings.kind.is_frontend() && settings.options.socket_stats;
            let view = world.listener(at, nth).filter(|_| shown);
            if let Some(view) = view.filter(|view| filter.wants(Object::Listener, view.id)) {
                listener(proxy, &view).push(out, proxy, view.id, filter);
            }
            view.is_some()
        }
        SERVERS => {
            let view = world.server(at, nth).filter(|_| settings.kind.is_backend());
            if let Some(view) = view.filter(|view| filter.wants_server(view)) {
                server(proxy, &view, now_ms).push(out, proxy, view.settings.id, filter);
            }
            view.is_some()
        }
        _ => {
            if settings.kind.is_backend() && filter.wants(Object::Backend, 0) {
                let servers = (0..).map_while(|nth| world.server(at, nth));
                backend(proxy, servers, filter, now_ms).push(out, proxy, 0, filter);
            }
            false
        }
    };
    match more {
        true => cursor.inner += 1,
        false => (cursor.step, cursor.inner) = (cursor.step + 1, 0),
    }
}

/// What every row begins with.
fn row<'a>(object: Object, proxy: &ProxyView<'a>, name: &'a str, sid: u32) -> RowOut<'a> {
    let mut row = RowOut { object, cells: [const { None }; COLUMN_COUNT] };
    set!(
        row,
        "pxname" = Cell::Text(&proxy.settings.name),
        "svname" = Cell::Text(name),
        "pid" = n(1u8),
        "iid" = n(proxy.settings.id),
        "sid" = n(sid),
        "type" = n(object.marks().1),
        "mode" = Cell::Text(match proxy.settings.mode {
            Mode::Tcp => "tcp",
            Mode::Http => "http",
        }),
        "-" = Cell::Text("-"),
    );
    row
}

#[rustfmt::skip]
fn frontend<'a>(proxy: &ProxyView<'a>, now_ms: u64) -> RowOut<'a> {
    let fe = proxy.fe;
    let mut row = row(Object::Frontend, proxy, "FRONTEND", 0);
    set!(row,
        "scur" = n(fe.sess.cur), "smax" = n(fe.sess.max), "slim" = n(proxy.maxconn), "stot" = n(fe.sess.tot),
        "bin" = n(fe.bytes_in), "bout" = n(fe.bytes_out),
        "dreq" = n(fe.denied_req), "dresp" = n(fe.denied_resp), "ereq" = n(fe.failed_req),
        "status" = Cell::Text(proxy.state.word()),
        "rate" = n(fe.sess_rate.per_second(now_ms)), "rate_max" = n(fe.sess_rate.max()),
        "rate_lim" = n(proxy.settings.rate_limit_sessions.unwrap_or(0)),
        "req_rate" = n(fe.http.request_rate.per_second(now_ms)), "req_rate_max" = n(fe.http.request_rate.max()),
        "req_tot" = n(fe.http.requests),
        "comp_in" = n(0u8), "comp_out" = n(0u8), "comp_byp" = n(0u8), "comp_rsp" = n(0u8),
        "conn_rate" = n(fe.conn_rate.per_second(now_ms)), "conn_rate_max" = n(fe.conn_rate.max()),
        "conn_tot" = n(fe.conn_tot), "dcon" = n(fe.denied_conn), "dses" = n(fe.denied_sess),
        "wrew" = n(fe.failed_rewrites), "eint" = n(fe.internal_errors),
        "mptcp_conn" = n(fe.negotiated.mptcp), "spliced_in" = n(fe.spliced_in), "spliced_out" = n(fe.spliced_out),
    );
    if proxy.settings.mode == Mode::Http {
        set_responses(&mut row, &fe.http);
        set!(row, "intercepted" = n(fe.intercepted), "cache_lookups" = n(0u8), "cache_hits" = n(0u8));
    }
    row
}

#[rustfmt::skip]
fn listener<'a>(proxy: &ProxyView<'a>, view: &ListenerView<'a>) -> RowOut<'a> {
    let counters = view.counters;
    let mut row = row(Object::Listener, proxy, view.name, view.id);
    set!(row,
        "scur" = n(counters.conn.cur), "smax" = n(counters.conn.max), "slim" = n(view.maxconn),
        "stot" = n(counters.conn.tot), "bin" = n(counters.bytes_in), "bout" = n(counters.bytes_out),
        "dreq" = n(counters.denied_req), "dresp" = n(counters.denied_resp), "ereq" = n(counters.failed_req),
        "status" = Cell::Text(view.state.word()), "addr" = Cell::Owned(bracketed(view)),
        "dcon" = n(counters.denied_conn), "dses" = n(counters.denied_sess), "wrew" = n(counters.failed_rewrites),
        "eint" = n(counters.internal_errors), "mptcp_conn" = n(counters.negotiated.mptcp),
    );
    row
}

#[rustfmt::skip]
fn server<'a>(proxy: &ProxyView<'a>, view: &ServerView<'a>, now_ms: u64) -> RowOut<'a> {
    let counters = view.counters;
    let settings = view.settings;
    let mut row = row(Object::Server, proxy, &settings.name, settings.id);
    set_common(&mut row, counters, now_ms);
    set!(row,
        "status" = Cell::Text(view.state.word()), "weight" = n(whole(effective(view))), "uweight" = n(view.weight),
        "act" = n(!settings.backup), "bck" = n(settings.backup), "lastchg" = n(view.last_change_secs),
        "srv_icur" = n(view.idle), "idle_conn_cur" = n(view.idle.saturating_sub(view.idle_safe)),
        "safe_conn_cur" = n(view.idle_safe), "used_conn_cur" = n(view.used), "need_conn_est" = n(view.needed),
    );
    if proxy.settings.mode == Mode::Http {
        set!(row, "req_tot" = n(counters.http.requests));
    }
    if let Some(percent) = throttle(view) { set!(row, "throttle" = n(percent)); }
    if view.maxconn > 0 { set!(row, "slim" = n(view.maxconn)); }
    if settings.maxqueue > 0 { set!(row, "qlimit" = n(settings.maxqueue)); }
    if let Ok(limit) = u64::try_from(settings.pool_max_conn) { set!(row, "src_ilim" = n(limit)); }
    if let Some(cookie) = view.cookie { set!(row, "cookie" = Cell::Text(cookie)); }
    if let Some(inet) = view.address.and_then(|address| address.inet()) {
        set!(row, "addr" = Cell::Owned(inet.to_string()));
    } else if view.address.is_some() {
        set!(row, "addr" = Cell::Text("unix"));
    }
    row
}

/// The weight that counts, in sixteenths.
fn effective(view: &ServerView<'_>) -> u64 {
    u64::from(view.weight * view.sixteenths)
}

/// Sixteenths in whole units, rounded up.
fn whole(sixteenths: u64) -> u64 {
    sixteenths.div_ceil(SIXTEENTHS.into())
}

/// Percent of its weight that a server has reached in its slow start, rounded as in the reference.
fn throttle(view: &ServerView<'_>) -> Option<u64> {
    let starts = view.starts_slowly && view.state != ServerState::Drain;
    whole(effective(view) * 100).checked_div(view.weight.into()).filter(|_| starts)
}

#[rustfmt::skip]
fn backend<'a>(
    proxy: &ProxyView<'a>,
    servers: impl Iterator<Item = ServerView<'a>>,
    filter: &Filter,
    now_ms: u64,
) -> RowOut<'a> {
    let (mut all, mut up) = (0u64, 0u64);
    // Weight of those that serve, in sixteenths and as it was set, number: of servers that are up, and of backups that
    // are up.
    let mut groups = [(0u64, 0u64, 0u64); 2];
    for server in servers {
        all += 1;
        up += u64::from(server.state.is_up());
        if server.state.is_up() && server.state != ServerState::Drain && server.weight > 0 {
            let backup = server.settings.backup;
            let (weight, set_weight, count) = &mut groups[usize::from(backup)];
            // Of several backups the first one serves, unless an option says otherwise.
            if !backup || *count == 0 || proxy.settings.options.allbackups {
                *weight += effective(&server);
                *set_weight += u64::from(server.weight);
            }
            *count += 1;
        }
    }
    let [(.., active), (.., backup)] = groups;
    let (weight, set_weight, _) = groups[usize::from(active == 0)];
    let word = if all == 0 || active + backup > 0 { "UP" } else { "DOWN" };
    let mut row = row(Object::Backend, proxy, "BACKEND", 0);
    set_common(&mut row, proxy.be, now_ms);
    set!(row,
        "slim" = n(proxy.fullconn), "dreq" = n(proxy.be.denied_req),
        "status" = if filter.counts_servers() { Cell::Owned(format!("{word} ({up}/{all})")) } else { Cell::Text(word) },
        "weight" = n(whole(weight)), "uweight" = n(set_weight), "act" = n(active), "bck" = n(backup),
        "chkdown" = n(proxy.be.down_transitions), "lastchg" = n(proxy.last_change_secs),
        "comp_in" = n(0u8), "comp_out" = n(0u8), "comp_byp" = n(0u8), "comp_rsp" = n(0u8),
        "algo" = Cell::Text(proxy.settings.balance_word()),
        "agg_server_status" = n(0u8), "agg_server_check_status" = n(0u8), "agg_check_status" = n(0u8),
    );
    if all > 0 { set!(row, "downtime" = n(proxy.down_secs)); }
    if let Some(cookie) = &proxy.settings.cookie { set!(row, "cookie" = Cell::Text(&cookie.name)); }
    if proxy.settings.mode == Mode::Http {
        set!(row, "req_tot" = n(proxy.be.http.requests), "cache_lookups" = n(0u8), "cache_hits" = n(0u8));
    }
    row
}

/// What servers and backends count alike.
#[rustfmt::skip]
fn set_common(row: &mut RowOut<'_>, be: &crate::metrics::BackendCounters, now_ms: u64) {
    let last = be.last_session_ms.map_or(-1, |ms| (now_ms as i64).saturating_sub(ms) / 1000);
    set!(row,
        "qcur" = n(be.queue.cur), "qmax" = n(be.queue.max),
        "scur" = n(be.sess.cur), "smax" = n(be.sess.max), "stot" = n(be.sess.tot),
        "bin" = n(be.bytes_in), "bout" = n(be.bytes_out), "dresp" = n(be.denied_resp),
        "econ" = n(be.failed_conns), "eresp" = n(be.failed_resp),
        "wretr" = n(be.retries), "wredis" = n(be.redispatches), "lbtot" = n(be.lbtot),
        "rate" = n(be.sess_rate.per_second(now_ms)), "rate_max" = n(be.sess_rate.max()),
        "cli_abrt" = n(be.cli_aborts), "srv_abrt" = n(be.srv_aborts), "lastsess" = Cell::Signed(last),
        "wrew" = n(be.failed_rewrites), "connect" = n(be.connect), "reuse" = n(be.reuse),
        "eint" = n(be.internal_errors), "mptcp_conn" = n(be.connect_mptcp),
        "mptcp_fallback" = n(be.connect_mptcp_fallback), "spliced_in" = n(be.spliced_in),
        "spliced_out" = n(be.spliced_out),
    );
    set_times(row, &be.times);
    if matches!(row.cells[const { position("mode") }], Some(Cell::Text("http"))) {
        set_responses(row, &be.http);
    }
}

#[rustfmt::skip]
fn set_times(row: &mut RowOut<'_>, times: &Times) {
    set!(row,
        "qtime" = n(times.queue_ms.get()), "ctime" = n(times.connect_ms.get()),
        "rtime" = n(times.response_ms.get()), "ttime" = n(times.total_ms.get()),
        "qtime_max" = n(times.queue_ms.max), "ctime_max" = n(times.connect_ms.max),
        "rtime_max" = n(times.response_ms.max), "ttime_max" = n(times.total_ms.max),
    );
}

fn set_responses(row: &mut RowOut<'_>, http: &HttpCounters) {
    let [r1, r2, r3, r4, r5, other] = http.responses;
    set!(row, "hrsp_1xx" = n(r1), "hrsp_2xx" = n(r2), "hrsp_3xx" = n(r3), "hrsp_4xx" = n(r4));
    set!(row, "hrsp_5xx" = n(r5), "hrsp_other" = n(other));
}

/// As a server's address is written: IPv6 in brackets, `unix` for all unix sockets.
fn bracketed(view: &ListenerView<'_>) -> String {
    match view.address.inet() {
        Some(inet) => inet.to_string(),
        None => address(view.address, view.id).split(':').next().unwrap_or("unix").to_owned(),
    }
}

impl RowOut<'_> {
    fn push(&self, out: &mut Vec<u8>, proxy: &ProxyView<'_>, sid: u32, filter: &Filter) {
        if filter.typed {
            return self.push_typed(out, proxy.settings.id, sid);
        }
        if filter.json {
            return self.push_json(out, proxy.settings.id, sid);
        }
        for cell in &self.cells {
            push_csv(out, cell.as_ref());
            out.push(b',');
        }
        out.push(b'\n');
    }

    fn push_json(&self, out: &mut Vec<u8>, iid: u32, sid: u32) {
        let kind = match self.object {
            Object::Frontend => "Frontend",
            Object::Listener => "Listener",
            Object::Server => "Server",
            Object::Backend => "Backend",
        };
        out.extend_from_slice(b",[");
        let mut mark = "";
        for (at, column, cell) in self.numbered() {
            let opening = format!("{mark}{{\"objType\":\"{kind}\",\"proxyId\":{iid},\"id\":{sid},");
            out.extend_from_slice(opening.as_bytes());
            let (tag, form) = (self.tag(column), column.kind.word());
            json::push_field(out, at, column.name, tag, form, &cell.to_string());
            mark = ",";
        }
        out.push(b']');
    }

    /// The cells that are not empty with their columns and the columns' numbers; the mark between the fixed
    /// columns and the others has none.
    fn numbered(&self) -> impl Iterator<Item = (usize, &'static Column, &Cell<'_>)> {
        let columns = COLUMNS.iter().zip(&self.cells).filter(|(column, _)| column.kind != Kind::Mark);
        columns.enumerate().filter_map(|(at, (column, cell))| Some((at, column, cell.as_ref()?)))
    }

    fn tag(&self, column: &Column) -> &'static str {
        if self.object == Object::Backend { column.tag_backend } else { column.tag }
    }

    fn push_typed(&self, out: &mut Vec<u8>, iid: u32, sid: u32) {
        let (_, _, letter) = self.object.marks();
        let mut line = String::new();
        for (at, column, cell) in self.numbered() {
            let (tag, form) = (self.tag(column), column.kind.word());
            line.clear();
            // Writing to a String cannot fail.
            let _ = writeln!(line, "{letter}.{iid}.{sid}.{at}.{}.1:{tag}:{form}:{cell}", column.name);
            out.extend_from_slice(line.as_bytes());
        }
    }
}

/// A text with a comma or a quote is quoted, its quotes doubled (management.txt 9.1).
fn push_csv(out: &mut Vec<u8>, cell: Option<&Cell<'_>>) {
    let text = match cell {
        None => return,
        Some(Cell::Number(value)) => {
            return out.extend_from_slice(itoa::Buffer::new().format(*value).as_bytes());
        }
        Some(Cell::Signed(value)) => {
            return out.extend_from_slice(itoa::Buffer::new().format(*value).as_bytes());
        }
        Some(Cell::Text(text)) => text,
        Some(Cell::Owned(text)) => text.as_str(),
    };
    if text.contains([',', '"', '\n']) {
        out.extend_from_slice(format!("\"{}\"", text.replace('"', "\"\"")).as_bytes());
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::cli::testing::{TestWorld, answer};

    /// Up to the `-` column, as haproxy 2.6.12 writes the same configuration.
    fn fixed(line: &str) -> &str {
        line.split_once(",-,").unwrap().0
    }

    #[test]
    fn rows_are_those_of_the_reference() {
        let text = answer(&mut TestWorld::new(), "show stat");
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("# pxname,svname,qcur,") && lines[0].ends_with(','));
        let expected = [
            "fe,FRONTEND,,,0,0,400,0,0,0,0,0,0,,,,,OPEN,,,,,,,,,1,2,0,,,,0,0,0,0,,,,0,0,0,0,0,0,,0,0,0,,,0,0,0,0,,,,,,,,,,,,,,,,,,,,,http,,0,0,0,0,0,0,0,,,0,0,,,,,,,0,,,,,,,,",
            "fe,sock-1,,,0,0,0,0,0,0,0,0,0,,,,,OPEN,,,,,,,,,1,2,1,,,,3,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,127.0.0.1:8080,,http,,,,,,0,0,0,,,,,,,,,,,0,,,,,,,,",
            "be,s1,0,0,0,0,,0,0,0,,0,,0,0,0,0,no check,1,1,0,,,7,,,1,3,1,,0,,2,0,,0,,,,0,0,0,0,0,0,,,,0,0,0,,,,,-1,,,0,0,0,0,,,,,,,,,,,,127.0.0.1:1,,http,,,,,,,,0,0,0,,,0,,0,0,0,0,0,0,0,0,0,1,,,",
            "be,s2,0,0,0,0,5,0,0,0,,0,,0,0,0,0,MAINT,3,1,0,,,7,,4,1,3,2,,0,,2,0,,0,,,,0,0,0,0,0,0,,,,0,0,0,,,,,-1,,,0,0,0,0,,,,,,,,,,,,127.0.0.1:2,,http,,,,,,,,0,0,0,,,0,,0,0,0,0,0,0,0,0,0,3,,,",
            "be,BACKEND,0,0,0,0,40,0,0,0,0,0,,0,0,0,0,UP,1,1,0,,0,7,0,,1,3,0,,0,,1,0,,0,,,,0,0,0,0,0,0,,,,0,0,0,0,0,0,0,-1,,,0,0,0,0,,,,,,,,,,,,,,http,roundrobin,,,,,,,0,0,0,0,0,,,0,0,0,0,0,,,,,1,0,0,0",
            "li,FRONTEND,,,0,0,400,0,0,0,0,0,0,,,,,OPEN,,,,,,,,,1,4,0,,,,0,0,0,0,,,,,,,,,,,0,0,0,,,0,0,0,0,,,,,,,,,,,,,,,,,,,,,tcp,,0,0,0,,0,0,0,,,,,,,,,,,0,,,,,,,,",
            "li,s1,0,0,0,0,,0,0,0,,0,,0,0,0,0,no check,1,0,1,,,7,,,1,4,1,,0,,2,0,,0,,,,,,,,,,,,,,0,0,,,,,-1,,,0,0,0,0,,,,,,,,,,,,127.0.0.1:1,,tcp,,,,,,,,0,0,0,,,0,,0,0,0,0,0,0,0,0,0,1,,,",
            "li,BACKEND,0,0,0,0,40,0,0,0,0,0,,0,0,0,0,UP,1,0,1,,0,7,0,,1,4,0,,0,,1,0,,0,,,,,,,,,,,,,,0,0,0,0,0,0,-1,,,0,0,0,0,,,,,,,,,,,,,,tcp,roundrobin,,,,,,,0,0,0,,,,,0,0,0,0,0,,,,,1,0,0,0",
        ];
        for (seen, expected) in lines[1..].iter().zip(expected) {
            assert_eq!(fixed(seen), expected);
            assert_eq!(seen.split(',').count(), lines[0].split(',').count());
        }
        assert_eq!(lines.len(), 10, "eight rows, a header and an empty line");
    }

    #[test]
    fn rows_can_be_chosen_by_proxy_type_and_id() {
        let mut world = TestWorld::new();
        let names = |world: &mut TestWorld, command: &str| -> Vec<String> {
            let text = answer(world, command);
            let rows = text.lines().skip(1).filter(|line| !line.is_empty());
            rows.map(|line| line.split(',').take(2).collect::<Vec<_>>().join("/")).collect()
        };
        assert_eq!(names(&mut world, "show stat be 4 -1"), ["be/s1", "be/s2"]);
        assert_eq!(names(&mut world, "show stat be 4 2"), ["be/s2"]);
        assert_eq!(names(&mut world, "show stat 4 3 -1"), ["li/FRONTEND", "li/BACKEND"]);
        assert_eq!(names(&mut world, "show stat -1 1 -1"), ["fe/FRONTEND", "li/FRONTEND"]);
        assert_eq!(names(&mut world, "show stat be 6 -1 up"), ["be/s1", "be/BACKEND"]);
        assert_eq!(names(&mut world, "show stat 99 1 1"), [""; 0]);
        assert_eq!(
            names(&mut world, "show stat be").len(),
            8,
            "a name alone chooses nothing, as in the reference"
        );
        assert_eq!(answer(&mut world, "show stat nope 1 1"), "No such proxy.\n\n");
        assert!(
            answer(&mut world, "show stat up")
                .contains("be,BACKEND,0,0,0,0,40,0,0,0,0,0,,0,0,0,0,UP (1/2),1,")
        );
    }

    #[test]
    fn typed_lines_carry_object_position_and_tags() {
        let text = answer(&mut TestWorld::new(), "show stat typed");
        for line in [
            "F.2.0.0.pxname.1:KNS:str:fe",
            "F.2.0.4.scur.1:MGP:u32:0",
            "L.2.1.73.addr.1:CGS:str:127.0.0.1:8080",
            "S.3.1.17.status.1:SGP:str:no check",
            "S.3.1.55.lastsess.1:MAP:s32:-1",
            "S.3.1.19.act.1:SGP:u32:1",
            "B.3.0.19.act.1:MGP:u32:1",
            "B.3.0.33.rate.1:MGP:u32:0",
            "B.3.0.76.algo.1:CGS:str:roundrobin",
            "F.2.0.103.mptcp_conn.1:MCP:u64:0",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}");
        }
    }

    #[test]
    fn json_has_the_same_facts() {
        let text = answer(&mut TestWorld::new(), "show stat json");
        assert!(
            text.starts_with(
                "[[{\"objType\":\"Frontend\",\"proxyId\":2,\"id\":0,\"field\":{\"pos\":0,\"name\":\"pxname\"},\
                 \"processNum\":1,"
            ),
            "{text}"
        );
        assert!(text.ends_with("}]]\n\n") && text.lines().count() == 2, "{text}");
        assert_eq!(text.matches("}],[{").count(), 7, "eight rows");
        assert!(text.contains("\"value\":{\"type\":\"s32\",\"value\":-1}"));
        assert_eq!(answer(&mut TestWorld::new(), "show stat 99 1 1 json"), "[]\n\n");
    }

    #[test]
    fn a_text_that_could_be_mistaken_is_quoted() {
        let mut out = Vec::new();
        push_csv(&mut out, Some(&Cell::Text("a,\"b\"")));
        assert_eq!(out, b"\"a,\"\"b\"\"\"");
    }
}
