//! What stands between a gateway and a server: a net that can be cut, and a server that talks
//! rubbish.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Net {
    Passes,
    /// Nothing arrives, and nobody is told: what was sent waits on the way.
    Silent,
    /// Every connection is closed in the middle, and every new one.
    Closes,
    /// What the server says arrives twice: each later answer stands where its neighbour's belongs.
    Stutters,
    /// Not the server answers, but somebody who says this to whatever comes.
    Says(&'static str),
}

pub struct Relay {
    pub port: u16,
    net: watch::Sender<Net>,
    _connections: JoinSet<()>,
}

impl Relay {
    pub async fn before(server: u16) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (net, seen) = watch::channel(Net::Passes);
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(carry(client, server, seen.clone()));
            }
        });
        Relay { port, net, _connections: connections }
    }

    pub fn becomes(&self, net: Net) {
        self.net.send_replace(net);
    }
}

async fn carry(mut client: TcpStream, server: u16, mut seen: watch::Receiver<Net>) {
    let mut server = TcpStream::connect(("127.0.0.1", server)).await.ok();
    let (mut from_client, mut from_server) = (vec![0; 65_536], vec![0; 65_536]);
    loop {
        let net = *seen.borrow_and_update();
        let says = match net {
            Net::Passes | Net::Stutters => None,
            Net::Says(text) => Some(text),
            Net::Closes => return,
            Net::Silent => {
                if seen.changed().await.is_err() {
                    return;
                }
                continue;
            }
        };
        // A server that is gone ends the connection, unless somebody else answers.
        let Some(to_server) = server.as_mut() else {
            let Some(text) = says else { return };
            if !answer(&mut client, &mut from_client, text).await {
                return;
            }
            continue;
        };
        tokio::select! {
            changed = seen.changed() => if changed.is_err() { return },
            read = client.read(&mut from_client) => {
                let Ok(read @ 1..) = read else { return };
                let sent = match says {
                    None => to_server.write_all(&from_client[..read]).await,
                    Some(text) => client.write_all(text.as_bytes()).await,
                };
                if sent.is_err() {
                    return;
                }
            }
            read = to_server.read(&mut from_server) => match read {
                Ok(read @ 1..) if says.is_none() => {
                    for _ in 0..if net == Net::Stutters { 2 } else { 1 } {
                        if client.write_all(&from_server[..read]).await.is_err() {
                            return;
                        }
                    }
                }
                Ok(1..) => {}
                Ok(_) | Err(_) => server = None,
            },
        }
    }
}

async fn answer(client: &mut TcpStream, piece: &mut [u8], text: &str) -> bool {
    match client.read(piece).await {
        Ok(1..) => client.write_all(text.as_bytes()).await.is_ok(),
        Ok(_) | Err(_) => false,
    }
}
