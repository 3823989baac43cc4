"""Live numbers: set and added to by staff and scripts, each exactly once, whatever happens meanwhile."""

import http.client
import re
import shutil
import threading

import pytest

from tocsin import PATIENCE


def value(daemon, name):
    return daemon.cli_json("counter", "show", name)["value"]


def test_what_staff_type(daemon):
    assert "no counters yet" in daemon.cli("counter", "list").stdout
    assert daemon.cli("counter", "list", "--json").stdout == ""
    assert daemon.cli("counter", "set", "raif", 46443).stdout == "raif is 46,443.\n"
    assert daemon.cli("counter", "add", "RAIF").stdout == "raif is 46,444.\n"
    assert daemon.cli("counter", "add", "raif", 1000).stdout == "raif is 47,444.\n"
    assert daemon.cli("counter", "add", "raif", "--", -44).stdout == "raif is 47,400.\n"
    assert daemon.cli("counter", "set", "narges-m", "--", "-5").stdout == "narges-m is -5.\n"
    rows = [line.split() for line in daemon.cli("counter", "list").stdout.splitlines()]
    assert rows[0] == ["COUNTER", "VALUE", "CHANGED"]
    assert [row[:2] for row in rows[1:]] == [["narges-m", "-5"], ["raif", "47,400"]]
    assert re.search(r"^value\s+47,400$", daemon.cli("counter", "show", "Raif").stdout, re.M)
    assert daemon.cli("counter", "delete", "narges-m").stdout == "narges-m is deleted.\n"
    assert [c["name"] for c in daemon.cli("counter", "list", "--json").json_lines()] == ["raif"]


def test_what_programs_read(daemon):
    made = daemon.cli_json("counter", "set", "raif", 5)
    assert set(made) == {"name", "value", "changed_at"} and (made["name"], made["value"]) == ("raif", 5)
    assert daemon.cli_json("counter", "show", "raif") == made
    assert daemon.cli("counter", "list", "--json").json_lines() == [made]
    added = daemon.cli_json("counter", "add", "raif", 2)
    assert (added["value"], added["repeated"]) == (7, False)
    assert daemon.cli_json("counter", "delete", "raif") == {"name": "raif", "deleted": True}
    assert daemon.api("PUT", "/v1/counters/raif", {"value": 1})[0] == 201
    assert daemon.api("PUT", "/v1/counters/raif", {"value": 2})[0] == 200
    assert daemon.api("PATCH", "/v1/counters/raif", {"value": 2})[0] == 405


@pytest.mark.parametrize(
    "words, status, says",
    [
        (["show", "nobody"], 1, '"nobody"'),
        (["delete", "nobody"], 1, '"nobody"'),
        (["show", "a b"], 1, "cannot be the name"),
        (["set", "é", "1"], 1, "cannot be the name"),
        (["add", "x" * 61], 1, "1 to 60"),
        (["set", "raif", "46,443"], 2, "whole number"),
        (["add", "raif", "9223372036854775808"], 2, "whole number"),
        (["add", "full", "1"], 1, "64 bits"),
        (["add", "raif", "1", "--key", ""], 1, "1 to 200"),
        (["set", "raif"], 2, "NAME VALUE"),
        (["ad", "raif"], 2, "counter add"),
    ],
    ids=lambda value: " ".join(value)[:20] if isinstance(value, list) else "",
)
def test_one_sentence_and_nothing_changed(daemon, words, status, says):
    daemon.cli("counter", "set", "full", 2**63 - 1)
    before = daemon.cli("counter", "list", "--json").stdout
    result = daemon.cli("counter", *words, check=False)
    assert result.rc == status, result
    sentence = result.stderr.strip()
    assert says in sentence and sentence[-1] in ".?" and "\n" not in sentence
    assert daemon.cli("counter", "list", "--json").stdout == before


def test_a_key_of_ones_own(daemon):
    for _ in range(2):
        answer = daemon.cli("counter", "add", "raif", 3, "--key", "may é")
    assert answer.stdout == "This was added before, and is not added again. raif is 3.\n"
    assert daemon.cli_json("counter", "add", "raif", 3, "--key", "may é")["repeated"] is True
    other = daemon.cli("counter", "add", "raif", 4, "--key", "may é", check=False)
    assert other.rc == 1 and "key of its own" in other.stderr
    assert value(daemon, "raif") == 3


@pytest.mark.threads
def test_many_at_once_lose_nothing(daemon):
    def add(name):
        for _ in range(50):
            assert daemon.api("POST", f"/v1/counters/{name}", {"add": 2})[0] in (200, 201)

    threads = [threading.Thread(target=add, args=[name]) for name in ("raif", "Raif", "narges") * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (value(daemon, "raif"), value(daemon, "narges")) == (800, 400)


def test_killed_while_it_counts(daemon):
    """Each addition is asked for until it is answered: with its key it counts once, and no answer is forgotten."""
    over = threading.Event()
    answered = []

    def add(number):
        for i in range(10000):
            if over.is_set():
                return
            while True:
                try:
                    status, answer = daemon.api("POST", "/v1/counters/raif", {"add": 1, "key": f"{number}-{i}"})
                except (OSError, http.client.HTTPException):
                    continue
                assert status in (200, 201), answer
                break
            answered.append(answer)

    threads = [threading.Thread(target=add, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(4):
            before = len(answered)
            while len(answered) < before + 100:
                over.wait(0.01 * PATIENCE)
            daemon.kill()
            daemon.start()
            assert value(daemon, "raif") >= before
    finally:
        over.set()
    for thread in threads:
        thread.join()
    assert value(daemon, "raif") == len(answered)


def test_a_client_that_waits_for_a_restart(daemon):
    """`counter add` asks again under one key, so that a daemon which comes back counts once."""
    daemon.cli("counter", "set", "raif", 1)
    results = []

    def add():
        results.append([daemon.cli("counter", "add", "raif", check=False).rc for _ in range(20)])

    thread = threading.Thread(target=add)
    thread.start()
    for _ in range(3):
        daemon.kill()
        daemon.start()
    thread.join()
    # Who found no socket at all was told so, and has added nothing.
    assert set(results[0]) <= {0, 3}
    assert value(daemon, "raif") == 1 + results[0].count(0)


def test_they_are_kept_by_restarts_and_backups(daemon):
    daemon.cli("counter", "add", "raif", 46443, "--key", "may")
    daemon.stop()
    daemon.start()
    copy = daemon.folder / "copy"
    daemon.cli("backup", copy)
    daemon.cli("counter", "set", "raif", 1)
    daemon.stop()
    shutil.move(daemon.folder / "data", daemon.folder / "before")
    shutil.copytree(copy, daemon.folder / "data")
    check = daemon.cli("check", "--data", daemon.config)
    assert "is fine." in check.stdout and re.search(r"^  counters +1 records", check.stdout, re.M)
    daemon.start()
    assert value(daemon, "raif") == 46443
    assert daemon.cli_json("counter", "add", "raif", 46443, "--key", "may")["repeated"] is True
