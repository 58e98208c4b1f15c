//! What is shipped beside the program: units, the package's scripts, Compose and Kubernetes files.

mod kubernetes;
mod linted;
mod tools;

use std::path::Path;
use std::process::Command;

use contact_gateway::store::settings::StoreUrl;

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

/// Runs a maintainer script with each program that it calls in place of the machine's own, and says what was called. A
/// program ends with a failure if there is a file `refuses-` with the name of its first argument.
fn called(script: &str, argument: &str, programs: &[&str], root: &Path) -> (bool, String) {
    let bin = root.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    for program in programs {
        let text = format!(
            "#!/bin/sh\necho {program} \"$@\" >>{root}/calls\n[ ! -e {root}/refuses-\"$1\" ]\n",
            root = root.display()
        );
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
fn a_gateway_that_does_not_start_is_not_started_again_and_again_by_its_installation() {
    let root = tempfile::tempdir().unwrap();
    for folder in ["etc", "systemd"] {
        std::fs::create_dir(root.path().join(folder)).unwrap();
    }
    let programs = ["getent", "adduser", "chown", "install", "systemctl"];
    let (ended, calls) = called("packaging/debian/postinst", "configure", &programs, root.path());
    assert!(ended && calls.ends_with("systemctl start contact-gateway.service\n"), "{calls}");
    std::fs::write(root.path().join("refuses-start"), "").unwrap();
    let (ended, calls) = called("packaging/debian/postinst", "configure", &programs, root.path());
    assert!(ended && calls.ends_with("systemctl stop contact-gateway.service\n"), "{calls}");
}

/// What the package's configuration names, so that a command by hand works on what the service works on.
#[test]
fn the_package_says_where_everything_is_in_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("gateway.toml");
    let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles/karbon-homes.toml");
    let shipped = file("packaging/debian/gateway.toml");
    let installed = "/usr/share/contact-gateway/profiles/karbon-homes.toml";
    assert!(shipped.contains(installed), "{shipped}");
    let text = shipped.replace(installed, &profile.display().to_string());
    std::fs::write(&config, text).unwrap();
    let loaded =
        contact_gateway::config::load(&config, &contact_gateway::config::Environment::new());
    let settings = loaded.unwrap_or_else(|faults| panic!("{faults}")).settings;
    let data = Path::new("/var/lib/contact-gateway");
    match &settings.store {
        StoreUrl::Embedded(folder) => assert_eq!(*folder, data.join("store")),
        StoreUrl::Redis(_) => panic!("the store of the package is embedded"),
    }
    assert_eq!(settings.archive.shown(), "file:/var/lib/contact-gateway/archive");
    assert_eq!(settings.state, data.join("state"));
    for (name, unit) in units() {
        assert!(
            !unit.contains("\nEnvironment=CONTACT_GATEWAY__"),
            "{name} overrides the configuration"
        );
        if name.ends_with(".service") {
            assert_eq!(set_in(&unit, "WorkingDirectory"), data.to_str(), "{name}");
        }
    }
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
    let image = file("Dockerfile");
    let check: Vec<&str> = image.lines().filter(|line| line.starts_with("HEALTHCHECK")).collect();
    assert_eq!(check.len(), 1);
    assert!(check[0].ends_with("CMD [\"contact-gateway\", \"health\", \"--live\"]"), "{check:?}");
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

/// What a program of `packaging` prints.
fn printed(program: &str, arguments: &[&str]) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(program);
    let output = Command::new(path).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_bill_of_materials_names_what_is_linked_and_is_the_same_each_time() {
    let text = printed("packaging/sbom", &[]);
    assert_eq!(text, printed("packaging/sbom", &[]));
    let bill: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
    let lock: toml::Table = file("Cargo.lock").parse().unwrap();
    let locked = lock["package"].as_array().unwrap();
    let components = bill["components"].as_array().unwrap();
    for component in components {
        let (name, version) = (&component["name"], &component["version"]);
        let of_lock = locked.iter().find(|one| {
            one["name"].as_str() == name.as_str() && one["version"].as_str() == version.as_str()
        });
        let of_lock = of_lock.unwrap_or_else(|| panic!("{name} {version} is not in Cargo.lock"));
        let sum = of_lock.get("checksum").and_then(toml::Value::as_str);
        assert_eq!(component["hashes"][0]["content"].as_str(), sum, "{name}");
        assert!(component["licenses"][0]["expression"].is_string(), "{name}");
    }
    let has = |name: &str| components.iter().any(|component| component["name"] == name);
    assert!(has("hyper") && has("rusqlite") && has("libsqlite3-sys"));
    // Letters as PDF and OpenID Connect are part of the packages; what only tests and benches need is not.
    assert!(has("krilla") && has("openidconnect"));
    assert!(!has("criterion") && !has("proptest") && !has("tempfile"));
    let known = |wanted: &serde_json::Value| {
        bill["metadata"]["component"]["bom-ref"] == *wanted
            || components.iter().any(|component| component["bom-ref"] == *wanted)
    };
    let dependencies = bill["dependencies"].as_array().unwrap();
    assert_eq!(dependencies.len(), components.len() + 1);
    for dependency in dependencies {
        let on = dependency["dependsOn"].as_array().unwrap();
        assert!(known(&dependency["ref"]) && on.iter().all(known), "{dependency}");
    }
}

/// What follows `name` in a text, each time up to a blank, a quote or the line's end.
fn each_after<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let ends = [' ', '`', '"', '\n'];
    text.split(name).skip(1).map(|rest| rest.split(ends).next().unwrap()).collect()
}

#[test]
fn the_bill_of_materials_is_made_with_the_features_that_packages_are_built_with() {
    let sbom = file("packaging/sbom");
    let [wanted] = each_after(&sbom, "\nFEATURES = \"")[..] else { panic!("one list of features") };
    for (name, before, times) in [
        ("packaging/build", "--release --locked --bins --features ", 1),
        ("tests/run", "\nfeatures=", 1),
        (".ci/run", "cargo clippy --locked --all-targets --features ", 1),
    ] {
        assert_eq!(each_after(&file(name), before), vec![wanted; times], "{name}");
    }
}

/// What `packaging/build` asks of Cargo: the command, the flags for Rust, those for C. `auditable`: whether
/// cargo-auditable is there.
fn asked_of_cargo(auditable: bool) -> (String, Vec<String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let stub = "#!/bin/sh\n[ \"$2\" != --version ] || exit \"$MISSING\"\n\
                printf '%s\\n' \"$*\" \"$CARGO_ENCODED_RUSTFLAGS\" \"$CFLAGS\"\n";
    let cargo = folder.path().join("cargo");
    std::fs::write(&cargo, stub).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&cargo, mode).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let mut build = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/build"));
    build.env("PATH", path).env("CARGO_TARGET_DIR", "/elsewhere/target");
    build.env("MISSING", if auditable { "0" } else { "1" }).env("RUSTFLAGS", "-Copt-level=0");
    let output = build.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert_eq!(said.contains("cargo-auditable is not installed"), !auditable, "{said}");
    let asked = String::from_utf8(output.stdout).unwrap();
    let [command, rust, c] = asked.lines().collect::<Vec<_>>()[..] else { panic!("{asked}") };
    (command.to_owned(), rust.split('\x1f').map(str::to_owned).collect(), c.to_owned())
}

#[test]
fn no_path_of_the_machine_is_built_into_the_programs() {
    let (command, rust, c) = asked_of_cargo(true);
    assert!(command.starts_with("auditable build --release --locked --bins "), "{command}");
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).canonicalize().unwrap();
    let last = [format!("{}=/source", sources.display()), "/elsewhere/target=/target".to_owned()];
    for path in &last {
        assert!(rust.contains(&format!("--remap-path-prefix={path}")), "{rust:?}");
        assert!(c.split(' ').any(|flag| flag == format!("-ffile-prefix-map={path}")), "{c}");
    }
    // Flags of the environment would give other programs.
    assert!(rust.iter().all(|flag| flag.starts_with("--remap-path-prefix=/")), "{rust:?}");
    let (without, same, _) = asked_of_cargo(false);
    assert_eq!(format!("auditable {without}"), command);
    assert_eq!(same, rust);
}

#[test]
fn whatever_is_shipped_is_built_by_one_script_which_names_the_crates_in_the_programs() {
    let image = file("Dockerfile");
    assert_eq!(image.matches("&& packaging/build").count(), 2, "dependencies, and the programs");
    let [version] = each_after(&image, "cargo install cargo-auditable --locked --version ")[..]
    else {
        panic!("one version")
    };
    for name in ["Dockerfile", "packaging/debian/build", "docs/packages.md", "docs/releasing.md"] {
        let text = file(name);
        assert!(text.contains("packaging/build"), "{name}");
        assert!(!text.contains("cargo build"), "{name} builds in another way");
    }
    let release = file("docs/releasing.md");
    let auditable = format!("cargo install cargo-auditable --locked --version {version}\n");
    for step in [
        auditable.as_str(),
        "packaging/reproducible",
        "packaging/debian/build",
        "packaging/debian/try",
        "cargo audit bin",
        "packaging/sbom",
    ] {
        assert!(release.contains(step), "docs/releasing.md does not name {step}");
    }
    assert!(
        file("docs/packages.md").contains(&format!("cargo-auditable ({version}, ")),
        "{version}"
    );
}

/// A folder of programs as `packaging/build` leaves it, and the package that is made of them.
fn package_of(folder: &Path, umask: &str) -> Vec<u8> {
    let programs = folder.join("programs");
    std::fs::create_dir_all(&programs).unwrap();
    for name in ["contact-gateway", "contact-gateway-pipe"] {
        std::fs::write(programs.join(name), name).unwrap();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let build = format!("umask {umask}; exec packaging/debian/build \"$@\"");
    let mut shell = Command::new("bash");
    shell.args(["-c", &build, "bash"]).arg(&programs).arg(folder.join("package"));
    let output = shell.current_dir(root).env("SOURCE_DATE_EPOCH", "1790000000").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut made = std::fs::read_dir(folder.join("package")).unwrap();
    std::fs::read(made.next().unwrap().unwrap().path()).unwrap()
}

#[test]
fn the_same_programs_give_the_same_package_each_time() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let package = package_of(first.path(), "022");
    assert!(package.starts_with(b"!<arch>\ndebian-binary"));
    assert!(package == package_of(second.path(), "077"), "the packages differ");
}

#[test]
fn licence_texts_come_with_the_package_those_of_sources_in_c_too() {
    let texts = printed("packaging/sbom", &["--texts"]);
    // jemalloc, SQLite's crate, AWS-LC.
    for holder in ["Jason Evans", "rusqlite", "Amazon.com", "Paolo Barbolini"] {
        assert!(texts.contains(holder), "{holder}");
    }
    let build = file("packaging/debian/build");
    assert!(
        build.contains("THIRD-PARTY-LICENCES.gz") && build.contains("contact-gateway.cdx.json")
    );
}

#[test]
fn the_compose_file_with_buckets_names_an_archive_that_the_gateway_reads() {
    let compose = file("packaging/compose.s3.yaml");
    let variables = compose.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(": "));
    let wanted = |name: &str| name.starts_with("CONTACT_GATEWAY__") || name.starts_with("S3_");
    let environment: contact_gateway::config::Environment = variables
        .filter(|(name, _)| wanted(name))
        .map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned()))
        .collect();
    assert_eq!(environment.len(), 6, "{environment:?}");
    let folder = tempfile::tempdir().unwrap();
    let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles/tuntum.toml");
    let config = folder.path().join("gateway.toml");
    let text = format!(
        "[listen]\nstaff = \"127.0.0.1:0\"\n[[organisation]]\nid = \"tuntum\"\nprofile = \"{}\"\nmode = \"observe\"\n",
        profile.display()
    );
    std::fs::write(&config, text).unwrap();
    let loaded = contact_gateway::config::load(&config, &environment);
    let loaded = loaded.unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(loaded.settings.archive.shown(), "s3://originals/karbon");
    assert!(compose.contains("s3.bucket.create -name originals"));
}

/// `tests/run` installs servers: none of them may start at the next boot.
#[test]
fn no_service_that_the_tests_install_starts_at_boot() {
    let script = "eval \"$(sed -n '/^not_at_boot()/,/^}/p' tests/run)\"\n\
                  as_root() { echo \"$@\"; }\nsystemctl() { :; }\n\
                  dpkg-query() { printf '/usr/sbin/%s\\n/usr/lib/systemd/system/%s.service\\n' \"$2\" \"$2\"; }\n\
                  not_at_boot haproxy nginx";
    let root = env!("CARGO_MANIFEST_DIR");
    let output = Command::new("bash").args(["-c", script]).current_dir(root).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        ["systemctl disable --quiet haproxy.service", "systemctl disable --quiet nginx.service"]
    );
    // And how long they take, and how much they need, is said before it is seen.
    let run = file("tests/run");
    assert!(run.contains("not_at_boot \"${missing[@]}\""), "it is called");
    for text in [run, file("README.md")] {
        assert!(text.contains("about half an hour") && text.contains("8 GB of disk"), "{text}");
    }
}
