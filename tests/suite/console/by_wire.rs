//! The console of a gateway that listens, asked by real connections.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::browsing::PASSWORD;

/// A browser without script, by real connections.
pub struct Client {
    port: u16,
    cookie: String,
}

impl Client {
    /// Makes the first account, of Bo Carr, by its link, and is signed in.
    pub fn signed_up(port: u16, link: &str) -> Client {
        let mut client = Client { port, cookie: String::new() };
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("name", "Bo Carr"), ("login", "bo"), ("role", "governance")])
            .extend_pairs([("password", PASSWORD), ("again", PASSWORD)])
            .finish();
        let answer = client.ask("POST", link, &form);
        let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: "));
        let cookie =
            cookie.or_else(|| answer.lines().find_map(|it| it.strip_prefix("Set-Cookie: ")));
        let cookie = cookie.unwrap_or_else(|| panic!("{answer}"));
        cookie.split(';').next().unwrap().clone_into(&mut client.cookie);
        client
    }

    fn send(&self, method: &str, path: &str, more: &str, form: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let (port, cookie, length) = (self.port, &self.cookie, form.len());
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n\
             Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n{more}\
             Content-Length: {length}\r\n\r\n{form}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        BufReader::new(stream)
    }

    /// The whole answer, with its head.
    pub fn ask(&self, method: &str, path: &str, form: &str) -> String {
        let mut whole = String::new();
        let mut answer = self.send(method, path, "Connection: close\r\n", form);
        answer.read_to_string(&mut whole).unwrap();
        whole
    }

    /// The first event of a stream; what was to be waited for is in it, or in one after it.
    pub fn event(&self, last: Option<u64>, has: impl Fn(&Value) -> bool) -> Value {
        let last = last.map(|last| format!("Last-Event-ID: {last}\r\n")).unwrap_or_default();
        let mut stream = self.send("GET", "/live", &last, "");
        let mut line = String::new();
        loop {
            line.clear();
            assert!(stream.read_line(&mut line).unwrap() > 0, "the stream ended");
            let Some(data) = line.trim().strip_prefix("data: ") else { continue };
            let said: Value = serde_json::from_str(data).unwrap();
            if has(&said) {
                return said;
            }
        }
    }
}
