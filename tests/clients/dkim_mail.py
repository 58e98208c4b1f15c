"""Signs messages by DKIM and verifies them, with dkimpy: a line of JSON in, a line of JSON out.

key     -> {private, record}
sign    message, private, domain, selector, canonicalize, oversign -> {message}
verify  message, records {name: text} -> how many signatures verified, or -1 where one did not

Messages are base64.
"""

import base64
import json
import subprocess
import sys

import dkim


def key(_):
    private = subprocess.run(
        ["openssl", "genrsa", "-traditional", "2048"], check=True, capture_output=True
    ).stdout
    public = subprocess.run(
        ["openssl", "rsa", "-pubout", "-outform", "DER"],
        check=True,
        input=private,
        capture_output=True,
    ).stdout
    record = "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()
    return {"private": private.decode(), "record": record}


def sign(facts):
    message = base64.b64decode(facts["message"])
    headers = None
    if facts.get("oversign"):
        # Once more than there are: a field of these names that is added breaks the signature.
        named = [b"from", b"to", b"subject", b"date", b"message-id"]
        headers = named + named + [b"reply-to", b"list-id", b"auto-submitted", b"delivered-to"]
        headers += [b"x-odd", b"x-fold", b"x-empty"] * 2
    canonicalize = tuple(part.encode() for part in facts["canonicalize"].split("/"))
    field = dkim.sign(
        message,
        facts["selector"].encode(),
        facts["domain"].encode(),
        facts["private"].encode(),
        canonicalize=canonicalize,
        include_headers=headers,
    )
    return {"message": base64.b64encode(field + message).decode()}


def verify(facts):
    message = base64.b64decode(facts["message"])
    records = facts["records"]

    def ask(name, timeout=5):
        return records.get(name.decode().rstrip("."), "").encode()

    checked = dkim.DKIM(message)
    count = sum(1 for name, _ in checked.headers if name.lower() == b"dkim-signature")
    for index in range(count):
        if not dkim.DKIM(message).verify(idx=index, dnsfunc=ask):
            return -1
    return count


ASKED = {"key": key, "sign": sign, "verify": verify}

for line in sys.stdin:
    facts = json.loads(line)
    print(json.dumps(ASKED[facts["ask"]](facts)), flush=True)
