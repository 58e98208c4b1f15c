//! Plivo's own XML (plivo.com/docs/voice/xml), which has other names for the same things as TwiML.

use std::io;

use crate::channels::telephony::script::{Step, address};
use crate::channels::telephony::settings::TelephonySettings;
use crate::channels::telephony::twiml::{Out, text_element, write_dial, write_speeches, written};
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
        Step::Say(speeches) => write_speeches(writer, "Speak", entry, speeches),
        Step::Ask { say, next } => {
            writer
                .create_element("GetDigits")
                .with_attribute(("action", address(entry, *next).as_str()))
                .with_attribute(("method", "POST"))
                .with_attribute(("numDigits", "1"))
                .with_attribute(("timeout", CALL_KEY_SECONDS.to_string().as_str()))
                .with_attribute(("retries", "1"))
                .write_inner_content(|writer| write_speeches(writer, "Speak", entry, say))?;
            Ok(())
        }
        Step::Dial { to, ring, minutes, next } => {
            let dial = writer
                .create_element("Dial")
                .with_attribute(("action", address(entry, *next).as_str()))
                .with_attribute(("method", "POST"))
                .with_attribute(("timeout", ring.to_string().as_str()));
            write_dial(dial, entry, *minutes, to, "User")
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
