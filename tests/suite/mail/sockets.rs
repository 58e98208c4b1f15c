//! Socket files in place of ports: their permissions, one that a crash left, and the end.

use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::sink::{Script, Sink};
use crate::served::{Behind, Place};

fn place(mail: u16) -> Place {
    let nowhere = "127.0.0.1:9".parse().unwrap();
    let place = Place::new(&Behind { mail, form: nowhere, calls: nowhere }, "secret");
    place.change("lmtp = \"127.0.0.1:0\"", "lmtp = \"unix:lmtp.sock\"\nsocket_mode = \"0660\"");
    place
}

/// A gateway that can't start.
fn serve(place: &Place) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
    command.args(["serve", "--config"]).arg(place.config());
    command.current_dir(place.folder.path()).output().unwrap()
}

async fn hand_in(socket: &Path) -> String {
    let mut stream = BufReader::new(UnixStream::connect(socket).await.unwrap());
    let message = "LHLO x.example\r\nMAIL FROM:<jo@y.example>\r\nRCPT TO:<a@karbon.example>\r\n";
    stream.get_mut().write_all(message.as_bytes()).await.unwrap();
    for command in ["DATA\r\n", "From: jo@y.example\r\n\r\nIt drips.\r\n.\r\n", "QUIT\r\n"] {
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.unwrap();
            let last = if command.starts_with("DATA") { "2.1.5" } else { "354" };
            if line.contains(last) || line.starts_with("250 2.0.0") {
                break;
            }
        }
        stream.get_mut().write_all(command.as_bytes()).await.unwrap();
    }
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    rest
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_file_has_its_permissions_and_goes_with_its_listener() {
    let sink = Sink::start(&Script::default()).await;
    let place = place(sink.port);
    let socket = place.folder.path().join("lmtp.sock");
    let served = place.serve();
    let found = std::fs::metadata(&socket).unwrap();
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o777, 0o660);
    assert!(hand_in(&socket).await.starts_with("221 "));
    assert_eq!(sink.taken().len(), 1);
    // Two can't listen there, and the second does the first no harm.
    let other = self::place(9);
    let bind = format!("lmtp = \"unix:{}\"", socket.display());
    other.change("lmtp = \"unix:lmtp.sock\"", &bind);
    let second = serve(&other);
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(2), "{said}");
    assert!(said.contains("can't be bound: Address already in use"), "{said}");
    assert!(said.contains("gateway.toml:") && said.contains(": listen.lmtp: unix:"), "{said}");
    assert!(said.contains("; name an address where nothing else listens"), "{said}");
    hand_in(&socket).await;
    served.stop();
    assert!(!socket.exists());

    // A crash leaves it, and the next start takes its place.
    place.serve().kill();
    assert!(socket.exists());
    let served = place.serve();
    hand_in(&socket).await;
    assert_eq!(sink.taken().len(), 3);
    served.stop();

    // What is no socket is nobody's to remove.
    std::fs::write(&socket, "somebody's file").unwrap();
    let refused = serve(&place);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert_eq!(std::fs::read_to_string(&socket).unwrap(), "somebody's file");
}

/// From one gateway to the next by a socket file.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_behind_may_listen_on_a_socket_file() {
    let sink = Sink::start(&Script::default()).await;
    let behind = place(sink.port);
    let front = place(9);
    let socket = behind.folder.path().join("lmtp.sock");
    front.change("smtp://127.0.0.1:9", &format!("lmtp+unix:{}", socket.display()));
    let (behind_served, front_served) = (behind.serve(), front.serve());
    hand_in(&front.folder.path().join("lmtp.sock")).await;
    assert_eq!(sink.taken().len(), 1);
    behind_served.stop();
    front_served.stop();
}
