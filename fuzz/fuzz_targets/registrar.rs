#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| rundruf_fuzz::bodies::registrar::run(data));
