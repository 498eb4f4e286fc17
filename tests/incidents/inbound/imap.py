"""An IMAP4rev1 server on loopback (RFC 3501, 6851): as much of it as a reader of mail asks for."""

import re
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

_COMMAND = re.compile(r"(?P<tag>\S+) (?:UID )?(?P<name>[A-Z]+)(?: (?P<rest>.*))?")


@dataclass
class MailStore:
    """Folders of mails by their UID; `breaks_at` names a command at which the connection ends."""

    folders: dict[str, dict[int, bytes]] = field(default_factory=lambda: {"INBOX": {}})
    password: str = "secret"
    capabilities: str = "IMAP4rev1 UIDPLUS MOVE"
    port: int = 0
    breaks_at: str = ""
    deleted: set[int] = field(default_factory=set)
    commands: list[str] = field(default_factory=list)

    def put(self, *mails: bytes) -> None:
        for raw in mails:
            self.folders["INBOX"][1 + max(self.folders["INBOX"], default=0)] = raw


class _Session(socketserver.StreamRequestHandler):
    @property
    def store(self) -> MailStore:
        return self.server.store  # type: ignore[attr-defined, no-any-return]

    def handle(self) -> None:
        self.say("* OK ready")
        while line := self.rfile.readline():
            found = _COMMAND.fullmatch(line.decode().rstrip("\r\n"))
            assert found is not None, line
            name, rest = found["name"], found["rest"] or ""
            self.store.commands.append(name)
            if name == self.store.breaks_at:
                return
            answer = getattr(self, f"do_{name.lower()}")(rest) or "OK done"
            self.say(f"{found['tag']} {answer}")
            if name == "LOGOUT":
                return

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def do_capability(self, _rest: str) -> None:
        self.say(f"* CAPABILITY {self.store.capabilities}")

    def do_login(self, rest: str) -> str:
        return "OK in" if rest.endswith(f'"{self.store.password}"') else "NO wrong password"

    def do_list(self, rest: str) -> None:
        name = rest.rsplit(maxsplit=1)[-1].strip('"')
        if name in self.store.folders:
            self.say(f'* LIST () "/" "{name}"')

    def do_create(self, rest: str) -> None:
        self.store.folders[rest.strip('"')] = {}

    def do_select(self, _rest: str) -> str:
        self.say(f"* {len(self.store.folders['INBOX'])} EXISTS")
        self.say("* OK [UIDVALIDITY 1] fine")
        return "OK [READ-WRITE] selected"

    def do_search(self, rest: str) -> None:
        assert rest == "UNDELETED"
        found = [uid for uid in self.store.folders["INBOX"] if uid not in self.store.deleted]
        self.say(" ".join(["* SEARCH", *map(str, found)]))

    def do_fetch(self, rest: str) -> None:
        found = re.fullmatch(r"(\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", rest)
        assert found is not None, rest
        raw = self.store.folders["INBOX"].get(int(found[1]))
        if raw is not None:
            piece = raw[: int(found[2])]
            self.wfile.write(f"* 1 FETCH (UID {found[1]} BODY[]<0> {{{len(piece)}}}\r\n".encode())
            self.wfile.write(piece)
            self.say(")")

    def do_move(self, rest: str) -> None:
        self.do_copy(rest)
        del self.store.folders["INBOX"][int(rest.split(maxsplit=1)[0])]

    def do_copy(self, rest: str) -> None:
        uid, folder = rest.split()
        self.store.folders[folder.strip('"')][int(uid)] = self.store.folders["INBOX"][int(uid)]

    def do_store(self, rest: str) -> None:
        self.store.deleted.add(int(rest.split(maxsplit=1)[0]))

    def do_expunge(self, rest: str) -> None:
        for uid in self.store.deleted & {int(rest)}:
            del self.store.folders["INBOX"][uid]

    def do_logout(self, _rest: str) -> None:
        self.say("* BYE")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    store: Any


@contextmanager
def imap_server() -> Iterator[MailStore]:
    """Run a server on a free port of loopback, in threads of its own, for the block."""
    store = MailStore()
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.store = store
        store.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield store
        finally:
            server.shutdown()
            thread.join()
