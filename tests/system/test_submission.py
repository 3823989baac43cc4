"""Nothing is submitted twice: keys, answers that were lost, crashes. Nobody is written to twice by lists that overlap."""

import contextlib
import json
import random
import re
import socket
import threading
import time

import pytest

from tocsin import APPEAL, QUICK_RETRY, Daemon, Sink, UnixConnection, import_people

MESSAGE = "Subject: Hello\nFrom: Agir <agir@send.example>\n\nHello.\n"


def body(**fields):
    return {"message": MESSAGE, "to": "list:everyone", **fields}


def submit(daemon, headers=None, **fields):
    return daemon.api("POST", "/v1/jobs", body(**fields), headers)


def jobs(daemon):
    return daemon.api("GET", "/v1/jobs")[1]["jobs"]


@pytest.mark.threads
def test_a_key_makes_one_job(daemon, sink):
    addresses = import_people(daemon, 20)
    status, first = submit(daemon, key="newsletter é 2026-05")
    assert (status, first) == (201, {"id": 1, "recipients": 20, "repeated": False})
    daemon.wait_job(1)
    status, second = submit(daemon, key="newsletter é 2026-05")
    assert (status, second) == (200, {"id": 1, "recipients": 20, "repeated": True})
    header = {"Idempotency-Key": "newsletter é 2026-05".encode()}
    assert submit(daemon, headers=header) == (200, second)
    assert submit(daemon, headers=header, key="newsletter é 2026-05") == (200, second)
    status, refusal = submit(daemon, headers=header, key="another")
    assert status == 400 and "Idempotency-Key" in refusal["error"]
    status, refusal = submit(daemon, key="newsletter é 2026-05", to="all", lane="transactional")
    assert status == 409 and "job 1" in refusal["error"] and "audience, lane" in refusal["error"]
    assert [job["id"] for job in jobs(daemon)] == [1]
    assert sink.recipients() == {address: 1 for address in addresses}


def test_without_a_key_each_submission_is_a_job(daemon):
    import_people(daemon, 5)
    assert [submit(daemon)[1]["id"] for _ in range(2)] == [1, 2]


def test_a_key_outlives_what_it_was_made_from(daemon):
    """The answer of a repetition is about the job, not about whether it could be made today."""
    import_people(daemon, 5)
    submit(daemon, key="k")
    daemon.stop()
    text = daemon.config.read_text().replace('identity "example"', 'identity "renamed"')
    daemon.config.write_text(text)
    daemon.start()
    assert submit(daemon, key="k") == (200, {"id": 1, "recipients": 5, "repeated": True})


def test_clients_that_submit_at_the_same_moment_make_one_job(daemon):
    import_people(daemon, 5)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(submit(daemon, key="k"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(status for status, _ in answers) == [200] * 15 + [201]
    assert {answer["id"] for _, answer in answers} == {1}
    assert len(jobs(daemon)) == 1


def submit_and_leave(daemon, key, pause):
    """Sends the request, and reads no answer."""
    connection = UnixConnection(daemon.socket, 10)
    connection.request("POST", "/v1/jobs", json.dumps(body(key=key)), {"Content-Type": "application/json"})
    time.sleep(pause)
    daemon.kill()
    connection.close()


def test_killed_between_submission_and_answer(start):
    """Whatever of the first submission survived the kill, the second one with its key makes one job of both."""
    rounds = 12
    sink = start(Sink)
    daemon = start(Daemon, sink.port, extra=QUICK_RETRY)  # what the kills leave in doubt is sent again
    import_people(daemon, 5)
    chance = random.Random(4)
    repeated = []
    for i in range(rounds):
        submit_and_leave(daemon, f"key {i}", chance.uniform(0, 0.02) if i else 0.5)
        daemon.start()
        status, answer = submit(daemon, key=f"key {i}")
        assert status == (200 if answer["repeated"] else 201)
        assert answer["id"] == i + 1
        repeated.append(answer["repeated"])
        assert len(jobs(daemon)) == i + 1
    assert repeated[0]
    for i in range(rounds):
        assert daemon.wait_job(i + 1)["delivered"] == 5


def read_message(peer):
    """One HTTP message with a Content-Length, as it came."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += peer.recv(65536) or b"\r\n\r\n"
    head, rest = data.split(b"\r\n\r\n", 1)
    left = int(re.search(rb"content-length: (\d+)", head.lower())[1]) - len(rest)
    while left > 0:
        data += (more := peer.recv(left))
        left -= len(more)
    return data


class Forgetful:
    """Stands between client and daemon, and breaks the first connections off when the daemon has answered."""

    def __init__(self, folder, daemon, breaks):
        self.path, self.daemon, self.breaks = folder / "forgetful.sock", daemon, breaks
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.listener.listen()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                self._serve(self.listener.accept()[0])

    def _serve(self, client):
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self.daemon.socket))
            server.sendall(read_message(client))
            answer = read_message(server)
            if self.breaks:
                self.breaks -= 1
            else:
                client.sendall(answer)

    def stop(self):
        self.listener.close()


def send_through(daemon, path, *args):
    return daemon.cli("--socket", path, "send", "hello.md", "--to", "list:everyone", *args, check=False)


def test_send_asks_again_when_the_answer_is_lost(daemon, sink, start):
    addresses = import_people(daemon, 20)
    daemon.write("hello.md", MESSAGE)
    between = start(Forgetful, daemon, 2)
    done = send_through(daemon, between.path, "--json")
    assert done.rc == 0 and done.json() == {"id": 1, "recipients": 20, "repeated": True}
    assert between.breaks == 0
    daemon.wait_job(1)
    assert len(jobs(daemon)) == 1
    assert sink.recipients() == {address: 1 for address in addresses}


def test_send_with_a_key(daemon):
    import_people(daemon, 5)
    daemon.write("hello.md", MESSAGE)
    send = ("send", "hello.md", "--to", "list:everyone")
    assert daemon.cli_json(*send, "--key", "may")["repeated"] is False
    assert daemon.cli_json(*send, "--key", "may") == {"id": 1, "recipients": 5, "repeated": True}
    assert "sent before" in daemon.cli(*send, "--key", "may").stdout
    assert "would get" in daemon.cli(*send, "--key", "may", "--dry-run").stdout
    refused = daemon.cli(*send, "--key", "may", "--name", "x", check=False)
    assert refused.rc == 1 and "job 1" in refused.stderr and "other job name" in refused.stderr
    assert daemon.cli_json(*send)["id"] == 2


FIRST = "email\nanna@bücher.example\nBOB@dest.example\nbounce1@dest.example\n"
SECOND = "email\nanna@xn--bcher-kva.example\nbob@DEST.example\nAnna@BÜCHER.example\ndora@dest.example\n"


def test_overlapping_lists_give_everybody_one_copy(start):
    sink = start(Sink)
    daemon = start(Daemon, sink.port, extra=QUICK_RETRY)
    daemon.cli("contacts", "import", daemon.write("first.csv", FIRST), "--list", "first")
    daemon.cli("contacts", "import", daemon.write("second.csv", SECOND), "--list", "second")
    appeal = daemon.write("appeal.md", APPEAL)
    one = daemon.send(appeal, "list:first or list:second")
    done = daemon.wait_job(one)
    assert (done["recipients"], done["delivered"], done["bounced"]) == (4, 3, 1)
    once = {"anna@xn--bcher-kva.example": 1, "BOB@dest.example": 1, "dora@dest.example": 1}
    assert sink.recipients() == once
    for audience, count in (
        (f"job:{one}", 4),
        (f"job:{one}:delivered", 3),
        (f"job:{one}:bounced", 1),
        (f"list:second and not job:{one}", 0),
        (f"list:first and not job:{one}:delivered", 1),
    ):
        assert daemon.cli_json("send", appeal, "--to", audience, "--dry-run")["recipients"] == count, audience


def test_two_jobs_for_overlapping_lists(start):
    sink = start(Sink)
    daemon = start(Daemon, sink.port)
    daemon.cli("contacts", "import", daemon.write("first.csv", "email\na@d.example\nb@d.example\n"), "--list", "first")
    daemon.cli("contacts", "import", daemon.write("second.csv", "email\nB@d.example\nc@d.example\n"), "--list", "second")
    appeal = daemon.write("appeal.md", APPEAL)
    one = daemon.send(appeal, "list:first")
    two = daemon.send(appeal, f"list:second and not job:{one}")
    daemon.wait_job(one)
    daemon.wait_job(two)
    assert sink.recipients() == {"a@d.example": 1, "b@d.example": 1, "c@d.example": 1}
    refused = daemon.cli("send", appeal, "--to", "list:second and not job:99", check=False)
    assert refused.rc == 1 and "There is no job 99 (column 21)" in refused.stderr
