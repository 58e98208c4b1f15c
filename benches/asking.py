"""Questions to a gateway that runs: its health, its audit trail."""

import json
import urllib.error
import urllib.request


class Asking:
    """A gateway's listener for staff at this host and port, and a token for it."""

    def __init__(self, token, staff, host="127.0.0.1"):
        self.token, self.staff, self.host = token, staff, host

    def http(self, port, path, data=None, headers=None, seconds=20, method=None):
        request = urllib.request.Request(f"http://{self.host}:{port}{path}", data, headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=seconds) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode(errors="replace")
        except OSError as error:
            return 0, str(error)

    def asked(self, method, path, body=None, port=None):
        """Status and JSON of an answer to staff, or to a program that asks for decisions."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        status, text = self.http(port or self.staff, path, data, headers, method=method)
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def api(self, path):
        return self.asked("GET", path)[1]

    def ready(self, seconds=20):
        status, text = self.http(self.staff, "/health/ready", headers={"authorization": f"Bearer {self.token}"}, seconds=seconds)
        return json.loads(text) if status in (200, 503) else None

    def unready(self):
        parts = (self.ready() or {"parts": {}})["parts"]
        return {part: fault for part, fault in parts.items() if fault != "ok"}

    def trail(self):
        """The decisions on the trail, by contact."""
        found, after = {}, 0
        while after is not None:
            page = self.api(f"/api/v1/audit?after={after}&limit=500")
            for entry in page["entries"]:
                if entry.get("event") == "decided":
                    found.setdefault(entry["contact"], []).append(entry)
            after = page["next"]
        return found
