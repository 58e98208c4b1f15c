//! `contact-gateway-pipe [--config FILE] [--queue-id ID] -f SENDER -- RECIPIENT...`, and for Exim
//! `contact-gateway-pipe [--config FILE] --exim -- RECIPIENT...`; the same behind `contact-gateway pipe`.
//!
//! Read by hand, since a fault in them must not end the process as faults of other commands do.

use std::ffi::OsString;
use std::path::PathBuf;

use super::PipeFault;
use crate::runtime::limits::SMTP_RECIPIENTS_MAX;

pub const USAGE: &str = "usage: contact-gateway-pipe [--config FILE] ([--queue-id ID] -f SENDER | --exim) -- RECIPIENT...";

/// What the mail server says of the message.
#[derive(Default, PartialEq, Eq)]
pub struct Arguments {
    pub config: Option<PathBuf>,
    pub queue_id: Option<String>,
    /// Empty: the null sender.
    pub sender: String,
    pub recipients: Vec<String>,
}

impl Arguments {
    /// # Errors
    /// [`PipeFault::Arguments`] names the fault, and no address. `variable` looks in the
    /// environment.
    pub fn parse(
        arguments: impl Iterator<Item = OsString>,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Arguments, PipeFault> {
        let mut arguments = arguments;
        let mut parsed = Arguments::default();
        let mut sender = None;
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--") => break,
                Some("--config") => parsed.config = Some(PathBuf::from(value(arguments.next())?)),
                Some("--queue-id") => parsed.queue_id = Some(text(value(arguments.next())?)?),
                // Exim accepts no sender's address in a command (it is "tainted"), and puts it
                // into the environment (Exim's specification 29.4, "Environment variables").
                Some("--exim") => {
                    sender = Some(address(value(variable("SENDER"))?)?);
                    parsed.queue_id = Some(text(value(variable("MESSAGE_ID"))?)?);
                }
                Some("-f") => sender = Some(address(value(arguments.next())?)?),
                Some(option) if option.starts_with('-') => {
                    return Err(PipeFault::Arguments("an option that is not known".into()));
                }
                // Where the options end is said by `--`; a server may leave it out.
                Some(_) | None => parsed.recipients.push(address(argument)?),
            }
        }
        for recipient in arguments {
            parsed.recipients.push(address(recipient)?);
        }
        parsed.sender =
            sender.ok_or_else(|| PipeFault::Arguments("-f SENDER is missing".into()))?;
        if parsed.recipients.is_empty() || parsed.recipients.iter().any(String::is_empty) {
            return Err(PipeFault::Arguments("a recipient is missing".into()));
        }
        if parsed.recipients.len() > SMTP_RECIPIENTS_MAX {
            return Err(PipeFault::Arguments(format!(
                "more than {SMTP_RECIPIENTS_MAX} recipients; set the server's limit lower"
            )));
        }
        Ok(parsed)
    }
}

fn value(argument: Option<OsString>) -> Result<OsString, PipeFault> {
    argument.ok_or_else(|| PipeFault::Arguments("an option without its value".into()))
}

fn text(argument: OsString) -> Result<String, PipeFault> {
    let text = argument.into_string();
    text.map_err(|_| PipeFault::Arguments("a value that is not text".into()))
}

/// An address, with or without angle brackets. It must not end a command.
fn address(argument: OsString) -> Result<String, PipeFault> {
    let text = text(argument)?;
    if text.chars().any(char::is_control) {
        return Err(PipeFault::Arguments("a control character in an address".into()));
    }
    let inside = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    Ok(inside.unwrap_or(&text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &[&str]) -> Option<Arguments> {
        let exim = |name: &str| match name {
            "SENDER" => Some("a@x.example".into()),
            "MESSAGE_ID" => Some("1xUvfx-00000J-0g".into()),
            _ => None,
        };
        Arguments::parse(line.iter().map(OsString::from), exim).ok()
    }

    #[test]
    fn arguments_are_read_as_mail_servers_write_them() {
        let read =
            parse(&["--queue-id", "4bX", "-f", "", "--", "-odd@x.example", "<b@x>"]).unwrap();
        assert_eq!(read.queue_id.as_deref(), Some("4bX"));
        assert_eq!((read.sender.as_str(), read.recipients.len()), ("", 2));
        assert_eq!(read.recipients, ["-odd@x.example", "b@x"]);
        let exim = parse(&["--exim", "--", "b@x"]).unwrap();
        assert_eq!(exim.queue_id.as_deref(), Some("1xUvfx-00000J-0g"));
        assert_eq!((exim.sender.as_str(), exim.recipients), ("a@x.example", vec!["b@x".into()]));
        assert!(
            Arguments::parse(["--exim", "--", "b@x"].map(OsString::from).into_iter(), |_| None)
                .is_err()
        );
        assert_eq!(parse(&["-f", "a@x", "b@x"]).unwrap().recipients, ["b@x"]);
    }

    #[test]
    fn what_is_wrong_is_a_fault_and_no_panic() {
        for line in [
            &[][..],
            &["-f"],
            &["-f", "a@x"],
            &["-f", "a@x", "--"],
            &["--", "b@x"],
            &["-f", "a@x", "--", ""],
            &["-f", "a\r\n@x", "--", "b@x"],
            &["--verbose"],
            &["-f", "a@x", "--queue-id"],
        ] {
            assert!(parse(line).is_none(), "{line:?}");
        }
    }
}
