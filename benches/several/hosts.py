"""What runs on the hosts: Redis with Sentinel, S3, gateways, nginx and Postfix in front, and the servers behind."""

import hashlib
import json
import pathlib
import re
import signal
import subprocess
import time

import buckets
import traffic

from asking import Asking
from network import PREFIXES
from postfix import Postfix
from processes import ROOT, need, run, sooner_or_later, wait_for_port

GATEWAYS, SERVERS = 3, 3
# The last numbers of addresses on `front` and `store`.
GATEWAY, SERVER, S3, FORMS, CONSOLE, MAIL, BEHIND = 11, 21, 31, 41, 42, 43, 51
REDIS, SENTINEL, S3_PORT = 6379, 26379, 9000
CONTACTS, STAFF, SMTP = 8080, 8081, 10025
MAIL_BEHIND, FORM_BEHIND = 25, 80
TOKEN = "several"
# Seconds: a debug build on a busy machine; one answer of Redis.
READY_WAIT, REDIS_WAIT = 300, 3
GUIDE = ROOT / "docs/several.md"
# The mail server's tries follow one another as fast as a run of minutes needs; by default they take hours.
PATIENCE = """
smtp_host_lookup = native
smtp_send_xforward_command = yes
minimal_backoff_time = 5s
maximal_backoff_time = 20s
queue_run_delay = 5s
smtp_connect_timeout = 2s
smtp_helo_timeout = 10s
smtp_xforward_timeout = 10s
smtp_mail_timeout = 10s
smtp_rcpt_timeout = 10s
smtp_data_init_timeout = 10s
smtp_data_xfer_timeout = 10s
smtp_data_done_timeout = 30s
notify_classes =
bounce_queue_lifetime = 5d
"""


def front(number):
    return f"{PREFIXES['front']}.{number}"


def store(number):
    return f"{PREFIXES['store']}.{number}"


class Host:
    """A name, and the processes that run there."""

    def __init__(self, place, network, name, **last):
        self.place, self.network, self.name = place, network, name
        self.folder, self.running = place.sub(name), []
        network.host(name, **last)

    def start(self, *command):
        log = f"{self.name}/log"
        process = self.place.start(*self.network.inside(self.name, *command), log=log, cwd=self.folder)
        self.running.append(process)
        return process

    def kill(self):
        """All of it at once, as when a machine is lost."""
        for process in self.running:
            process.send_signal(signal.SIGKILL)
        for process in self.running:
            process.wait()
        self.running.clear()


class Server(Host):
    """Redis and a sentinel, as docs/redis.md has them. `number`: from 1; the first is the primary at the start."""

    def __init__(self, place, network, number):
        self.number, self.address = number, store(SERVER + number - 1)
        super().__init__(place, network, f"r{number}", store=SERVER + number - 1)
        primary = store(SERVER)
        lines = [f"bind {self.address}", f"port {REDIS}", f"dir {self.folder}", "protected-mode no", 'save ""']
        lines += ["appendonly yes", "appendfsync always", "maxmemory-policy noeviction", "repl-diskless-sync-delay 0"]
        if number > 1:
            lines.append(f"replicaof {primary} {REDIS}")
        (self.folder / "redis.conf").write_text("\n".join(lines) + "\n")
        lines = [f"bind {self.address}", f"port {SENTINEL}", f"dir {self.folder}", "protected-mode no"]
        lines += [f"sentinel monitor main {primary} {REDIS} 2", "sentinel down-after-milliseconds main 2000"]
        lines += ["sentinel failover-timeout main 10000", "sentinel parallel-syncs main 2"]
        (self.folder / "sentinel.conf").write_text("\n".join(lines) + "\n")
        self.begin()

    def begin(self):
        # Both rewrite their files, which is how a server that comes back knows its part.
        self.start("redis-server", self.folder / "redis.conf")
        self.start("redis-server", self.folder / "sentinel.conf", "--sentinel")
        wait_for_port(REDIS, host=self.address)
        wait_for_port(SENTINEL, host=self.address)

    def ask(self, *command, port=REDIS):
        """The words of the answer; none if it does not answer."""
        try:
            return run("redis-cli", "-h", self.address, "-p", port, *command, timeout=REDIS_WAIT).split()
        except (RuntimeError, subprocess.TimeoutExpired):
            return []

    def is_primary(self):
        return self.ask("role")[:1] == ["master"]

    def sees(self):
        """Whether its sentinel knows the others."""
        return any("slaves=2,sentinels=3" in word for word in self.ask("info", "sentinel", port=SENTINEL))


class Gateway(Host, Asking):
    """One of the gateways. `program` may be changed between a stop and a start."""

    def __init__(self, place, network, number, program):
        self.number, self.program = number, program
        Host.__init__(self, place, network, f"g{number}", front=GATEWAY + number - 1, store=GATEWAY + number - 1)
        Asking.__init__(self, TOKEN, STAFF, front(GATEWAY + number - 1))
        self.config = self.folder / "gateway.toml"
        self.config.write_text(self.written())

    def written(self):
        secret = self.folder / "secret"
        secret.write_text(traffic.TOKEN_OF_CALLS)
        secret.chmod(0o600)
        sentinels = ",".join(store(SERVER + number) for number in range(SERVERS))
        return f"""
[store]
url = "redis+sentinel://{sentinels}/main"
replicas_acknowledged = {SERVERS - 1}
[archive]
{buckets.section(f"http://{store(S3)}:{S3_PORT}", self.folder)}
[state]
folder = "{self.folder}/state"
[listen]
contacts = "{self.host}:{CONTACTS}"
staff = "{self.host}:{STAFF}"
smtp = "{self.host}:{SMTP}"
trusted_proxies = ["{front(FORMS)}/32", "{front(CONSOLE)}/32"]
posts_per_minute = 100000
[mail]
downstream = "smtp://{front(BEHIND)}:{MAIL_BEHIND}"
accept_from = ["{front(MAIL)}"]
xforward_from = ["{front(MAIL)}"]
[[organisation]]
id = "karbon"
profile = "{ROOT}/config/profiles/karbon-homes.toml"
mode = "enforce"
mail_domains = ["karbon.example"]
emergency = "+441910000000"
set = {{ "review.every_months" = 6, "store_away" = "defer" }}
[organisation.mail]
notice_from = "contact@karbon.example"
[[organisation.staff]]
name = "Several"
role = "governance"
token_sha256 = "{hashlib.sha256(TOKEN.encode()).hexdigest()}"
[[organisation.form]]
path = "/form"
upstream = "http://{front(BEHIND)}:{FORM_BEHIND}/form"
fields = {{ email = "email", text = "message", subject = "subject" }}
[[organisation.telephony]]
provider = "generic"
product = "voice"
path = "/call"
token = {{ file = "{secret}" }}
targets = {{ queue = "sip:queue@pbx.example" }}
"""

    def run(self, *command):
        """A command of the program on this host; its exit code and what it printed."""
        whole = self.network.inside(self.name, self.program, *command, "--config", self.config)
        try:
            return 0, run(*whole, cwd=self.folder)
        except RuntimeError as fault:
            return 1, str(fault)

    def import_people(self, people):
        file = self.folder / "people.json"
        file.write_text(json.dumps(people))
        ended, said = self.run("import", "--organisation", "karbon", file)
        if ended != 0:
            raise RuntimeError(said)

    def api(self, path):
        """As [`Asking.api`]; again while the gateway is busy."""
        def answered():
            status, answer = self.asked("GET", path)
            return answer if status == 200 else None

        found = sooner_or_later(answered, READY_WAIT)
        if found is None:
            raise RuntimeError(f"{self.name} does not answer {path}")
        return found

    def begin(self):
        self.start(self.program, "serve", "--config", self.config)

    def end(self):
        """As an operator does it; gives the exit code."""
        process = self.running.pop()
        process.terminate()
        return process.wait(60)

    def becomes_ready(self):
        """Seconds until every part works, or None."""
        began = time.monotonic()
        ready = sooner_or_later(lambda: (self.ready(5) or {}).get("ready"), READY_WAIT)
        return time.monotonic() - began if ready else None

    def log(self):
        return (self.folder / "log").read_text(errors="replace")


class World:
    """All of it. `network` is new, and `people` are imported."""

    def __init__(self, place, network, program, people):
        need("redis-server", "redis-cli", "nginx", "postfix")
        self.place, self.network, self.upgrade = place, network, None
        gateways = [front(GATEWAY + number) for number in range(GATEWAYS)]
        network.hosts_file(place.folder / "hosts", {"gateways.example": gateways})
        self.servers = [Server(place, network, number + 1) for number in range(SERVERS)]
        self.buckets = Host(place, network, "s3", store=S3)
        self.buckets.start(*buckets.command(S3_PORT, store(S3)))
        self.behind = Host(place, network, "behind", front=BEHIND)
        self.taken = self.behind.folder / "taken"
        program_behind = pathlib.Path(__file__).resolve().parent.parent / "behind.py"
        self.behind.start("python3", "-B", program_behind, front(BEHIND), MAIL_BEHIND, FORM_BEHIND, self.taken)
        for port, host in ((S3_PORT, store(S3)), (MAIL_BEHIND, front(BEHIND)), (FORM_BEHIND, front(BEHIND))):
            wait_for_port(port, host=host)
        self.gateways = [Gateway(place, network, number + 1, program) for number in range(GATEWAYS)]
        if not sooner_or_later(lambda: all(server.sees() for server in self.servers)):
            raise RuntimeError("the sentinels do not see one another")
        self.gateways[0].import_people(people)
        for gateway in self.gateways:
            gateway.begin()
            if gateway.becomes_ready() is None:
                raise RuntimeError(f"{gateway.name} did not become ready: {gateway.unready()}\n{gateway.log()[-2000:]}")
        self.proxy = Host(place, network, "proxy", front=[FORMS, CONSOLE])
        self.proxy.start("nginx", "-e", self.proxy.folder / "error.log", "-c", self.nginx())
        network.host("mail", front=MAIL)
        self.postfix = Postfix(
            place, f"{front(MAIL)}:25 inet n - n - - smtpd\n", f"[gateways.example]:{SMTP}", host=front(MAIL),
            networks=f"{PREFIXES['front']}.0/24", within=network.inside("mail"), more=PATIENCE,
        )
        for port, host in ((25, front(MAIL)), (80, front(FORMS)), (80, front(CONSOLE))):
            wait_for_port(port, host=host)
        self.doors = traffic.Doors((front(MAIL), 25), (front(FORMS), 80))
        self.console = (front(CONSOLE), 80)

    def first_link(self):
        """With which the first account of the console is made: of the gateway that started last."""
        file = self.gateways[-1].folder / "state/first-link-karbon"
        return file.read_text().strip()

    def nginx(self):
        """The configuration of the guide, with the addresses and ports here, for forms and for the console."""
        folder = self.proxy.folder
        text = "daemon off; worker_processes 1; pid {0}/pid; events {{ worker_connections 1000; }}\nhttp {{\naccess_log off;\n"
        text = text.format(folder)
        for kind in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
            directive = "client_body" if kind == "body" else kind
            text += f"{directive}_temp_path {folder}/{kind};\n"
        for name, address, port in (("several", FORMS, CONTACTS), ("several-console", CONSOLE, STAFF)):
            upstream, server = guide(name), guide(f"{name}-server")
            for number in range(GATEWAYS):
                upstream = upstream.replace(f"10.0.0.{number + 1}:{port}", f"{front(GATEWAY + number)}:{port}")
            text += upstream + "server {\n" + server.replace("listen 443 ssl;", f"listen {front(address)}:80;") + "}\n"
        (folder / "nginx.conf").write_text(text + "}\n")
        return folder / "nginx.conf"

    def primary(self):
        """Who the sentinels say it is, if that server agrees."""
        said = (server.ask("sentinel", "get-master-addr-by-name", "main", port=SENTINEL) for server in self.servers)
        named = next((words[0] for words in said if words), None)
        return next((one for one in self.servers if one.address == named and one.is_primary()), None)


def guide(name):
    """A block of the guide's nginx configuration."""
    return re.search(rf"```nginx {name}\n(.*?)```", GUIDE.read_text(), re.DOTALL)[1]
