//! `follow` for libFuzzer.

#![no_main]

#[path = "../../tests/fuzz/targets/mod.rs"]
#[allow(dead_code, unreachable_pub)]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::follow(data));
