//! Request smuggling: chunk sizes, extensions, line ends and trailers that two readers may take differently.

use crate::kit::scene::Scene;
use crate::kit::scene::Step::Feed;

/// A chunked request with what stands between the quotes behind its head, and another request behind that.
macro_rules! chunks {
    ($name:literal, $chunks:literal) => {
        hostile!(
            $name,
            concat!(
                "POST /1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n",
                $chunks,
                "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
            )
            .as_bytes()
        )
    };
}

pub const SCENES: &[Scene] = &[
    chunks!("size_in_capitals", "A\r\n0123456789\r\n0\r\n\r\n"),
    chunks!("size_with_0x", "0x5\r\nhello\r\n0\r\n\r\n"),
    chunks!("size_with_a_plus", "+5\r\nhello\r\n0\r\n\r\n"),
    chunks!("size_with_a_minus", "-5\r\nhello\r\n0\r\n\r\n"),
    chunks!("size_behind_a_blank", " 5\r\nhello\r\n0\r\n\r\n"),
    chunks!("size_before_a_blank", "5 \r\nhello\r\n0\r\n\r\n"),
    chunks!("size_before_a_tab", "5\t\r\nhello\r\n0\r\n\r\n"),
    chunks!("size_of_two_words", "5 5\r\nhello\r\n0\r\n\r\n"),
    chunks!("size_empty", "\r\nhello\r\n0\r\n\r\n"),
    chunks!("size_no_digit", "g\r\nhello\r\n0\r\n\r\n"),
    chunks!("size_digit_then_none", "5g\r\nhello\r\n0\r\n\r\n"),
    chunks!("size_with_an_underscore", "0_5\r\nhello\r\n0\r\n\r\n"),
    chunks!("size_of_8_digits", "00000005\r\nhello\r\n0\r\n\r\n"),
    chunks!("size_of_16_digits", "0000000000000005\r\nhello\r\n0\r\n\r\n"),
    chunks!("size_of_17_digits", "00000000000000005\r\nhello\r\n0\r\n\r\n")
        .differs("Stricter framing", &["HTTP/1.1 400 "]),
    chunks!("size_of_31_bits", "80000000\r\nhello\r\n0\r\n\r\n")
        .differs("Stricter framing", &["HTTP/1.1 504 ", "then only POST /1 "]),
    chunks!("size_of_32_bits", "100000005\r\nhello\r\n0\r\n\r\n")
        .differs("Stricter framing", &["HTTP/1.1 504 ", "then only POST /1 "]),
    chunks!("size_of_63_bits", "7fffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    chunks!("size_of_64_bits", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
    chunks!("size_beyond_64_bits", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
    chunks!("extension", "5;a\r\nhello\r\n0\r\n\r\n"),
    chunks!("extension_with_a_value", "5;a=b;c=\"d;e\"\r\nhello\r\n0\r\n\r\n"),
    chunks!("extension_with_blanks", "5 ; a = b\r\nhello\r\n0\r\n\r\n"),
    chunks!("extension_empty", "5;\r\nhello\r\n0\r\n\r\n"),
    chunks!("extension_without_a_size", ";a\r\nhello\r\n0\r\n\r\n"),
    chunks!("extension_of_the_last", "5\r\nhello\r\n0;a=b\r\n\r\n"),
    chunks!("extension_with_a_nul", "5;\0\r\nhello\r\n0\r\n\r\n")
        .differs("Stricter framing", &["HTTP/1.1 400 "]),
    chunks!("extension_with_a_control_byte", "5;\u{1}\r\nhello\r\n0\r\n\r\n")
        .differs("Stricter framing", &["HTTP/1.1 400 "]),
    chunks!("extension_with_a_tab", "5;\ta\r\nhello\r\n0\r\n\r\n"),
    chunks!("extension_with_a_bare_cr", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
    chunks!("extension_with_a_bare_lf", "5;a\nhello\r\n0\r\n\r\n")
        .differs("Stricter framing", &["HTTP/1.1 400 "]),
    chunks!("size_line_ends_in_lf", "5\nhello\r\n0\r\n\r\n").differs("Stricter framing", &["HTTP/1.1 400 "]),
    chunks!("size_line_ends_in_cr", "5\rhello\r\n0\r\n\r\n"),
    chunks!("size_line_ends_in_two_crs", "5\r\r\nhello\r\n0\r\n\r\n"),
    chunks!("data_ends_in_lf", "5\r\nhello\n0\r\n\r\n").differs("Stricter framing", &["HTTP/1.1 400 "]),
    chunks!("data_ends_in_cr", "5\r\nhello\r0\r\n\r\n"),
    chunks!("data_without_an_end", "5\r\nhello0\r\n\r\n"),
    chunks!("data_longer_than_its_size", "5\r\nhello!\r\n0\r\n\r\n"),
    chunks!("data_shorter_than_its_size", "6\r\nhello\r\n0\r\n\r\n")
        .differs("Stricter framing", &["HTTP/1.1 400 "]),
    chunks!("last_of_two_zeros", "5\r\nhello\r\n00\r\n\r\n"),
    chunks!("last_of_16_zeros", "5\r\nhello\r\n0000000000000000\r\n\r\n"),
    chunks!("last_ends_in_lf", "5\r\nhello\r\n0\n\n").differs("Stricter framing", &["HTTP/1.1 400 "]),
    chunks!("last_with_one_lf", "5\r\nhello\r\n0\r\n\n").differs("Stricter framing", &["HTTP/1.1 400 "]),
    chunks!("last_with_one_cr", "5\r\nhello\r\n0\r\n\r"),
    chunks!("chunks_behind_the_last", "0\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    chunks!("trailer", "5\r\nhello\r\n0\r\nT: u\r\n\r\n"),
    chunks!("trailer_with_a_length", "5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n")
        .differs("Stricter framing", &["HTTP/1.1 400 "]),
    chunks!("trailer_with_a_coding", "5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n")
        .differs("Stricter framing", &["HTTP/1.1 400 "]),
    chunks!("trailer_with_a_host", "5\r\nhello\r\n0\r\nHost: other\r\n\r\n"),
    chunks!("trailer_without_a_colon", "5\r\nhello\r\n0\r\nnone\r\n\r\n"),
    chunks!("trailer_without_a_name", "5\r\nhello\r\n0\r\n: u\r\n\r\n"),
    chunks!("trailer_with_a_nul", "5\r\nhello\r\n0\r\nT: u\0\r\n\r\n")
        .differs("Stricter framing", &["HTTP/1.1 400 "]),
    chunks!("trailer_with_a_bare_cr", "5\r\nhello\r\n0\r\nT: u\rv\r\n\r\n"),
    chunks!("trailer_ends_in_lf", "5\r\nhello\r\n0\r\nT: u\n\n")
        .differs("Stricter framing", &["HTTP/1.1 400 "]),
    chunks!("trailer_folded", "5\r\nhello\r\n0\r\nT: u\r\n v\r\n\r\n")
        .differs("Stricter framing", &["HTTP/1.1 400 "]),
    chunks!("trailer_that_looks_like_a_request", "0\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n"),
];
