//! Bounds of calls and text messages.

use std::time::Duration;

/// From a call's webhook to the gateway's answer. Over: the fallback document.
pub const CALL_ANSWER_WAIT: Duration = Duration::from_millis(800);
/// How old, or how far ahead, a signed webhook's time may be where the provider signs one.
pub const WEBHOOK_AGE_MAX: Duration = Duration::from_secs(300);
/// From a SIP edge's question to the gateway's answer. Over: the call is routed on.
pub const SIP_ANSWER_WAIT: Duration = Duration::from_millis(500);
/// Of [`SIP_ANSWER_WAIT`], how long the decision may take.
pub const SIP_DECIDE_WAIT: Duration = Duration::from_millis(400);
/// Characters that one `talk` of a call control object says. Longer texts are said in several.
pub const NCCO_TALK_CHARS_MAX: usize = 1_500;
/// Seconds that a connected call of a call control object lasts at most.
pub const NCCO_LIMIT_SECONDS_MAX: u32 = 7_200;
/// Of [`CALL_ANSWER_WAIT`], how long the decision may take, so that the existing call flow has the
/// rest. Over: the call is passed on.
pub const CALL_DECIDE_WAIT: Duration = Duration::from_millis(500);
/// How long a call's decision is remembered for its next steps, which otherwise ask the store.
pub const CALL_STATE_WINDOW: Duration = Duration::from_secs(4 * 3600);
/// Files of a text message that are looked at.
pub const MESSAGE_MEDIA_MAX: usize = 10;
/// Characters of a text message that the gateway answers with. A longer notice ends at a line.
pub const MESSAGE_CHARS_MAX: usize = 1_600;
/// The same webhook again within this gets the first answer.
pub const CALL_REPEAT_WINDOW: Duration = Duration::from_secs(120);
/// Answers to webhooks that are remembered for a repeat. More: the oldest are forgotten.
pub const CALL_REPEATS_MAX: usize = 10_000;
/// A call flow's document that is passed on. A longer one counts as no answer.
pub const CALL_DOCUMENT_BYTES_MAX: usize = 1024 * 1024;
/// Facts learnt about a call (a voicemail, its outcome) are noted in this many tries.
pub const CALL_NOTE_TRIES_MAX: u32 = 6;
/// Wait before the second try; it doubles with every one.
pub const CALL_NOTE_WAIT: Duration = Duration::from_millis(500);
/// Wrong keys and silences in a row before a caller gets the voicemail.
pub const CALL_MENU_TRIES_MAX: u32 = 3;
/// Pieces of a notice that one call hears, repeats with them. More: the voicemail.
pub const CALL_MENU_STEPS_MAX: u32 = 40;
/// Seconds that a caller has to press a key after the choices were spoken.
pub const CALL_KEY_SECONDS: u32 = 5;
/// URIs of one caller that are looked at: a network asserts two at most (RFC 3325 9.1). More: the first.
pub const CALL_ASSERTED_URIS_MAX: usize = 4;
/// How long a point of contact's telephone rings before the deputy is tried, in seconds.
pub const CALL_RING_SECONDS: u32 = 20;
/// The longest voicemail, in seconds.
pub const VOICEMAIL_SECONDS_MAX: u32 = 180;
