import base64
import random
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from domain.failure import DocumentUnreadable
from infrastructure.extraction.limits import MIB, ExtractionLimits
from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from tests.support.documents import pdf
from tests.support.mails import (
    Entry,
    attached,
    attachment,
    binary,
    compound,
    html,
    mail,
    message,
    multipart,
    plain,
    properties,
    wide,
)
from tests.support.reader import Attached, Reader

HEAD = "Quarterly figures\n\nFrom: Ana <ana@example.com>\nTo: Bob <bob@example.com>\n\n"
PICTURE = b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(20_000)  # noqa: S311 - the same each time


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    limits = ExtractionLimits(memory_bytes=400 * MIB, max_unpacked_bytes=8 * MIB, max_attachment_bytes=4 * MIB)
    with SandboxedExtractor(limits) as extractor:
        yield extractor


@pytest.fixture
def reader(extractor: SandboxedExtractor, tmp_path: Path) -> Reader:
    return Reader(extractor, tmp_path)


# --- EML


def test_a_mail_is_its_subject_its_people_and_its_body(reader: Reader) -> None:
    data = mail(plain("Dear Bob,\n\nthe figures."), headers="Date: Mon, 1 Jan 2024 10:00:00 +0000\nCc: Eva <e@x.org>\n")
    assert reader.text(data) == (
        "Quarterly figures\n\nFrom: Ana <ana@example.com>\nTo: Bob <bob@example.com>\nCc: Eva <e@x.org>\n"
        "Date: Mon, 1 Jan 2024 10:00:00 +0000\n\nDear Bob,\n\nthe figures."
    )
    assert reader.titles(data) == [(1, "Quarterly figures")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("body", ["words", "a line of words\n" * 200_000], ids=["short", "long"])
def test_a_mailbox_of_several_mails_is_not_read_as_its_first(reader: Reader, end: str, body: str) -> None:
    one = f"From ana@example.com Mon Jan  1 00:00:00 2024\nFrom: ana@example.com\nSubject: first\n\n{body}\n"
    other = one.replace("first", "second").replace("From ana@example.com", "From -", 1)
    with pytest.raises(DocumentUnreadable) as caught:
        reader.text(f"{one}\n{other}".replace("\n", end))
    assert caught.value.failure_code.value == "unsupported_type"
    assert "mailbox" in caught.value.detail


def test_a_mailbox_of_one_mail_is_that_mail(reader: Reader) -> None:
    body = "From here on, all was well in 2024\n\n>From a@b.c Mon Jan  1 00:00:00 2024\nFrom: him\n\nFrom me in 2024\n"
    text = reader.text(f"From a@b.c Mon Jan  1 00:00:00 2024\nFrom: a@b.c\nSubject: only\n\n{body}")
    assert text.startswith("only\n\nFrom: a@b.c\n\nFrom here on")
    assert text.endswith("From me in 2024")


def test_what_is_called_latin_1_is_read_as_windows_1252(reader: Reader) -> None:
    head = "Subject: =?iso-8859-1?Q?Pre=E7o_=80_50_=93ok=94?=\nContent-Type: text/plain; charset=iso-8859-1\n"
    body = "Content-Transfer-Encoding: quoted-printable\n\nPre=E7o: =8050 =96 =93=F3timo=94 a=E7=E3o=85\n"
    assert reader.text(f"From: a@b.c\n{head}{body}") == (
        "Preço € 50 “ok”\n\nFrom: a@b.c\n\nPreço: €50 – “ótimo” ação…"  # noqa: RUF001
    )


def test_a_mail_as_the_standard_library_writes_it(reader: Reader) -> None:
    made = EmailMessage()
    made["From"], made["Subject"] = "José <jose@example.com>", "Relatório de março: ação imediata, não esquecer 日本"
    made.set_content("Olá,\n\no relatório segue em anexo. " + "palavra " * 40)
    made.add_alternative("<p>Olá,</p>", subtype="html")
    made.add_attachment(pdf(["a page"]), maintype="application", subtype="pdf", filename="relatório março.pdf")
    text = reader.text(made.as_bytes())
    assert text.startswith(
        "Relatório de março: ação imediata, não esquecer 日本\n\nFrom: José <jose@example.com>\n\nOlá,"
    )
    assert reader.attachments(made.as_bytes()) == [Attached("relatório março.pdf", "application/pdf", pdf(["a page"]))]


def test_the_richer_form_of_a_body_is_read(reader: Reader) -> None:
    both = mail(plain("the same words"), html("<p>the <b>same</b> words</p>"), kind="alternative")
    assert reader.text(both) == HEAD + "the same words"
    poor = mail(
        plain("Your program shows no HTML."),
        html("<h2>News</h2><table><tr><td>a</td><td>b</td></tr></table><p>" + "many words " * 20 + "</p>"),
        kind="alternative",
    )
    assert reader.text(poor).startswith(HEAD + "News\n\na | b\n\nmany words")
    assert reader.titles(poor) == [(1, "Quarterly figures"), (2, "News")]


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("iso-8859-1", "latin-1"), ("windows-1252", "cp1252"), ("utf-8", "utf-8"), ("x-unknown", "utf-8"),
     ("us-ascii", "cp1252"), ("no-such-thing", "utf-8"), ("gb2312", "gb18030"), ("ISO-2022-JP", "iso-2022-jp")],
)  # fmt: skip
@pytest.mark.parametrize("transfer", ["8bit", "quoted-printable", "base64"])
def test_charsets_and_transfer_encodings(reader: Reader, charset: str, encoding: str, transfer: str) -> None:
    words = {"gb18030": "这是一个测试文件", "iso-2022-jp": "日本語の文書"}.get(encoding, "A ação é útil, não é?")
    raw = words.encode(encoding)
    body = {
        "8bit": raw,
        "base64": base64.encodebytes(raw),
        "quoted-printable": "".join(f"={byte:02X}" for byte in raw).encode() + b"=\r\n",
    }[transfer]
    head = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {transfer}\r\n\r\n"
    assert reader.text(b"From: a@b.c\r\nSubject: S\r\n" + head.encode() + body).endswith(words)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (b"=?utf-8?B?YcOnw6Nv?=", "ação"),
        (b"=?iso-8859-1?Q?a=E7=E3o?= and =?utf-8?Q?more?=", "ação and more"),
        ("ação".encode(), "ação"),
        ("ação".encode("latin-1"), "ação"),
        (b"=?no-such?Q?words?=", "words"),
        (b"=?utf-8?B?!!!?=", ""),
        (b"=?utf-8?B?YQ?= =?utf-8?X?b?=", "a =?utf-8?X?b?="),
        (b"folded\r\n over lines", "folded over lines"),
        (b"", ""),
    ],
)
def test_subjects_as_mailers_write_them(reader: Reader, written: bytes, shown: str) -> None:
    text = reader.text(b"From: a@b.c\r\nSubject: " + written + b"\r\n\r\nbody")
    assert text == f"{shown}\n\nFrom: a@b.c\n\nbody".strip()


def test_forwarded_messages_are_read_in_their_place(reader: Reader) -> None:
    inner = "From: Eva <eva@example.com>\nSubject: Before\n" + multipart(
        plain("the old words"), attached("old.txt", b"old"), boundary="inner"
    )
    data = mail(plain("see below"), f"Content-Type: message/rfc822\n\n{inner}", plain("the end"))
    assert reader.text(data) == (
        HEAD + "see below\n\nBefore\n\nFrom: Eva <eva@example.com>\n\nthe old words\n\nthe end"
    )
    assert reader.titles(data) == [(1, "Quarterly figures"), (2, "Before")]
    assert reader.attachments(data) == [Attached("old.txt", "application/octet-stream", b"old")]


def test_a_message_attached_as_a_file_is_an_attachment(reader: Reader) -> None:
    inner = (
        "Content-Type: message/rfc822\nContent-Disposition: attachment\n\nFrom: e@x.org\nSubject: Before\n\nold words\n"
    )
    found = reader.attachments(mail(plain("see the file"), inner))
    assert [(a.filename, a.content_type) for a in found] == [("Before.eml", "message/rfc822")]
    assert reader.text(found[0].data) == "Before\n\nFrom: e@x.org\n\nold words"


def test_a_message_within_may_be_encoded_although_it_must_not(reader: Reader) -> None:
    inner = b"From: e@x.org\nSubject: Before\n\nold words\n"
    found = reader.attachments(mail(plain("see the file"), attached("a.eml", inner, "message/rfc822")))
    assert reader.text(found[0].data) == "Before\n\nFrom: e@x.org\n\nold words"
    encoded = f"Content-Transfer-Encoding: base64\n\n{base64.encodebytes(inner).decode()}"
    assert reader.text(mail(plain("below"), f"Content-Type: message/rfc822\n{encoded}")) == (
        HEAD + "below\n\nBefore\n\nFrom: e@x.org\n\nold words"
    )


def test_pictures_of_the_body_are_no_attachments(reader: Reader) -> None:
    encoded = base64.encodebytes(PICTURE).decode()
    shown = f"Content-Type: image/png\nContent-ID: <logo>\nContent-Transfer-Encoding: base64\n\n{encoded}"
    inline = f'Content-Type: image/png; name="x.png"\nContent-Disposition: inline\n{shown.partition("png")[2].lstrip()}'
    body = multipart(html('<p>words <img src="cid:logo"></p>'), shown, kind="related", boundary="r")
    small = f"Content-Type: image/gif\nContent-Transfer-Encoding: base64\n\n{base64.encodebytes(b'GIF89a').decode()}"
    logo = attached("logo.png", PICTURE[:2000], "image/png", more="Content-ID: <x>\n")
    data = mail(body, inline, small, logo, attached("photo.png", PICTURE, "image/png"))
    assert reader.attachments(data) == [Attached("photo.png", "image/png", PICTURE)]


def test_signatures_and_calendars_add_nothing(reader: Reader) -> None:
    signed = mail(
        multipart(plain("words"), "Content-Type: text/calendar\n\nBEGIN:VCALENDAR", kind="alternative", boundary="a"),
        "Content-Type: application/pgp-signature; name=signature.asc\n\nxxx",
        kind="signed",
    )
    assert reader.text(signed) == HEAD + "words"
    assert reader.attachments(signed) == []


def test_files_of_text_are_attachments_and_not_the_body(reader: Reader) -> None:
    notes = 'Content-Type: text/plain; name="notes.txt"\nContent-Disposition: inline; filename="notes.txt"\n\nnotes'
    data = mail(plain("body"), notes, attached("page.html", b"<p>x</p>", "text/html"))
    assert reader.text(data) == HEAD + "body"
    assert [a.filename for a in reader.attachments(data)] == ["notes.txt", "page.html"]


def test_a_mail_whose_only_part_is_a_file(reader: Reader) -> None:
    data = b"From: a@b.c\r\nSubject: Scan\r\n" + attached("scan.pdf", pdf(["x"]), "application/pdf").encode()
    assert reader.text(data) == "Scan\n\nFrom: a@b.c"
    assert reader.attachments(data) == [Attached("scan.pdf", "application/pdf", pdf(["x"]))]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('Content-Disposition: attachment; filename="=?utf-8?B?YcOnw6NvLnBkZg==?="', "ação.pdf"),
        ("Content-Disposition: attachment; filename*=utf-8''a%C3%A7%C3%A3o.pdf", "ação.pdf"),
        ("Content-Disposition: attachment; filename*=no-such''a%E7.pdf", "aç.pdf"),
        ("Content-Disposition: attachment; filename*0=one; filename*1=two.pdf", "onetwo.pdf"),
        ("Content-Disposition: attachment; filename=", "attachment-1.pdf"),
        ("Content-Disposition: attachment", "attachment-1.pdf"),
        ('Content-Disposition: attachment; filename="../../etc/passwd"', "../../etc/passwd"),
        ("Content-Disposition: ;;;==", "attachment-1.pdf"),
    ],
)
def test_names_of_attachments(reader: Reader, header: str, name: str) -> None:
    found = reader.attachments(mail(plain("x"), f"Content-Type: application/pdf\n{header}\n\n%PDF-1.4"))
    assert [a.filename for a in found] == [name]


def test_a_thousand_attachments_are_a_hundred_and_a_count(reader: Reader) -> None:
    data = mail(plain("words"), *(attached(f"{number}.txt", b"text %d" % number) for number in range(1000)))
    found = reader.attachments(data)
    assert [a.data for a in found] == [b"text %d" % number for number in range(100)]
    assert reader.left_out == 900


def test_attachments_beyond_the_limits_of_size_are_left_out(reader: Reader) -> None:
    sizes = {"a": 3 * MIB, "b": 5 * MIB, "c": 3 * MIB, "d": 3 * MIB, "e": 100, "empty": 0}
    data = mail(plain("words"), *(attached(name, bytes(size)) for name, size in sizes.items()))
    assert [a.filename for a in reader.attachments(data)] == ["a", "c", "e"]
    assert reader.left_out == 2


def test_without_a_folder_attachments_are_not_asked_for(reader: Reader) -> None:
    assert reader.text(mail(plain("words"), attached("a.txt", b"text"))) == HEAD + "words"


@pytest.mark.parametrize(
    "kind", ["multipart/encrypted; boundary=x", "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m"]
)
def test_an_encrypted_mail_is_encrypted(reader: Reader, kind: str) -> None:
    assert reader.code(f"From: a@b.c\nSubject: s\nContent-Type: {kind}\n\nMIAGCSqGSIb3") == "encrypted"


def test_a_mail_nested_too_deep_is_corrupt(reader: Reader) -> None:
    for depth in (60, 2_000):
        opened = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth))
        assert reader.code(f"From: a@b.c\nMIME-Version: 1.0\n{opened}\nwords") == "corrupt"
    forwarded = "Content-Type: message/rfc822\n\nFrom: a@b.c\n" * 60
    assert reader.code(f"From: a@b.c\nMIME-Version: 1.0\n{forwarded}\nwords") == "corrupt"


def test_a_truncated_mail_gives_what_is_there(reader: Reader) -> None:
    whole = mail(plain("the body"), attached("a.bin", bytes(range(256)) * 20))
    cut = whole[: len(whole) // 2]
    assert reader.text(cut) == HEAD + "the body"
    assert [a.filename for a in reader.attachments(cut)] == ["a.bin"]


@pytest.mark.parametrize("filename", ["a.pdf", "a.docx", "a.txt", "", "a.json"])
def test_the_name_does_not_make_the_mail(reader: Reader, filename: str) -> None:
    assert reader.text(mail(plain("the body")), filename) == HEAD + "the body"


def test_a_text_about_mails_is_a_text(reader: Reader) -> None:
    for text in ("Subject: to be decided\nby the board", "From: here\nwe go", "Date: today\nTitle: x\n\nwords"):
        assert reader.text(text, "a.txt") == text
    assert reader.text("Subject: only this\n\nwords", "a.eml") == "only this\n\nwords"


@pytest.mark.parametrize(
    ("written", "body"),
    [
        (b"Content-Type: multipart/mixed\n\nno boundary", "\n\nno boundary"),
        (b"Content-Type: multipart/mixed; boundary=x\n\n--y\n\nanother", "\n\n--y\n\nanother"),
        (b"Content-Type: application/x\n\n" + bytes(range(256)) * 10, ""),
        (b'Content-Type: text/plain; charset="a\x00b"\n\nwords', "\n\nwords"),
        (b"Content-Type: nonsense\n\nwords", "\n\nwords"),
        (b"Content-Transfer-Encoding: base64\n\nd29yZHM", "\n\nwords"),
    ],
)
def test_odd_mails_are_read(reader: Reader, written: bytes, body: str) -> None:
    head = b"From x@y Mon Mar 17 11:15:17 2014\nFrom: a@b.c\nSubject: s\n"
    assert reader.text(head + written, "a.eml") == f"s\n\nFrom: a@b.c{body}"


def test_a_mail_saved_as_utf_16_is_read(reader: Reader) -> None:
    assert reader.text("From: a@b.c\nSubject: s\n\nação".encode("utf-16")) == "s\n\nFrom: a@b.c\n\nação"


def test_of_a_hundred_thousand_recipients_the_first_are_shown(reader: Reader) -> None:
    many = b"From: a@b.c\nTo: " + b"a@example.com, " * 100_000 + b"\n\nbody"
    assert len(reader.text(many, "a.eml")) < 5_000


# --- MSG


def outlook(*entries: Entry, **options: int) -> bytes:
    return compound(message(*entries, **options))


def test_an_outlook_message(reader: Reader) -> None:
    recipients = [
        Entry(
            "__recip_version1.0_#00000000", [properties({0x0C15: 1}), wide(0x3001, "Bob"), wide(0x39FE, "bob@x.org")]
        ),
        Entry(
            "__recip_version1.0_#00000001", [properties({0x0C15: 2}), wide(0x3001, "e@x.org"), wide(0x39FE, "e@x.org")]
        ),
        Entry(
            "__recip_version1.0_#00000002", [properties({0x0C15: 3}), wide(0x3001, "secret"), wide(0x39FE, "s@x.org")]
        ),
    ]
    head = [wide(0x0037, "Relatório"), wide(0x0C1A, "Ana"), wide(0x5D01, "ana@x.org")]
    body = wide(0x1000, "the words\r\n\r\nof the body")
    data = outlook(*head, body, *recipients, attachment("a.bin", b"x" * 5000))
    assert reader.text(data, "mail.txt") == (
        "Relatório\n\nFrom: Ana <ana@x.org>\nTo: Bob <bob@x.org>\nCc: e@x.org\n\nthe words\n\nof the body"
    )
    assert reader.titles(data) == [(1, "Relatório")]
    assert reader.attachments(data) == [Attached("a.bin", "application/octet-stream", b"x" * 5000)]


def test_an_outlook_body_of_html_in_its_code_page(reader: Reader) -> None:
    markup = "<html><body><h1>Título</h1><p>ação</p></body></html>".encode("cp1252")
    for codepage in (1252, 99_999, 0):
        assert reader.text(outlook(wide(0x37, "S"), binary(0x1013, markup), codepage=codepage)) == "S\n\nTítulo\n\nação"


def test_outlook_messages_within_are_read_in_their_place(reader: Reader) -> None:
    inner = message(wide(0x37, "inner"), wide(0x1000, "old"), attachment("b.bin", b"y" * 5000), header_bytes=24)
    embedded = Entry("__attach_version1.0_#00000000", [properties({0x3705: 5}), Entry("__substg1.0_3701000D", inner)])
    data = outlook(wide(0x37, "outer"), wide(0x1000, "new"), embedded)
    assert reader.text(data) == "outer\n\nnew\n\ninner\n\nold"
    assert [a.filename for a in reader.attachments(data)] == ["b.bin"]


def test_pictures_of_an_outlook_body_are_no_attachments(reader: Reader) -> None:
    shown = attachment("logo.png", PICTURE, flags=4)
    kept = attachment("photo.png", PICTURE, number=1)
    found = reader.attachments(outlook(wide(0x37, "S"), shown, kept))
    assert [a.filename for a in found] == ["photo.png"]


def test_a_document_attached_to_an_outlook_message_does_not_make_the_type(reader: Reader) -> None:
    old_word = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000) + "WordDocument".encode("utf-16-le")
    assert reader.text(outlook(wide(0x37, "S"), wide(0x1000, "words"), attachment("a.doc", old_word))) == "S\n\nwords"


def test_damaged_outlook_messages_are_corrupt(reader: Reader) -> None:
    whole = outlook(wide(0x37, "S"), wide(0x1000, "words " * 2000))
    assert reader.code(whole[: len(whole) // 2]) in {"corrupt", "unsupported_type"}
    assert reader.code(compound(message(wide(0x37, "S")), size_claimed=1 << 31)) == "corrupt"
    assert reader.code(outlook()) == "no_text"


def test_an_outlook_message_that_says_the_same_bytes_a_thousand_times_is_too_large(reader: Reader) -> None:
    many = [attachment(f"{n}.bin", b"x" * 400_000, number=n) for n in range(30)]
    assert len(reader.attachments(outlook(wide(0x37, "S"), *many))) < 30
    assert reader.left_out > 0


def test_an_outlook_message_nested_too_deep_is_corrupt(reader: Reader) -> None:
    inner = message(wide(0x37, "S"), header_bytes=24)
    for _ in range(60):
        attach = Entry("__attach_version1.0_#00000000", [properties({0x3705: 5}), Entry("__substg1.0_3701000D", inner)])
        inner = message(wide(0x37, "S"), attach, header_bytes=24)
    assert reader.code(compound(inner)) == "corrupt"


def test_outlook_messages_with_random_damage_end_with_text_or_a_code(reader: Reader) -> None:
    chance = random.Random(4)  # noqa: S311 - repeatable, not secret
    whole = outlook(wide(0x37, "Subject"), wide(0x1000, "words"), attachment("a.bin", b"x" * 5000))
    codes = set()
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 30)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        codes.add(outcome(reader, bytes(damaged)))
    assert codes <= {"text", "corrupt", "unsupported_type", "no_text", "too_large_unpacked", "encrypted"}
    assert "text" in codes


def test_mails_with_random_damage_end_with_text_or_a_code(reader: Reader) -> None:
    chance = random.Random(5)  # noqa: S311 - repeatable, not secret
    inner = "Content-Type: message/rfc822\n\nFrom: e@x.org\nSubject: =?utf-8?B?YcOnw6Nv?=\n\nold words\n"
    whole = mail(plain("words"), html("<p>words</p>"), inner, attached("a.bin", b"x" * 500, more="Content-ID: <x>\n"))
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 40)):
            damaged[chance.randrange(len(damaged))] = chance.choice([0, 0x0A, 0x3B, 0x3D, 0x22, 0xFF, 0x3F, 0x25])
        assert outcome(reader, bytes(damaged)) in {"text", "unsupported_type", "corrupt"}


def outcome(reader: Reader, data: bytes) -> str:
    try:
        reader.attachments(data)
    except DocumentUnreadable as error:
        return error.failure_code.value
    return "text"
