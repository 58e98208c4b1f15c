"""A server that speaks S3, of moto, with what moto leaves out and a test needs: signatures are verified, and so is
the SHA-256 of what arrives.

    s3_server.py PORT BUCKET ACCESS_KEY_ID SECRET_ACCESS_KEY [HOST]

The bucket is there from the start. Below /-/ a test looks in, and gets in the way.
"""

import base64
import datetime
import hashlib
import hmac
import io
import json
import sys
import threading
import time
import urllib.parse

from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import WSGIRequestHandler, make_server

PORT, BUCKET, KEY, SECRET = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
HOST = sys.argv[5] if len(sys.argv) > 5 else "127.0.0.1"

moto = create_backend_app("s3")
assert moto.test_client().put("/" + BUCKET).status_code == 200

# What a test has set: seconds before each answer; a status and its code for every answer, or for those to a method,
# so many times; whether bodies are changed on their way.
WELL = {"delay": 0.0, "status": 0, "code": "SlowDown", "method": "", "times": 1_000_000, "mangle": 0}
fault = dict(WELL)
seen = {}
# By method, the request that a test holds back.
holds = {}
turn = threading.Lock()


def error(status, code):
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()
    return f"{status} {code}", body


def signature_fault(environ):
    """By the signature in the query, as "Authenticating Requests: Using Query Parameters" has it."""
    path, _, query = environ["RAW_URI"].partition("?")
    fields = urllib.parse.parse_qsl(query, keep_blank_values=True)
    given = dict(fields)
    if given.get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256":
        return "AccessDenied"
    key, day, region, service, end = given["X-Amz-Credential"].split("/")
    if key != KEY:
        return "InvalidAccessKeyId"
    began = time.mktime(time.strptime(given["X-Amz-Date"], "%Y%m%dT%H%M%SZ")) - time.timezone
    if not 0 <= time.time() - began + 5 <= int(given["X-Amz-Expires"]) + 5:
        return "RequestTimeTooSkewed"

    def quoted(text):
        return urllib.parse.quote(text, safe="-_.~")

    pairs = sorted((quoted(k), quoted(v)) for k, v in fields if k != "X-Amz-Signature")
    names = given["X-Amz-SignedHeaders"].split(";")
    headers = "".join(
        f"{name}:{environ['HTTP_' + name.upper().replace('-', '_')].strip()}\n" for name in names
    )
    canonical = "\n".join(
        [
            environ["REQUEST_METHOD"],
            path,
            "&".join(f"{k}={v}" for k, v in pairs),
            headers,
            ";".join(names),
            "UNSIGNED-PAYLOAD",
        ]
    )
    scope = "/".join([day, region, service, end])
    to_sign = "\n".join(
        [
            "AWS4-HMAC-SHA256",
            given["X-Amz-Date"],
            scope,
            hashlib.sha256(canonical.encode()).hexdigest(),
        ]
    )
    signing = ("AWS4" + SECRET).encode()
    for part in [day, region, service, end]:
        signing = hmac.new(signing, part.encode(), hashlib.sha256).digest()
    wanted = hmac.new(signing, to_sign.encode(), hashlib.sha256).hexdigest()
    return None if hmac.compare_digest(wanted, given["X-Amz-Signature"]) else "SignatureDoesNotMatch"


def backend():
    """The one that has the bucket."""
    all_of_them = (backend for account in s3_backends.values() for backend in account.values())
    return next(backend for backend in all_of_them if BUCKET in backend.buckets)


def control(environ):
    verb = environ["PATH_INFO"].removeprefix("/-/")
    given = dict(urllib.parse.parse_qsl(environ["QUERY_STRING"]))
    objects = backend().buckets[BUCKET].keys
    if verb == "fault":
        for name, well in WELL.items():
            fault[name] = type(well)(given.get(name, well))
    elif verb == "hold":
        skip = int(given["skip"])
        holds[given["method"]] = {"skip": skip, "held": False, "released": threading.Event()}
    elif verb == "release":
        holds.pop(given["method"])["released"].set()
    elif verb == "remove":
        backend().delete_object(BUCKET, given["name"])
    elif verb == "alter":
        body = bytearray(objects[given["name"]].value)
        body[len(body) // 2] ^= 1
        objects[given["name"]].value = bytes(body)
    elif verb == "bytes":
        return "200 OK", objects[given["name"]].value
    elif verb == "age":
        for key in list(objects.values()):
            key.last_modified -= datetime.timedelta(hours=int(given["hours"]))
    found = {name: key.size for name, key in list(objects.items())}
    held = [method for method, hold in list(holds.items()) if hold["held"]]
    return "200 OK", json.dumps({"objects": found, "seen": seen, "held": held}).encode()


def wait_if_held(method):
    with turn:
        hold = holds.get(method)
        if not hold or hold["held"]:
            return
        if hold["skip"]:
            hold["skip"] -= 1
            return
        hold["held"] = True
    hold["released"].wait()


def fails(method):
    with turn:
        if not fault["status"] or fault["method"] not in ("", method) or not fault["times"]:
            return False
        fault["times"] -= 1
        return True


def app(environ, start_response):
    def answer(status, body, kind="application/xml"):
        length = "0" if environ["REQUEST_METHOD"] == "HEAD" else str(len(body))
        start_response(status, [("Content-Type", kind), ("Content-Length", length)])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    if environ["PATH_INFO"].startswith("/-/"):
        return answer(*control(environ), kind="application/json")
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    method = environ["REQUEST_METHOD"]
    seen[method] = seen.get(method, 0) + 1
    time.sleep(fault["delay"])
    if fails(method):
        return answer(*error(fault["status"], fault["code"]))
    if wrong := signature_fault(environ):
        return answer(*error(403, wrong))
    if fault["mangle"] and body:
        body = bytes([body[0] ^ 1]) + body[1:]
    said = environ.get("HTTP_X_AMZ_CHECKSUM_SHA256")
    if said and said != base64.b64encode(hashlib.sha256(body).digest()).decode():
        return answer(*error(400, "BadDigest"))
    wait_if_held(method)
    environ["wsgi.input"] = io.BytesIO(body)
    return moto(environ, start_response)


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


make_server(HOST, PORT, app, threaded=True, request_handler=Handler).serve_forever()
