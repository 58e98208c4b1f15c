//! A client for tests that need more than a dialogue.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::written::people;

pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects, and hears the greeting.
    pub async fn greeted(port: u16) -> ((u16, String), Client) {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let mut client = Client { stream: BufReader::new(stream) };
        (client.reply().await, client)
    }

    /// Connects and says hello.
    pub async fn connect(port: u16, hello: &str) -> Client {
        let (greeting, mut client) = Client::greeted(port).await;
        assert_eq!(greeting.0, 220);
        assert_eq!(client.ask(&format!("{hello} test.example")).await.0, 250);
        client
    }

    /// The code and the text of the last line; 0: the connection has ended.
    pub async fn reply(&mut self) -> (u16, String) {
        loop {
            let mut line = String::new();
            let read = self.stream.read_line(&mut line).await.unwrap_or(0);
            if read == 0 {
                return (0, String::new());
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return (line[..3].parse().unwrap(), line[4..].trim_end().to_owned());
            }
        }
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        // The gateway may have closed: the reply shows it.
        let _ = self.stream.get_mut().write_all(bytes).await;
    }

    pub async fn ask(&mut self, command: &str) -> (u16, String) {
        self.write(format!("{command}\r\n").as_bytes()).await;
        self.reply().await
    }

    /// MAIL, RCPT and DATA; the codes of the RCPT replies.
    pub async fn envelope(&mut self, from: &str, to: &[&str]) {
        assert_eq!(self.ask(&format!("MAIL FROM:<{from}>")).await.0, 250);
        for to in to {
            assert_eq!(self.ask(&format!("RCPT TO:<{to}>")).await.0, 250);
        }
        assert_eq!(self.ask("DATA").await.0, 354);
    }

    /// A whole message (its bytes unstuffed), and the first reply behind the dot.
    pub async fn send(&mut self, from: &str, to: &[&str], message: &[u8]) -> (u16, String) {
        people::note_mail(from, message);
        self.envelope(from, to).await;
        self.write(&stuffed(message)).await;
        self.reply().await
    }
}

/// Lines must end in CRLF.
pub fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut wire = Vec::new();
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            wire.push(b'.');
        }
        wire.extend_from_slice(line);
    }
    wire.extend_from_slice(b".\r\n");
    wire
}
