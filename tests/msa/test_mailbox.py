from email.message import EmailMessage
from mailbox import Maildir

import pytest
from django.urls import reverse

from msa.mailbox import folder

pytestmark = pytest.mark.django_db

HTML = "<p>Hello <script>alert(1)</script></p>"


@pytest.fixture
def maildir(settings, tmp_path):
    settings.MAILBOX_DIR = str(tmp_path / "mails")
    return Maildir(settings.MAILBOX_DIR)


def add(maildir: Maildir, subject: str, *, to: str = "alice@acme.example", html: str = "") -> str:
    message = EmailMessage()
    message["From"] = "Northlight <support@desk.example>"
    message["To"] = f"Someone <{to}>"
    message["Subject"] = subject
    message["Date"] = "Wed, 04 Mar 2026 11:59:30 +0000"
    message.set_content(f"{subject} in full: https://desk.example/i/1 <b>\n")
    if html:
        message.add_alternative(html, subtype="html")
    return maildir.add(message)


def listed(response) -> list[tuple[str, str]]:
    return [(head.address, head.subject) for _, head in response.context["rows"]]


@pytest.mark.parametrize("path", ["/mailbox/", "/mailbox/1/", "/mailbox/1/html/"])
def test_without_a_folder_there_is_no_mailbox(client, settings, path) -> None:
    settings.MAILBOX_DIR = ""
    assert client.get(path).status_code == 404


def test_a_folder_that_is_not_there_yet_is_empty(client, settings, tmp_path) -> None:
    settings.MAILBOX_DIR = str(tmp_path / "none")
    response = client.get("/mailbox/")
    assert response.status_code == 200
    assert listed(response) == []
    assert not (tmp_path / "none").exists()


def test_mails_are_listed_newest_first(client, maildir) -> None:
    add(maildir, "First")
    add(maildir, "Второе – ответ", to="Bob@Acme.example")
    response = client.get("/mailbox/")
    assert listed(response) == [
        ("bob@acme.example", "Второе – ответ"),
        ("alice@acme.example", "First"),
    ]
    assert "Второе – ответ" in response.content.decode()


def test_the_list_is_narrowed_by_recipient(client, maildir) -> None:
    add(maildir, "For Alice")
    add(maildir, "For Bob", to="bob@acme.example")
    assert listed(client.get("/mailbox/", {"to": " BOB@"})) == [("bob@acme.example", "For Bob")]
    assert listed(client.get("/mailbox/", {"to": "nobody"})) == []


def test_a_page_holds_fifty(client, maildir) -> None:
    for number in range(51):
        add(maildir, f"Mail {number}")
    first, second = client.get("/mailbox/"), client.get("/mailbox/", {"page": "2"})
    assert [subject for _, subject in listed(first)] == [f"Mail {n}" for n in range(50, 0, -1)]
    assert listed(second) == [("alice@acme.example", "Mail 0")]


def test_a_mail_shows_its_text_with_links_and_nothing_of_its_markup(client, maildir) -> None:
    key = add(maildir, "Hello")
    response = client.get(reverse("mailbox:mail", args=[key]))
    page = response.content.decode()
    assert response.context["has_html"] is False
    assert '<a href="https://desk.example/i/1" rel="nofollow">' in page
    assert "&lt;b&gt;" in page
    assert client.get(reverse("mailbox:html", args=[key])).status_code == 404


@pytest.mark.parametrize(
    ("html", "styles"),
    [
        (HTML, "'none'"),
        (
            "<style>p { margin: 0 }</style><p>Hello</p>",
            "'sha256-7IWhgxoOGTB5NQzjGk9OPt0FwhVeBvZGoWgF9xLLh8c='",
        ),
    ],
)
def test_the_html_part_can_load_and_run_nothing(client, maildir, html, styles) -> None:
    key = add(maildir, "Hello", html=html)
    assert client.get(reverse("mailbox:mail", args=[key])).context["has_html"] is True
    response = client.get(reverse("mailbox:html", args=[key]))
    assert response.content.decode().strip() == html
    assert response.headers["Content-Security-Policy"] == (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
        f"style-src {styles}; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


@pytest.mark.parametrize("key", ["nothing", "..", "%2e%2e%2fnew"])
def test_an_unknown_mail_is_not_found(client, maildir, key) -> None:
    add(maildir, "Hello")
    assert client.get(f"/mailbox/{key}/").status_code == 404
    assert client.get(f"/mailbox/{key}/html/").status_code == 404


def test_only_reading_is_allowed(client, maildir) -> None:
    assert client.post("/mailbox/").status_code == 405


@pytest.mark.parametrize(("date", "subject"), [("", ""), ("nonsense", "=?utf-8?b?w6nDqA==?=")])
def test_odd_headers_do_not_break_the_list(client, maildir, date, subject) -> None:
    maildir.add(f"Date: {date}\nSubject: {subject}\n\nText\n".encode())
    response = client.get("/mailbox/")
    assert listed(response) == [("", "éè" if subject else "")]
    assert [head.written_at for _, head in response.context["rows"]] == [None]


def test_only_the_mails_of_the_page_are_read(client, maildir, monkeypatch) -> None:
    heads: list[str] = []
    head = folder.Folder.head

    def counted(self: folder.Folder, key: str) -> folder.Head:
        heads.append(key)
        return head(self, key)

    monkeypatch.setattr(folder.Folder, "head", counted)
    for number in range(120):
        add(maildir, f"Mail {number}")
    client.get("/mailbox/")
    assert len(heads) == 50
