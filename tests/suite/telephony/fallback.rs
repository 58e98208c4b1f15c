//! The static documents that are given to providers for their fallback URL.

use std::path::Path;

use serde_json::json;

use crate::contacts_edge::sdk::Sdk;

#[test]
fn the_static_documents_are_what_their_provider_reads_and_connect_the_call() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/fallback");
    let mut sdk = Sdk::start();
    for (file, question, faults) in [
        // Nobody is asked what comes after a static document: the call ends with it.
        ("twilio.xml", "twilio_faults", json!(["<Dial> has no action"])),
        ("plivo.xml", "plivo_faults", json!([])),
        ("vonage.json", "vonage_faults", json!([])),
    ] {
        let document = std::fs::read_to_string(folder.join(file)).unwrap();
        let facts = match question {
            "twilio_faults" => json!({"document": document, "kind": "voice"}),
            _ => json!({"document": document}),
        };
        assert_eq!(sdk.ask(question, facts), faults, "{file}");
        assert!(document.contains("441910000000"), "{file}");
    }
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 3);
}
