"""A damaged data folder: the start refuses it and names the page, `tocsin check --data` tells more."""

import re
import shutil
import struct
import subprocess

import pytest

from tocsin import APPEAL, BUILD, PATIENCE, QUICK_RETRY, Daemon, Sink, import_people, wait_until

PAGE = 4096


def node(raw, page, i):
    """(key, value or child) of one entry of a page."""
    at = page * PAGE + struct.unpack_from("<H", raw, page * PAGE + 16 + 2 * i)[0]
    size, flags, key_size = struct.unpack_from("<IHH", raw, at)
    key = raw[at + 8 : at + 8 + key_size]
    is_branch = struct.unpack_from("<H", raw, page * PAGE + 10)[0] == 1
    return key, size | flags << 32 if is_branch else raw[at + 8 + key_size : at + 8 + key_size + size]


def entries(raw, page):
    lower = struct.unpack_from("<H", raw, page * PAGE + 12)[0]
    return [node(raw, page, i) for i in range((lower - 16) // 2)]


def newest_meta(raw):
    return max((0, 1), key=lambda page: struct.unpack_from("<Q", raw, page * PAGE + 16 + 128)[0])


def roots(raw):
    """The page where each table begins."""
    main = struct.unpack_from("<Q", raw, newest_meta(raw) * PAGE + 16 + 24 + 48 + 40)[0]
    return {name.decode(): struct.unpack_from("<Q", value, 40)[0] for name, value in entries(raw, main)}


def start_refused(daemon):
    """Runs tocsind, which must refuse; returns its sentence."""
    done = subprocess.run(
        [BUILD / "tocsind", "--config", daemon.config],
        capture_output=True,
        text=True,
        timeout=60 * PATIENCE,
        cwd=daemon.folder,
    )
    assert done.returncode == 1, done
    assert "Sanitizer" not in done.stderr, done.stderr
    assert done.stderr.count("\n") == 1 and "tocsin check --data" in done.stderr, done.stderr
    return done.stderr


def check(daemon):
    return daemon.cli("check", "--data", daemon.config, check=False)


@pytest.fixture
def rested(start):
    """A daemon that was stopped in the middle of its work, with all kinds of records."""
    sink = start(Sink)
    daemon = start(Daemon, sink.port, extra=QUICK_RETRY)
    import_people(daemon, 1500, "--bounce", 5)
    done = daemon.send(daemon.write("appeal.md", APPEAL), "list:everyone")
    daemon.wait_job(done)
    waiting = daemon.send(daemon.write("second.md", APPEAL + "\nOnce more.\n"), "list:everyone")
    daemon.cli("job", "pause", waiting)
    wait_until(lambda: daemon.job(waiting)["in_flight"] == 0, 20, "the paused job to rest")
    daemon.stop()
    daemon.process = None
    shutil.copytree(daemon.folder / "data", daemon.folder / "whole")
    return daemon


class Damage:
    """The data file of a daemon that rests, whole again for each damage."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.path = daemon.folder / "data/data.mdb"
        self.whole = (daemon.folder / "whole/data.mdb").read_bytes()

    def write(self, raw):
        self.path.write_bytes(raw)

    def zero(self, page):
        self.write(self.whole[: page * PAGE] + bytes(PAGE) + self.whole[(page + 1) * PAGE :])

    def change(self, at, new):
        self.write(self.whole[:at] + new + self.whole[at + len(new) :])


def test_whole_data_is_fine_and_starts(rested):
    found = check(rested)
    assert found.rc == 0, found
    assert "data is fine.\n" in found.stdout
    for table in "contacts addresses names sets jobs ledger queue messages".split():
        assert f"\n  {table} " in found.stdout
    before = (rested.folder / "data/data.mdb").read_bytes()
    assert before == (rested.folder / "whole/data.mdb").read_bytes()
    rested.start()
    refused = check(rested)
    assert refused.rc == 1 and "in use by a running tocsind" in refused.stderr
    assert rested.cli("status").rc == 0


@pytest.mark.parametrize("table", ["contacts", "ledger", "queue", "addresses"])
def test_a_page_of_zeros_is_named(rested, table):
    damage = Damage(rested)
    root = roots(damage.whole)[table]
    inner = entries(damage.whole, root)
    for page in [root, inner[len(inner) // 2][1]]:
        damage.zero(page)
        said = start_refused(rested)
        assert f"data/data.mdb is damaged at page {page} (table `{table}`): it says that it is page 0." in said
        found = check(rested)
        assert found.rc == 1 and f"at page {page} (table `{table}`)" in found.stdout


def test_every_page_that_is_wrong_is_told(rested):
    damage = Damage(rested)
    root = roots(damage.whole)["ledger"]
    leaves = [child for _, child in entries(damage.whole, root)]
    raw = bytearray(damage.whole)
    for page in leaves[:3]:
        raw[page * PAGE + 10] ^= 2
    damage.write(raw)
    found = check(rested)
    assert found.rc == 1
    for page in leaves[:3]:
        assert f"damaged at page {page} (table `ledger`): its kind is 0" in found.stdout
    assert found.stdout.count("damaged") == 3


def test_a_file_that_is_cut_off(rested):
    damage = Damage(rested)
    for size in [len(damage.whole) // 2, 3 * PAGE + 100, PAGE + 20, 100]:
        damage.write(damage.whole[:size])
        assert "data/data.mdb is damaged" in start_refused(rested)
        assert check(rested).rc == 1


def test_bytes_that_flipped(rested):
    damage = Damage(rested)
    root = roots(damage.whole)["contacts"]
    leaf = entries(damage.whole, root)[1][1]
    meta = newest_meta(damage.whole)
    for page, at in [(root, 0), (root, 12), (root, 14), (root, 16), (leaf, 10), (leaf, 13), (leaf, 17), (meta, 20)]:
        at += page * PAGE
        damage.change(at, bytes([damage.whole[at] ^ 0x15]))
        assert f"damaged at page {page} " in start_refused(rested)
        assert check(rested).rc == 1
    for at in [16, 16 + 24 + 4, 16 + 24 + 48 + 40, 16 + 128]:  # magic, flags of a tree, a root, the transaction
        at += meta * PAGE
        damage.change(at, bytes([damage.whole[at] ^ 0x15]))
        assert "data/data.mdb is damaged" in start_refused(rested)


def test_what_only_the_records_tell(rested):
    """A byte inside a value: the pages are in order, the start cannot see it, the check does."""
    damage = Damage(rested)
    root = roots(damage.whole)["sets"]
    # Each set's value begins with its checksum.
    page = root if damage.whole[root * PAGE + 10] == 2 else entries(damage.whole, root)[0][1]
    _, value = node(damage.whole, page, 0)
    at = damage.whole.index(value, page * PAGE)
    damage.change(at, bytes([damage.whole[at] ^ 1]))
    found = check(rested)
    assert found.rc == 1 and "Table `sets`, key " in found.stdout and "damaged part" in found.stdout, found


def test_a_damaged_journal_is_named(rested):
    """The first record of a journal that has some: it was on disk, so its loss is no torn tail."""
    rested.start()
    job = rested.send(rested.write("third.md", APPEAL + "\nA third time.\n"), "list:everyone")
    rested.wait_job(job)
    rested.kill()  # a stop leaves empty journals
    found = check(rested)
    assert found.rc == 0
    counts = re.findall(r"/(journal-\d+): (\d+) records", found.stdout)
    records, name = max((int(count), name) for name, count in counts)
    assert records > 0
    path = rested.folder / "data" / name
    raw = bytearray(path.read_bytes())
    for lap in range(0, len(raw), len(raw) // 3):
        raw[lap + 70] ^= 1
    path.write_bytes(raw)
    found = check(rested)
    assert found.rc == 1 and f"data/{name} is damaged at byte " in found.stdout, found


def test_no_folder_and_no_store(rested):
    shutil.rmtree(rested.folder / "data")
    found = check(rested)
    assert found.rc == 1 and "cannot be found" in found.stderr
    (rested.folder / "data").mkdir()
    found = check(rested)
    assert found.rc == 0 and "there is no store yet" in found.stdout
    missing = rested.cli("check", check=False)
    assert missing.rc == 2 and "--data CONFIG" in missing.stderr
