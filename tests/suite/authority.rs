//! An authority of a test, and certificates of it, made by openssl.

use std::path::{Path, PathBuf};
use std::process::Command;

pub struct Authority {
    folder: tempfile::TempDir,
}

/// Certificate and key in one file, and each in its own.
pub struct Issued {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// What a certificate is for, and when.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Server,
    Client,
    /// For servers that call each other.
    Either,
    /// For either, and no longer in date.
    Expired,
}

impl Authority {
    pub fn new() -> Authority {
        let authority = Authority { folder: tempfile::tempdir().unwrap() };
        authority.openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
             -subj /CN=authority -keyout ca.key -out ca.crt",
        );
        std::fs::write(authority.at("index"), "").unwrap();
        std::fs::write(authority.at("serial"), "1000\n").unwrap();
        let settings = "[ca]\ndefault_ca=one\n[one]\ndatabase=index\nserial=serial\n\
                        new_certs_dir=.\ncertificate=ca.crt\nprivate_key=ca.key\n\
                        default_md=sha256\npolicy=any\nunique_subject=no\n[any]\n\
                        commonName=supplied\n";
        std::fs::write(authority.at("ca.cnf"), settings).unwrap();
        authority
    }

    fn openssl(&self, arguments: &str) {
        let done = Command::new("openssl")
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .output()
            .unwrap_or_else(|fault| panic!("install the Debian package `openssl`: {fault}"));
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn certificate(&self) -> PathBuf {
        self.at("ca.crt")
    }

    /// A certificate for a host (for `localhost` and its address as well). The same host and purpose
    /// again gives another one.
    pub fn issue(&self, host: &str, purpose: Purpose) -> Issued {
        let (usage, from, to) = match purpose {
            Purpose::Server => ("serverAuth", "20200101000000Z", "20991231000000Z"),
            Purpose::Client => ("clientAuth", "20200101000000Z", "20991231000000Z"),
            Purpose::Either => ("serverAuth,clientAuth", "20200101000000Z", "20991231000000Z"),
            Purpose::Expired => ("serverAuth,clientAuth", "20200101000000Z", "20200102000000Z"),
        };
        let address = if host == "localhost" { ",IP:127.0.0.1" } else { "" };
        let extensions = format!("subjectAltName=DNS:{host}{address}\nextendedKeyUsage={usage}\n");
        std::fs::write(self.at("extensions"), extensions).unwrap();
        let count = std::fs::read_dir(self.folder.path()).unwrap().count();
        let (key, request) = (format!("{host}-{count}.key"), format!("{host}-{count}.csr"));
        let certificate = format!("{host}-{count}.crt");
        self.openssl(&format!(
            "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={host} \
             -keyout {key} -out {request}"
        ));
        self.openssl(&format!(
            "ca -batch -notext -config ca.cnf -in {request} -out {certificate} \
             -extfile extensions -startdate {from} -enddate {to}"
        ));
        Issued { certificate: self.at(&certificate), key: self.at(&key) }
    }
}

/// Puts a certificate and its key in the place of others, as a renewal does.
pub fn renew(at: (&Path, &Path), with: &Issued) {
    std::fs::copy(&with.key, at.1).unwrap();
    std::fs::copy(&with.certificate, at.0).unwrap();
}
