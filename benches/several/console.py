"""A member of staff who looks at pages of the console, one after the other, through the proxy."""

import http.client
import threading
import time
import urllib.parse

NAME, PASSWORD = "Bo Carr", "a-password-of-some-length"
PAGES = ("/", "/queues", "/queues/limited", "/people", "/audit")
# In seconds.
ANSWER_WAIT, LOOK_EVERY = 10, 0.5


class Staff:
    """`looks`: of each look when it began, how long it took, its status (0: no answer), and whether the page came.
    `missed`: a file for what came instead."""

    def __init__(self, address, first_link, missed):
        self.address, self.looks, self.over, self.missed = address, [], threading.Event(), missed
        path = urllib.parse.urlsplit(first_link).path
        fields = {"name": NAME, "login": "bo", "role": "governance", "password": PASSWORD, "again": PASSWORD}
        status, head, text = self.ask("POST", path, urllib.parse.urlencode(fields))
        if status != 303:
            raise RuntimeError(f"the first account could not be made: {status} {text[:500]}")
        cookies = [value for name, value in head if name.lower() == "set-cookie"]
        self.cookie = "; ".join(cookie.split(";")[0] for cookie in cookies)
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()

    def ask(self, method, path, body=None, cookie=None):
        link = http.client.HTTPConnection(*self.address, timeout=ANSWER_WAIT)
        try:
            fields = {"Origin": f"http://{self.address[0]}"}
            if body is not None:
                fields["Content-Type"] = "application/x-www-form-urlencoded"
            if cookie:
                fields["Cookie"] = cookie
            link.request(method, path, body, fields)
            answer = link.getresponse()
            return answer.status, answer.getheaders(), answer.read().decode(errors="replace")
        finally:
            link.close()

    def look(self):
        while not self.over.is_set():
            began, status, came, page = time.time(), 0, False, PAGES[len(self.looks) % len(PAGES)]
            try:
                status, _, text = self.ask("GET", page, cookie=self.cookie)
                came = status == 200 and NAME in text
            except (OSError, http.client.HTTPException):
                text = ""
            self.looks.append((began, time.time() - began, status, came))
            if not came:
                title = text.partition("<title>")[2].partition("</title>")[0]
                print(f"{began:.1f} {page}: {status} {title}", file=self.missed, flush=True)
            self.over.wait(LOOK_EVERY)

    def stop(self):
        self.over.set()
        self.thread.join()

    def without(self, since, until):
        """Seconds of looks at which no page came, and until the next look."""
        begins = [at for at, *_ in self.looks] + [self.looks[-1][0] + self.looks[-1][1]] if self.looks else []
        pairs = zip(self.looks, begins[1:], strict=True)
        return sum(next_at - at for (at, _, _, came), next_at in pairs if since <= at <= until and not came)

    def longest_without(self, since=0.0, until=float("inf")):
        """The longest stretch, in seconds, in which no page came."""
        longest, began = 0.0, None
        for at, took, _, came in self.looks:
            if since <= at <= until:
                began = at if began is None else began
                longest = max(longest, at + took - began)
                began = None if came else began
        return longest
