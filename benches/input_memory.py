#!/usr/bin/env python3
"""What the worst input takes of memory: VmHWM of the release program, read from /proc.

    cargo build --release && benches/input_memory.py [PROGRAM [WORD…]]

With words, only the cases whose names hold one of them.

Each case sends what an attacker would to a program of its own, several at once, and fails where its
memory went above 256 MiB or the program did not live to answer the next request. A case that is not
over after ten minutes fails as well. Needs no other program (the form's handler is this one), and a
hard limit of open files of 10,000.
"""

import concurrent.futures
import contextlib
import hashlib
import http.client
import http.server
import json
import pathlib
import re
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time

from processes import PROGRAM, ROOT, free_port, wait_for_port

MEGABYTE = 1024 * 1024
MOST = 256
BODY = 25 * MEGABYTE
AT_ONCE = 8
# What src/runtime/limits.rs allows the listeners for contacts and for staff, and each of those for mail.
CONNECTIONS, STAFF_CONNECTIONS, SESSIONS = 4_000, 1_500, 1_000
# In seconds: one answer, one case, and the start of a gateway.
ANSWER_WAIT, CASE_WAIT, GATEWAY_WAIT = 300, 600, 120
# Every listener full, and what else is open here.
FILES = CONNECTIONS + STAFF_CONNECTIONS + 3 * SESSIONS + 1_500
TOKEN = "load"


class Handler(http.server.BaseHTTPRequestHandler):
    """The form's own handler: takes everything, and answers with as much as is remembered."""

    answer = b"taken"

    def do_POST(self):
        left = int(self.headers.get("content-length", 0))
        while left:
            left -= len(self.rfile.read(min(left, MEGABYTE)))
        self.send_response(200)
        self.send_header("content-length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_):
        pass


class Gateway:
    def __init__(self, folder, upstream):
        self.smtp, self.lmtp, self.milter = free_port(), free_port(), free_port()
        self.contacts, self.staff = free_port(), free_port()
        config = folder / "gateway.toml"
        secret = folder / "secret"
        secret.write_text(TOKEN)
        secret.chmod(0o600)
        config.write_text(
            f"""[store]
url = "embedded:{folder}/store"
[archive]
url = "file:{folder}/archive"
[listen]
staff = "127.0.0.1:{self.staff}"
contacts = "127.0.0.1:{self.contacts}"
smtp = "127.0.0.1:{self.smtp}"
lmtp = "127.0.0.1:{self.lmtp}"
milter = "127.0.0.1:{self.milter}"
[mail]
downstream = "smtp://127.0.0.1:{free_port()}"
[[organisation]]
id = "karbon"
profile = "{ROOT}/config/profiles/karbon-homes.toml"
mode = "enforce"
mail_domains = ["karbon.example"]
emergency = "+441910000000"
set = {{ "review.every_months" = 6 }}
[[organisation.staff]]
name = "Load"
role = "governance"
token_sha256 = "{hashlib.sha256(TOKEN.encode()).hexdigest()}"
[[organisation.telephony]]
path = "/calls"
provider = "generic"
token = {{ file = "{secret}" }}
[[organisation.form]]
path = "/form"
upstream = "http://127.0.0.1:{upstream}/form"
fields = {{ email = "email", phone = "phone" }}
"""
        )
        command = [PROGRAM, "serve", "--config", config]
        self.log = open(folder / "log", "w")
        self.process = subprocess.Popen(command, stderr=self.log, cwd=folder)
        wait_for_port(self.contacts, self.process, GATEWAY_WAIT)
        wait_for_port(self.staff, self.process, GATEWAY_WAIT)

    def peak(self):
        return self.memory("VmHWM")

    def memory(self, what):
        """0: the program has ended."""
        if self.process.poll() is not None:
            return 0
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"{what}:\s+(\d+) kB", status)
        return int(found[1]) * 1024 if found else 0

    def settles(self):
        """Until what it holds has not changed for two seconds, or a minute is over."""
        end, since, last = time.monotonic() + 60, time.monotonic(), None
        while time.monotonic() < end and time.monotonic() - since < 2:
            now = self.memory("VmRSS") // MEGABYTE
            if now != last:
                since, last = time.monotonic(), now
            time.sleep(0.1)

    def restrict(self, address):
        """Puts somebody on record whose mail is kept."""
        restriction = {"id": "R-1", "kind": "channels_only", "channels": ["letter"], "status": "active",
                       "grounds": "repeated calls", "clause": "6.2", "starts": "2026-01-01", "review_due": "2099-01-01",
                       "decided_by": "A", "signed_off_by": "B"}
        person = {"id": "P-1", "name": "Sam Sample", "identifiers": [{"kind": "email", "value": address}],
                  "restrictions": [restriction]}
        status = ask(self.staff, "PUT", "/api/v1/people/P-1", json.dumps(person))[0]
        if status not in (200, 201):
            raise OSError(f"the person was not put on record: {status}")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def exchanged(port, method, path, body, fields):
    """Status and body of the answer, which may come before the request is sent."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WAIT)
    try:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request(method, path, body, {"Authorization": f"Bearer {TOKEN}", **fields})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def ask(port, method, path, body=None):
    return exchanged(port, method, path, body, {"Content-Type": "application/json"})


def post(port, content_type, body, path="/form"):
    return exchanged(port, "POST", path, body, {"Content-Type": content_type, "Host": "form.example"})[0]


def filled(start, piece, end, size=BODY):
    return start + piece * ((size - len(start) - len(end)) // len(piece)) + end


# Of a form: taken; no room, or the handler (this very program) too slow on a busy machine. Of a message: nobody is
# there to take it. Whatever else comes back, the input was not read, and its peak would say nothing.
FORM, MESSAGE = {200, 503, 504}, {"250", "451"}
# Of an incomplete request: no room.
CUT_OFF = {400, 503}


def answered(codes, expected):
    codes = set(codes)
    return f"answered {sorted(codes)}", codes <= expected


def form(content_type, body, times=AT_ONCE):
    def work(gateway):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            return answered(pool.map(lambda _: post(gateway.contacts, content_type, body), range(times)), FORM)

    return work


def answers(gateway):
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        def one(number):
            return post(gateway.contacts, "application/json", json.dumps({"email": f"a{number}@x.example"}))

        return answered(pool.map(one, range(2_000)), FORM)


def many_bodies(gateway):
    """Bodies of just under 1 MiB that never end, as many as come."""
    sockets, taken = [], 0
    for _ in range(400):
        one = socket.create_connection(("127.0.0.1", gateway.contacts), timeout=60)
        sockets.append(one)
        try:
            one.sendall(b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                        b"Content-Length: 1048570\r\n\r\n" + b" " * 1_000_000)
            taken += 1
        except OSError:
            # Answered before it was sent: there is no room.
            pass
    gateway.settles()
    for one in sockets:
        one.close()
    return f"{taken} of {len(sockets)} bodies in hand", taken > 0


def handed_in(path, body, times, expected):
    """Bodies for those who have a token."""

    def work(gateway):
        def one(_):
            return post(gateway.contacts, "application/json", body, path)

        with concurrent.futures.ThreadPoolExecutor(times) as pool:
            return answered(pool.map(one, range(times)), expected)

    return work


def held_open(listener, count, beginning):
    """Connections that each send a beginning, and nothing more."""

    def hold(gateway, connections):
        for _ in range(count):
            connections.append(connected(getattr(gateway, listener)))
            begin(connections[-1], beginning)
        return cut_off(connections)

    return lambda gateway: held(hold, gateway)


def connected(port):
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def begin(connection, beginning):
    # The gateway may cut off a connection that has sent too much.
    with contextlib.suppress(OSError):
        connection.sendall(beginning)


def cut_off(connections, expected=CUT_OFF):
    """The HTTP answers to requests that were begun, but for which there was no room."""
    time.sleep(2)
    codes = []
    for connection in connections:
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            status = re.match(rb"HTTP/1\.1 (\d+)", connection.recv(1024))
            codes += [int(status[1])] if status else []
    said, fine = answered(codes, expected)
    return f"{len(connections)} connections, {len(codes)} of them {said}", fine


class Mail:
    """A client of the SMTP or the LMTP listener."""

    def __init__(self, port, hello, sender="jo@x.example"):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_WAIT)
        self.file = self.socket.makefile("rb")
        self.said()
        self.hello, self.sender = hello, sender.encode()

    def said(self):
        line = self.file.readline()
        while line[3:4] == b"-":
            line = self.file.readline()
        return line[:3].decode()

    def ask(self, line):
        self.socket.sendall(line + b"\r\n")
        return self.said()

    def mail(self):
        self.ask(self.hello + b" x")
        self.ask(b"MAIL FROM:<%s>" % self.sender)

    def data(self):
        self.mail()
        self.ask(b"RCPT TO:<repairs@karbon.example>")
        return self.ask(b"DATA")

    def close(self):
        self.file.close()
        self.socket.close()


def sent(port, hello, content, sender="jo@x.example"):
    mail = Mail(port, hello, sender)
    try:
        code = mail.data()
        if code != "354":
            return code
        mail.socket.sendall(content + b"\r\n.\r\n")
        return mail.said()
    finally:
        mail.close()


def message(content):
    def work(gateway):
        listeners = [(gateway.smtp, b"EHLO"), (gateway.lmtp, b"LHLO")] * (AT_ONCE // 2)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            return answered(pool.map(lambda one: sent(*one, content), listeners), MESSAGE)

    return work


def held(hold, gateway):
    """Does what begins things, each on a connection of its own, and holds them until the memory has settled."""
    connections = []
    try:
        said, was_read = hold(gateway, connections)
        gateway.settles()
        return said, was_read
    finally:
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.close()


def paused_messages(gateway, connections, count=480):
    """Messages of 256 KB that do not end, by both listeners."""
    codes = set()
    for port, hello in ((gateway.smtp, b"EHLO"), (gateway.lmtp, b"LHLO")):
        for _ in range(count):
            mail = Mail(port, hello)
            connections.append(mail)
            codes.add(mail.data())
            mail.socket.sendall(b"From: jo@x.example\r\n\r\n" + b"words and words\r\n" * (256_000 // 17))
    return f"{2 * count} messages in hand, {sorted(codes)}", codes == {"354"}


def long_recipients(gateway, connections, count=30):
    """Transactions of 2,000 long recipients, by each listener."""
    taken = 0
    for port, hello in ((gateway.smtp, b"EHLO"), (gateway.lmtp, b"LHLO")):
        for _ in range(count):
            mail = Mail(port, hello)
            connections.append(mail)
            mail.mail()
            path = b"<%s@karbon.example>" % (b"r" * 980)
            for _ in range(40):
                mail.socket.sendall(b"RCPT TO:%s\r\n" % path * 50)
                codes = [mail.said() for _ in range(50)]
                taken += codes.count("250")
                if codes[-1] != "250":
                    break
    packet = b"R" + path + b"\0" + b"ORCPT=rfc822;" + b"x" * 480 + b"\0" + b"x=" + b"x" * 240_000 + b"\0"
    for _ in range(count):
        milter = socket.create_connection(("127.0.0.1", gateway.milter), timeout=ANSWER_WAIT)
        connections.append(milter)
        # A packet that there is no room for ends the session.
        with contextlib.suppress(OSError):
            for packed in (b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff", b"M<jo@x.example>\0", *[packet] * 20):
                milter.sendall(len(packed).to_bytes(4, "big") + packed)
    return f"{taken} recipients by SMTP and LMTP", taken > 0


def sign_in(size, sent):
    """A beginning of a form that signs in, as a browser sends it."""
    head = "POST /sign-in HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nContent-Type: application/x-www-form-urlencoded\r\n" \
           f"Content-Length: {size}\r\n\r\n"
    return head.encode() + b"login=" + b"a" * sent


def half_sent(count, size, expected=CUT_OFF):
    """Forms to staff that do not end, of anybody."""

    def hold(gateway, connections):
        forms = []
        for _ in range(count):
            forms.append(connected(gateway.staff))
            connections.append(forms[-1])
            begin(forms[-1], sign_in(size + 10, size))
        return cut_off(forms, expected)

    return hold


def by_staff(method, path, body, times, expected):
    def work(gateway):
        with concurrent.futures.ThreadPoolExecutor(times) as pool:
            answers = pool.map(lambda _: ask(gateway.staff, method, path, body), range(times))
            return answered((code for code, _ in answers), expected)

    return work


def originals(gateway):
    """One kept message of 45 MB, read by eight at once."""
    sender = "lim@x.example"
    gateway.restrict(sender)
    content = f"From: {sender}\r\nMessage-ID: <1@x.example>\r\n\r\n".encode()
    content += b"words and words\r\n" * (45_000_000 // 17)
    code = sent(gateway.lmtp, b"LHLO", content, sender)
    items = json.loads(ask(gateway.staff, "GET", "/api/v1/queues/limited")[1])["items"]
    if code != "250" or not items:
        return f"it was not kept: {code}", False
    path = f"/api/v1/queues/limited/{items[0]['id']}/original"
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        read = list(pool.map(lambda _: ask(gateway.staff, "GET", path), range(AT_ONCE)))
    whole = [len(body) for code, body in read if code == 200]
    said, fine = answered((code for code, _ in read), {200, 503})
    return f"{said}, {len(whole)} of {AT_ONCE} whole", fine and bool(whole) and set(whole) == {len(content) + 2}


def all_at_once(gateway, connections):
    """Full of remembered answers, then bodies, heads, packets, messages, recipients and forms that do not end."""
    said, was_read = answers(gateway)
    begun = [
        (gateway.contacts, 500, b"POST /form HTTP/1.1\r\nHost: x.example\r\nX: " + b"a" * 63_000),
        (gateway.milter, 150, (256 * 1024).to_bytes(4, "big") + b"B" + b"b" * 250_000),
        (gateway.contacts, 200, b"POST /form HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                                b"Content-Length: 1048570\r\n\r\n" + b" " * 1_000_000),
    ]
    for port, count, beginning in begun:
        for _ in range(count):
            connection = connected(port)
            connections.append(connection)
            begin(connection, beginning)
    for hold in (paused_messages, long_recipients, half_sent(500, 15_000)):
        more, fine = hold(gateway, connections)
        said, was_read = f"{said}; {more}", was_read and fine
    return said, was_read


def every_listener(gateway, connections):
    """As many connections as each listener takes, idle, and then each with half a request."""
    http = [(gateway.contacts, CONNECTIONS), (gateway.staff, STAFF_CONNECTIONS)]
    contacts, staff = ([connected(port) for _ in range(count)] for port, count in http)
    mail = [Mail(port, hello) for port, hello in ((gateway.smtp, b"EHLO"), (gateway.lmtp, b"LHLO")) for _ in range(SESSIONS)]
    milters = [connected(gateway.milter) for _ in range(SESSIONS)]
    connections += contacts + staff + mail + milters
    time.sleep(2)
    idle = gateway.peak() / MEGABYTE
    head = b"POST /form HTTP/1.1\r\nHost: x\r\n"
    body = head + b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\nemail=" + b"a" * 30_000
    for number, connection in enumerate(contacts):
        begin(connection, body if number % 2 else head + b"X: " + b"a" * 30_000)
    for connection in staff:
        begin(connection, sign_in(15_000, 7_500))
    for milter in milters:
        begin(milter, (256 * 1024).to_bytes(4, "big") + b"B" + b"b" * 128_000)
    codes = {session.data() for session in mail}
    for session in mail:
        begin(session.socket, b"From: jo@x.example\r\n\r\n" + b"words and words\r\n" * (128_000 // 17))
    said, fine = cut_off(contacts + staff)
    return f"{idle:.0f} MiB with {len(connections)} connections idle; {said}; mail {sorted(codes)}", fine and codes == {"354"}


def measure(name, work, upstream):
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(pathlib.Path(folder), upstream)
        # Whatever waits for it fails then.
        deadline = threading.Timer(CASE_WAIT, gateway.process.kill)
        deadline.start()
        try:
            said, was_read = attempted(lambda: work(gateway), ("", False))
            alive = attempted(lambda: lives(gateway), False)
            peak = gateway.peak() / MEGABYTE
        finally:
            deadline.cancel()
            gateway.stop()
    faults = [] if peak < MOST else [f"NOT BELOW {MOST}"]
    faults += [] if was_read else ["THE INPUT WAS NOT READ"]
    faults += [] if alive else ["IT DOES NOT ANSWER"]
    print(f"{name}: {peak:.0f} MiB, {', '.join(faults) or f'below {MOST}'}; {said}", flush=True)
    return not faults


def attempted(work, otherwise):
    try:
        return work()
    except (OSError, http.client.HTTPException) as error:
        print(f"  {type(error).__name__}: {error}", flush=True)
        return otherwise


def lives(gateway):
    """Whether it takes the next one: at once, or when the room for bodies is free again."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if post(gateway.contacts, "application/json", b'{"email":"jo@x.example"}') == 200:
            return True
        time.sleep(0.5)
    return False


def main():
    global PROGRAM
    if len(sys.argv) > 1:
        PROGRAM = pathlib.Path(sys.argv[1]).resolve()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < FILES:
        sys.exit(f"the hard limit of open files is {hard}; it must be at least {FILES} (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    handler = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=handler.serve_forever, daemon=True).start()
    upstream = handler.server_port
    head = b"From: jo@x.example\r\n"
    nested = head + b"Content-Type: message/rfc822\r\n\r\n" * 400_000
    encoded = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    encoded = head + encoded * 200 + b"words and words\r\n" * 120_000
    parts = head + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 1_000_000
    members = b'{"x":[' + b'{"":0},' * (4 * MEGABYTE // 7 - 4) + b"0]}"
    short = members[: 255 * 1024 // 7 * 7 - 1] + b"]}"
    texts = b'[{"id":"P-1","issues":[' + b'"",' * 1_300_000 + b'""]}]'
    fewer_texts = b'[{"id":"P-1","issues":[' + b'"",' * 79_900 + b'""]}]'
    objects = b'{"id":"c-1","channel":"letter","from":[' + b'{"":0},' * 39_900 + b"{}]}"
    head_begun = b"POST /form HTTP/1.1\r\nHost: x.example\r\n"
    long_head = head_begun + b"X: " + b"a" * 63_000
    packet = (256 * 1024).to_bytes(4, "big") + b"B" + b"b" * 250_000
    urlencoded = "application/x-www-form-urlencoded"
    multipart = filled(b"", b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\na\r\n', b"--b--\r\n")
    cases = [
        ("idle", lambda _: ("", True), None),
        ("8 x 25 MiB of JSON objects", form("application/json", filled(b'[', b'{"":0},', b"{}]")), None),
        ("8 x 25 MiB of JSON identities", form("application/json", filled(b'{"email":[', b"0,", b"0]}")), None),
        ("8 x 25 MiB of one escaped JSON text", form("application/json", filled(b'{"x":"', b"\\n", b'"}')), None),
        ("8 x 4 MiB of JSON that is not strict", form("application/json", filled(b'[NaN,"', b"\n", b'"]', 4 * MEGABYTE)),
         None),
        ("8 x 25 MiB of nested JSON", form("application/json", filled(b"", b"[", b"")), None),
        ("8 x 25 MiB of pairs", form(urlencoded, filled(b"", b"a=&", b"")), None),
        ("8 x 25 MiB of one pair", form(urlencoded, filled(b"email=", b"%41", b"")), None),
        ("8 x 25 MiB of multipart", form("multipart/form-data; boundary=b", multipart), None),
        ("2,000 remembered answers of 256 KB", answers, b"x" * 256_000),
        ("400 bodies of 1 MB that do not end", many_bodies, None),
        ("8 x 4 MiB of JSON objects, handed in", handed_in("/decisions/contact", members, AT_ONCE, {400, 503}), None),
        ("64 x 256 KiB of JSON objects by webhook", handed_in("/calls", short, 64, {200, 503}), None),
        ("4,000 heads that do not end", held_open("contacts", CONNECTIONS, head_begun), None),
        ("4,000 heads of 63 KB that do not end", held_open("contacts", CONNECTIONS, long_head), None),
        ("500 packets of 256 KiB that do not end", held_open("milter", 500, packet), None),
        ("960 messages of 256 KB that do not end", lambda gateway: held(paused_messages, gateway), None),
        ("90 transactions of 2,000 long recipients", lambda gateway: held(long_recipients, gateway), None),
        ("1,500 sign-ins of 250 KB that do not end",
         lambda gateway: held(half_sent(1_500, 250_000, {413, 503}), gateway), None),
        ("1,500 sign-ins of 15 KB that do not end",
         lambda gateway: held(half_sent(1_500, 15_000), gateway), None),
        ("8 x 4 MiB of texts, put by staff", by_staff("PUT", "/api/v1/people", texts, AT_ONCE, {413, 503}), None),
        ("8 x as many texts as may be, put by staff",
         by_staff("PUT", "/api/v1/people", fewer_texts, AT_ONCE, {200, 422, 503}), None),
        ("8 x as many objects as may be, previewed by staff",
         by_staff("POST", "/api/v1/decisions/preview", objects, AT_ONCE, {422, 503}), None),
        ("8 x an original of 45 MB", originals, None),
        ("every listener full", lambda gateway: held(every_listener, gateway), None),
        ("everything at once", lambda gateway: held(all_at_once, gateway), b"x" * 256_000),
        ("8 x 400,000 messages within messages", message(nested), None),
        ("8 x 200 encoded messages within messages", message(encoded), None),
        ("8 x 1,000,000 parts", message(parts), None),
        ("8 x 1,000,000 header fields", message(head + b"a:\r\n" * 1_000_000), None),
    ]
    fine = []
    words = sys.argv[2:]
    for name, work, answer in cases:
        if words and not any(word in name for word in words):
            continue
        Handler.answer = answer or b"taken"
        fine.append(measure(name, work, upstream))
    sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()
