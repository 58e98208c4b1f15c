//! nginx in front of a form, as docs/getting-started.md sets it up.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use super::checks::free_port;
use super::guide::{START, block, filled, head};
use crate::contacts_edge::client::{raw, request};
use crate::contacts_edge::upstream::Upstream;
use crate::served::{Place, person};

/// What the guide's nginx and the gateway by default take.
const BODY_LIMIT: usize = 25 * 1024 * 1024;

/// Ended with its workers when this is dropped: it stays in the foreground, and `quit` is its own.
pub struct Nginx {
    process: Child,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let id = self.process.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &id]).status();
        let _ = self.process.wait();
    }
}

pub fn nginx(folder: &std::path::Path, location: &str, port: u16) -> Nginx {
    let at = folder.display();
    let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("{name}_temp_path {at}/{name};\n"))
        .collect();
    let text = format!(
        "daemon off;\npid {at}/nginx.pid;\nerror_log {at}/error.log;\nevents {{}}\nhttp {{\n\
         access_log off;\n{paths}server {{\nlisten 127.0.0.1:{port};\n{location}}}\n}}\n"
    );
    std::fs::write(folder.join("nginx.conf"), text).unwrap();
    let process = Command::new("nginx")
        .arg("-c")
        .arg(folder.join("nginx.conf"))
        .arg("-p")
        .arg(folder)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|fault| panic!("install the Debian package `nginx`: {fault}"));
    Nginx { process }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_in_front_of_a_form() {
    let form = Upstream::start().await;
    let guide = filled(
        block(START, "form-gateway"),
        &[
            ("127.0.0.1:8080", "127.0.0.1:0".to_owned()),
            ("127.0.0.1:8081", "127.0.0.1:0".to_owned()),
            ("127.0.0.1:9000", form.address.to_string()),
        ],
    );
    let (_, entry) = guide.split_at(guide.find("[[organisation.form]]").unwrap());
    let place = Place::around(&head(&guide));
    let config = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(place.config(), config + entry).unwrap();
    place.import(&json!([person(
        "P-L",
        "lim@x.example",
        "+447700900001",
        json!({"kind": "channels_only", "channels": ["letter"]})
    )]));
    let served = place.serve();
    let location =
        filled(block(START, "form-nginx"), &[("127.0.0.1:8080", served.contacts.to_string())]);
    let folder = tempfile::Builder::new().prefix("nginx").tempdir_in("/var/tmp").unwrap();
    let port = free_port();
    let nginx = nginx(folder.path(), &location, port);
    let address = format!("127.0.0.1:{port}").parse().unwrap();
    let started = Instant::now();
    while std::net::TcpStream::connect(address).is_err() {
        let said = std::fs::read_to_string(folder.path().join("error.log")).unwrap_or_default();
        assert!(started.elapsed() < Duration::from_secs(30), "{said}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let fields = [("Content-Type", "application/x-www-form-urlencoded")];
    let submit = async |email: &str| {
        let body = format!("email={email}&message=It+drips");
        raw(address, &request("POST", "/karbon/contact", &fields, body.as_bytes())).await
    };
    assert_eq!(submit("jo%40y.example").await.status, 200);
    assert_eq!(form.seen().len(), 1);
    assert_eq!(form.seen()[0].body, b"email=jo%40y.example&message=It+drips");
    // The neutral page: a public form reveals nothing.
    assert_eq!(submit("lim%40x.example").await.status, 202);
    assert_eq!(form.seen().len(), 1);
    assert_eq!(served.queue("limited").await.len(), 1);
    // As large as a form's body may be, and one byte past it.
    for (size, status) in [(BODY_LIMIT, 200), (BODY_LIMIT + 1, 413)] {
        let mut body = b"email=jo%40y.example&message=".to_vec();
        body.resize(size, b'x');
        let got = raw(address, &request("POST", "/karbon/contact", &fields, &body)).await;
        assert_eq!(got.status, status, "{size}");
    }
    assert_eq!(form.seen().last().unwrap().body.len(), BODY_LIMIT);
    drop(nginx);
    served.stop();
}
