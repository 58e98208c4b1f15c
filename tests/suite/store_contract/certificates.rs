//! An authority made for one test, and what it certifies: this machine.

use std::path::Path;

pub struct Authority {
    folder: tempfile::TempDir,
}

impl Authority {
    /// With `ca.crt`, and `server.crt` and `server.key` for `localhost` and 127.0.0.1.
    pub async fn new() -> Authority {
        let authority = Authority { folder: tempfile::tempdir().unwrap() };
        let openssl = async |arguments: &str| openssl(authority.folder.path(), arguments).await;
        openssl(
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out \
             ca.crt",
        )
        .await;
        openssl(
            "req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr",
        )
        .await;
        std::fs::write(
            authority.folder.path().join("names"),
            "subjectAltName=DNS:localhost,IP:127.0.0.1",
        )
        .unwrap();
        openssl(
            "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile \
             names -out server.crt",
        )
        .await;
        authority
    }

    pub fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// The lines of `redis.conf` for a server that also listens on this port, by TLS.
    pub fn settings(&self, port: u16) -> Vec<String> {
        vec![
            format!("tls-port {port}"),
            format!("tls-cert-file {}", self.file("server.crt")),
            format!("tls-key-file {}", self.file("server.key")),
            format!("tls-ca-cert-file {}", self.file("ca.crt")),
            "tls-auth-clients no".to_owned(),
        ]
    }
}

async fn openssl(folder: &Path, arguments: &str) {
    let done = tokio::process::Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .await
        .unwrap_or_else(|fault| panic!("openssl can't be run ({fault}): apt-get install openssl"));
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
