//! The integration tests, one binary so that linking stays cheap.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(unreachable_pub, reason = "`pub` says what other modules of this program use")]

mod archives;
mod at_rest;
mod authority;
mod automatic;
mod backup;
mod bad_configs;
mod before_commands;
mod calendars;
mod cases;
mod casework;
mod console;
mod contacts_edge;
mod degraded;
mod doubt;
mod dripping;
mod events;
mod fault_mail;
mod full_disk;
/// What must hold of whatever bytes arrive.
#[path = "../../fuzz/src/lib.rs"]
mod fuzz;
mod fuzzed;
mod guides;
mod helper;
mod import;
mod import_numbers;
mod import_stays;
mod json_logs;
mod kamailio;
mod kept_quota;
mod kill;
mod kill_keeping;
mod kill_steps;
mod letter_wording;
mod letters;
#[cfg(feature = "pdf")]
mod letters_pdf;
mod machine;
mod mail;
mod monitoring;
mod nesting;
mod not_theirs;
mod notices;
mod office;
mod one_reading;
mod own_message;
mod packages;
mod past;
mod permits;
mod personal_data;
mod profiles;
mod properties;
mod queue_command;
mod real_input;
mod redis_gateways;
mod redis_set_up;
mod released_by_others;
mod reload;
mod safeguard_dictionary;
mod safeguard_recall;
mod safeguard_words;
mod scenarios;
mod sealed;
mod served;
mod servers;
mod service_manager;
mod silent;
mod staff_api;
mod staff_api_refusals;
mod staff_changes;
mod staff_document;
mod staff_fuzzed;
mod staff_timeline;
mod staff_tokens;
mod store_away;
mod store_contract;
mod store_copy;
mod store_verified;
mod telephony;
#[cfg(feature = "otlp")]
mod traces;
mod web_form;
mod written;
