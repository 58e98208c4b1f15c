//! Packets of the milter protocol, as a mail server writes and reads them.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A packet on the wire: its length, then its letter and what follows.
pub fn framed(packet: &[u8]) -> Vec<u8> {
    let length = u32::try_from(packet.len()).unwrap();
    [&length.to_be_bytes(), packet].concat()
}

/// The next packet, without its length.
pub async fn packet(stream: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, String> {
    let length = stream.read_u32().await.map_err(|error| error.to_string())?;
    let mut packet = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut packet).await.map_err(|error| error.to_string())?;
    Ok(packet)
}

/// The next packet as dialogues write it: bytes that can't be seen as `\0`, `\n` and `\xHH`.
pub async fn next_packet(stream: &mut (impl AsyncRead + Unpin)) -> Result<String, String> {
    Ok(shown(&packet(stream).await?))
}

pub fn shown(packet: &[u8]) -> String {
    packet
        .iter()
        .map(|byte| match byte {
            0 => "\\0".to_owned(),
            b'\n' => "\\n".to_owned(),
            b' '..=b'~' => char::from(*byte).to_string(),
            byte => format!("\\x{byte:02x}"),
        })
        .collect()
}

/// Hands a whole message to a milter, as a mail server does: its header block, in lines that end with CRLF, and its
/// body. The letter of the last answer, and the flags that it asks the server to write.
pub async fn hand_over(
    port: u16,
    (from, to): (&str, &str),
    header: &[u8],
    body: &[u8],
) -> (u8, String) {
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut say = Vec::new();
    say.extend(framed(b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"));
    say.extend(framed(b"Cclient.example\x004\x12\x34192.0.2.7\0"));
    say.extend(framed(format!("M<{from}>\0").as_bytes()));
    server.write_all(&say).await.unwrap();
    assert_eq!(packet(&mut server).await.unwrap()[0], b'O');
    server.write_all(&framed(format!("R<{to}>\0").as_bytes())).await.unwrap();
    assert_eq!(packet(&mut server).await.unwrap(), b"c");
    for (name, value) in fields(header) {
        let field = [b"L".as_slice(), name.as_slice(), b"\0", value.as_slice(), b"\0"].concat();
        server.write_all(&framed(&field)).await.unwrap();
    }
    server.write_all(&framed(b"N")).await.unwrap();
    for piece in body.chunks(65_535) {
        server.write_all(&framed(&[b"B", piece].concat())).await.unwrap();
        // `s`: it has seen enough of the body.
        if packet(&mut server).await.unwrap() != b"c" {
            break;
        }
    }
    server.write_all(&framed(b"E")).await.unwrap();
    let mut flags = String::new();
    loop {
        let answer = packet(&mut server).await.unwrap();
        // A field to be inserted: its place, its name and its value.
        let text = String::from_utf8_lossy(answer.get(5..).unwrap_or_default()).into_owned();
        if let Some(value) = text.strip_prefix("X-Contact-Gateway-Flags\0")
            && answer[0] == b'i'
        {
            value.trim_end_matches('\0').clone_into(&mut flags);
        }
        if matches!(answer[0], b'c' | b't' | b'd') {
            return (answer[0], flags);
        }
    }
}

/// The names and values of a header block. A folded line is part of the value before it.
fn fields(header: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    for line in header.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match (line.first(), found.last_mut()) {
            (None, _) => {}
            (Some(b' ' | b'\t'), Some((_, value))) => {
                value.push(b'\n');
                value.extend_from_slice(line);
            }
            _ => {
                let colon = line.iter().position(|byte| *byte == b':').unwrap();
                found.push((line[..colon].to_vec(), line[colon + 1..].to_vec()));
            }
        }
    }
    found
}
