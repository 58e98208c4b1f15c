//! Packets of the milter protocol, as a mail server writes and reads them.

use tokio::io::{AsyncRead, AsyncReadExt};

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
