//! A server in a mount namespace and a process namespace of its own.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server that runs. Dropped, it and all that it started are gone.
pub struct Server {
    process: Child,
    folder: tempfile::TempDir,
}

/// What a server expects of the machine.
pub struct Expected<'a> {
    /// The Debian package, unpacked by `tests/run`.
    pub package: &'a str,
    /// Users, each with a group of its name.
    pub users: &'a [&'a str],
    /// Shell, with `$peer` the unpacked package and `$folder` the server's own.
    pub prepare: &'a str,
    pub run: &'a str,
}

/// Whatever the server writes to goes into `$folder`. The shell stays: it is told to end with
/// `unshare`, which a program that changes its user is not.
const ENTER: &str = r#"
set -eu
mount --make-rprivate /
cp /etc/passwd "$folder/passwd"
cp /etc/group "$folder/group"
id=990
for user in $users; do
    printf '%s:x:%s:%s::/:/usr/sbin/nologin\n' "$user" "$id" "$id" >>"$folder/passwd"
    printf '%s:x:%s:\n' "$user" "$id" >>"$folder/group"
    id=$((id - 1))
done
mount --bind "$folder/passwd" /etc/passwd
mount --bind "$folder/group" /etc/group
mkdir -p "$folder/lib" "$folder/spool" "$folder/run" "$folder/log"
eval "$prepare"
mount --bind "$folder/lib" /var/lib
mount --bind "$folder/spool" /var/spool
mount --bind "$folder/log" /var/log
mount --bind "$folder/run" /run
eval "$run" &
wait
"#;

impl Server {
    /// `files`: what is put into the server's folder first.
    pub fn start(expected: &Expected<'_>, files: &[(&str, String)]) -> Server {
        let peer = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers");
        let peer = peer.join(expected.package);
        assert!(
            peer.exists(),
            "the Debian package `{}` is not unpacked in {}: `tests/run` does that",
            expected.package,
            peer.display()
        );
        // Where other users than root can go.
        let folder = tempfile::Builder::new().prefix("peer").tempdir_in("/var/tmp").unwrap();
        let at = folder.path();
        std::fs::set_permissions(at, std::fs::Permissions::from_mode(0o755)).unwrap();
        for (name, text) in files {
            std::fs::write(at.join(name), text).unwrap();
        }
        let said = std::fs::File::create(at.join("said")).unwrap();
        let process = Command::new("unshare")
            .args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
            .args(["sh", "-c", ENTER])
            .env("folder", at)
            .env("peer", &peer)
            .env("users", expected.users.join(" "))
            .env("prepare", expected.prepare)
            .env("run", expected.run)
            .stdin(Stdio::null())
            .stdout(said.try_clone().unwrap())
            .stderr(said)
            .spawn()
            .unwrap();
        Server { process, folder }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// All that it wrote.
    pub fn said(&self) -> String {
        let read = |name: &str| {
            std::fs::read(self.folder().join(name))
                .map(|text| String::from_utf8_lossy(&text).into_owned())
                .unwrap_or_default()
        };
        read("said") + &read("log/exim4/mainlog") + &read("log/exim4/paniclog")
    }

    /// Runs a command where the server runs.
    pub fn beside(&self, program: &Path, arguments: &[&str]) -> std::process::Output {
        let shell = self.shell().unwrap();
        Command::new("nsenter")
            .args(["--mount", "--pid", "--target", &shell])
            .arg(program)
            .args(arguments)
            .output()
            .unwrap()
    }

    /// The first process of the namespace.
    fn shell(&self) -> Option<String> {
        let id = self.process.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).ok()?;
        children.split_whitespace().next().map(str::to_owned)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // With the first process of its namespace every other ends, and then `unshare`.
        match self.shell() {
            Some(shell) => {
                let _ = Command::new("kill").args(["-KILL", &shell]).status();
            }
            None => {
                let _ = self.process.kill();
            }
        }
        let _ = self.process.wait();
    }
}

/// The two programs that hand over what is piped to them.
#[derive(Clone, Copy, Debug)]
pub enum Piped {
    /// `contact-gateway-pipe`, as the guide has it.
    Small,
    /// `contact-gateway pipe`.
    Subcommand,
}

impl Piped {
    pub const EACH: [Piped; 2] = [Piped::Small, Piped::Subcommand];

    pub fn program(self) -> &'static str {
        match self {
            Piped::Small => env!("CARGO_BIN_EXE_contact-gateway-pipe"),
            Piped::Subcommand => env!("CARGO_BIN_EXE_contact-gateway"),
        }
    }

    /// What stands before the arguments.
    pub fn subcommand(self) -> Option<&'static str> {
        match self {
            Piped::Small => None,
            Piped::Subcommand => Some("pipe"),
        }
    }
}

/// The program where every user can start it, and a configuration that says where it listens.
pub fn pipe_files(piped: Piped, lmtp: u16) -> (tempfile::TempDir, Vec<(&'static str, String)>) {
    let folder = tempfile::Builder::new().prefix("pipe").tempdir_in("/var/tmp").unwrap();
    let everybody = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), everybody.clone()).unwrap();
    let program = folder.path().join("contact-gateway");
    std::fs::copy(piped.program(), &program).unwrap();
    std::fs::set_permissions(&program, everybody).unwrap();
    let config = folder.path().join("gateway.toml");
    std::fs::write(&config, format!("[listen]\nlmtp = \"127.0.0.1:{lmtp}\"\n")).unwrap();
    let command: Vec<String> = std::iter::once(program.display().to_string())
        .chain(piped.subcommand().map(str::to_owned))
        .collect();
    let values = vec![
        ("/usr/local/bin/contact-gateway-pipe", command.join(" ")),
        ("/etc/contact-gateway/gateway.toml", config.display().to_string()),
    ];
    (folder, values)
}
