//! Bounds of mail: sessions, messages, the way on, `pipe` and milters.

use std::time::Duration;

/// A command line, CRLF included (RFC 5321 4.5.3.1.4 allows 512; extensions add, RFC 3461 and
/// XFORWARD most). Longer: 500 and the line is skipped.
pub const SMTP_LINE_BYTES_MAX: usize = 2_048;
/// A path, angle brackets included. RFC 5321 4.5.3.1.3 asks for 256 octets; lists and forwarders write a second address
/// into the local part (VERP, SRS), and an address beyond ASCII takes up to four bytes a character. Longer: 501.
pub const SMTP_PATH_BYTES_MAX: usize = 1_000;
/// A parameter that is handed on of a recipient or a sender whom a mail server names by milter (RFC 3461 4: ORCPT has up
/// to 500 characters). Longer: left out.
pub const MILTER_PARAMETER_BYTES_MAX: usize = 512;
/// Recipients that one transaction names, refused ones too. More: 452 4.5.3, the sender sends the rest
/// in another one.
pub const SMTP_RECIPIENTS_MAX: usize = 2_000;
/// What a recipient takes in memory beside its path and parameters, in bytes: its place in the lists of those who are
/// decided, handed on, answered and remembered.
pub const SMTP_RECIPIENT_BYTES: usize = 512;
/// The recipients of one transaction, in bytes: 1,900 whose addresses have 120 characters. More: 452 4.5.3, the sender
/// sends the rest in another one.
pub const SMTP_ENVELOPE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How long a message of which nothing but the spooled file is left waits for [`MAIL_HEADS_MEMORY_BYTES_MAX`]. Over: 452
/// 4.3.1.
///
/// [`MAIL_HEADS_MEMORY_BYTES_MAX`]: super::MAIL_HEADS_MEMORY_BYTES_MAX
pub const MAIL_HEAD_WAIT: Duration = Duration::from_secs(20);
/// The header block that is held in memory. A longer one is delivered unread and flagged.
pub const MAIL_HEADER_BYTES_MAX: usize = 256 * 1024;
/// The part of a message's body that is parsed for text and attachments.
pub const MAIL_PARSED_BYTES_MAX: usize = 2 * 1024 * 1024;
/// A message up to this size stays in memory; a longer one is spooled to disk.
pub const MAIL_MEMORY_BYTES_MAX: usize = 256 * 1024;
/// The largest message by default (`[mail] size_limit`). Larger: 552 5.3.4.
pub const MAIL_SIZE_BYTES_DEFAULT: u64 = 50 * 1024 * 1024;
/// `Received` fields of a message before it counts as looping (RFC 5321 6.3 asks for at least 100).
pub const MAIL_HOPS_MAX: usize = 100;
/// Sessions of one listener at once. More: 421.
pub const SMTP_SESSIONS_MAX: usize = 1_000;
/// Wait for a client's next command, however slowly its bytes come (RFC 5321 4.5.3.2.7: at least 5
/// minutes). Over: 421 and close.
pub const SMTP_COMMAND_WAIT: Duration = Duration::from_secs(300);
/// Wait for a client's next piece of a message. Over: 421 and close; nothing was accepted.
pub const SMTP_DATA_WAIT: Duration = Duration::from_secs(180);
/// From our 354 to the final dot, however steadily pieces come. Over: 421 and close; nothing was
/// accepted.
pub const SMTP_MESSAGE_WAIT: Duration = Duration::from_secs(3_600);
/// Messages of one session. After that: 421 and close; the client reconnects.
pub const SMTP_MESSAGES_MAX: usize = 1_000;
/// Commands that bring no message (NOOP, RSET, VRFY, hello, XFORWARD) from one message to the next.
/// More: 421 and close. Postfix's `smtpd_junk_command_limit` is as high.
pub const SMTP_IDLE_COMMANDS_MAX: usize = 100;
/// From the final dot to the dot that we send, [`MAIL_SEND_BYTES_PER_SECOND_MIN`] aside. Over: the
/// acceptance is unwound and answered 451.
pub const MAIL_DECIDE_AND_SEND: Duration = Duration::from_secs(30);
/// What the downstream server takes in a second at least: a large message has so much longer, or it
/// would be put off for ever.
pub const MAIL_SEND_BYTES_PER_SECOND_MIN: u64 = 1024 * 1024;
/// How much longer the largest message has: mail servers wait 600 seconds for the answer to a dot
/// (RFC 5321 4.5.3.2.6; Postfix's `lmtp_data_done_timeout`).
pub const MAIL_SEND_LONGER_MAX: Duration = Duration::from_secs(300);
/// Wait for one reply of the downstream server.
pub const DOWNSTREAM_REPLY_WAIT: Duration = Duration::from_secs(20);
/// Wait for a connection to the downstream server.
pub const DOWNSTREAM_CONNECT_WAIT: Duration = Duration::from_secs(5);
/// Idle connections to the downstream server that are kept.
pub const DOWNSTREAM_IDLE_MAX: usize = 16;
/// How long an idle connection to the downstream server is kept.
pub const DOWNSTREAM_IDLE_AGE_MAX: Duration = Duration::from_secs(30);
/// Lines of one reply of the downstream server. More: the connection is given up.
pub const DOWNSTREAM_REPLY_LINES_MAX: usize = 128;
/// Connections to the downstream server at once. More: the message waits as for a connection.
pub const DOWNSTREAM_CONNECTIONS_MAX: usize = 200;
/// How long what the downstream server offers is taken as known without asking again.
pub const DOWNSTREAM_OFFER_AGE_MAX: Duration = Duration::from_secs(60);
/// How long an answer of the downstream server counts as one that it would give now, for `ready`.
pub const DOWNSTREAM_ANSWER_AGE_MAX: Duration = Duration::from_secs(5);
/// How long after a failed attempt the downstream server is not asked again what it offers.
pub const DOWNSTREAM_OFFER_PAUSE: Duration = Duration::from_secs(5);
/// RCPT commands that are sent downstream, or by `pipe` any, before their replies are read, so that
/// neither side waits with full buffers.
pub const DOWNSTREAM_PIPELINE_MAX: usize = 100;
/// Bytes of an XFORWARD line (Postfix's XFORWARD_README: 512, CRLF included).
pub const XFORWARD_LINE_BYTES_MAX: usize = 512;
/// What the gateway's own header fields add to a message at most; announced as so much less than
/// the downstream server's limit.
pub const MAIL_TRACE_BYTES_MAX: u64 = 64 * 1024;
/// Original recipients that are named in a routed message's header. More are on the queue item.
pub const MAIL_ORIGINAL_TO_MAX: usize = 100;
/// How old a loop mark may be: a message that goes in a circle is back within minutes, and one that somebody
/// kept to send it again is decided as new. Later: decided again.
pub const MAIL_MARK_AGE_MAX: Duration = Duration::from_secs(3600);
/// Recipients that a loop mark names. For others of the message it is worth nothing: they are decided again.
pub const MAIL_MARKED_RECIPIENTS_MAX: usize = 100;
/// A message up to this size is read on the thread of its session; a longer one on another, so that
/// nobody waits behind it.
pub const MAIL_READ_IN_PLACE_BYTES_MAX: u64 = 16 * 1024;
/// Messages beyond [`MAIL_READ_IN_PLACE_BYTES_MAX`] that are parsed at once, and of those beyond
/// [`MAIL_MEMORY_BYTES_MAX`] that are decided: each takes a few times its parsed part in memory.
/// More wait their turn.
pub const MAIL_READERS_MAX: usize = 2;
/// Attachments of a message that are compared. More: the rest counts as one.
pub const MAIL_ATTACHMENTS_MAX: usize = 100;
/// Multiparts and messages within one message that are read separately. Anything beyond is read as plain text and
/// flagged.
pub const MAIL_NESTED_MAX: usize = 256;
/// The decoded size of attached messages that are encoded, together, in bytes. RFC 2046 5.2.1 allows them no
/// encoding. More: they are read as plain text, and the message is flagged.
pub const MAIL_NESTED_DECODED_BYTES_MAX: usize = 2 * MAIL_PARSED_BYTES_MAX;
/// The parameters of one Content-Type or Content-Disposition field. Longer: the field is not understood,
/// and the message flagged.
pub const MAIL_PARAMETERS_BYTES_MAX: usize = 8 * 1024;
/// Parts of one message that are read. Anything beyond is not, and the message is flagged.
pub const MAIL_PARTS_MAX: usize = 1_000;
/// Text of a message's attached files that is read with it, together. Longer: its beginning is.
pub const MAIL_ATTACHED_TEXT_BYTES_MAX: usize = 256 * 1024;
/// Message-ids of one message's thread that are compared, newest kept.
pub const MAIL_THREAD_MAX: usize = 50;
/// Mailboxes of a From field that are looked at. More: the field is ambiguous anyway.
pub const MAIL_MAILBOXES_MAX: usize = 16;
/// Nested comments of a header field. More: the field is not understood.
pub const MAIL_COMMENT_DEPTH_MAX: usize = 32;
/// Wait of `pipe` for one reply: above what the gateway takes for an answer, below the 1000
/// seconds after which Postfix's pipe(8) bounces.
pub const PIPE_REPLY_WAIT: Duration = Duration::from_secs(400);
/// How long a session that the gateway ends is read on, so that its last reply is not lost to a
/// reset, and how much.
pub const SMTP_LINGER_WAIT: Duration = Duration::from_secs(1);
pub const SMTP_LINGER_BYTES_MAX: usize = 1024 * 1024;
/// A TLS handshake on a mail listener. Over: the connection is closed.
pub const SMTP_HANDSHAKE_WAIT: Duration = Duration::from_secs(30);
/// Bytes of commands that are read at once: a line at its longest, and the commands pipelined after it.
pub const SMTP_COMMAND_BYTES: usize = 4 * 1024;
/// Bytes of a message that are read at once.
pub const SMTP_READ_BYTES: usize = 32 * 1024;
/// How many times the size limit is read and thrown away before a session that goes on sending
/// is cut off.
pub const MAIL_OVERSIZE_FACTOR: u64 = 2;
/// Faulty commands of one session. More: 421 and close.
pub const SMTP_FAULTS_MAX: usize = 50;
/// The gateway's own check of a sender (DKIM, SPF, DMARC), all its questions to DNS included. Over:
/// the sender counts as asserted.
pub const MAIL_CHECK_WAIT: Duration = Duration::from_secs(5);
/// A message that is checked, in bytes: it is held in memory until then. Longer: its sender counts as
/// asserted.
pub const MAIL_CHECK_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// Messages that are checked at once. More wait their turn, within [`MAIL_CHECK_WAIT`].
pub const MAIL_CHECKS_MAX: usize = 4;
/// DKIM signatures of a message that is checked: each may ask for a hash of its own. More: its
/// sender counts as asserted.
pub const MAIL_SIGNATURES_MAX: usize = 10;
/// Answers from DNS that are remembered. More: the oldest are asked again.
pub const MAIL_CHECK_NAMES_MAX: u64 = 1_024;
/// A packet of the milter protocol. Pieces of a body have at most 65,535 bytes, header fields as
/// many as the mail server takes (Postfix: 102,400). Longer: the connection is closed, and the
/// mail server does as its `milter_default_action` says.
pub const MILTER_PACKET_BYTES_MAX: usize = 256 * 1024;
/// Wait for the mail server's next packet: it holds the connection for as long as its client's
/// session lasts (libmilter waits 7,210 seconds). Over: the connection is closed.
pub const MILTER_COMMAND_WAIT: Duration = Duration::from_secs(7_210);
/// From the end of a message to the answer. Over: the client is asked to try again. Postfix waits
/// [`MILTER_CONTENT_WAIT`].
pub const MILTER_ANSWER_WAIT: Duration = Duration::from_secs(90);
/// Postfix's `milter_content_timeout` by default: a later answer might be lost.
pub const MILTER_CONTENT_WAIT: Duration = Duration::from_secs(300);
/// Fields of the gateway's own names that are taken off a message by milter. More: the client is
/// asked to try again, since nobody writes as many in good faith.
pub const MILTER_FORGED_MAX: u32 = 100;
/// Characters of a macro's value that are read.
pub const MILTER_MACRO_CHARS_MAX: usize = 256;
/// The largest `[mail] size_limit`. Larger: refused at start.
pub const MAIL_SIZE_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// The gateway's own mail: one attempt. Over: it counts as not sent.
pub const OWN_MAIL_WAIT: Duration = Duration::from_secs(10);
/// How often waiting entries on outgoing mail are tried again. The room of the journal bounds their number.
pub const OUTBOUND_NOTES_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// The same while an entry can't be written at all, until somebody mends it.
pub const OUTBOUND_NOTES_AGAIN_AFTER_FAULT: Duration = Duration::from_secs(60);
/// Warnings to colleagues that are remembered, so that each goes out once a day. More: all are forgotten, and some
/// may go out twice.
pub const OUTBOUND_WARNED_MAX: usize = 10_000;
