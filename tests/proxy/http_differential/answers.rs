//! `http-error`: answers of the operator's own, in words.

use super::{GET, GET10, OK};
use crate::kit::scene::{Scene, Step::*, scene};

const HEAD: &str = "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n";
const CLOSE: &str = "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
const ODD: &str = "GET /a?\"<&'> HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n";
const NOBODY: &str = "backend server s1 ${refused} disabled";

/// The answer to a request that nobody serves.
macro_rules! nobody {
    ($name:literal, $($line:literal),*) => {
        scene($name, &[NOBODY, $($line),*], &[C(GET), Answer, C(HEAD), AnswerHead, C(GET10), End])
    };
}

pub const SCENES: &[Scene] = &[
    nobody!("own_words", "frontend http-error status 503 string 'no one' content-type text/plain"),
    nobody!(
        "own_words_of_the_backend",
        "backend http-error status 503 string 'no one' content-type text/plain"
    ),
    nobody!(
        "own_words_of_both",
        "frontend http-error status 503 string front content-type a/b",
        "backend http-error status 503 string back content-type a/b"
    ),
    nobody!("own_words_are_none", "frontend http-error status 503"),
    nobody!("own_words_are_headers", "frontend http-error status 503 hdr X-A b hdr x-b \"c d\""),
    nobody!(
        "own_words_of_a_file",
        "frontend http-error status 503 content-type a/b file \"${files}/own503\""
    ),
    nobody!("own_words_of_an_empty_file", "frontend http-error status 503 file \"${files}/empty\""),
    nobody!("own_words_of_a_whole_message", "frontend http-error status 503 errorfile \"${files}/own503\""),
    nobody!("own_words_of_silence", "frontend http-error status 503 errorfile \"${files}/empty\""),
    nobody!(
        "own_words_of_a_format_in_a_file",
        "frontend http-error status 503 content-type a/b lf-file \"${files}/format\""
    ),
    nobody!(
        "own_words_taken_back",
        "frontend http-error status 503 string front content-type a/b",
        "frontend http-error status 503 default-errorfiles"
    ),
    nobody!(
        "own_words_taken_back_behind",
        "frontend http-error status 503 string front content-type a/b",
        "backend http-error status 503 string back content-type a/b",
        "backend http-error status 503 default-errorfiles"
    ),
    nobody!(
        "own_words_of_the_defaults_taken_back_behind",
        "defaults http-error status 503 string all content-type a/b",
        "backend http-error status 503 default-errorfiles"
    ),
    nobody!(
        "own_words_and_a_file_the_last_counts",
        "frontend http-error status 503 string front content-type a/b",
        "frontend errorfile 503 \"${files}/own503\""
    ),
    nobody!(
        "own_words_with_values",
        "frontend http-error status 503 content-type a/b lf-string \"%ci  %ft %b %s %ST %B %ts %r %{+Q}r %{+X}ci %% \""
    ),
    nobody!(
        "own_words_with_values_that_are_not_there",
        "frontend http-error status 503 content-type a/b lf-string \"%ID|%CC|%bi|%hr|%hrl|%sslv|%Tr|%{+Q}CC\""
    ),
    nobody!(
        "own_words_with_values_in_headers",
        "frontend capture request header Host len 5",
        "frontend http-error status 503 string x content-type a/b hdr X-A %hr hdr X-B %hs hdr X-C \"a %HM  b\" hdr X-D %CC hdr X-E \"%{+Q}ID\""
    ),
    nobody!(
        "own_words_with_values_in_headers_alone",
        "frontend http-error status 503 hdr X-A %tsc hdr X-B %fc hdr X-C %rc/%sq/%bq"
    ),
    scene(
        "own_words_and_the_connection",
        &[NOBODY, "frontend http-error status 503 string x content-type a/b hdr Connection close"],
        &[C(GET), End],
    ),
    scene(
        "own_words_tell_of_an_odd_request",
        &[NOBODY, "frontend http-error status 503 content-type a/b lf-string %r|%HU|%HP|%HQ|%HV"],
        &[C(ODD), Answer, C(CLOSE), End],
    ),
    scene(
        "own_words_for_a_bad_answer",
        &["backend http-error status 502 content-type a/b lf-string %s|%tsc|%Tr|%rc"],
        &[C(GET), Req, S("junk\r\n\r\n"), Answer],
    ),
    scene(
        "own_words_for_a_late_answer",
        &[
            "backend timeout server 200",
            "backend http-error status 504 content-type a/b lf-string %s|%tsc|%ST",
        ],
        &[C(GET), Req, Answer],
    ),
    scene(
        "own_words_for_a_bad_request_are_not_used",
        &["frontend http-error status 400 content-type a/b string bad"],
        &[C("bad\r\n\r\n"), End],
    ),
    scene(
        "own_words_for_a_monitor",
        &["frontend http-error status 200 content-type a/b lf-string %HU", "frontend monitor-uri /m"],
        &[C("GET /m HTTP/1.1\r\nHost: h\r\n\r\n"), Answer, Ask(GET, OK), Stays],
    )
    .differs("An `http-error` that answers `monitor-uri`", &["/m"]),
    scene(
        "own_words_for_a_body_that_does_not_come",
        &[
            "frontend option http-buffer-request",
            "frontend timeout http-request 200",
            "frontend http-error status 408 content-type a/b lf-string %HM",
        ],
        &[C("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"), Req, Answer],
    ),
    scene(
        "own_words_for_a_name_that_is_not_wanted",
        &[
            "frontend option http-restrict-req-hdr-names reject",
            "frontend http-error status 403 content-type a/b lf-string %b|%s|%ST|%tsc hdr X-A %ci",
        ],
        &[C("GET /a HTTP/1.1\r\nHost: h\r\nX_Y: 1\r\n\r\n"), Answer, Ask(GET, OK), Stays],
    ),
];
