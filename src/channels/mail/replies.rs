//! Every reply that the mail edge gives of its own (RFC 5321 4.2, RFC 3463). A 5xx among them is
//! about the protocol, a loop or the size, never about a decision.

use std::fmt::Write as _;

use crate::ports::relay::{RelayError, Reply};

use super::wire::WireFault;

pub(super) fn ok() -> Reply {
    Reply::new(250, "2.0.0 Ok")
}

pub(super) fn accepted() -> Reply {
    Reply::new(250, "2.0.0 Accepted")
}

pub(super) fn sender_ok() -> Reply {
    Reply::new(250, "2.1.0 Ok")
}

pub(super) fn recipient_ok() -> Reply {
    Reply::new(250, "2.1.5 Ok")
}

pub(super) fn verify() -> Reply {
    Reply::new(252, "2.1.5 Send some mail, and it will be tried")
}

pub(super) fn go_ahead() -> Reply {
    Reply::new(354, "End data with <CR><LF>.<CR><LF>")
}

pub(super) fn bye() -> Reply {
    Reply::new(221, "2.0.0 Bye")
}

pub(super) fn ready_for_tls() -> Reply {
    Reply::new(220, "2.0.0 Ready to start TLS")
}

pub(super) fn stopping() -> Reply {
    Reply::new(421, "4.3.2 The gateway is stopping; try again")
}

pub(super) fn too_many_sessions() -> Reply {
    Reply::new(421, "4.3.2 Too many sessions; try again")
}

/// Temporary, since a mail server of the organisation may have moved, and should not bounce what
/// it has in hand.
pub(super) fn peer_not_listed() -> Reply {
    Reply::new(421, "4.7.1 This address may not submit mail here")
}

pub(super) fn too_slow() -> Reply {
    Reply::new(421, "4.4.2 Too slow, or nothing came for too long")
}

pub(super) fn too_idle() -> Reply {
    Reply::new(421, "4.7.0 Too many commands without a message")
}

pub(super) fn too_many_messages() -> Reply {
    Reply::new(421, "4.7.0 Enough messages for one session; connect again")
}

pub(super) fn too_many_faults() -> Reply {
    Reply::new(421, "4.7.0 Too many errors")
}

pub(super) fn trouble() -> Reply {
    Reply::new(451, "4.3.0 Trouble in the gateway; try again")
}

pub(super) fn deferred() -> Reply {
    Reply::new(451, "4.3.0 Limits can't be checked at the moment; try again")
}

pub(super) fn some_refused() -> Reply {
    Reply::new(451, "4.3.0 Delivered in part; try again for the rest")
}

pub(super) fn no_room() -> Reply {
    Reply::new(452, "4.3.1 No room for the message; try again")
}

/// RFC 3463 3.3: X.2.2, the mailbox is full, which is not for ever.
pub(super) fn over_quota() -> Reply {
    Reply::new(452, "4.2.2 The text was read; as much is kept as may be: try again later")
}

pub(super) fn too_many_recipients() -> Reply {
    Reply::new(452, "4.5.3 Too many recipients; send the rest in another transaction")
}

pub(super) fn no_room_for_recipient() -> Reply {
    Reply::new(452, "4.3.1 No room for another recipient; try again")
}

pub(super) fn relay_trouble(error: RelayError) -> Reply {
    Reply::new(
        451,
        match error {
            RelayError::Unreachable => "4.4.1 The mail server can't be reached; try again",
            RelayError::Slow => "4.4.1 The mail server does not answer in time; try again",
            RelayError::Lost | RelayError::Uncertain => {
                "4.4.2 The connection to the mail server was lost; try again"
            }
            RelayError::Protocol | RelayError::Lacks(_) => {
                "4.3.0 The mail server can't take the message at the moment; try again"
            }
            RelayError::Spool => "4.3.0 Trouble in the gateway; try again",
        },
    )
}

pub(super) fn line_too_long() -> Reply {
    Reply::new(500, "5.5.2 Line too long")
}

pub(super) fn not_a_command_line() -> Reply {
    Reply::new(500, "5.5.2 Control characters in a command")
}

/// RFC 5321 4.5.3.1.10 gives such lengths the code 501.
pub(super) const LONG_SENDER: &str = "5.1.7 The sender's address is too long";
pub(super) const LONG_RECIPIENT: &str = "5.1.3 The recipient's address is too long";

pub(super) fn wire_fault(fault: WireFault) -> Reply {
    match fault {
        WireFault::Syntax => Reply::new(501, "5.5.4 Syntax error in the command"),
        WireFault::Sender => Reply::new(501, "5.1.7 Syntax error in the sender's address"),
        WireFault::Recipient => Reply::new(501, "5.1.3 Syntax error in the recipient's address"),
        WireFault::LongSender => Reply::new(501, LONG_SENDER),
        WireFault::LongRecipient => Reply::new(501, LONG_RECIPIENT),
        WireFault::Parameter => Reply::new(501, "5.5.4 Syntax error in a parameter"),
    }
}

pub(super) fn bad_parameter_value() -> Reply {
    Reply::new(501, "5.5.4 A parameter's value is wrong")
}

pub(super) fn not_implemented() -> Reply {
    Reply::new(502, "5.5.1 Command not implemented")
}

pub(super) fn out_of_order(text: &str) -> Reply {
    Reply::new(503, &format!("5.5.1 {text}"))
}

pub(super) fn ahead_of_time() -> Reply {
    Reply::new(503, "5.5.0 Message data sent before it was asked for")
}

pub(super) fn bare_ends() -> Reply {
    Reply::new(521, "5.5.2 Bare CR or LF received; lines must end with CRLF (RFC 5321 2.3.8)")
}

pub(super) fn too_large() -> Reply {
    Reply::new(552, "5.3.4 Message too large")
}

pub(super) fn needs_smtp_utf8() -> Reply {
    Reply::new(553, "5.6.7 Address beyond ASCII without SMTPUTF8")
}

/// RFC 3207 4.
pub(super) fn tls_first() -> Reply {
    Reply::new(530, "5.7.0 Must issue a STARTTLS command first")
}

pub(super) fn no_recipients() -> Reply {
    Reply::new(554, "5.5.1 No valid recipients")
}

pub(super) fn looping() -> Reply {
    Reply::new(554, "5.4.6 Too many hops: the message seems to loop")
}

pub(super) fn unknown_parameter() -> Reply {
    Reply::new(555, "5.5.4 Parameter not known or not offered")
}

/// A greeting or an answer to hello, which have no enhanced codes (RFC 2034 4).
pub(super) fn plain(reply: &Reply) -> Vec<u8> {
    lines(reply, None)
}

/// Any other reply as it goes over the wire. The enhanced code is added where a server gave none:
/// it was promised to the client.
pub(super) fn wire(reply: &Reply) -> Vec<u8> {
    let class = reply.code / 100;
    lines(reply, matches!(class, 2 | 4 | 5).then_some(class))
}

/// `enhanced`: the class of the enhanced code that each line must have.
fn lines(reply: &Reply, enhanced: Option<u16>) -> Vec<u8> {
    /// RFC 5321 4.5.3.1.5 allows 512 with code and CRLF.
    const TEXT_CHARS_MAX: usize = 480;
    let mut wire = String::new();
    for (index, line) in reply.lines.iter().enumerate() {
        let mark = if index + 1 < reply.lines.len() { '-' } else { ' ' };
        // Writing to a string does not fail.
        let _ = write!(wire, "{}{mark}", reply.code);
        let at = wire.len();
        wire.extend(line.chars().filter(|c| !c.is_control()).take(TEXT_CHARS_MAX));
        if let Some(class) = enhanced
            && !has_enhanced_code(wire.get(at..).unwrap_or_default())
        {
            wire.insert_str(at, &format!("{class}.0.0 "));
        }
        wire.push_str("\r\n");
    }
    wire.into_bytes()
}

/// `x.y.z`, and a space or the end.
fn has_enhanced_code(text: &str) -> bool {
    let code = text.split(' ').next().unwrap_or_default();
    let mut parts = code.split('.');
    let class = matches!(parts.next(), Some("2" | "4" | "5"));
    let number = |part: Option<&str>| {
        part.is_some_and(|part| {
            (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    class && number(parts.next()) && number(parts.next()) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enhanced_codes_are_added_where_they_were_promised() {
        let text = |reply: &Reply| String::from_utf8(wire(reply)).unwrap();
        assert_eq!(text(&ok()), "250 2.0.0 Ok\r\n");
        assert_eq!(text(&Reply::new(550, "no such user")), "550 5.0.0 no such user\r\n");
        assert_eq!(text(&Reply::new(550, "5.1.1 no")), "550 5.1.1 no\r\n");
        assert_eq!(text(&Reply::new(250, "queued")), "250 2.0.0 queued\r\n");
        assert_eq!(text(&Reply::new(354, "go")), "354 go\r\n");
        let hello = Reply { code: 250, lines: vec!["gw".into(), "SIZE 1".into()] };
        assert_eq!(plain(&hello), b"250-gw\r\n250 SIZE 1\r\n");
        let injected = Reply::new(550, "5.1.1 a\r\n250 b");
        assert_eq!(text(&injected), "550 5.1.1 a250 b\r\n");
    }
}
