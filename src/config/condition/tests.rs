//! Outcomes of a running haproxy 2.6 with `-cc`, where that version knows the predicate.

use super::*;
use proptest::prelude::*;

static FEATURES: &[(&str, bool)] = &[("EPOLL", true), ("OPENSSL", false)];

fn build() -> Build {
    Build {
        version: "2.6.12",
        features: FEATURES,
        switches: vec![("SPLICE", true), ("REUSEPORT", false)],
        tls_library: Some(("OpenSSL", "3.0.19")),
    }
}

/// The exit status of `-cc`, and the message.
fn ask(text: &str) -> (u8, String) {
    let mut env = Environment::empty();
    env.set(b"A", b"x").unwrap();
    match evaluate_argument(text.as_bytes(), &Facts { build: &build(), env: &env }) {
        Ok(true) => (0, String::new()),
        Ok(false) => (1, String::new()),
        Err(message) => (2, message),
    }
}

#[test]
fn true_conditions() {
    #[rustfmt::skip]
    let cases = [
        "1", "-1", "+1", "007", "010", "0x10", "99999999999999999999", "  1  ", "!!1", "!0", "(1)", "( 1 )", "1&&1", "1 || 1",
        "1 && 0 || 1", "!(1 && 0)", "!(0)", "(1) && (0) || (1)", "1 && (0 || 1) && !(0)", "\"1\"", "'1'", "\"${B-1}\"",
        "defined(A)", "defined(A) ", "defined(\"A\")", "defined('A')", "feature()", "feature(EPOLL)", "enabled(SPLICE)",
        "streq(a,a)", "streq(\"a\",\"a\")", "streq(\"a b\",'a b')", "streq(a  b,a b)", "streq(\"$A\",x)", "streq(\"${A}\",\"x\")",
        "streq(,)", "streq(\"\",\"\")", "streq(a#b,a#b)", "streq('(a','(a')", r#"streq(\"a,b\",\"a,b\")"#,
        r#"streq('"a,b"','"a,b"')"#, r#"streq('"a)b"','"a)b"')"#, r#"streq("'a,b'","'a,b'")"#, r#"streq('"a\"b"',"'a\"b'")"#,
        r#"streq('"a\qb"','a\qb')"#, r"streq('a\ b','a b')", r#"streq('a\nb',"a\nb")"#, r#"streq("'\$A'",'$A')"#,
        r#"streq('"a"b','ab')"#, "strneq(a,b)", "strstr(abc,b)", "strstr(abc,)", "(streq(a,a))", "streq(a,a)&&streq(b,b)",
        "version_atleast(2.6)", "version_atleast(2.6.12)", "version_atleast(2.6-dev1)", "version_atleast(v2.6)",
        "version_atleast(2)", "version_before(2.7-dev1)", "version_before(2.6.12-1)", "version_before(3.0)",
        "version_atleast(abc)", "version_atleast()", "version_before(2.6.13-dev0)", "version_before(2.7-rc)",
        "ssllib_name_startswith(OpenSSL)", "ssllib_name_startswith()", "openssl_version_atleast(1.1.1)",
        "openssl_version_atleast(1.1.1a)", "1 || openssl_version_atleast(abc)",
    ];
    for text in cases {
        assert_eq!(ask(text), (0, String::new()), "{text}");
    }
}

#[test]
fn false_conditions() {
    #[rustfmt::skip]
    let cases = [
        "", "0", "+0", "-0", "00", "! 1", "!1", " !1", "1 && 0", "0 || 0 && 1", "\"${B}\"", "\"1 && 0\"", "! defined(A)",
        "!defined(A)&&1", "defined", "defined()", "defined(B)", "defined( A )", r"defined(\A)", "defined(.FILE)",
        "feature(OPENSSL)", "feature(epoll)", "feature(FOO)", "enabled(REUSEPORT)", "enabled(FOO)", "streq(a, a)",
        "streq( a,a )", "streq(a , a)", "streq(a,b)", "streq($A,x)", "streq(${A},x)", r#"streq('"a\,b"','"a,b"')"#,
        r"streq('a\x41',aA)", r#"streq('"$A"',x)"#, r#"streq('"\$A"','$A')"#, "strneq(a,a)", "strneq(,)", "strstr(abc,d)",
        "version_atleast(2.6.13)", "version_atleast(3)", "version_atleast(2.7-dev1)", "version_before(2.6.12)",
        "version_before(abc)", "version_atleast(2.6.12-2)", "version_before(2.6.12-0)", "version_atleast(2.6.12.9)",
        "version_atleast(2.6.13-dev9)", "openssl_version_before(3.0.0)", "ssllib_name_startswith(Foo)",
        "0 && openssl_version_atleast(abc)", "fips_mode()", "fips_mode", "awslc_api_atleast(31)",
    ];
    for text in cases {
        assert_eq!(ask(text), (1, String::new()), "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_an_error_wherever_it_stands() {
    #[rustfmt::skip]
    let cases = [
        ("1x", "unexpected character 'x' at the end of conditional expression '1x'"),
        ("08", "unexpected character '8' at the end of conditional expression '08'"),
        ("1 2", "unexpected character '2' at the end of conditional expression '1 2'"),
        ("1 & 1", "unexpected character '&' at the end of conditional expression '1 & 1'"),
        ("1 == 1", "unexpected character '=' at the end of conditional expression '1 == 1'"),
        ("(1))", "unexpected character ')' at the end of conditional expression '(1))'"),
        ("1 !0", "unexpected character '!' at the end of conditional expression '1 !0'"),
        ("1 # c", "unexpected character '#' at the end of conditional expression '1 # c'"),
        ("defined (A)", "unexpected character '(' at the end of conditional expression 'defined (A)'"),
        ("defined(A)x", "unexpected character 'x' at the end of conditional expression 'defined(A)x'"),
        ("!", "unparsable conditional expression '!'"), ("! ! foo", "unparsable conditional expression '! ! foo'"),
        ("()", "unparsable conditional expression ')'"), ("!(", "unparsable conditional expression '!('"),
        ("(  (", "unparsable conditional expression '('"), ("1 ||", "unparsable conditional expression '1 ||'"),
        ("|| 1", "unparsable conditional expression '|| 1'"), ("1 &&", "unparsable conditional expression '&&'"),
        ("1 && 1 &&", "unparsable conditional expression '&& 1 &&'"), ("1 || 1 &&", "unparsable conditional expression '&&'"),
        ("1 || foo", "unparsable conditional expression 'foo'"), ("0 && foo bar", "unparsable conditional expression 'foo bar'"),
        ("(0 && foo) || 1", "unparsable conditional expression 'foo) || 1'"), ("1 && !", "unparsable conditional expression '!'"),
        ("-", "unparsable conditional expression '-'"), ("--1", "unparsable conditional expression '--1'"),
        ("foo(1)", "unparsable conditional expression 'foo(1)'"), ("true", "unparsable conditional expression 'true'"),
        ("$A", "unparsable conditional expression '$A'"), ("\"$A\"", "unparsable conditional expression 'x'"),
        ("(defined)", "unparsable conditional expression 'defined)'"),
        ("(1", "expected ')' after conditional expression '(1'"), ("((1)", "expected ')' after conditional expression '((1)'"),
        ("1 || (1", "expected ')' after conditional expression '(1'"),
        (" ", "unparsable conditional sub-expression ' '"),
    ];
    for (text, expected) in cases {
        assert_eq!(ask(text), (2, format!("Failed to evaluate condition: {expected}")), "{text}");
    }
}

#[test]
fn wrong_arguments_name_the_predicate() {
    let cases = [
        ("streq", "missing arguments (got 1/2), type 'string' expected", "streq"),
        ("streq()", "missing arguments (got 1/2), type 'string' expected", "streq"),
        ("streq(a", "missing arguments (got 1/2), type 'string' expected", "streq"),
        ("streq(a)b,a)", "missing arguments (got 1/2), type 'string' expected", "streq"),
        ("streq((a),(a))", "missing arguments (got 1/2), type 'string' expected", "streq"),
        ("streq('\"a,b','a')", "missing arguments (got 1/2), type 'string' expected", "streq"),
        ("streq(a,", "expected ')'", "streq"),
        ("streq(a,a,a)", "expected ')' before ',a)'", "streq"),
        ("streq(\"a,b\",\"a,b\")", "expected ')' before ',a,b)'", "streq"),
        (r"streq('a\,b','a\,b')", r"expected ')' before ',a\,b)'", "streq"),
        ("defined(A,B)", "expected ')' before ',B)'", "defined"),
        ("defined(A", "expected ')'", "defined"),
        ("defined('\"A')", "expected ')'", "defined"),
        ("feature(OPENSSL,)", "expected ')' before ',)'", "feature"),
        ("0 || openssl_version_atleast(abc)", "invalid version", "openssl_version_atleast"),
    ];
    for (text, what, name) in cases {
        let expected = format!(
            "Failed to evaluate condition: {what} in argument 1 of predicate '{name}' used in conditional expression"
        );
        assert_eq!(ask(text), (2, expected), "{text}");
    }
}

#[test]
fn quotes_of_the_argument_are_checked_first() {
    assert_eq!(ask("streq(\"a"), (2, "Syntax Error in condition: Unmatched quote.".into()));
    let expected = "Syntax Error in condition: Truncated or invalid hexadecimal sequence.";
    assert_eq!(ask("\"\\xZZ\""), (2, expected.into()));
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| format!("{}1{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(ask(&nested(DEPTH_MAX)).0, 0);
    assert_eq!(ask(&nested(DEPTH_MAX + 1)).0, 2);
    assert_eq!(ask(&"(".repeat(100_000)).0, 2);
    assert_eq!(ask(&format!("{}1", "!".repeat(100_000))).0, 0);
    assert_eq!(ask(&format!("{}1", "1&&".repeat(10_000))).0, 0);
}

proptest! {
    #[test]
    fn never_panics(text in "[01!()&|, ab\"'x\\\\]{0,30}|(streq|defined|version_atleast)[(),a \"']{0,12}") {
        let env = Environment::empty();
        let _ = evaluate(text.as_bytes(), &Facts { build: &build(), env: &env });
    }
}
