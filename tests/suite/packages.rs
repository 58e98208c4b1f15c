//! What is shipped beside the program: units, the package's scripts, Compose and Kubernetes files.

use std::path::Path;
use std::process::Command;

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

/// Names of the units, with what they set.
fn units() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/systemd");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    names.map(|name| (name.clone(), file(&format!("config/systemd/{name}")))).collect()
}

fn set_in<'a>(unit: &'a str, key: &str) -> Option<&'a str> {
    unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
}

#[test]
fn no_socket_file_is_in_a_folder_that_goes_with_the_service() {
    let units = units();
    let owned: Vec<String> = units
        .iter()
        .filter_map(|(_, unit)| set_in(unit, "RuntimeDirectory"))
        .map(|name| format!("/run/{name}/"))
        .collect();
    assert_eq!(owned, ["/run/contact-gateway/"]);
    let sockets: Vec<&str> =
        units.iter().filter_map(|(_, unit)| set_in(unit, "ListenStream")).collect();
    assert_eq!(sockets.len(), 4);
    for socket in sockets {
        assert!(!owned.iter().any(|folder| socket.starts_with(folder)), "{socket}");
    }
}

#[test]
fn removing_the_package_stops_and_disables_every_unit_by_its_name() {
    let prerm = file("packaging/debian/prerm");
    for (unit, _) in units() {
        assert!(prerm.split([' ', '\'', '\n']).any(|word| word == unit), "{unit}");
    }
    assert!(!prerm.contains('*'), "`systemctl disable` takes no patterns");
    assert!(!prerm.contains("|| true"), "a fault that is hidden is found by nobody");
}

/// Runs a maintainer script with each program that it calls in place of the machine's own, and says what was called.
fn called(script: &str, argument: &str, programs: &[&str], root: &Path) -> (bool, String) {
    let bin = root.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    for program in programs {
        let text = format!("#!/bin/sh\necho {program} \"$@\" >>{}/calls\n", root.display());
        let path = bin.join(program);
        std::fs::write(&path, text).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&path, mode).unwrap();
    }
    // The folders that the script names, below the test's own.
    let text = file(script)
        .replace("/etc/contact-gateway", &root.join("etc").display().to_string())
        .replace("/run/systemd/system", &root.join("systemd").display().to_string());
    let copy = root.join("script");
    std::fs::write(&copy, text).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let ended = Command::new("sh").arg(copy).arg(argument).env("PATH", path).status().unwrap();
    (ended.success(), std::fs::read_to_string(root.join("calls")).unwrap_or_default())
}

#[test]
fn an_upgrade_does_not_miss_a_file_that_an_administrator_deleted() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("etc")).unwrap();
    std::fs::write(root.path().join("etc/gateway.toml"), "").unwrap();
    let programs = ["getent", "adduser", "chown", "install", "systemctl"];
    let (ended, calls) = called("packaging/debian/postinst", "configure", &programs, root.path());
    assert!(ended, "{calls}");
    let owned: Vec<&str> = calls.lines().filter(|call| call.starts_with("chown")).collect();
    let toml = root.path().join("etc/gateway.toml");
    assert_eq!(owned, [format!("chown root:contact-gateway {}", toml.display())]);
}

#[test]
fn what_is_removed_is_stopped_only_where_systemd_runs_and_disabled_everywhere() {
    let root = tempfile::tempdir().unwrap();
    let (ended, calls) = called("packaging/debian/prerm", "remove", &["systemctl"], root.path());
    assert!(ended && calls.starts_with("systemctl disable"), "{calls}");
    std::fs::create_dir(root.path().join("systemd")).unwrap();
    std::fs::remove_file(root.path().join("calls")).unwrap();
    let (ended, calls) = called("packaging/debian/prerm", "remove", &["systemctl"], root.path());
    assert!(ended && calls.starts_with("systemctl stop"), "{calls}");
    let (_, calls) = called("packaging/debian/prerm", "upgrade", &["systemctl"], root.path());
    assert_eq!(calls.lines().count(), 2, "an upgrade stops nothing: {calls}");
}

/// The documents of a YAML file, by kind.
fn manifests<'a>(text: &'a str, kind: &str) -> Vec<&'a str> {
    let line = format!("\nkind: {kind}\n");
    text.split("\n---\n").filter(|one| one.contains(&line)).collect()
}

#[test]
fn nothing_takes_every_gateway_away_because_a_server_behind_is() {
    let text = file("packaging/kubernetes/contact-gateway.yaml");
    let set = manifests(&text, "StatefulSet")[0];
    let probe = set.split("readinessProbe:").nth(1).unwrap().lines().nth(1).unwrap();
    assert_eq!(probe.trim(), "httpGet: { path: /health/serving, port: staff }");
    let compose = file("packaging/compose.yaml");
    assert!(compose.contains("\"contact-gateway\", \"health\", \"--serving\""));
    for text in [&text, &compose, &file("Dockerfile")] {
        assert!(!text.contains("path: /health/ready") && !text.contains("\"health\"]"), "{text}");
    }
}

#[test]
fn the_public_ingress_reaches_forms_alone() {
    let text = file("packaging/kubernetes/contact-gateway.yaml");
    let services = manifests(&text, "Service");
    assert_eq!(services.len(), 2);
    for service in services {
        assert_eq!(service.matches("targetPort:").count(), 1, "one port each: {service}");
    }
    let policy = manifests(&text, "NetworkPolicy")[0];
    for port in ["port: contacts", "port: staff"] {
        assert_eq!(policy.matches(port).count(), 1);
    }
    // Whoever is trusted to say who the client is: no guess, and no whole cluster.
    assert!(text.contains("trusted_proxies = [\"FILL-IN\"]"));
}

#[test]
fn each_gateway_keeps_its_state_in_a_volume_of_its_own() {
    let compose = file("packaging/compose.yaml");
    let gateways: Vec<&str> = compose.split("<<: *gateway").skip(1).collect();
    assert_eq!(gateways.len(), 2);
    for (number, gateway) in (1..).zip(gateways) {
        let mount = format!("- state-{number}:/var/lib/contact-gateway\n");
        assert!(gateway.contains(&mount), "{gateway}");
        assert!(compose.contains(&format!("\n  state-{number}:\n")), "a named volume");
    }
    let kubernetes = file("packaging/kubernetes/contact-gateway.yaml");
    assert!(kubernetes.contains("volumeClaimTemplates:\n    - metadata:\n        name: state\n"));
}
