//! Bytes in bulk: both ways at once, slow readers, many small writes, with and without splicing.

use super::tcp;
use crate::kit::peer::pattern;
use crate::kit::rig::Rig;

/// Both ends send at the same time, half-close, and read the other's bytes to the end.
fn both_ways(rig: &mut Rig, up_len: usize, down_len: usize) {
    let mut client = rig.client();
    let mut server = rig.s1.accept();
    let (up, down) = (pattern(up_len, 1), pattern(down_len, 2));
    std::thread::scope(|scope| {
        let uploading = scope.spawn(|| server.exchange_silently(&down));
        let got_down = client.exchange_silently(&up);
        let got_up = uploading.join().expect("the server's script");
        assert!(got_up == up, "the server did not get the client's bytes");
        assert!(got_down == down, "the client did not get the server's bytes");
    });
    rig.note("both", "all bytes arrived");
    client.close();
    server.close();
    rig.expect_log();
}

#[test]
fn bulk_both_ways() {
    tcp("", |rig| both_ways(rig, 8 << 20, 5 << 20));
}

#[test]
fn bulk_both_ways_with_automatic_splicing() {
    tcp("defaults option splice-auto", |rig| both_ways(rig, 4 << 20, 8 << 20));
}

#[test]
fn bulk_both_ways_with_requests_spliced() {
    tcp("defaults option splice-request", |rig| both_ways(rig, 4 << 20, 1 << 20));
}

#[test]
fn bulk_both_ways_with_responses_spliced() {
    tcp("defaults option splice-response", |rig| both_ways(rig, 1 << 20, 4 << 20));
}

#[test]
fn bulk_both_ways_without_pipes() {
    tcp("global maxpipes 0\ndefaults option splice-auto", |rig| both_ways(rig, 2 << 20, 2 << 20));
}

#[test]
fn bulk_through_a_single_pipe() {
    tcp("global maxpipes 1\ndefaults option splice-auto", |rig| both_ways(rig, 2 << 20, 2 << 20));
}

#[test]
fn bulk_through_a_tiny_buffer() {
    tcp("global tune.bufsize 2048\nglobal tune.maxrewrite 256", |rig| both_ways(rig, 1 << 20, 1 << 20));
}

/// A reader that does nothing until the writer is stuck, then reads all.
fn slow_reader(rig: &mut Rig) {
    let mut client = rig.client();
    let mut server = rig.s1.accept();
    let sent = server.send_until_blocked();
    let block = pattern(1 << 16, 7);
    let got = client.take(sent);
    assert!(got.iter().zip(block.iter().cycle()).all(|(got, sent)| got == sent), "not the bytes sent");
    server.close();
    client.read_to_end();
    client.close();
    rig.expect_log_without_bytes();
}

#[test]
fn a_slow_reader_gets_everything() {
    tcp("", slow_reader);
}

#[test]
fn a_slow_reader_gets_everything_spliced() {
    tcp("defaults option splice-auto", slow_reader);
}

#[test]
fn many_small_writes_arrive_in_order() {
    tcp("", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        let bytes = pattern(6000, 3);
        for piece in bytes.chunks(3) {
            client.send(piece);
        }
        server.expect(&bytes);
        for piece in bytes.chunks(5) {
            server.send(piece);
        }
        client.expect(&bytes);
        client.close();
        server.read_to_end();
        server.close();
        rig.expect_log();
    });
}

#[test]
fn a_hundred_questions_and_answers() {
    tcp("", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        for round in 0..100 {
            let (question, answer) = (format!("q{round}"), format!("a{round}"));
            client.send(&question);
            assert_eq!(server.take(question.len()), question.as_bytes());
            server.send(&answer);
            assert_eq!(client.take(answer.len()), answer.as_bytes());
        }
        server.close();
        client.read_to_end();
        client.close();
        rig.expect_log();
    });
}

#[test]
fn the_tail_of_a_bulk_transfer_survives_the_servers_close() {
    tcp("", |rig| {
        let mut client = rig.client();
        let mut server = rig.s1.accept();
        let down = pattern(3 << 20, 4);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                server.send(&down);
                server.close();
            });
            client.read_to_end();
        });
        client.close();
        rig.expect_log();
    });
}
