//! A configuration file. Profiles are not read here: the path of one that is none is a fault too.

use std::cell::OnceCell;

use contact_gateway::config::{Environment, FaultPlace, load};

pub const TOKENS: &[&[u8]] = &[
    b"[",
    b"]",
    b"[[",
    b"]]",
    b"=",
    b"\"",
    b"'''",
    b"{",
    b"}",
    b",",
    b"#",
    b"\n",
    b"true",
    b"-1",
    b"1e9",
    b"[listen]\n",
    b"[mail]\n",
    b"[[organisation]]\n",
    b"id = \"karbon\"\n",
    b"size_limit = \"50 MiB\"\n",
    b"smtp = \"127.0.0.1:0\"\n",
    b"downstream = \"smtp://127.0.0.1:25\"\n",
    b"\xc3\xb6",
    b"\0",
    b".",
    b"unix:",
    b"redis+cluster://",
    b"99999999999999999999",
    b"[[organisation.form]]\n",
    b"[[organisation.telephony]]\n",
];

thread_local! {
    static FOLDER: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
}

pub fn run(bytes: &[u8]) {
    let file = FOLDER.with(|folder| {
        let made = || tempfile::tempdir().expect("a folder for the file");
        folder.get_or_init(made).path().join("gateway.toml")
    });
    std::fs::write(&file, bytes).expect("the file is written");
    let lines = bytes.iter().filter(|byte| **byte == b'\n').count() + 1;
    let read = || load(&file, &Environment::new()).err().map(|faults| faults.to_string());
    assert_eq!(read(), read(), "it is not read the same twice");
    let Err(faults) = load(&file, &Environment::new()) else { return };
    for fault in faults.iter() {
        assert!(!fault.wrong.is_empty());
        if let FaultPlace::Line { line, .. } = &fault.place {
            assert!((1..=lines).contains(line), "line {line} of {lines}");
        }
    }
    assert!(faults.iter().next().is_some(), "refused without a fault");
}
