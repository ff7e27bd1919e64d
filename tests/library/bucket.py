"""A small object store that speaks as much of S3 as a library asks for."""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit

Objects = dict[str, bytes]


class Handler(BaseHTTPRequestHandler):
    """As much of S3 as a library asks for."""

    objects: Objects
    protocol_version = "HTTP/1.1"

    def _answer(self, status: int, body: bytes = b"", length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.send_header("ETag", '"x"')
        self.send_header("Last-Modified", "Mon, 05 Jan 2026 17:30:00 GMT")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    @property
    def _name(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix("/studio/")

    def do_PUT(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("If-None-Match") == "*" and self._name in self.objects:
            self._answer(412)
            return
        self.objects[self._name] = data
        self._answer(200)

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        if "list-type" in asked:
            begins = asked.get("prefix", [""])[0]
            entries = "".join(
                f"<Contents><Key>{name}</Key><LastModified>2026-01-05T17:30:00.000Z</LastModified>"
                f"<ETag>x</ETag><Size>{len(data)}</Size></Contents>"
                for name, data in sorted(self.objects.items())
                if name.startswith(begins)
            )
            body = f"<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"
            self._answer(200, body.encode())
        elif self._name in self.objects:
            self._answer(200, self.objects[self._name])
        else:
            self._answer(404)

    def do_HEAD(self) -> None:
        there = self.objects.get(self._name)
        self._answer(404) if there is None else self._answer(200, length=len(there))

    def do_DELETE(self) -> None:
        self.objects.pop(self._name, None)
        self._answer(204)

    def do_POST(self) -> None:  # many deleted at once
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        names = re.findall("<Key>(.*?)</Key>", body)
        for name in names:
            self.objects.pop(name, None)
        told = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in names)
        self._answer(200, f"<DeleteResult>{told}</DeleteResult>".encode())

    def log_message(self, *_: object) -> None:
        pass
