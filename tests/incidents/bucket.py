"""A service on loopback that speaks as much of S3's protocol as the desk uses."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


@contextmanager
def running_bucket() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Lend the address of a service, and what its buckets hold by `/bucket/key`."""
    kept: dict[str, bytes] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(kept))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(kept: dict[str, bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            assert self.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=key/")
            assert self.headers.get("x-amz-acl") is None
            kept[self.key] = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(200)

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            if "delimiter" in query:
                self.answer(200, _listing(kept, self.key, query["prefix"][0]))
            elif self.key in kept:
                self.answer(200, kept[self.key])
            else:
                self.answer(404)

        def do_DELETE(self) -> None:
            kept.pop(self.key, None)
            self.answer(204)

        @property
        def key(self) -> str:
            return unquote(urlsplit(self.path).path)

        def answer(self, status: int, content: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", '"0"')
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    return Handler


def _listing(kept: dict[str, bytes], bucket: str, prefix: str) -> bytes:
    begin = f"{bucket.rstrip('/')}/"
    keys = [key.removeprefix(begin) for key in kept if key.startswith(f"{begin}{prefix}")]
    below = {key for key in keys if "/" not in key.removeprefix(prefix)}
    folders = {prefix + key.removeprefix(prefix).split("/")[0] + "/" for key in set(keys) - below}
    rows = [f"<Contents><Key>{escape(key)}</Key></Contents>" for key in sorted(below)]
    rows += [
        f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>"
        for folder in sorted(folders)
    ]
    return (
        '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<IsTruncated>false</IsTruncated>{''.join(rows)}</ListBucketResult>"
    ).encode()
