"""
The torture of tests/torture, in small: that its judge can say no, that its power cut cuts, and a few rounds of each
part.
"""

import os
import subprocess
import sys

import pytest

from tocsin import BUILD, PATIENCE, ROOT, is_sanitized

sys.path.insert(0, str(ROOT / "tests/torture"))

from compare import AT_LEAST_ONCE, AT_MOST_ONCE, compare  # noqa: E402

RUN = ROOT / "tests/torture/run"


def forged(guarantee, state, times, cuts=(), **row):
    """The judgment of a single copy."""
    ledger = {"a@x": {"state": state, **row}} if state else {}
    return compare({"a@x": guarantee}, ledger, {"a@x": times} if times else {}, cuts)


@pytest.mark.parametrize(
    "guarantee, state, times, doubts",
    [
        (AT_LEAST_ONCE, "delivered", [1], 0),
        (AT_LEAST_ONCE, "delivered", [1, 2], 1),
        (AT_LEAST_ONCE, "delivered", [1], 3),
        (AT_LEAST_ONCE, "bounced", [], 0),
        (AT_LEAST_ONCE, "expired", [1], 1),
        (AT_MOST_ONCE, "delivered", [1], 0),
        (AT_MOST_ONCE, "in_doubt", [], 1),
        (AT_MOST_ONCE, "in_doubt", [1], 1),
        (AT_MOST_ONCE, "bounced", [], 0),
    ],
)
def test_the_judge_acquits(guarantee, state, times, doubts):
    assert forged(guarantee, state, times, doubts=doubts).broken() == []


@pytest.mark.parametrize(
    "kind, guarantee, state, times, doubts",
    [
        ("lost", AT_LEAST_ONCE, None, [], 0),
        ("lost", AT_LEAST_ONCE, None, [1], 0),
        ("lost", AT_LEAST_ONCE, "delivered", [], 0),
        ("lost", AT_LEAST_ONCE, "queued", [], 0),
        ("lost", AT_LEAST_ONCE, "deferred", [1], 1),
        ("lost", AT_LEAST_ONCE, "in_doubt", [1], 1),
        ("lost", AT_MOST_ONCE, "delivered", [], 0),
        ("lost", AT_MOST_ONCE, "queued", [], 0),
        ("duplicated", AT_LEAST_ONCE, "delivered", [1, 2], 0),
        ("duplicated", AT_LEAST_ONCE, "delivered", [1, 2, 3], 1),
        ("duplicated", AT_MOST_ONCE, "delivered", [1, 2], 0),
        ("duplicated", AT_MOST_ONCE, "in_doubt", [1, 2], 2),
        ("untrue", AT_LEAST_ONCE, "bounced", [1], 0),
        ("untrue", AT_LEAST_ONCE, "skipped", [1], 0),
        ("untrue", AT_MOST_ONCE, "delivered", [1], 1),
        ("untrue", AT_MOST_ONCE, "bounced", [], 1),
    ],
)
def test_the_judge_condemns(kind, guarantee, state, times, doubts):
    findings = forged(guarantee, state, times, doubts=doubts)
    assert list(getattr(findings, kind)) == ["a@x"]
    assert any(kind in sentence for sentence in findings.broken())


def test_the_judge_sees_strangers():
    assert compare({}, {}, {"b@x": [1]}).untrue
    assert compare({}, {"b@x": {"state": "delivered"}}, {}).untrue


def test_a_cut_excuses_as_many_as_the_bound():
    people = [f"{i}@x" for i in range(5)]
    expected = dict.fromkeys(people, AT_LEAST_ONCE)
    ledger = dict.fromkeys(people, {"state": "delivered", "doubts": 0})
    findings = compare(expected, ledger, dict.fromkeys(people, [1, 3]), cuts=[2])
    assert findings.forgotten == {1: 5} and findings.broken(bound=5) == []
    assert len(findings.broken(bound=4)) == 1
    # Nothing excuses what came twice after the last cut.
    assert len(compare(expected, ledger, dict.fromkeys(people, [3, 4]), cuts=[2]).duplicated) == 5


def test_a_retry_by_hand_excuses_one_more():
    ledger = {"a@x": {"state": "delivered", "doubts": 1}}
    assert compare({"a@x": AT_MOST_ONCE}, ledger, {"a@x": [1, 2]}, again={"a@x": 1}).broken() == []
    assert compare({"a@x": AT_MOST_ONCE}, ledger, {"a@x": [1, 2, 3]}, again={"a@x": 1}).broken()


# Runs with the library preloaded; argv: data, shadow.
POWERCUT = """
import mmap, os, sys
data, shadow = sys.argv[1:]

def survives(name):
    try:
        return open(f"{shadow}/{name}", "rb").read()
    except FileNotFoundError:
        return None

fd = os.open(f"{data}/a", os.O_RDWR | os.O_CREAT, 0o600)
os.pwrite(fd, b"x" * 10000, 0)
assert survives("a") is None
os.fdatasync(fd)
assert survives("a") == b"x" * 10000
os.pwrite(fd, b"later", 5000)
meta = os.open(f"{data}/a", os.O_WRONLY | os.O_DSYNC)
os.pwrite(meta, b"meta", 0)
assert survives("a") == b"meta" + b"x" * 9996, "a write to an O_DSYNC descriptor, and nothing else"
os.ftruncate(fd, 100)
os.ftruncate(fd, 200)
assert len(survives("a")) == 10000
os.fsync(fd)
assert survives("a") == b"meta" + b"x" * 96 + bytes(100)

journal = os.open(f"{data}/j", os.O_RDWR | os.O_CREAT, 0o600)
os.ftruncate(journal, 65536)
pages = mmap.mmap(journal, 65536)
pages[10:14], pages[9000:9004] = b"near", b"away"
pages.flush(0, 4096)
assert survives("j")[10:14] == b"near" and survives("j")[9000:9004] == bytes(4) and len(survives("j")) == 65536
os.fdatasync(journal)
assert survives("j")[9000:9004] == b"away"

folder = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
os.rename(f"{data}/a", f"{data}/b")
assert survives("a") and survives("b") is None
os.fsync(folder)
assert survives("a") is None and survives("b")
os.unlink(f"{data}/b")
assert survives("b")
os.fsync(folder)
assert survives("b") is None

tail = os.open(f"{data}/t", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
os.write(tail, b"one ")
os.fsync(tail)
os.write(tail, b"two")
assert survives("t") == b"one "
new = os.open(f"{data}/n", os.O_WRONLY | os.O_CREAT, 0o600)
os.write(new, b"new")
os.fsync(new)
os.rename(f"{data}/n", f"{data}/t")
assert survives("t") == b"one " and survives("n") == b"new"
os.fsync(new)
assert survives("t") == b"new" and survives("n") is None
os.unlink(f"{data}/t")
again = os.open(f"{data}/t", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
os.pwrite(again, b"!", 2)
assert survives("t") == b"new"
os.fsync(again)
assert survives("t") == b"\\0\\0!"
"""


def test_only_what_was_synced_survives_a_power_cut(folder):
    data, shadow = folder / "data", folder / "shadow"
    data.mkdir()
    shadow.mkdir()
    shim = {"LD_PRELOAD": str(BUILD / "tests/powercut.so"), "POWERCUT_DATA": str(data), "POWERCUT_SHADOW": str(shadow)}
    argv = ["/usr/bin/python3", "-c", POWERCUT, str(data), str(shadow)]
    done = subprocess.run(argv, env={**os.environ, **shim}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def torture(folder, *words):
    """Runs a part; what it found is in the message when it fails, and the evidence stays with the test's folder."""
    argv = [RUN, *map(str, words), "--folder", folder]
    env = {**os.environ, "TOCSIN_BUILD": str(BUILD)}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=300 * PATIENCE)
    print(done.stdout)
    if "SKIPPED" in done.stdout:
        pytest.skip(done.stdout.split("\n")[0])
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr[-3000:]}"


def test_kills(folder):
    torture(folder, "kill", "--rounds", 5, "--messages", 3000)


@pytest.mark.skipif(is_sanitized(), reason="a sanitizer and another library that stands before libc do not go together")
def test_power_cuts(folder):
    torture(folder, "power", "--cuts", 3, "--cut-size", 600)


def test_a_full_disk(folder):
    torture(folder, "disk", "--disk-rounds", 1)


def test_anything_in_any_order(folder):
    torture(folder, "property", "--sequences", 4)
