#!/usr/bin/env python3
"""How long the providers' webhooks wait for their answers.

    cargo build --release && benches/webhooks.py [PROGRAM]

Signed webhooks of Twilio (voice and text), Vonage, Plivo, and of a `generic` source, at 1 and at 32
connections, of 800 senders of whom 1 in 20 is restricted, on the embedded store: first with an existing
call flow that answers at once, then with one that takes every request and never answers. Both are in
this program. Prints p50, p95, p99 and the most; this program's own time is in them.

Ends with 1 where p99 is above 500 ms with the call flow well, where an answer comes later than 800 ms
and 150 ms for this program with it hanging, where an answer is not 200 with the provider's document, or
where with the call flow well a limited sender goes on, or another does not.
"""

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import multiprocessing
import os
import pathlib
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlencode
from xml.etree import ElementTree

from processes import PROGRAM, ROOT, free_port, wait_for_port

SECONDS = 4
CONNECTIONS = (1, 32)
SENDERS = 800
ONE_RESTRICTED_IN = 20
P99_MOST = 0.5
# The gateway's own deadline, and what this program may need to see an answer under load.
HANGING_MOST = 0.8 + 0.15
SECRET = "a secret for the bench, of some length"
PUBLIC = "https://contact.karbon.example"
FORM = "application/x-www-form-urlencoded"
# What the existing call flow answers.
TWIML = b"<Response><Pause/></Response>"
NCCO = b'[{"action":"talk","text":"Hello"}]'
ids = itertools.count()


def b64(raw):
    return base64.b64encode(raw).decode()


def signed(digest, text):
    return hmac.new(SECRET.encode(), text.encode(), digest).digest()


def twilio(path, fields):
    text = PUBLIC + path + "".join(name + fields[name] for name in sorted(fields))
    return urlencode(fields), FORM, {"X-Twilio-Signature": b64(signed("sha1", text))}


def twilio_voice(path, sender, number):
    fields = {"AccountSid": "AC1", "CallSid": f"CA{number}", "CallStatus": "ringing"}
    return twilio(path, {**fields, "Direction": "inbound", "From": sender, "To": "+441632960000"})


def twilio_text(path, sender, number):
    fields = {"AccountSid": "AC1", "MessageSid": f"SM{number}", "Body": "When will it be mended?"}
    return twilio(path, {**fields, "From": sender, "To": "+441632960000", "NumMedia": "0"})


def vonage(_path, sender, number):
    body = {"from": sender[1:], "to": "441632960000", "uuid": f"u{number}"}
    body = json.dumps({**body, "conversation_uuid": f"CON-{number}"})

    def part(raw):
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    claims = {"iat": int(time.time()), "jti": str(number), "iss": "Vonage", "api_key": "k"}
    claims["payload_hash"] = hashlib.sha256(body.encode()).hexdigest()
    token = part(b'{"alg":"HS256","typ":"JWT"}') + "." + part(json.dumps(claims).encode())
    token += "." + part(signed("sha256", token))
    return body, "application/json", {"Authorization": f"Bearer {token}"}


def plivo(path, sender, number):
    fields = {"CallUUID": f"p{number}", "CallStatus": "ringing", "Direction": "inbound"}
    fields |= {"From": sender[1:], "To": "441632960000"}
    text = f"{PUBLIC}{path}?" + "".join(name + fields[name] for name in sorted(fields))
    signature = b64(signed("sha256", f"{text}.{number}"))
    fields_sent = {"X-Plivo-Signature-V3": signature, "X-Plivo-Signature-V3-Nonce": str(number)}
    return urlencode(fields), FORM, fields_sent


def generic(_path, sender, number):
    contact = {"call_id": f"g{number}", "from": [{"kind": "phone", "value": sender}]}
    return json.dumps(contact), "application/json", {"Authorization": f"Bearer {SECRET}"}


def is_response(document):
    return ElementTree.fromstring(document).tag == "Response"


def is_ncco(document):
    return all("action" in step for step in json.loads(document))


def is_decision(document):
    return "action" in json.loads(document)


# Of each: its entry, what makes a webhook, the type of its documents, and whether one is such.
PROVIDERS = {
    "Twilio voice": ("twilio", "voice", twilio_voice, "text/xml", is_response),
    "Twilio SMS": ("twilio", "messaging", twilio_text, "text/xml", is_response),
    "Vonage voice": ("vonage", "voice", vonage, "application/json", is_ncco),
    "Plivo voice": ("plivo", "voice", plivo, "text/xml", is_response),
    "generic": ("generic", "voice", generic, "application/json", is_decision),
}


def path_of(name):
    return "/karbon/" + name.lower().replace(" ", "-")


def restricted(sender):
    return sender % ONE_RESTRICTED_IN == 0


def limited(sender):
    """Of half of the restricted no call and no text is taken; the other half is counted."""
    return restricted(sender) and sender // ONE_RESTRICTED_IN % 2 == 0


def number_of(sender):
    return f"+447700{900000 + sender}"


def people():
    common = {"status": "active", "mode": "enforce", "grounds": "frequency", "clause": "6.2"}
    common |= {"starts": "2026-01-01", "decided_by": "A", "signed_off_by": "B"}
    closed = {"kind": "channels_only", "channels": ["letter"]}
    counted = {"kind": "contact_quota", "limit": 100000, "per": "week", "window": "rolling"}
    return [
        {
            "id": f"P-{sender}",
            "name": f"Person {sender}",
            "identifiers": [{"kind": "phone", "value": number_of(sender)}],
            "restrictions": [
                {"id": f"R-{sender}", **common, **(closed if limited(sender) else counted)}
            ],
        }
        for sender in range(SENDERS)
        if restricted(sender)
    ]


def telephony(name, upstream, secret='{ env = "BENCH_SECRET" }'):
    """The entry of a provider's webhooks, of which the call flow is at this port."""
    provider, product, *_ = PROVIDERS[name]
    text = f"""[[organisation.telephony]]
provider = "{provider}"
product = "{product}"
path = "{path_of(name)}"
targets = {{ queue = "+441910000009" }}
"""
    if provider == "generic":
        return text + f"token = {secret}\n"
    text += f'secrets = [{secret}]\npublic_url = "{PUBLIC}{path_of(name)}"\n'
    return text + f'upstream = "http://127.0.0.1:{upstream}{path_of(name)}"\n'


def request(name, sender, number):
    """A signed webhook as it is sent, all of it. `number` is in its id."""
    body, content_type, more = PROVIDERS[name][2](path_of(name), sender, number)
    fields = {"Host": "contact.karbon.example", "Content-Type": content_type, **more}
    head = f"POST {path_of(name)} HTTP/1.1\r\nContent-Length: {len(body)}\r\n"
    head += "".join(f"{field}: {value}\r\n" for field, value in fields.items())
    return f"{head}\r\n{body}".encode()


def config(folder, listen, staff, upstream):
    text = f"""[store]
url = "embedded:{folder}/store"
[archive]
url = "file:{folder}/archive"
[listen]
contacts = "127.0.0.1:{listen}"
staff = "127.0.0.1:{staff}"
[[organisation]]
id = "karbon"
profile = "{ROOT}/config/profiles/karbon-homes.toml"
mode = "enforce"
emergency = "+441910000000"
set = {{ "review.every_months" = 6 }}
"""
    for name in PROVIDERS:
        text += telephony(name, upstream)
    return text


async def head_and_body(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = 0
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name == "content-length":
            length = int(value)
    return head, await reader.readexactly(length)


def flow(well, hanging):
    """The existing call flow, in a process of its own, on two ports."""

    async def answer(reader, writer):
        try:
            while True:
                head, _ = await head_and_body(reader)
                is_json = "vonage" in head.split("\r\n")[0]
                body, kind = (NCCO, "application/json") if is_json else (TWIML, "text/xml")
                head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def hang(reader, writer):
        while await reader.read(65536):
            pass
        writer.close()

    async def serve():
        servers = [
            await asyncio.start_server(answer, "127.0.0.1", well),
            await asyncio.start_server(hang, "127.0.0.1", hanging),
        ]
        await asyncio.gather(*(server.serve_forever() for server in servers))

    asyncio.run(serve())


class Seen:
    def __init__(self):
        self.waits, self.faults, self.restricted = [], [], 0


def fault_in(name, sender, answered, document, is_well):
    """What is wrong with an answer; none: nothing."""
    _, _, _, kind, is_document = PROVIDERS[name]
    try:
        is_one = f"content-type: {kind}" in answered and is_document(document.decode())
    except (ValueError, ElementTree.ParseError):
        is_one = False
    status = answered.split("\r\n")[0]
    if " 200 " not in status or not is_one:
        return f"{status}, or no document"
    went_on = document in (TWIML, NCCO) or b'"action":"connect"' in document
    if is_well and went_on == limited(sender):
        return "a limited sender went on" if went_on else "a sender did not go on"
    return None


async def one_connection(listen, name, seen, until, is_well):
    reader, writer = await asyncio.open_connection("127.0.0.1", listen)
    while time.monotonic() < until:
        number = next(ids)
        # Somebody else each time, and 1 in 20 of any number of webhooks in a row.
        sender = number * 7 % SENDERS
        seen.restricted += restricted(sender)
        asked = request(name, number_of(sender), number)
        started = time.monotonic()
        writer.write(asked)
        answered, document = await head_and_body(reader)
        seen.waits.append(time.monotonic() - started)
        if fault := fault_in(name, sender, answered, document, is_well):
            seen.faults.append(fault)
    writer.close()


async def load(listen, name, connections, is_well):
    seen, until = Seen(), time.monotonic() + SECONDS
    loads = (one_connection(listen, name, seen, until, is_well) for _ in range(connections))
    await asyncio.gather(*loads)
    return seen


def measure(title, program, upstream, is_well):
    print(f"\n{title}\n{'provider':13} {'conn.':>5} {'answers':>8} {'restr.':>6}", end="")
    print("".join(f"{name:>9}" for name in ("p50", "p95", "p99", "most")), "  ms")
    fine = True
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        listen = free_port()
        (folder / "gateway.toml").write_text(config(folder, listen, free_port(), upstream))
        (folder / "people.json").write_text(json.dumps(people()))
        common = {"cwd": folder, "env": {**os.environ, "BENCH_SECRET": SECRET}}
        command = [program, "import", "--config", "gateway.toml", "--organisation", "karbon"]
        command.append("people.json")
        imported = subprocess.run(command, capture_output=True, text=True, **common)
        if imported.returncode != 0:
            sys.exit(imported.stderr)
        log = (folder / "log").open("w")
        command = [program, "serve", "--config", "gateway.toml"]
        gateway = subprocess.Popen(command, stderr=log, **common)
        try:
            wait_for_port(listen)
            # Once, for what is made at first use: connections, the tables of numbers.
            asyncio.run(load(listen, "generic", 1, is_well))
            for name, connections in itertools.product(PROVIDERS, CONNECTIONS):
                seen = asyncio.run(load(listen, name, connections, is_well))
                waits = sorted(seen.waits)
                at = [waits[min(len(waits) - 1, len(waits) * of // 100)] for of in (50, 95, 99)]
                at.append(waits[-1])
                print(f"{name:13} {connections:5} {len(waits):8} {seen.restricted:6}", end="")
                print("".join(f"{wait * 1000:9.1f}" for wait in at), flush=True)
                for fault in sorted(set(seen.faults)):
                    print(f"  {seen.faults.count(fault)} × {fault}")
                in_time = at[2] <= P99_MOST if is_well else at[3] <= HANGING_MOST
                fine = fine and not seen.faults and in_time
        finally:
            gateway.terminate()
            gateway.wait()
    return fine


def main():
    program = pathlib.Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else PROGRAM
    well, hanging = free_port(), free_port()
    upstream = multiprocessing.Process(target=flow, args=(well, hanging), daemon=True)
    upstream.start()
    try:
        wait_for_port(well)
        fine = [
            measure(
                f"The call flow is well: p99 at most {P99_MOST * 1000:.0f} ms",
                program, well, True,
            ),
            measure(
                f"The call flow hangs: at most {HANGING_MOST * 1000:.0f} ms",
                program, hanging, False,
            ),
        ]
    finally:
        upstream.terminate()
        upstream.join()
    sys.exit(0 if all(fine) else 1)


if __name__ == "__main__":
    main()
