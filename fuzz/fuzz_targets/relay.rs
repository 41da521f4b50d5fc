#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| deskbeam::fuzzing::run("relay", data));
