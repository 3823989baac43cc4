"""Contacts in and out: the files that staff have, whatever their spreadsheet made of them."""

import csv
import gzip
import io

import pytest

from tocsin import import_people, make_contacts


def exported(daemon, *options):
    """The export as {email: row}."""
    rows = csv.DictReader(io.StringIO(daemon.cli("contacts", "export", *options).stdout, newline=""))
    return {row["email"]: row for row in rows}


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--delimiter", ";"],
        ["--delimiter", "tab"],
        ["--bom"],
        ["--delimiter", ";", "--encoding", "cp1252"],
        ["--gz"],
        ["--gz", "--bom", "--delimiter", ";"],
    ],
    ids=" ".join,
)
def test_every_kind_of_file_gives_the_same_contacts(daemon, options):
    path = make_contacts(daemon.folder / "people.csv", 500, *options)
    summary = daemon.cli_json("contacts", "import", path, "--list", "everyone")
    assert (summary["rows"], summary["added"], summary["rejected"]) == (500, 500, 0)
    raw = gzip.decompress(path.read_bytes()) if "--gz" in options else path.read_bytes()
    text = raw.decode("cp1252" if "cp1252" in options else "utf-8-sig")
    delimiter = "\t" if "tab" in options else ";" if ";" in options else ","
    wanted = {row["email"]: row for row in csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)}
    got = exported(daemon, "--to", "list:everyone")
    assert set(got) == set(wanted)
    for email, row in wanted.items():
        assert {key: got[email].get(key, "") for key in row} == row


def test_a_big_file(daemon):
    addresses = import_people(daemon, 100000)
    assert daemon.cli_json("contacts", "count", "list:everyone")["contacts"] == len(addresses) == 100000


def test_later_rows_update(daemon):
    first = "email,first_name,country\na@dest.example,Ann,BE\nb@dest.example,Bob,FR\nA@DEST.example,Anna,\n"
    summary = daemon.cli_json("contacts", "import", daemon.write("1.csv", first), "--list", "one")
    assert (summary["rows"], summary["added"], summary["duplicates"]) == (3, 2, 1)
    second = "email,city\nb@dest.example,Lyon\nc@dest.example,Nice\n"
    summary = daemon.cli_json("contacts", "import", daemon.write("2.csv", second), "--list", "two")
    assert (summary["added"], summary["updated"]) == (1, 1)
    bob = daemon.cli_json("contacts", "show", "b@dest.example")
    assert (bob["attributes"]["first_name"], bob["attributes"]["city"]) == ("Bob", "Lyon")
    assert sorted(bob["lists"]) == ["one", "two"]
    assert daemon.cli_json("contacts", "show", "a@dest.example")["attributes"]["first_name"] == "Anna"


def test_french_headers_and_maps(daemon):
    people = "Courriel;Prénom;Ville\npaul@dest.example;Paul;Liège\n"
    path = daemon.write("people.csv", people, "cp1252")
    daemon.cli("contacts", "import", path, "--list", "everyone", "--map", "Ville=city", "--map", "Courriel=email")
    paul = daemon.cli_json("contacts", "show", "paul@dest.example")
    assert paul["attributes"]["city"] == "Liège"
    assert paul["attributes"]["prénom"] == "Paul"


def test_bad_rows_are_kept_apart_with_their_reasons(daemon):
    people = (
        "email,first_name\r\n"
        "good@dest.example,Good\r\n"
        "no-at-sign,Bad\r\n"
        'two@@dest.example,"with, comma"\r\n'
        "spaces in@dest.example,Bad\r\n"
        "dot.@dest.example,Bad\r\n"
        "x@-dash.example,Bad\r\n"
        ",No address\r\n"
        "last@dest.example,Last\r\n"
    )
    path = daemon.write("people.csv", people)
    done = daemon.cli("contacts", "import", path, "--list", "everyone", "--rejects", daemon.folder / "rejects.csv")
    assert done.rc == 0
    rejects = list(csv.reader(io.StringIO((daemon.folder / "rejects.csv").read_text("utf-8-sig"), newline="")))[1:]
    assert [row[0] for row in rejects] == ["3", "4", "5", "6", "7", "8"]
    assert all(row[1] for row in rejects)
    assert "two@@dest.example" in rejects[1] and "with, comma" in rejects[1]
    got = set(exported(daemon))
    assert {"good@dest.example", "last@dest.example"} <= got
    assert not got & {"no-at-sign", "two@@dest.example", "dot.@dest.example"}


def test_segments_are_set_algebra(daemon):
    daemon.cli("contacts", "import", daemon.write("1.csv", "email\na@d.example\nb@d.example\n"), "--list", "one")
    daemon.cli("contacts", "import", daemon.write("2.csv", "email\nb@d.example\nc@d.example\n"), "--list", "two")

    def count(expression):
        return daemon.cli_json("contacts", "count", expression)["contacts"]

    assert count("list:one and list:two") == 1
    assert count("list:one or list:two") == count("all") == 3
    assert count("list:one and not list:two") == 1
    assert count("not (list:one or email:c@d.example)") == 0


def test_contacts_survive_a_restart(daemon):
    addresses = import_people(daemon, 300)
    daemon.stop()
    daemon.start()
    assert set(exported(daemon, "--to", "list:everyone")) == set(addresses)
