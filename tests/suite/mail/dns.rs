//! A DNS server that knows some texts, and says of every other name that it is not there.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;
use tokio::task::JoinSet;

pub struct Dns {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _serving: JoinSet<()>,
}

impl Dns {
    /// `texts`: name → TXT record.
    pub async fn start(texts: &[(&str, &str)]) -> Dns {
        let texts: BTreeMap<String, String> =
            texts.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noting = Arc::clone(&asked);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut packet = [0; 4096];
            while let Ok((length, peer)) = socket.recv_from(&mut packet).await {
                let (name, answer) = answer(&packet[..length], &texts);
                noting.lock().unwrap().push(name);
                let _ = socket.send_to(&answer, peer).await;
            }
        });
        Dns { address, asked, _serving: serving }
    }

    /// The names that were asked for.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// RFC 1035 4.1: the question's name, and the answer to it.
fn answer(query: &[u8], texts: &BTreeMap<String, String>) -> (String, Vec<u8>) {
    const TXT: [u8; 2] = [0, 16];
    let mut at = 12;
    let mut labels = Vec::new();
    while query[at] != 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..end]).to_ascii_lowercase());
        at = end;
    }
    let name = labels.join(".");
    let question = &query[12..at + 5];
    let text = texts.get(&name).filter(|_| query[at + 1..at + 3] == TXT);
    let (code, answers) = if text.is_some() { (0x80, 1) } else { (0x83, 0) };
    let mut packet = [&query[..2], &[0x85, code, 0, 1, 0, answers, 0, 0, 0, 0], question].concat();
    if let Some(text) = text {
        let mut data = Vec::new();
        for piece in text.as_bytes().chunks(255) {
            data.push(u8::try_from(piece.len()).unwrap());
            data.extend_from_slice(piece);
        }
        packet.extend_from_slice(&[0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60]);
        packet.extend_from_slice(&u16::try_from(data.len()).unwrap().to_be_bytes());
        packet.extend_from_slice(&data);
    }
    (name, packet)
}
