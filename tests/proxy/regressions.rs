//! What once went wrong. Each script has its own expectations and is compared with the oracle besides where
//! both can run it.

use crate::kit::http::BodyRule;
use crate::kit::peer::{Event, WAIT};
use crate::kit::proxy::poll_until;
use crate::kit::rig::{QUIET, alone, compare, config};
use crate::kit::sock::{self, Transport};
use nix::sys::signal::{Signal, kill};
use std::io::Read;
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Small chunks over several buffers: some size line is cut in two by the end of a buffer.
#[test]
fn a_chunk_size_cut_by_the_end_of_the_buffer_gets_its_second_half() {
    compare(&config("http", ""), |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
            "7\r\nabcdefg\r\n".repeat(9000)
        ));
        client.read_http(BodyRule::Response);
        client.close();
        server.close();
        rig.expect_http_log();
    });
}

#[test]
fn what_a_server_sends_behind_its_response_answers_nothing() {
    compare(&config("http", ""), |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send(OK.to_owned() + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
        client.read_http(BodyRule::Response);
        server.close();
        client.send(GET);
        let mut second = rig.s1.accept();
        second.read_http(BodyRule::Request);
        second.send(OK);
        client.read_http(BodyRule::Response);
        client.close();
    });
}

/// Half of a head, or of a chunk size, is not for the client to take: its time does not run.
#[test]
fn a_slow_response_head_is_not_the_clients_silence() {
    compare(&config("http", "defaults timeout client 200ms\ndefaults timeout server 5s"), |rig| {
        let mut client = rig.client();
        client.send(GET);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send("HTTP/1.1 200 OK\r\nTransfer-Enc");
        assert!(client.is_quiet_for(Duration::from_millis(500)));
        server.send("oding: chunked\r\n\r\n5");
        client.expect_head();
        assert!(client.is_quiet_for(Duration::from_millis(500)));
        server.send("\r\nabcde\r\n0\r\n\r\n");
        client.take(15);
    });
}

/// More attempts than a stream makes in one turn, none of which has to wait.
#[test]
fn a_hundred_attempts_that_fail_at_once_end_in_503() {
    let servers = "backend server a unix@/nonexistent/a\nbackend server b unix@/nonexistent/b";
    let retries = "defaults retries 100\ndefaults option redispatch 1";
    alone(&config("http", &format!("{servers}\n{retries}")), |rig| {
        let mut client = rig.client();
        client.send(GET);
        let Event::Http(answer) = client.read_http(BodyRule::Response) else { panic!("no answer") };
        assert!(answer.contains(" 503 "), "{answer}");
    });
}

#[test]
fn the_next_request_of_a_busy_connection_waits_behind_the_queue() {
    compare(&config("http", "backend server s1 ${s1} maxconn 1"), |rig| {
        let mut greedy = rig.client();
        greedy.send(GET.repeat(3));
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        let mut patient = rig.client();
        patient.send(GET.replace("GET / ", "GET /patient "));
        assert!(server.is_quiet_for(QUIET));
        server.send(OK);
        greedy.read_http(BodyRule::Response);
        // Which connection carries it is the proxy's choice.
        let mut next = if server.is_quiet_for(QUIET) { rig.s1.accept() } else { server };
        let Event::Http(request) = next.read_http(BodyRule::Request) else { panic!("no request") };
        assert!(request.contains("/patient"), "{request}");
    });
}

#[test]
fn a_request_that_waits_unread_at_a_soft_stop_is_served() {
    alone(&config("http", ""), |rig| {
        let mut client = rig.client();
        rig.proxy.cli().command("show info");
        rig.proxy.signal(Signal::SIGSTOP);
        client.send(GET);
        rig.proxy.signal(Signal::SIGUSR1);
        rig.proxy.signal(Signal::SIGCONT);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send(OK);
        let Event::Http(answer) = client.read_http(BodyRule::Response) else { panic!("no answer") };
        assert!(answer.contains(" 200 "), "{answer}");
        assert!(rig.proxy.wait(Duration::from_secs(5)).is_some_and(|status| status.success()));
    });
}

/// A TCP socket with room tells nothing when a page is sent: what is left must go on by itself.
#[test]
fn a_client_in_the_listeners_queue_at_a_soft_stop_is_served() {
    alone(&config("http", ""), |rig| {
        rig.proxy.signal(Signal::SIGSTOP);
        let mut client = rig.client();
        client.send(GET);
        rig.proxy.signal(Signal::SIGUSR1);
        rig.proxy.signal(Signal::SIGCONT);
        let mut server = rig.s1.accept();
        server.read_http(BodyRule::Request);
        server.send(OK);
        let Event::Http(answer) = client.read_http(BodyRule::Response) else { panic!("no answer") };
        assert!(answer.contains(" 200 "), "{answer}");
        assert!(rig.proxy.wait(Duration::from_secs(5)).is_some_and(|status| status.success()));
    });
}

#[test]
fn a_cli_connection_goes_on_after_a_full_page() {
    alone(&config("tcp", "global stats socket ipv4@${port1} level admin"), |rig| {
        for input in ["show info;".repeat(40) + "\n", "prompt\n".to_owned() + &"show info\n".repeat(100)] {
            let mut peer = TcpStream::from(sock::connect(Transport::Tcp, rig.port1).expect("connect"));
            peer.set_read_timeout(Some(Duration::from_secs(5))).expect("SO_RCVTIMEO");
            std::io::Write::write_all(&mut peer, input.as_bytes()).expect("write");
            peer.shutdown(Shutdown::Write).expect("shutdown");
            let mut answer = String::new();
            peer.read_to_string(&mut answer).expect("an answer and its end");
            assert_eq!(answer.matches("Uptime_sec").count(), input.matches("info").count());
        }
    });
}

#[test]
fn limits_that_do_not_fit_a_number_together_start() {
    let big = "defaults maxconn 3000000000\nfrontend bind ${port1}";
    alone(&(config("http", big) + "frontend second\n    bind ${port2}\n    default_backend be\n"), |rig| {
        kill(rig.proxy.pid(), None).expect("it runs");
    });
}

/// First requests never take an idle connection, but each would leave one.
#[test]
fn clients_one_after_the_other_leave_two_idle_connections() {
    compare(&config("http", ""), |rig| {
        let before = rig.proxy.fd_count();
        let mut servers = Vec::new();
        for _ in 0..12 {
            let mut client = rig.client();
            client.send(GET.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
            let mut server = rig.s1.accept();
            server.read_http(BodyRule::Request);
            server.send(OK);
            client.read_http_to_end();
            servers.push(server);
        }
        // Two idle connections; the client's may not be closed yet.
        let few = || (rig.proxy.fd_count() <= before + 2).then_some(());
        assert!(poll_until(WAIT, few).is_some(), "{before} {}", rig.proxy.fd_count());
    });
}

/// Of several backups the first one serves, and its weight alone is that of the backend.
#[test]
fn the_weight_of_backups_is_that_of_those_that_serve() {
    for options in ["", "backend option allbackups\n"] {
        let extra = format!(
            "{options}backend server a ${{s1}} disabled\nbackend server b ${{s1}} backup weight 3\n\
             backend server c ${{s2}} backup weight 5"
        );
        compare(&config("http", &extra), |rig| {
            let cli = rig.proxy.cli();
            ["weight", "act", "bck"]
                .iter()
                .for_each(|column| rig.note(column, cli.stat("be", "BACKEND", column)));
        });
    }
}
