//! The gateway as a service: it uses the sockets that it is given, says when it is ready, alive and
//! stopping, and a restart refuses no connection. The manager here is a few lines of Python, which do
//! what systemd does (sd_listen_fds(3), sd_notify(3)).

use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// Arguments: the socket's name; HOST or the path of a socket file; the service's runtime folder; the command. A
/// runtime folder is made at each start, with everything in it given to the service's user and group, and removed with
/// everything in it at each stop (systemd.exec(5), RuntimeDirectory=).
const MANAGER: &str = r#"
import grp, os, shutil, socket, sys
name, where, runtime, *command = sys.argv[1:]
if where.startswith("/"):
    os.makedirs(os.path.dirname(where), 0o755, exist_ok=True)
    held = socket.socket(socket.AF_UNIX)
    held.bind(where)
    os.chmod(where, 0o660)
    group = grp.getgrnam("postfix").gr_gid if os.getuid() == 0 else (os.getgroups() or [os.getgid()])[-1]
    os.chown(where, -1, group)
else:
    held = socket.socket()
    held.bind((where, 0))
held.listen(64)
print(held.getsockname()[1] if not where.startswith("/") else 0, flush=True)
for line in sys.stdin:
    if runtime:
        os.makedirs(runtime, 0o755, exist_ok=True)
        for inside in os.listdir(runtime):
            os.chown(os.path.join(runtime, inside), os.getuid(), os.getgid())
    child = os.fork()
    if child == 0:
        os.dup2(held.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=name)
        os.execv(command[0], command)
    print(child, flush=True)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if runtime:
        shutil.rmtree(runtime)
    print("ended", ended, flush=True)
"#;

/// What systemd holds for the service.
struct Held<'a> {
    name: &'a str,
    /// A host, or the path of a socket file.
    at: &'a str,
    runtime: &'a str,
}

const STAFF: Held<'_> = Held { name: "staff", at: "127.0.0.1", runtime: "" };

struct Manager {
    process: Child,
    says: Lines<BufReader<ChildStdout>>,
    port: u16,
    /// The gateway that runs, to be ended with the test.
    child: Option<String>,
}

impl Manager {
    fn start(folder: &Path, held: &Held<'_>) -> Self {
        Manager::logging_to(File::create(folder.join("said")).unwrap(), folder, held)
    }

    fn logging_to(log: File, folder: &Path, held: &Held<'_>) -> Self {
        let mut process = Command::new("python3")
            .args(["-c", MANAGER, held.name, held.at, held.runtime])
            .args([env!("CARGO_BIN_EXE_contact-gateway"), "serve", "--config"])
            .arg(folder.join("gateway.toml"))
            .current_dir(folder)
            .env("NOTIFY_SOCKET", folder.join("notify"))
            .env("WATCHDOG_USEC", "200000")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|fault| panic!("install the Debian package `python3`: {fault}"));
        let mut says = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = says.next().unwrap().unwrap().parse().unwrap();
        Manager { process, says, port, child: None }
    }

    fn start_gateway(&mut self) {
        writeln!(self.process.stdin.as_mut().unwrap(), "start").unwrap();
        self.child = Some(self.says.next().unwrap().unwrap());
    }

    fn stop_gateway(&mut self) {
        let child = self.child.take().unwrap();
        assert!(Command::new("kill").args(["-TERM", &child]).status().unwrap().success());
        assert_eq!(self.ended(), 0);
    }

    /// The exit code of the gateway, which ends.
    fn ended(&mut self) -> i32 {
        let said = self.says.next().unwrap().unwrap();
        self.child = None;
        said.strip_prefix("ended ").unwrap().parse().unwrap()
    }

    fn asks(&self) -> TcpStream {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let request = "GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        if let Some(child) = &self.child {
            let _ = Command::new("kill").args(["-KILL", child]).status();
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn answered(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Hears the manager's socket until this is said.
fn until(socket: &UnixDatagram, said: &str) {
    let mut text = [0; 64];
    loop {
        let length = socket.recv(&mut text).unwrap();
        if text.get(..length) == Some(said.as_bytes()) {
            return;
        }
    }
}

/// A folder with a configuration; `listen` is what stands in `[listen]`, and after it.
fn configured(listen: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles/karbon-homes.toml");
    let config = format!(
        "[listen]\n{listen}\n[[organisation]]\nid = \"karbon\"\nprofile = \"{}\"\nmode = \"observe\"\n\
         mail_domains = [\"karbon.example\"]\n",
        profile.display()
    );
    std::fs::write(folder.path().join("gateway.toml"), config).unwrap();
    folder
}

#[test]
fn a_restart_under_a_service_manager_refuses_no_connection() {
    let folder = configured("staff = \"127.0.0.1:0\"\n");
    let heard = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    heard.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut manager = Manager::start(folder.path(), &STAFF);

    manager.start_gateway();
    until(&heard, "READY=1");
    assert!(answered(manager.asks()).starts_with("HTTP/1.1 200"));
    until(&heard, "WATCHDOG=1");
    manager.stop_gateway();
    until(&heard, "STOPPING=1");

    // Nobody accepts now; the connection waits in the socket that the manager holds.
    let meanwhile = manager.asks();
    manager.start_gateway();
    until(&heard, "READY=1");
    assert!(answered(meanwhile).starts_with("HTTP/1.1 200"));
    manager.stop_gateway();
}

/// As on a full disk.
#[test]
fn a_log_that_cannot_be_written_keeps_nothing_from_working() {
    let folder = configured("staff = \"127.0.0.1:0\"\n");
    let heard = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    heard.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut manager = Manager::logging_to(full, folder.path(), &STAFF);
    manager.start_gateway();
    until(&heard, "READY=1");
    assert!(answered(manager.asks()).starts_with("HTTP/1.1 200"));
    manager.stop_gateway();
}

/// The lines of a unit that set something, as they are shipped.
fn set_in<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

const SERVICE: &str = include_str!("../../config/systemd/contact-gateway.service");
const LMTP_SOCKET: &str = include_str!("../../config/systemd/contact-gateway-lmtp.socket");

fn greeting(socket: &UnixStream) -> String {
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut line = String::new();
    BufReader::new(socket).read_line(&mut line).unwrap();
    line
}

#[test]
fn a_restart_keeps_the_socket_file_and_its_group() {
    let outer = tempfile::tempdir().unwrap();
    // The units' own folders, below a folder of the test.
    let below = |path: &str| format!("{}{path}", outer.path().display());
    let at = below(set_in(LMTP_SOCKET, "ListenStream")[0]);
    let runtime = below(&format!("/run/{}", set_in(SERVICE, "RuntimeDirectory")[0]));
    let folder =
        configured(&format!("lmtp = \"unix:{at}\"\n[mail]\ndownstream = \"smtp://127.0.0.1:9\"\n"));
    let heard = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    heard.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let held = Held { name: "lmtp", at: &at, runtime: &runtime };
    let mut manager = Manager::start(folder.path(), &held);
    let as_it_is = || {
        let file = std::fs::metadata(&at).unwrap();
        (file.ino(), file.gid(), file.uid(), file.mode() & 0o777)
    };
    let at_first = as_it_is();
    assert_eq!(at_first.3, 0o660);

    manager.start_gateway();
    until(&heard, "READY=1");
    assert_eq!(as_it_is(), at_first);
    assert!(greeting(&UnixStream::connect(&at).unwrap()).starts_with("220 "));
    manager.stop_gateway();
    assert!(!Path::new(&runtime).exists(), "the service's own folder goes at a stop");
    assert_eq!(as_it_is(), at_first);

    // The mail server finds the socket while nobody accepts, and its connection waits.
    let meanwhile = UnixStream::connect(&at).unwrap();
    manager.start_gateway();
    until(&heard, "READY=1");
    assert_eq!(as_it_is(), at_first);
    assert!(greeting(&meanwhile).starts_with("220 "));
    manager.stop_gateway();
}

#[test]
fn a_socket_that_everybody_can_reach_is_refused_whatever_is_configured() {
    let mail = "smtp = \"127.0.0.1:0\"\n[mail]\ndownstream = \"smtp://127.0.0.1:9\"\n";
    let open = Held { name: "smtp", at: "0.0.0.0", runtime: "" };
    let folder = configured(mail);
    let mut manager = Manager::start(folder.path(), &open);
    manager.start_gateway();
    assert_ne!(manager.ended(), 0);
    let said = std::fs::read_to_string(folder.path().join("said")).unwrap();
    assert!(said.contains("listen.smtp") && said.contains("mail.accept_from"), "{said}");

    // Who may hand in is said: it starts.
    let folder = configured(&format!("{mail}accept_from = [\"192.0.2.0/24\"]\n"));
    let heard = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    heard.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut manager = Manager::start(folder.path(), &open);
    manager.start_gateway();
    until(&heard, "READY=1");
    manager.stop_gateway();
}
