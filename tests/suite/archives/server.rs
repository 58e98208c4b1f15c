//! A server that speaks S3 (`tests/clients/s3_server.py`, of moto), started for a test on a free port and ended with it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use contact_gateway::store::settings::{Addressing, S3Settings};
use serde_json::Value;

use crate::contacts_edge::client::{raw, request, try_raw};
use crate::store_contract::servers::{free_port, until};

pub const KEY: &str = "the-key";
pub const SECRET: &str = "the secret of the key";

pub struct Buckets {
    child: Child,
    pub address: SocketAddr,
}

impl Drop for Buckets {
    fn drop(&mut self) {
        // A frozen process ends by this signal, too.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Buckets {
    /// With the bucket `originals`.
    pub async fn start() -> Buckets {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/clients/bin/python");
        assert!(
            python.exists(),
            "moto is not installed: run tests/run (Debian packages python3, python3-venv)"
        );
        let port = free_port();
        let child = Command::new(python)
            .arg(root.join("tests/clients/s3_server.py"))
            .args([&port.to_string(), "originals", KEY, SECRET])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let buckets = Buckets { child, address };
        until("the server of buckets answers", || async {
            match tokio::net::TcpStream::connect(address).await {
                Ok(_) => try_raw(address, &request("GET", "/-/look", &[], b"")).await.is_some(),
                Err(_) => false,
            }
        })
        .await;
        buckets
    }

    pub fn settings(&self, prefix: &str) -> S3Settings {
        S3Settings {
            bucket: "originals".to_owned(),
            prefix: prefix.to_owned(),
            endpoint: format!("http://{}", self.address).parse().unwrap(),
            region: "eu-west-2".to_owned(),
            addressing: Addressing::Path,
            access_key_id: KEY.into(),
            secret_access_key: SECRET.into(),
            session_token: None,
        }
    }

    async fn control(&self, target: &str) -> Value {
        let got = raw(self.address, &request("GET", &format!("/-/{target}"), &[], b"")).await;
        assert_eq!(got.status, 200, "{got:?}");
        got.json()
    }

    /// From now on: seconds before each answer, a status for each, a changed byte in each body. Without any: well again.
    /// A status may have a `code`, and be for one `method` and so many `times` only.
    pub async fn fault(&self, faults: &str) {
        self.control(&format!("fault?{faults}")).await;
    }

    /// The objects, each with its length.
    pub async fn objects(&self) -> BTreeMap<String, u64> {
        let found = self.control("look").await;
        serde_json::from_value(found["objects"].clone()).unwrap()
    }

    /// The names of originals: those of the archive itself left out.
    pub async fn originals(&self) -> Vec<String> {
        let names = self.objects().await.into_keys();
        names.filter(|name| !name.ends_with(".identity")).collect()
    }

    /// How many requests of this method came.
    pub async fn seen(&self, method: &str) -> u64 {
        self.control("look").await["seen"][method].as_u64().unwrap_or_default()
    }

    /// Holds back the next request of this method but so many, once it has arrived.
    pub async fn hold(&self, method: &str, skip: usize) {
        self.control(&format!("hold?method={method}&skip={skip}")).await;
    }

    pub async fn until_held(&self, method: &str) {
        until("a request is held back", || async {
            let held = self.control("look").await["held"].clone();
            held.as_array().unwrap().contains(&method.into())
        })
        .await;
    }

    /// Lets the request go on that is held back.
    pub async fn release(&self, method: &str) {
        self.control(&format!("release?method={method}")).await;
    }

    pub async fn remove(&self, name: &str) {
        self.control(&format!("remove?name={name}")).await;
    }

    pub async fn alter(&self, name: &str) {
        self.control(&format!("alter?name={name}")).await;
    }

    /// Makes every object this much older.
    pub async fn age(&self, hours: u32) {
        self.control(&format!("age?hours={hours}")).await;
    }

    pub async fn bytes(&self, name: &str) -> Vec<u8> {
        raw(self.address, &request("GET", &format!("/-/bytes?name={name}"), &[], b"")).await.body
    }

    /// SIGSTOP and SIGCONT: connections are made, and nothing is answered.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
    }

    /// The lines of a configuration's `[archive]`, with the secret in this folder.
    pub fn config(&self, folder: &Path, prefix: &str) -> String {
        let secret = folder.join("s3-secret");
        std::fs::write(&secret, SECRET).unwrap();
        std::fs::write(folder.join("s3-key"), KEY).unwrap();
        format!(
            "url = \"s3://originals/{prefix}\"\nendpoint = \"http://{}\"\n\
             access_key_id = {{ file = \"{}\" }}\nsecret_access_key = {{ file = \"{}\" }}",
            self.address,
            folder.join("s3-key").display(),
            secret.display()
        )
    }
}
