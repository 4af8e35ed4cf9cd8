//! Texts that are no histories, or hardly.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::blocks::{STREAM, file};
use crate::{Hostile, Size};

const VALID: &str = "{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":1}\n\
                     {\"process\":0,\"type\":\"ok\",\"f\":\"write\",\"value\":1}\n";

/// The input `what`, which ends in one of these ways.
fn input(what: &'static str, ends: &'static [i32], make: fn(Size) -> Vec<u8>) -> Hostile {
    Hostile { what, make, options: "", ends }
}

/// A write of a value that is given as JSON.
fn write_of(value: &str) -> Vec<u8> {
    let record = |kind: &str| {
        format!("{{\"process\":0,\"type\":\"{kind}\",\"f\":\"write\",\"value\":{value}}}\n")
    };
    (record("invoke") + &record("ok")).into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Bytes without a pattern (xorshift, Marsaglia 2003).
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..count).map(|_| next()).collect()
}

pub(crate) fn all() -> Vec<Hostile> {
    let mut all = bytes();
    all.extend(depths());
    all.extend(sizes());
    all.extend(formats());
    all.extend(binary());
    all
}

/// Files of Jepsen's with the right checksums.
fn binary() -> Vec<Hostile> {
    vec![
        input("`test.jepsen` with lists in lists, 16 million deep", &[2], |size| {
            file(STREAM, &vec![0xe5; size.of(16_000_000)])
        }),
        input("`test.jepsen` whose values hold the one before twice", &[2], |_| {
            let mut values = vec![0xcd, 0xe4];
            for before in 0..255 {
                values.extend([0xcd, 0xe6, 0xcc, 0x50, before, 0xcc, 0x50, before]);
            }
            file(STREAM, &values)
        }),
        input("`test.jepsen` of 16 million numbers", &[2], |size| {
            file(STREAM, &vec![1; size.of(16_000_000)])
        }),
        input("`test.jepsen` with a list of 16 million numbers", &[2, 3], |size| {
            let mut list = vec![0xed];
            list.resize(size.of(16_000_000), 1);
            list.push(0xfd);
            file(STREAM, &list)
        }),
    ]
}

/// What is no text of any format.
fn bytes() -> Vec<Hostile> {
    vec![
        input("nothing", &[2], |_| Vec::new()),
        input("a million blank lines", &[2], |size| vec![b'\n'; size.of(1_000_000)]),
        input("one byte that is no UTF-8", &[2], |_| vec![0xff]),
        input("zero bytes", &[2], |size| vec![0; size.of(64_000_000)]),
        input("noise", &[2], |size| noise(size.of(16_000_000))),
        input("UTF-16", &[2], |_| {
            let units = VALID.encode_utf16().flat_map(u16::to_le_bytes);
            [0xff, 0xfe].into_iter().chain(units).collect()
        }),
        input("a byte order mark, and lines that end in CR LF", &[0], |_| {
            format!("\u{feff}{}", VALID.replace('\n', "\r\n")).into_bytes()
        }),
        input("a record cut in its middle", &[2], |_| VALID.as_bytes()[..80].to_vec()),
    ]
}

/// What is nested.
fn depths() -> Vec<Hostile> {
    vec![
        input("lists in lists, a million deep", &[2], |size| {
            let depth = size.of(1_000_000);
            write_of(&("[".repeat(depth) + &"]".repeat(depth)))
        }),
        input("maps in maps, 100,000 deep", &[2], |size| {
            let depth = size.of(100_000);
            write_of(&("{\"a\":".repeat(depth) + "1" + &"}".repeat(depth)))
        }),
        input("EDN vectors, a million deep", &[2], |size| {
            let depth = size.of(1_000_000);
            let value = "[".repeat(depth) + &"]".repeat(depth);
            format!("{{:process 0, :type :invoke, :f :write, :value {value}}}").into_bytes()
        }),
        input("EDN tags on tags, a million", &[2], |size| {
            let tags = "#a ".repeat(size.of(1_000_000));
            format!("{{:process 0, :type :invoke, :f :write, :value {tags}1}}").into_bytes()
        }),
        input("EDN that discards a million forms", &[2], |size| {
            ("#_ ".repeat(size.of(1_000_000)) + "1").into_bytes()
        }),
    ]
}

/// What is long.
fn sizes() -> Vec<Hostile> {
    vec![
        input("a line of 1 GB that never ends", &[2, 3], |size| {
            let mut text =
                b"{\"process\":0,\"type\":\"invoke\",\"f\":\"write\",\"value\":\"".to_vec();
            text.resize(size.of(1_000_000_000), b'a');
            text
        }),
        input("a string of 100 MB", &[0, 3], |size| {
            write_of(&format!("\"{}\"", "a".repeat(size.of(100_000_000))))
        }),
        input("a number of a million digits", &[0], |size| {
            write_of(&"7".repeat(size.of(1_000_000)))
        }),
        input("a number with an exponent of ten digits", &[0, 2], |_| write_of("1e9999999999")),
        input("a list of ten million items", &[0, 3], |size| {
            write_of(&format!("[{}1]", "1,".repeat(size.of(10_000_000))))
        }),
        input("a record with 100,000 fields", &[0], |size| {
            let fields: String = (0..size.of(100_000)).map(|at| format!("\"x{at}\":1,")).collect();
            format!("{{{fields}{}", &VALID[1..]).into_bytes()
        }),
        input("a function of 10 MB", &[2], |size| {
            let name = "f".repeat(size.of(10_000_000));
            format!("{{\"process\":0,\"type\":\"invoke\",\"f\":\"{name}\"}}\n").into_bytes()
        }),
        input("a gzip of 4 GB of zeros", &[2, 3], |size| {
            // Members may follow each other.
            gzip(&vec![0; 64 << 20]).repeat(size.of(64))
        }),
        input("a gzip that was cut", &[2], |_| {
            let mut bytes = gzip(&VALID.repeat(1000).into_bytes());
            bytes.truncate(bytes.len() / 2);
            bytes
        }),
        input("a gzip in a gzip", &[2], |_| gzip(&gzip(VALID.as_bytes()))),
        input("a zstd frame that wants a window of 2 TB", &[2], |_| {
            vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x01, 0x00, 0x00]
        }),
    ]
}

/// What a format does not allow, or hardly.
fn formats() -> Vec<Hostile> {
    vec![
        input("a field that is given twice", &[2], |_| {
            VALID.replacen("\"f\"", "\"process\":1,\"f\"", 1).into_bytes()
        }),
        input("CSV with 100,000 columns", &[2], |size| {
            let header: String = (0..size.of(100_000)).map(|at| format!("c{at},")).collect();
            format!("{header}process,type,f\n").into_bytes()
        }),
        input("CSV with a quote that is never closed", &[2], |size| {
            ("process,type,f,value\n0,invoke,write,\"".to_owned()
                + &"x,\n".repeat(size.of(10_000_000)))
                .into_bytes()
        }),
        input("an array of a million empty records", &[2], |size| {
            format!("[{}{{}}]", "{},".repeat(size.of(1_000_000))).into_bytes()
        }),
        input("a million records of a nemesis, and no client", &[2], |size| {
            "{\"process\":\"nemesis\",\"type\":\"info\",\"f\":\"kill\"}\n"
                .repeat(size.of(1_000_000))
                .into_bytes()
        }),
    ]
}
