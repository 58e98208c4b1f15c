//! Command lines: where they end, what they say, and what of them is replayed.

use bytes::{Bytes, BytesMut};
use contact_gateway::channels::mail::wire::{Command, Line, Lines, Parameter, Path, command};
use contact_gateway::runtime::limits::SMTP_LINE_BYTES_MAX;

use super::chance::Chance;
use super::data::pieces;

pub fn run(bytes: &[u8]) {
    let whole = lines(&[bytes]);
    assert_eq!(lines(&pieces(bytes, &mut Chance::of(bytes))), whole, "it depends on the pieces");
    for line in whole {
        let Line::Whole(line) = line else { continue };
        assert!(line.len() + 2 <= SMTP_LINE_BYTES_MAX && !line.iter().any(u8::is_ascii_control));
        match command(&line) {
            Ok(Command::Mail { path, parameters }) => replayed("MAIL FROM:", &path, &parameters),
            Ok(Command::Rcpt { path, parameters }) => {
                assert!(!path.mailbox.is_empty(), "a recipient without an address");
                replayed("RCPT TO:", &path, &parameters);
            }
            Ok(Command::Xforward(attributes)) => {
                assert!(
                    attributes.iter().all(|(_, value)| value.bytes().all(|b| b.is_ascii_graphic()))
                );
            }
            Ok(_) | Err(_) => {}
        }
    }
}

fn lines(pieces: &[&[u8]]) -> Vec<Line> {
    let mut buffer = BytesMut::new();
    let mut reader = Lines::default();
    let mut lines = Vec::new();
    for piece in pieces {
        buffer.extend_from_slice(piece);
        while let Some(line) = reader.next(&mut buffer) {
            lines.push(line);
        }
        assert!(buffer.len() < SMTP_LINE_BYTES_MAX, "an endless line is kept");
    }
    lines
}

/// What is replayed means the same to whoever reads it next, and brings no command of its own.
fn replayed(verb: &str, path: &Path, parameters: &[Parameter]) {
    let mut line = [verb.as_bytes(), &path.raw].concat();
    for parameter in parameters {
        line.push(b' ');
        line.extend_from_slice(&parameter.raw);
    }
    assert!(!line.iter().any(u8::is_ascii_control), "a control character is replayed");
    match command(&Bytes::from(line)) {
        Ok(
            Command::Mail { path: again, parameters: others }
            | Command::Rcpt { path: again, parameters: others },
        ) => {
            assert!(again == *path && others == *parameters, "the replay says something else");
        }
        other => panic!("a replayed command is read as {other:?}"),
    }
    assert!(path.raw.starts_with(b"<") && path.raw.ends_with(b">"));
    assert!(
        path.raw.windows(path.mailbox.len().max(1)).any(|part| part == path.mailbox.as_bytes())
            || path.mailbox.is_empty()
    );
}
