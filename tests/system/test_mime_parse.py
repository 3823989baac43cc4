"""
The messages of mail_test_samples (tests/unit/mail/test_samples.c), read by parsers of other people: Python's email
package with its policies, and where they are installed munpack (mpack) and reformime (maildrop). What they read must be
what was meant, and they must find no fault.
"""

import email
import email.header
import email.policy
import email.utils
import os
import pathlib
import re
import shutil
import subprocess

import pytest

BUILD = pathlib.Path(os.environ.get("TOCSIN_BUILD", pathlib.Path(__file__).parents[2] / "build"))
POLICIES = {"default": email.policy.default, "SMTP": email.policy.SMTP, "compat32": email.policy.compat32}


class Sample:
    def __init__(self, path):
        self.path = path
        self.bytes = path.read_bytes()
        lines = [line.split(" ") for line in path.with_suffix(".meant").read_text().splitlines()]
        self.pairs = [(key, bytes.fromhex(value)) for key, value in lines]
        self.meant = dict(self.pairs)

    def files(self):
        """(name, type, id, content) of images and files, in their order."""
        of = {key: [value for k, value in self.pairs if k == key] for key in ("file", "type", "id", "content")}
        return [(n.decode(), t.decode(), i.decode(), c) for n, t, i, c in zip(*of.values())]


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    subprocess.run([BUILD / "tests/mail_test_samples"], env={**os.environ, "TOCSIN_SAMPLES": str(folder)}, check=True)
    found = [Sample(path) for path in sorted(folder.glob("*.eml"))]
    assert len(found) == 300
    return found


def lines(text):
    """Every kind of line end is CRLF on the wire."""
    return re.sub(rb"\r\n|\r|\n", b"\r\n", text)


def texts_and_files(message):
    leaves = [part for part in message.walk() if not part.is_multipart()]
    texts = [part for part in leaves if part.get("Content-Disposition") is None]
    return texts, leaves[len(texts) :]


def structure(message):
    """Such as mixed(related(alternative(plain html) png) pdf), without what is not a multipart or a text."""
    if not message.is_multipart():
        return message.get_content_subtype() if message.get("Content-Disposition") is None else "file"
    inside = " ".join(structure(part) for part in message.iter_parts())
    return f"{message.get_content_subtype()}({inside})"


def expected_structure(sample):
    shape = "plain"
    if "html" in sample.meant:
        shape = "alternative(plain html)"
    images = [f for f in sample.files() if f[2]]
    files = [f for f in sample.files() if not f[2]]
    if images:
        shape = f"related({shape}{' file' * len(images)})"
    if files:
        shape = f"mixed({shape}{' file' * len(files)})"
    return shape


def faults(message):
    found = []
    for part in message.walk():
        found += part.defects
        for name, value in part.items():
            found += [(name, defect) for defect in getattr(value, "defects", ())]
    return found


@pytest.mark.parametrize("policy", POLICIES)
def test_decoded_content_is_what_was_meant(samples, policy):
    for sample in samples:
        message = email.message_from_bytes(sample.bytes, policy=POLICIES[policy])
        assert [part.defects for part in message.walk() if part.defects] == [], sample.path
        texts, files = texts_and_files(message)
        assert [t.get_payload(decode=True) for t in texts] == [
            lines(sample.meant[key]) for key in ("text", "html") if key in sample.meant
        ], sample.path
        assert [
            (f.get_filename(), f.get_content_type(), (f["Content-ID"] or "").strip("<>"), f.get_payload(decode=True))
            for f in files
        ] == sample.files(), sample.path


def is_address_beyond_ascii(fault):
    """Python knows RFC 6532 only as something odd."""
    return fault[0] == "From" and "non-ascii" in str(fault[1]).lower()


def name_in_from(sample):
    """
    The display name by RFC 2047, where the blank between two encoded words is none. Python 3.11's new parser takes it
    for one in a name, so this is read with the old one.
    """
    field = sample.bytes.split(b"\r\nSubject:", 1)[0].replace(b"\r\n", b"").decode()
    name, _ = email.utils.parseaddr(field.removeprefix("From: "))
    return str(email.header.make_header(email.header.decode_header(name)))


def test_headers_have_no_faults_and_say_what_was_meant(samples):
    for sample in samples:
        message = email.message_from_bytes(sample.bytes, policy=email.policy.default.clone(utf8=True))
        found = faults(message)
        if not sample.meant["address"].isascii():
            found = [fault for fault in found if not is_address_beyond_ascii(fault)]
        assert found == [], sample.path
        assert structure(message) == expected_structure(sample), sample.path
        assert message["Subject"] == sample.meant["subject"].decode(), sample.path
        assert len(message["From"].addresses) == 1, sample.path
        assert name_in_from(sample) == sample.meant["name"].decode(), sample.path


def test_transfer_encodings_hold_what_they_say(samples):
    """8bit in no multipart that says 7bit; 7bit is ASCII (RFC 2045 §6.4)."""
    order = {"7bit": 0, "quoted-printable": 0, "base64": 0, "8bit": 1}

    def most(part):
        said = part.get("Content-Transfer-Encoding", "7bit")
        inside = [most(inner) for inner in part.iter_parts()] if part.is_multipart() else []
        assert not part.is_multipart() or said in ("7bit", "8bit")
        assert order[said] >= max(inside, default=0)
        return order[said]

    seen = set()
    for sample in samples:
        message = email.message_from_bytes(sample.bytes, policy=email.policy.default)
        head, body = sample.bytes.split(b"\r\n\r\n", 1)
        assert body.isascii() or most(message) == 1, sample.path
        most(message)
        seen |= {part.get("Content-Transfer-Encoding", "7bit") for part in message.walk()}
    assert seen == set(order)


def test_related_names_its_root(samples):
    for sample in samples:
        for part in email.message_from_bytes(sample.bytes, policy=email.policy.default).walk():
            if part.get_content_type() == "multipart/related":
                assert part.get_param("type") == next(part.iter_parts()).get_content_type()


def test_munpack_unpacks_every_file(samples, tmp_path):
    if not shutil.which("munpack"):
        pytest.skip("munpack is not installed (mpack)")
    for sample in samples:
        folder = tmp_path / sample.path.stem
        folder.mkdir()
        run = subprocess.run(["munpack", "-q", "-C", folder, sample.path], capture_output=True, text=True)
        contents = [content for _, _, _, content in sample.files()]
        if contents:
            assert run.returncode == 0, (sample.path, run.stderr)
        unpacked = sorted(p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.suffix != ".desc")
        for content in contents:
            assert content in unpacked, sample.path


def reformime(path, *options):
    run = subprocess.run(["reformime", *options], stdin=path.open("rb"), capture_output=True, check=True)
    return run.stdout


def test_reformime_reads_every_part(samples):
    if not shutil.which("reformime"):
        pytest.skip("reformime is not installed (maildrop)")
    for sample in samples[::5]:
        listed = reformime(sample.path, "-i").decode("utf-8", "replace").split("\n\n")
        parts = [dict(l.split(": ", 1) for l in part.splitlines() if ": " in l) for part in listed if part.strip()]
        leaves = [part for part in parts if not part["content-type"].startswith("multipart/")]
        meant = [lines(sample.meant[key]) for key in ("text", "html") if key in sample.meant]
        meant += [content for _, _, _, content in sample.files()]
        assert len(leaves) == len(meant), sample.path
        for leaf, content in zip(leaves, meant):
            assert reformime(sample.path, "-s", leaf["section"], "-e") == content, sample.path
