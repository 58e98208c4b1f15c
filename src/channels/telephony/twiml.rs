//! TwiML, as Twilio and Telnyx speak it. Every value is escaped, every `Dial`, `Record` and
//! `Gather` names its `action` (twilio.com/docs/voice/twiml).

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use quick_xml::writer::ElementWriter;

use super::script::{Speech, Step, Target, address};
use super::settings::TelephonySettings;
use crate::runtime::limits::CALL_KEY_SECONDS;

/// FreeSWITCH and some clients of TeXML take nothing without the charset.
pub(super) const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

/// An empty document: nothing is said, nothing is sent.
pub(super) const EMPTY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";

/// A script as a document.
pub(super) fn document(entry: &TelephonySettings, steps: &[Step]) -> String {
    written(|writer| {
        writer.create_element("Response").write_inner_content(|writer| {
            steps.iter().try_for_each(|step| write_step(writer, entry, step))
        })?;
        Ok(())
    })
}

/// A document that answers a text message with one.
pub(super) fn reply(text: &str) -> String {
    written(|writer| {
        writer
            .create_element("Response")
            .write_inner_content(|writer| text_element(writer.create_element("Message"), text))?;
        Ok(())
    })
}

/// Where a document is written.
pub(super) type Out = Writer<Vec<u8>>;

/// A document, filled by the caller.
pub(super) fn written(fill: impl FnOnce(&mut Out) -> io::Result<()>) -> String {
    let mut writer = Writer::new(Vec::new());
    let declared = writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    let filled = declared.and_then(|()| fill(&mut writer));
    // Memory accepts every write, and only text is written; an empty document ends the call without
    // an error tone, should either ever be different.
    match (filled, String::from_utf8(writer.into_inner())) {
        (Ok(()), Ok(document)) => document,
        _ => EMPTY.to_owned(),
    }
}

fn write_step(writer: &mut Out, entry: &TelephonySettings, step: &Step) -> io::Result<()> {
    match step {
        Step::Say(speeches) => write_speeches(writer, "Say", entry, speeches),
        Step::Ask { say: speeches, next } => {
            writer
                .create_element("Gather")
                .with_attribute(("input", "dtmf"))
                .with_attribute(("numDigits", "1"))
                .with_attribute(("timeout", CALL_KEY_SECONDS.to_string().as_str()))
                .with_attribute(("action", address(entry, *next).as_str()))
                .with_attribute(("method", "POST"))
                .write_inner_content(|writer| write_speeches(writer, "Say", entry, speeches))?;
            Ok(())
        }
        Step::Dial { to, ring, minutes, next } => {
            let dial = writer
                .create_element("Dial")
                .with_attribute(("answerOnBridge", "true"))
                .with_attribute(("timeout", ring.to_string().as_str()))
                .with_attribute(("action", address(entry, *next).as_str()))
                .with_attribute(("method", "POST"));
            write_dial(dial, entry, *minutes, to, "Sip")
        }
        Step::Record { seconds, next } => {
            writer
                .create_element("Record")
                .with_attribute(("maxLength", seconds.to_string().as_str()))
                .with_attribute(("playBeep", "true"))
                .with_attribute(("action", address(entry, *next).as_str()))
                .with_attribute(("method", "POST"))
                .with_attribute((
                    "recordingStatusCallback",
                    address(entry, next.recording()).as_str(),
                ))
                .write_empty()?;
            Ok(())
        }
        // `Reject` counts only as the first and only verb; then the call is not billed.
        Step::Reject => {
            writer.create_element("Reject").with_attribute(("reason", "busy")).write_empty()?;
            Ok(())
        }
        Step::HangUp => {
            writer.create_element("Hangup").write_empty()?;
            Ok(())
        }
    }
}

/// The rest of a `Dial`: whose number is shown, how long it lasts at most, and who is called.
///
/// `sip`: the name of the element that holds a SIP URI.
pub(super) fn write_dial(
    mut dial: ElementWriter<'_, Vec<u8>>,
    entry: &TelephonySettings,
    minutes: Option<u32>,
    to: &Target,
    sip: &str,
) -> io::Result<()> {
    if let Some(caller_id) = &entry.caller_id {
        dial = dial.with_attribute(("callerId", caller_id.as_str()));
    }
    if let Some(minutes) = minutes {
        let seconds = minutes.saturating_mul(60).to_string();
        dial = dial.with_attribute(("timeLimit", seconds.as_str()));
    }
    dial.write_inner_content(|writer| match to {
        Target::Number(number) => text_element(writer.create_element("Number"), number),
        Target::Sip(uri) => text_element(writer.create_element(sip), uri),
    })?;
    Ok(())
}

/// Spoken texts, each in an element of this name.
pub(super) fn write_speeches(
    writer: &mut Out,
    name: &str,
    entry: &TelephonySettings,
    speeches: &[Speech],
) -> io::Result<()> {
    speeches.iter().try_for_each(|speech| {
        let mut element =
            writer.create_element(name).with_attribute(("language", speech.tag(entry)));
        if let Some(voice) = speech.voice() {
            element = element.with_attribute(("voice", voice));
        }
        text_element(element, &speech.text)
    })
}

/// An element that holds only text.
pub(super) fn text_element(element: ElementWriter<'_, Vec<u8>>, text: &str) -> io::Result<()> {
    element.write_text_content(BytesText::new(&sayable(text)))?;
    Ok(())
}

/// Text without the characters that XML 1.0 has no place for (2.2), escaped or not.
pub(super) fn sayable(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .filter(|c| !matches!(c, '\u{FFFE}' | '\u{FFFF}'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::telephony::script::{MenuPlace, Next};
    use crate::channels::telephony::settings::testing::entry;
    use crate::domain::language::Language;

    #[test]
    fn a_notice_with_a_key_and_a_voicemail_reads_as_it_should() {
        let steps = [
            Step::Ask {
                say: vec![Speech::new(Language::English, "Less < more & \"so\"\u{7}.")],
                next: Next::Menu(MenuPlace::FIRST),
            },
            Step::Record { seconds: 60, next: Next::Recorded { about: None } },
            Step::HangUp,
        ];
        assert_eq!(
            document(&entry(), &steps),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>\
             <Gather input=\"dtmf\" numDigits=\"1\" timeout=\"5\" \
             action=\"https://gw.example/karbon/voice/menu?page=0&amp;tries=0&amp;steps=0\" method=\"POST\">\
             <Say language=\"en-GB\">Less &lt; more &amp; &quot;so&quot;.</Say></Gather>\
             <Record maxLength=\"60\" playBeep=\"true\" \
             action=\"https://gw.example/karbon/voice/recorded\" method=\"POST\" \
             recordingStatusCallback=\"https://gw.example/karbon/voice/recording\"/>\
             <Hangup/></Response>"
        );
    }

    #[test]
    fn a_dial_names_its_action_its_caller_id_and_its_limit() {
        let mut entry = entry();
        entry.caller_id = Some("+441910000009".to_owned());
        let to = Target::Number("+441910000001".to_owned());
        let next = Next::DialResult { leg: 1 };
        let steps = [Step::Dial { to, ring: 20, minutes: Some(10), next }];
        let document = document(&entry, &steps);
        assert!(document.contains(
            "<Dial answerOnBridge=\"true\" timeout=\"20\" \
             action=\"https://gw.example/karbon/voice/dial-result?leg=1\" method=\"POST\" \
             callerId=\"+441910000009\" timeLimit=\"600\"><Number>+441910000001</Number></Dial>"
        ));
    }
}
