//! Plivo's own XML (plivo.com/docs/voice/xml), which has other names for the same things as TwiML.

use std::io;

use crate::channels::telephony::script::{Speech, Step, Target, address};
use crate::channels::telephony::settings::TelephonySettings;
use crate::channels::telephony::twiml::{Out, text_element, written};
use crate::runtime::limits::CALL_KEY_SECONDS;

/// A script as a document.
pub(crate) fn document(entry: &TelephonySettings, steps: &[Step]) -> String {
    written(|writer| {
        writer.create_element("Response").write_inner_content(|writer| {
            steps.iter().try_for_each(|step| write_step(writer, entry, step))
        })?;
        Ok(())
    })
}

/// A document that answers a text message with one, from the number that it came to.
pub(crate) fn reply(from: &str, to: &str, text: &str) -> String {
    written(|writer| {
        writer.create_element("Response").write_inner_content(|writer| {
            let message = writer
                .create_element("Message")
                .with_attribute(("src", from))
                .with_attribute(("dst", to));
            text_element(message, text)
        })?;
        Ok(())
    })
}

fn write_step(writer: &mut Out, entry: &TelephonySettings, step: &Step) -> io::Result<()> {
    match step {
        Step::Say(speeches) => speak(writer, entry, speeches),
        Step::Ask { say, next } => {
            writer
                .create_element("GetDigits")
                .with_attribute(("action", address(entry, *next).as_str()))
                .with_attribute(("method", "POST"))
                .with_attribute(("numDigits", "1"))
                .with_attribute(("timeout", CALL_KEY_SECONDS.to_string().as_str()))
                .with_attribute(("retries", "1"))
                .write_inner_content(|writer| speak(writer, entry, say))?;
            Ok(())
        }
        Step::Dial { to, ring, minutes, next } => {
            let mut dial = writer
                .create_element("Dial")
                .with_attribute(("action", address(entry, *next).as_str()))
                .with_attribute(("method", "POST"))
                .with_attribute(("timeout", ring.to_string().as_str()));
            if let Some(caller_id) = &entry.caller_id {
                dial = dial.with_attribute(("callerId", caller_id.as_str()));
            }
            if let Some(minutes) = minutes {
                let seconds = minutes.saturating_mul(60).to_string();
                dial = dial.with_attribute(("timeLimit", seconds.as_str()));
            }
            dial.write_inner_content(|writer| match to {
                Target::Number(number) => text_element(writer.create_element("Number"), number),
                Target::Sip(uri) => text_element(writer.create_element("User"), uri),
            })?;
            Ok(())
        }
        Step::Record { seconds, next } => {
            writer
                .create_element("Record")
                .with_attribute(("action", address(entry, *next).as_str()))
                .with_attribute(("method", "POST"))
                .with_attribute(("maxLength", seconds.to_string().as_str()))
                .with_attribute(("playBeep", "true"))
                .with_attribute(("callbackUrl", address(entry, next.recording()).as_str()))
                .with_attribute(("callbackMethod", "POST"))
                .write_empty()?;
            Ok(())
        }
        Step::Reject => hang_up(writer, Some("rejected")),
        Step::HangUp => hang_up(writer, None),
    }
}

fn hang_up(writer: &mut Out, reason: Option<&str>) -> io::Result<()> {
    let mut element = writer.create_element("Hangup");
    if let Some(reason) = reason {
        element = element.with_attribute(("reason", reason));
    }
    element.write_empty()?;
    Ok(())
}

fn speak(writer: &mut Out, entry: &TelephonySettings, speeches: &[Speech]) -> io::Result<()> {
    speeches.iter().try_for_each(|speech| {
        let mut element =
            writer.create_element("Speak").with_attribute(("language", speech.tag(entry)));
        if let Some(voice) = speech.voice() {
            element = element.with_attribute(("voice", voice));
        }
        text_element(element, &speech.text)
    })
}
