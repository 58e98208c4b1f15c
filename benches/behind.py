"""The servers behind a gateway: a mail server and a form's handler, which note what they take.

    behind.py HOST MAIL_PORT FORM_PORT FILE

Each message and each submission is a line of JSON in FILE, once it is accepted: when, by which way, its token (a
message's subject, a submission's field `subject`), and what the gateway says about it.
"""

import asyncio
import email
import http.server
import json
import os
import sys
import threading
import time
import urllib.parse

DECISION = "X-Contact-Gateway-Decision"


class Book:
    def __init__(self, file):
        self.file, self.turn = open(file, "a", buffering=1), threading.Lock()

    def note(self, way, token, decision):
        line = json.dumps({"at": time.time(), "way": way, "token": token or "", "decision": decision or ""})
        with self.turn:
            self.file.write(line + "\n")


def handler(book):
    class Handler(http.server.BaseHTTPRequestHandler):
        """The form's own handler: takes everything."""

        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            fields = urllib.parse.parse_qs(body.decode(errors="replace"))
            book.note("form", fields.get("subject", [""])[0], self.headers.get(DECISION))
            self.send_response(200)
            self.send_header("content-length", "5")
            self.end_headers()
            self.wfile.write(b"taken")

        def log_message(self, *_):
            pass

    return Handler


class Mailbox:
    """Just enough SMTP (RFC 5321) for a gateway's hand-over."""

    def __init__(self, book):
        self.book = book

    async def session(self, reader, writer):
        try:
            await self.answer(writer, "220 behind.example ESMTP")
            while line := await reader.readline():
                verb = line.strip().upper().decode(errors="replace")
                if verb.startswith("EHLO"):
                    await self.answer(writer, "250-behind.example\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES")
                elif verb == "DATA":
                    await self.answer(writer, "354 go on")
                    self.take(await self.content(reader))
                    await self.answer(writer, "250 2.0.0 taken")
                elif verb == "QUIT":
                    await self.answer(writer, "221 2.0.0 bye")
                    break
                else:
                    await self.answer(writer, "250 2.0.0 well")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @staticmethod
    async def answer(writer, line):
        writer.write(line.encode() + b"\r\n")
        await writer.drain()

    @staticmethod
    async def content(reader):
        lines = []
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                raise ConnectionError("cut off")
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    def take(self, content):
        message = email.message_from_bytes(content)
        self.book.note("mail", message["subject"], message[DECISION])


async def serve(host, mail_port, form_port, file):
    book = Book(file)
    forms = http.server.ThreadingHTTPServer((host, form_port), handler(book))
    threading.Thread(target=forms.serve_forever, daemon=True).start()
    server = await asyncio.start_server(Mailbox(book).session, host, mail_port, limit=2**20)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
    except KeyboardInterrupt:
        os._exit(0)
