//! A client that sends exactly what it is told.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::written::people;

/// An answer, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Got {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Every value of a field, in order.
    pub fn fields(&self, name: &str) -> Vec<String> {
        fields(&self.head, name)
    }

    pub fn field(&self, name: &str) -> Option<String> {
        self.fields(name).into_iter().next()
    }
}

/// Every value of a field in a head.
pub fn fields(head: &str, name: &str) -> Vec<String> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(field, _)| field.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
        .collect()
}

/// Sends bytes on a connection of their own and reads the answer to its end.
pub async fn raw(to: SocketAddr, request: &[u8]) -> Got {
    taken_apart(&exchanged(to, request).await.unwrap())
}

/// The same with a server that may end in the middle; `None`: it gave no whole answer.
pub async fn try_raw(to: SocketAddr, request: &[u8]) -> Option<Got> {
    let answer = exchanged(to, request).await?;
    answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let got = taken_apart(&answer);
    let length = got.field("content-length")?.parse();
    (length == Ok(got.body.len())).then_some(got)
}

async fn exchanged(to: SocketAddr, request: &[u8]) -> Option<Vec<u8>> {
    people::note_request(request);
    let mut stream = TcpStream::connect(to).await.ok()?;
    // A gateway that has seen enough may answer, and close, before it has read everything.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    Some(answer)
}

fn taken_apart(answer: &[u8]) -> Got {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut body = answer[end + 4..].to_vec();
    if fields(&head, "transfer-encoding").iter().any(|coding| coding == "chunked") {
        body = unchunked(&body);
    }
    Got { status, head, body }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").unwrap();
        let size = std::str::from_utf8(&rest[..end]).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
}

/// A request with a body, to be sent by [`raw`].
pub fn request(method: &str, target: &str, fields: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut request = format!("{method} {target} HTTP/1.1\r\nHost: contact.karbon.example\r\n");
    for (name, value) in fields {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method != "GET" {
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    request.push_str("Connection: close\r\n\r\n");
    let mut request = request.into_bytes();
    request.extend_from_slice(body);
    request
}

/// An urlencoded form, as a browser sends it.
pub async fn form(to: SocketAddr, target: &str, body: &str) -> Got {
    let fields = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
    ];
    raw(to, &request("POST", target, &fields, body.as_bytes())).await
}
