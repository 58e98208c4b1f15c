//! The gateway as a service: it uses the sockets that it is given, says when it is ready, alive and
//! stopping, and a restart refuses no connection. The manager here is a few lines of Python, which do
//! what systemd does (sd_listen_fds(3), sd_notify(3)).

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

const MANAGER: &str = r#"
import os, socket, sys
held = socket.socket()
held.bind(("127.0.0.1", 0))
held.listen(64)
print(held.getsockname()[1], flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        os.dup2(held.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES="staff")
        os.execv(sys.argv[1], sys.argv[1:])
    print(child, flush=True)
    os.waitpid(child, 0)
    print("ended", flush=True)
"#;

struct Manager {
    process: Child,
    says: Lines<BufReader<ChildStdout>>,
    port: u16,
    /// The gateway that runs, to be ended with the test.
    child: Option<String>,
}

impl Manager {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new("python3")
            .args(["-c", MANAGER, env!("CARGO_BIN_EXE_contact-gateway"), "serve", "--config"])
            .arg(folder.join("gateway.toml"))
            .current_dir(folder)
            .env("NOTIFY_SOCKET", folder.join("notify"))
            .env("WATCHDOG_USEC", "200000")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
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
        assert_eq!(self.says.next().unwrap().unwrap(), "ended");
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

#[test]
fn a_restart_under_a_service_manager_refuses_no_connection() {
    let folder = tempfile::tempdir().unwrap();
    let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles/karbon-homes.toml");
    let config = format!(
        "[listen]\nstaff = \"127.0.0.1:0\"\n\n[[organisation]]\nid = \"karbon\"\nprofile = \"{}\"\n\
         mode = \"observe\"\n",
        profile.display()
    );
    std::fs::write(folder.path().join("gateway.toml"), config).unwrap();
    let heard = UnixDatagram::bind(folder.path().join("notify")).unwrap();
    heard.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut manager = Manager::start(folder.path());

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
