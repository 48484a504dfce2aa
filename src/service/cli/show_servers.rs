//! `show servers state` and `show servers conn` (management.txt 9.3).

use super::rows::{Call, Progress};
use super::view::{ProxyView, ServerState, ServerView};
use crate::net::address::{Host, Ports};

/// `srv_op_state` of a server that serves, and of one that does not.
const RUNNING: u8 = 2;
const STARTING: u8 = 1;
const STOPPED: u8 = 0;
/// `srv_check_status` and `srv_check_result` of a server that nobody checks.
const CHECK_INI: u8 = 1;
const CHECK_UNKNOWN: u8 = 0;
/// `srv_check_state` of a server that the configuration disables.
const CHECK_PAUSED: u8 = 8;

/// Version of the state file that follows.
const STATE_VERSION: &str = "1";

const STATE_HEADER: &str = "# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight \
    srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state \
    srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port \
    srv_check_addr srv_agent_addr srv_agent_port";

const CONN_HEADER: &str = "# bkname/svname bkid/svid addr port - purge_delay used_cur used_max need_est unsafe_nb \
    safe_nb idle_lim idle_cur idle_per_thr[1]";

/// `rise` when the configuration has none (configuration.txt 5.2).
const RISE_DEFAULT: u32 = 2;

/// `show servers state [<backend>]`
pub fn state(call: &mut Call<'_>) -> Progress {
    each_server(call, &[STATE_VERSION, STATE_HEADER], |proxy, server| {
        let settings = server.settings;
        let (address, port) = address_and_port(server);
        let up = server.state.is_up();
        let name = match &settings.address.host {
            Host::Name(name) => name,
            _ => "-",
        };
        format!(
            "{} {} {} {} {address} {} {} {} {} {} {CHECK_INI} {CHECK_UNKNOWN} {} {} 0 {} {} {name} {port} - 0 0 - - 0\n",
            proxy.settings.id,
            proxy.settings.name,
            settings.id,
            settings.name,
            match up {
                true if server.starts_slowly => STARTING,
                true => RUNNING,
                false => STOPPED,
            },
            admin_bits(server),
            server.weight,
            settings.weight,
            server.last_change_secs,
            // Whoever was set aside once counts as one that has yet to rise.
            if up && !settings.disabled && !server.was_set_aside {
                settings.rise.unwrap_or(RISE_DEFAULT)
            } else {
                0
            },
            if settings.disabled { CHECK_PAUSED } else { 0 },
            u8::from(proxy.settings.id_given),
            u8::from(settings.id_given),
        )
    })
}

/// Why a server is out of service or drains, in the bits of `srv_admin_state`.
fn admin_bits(server: &ServerView<'_>) -> u8 {
    let bits = [
        (server.state == ServerState::Maint, 0x01),
        (server.settings.disabled, 0x04),
        (server.state == ServerState::Drain, 0x08),
        (server.address.is_none(), 0x20),
    ];
    bits.into_iter().filter(|(is_set, _)| *is_set).map(|(_, bit)| bit).sum()
}

/// `show servers conn [<backend>]`
pub fn conn(call: &mut Call<'_>) -> Progress {
    each_server(call, &[CONN_HEADER], |proxy, server| {
        let (address, port) = address_and_port(server);
        let (unsafe_idle, limit) =
            (server.idle.saturating_sub(server.idle_safe), server.settings.pool_max_conn);
        format!(
            "{}/{} {}/{} {address} {port} - {} {used} {used} {used} {unsafe_idle} {} {limit} {} {}\n",
            proxy.settings.name,
            server.settings.name,
            proxy.settings.id,
            server.settings.id,
            server.settings.pool_purge_delay_ms,
            server.idle_safe,
            server.idle,
            server.idle,
            used = server.used,
        )
    })
}

fn address_and_port(server: &ServerView<'_>) -> (String, u16) {
    match server.address.and_then(|address| address.inet()) {
        Some(inet) => (inet.ip().to_string(), inet.port()),
        None => match server.settings.address.ports {
            Ports::Fixed(port) => ("-".to_owned(), port),
            Ports::None | Ports::Range(..) | Ports::Offset(_) => ("-".to_owned(), 0),
        },
    }
}

/// A header, then a line for each server of the backend that the command names, or of all.
fn each_server(
    call: &mut Call<'_>,
    header: &[&str],
    line: fn(&ProxyView<'_>, &ServerView<'_>) -> String,
) -> Progress {
    let wanted = call.word(3).map(str::to_owned);
    let is_wanted = |proxy: &ProxyView<'_>| wanted.as_deref().is_none_or(|name| proxy.settings.name == name);
    if call.cursor.step == 0 {
        let is_known = |proxy: ProxyView<'_>| proxy.settings.kind.is_backend() && is_wanted(&proxy);
        if wanted.is_some() && !(0..).map_while(|at| call.world.proxy(at).map(is_known)).any(|known| known) {
            return call.refuse("Can't find backend.");
        }
        header.iter().for_each(|text| _ = call.say(text));
        call.cursor.step = 1;
    }
    while let Some(proxy) = call.world.proxy(call.cursor.outer) {
        while is_wanted(&proxy) {
            let Some(server) = call.world.server(call.cursor.outer, call.cursor.inner) else { break };
            call.cursor.inner += 1;
            call.out.extend_from_slice(line(&proxy, &server).as_bytes());
            if call.out.len() >= super::rows::OUTPUT_PAGE_LEN {
                return Progress::More;
            }
        }
        call.cursor.outer += 1;
        call.cursor.inner = 0;
    }
    Progress::Done
}

#[cfg(test)]
mod tests {
    use crate::service::cli::testing::{TestWorld, answer};

    #[test]
    fn states_come_in_the_form_of_a_state_file() {
        let text = answer(&mut TestWorld::new(), "show servers state be");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "1");
        assert!(lines[1].starts_with("# be_id be_name srv_id srv_name srv_addr "));
        assert_eq!(lines[2], "3 be 1 s1 127.0.0.1 2 0 1 1 7 1 0 2 0 0 0 0 - 1 - 0 0 - - 0");
        assert_eq!(lines[3], "3 be 2 s2 127.0.0.1 0 5 3 3 7 1 0 0 8 0 0 0 - 2 - 0 0 - - 0");
        assert_eq!(lines[2].split(' ').count(), lines[1].split(' ').count() - 1);
        assert_eq!(lines.len(), 5);
    }

    #[test]
    fn all_backends_or_one_are_listed() {
        let mut world = TestWorld::new();
        assert_eq!(answer(&mut world, "show servers state").lines().count(), 6);
        assert_eq!(answer(&mut world, "show servers state nope"), "Can't find backend.\n\n");
        assert_eq!(answer(&mut world, "show servers state fe"), "Can't find backend.\n\n");
        assert_eq!(
            answer(&mut world, "show servers conn li").lines().nth(1).unwrap(),
            "li/s1 4/1 127.0.0.1 1 - 5000 0 0 0 0 0 -1 0 0"
        );
    }
}
