//! swaks and openssl as clients.

use std::process::{Command, Stdio};

use super::{CLIENT, GATEWAY, Rig, rig, shown};
use crate::authority::{Issued, Purpose};

fn swaks(rig: &Rig, own: Option<&Issued>, how: &str) -> (bool, String) {
    let mut swaks = Command::new("swaks");
    swaks.args(["--server", &rig.served.smtp.to_string(), "--timeout", "30", how]).args([
        "--from",
        "jo@y.example",
        "--to",
        "repairs@karbon.example",
        "--body",
        "It drips.",
    ]);
    swaks.args(["--tls-verify", "--tls-ca-path", &shown(&rig.authority.certificate())]);
    if let Some(own) = own {
        swaks.args(["--tls-cert", &shown(&own.certificate), "--tls-key", &shown(&own.key)]);
    }
    let output = swaks.output();
    let output =
        output.unwrap_or_else(|fault| panic!("install the Debian package `swaks`: {fault}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("not available"), "install libnet-ssleay-perl: {said}");
    (output.status.success(), said)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swaks_hands_in_mail_by_starttls_with_a_certificate_only() {
    let rig = rig("required", true).await;
    let own = rig.authority.issue(CLIENT, Purpose::Client);
    let (done, said) = swaks(&rig, Some(&own), "--tls");
    assert!(done && said.contains("<~  250 2.0.0 "), "{said}");
    let (done, said) = swaks(&rig, None, "--tls");
    assert!(!done, "{said}");
    assert_eq!(rig.sink.taken().len(), 1);
    let text = String::from_utf8_lossy(&rig.sink.taken()[0].message).into_owned();
    assert!(text.contains("with ESMTPS"), "{text}");
    rig.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swaks_hands_in_mail_by_tls_from_the_first_byte() {
    let rig = rig("implicit", false).await;
    let (done, said) = swaks(&rig, None, "--tls-on-connect");
    assert!(done && said.contains("<~  250 2.0.0 "), "{said}");
    assert_eq!(rig.sink.taken().len(), 1);
    rig.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openssl_sees_the_certificate_and_each_protocol_version() {
    let rig = rig("required", false).await;
    for (version, works) in [("-tls1_3", true), ("-tls1_2", true), ("-tls1_1", false)] {
        let address = rig.served.smtp.to_string();
        let ca = shown(&rig.authority.certificate());
        let mut openssl = Command::new("openssl");
        openssl
            .args(["s_client", "-starttls", "smtp", "-connect", &address, version, "-brief"])
            .args(["-CAfile", &ca, "-verify_return_error", "-verify_hostname", GATEWAY])
            .stdin(Stdio::null());
        let output = openssl.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(said.contains("Verification: OK"), works, "{version}: {said}");
    }
    rig.stop();
}

/// In a network of its own, where the client's address is not the machine's own loopback.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_is_not_listed_is_told_so() {
    let place = super::place(9);
    place.change("smtp = \"127.0.0.1:0\"", "smtp = \"0.0.0.0:2525\"");
    place.change("\nborder_hosts", "\naccept_from = [\"192.0.2.2\"]\nborder_hosts");
    let said = Command::new("unshare")
        .args(["--net", "sh", "-c", IN_A_NETWORK, "sh", env!("CARGO_BIN_EXE_contact-gateway")])
        .arg(place.config())
        .current_dir(place.folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(said.status.success(), "it needs root and the Debian package `iproute2`: {said:?}");
    let (other, rest) = text.split_once("-- listed\n").unwrap();
    let (listed, local) = rest.split_once("-- local\n").unwrap();
    assert!(other.contains("421 4.7.1 This address may not submit mail here"), "{text}");
    assert!(listed.contains("220 ") && listed.contains("250 "), "{text}");
    assert!(local.contains("220 ") && local.contains("250 "), "{text}");
}

const IN_A_NETWORK: &str = r#"
set -eu
ip link set lo up
ip addr add 192.0.2.1/32 dev lo
ip addr add 192.0.2.2/32 dev lo
"$1" serve --config "$2" 2>served &
gateway=$!
trap 'kill -KILL $gateway' EXIT
tries=0
until grep -q '^ready$' served; do
    tries=$((tries + 1))
    [ "$tries" -lt 600 ] || { cat served >&2; exit 1; }
    sleep 0.05
done
try() { swaks --server 192.0.2.1:2525 --local-interface "$1" --helo x.example --quit-after HELO 2>&1 || true; }
try 192.0.2.1
echo '-- listed'
try 192.0.2.2
echo '-- local'
swaks --server 127.0.0.1:2525 --helo x.example --quit-after HELO 2>&1
"#;
