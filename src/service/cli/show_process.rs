//! What the process holds: backends, memory, descriptors, the messages of its start.

use super::rows::{Call, Progress};
use crate::conn::Connection;
use crate::stream::{Session, Stream};

/// `show backend`
pub fn backend(call: &mut Call<'_>) -> Progress {
    call.say("# name");
    for proxy in (0..).map_while(|at| call.world.proxy(at)) {
        if proxy.settings.kind.is_backend() {
            call.out.extend_from_slice(proxy.settings.name.as_bytes());
            call.out.push(b'\n');
        }
    }
    Progress::Done
}

/// `show startup-logs`: what was said while the configuration was read.
pub fn startup_logs(call: &mut Call<'_>) -> Progress {
    let logs = &call.world.info().global.startup_logs;
    call.out.extend_from_slice(logs.as_bytes());
    if logs.is_empty() {
        call.out.push(b'\n');
    }
    Progress::Done
}

/// `show pools`: what traffic takes memory from, in the reference's form.
pub fn pools(call: &mut Call<'_>) -> Progress {
    let info = call.world.info();
    let (held, buffer) = (info.held, info.global.tune.bufsize.max(1) as u64);
    let pools = [
        ("buffer", buffer, info.pool_bytes / buffer, held.buffers),
        ("connection", size_of::<Connection>() as u64, held.conns, held.conns),
        ("session", size_of::<Session>() as u64, held.sessions, held.sessions),
        ("stream", size_of::<Stream>() as u64, held.streams, held.streams),
    ];
    call.say("Dumping pools usage.");
    for (name, size, count, used) in pools {
        let bytes = count * size;
        call.say(&format!("  - Pool {name} ({size} bytes) : {count} allocated ({bytes} bytes), {used} used"));
    }
    let total = |count: fn(&(&str, u64, u64, u64)) -> u64| pools.iter().map(|p| count(p) * p.1).sum::<u64>();
    let (allocated, used) = (total(|pool| pool.2), total(|pool| pool.3));
    call.say(&format!("Total: {} pools, {allocated} bytes allocated, {used} used.", pools.len()))
}

/// `show fd [<number>]`: the descriptors of listeners and connections.
///
/// The cursor: `step` is 0 for listeners and 1 for connections, `outer` the proxy or the slot.
pub fn fd(call: &mut Call<'_>) -> Progress {
    let wanted = call.word(2).map(|word| word.parse::<i32>().unwrap_or(-1));
    let is_meant = |fd: i32| wanted.is_none_or(|wanted| wanted == fd);
    while call.cursor.step == 0 {
        let Some(proxy) = call.world.proxy(call.cursor.outer) else {
            (call.cursor.step, call.cursor.outer) = (1, 0);
            break;
        };
        let name = &proxy.settings.name;
        for listener in (0..).map_while(|at| call.world.listener(call.cursor.outer, at)) {
            if let Some(fd) = listener.fd.filter(|fd| is_meant(*fd)) {
                let (what, state) = (listener.name, listener.state.word());
                let line = format!("{fd:>7} : listener fe={name} name={what} state={state}\n");
                call.out.extend_from_slice(line.as_bytes());
            }
        }
        call.cursor.outer += 1;
        if call.is_page_full() {
            return Progress::More;
        }
    }
    while let Some(conn) = call.world.connection_from(call.cursor.outer) {
        call.cursor.outer = conn.slot + 1;
        if is_meant(conn.fd) {
            let (fd, end, proto, age) = (conn.fd, conn.end, conn.proto, conn.quiet_ms / 1000);
            let line = format!("{fd:>7} : {end} proto={proto} quiet={age}s\n");
            call.out.extend_from_slice(line.as_bytes());
        }
        if call.is_page_full() {
            return Progress::More;
        }
    }
    Progress::Done
}

#[cfg(test)]
mod tests {
    use crate::service::cli::testing::{TestWorld, answer};

    #[test]
    fn backends_are_listed_by_name() {
        assert_eq!(answer(&mut TestWorld::new(), "show backend"), "# name\nbe\nli\n\n");
    }

    #[test]
    fn the_messages_of_the_start_are_shown() {
        let mut world = TestWorld::new();
        assert_eq!(answer(&mut world, "show startup-logs"), "\n\n");
        world.settings.global.startup_logs = "[WARNING]  (1) : config : x\n".to_owned();
        assert_eq!(answer(&mut world, "show startup-logs"), "[WARNING]  (1) : config : x\n\n");
    }

    #[test]
    fn pools_add_up() {
        let text = answer(&mut TestWorld::new(), "show pools");
        let size = size_of::<super::Connection>();
        assert!(
            text.contains(&format!(
                " connection ({size} bytes) : 2 allocated ({} bytes), 2 used\n",
                2 * size
            ))
        );
        assert!(
            text.ends_with(&format!("Total: 4 pools, {0} bytes allocated, {0} used.\n\n", 2 * size)),
            "{text}"
        );
    }

    #[test]
    fn descriptors_of_listeners_and_connections_are_shown() {
        let mut world = TestWorld::new();
        let text = answer(&mut world, "show fd");
        assert!(text.starts_with("      5 : listener fe=fe name=sock-1 state=OPEN\n"), "{text}");
        assert!(text.contains("     10 : client proto=tcpv4 quiet=2s\n"), "{text}");
        assert_eq!(answer(&mut world, "show fd 10"), "     10 : client proto=tcpv4 quiet=2s\n\n");
        for none in ["99", "x", "-1"] {
            assert_eq!(answer(&mut world, &format!("show fd {none}")), "\n");
        }
        world.sessions = 1000;
        assert_eq!(answer(&mut world, "show fd").matches(" client ").count(), 1000);
    }
}
