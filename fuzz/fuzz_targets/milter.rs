#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| contact_gateway_fuzz::milter::run(data));
