"""Bad input: one clear sentence, a status that scripts can trust, and nothing changed."""

import gzip
import re
import socket
import subprocess

import pytest

from tocsin import APPEAL, BUILD, PATIENCE, SANITIZER_WORDS, import_people

FINE = """\
data_dir = "data"
control { socket = "control.sock" }
identity "example" { domain = "send.example" }
source "local" { ehlo = "mail.send.example" }
route "*" { host = "127.0.0.1"  port = 2525 }
"""


def run_daemon(folder, text, *options):
    """tocsind on a configuration that should end it at once: (exit status, stderr)."""
    path = folder / "bad.conf"
    path.write_text(text)
    argv = [str(BUILD / "tocsind"), "--config", str(path), *options]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20 * PATIENCE, cwd=folder)
    assert not any(word in done.stderr for word in SANITIZER_WORDS), done.stderr
    return done.returncode, done.stdout + done.stderr


def test_check_of_a_good_configuration(folder):
    assert run_daemon(folder, FINE, "--check")[0] == 0
    assert not (folder / "data").exists()


@pytest.mark.parametrize(
    "wrong, line, words",
    [
        ("site \"*\" { conections = 20 }", 6, ["conections"]),
        ('retry { first = "5 bananas" }', 6, ["first", "5 bananas"]),
        ('site "*" { connections = "many" }', 6, ["connections"]),
        ('site "*" {\n  rate = "20/year"\n}', 7, ["rate"]),
        ("nonsense = 5", 6, ["nonsense"]),
        ('tls { policy = "sometimes" }', 6, ["sometimes"]),
        ('site "*" { connections = 0 }', 6, ["connections"]),
        ('site "*" { connections = 20', "[67]", []),
        ('metrics { listen = "127.0.0.1:99999" }', 6, ["listen"]),
    ],
)
def test_wrong_configurations_name_file_and_line(folder, wrong, line, words):
    status, output = run_daemon(folder, FINE + wrong + "\n", "--check")
    assert status == 1
    assert re.search(rf"bad\.conf:{line}\b", output), output
    assert all(word in output for word in words), output
    # Without --check it does not start either.
    assert run_daemon(folder, FINE + wrong + "\n")[0] == 1


def test_every_error_is_told_at_once(folder):
    status, output = run_daemon(folder, FINE + "nonsense = 5\nsite \"*\" { connections = 0 }\n", "--check")
    assert status == 1
    assert "bad.conf:6" in output and "bad.conf:7" in output


def test_a_configuration_that_is_not_there(folder):
    done = subprocess.run([BUILD / "tocsind", "--config", folder / "none.conf"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "none.conf" in done.stderr


def test_a_socket_in_use(daemon, folder):
    other = daemon.config.read_text().replace('"data"', '"other"').replace(str(daemon.metrics_port), "0")
    status, output = run_daemon(folder, re.sub(r"metrics .*\n", "", other))
    assert status == 1 and "control.sock" in output
    assert daemon.cli("status").rc == 0


def test_a_data_folder_in_use(daemon, folder):
    other = daemon.config.read_text().replace("control.sock", "other.sock")
    status, output = run_daemon(folder, re.sub(r"metrics .*\n", "", other))
    assert status == 1 and "data" in output
    assert daemon.cli("status").rc == 0


def test_a_metrics_port_in_use(daemon, folder):
    other = daemon.config.read_text().replace("control.sock", "other.sock").replace('"data"', '"other"')
    status, output = run_daemon(folder, other)
    assert status == 1 and str(daemon.metrics_port) in output


def test_a_key_that_is_none(folder):
    (folder / "dkim.pem").write_text("not a key\n")
    text = FINE.replace('"send.example" }', '"send.example"\n dkim { selector = "s1"  key = "dkim.pem" } }')
    status, output = run_daemon(folder, text)
    assert status == 1 and "dkim.pem" in output


@pytest.fixture
def unchanged(daemon):
    """A daemon with ten contacts; at the end it must still have these, and no job."""
    import_people(daemon, 10)
    yield daemon
    assert daemon.cli_json("contacts", "count", "all")["contacts"] == 10
    assert daemon.cli("job", "list", "--json").json_lines() == []


def assert_one_sentence(result, *words):
    assert result.rc == 1, result
    sentence = result.stderr.strip()
    assert sentence.endswith(".") and "\n" not in sentence, sentence
    for word in words:
        assert str(word) in sentence, sentence


@pytest.mark.parametrize(
    "message, words",
    [
        ("From: a@send.example\n\nHello\n", ["Subject"]),
        ("Subject: x\nFrom: a@send.example\n\nline one\nHello {{ contact.first_name\n", ["ine 5"]),
        ("Subject: x\nFrom: a@send.example\n\n{% if contact.x %}\nHello\n", ["ine 4", "if"]),
        ("Subject: x\nFrom: a@send.example\n\nHello {{ contact.x | nosuchfilter }}\n", ["ine 4", "nosuchfilter"]),
        ("Subject: {{ contact.x | }}\nFrom: a@send.example\n\nHello\n", ["ine 1"]),
        ("Subject: x\nFrom: nobody\n\nHello\n", ["From", "nobody"]),
        ("Subject: x\nSubjct: y\nFrom: a@send.example\n\nHello\n", ["ine 2", "Subjct"]),
        ("", ["Subject"]),
    ],
)
def test_wrong_messages(unchanged, message, words):
    path = unchanged.write("bad.md", message)
    assert_one_sentence(unchanged.cli("send", path, "--to", "list:everyone", check=False), *words)


def test_liquid_errors_name_the_column(unchanged):
    path = unchanged.write("bad.md", "Subject: x\nFrom: a@send.example\n\nHello {{ contact.x | nosuchfilter }}\n")
    result = unchanged.cli("send", path, "--to", "list:everyone", check=False)
    assert re.search(r"ine 4,? column (2\d|7)", result.stderr), result


def test_a_message_that_is_not_there(unchanged):
    assert_one_sentence(unchanged.cli("send", "none.md", "--to", "list:everyone", check=False), "none.md")


@pytest.mark.parametrize(
    "expression, words",
    [
        ("list:nosuch", ["nosuch"]),
        ("list:everyone and", ["column"]),
        ("(list:everyone", ["column 1"]),
        ("", []),
        ("everyone", ["everyone"]),
        ("email:none@dest.example", ["none@dest.example"]),
    ],
)
def test_wrong_segments(unchanged, expression, words):
    path = unchanged.write("appeal.md", APPEAL)
    assert_one_sentence(unchanged.cli("send", path, "--to", expression, check=False), *words)


@pytest.mark.parametrize("command", ["show", "pause", "resume", "cancel", "recipients", "watch"])
def test_an_unknown_job(unchanged, command):
    assert_one_sentence(unchanged.cli("job", command, 77, check=False), 77)


def test_an_unknown_contact(unchanged):
    assert_one_sentence(unchanged.cli("contacts", "show", "none@dest.example", check=False), "none@dest.example")


@pytest.mark.parametrize(
    "content, words",
    [
        (b"name,city\nPaul,Lyon\n", ["email"]),
        (b"", ["empty"]),
        (gzip.compress(b"email\n" + b"".join(b"u%d@dest.example\n" % n for n in range(5000)))[:-2000], ["gzip"]),
        (gzip.compress(b"email\nu@dest.example\n")[:-6] + b"\0\0\0\0\0\0", ["gzip"]),
        (b"email,email\na@dest.example,b@dest.example\n", ["email"]),
        (b'email,name\na@dest.example,"never closed\nb@dest.example,x\n', ["ine 2"]),
        (b"PK\x03\x04" + bytes(100), ["CSV"]),
    ],
    ids=["no email", "empty", "cut gzip", "bad checksum", "two emails", "open quote", "zip"],
)
def test_wrong_files_of_contacts(unchanged, content, words):
    path = unchanged.write("bad.csv", content)
    assert_one_sentence(unchanged.cli("contacts", "import", path, "--list", "bad", check=False), *words)
    lists = unchanged.api("GET", "/v1/lists")[1]["lists"]
    assert [row["name"] for row in lists] == ["everyone"]


def test_an_upload_that_breaks_off_changes_nothing(unchanged):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(unchanged.socket))
        s.sendall(b"POST /v1/contacts/import?list=bad HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        s.sendall(b"email\na@dest.example\n")
    assert unchanged.cli("status").rc == 0


@pytest.mark.parametrize(
    "method, path, body, status",
    [
        ("GET", "/v1/nosuch", None, 404),
        ("GET", "/v1/jobs/77", None, 404),
        ("GET", "/v1/jobs/none", None, (400, 404)),
        ("DELETE", "/v1/jobs", None, 405),
        ("POST", "/v1/jobs", {"to": "list:everyone"}, 400),
        ("POST", "/v1/jobs", {"message": APPEAL, "to": "list:everyone", "colour": "red"}, 400),
        ("POST", "/v1/jobs", {"message": APPEAL, "to": "list:nosuch"}, (400, 404)),
        ("POST", "/v1/jobs", {"message": APPEAL, "to": 5}, 400),
        ("POST", "/v1/jobs", b"{not json", 400),
        ("POST", "/v1/jobs", b'{"message": "x", "message": "y", "to": "all"}', 400),
        ("POST", "/v1/jobs/77/pause", None, 404),
    ],
)
def test_errors_of_the_api_are_json(unchanged, method, path, body, status):
    got, answer = unchanged.api(method, path, body)
    assert got in (status if isinstance(status, tuple) else (status,))
    assert answer["error"].endswith("."), answer


@pytest.mark.parametrize(
    "words", [["nosuch"], ["job"], ["job", "show"], ["job", "show", "one"], ["send"], ["job", "list", "--colour"]]
)
def test_wrong_usage(unchanged, words):
    result = unchanged.cli(*words, check=False)
    assert result.rc == 2 and result.stderr, result


@pytest.mark.parametrize("words", [[], ["send"], ["job"], ["job", "show"], ["contacts", "import"], ["why"]])
def test_help_of_every_command(daemon, words):
    result = daemon.cli(*words, "--help")
    assert "tocsin" in result.stdout


def test_no_daemon(daemon):
    daemon.stop()
    result = daemon.cli("job", "list", check=False)
    assert result.rc == 3 and "control.sock" in result.stderr
