"""Real mails and books held against what people see in them, in order."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.extraction.sandbox.extractor import SandboxedExtractor
from tests.support.reader import Reader
from tests.support.real_documents import corpus_folder

CORPUS = corpus_folder()
FRAGMENTS = {
    "unstructured/email-no-utf8-2014-03-17.111517.eml": [
        "Google Account password changed\n\nFrom: no-reply@accounts.google.com\nTo: slatest@gmail.com\nDate: Mon, 17",
        "Hi Slava,",
        "you'll need to reset your password by\nclicking this link:",
        "1600 Amphitheatre Parkway",
    ],
    "unstructured/email-no-html-content-1.eml": [
        "Subscribed to 63 nf-core repositories",
        "re just writing to let you know",
    ],
    "unstructured/fake-email-b64.eml": ["Test Email", "Important points:", "- Roses are red\n   - Violets are blue"],
    "unstructured/fake-email-utf-16-be.eml": ["Test Email", "From: Matthew Robinson", "- Violets are blue"],
    "unstructured/family-day.eml": ["Family Day", "There will be face painting, a petting zoo", "Data Scientist"],
    "unstructured/mime-multipart-digest.eml": [
        "Example Multipart Digest Email",
        "First Message\n\nFrom: eve@example.com\nTo: alice@example.com\n\nThis is the first message in the digest.",
        "Third Message\n\nFrom: grace@example.com",
    ],
    "unstructured/fake-email-with-cc-and-bcc.msg": [
        "Fake email with cc and bcc recipients\n\nFrom: John <johnjennings702@gmail.com>\nTo: John Jennings",
        "Cc: steve@unstructured.io\nDate: Mon, 29 Jul 2024 20:38:11 +0000",
        "This is a test email. Please ignore.",
    ],
    "markitdown/test_outlook_msg.msg": [
        "From: M. C. Kurtuluş <test.sender@example.com>",
        "This is the body of the test",
    ],
    "docling/msg_with_attachment.msg": ["Email with Attachment", "This email contains an attachment."],
    "markitdown/test.epub": [
        "Test EPUB Document",
        "Chapter 1: Test Content",
        "- A bullet point\n- Another point",
        "Chapter 2",
    ],
    "docling/epub_purvis_poetry.epub": [
        "Poetry\n\nSarah Louisa Forten Purvis",
        "The Grave of the Slave\n\nThe cold storms of winter shall chill him no more,\nHis woes and his sorrows",
        "The Slave Girl’s Address to Her Mother",  # noqa: RUF001
        "Uncopyright",
    ],
    "unstructured/eng_spa_mult.epub": [
        "All human beings are born free",
        "Todos los seres humanos nacen libres e iguales",
    ],
}


@pytest.fixture(scope="module")
def extractor() -> Iterator[SandboxedExtractor]:
    with SandboxedExtractor() as extractor:
        yield extractor


@pytest.mark.parametrize("name", FRAGMENTS)
def test_a_real_document_says_what_people_see_in_it(extractor: SandboxedExtractor, tmp_path: Path, name: str) -> None:
    if not CORPUS:
        pytest.skip("THE SHARED CORPUS IS NOT HERE: real documents are not tested")
    text = Reader(extractor, tmp_path).text((CORPUS / "documents" / name).read_bytes(), name)
    at = 0
    for fragment in FRAGMENTS[name]:
        assert fragment in text[at:]
        at = text.index(fragment, at) + len(fragment)


def test_the_files_attached_to_a_real_message(extractor: SandboxedExtractor, tmp_path: Path) -> None:
    if not CORPUS:
        pytest.skip("THE SHARED CORPUS IS NOT HERE: real documents are not tested")
    data = (CORPUS / "documents" / "docling" / "msg_with_attachment.msg").read_bytes()
    found = Reader(extractor, tmp_path).attachments(data)
    assert [(a.filename, a.content_type, len(a.data)) for a in found] == [
        ("test.txt", "text/plain", 64),
        ("report.pdf", "application/pdf", 26),
    ]
