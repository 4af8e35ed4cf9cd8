#![allow(clippy::unwrap_used, clippy::expect_used)]

mod blocks;

use std::time::Duration;

use super::*;
use crate::budget::Budget;
use blocks::{Blocks, PARTIAL_MAP, STREAM, VALUE, VECTOR, file, test, vector};

fn within(bytes: Vec<u8>, budget: Budget) -> Result<String, Error> {
    let mut text = Vec::new();
    Transcript::new(bytes)?.read_all(&Meter::start(&budget.started(), 0), &mut text)?;
    Ok(String::from_utf8(text).unwrap())
}

fn read(bytes: Vec<u8>) -> Result<String, Error> {
    within(bytes, Budget::default())
}

/// The text of a history of these values.
fn printed(values: &[u8]) -> String {
    read(file(STREAM, values)).unwrap()
}

#[track_caller]
fn refused(bytes: Vec<u8>, code: Code, says: &str) {
    let error = read(bytes).unwrap_err();
    assert_eq!(error.code, code, "{error}");
    assert!(error.message.contains(says), "no {says:?} in {error}");
}

/// `[value]` nested so often.
fn nested(depth: usize, value: u8) -> Vec<u8> {
    let mut bytes = vec![0xe5; depth];
    bytes.push(value);
    bytes
}

/// Values, and their text.
const VALUES: &[(&[u8], &str)] = &[
    (b"\x00", "0"),
    (b"\x3f", "63"),
    (b"\xff", "-1"),
    (b"\x50\x40", "64"),
    (b"\x4f\xfe", "-2"),
    (b"\x40\x00", "-4096"),
    (b"\x68\x10\x00", "4096"),
    (b"\x72\x08\x00\x00", "524288"),
    (b"\x70\x00\x00\x00", "-33554432"),
    (b"\x76\x02\x00\x00\x00", "33554432"),
    (b"\x7a\x02\x00\x00\x00\x00", "8589934592"),
    (b"\x7c\x00\x00\x00\x00\x00\x00", "-562949953421312"),
    (b"\xf8\x7f\xff\xff\xff\xff\xff\xff\xff", "9223372036854775807"),
    (b"\xf5", "true"),
    (b"\xf6", "false"),
    (b"\xf7", "nil"),
    (b"\xf9\x3f\xc0\x00\x00", "1.5"),
    (b"\xfa\x40\x04\x00\x00\x00\x00\x00\x00", "2.5"),
    (b"\xfa\x7f\xf0\x00\x00\x00\x00\x00\x00", "##Inf"),
    (b"\xfb", "0.0"),
    (b"\xfc", "1.0"),
    (b"\xd2\x01\xff", "#bytes [1 -1 ]"),
    (b"\xd8\x01a\xd9\x02bc", "#bytes [97 98 99 ]"),
    (b"\xdd\"\\\n", r#""\"\\\n""#),
    (b"\xe3\x02ab", "\"ab\""),
    (b"\xe2\x01a\xe2\x01b\xdbc", "\"abc\""),
    // Half of a character in each part.
    (b"\xe2\x03\xed\xa0\xbd\xdd\xed\xb8\x80", "\"\u{1f600}\""),
    (b"\xdf\xc3\xa4\xe2\x98\x83", "\"\u{e4}\u{2603}\""),
    (b"\xe4", "[]"),
    (b"\xec\x02\x01\x02", "[1 2]"),
    (b"\xed\x01\xed\xfd\xfd", "[1 []]"),
    (b"\xee\x01\xfd", "[1]"),
    (b"\xee\x01", "[1]"),
    (b"\xb0\x02\x01\x02", "#longs [1 2]"),
    (b"\xb2\x01\xf5", "#booleans [true]"),
    (b"\xc0\xe6\xca\xf7\xdba\x01", "{:a 1}"),
    (b"\xc0\xf7", "{}"),
    (b"\xc1\xe6\x01\x02", "#{1 2}"),
    (b"\xc3\xd9\x10abcdefghijklmnop", "#uuid \"61626364-6566-6768-696a-6b6c6d6e6f70\""),
    (b"\xc4\xdca.", "#regex \"a.\""),
    (b"\xc5\xdca:", "#uri \"a:\""),
    (b"\xc6\xd2\x01\x00", "256N"),
    (b"\xc8\x00", "#inst \"1970-01-01T00:00:00.000-00:00\""),
    (b"\xc9\xf7\xdba", "a"),
    (b"\xc9\xf7\xdd1 2", "#symbol \"1 2\""),
    (b"\xc9\xf7\xddnil", "#symbol \"nil\""),
    (b"\xca\xdbn\xdba", ":n/a"),
    (b"\xca\xf7\xdda b", "#keyword \"a b\""),
    (b"\xe6\xcd\xcd\xdba\x81", "[\"a\" \"a\"]"),
    (b"\xe6\xcd\xdba\xcc\x00", "[\"a\" \"a\"]"),
    (b"\xe5\xfe\xcd\x05\x80", "[5]\n5"),
    (b"\xe6\xef\xdebyte\x01\x05\xa0\x06", "[5 6]"),
    (b"\xe6\xef\xdebyte\x01\x05\xf0\x00\x06", "[5 6]"),
    (b"\xef\xdechar\x01\x50\x61", "\\a"),
    (b"\xef\xdechar\x01\x20", "\\u0020"),
    (b"\xef\xdfratio\x02\x01\x03", "1/3"),
    (b"\xef\xe3\x09map-entry\x02\x01\xf7", "[1 nil]"),
    (b"\xef\xddvec\x01\xf7", "[]"),
    (b"\xef\xdeatom\x01\x01", "#atom 1"),
    (b"\xef\xdctx\x02\x01\x02", "#tx [1 2]"),
    (b"\xef\xdc x\x01\x01", "#tagged [\" x\" [1]]"),
    (b"\xef\xe0record\x02\xc9\xf7\xdda.B\xc0\xe4", "#a.B{}"),
];

#[test]
fn every_code_has_its_value() {
    for (bytes, text) in VALUES {
        assert_eq!(printed(bytes), format!("{text}\n"), "{bytes:02x?}");
    }
    for (scale, text) in [
        (b"\x00", "150M"),
        (b"\x02", "1.50M"),
        (b"\x05", "0.00150M"),
        (b"\x08", "0.00000150M"),
        (b"\x09", "1.50E-7M"),
        (b"\xff", "1.50E+3M"),
    ] {
        assert_eq!(printed(&[&b"\xc7\xd2\x00\x96"[..], scale].concat()), format!("{text}\n"));
    }
}

#[test]
fn an_operation_has_its_fields_in_the_order_of_jepsen() {
    let op = b"\xef\xe3\x11jepsen.history.Op\x07\x00\x05\xca\xf7\xdcok\x01\xca\xf7\xdbw\xf7\xf7";
    let text = "{:index 0, :time 5, :type :ok, :process 1, :f :w, :value nil}\n";
    assert_eq!(printed(op), text);
    let more = [&op[..op.len() - 1], b"\xc0\xe6\xca\xf7\xdbe\x07"].concat();
    assert_eq!(printed(&more), text.replace("}", ", :e 7}"));
    let odd = [&op[..op.len() - 1], b"\x01"].concat();
    refused(file(STREAM, &odd), Code::Damaged, "an operation has no fields");
}

#[test]
fn a_history_may_be_a_list_a_stream_or_parts_of_a_vector() {
    let ops = b"\xe4\xe5\x01";
    let text = "[]\n[1]\n";
    assert_eq!(printed(ops), text);
    let list = |open: &[u8], close: &[u8]| file(VALUE, &[open, ops, close].concat());
    for (open, close) in [(&b"\xe6"[..], &b""[..]), (b"\xec\x02", b""), (b"\xed", b"\xfd")] {
        assert_eq!(read(list(open, close)).unwrap(), text);
    }
    assert_eq!(read(list(b"\xee", b"")).unwrap(), text);
    let parts = |vector: &[u8]| {
        let blocks = Blocks::new().block(3, STREAM, b"\xe4").block(4, VALUE, b"\xe5\xe5\x01");
        blocks.block(2, VECTOR, vector).block(1, VALUE, &test(2)).file()
    };
    assert_eq!(read(parts(&vector(2, &[(0, 3), (1, 4)]))).unwrap(), text);
    let refused = |vector: &[u8], says: &str| refused(parts(vector), Code::Damaged, says);
    refused(&vector(3, &[(0, 3), (1, 4)]), "2 records are there, and 3 expected");
    refused(&vector(1, &[(0, 3), (1, 4)]), "2 records are there, and 1 expected");
    refused(&vector(2, &[(0, 3), (0, 4)]), "1 records are there, and 0 expected");
    refused(&vector(2, &[(0, 3), (1, 3)]), "the same part twice");
    refused(&vector(2, &[(0, 2)]), "a part of the history belongs here");
    refused(&vector(2, &[(0, 9)]), "block 9 is not in the index");
    refused(&vector(2, &[(0, 3)])[..12], "a vector ends inside");
    refused(&[0; 5], "a vector has no number of values");
}

#[test]
fn a_test_may_be_in_parts() {
    let part = |rest: u32, map: &[u8]| [&rest.to_be_bytes()[..], map].concat();
    let of = |first: &[u8], second: &[u8]| {
        let blocks = Blocks::new().block(2, STREAM, b"\x01").block(1, PARTIAL_MAP, first);
        blocks.block(3, PARTIAL_MAP, second).file()
    };
    let empty = b"\xc0\xe4";
    assert_eq!(read(of(&part(0, &test(2)), b"")).unwrap(), "1\n");
    assert_eq!(read(of(&part(3, empty), &part(0, &test(2)))).unwrap(), "1\n");
    refused(of(&part(3, empty), &part(0, empty)), Code::Truncated, "no complete history");
    refused(of(&part(3, empty), &part(1, empty)), Code::Damaged, "in too many parts");
    refused(of(b"\0", empty), Code::Damaged, "has no data");
}

#[test]
fn a_run_that_did_not_end_has_no_history() {
    refused(file(VALUE, b"\xf7"), Code::Truncated, "no complete history");
    let blocks = Blocks::new().block(1, VALUE, &test(2)).block(3, STREAM, b"\x01");
    let unfinished = blocks.block(2, VECTOR, &vector(1, &[(0, 3)])).file();
    refused(unfinished, Code::Truncated, "no complete history");
}

#[test]
fn what_is_not_where_it_belongs_is_damage() {
    let good = || file(STREAM, b"\x01");
    let with = |at: usize, bytes: &[u8]| {
        let mut file = good();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    };
    assert_eq!(read(good()).unwrap(), "1\n");
    refused(with(6, &2_u32.to_be_bytes()), Code::UnknownFormat, "version 2");
    refused(with(10, &[0; 8]), Code::Damaged, "there is no index");
    refused(with(10, &17_u64.to_be_bytes()), Code::Damaged, "inside the header");
    refused(with(10, &18_u64.to_be_bytes()), Code::Damaged, "the index is no index");
    refused(with(10, &[0xff; 8]), Code::Damaged, "should be at byte 18446744073709551615");
    for len in [0, 27, 1_u64 << 40, u64::MAX, 1 << 63] {
        let said = if len < 28 || len == u64::MAX { "bytes long" } else { "and the file before" };
        refused(with(18, &len.to_be_bytes()), Code::Damaged, said);
    }
    refused(with(26, &[9]), Code::Damaged, "the checksum of block 2 is wrong");
    let unknown = Blocks::new().block(1, 9, b"").file();
    refused(unknown, Code::Damaged, "unknown type 9");
    let twice = Blocks::new().block(1, VALUE, &test(2)).entry(1, 18).file();
    refused(twice, Code::Damaged, "lists block 1 twice");
    let not_there = Blocks::new().block(1, VALUE, &test(2)).entry(2, 1 << 50).file();
    refused(not_there, Code::Damaged, "block 2 should be at byte");
    let itself = Blocks::new().block(1, VALUE, &test(1)).file();
    refused(itself, Code::Damaged, "a list belongs here");
}

#[test]
fn values_that_cannot_be_are_refused() {
    for (bytes, says) in [
        (&b"\xec\xff"[..], "there cannot be -1 values"),
        (b"\xec\xf8\x7f\xff\xff\xff\xff\xff\xff\xff\x01", "ends inside a value"),
        (b"\xb1\xf8\x7f\xff\xff\xff\xff\xff\xff\xff\xfb", "ends inside a value"),
        (b"\xe3\xf8\x7f\xff\xff\xff\xff\xff\xff\xffa", "no room for a string"),
        (b"\xd9\xffa", "no room for a string of -1 bytes"),
        (b"\xe2\x01a\x01", "the next part of a string"),
        (b"\xef\xdba\xf8\x7f\xff\xff\xff\xff\xff\xff\xff\x01", "ends inside a value"),
        (b"\xef\xdba\xff", "another number of parts"),
        (b"\xef\xddvec\x02\x01\x01", "another number of parts"),
        (b"\xef\x01\x01", "the name of a type"),
        (b"\xa0", "no type has the number 0"),
        (b"\xf0\xff", "no type has the number -1"),
        (b"\x80", "no value has the number 0"),
        (b"\xcd\x80", "a value holds itself"),
        (b"\xcd\xe5\xcc\x00", "a value holds itself"),
        (b"\xce\x01", "no value starts with 0xce"),
        (b"\xcf\xcf\xcf\xcf", "no value starts with 0xcf"),
        (b"\xfd", "no value starts with 0xfd"),
        (b"\xed\x01", "ends inside a value"),
        (b"\xf8\x01", "ends inside a value"),
        (b"\xc0\xe5\x01", "not made of pairs"),
        (b"\xc1\x01", "a set is no list"),
        (b"\xc3\xd1a", "16 bytes"),
        (b"\xc6\xd0", "a number is none"),
        (b"\xca\x01\xdba", "a name is no text"),
        (b"\xef\xdechar\x01\xff", "no character"),
    ] {
        refused(file(STREAM, bytes), Code::Damaged, says);
    }
    for half in [&b"\xdd\xed\xa0\xbd"[..], b"\xdb\xff", b"\xdb\xc3", b"\xde\xf0\x9f\x98\x80"] {
        refused(file(STREAM, half), Code::NotUtf8, "no text");
    }
    refused(file(VALUE, b"\xe5\x01\x02"), Code::Damaged, "something comes behind");
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    assert!(read(file(STREAM, &nested(200, 1))).is_ok());
    for depth in [300, 1_000_000] {
        refused(file(STREAM, &nested(depth, 1)), Code::TooDeep, "nested more than 128 levels");
        let resets = [vec![0xfe; depth], vec![1]].concat();
        assert_eq!(printed(&resets), "1\n");
        let caches = [vec![0xcd; depth], vec![1]].concat();
        refused(file(STREAM, &caches), Code::TooDeep, "nested more than 128 levels");
    }
    // Each value holds the one before, so that none is deep in the file.
    let mut chain = vec![0xcd, 0xe4];
    for before in 0..1000_u16 {
        chain.extend([0xcd, 0xe5, 0xcc, 0xf8, 0, 0, 0, 0, 0, 0]);
        chain.extend(before.to_be_bytes());
    }
    refused(file(STREAM, &chain), Code::TooDeep, "nested more than 128 levels");
}

#[test]
fn what_repeats_itself_has_no_endless_text() {
    // Each value holds the one before twice.
    let mut doubling = vec![0xcd, 0xdb, b'a'];
    for before in 0..100_u8 {
        doubling.extend([0xcd, 0xe6, 0xcc, 0x50, before, 0xcc, 0x50, before]);
    }
    refused(file(STREAM, &doubling), Code::Damaged, "repeats a long value too often");
    let limited = within(file(STREAM, &doubling), Budget::memory(10_000)).unwrap_err();
    assert_eq!(limited.code, Code::TooLarge, "{limited}");
    // A word that is cached may be as long as a word is.
    let word = [&b"\xcd\xe3\x50\x64"[..], &[b'w'; 100]].concat();
    let words = [word, vec![0x80; 100_000]].concat();
    assert_eq!(printed(&words).lines().count(), 100_001);
}

#[test]
fn reading_keeps_to_its_limits() {
    let many = || file(STREAM, &vec![1; 1 << 20]);
    let error = within(many(), Budget { timeout: Some(Duration::ZERO), ..Budget::default() });
    assert_eq!(error.unwrap_err().code, Code::TimeUp);
    let text = within(many(), Budget::memory(100_000)).unwrap();
    assert!((100_000..200_000).contains(&text.len()), "{}", text.len());
}

#[test]
fn a_flipped_bit_is_found_or_makes_no_difference() {
    let part = b"\xcd\xca\xf7\xcd\xe0invoke\xe6\x80\x81\xf8\x00\x00\x00\x00\x00\x00\x01\x00";
    let blocks = Blocks::new().block(3, STREAM, part).block(2, VECTOR, &vector(3, &[(0, 3)]));
    let whole = blocks.block(1, VALUE, &test(2)).file();
    let text = read(whole.clone()).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if is_jepsen(&flipped)
            && let Ok(other) = read(flipped)
        {
            assert_eq!(other, text, "bit {bit}");
        }
    }
    for len in SHOWN..whole.len() {
        assert!(read(whole[..len].to_vec()).is_err(), "cut after {len} bytes");
    }
}

#[test]
fn only_the_binary_file_is_known_by_its_start() {
    assert!(is_jepsen(b"JEPSEN\0\0") && is_jepsen(b"JEPSEN\0"));
    for text in [&b"JEPSEN"[..], b"JEPSEN test", b"JEPSE", b"JEPSEN\0test", b"", b"{:process 0}"] {
        assert!(!is_jepsen(text));
    }
}
