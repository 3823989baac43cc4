"""
Templates that go wrong, for everybody or for some: a clear sentence, no mail to those whom it concerns and whole ones
to the others, and a job that ends. The sink counts what is on the wire.
"""

import re

from mails import Office
from tocsin import assert_adds_up

FROM = "From: a@send.example\n"


LOOPS = {
    "a million": ("{% for i in (1..1000000) %}{% assign x = i %}{% endfor %}", "100,000|100000|loops|rounds"),
    "thousand by thousand": (
        "{% for i in (1..1000) %}{% for j in (1..1000) %}{% assign x = j %}{% endfor %}{% endfor %}",
        "100,000|100000|loops|rounds",
    ),
    "a billion": ("{% for i in (1..1000000000) %}x{% endfor %}", "."),
    "output": ("{% for i in (1..90000) %}" + "0123456789" * 20 + "{% endfor %}", "16|output"),
    "doubling": (
        "{% assign s = 'ab' %}{% for i in (1..60) %}{% assign s = s | append: s %}{% endfor %}{{ s }}",
        "16|output|bytes",
    ),
    "work": (
        "{% assign s = contact.pad %}{% for i in (1..8) %}{% assign s = s | append: s %}{% endfor %}"
        "{% for i in (1..50000) %}{% assign t = s | upcase | size %}{% endfor %}",
        ".",
    ),
    "division": ("{{ 1 | divided_by: 0 }}", "0"),
    "recursion": ("{% assign n = 'me' %}{% include n %}", "deep|20"),
}


def test_loops_and_outputs_that_do_not_end(start, folder):
    """Such a copy is skipped, with a sentence; the others of the job arrive, and the job ends."""
    templates = folder / "templates/partials"
    templates.mkdir(parents=True)
    for ending in "html", "txt":
        (templates / f"me.{ending}").write_text("{% assign n = 'me' %}{% include n %}")
    office = start(Office, extra='templates = "templates"')
    people = [
        {"email": "bad@dest.example", "bad": "1", "pad": "x" * 60000},
        {"email": "good@dest.example", "bad": ""},
    ]
    to = office.imported(people)
    jobs = {
        what: office.submit(f"Subject: x\n{FROM}Layout: none\n\nHello {{% if contact.bad %}}{loop}{{% endif %}}\n", to)
        for what, (loop, _) in LOOPS.items()
    }
    for what, job in jobs.items():
        done = office.daemon.wait_job(job)
        assert_adds_up(done)
        assert (done["delivered"], done["skipped"]) == (1, 1), what
        row = office.daemon.recipients(job)["bad@dest.example"]
        assert row["state"] == "skipped"
        why = office.daemon.cli("why", "bad@dest.example", job).stdout
        assert "rendered" in why and re.search(LOOPS[what][1], why), why
        assert set(office.mails(job)) == {"good@dest.example"}
    assert office.sink.recipients() == {"good@dest.example": len(LOOPS)}


def abort(reason):
    """The tag, for contacts who have something in `stop`; without a reason, that is it."""
    said = f"'{reason}'" if reason else "contact.stop"
    return f"{{% if contact.stop %}}{{% abort_message {said} %}}{{% endif %}}"


def test_abort_message(start):
    """The message itself may leave a contact out; the reason is kept."""
    office = start(Office)
    where = {
        "subject": f"Subject: {abort('no name, not asked')}x\n{FROM}\nHi\n",
        "text": f"Subject: x\n{FROM}\nHello {abort(None)} you\n",
        "html": f"Subject: x\n{FROM}\n<p>Hello</p>{abort('late')}\n",
        "preheader": f"Subject: x\n{FROM}Preheader: {abort('pre')}p\n\nHi\n",
        "long": f"Subject: x\n{FROM}\nHi {abort('long ' * 2000)}\n",
    }
    reasons = {"subject": "no name", "text": "has paid · déjà", "html": "late", "preheader": "pre", "long": "long long"}
    people = [
        {"email": "stop@dest.example", "stop": "has paid · déjà"},
        {"email": "go@dest.example", "stop": ""},
    ]
    to = office.imported(people)
    for what, message in where.items():
        job = office.submit(message, to)
        done = office.daemon.wait_job(job)
        assert (done["delivered"], done["skipped"]) == (1, 1), what
        row = office.daemon.recipients(job)["stop@dest.example"]
        assert row["state"] == "skipped" and reasons[what] in str(row["reason"]), (what, row)
        assert reasons[what] in office.daemon.cli("why", "stop@dest.example", job).stdout, what
        assert set(office.mails(job)) == {"go@dest.example"}
    assert office.sink.recipients() == {"go@dest.example": len(where)}


def test_a_reason_is_one_line(start):
    office = start(Office)
    person = {"email": "a@dest.example", "stop": "gone\r\n2026-01-01T00:00:00Z error forged_line\u2028\x1b[31mred"}
    job = office.send("Subject: x\n" + FROM + "\nHi {% abort_message contact.stop %}\n", [person])
    reason = office.daemon.recipients(job)["a@dest.example"]["reason"]
    assert "gone" in reason and not re.search(r"[\x00-\x1f\x7f]", reason), repr(reason)
    shown = office.daemon.cli("why", "a@dest.example", job).stdout
    assert "gone" in shown and "\x1b" not in shown
    assert not any(line.startswith("2026-01-01T00:00:00Z") for line in shown.splitlines())
    assert office.daemon.log_lines("forged_line") == []
    assert office.sink.messages() == []


def test_a_template_that_fails_for_some(start):
    office = start(Office)
    message = (
        'Subject: {{ contact.name | default: "" }}\n' + FROM + "\nEach gives {{ 100 | divided_by: contact.n }} €.\n"
        "{% for i in (1..contact.n) %}·{% endfor %}\n"
    )
    people = [{"email": f"n{n}@dest.example", "name": f"N{n}", "n": str(n)} for n in range(40)]
    for word, name, n in ("empty", "", "1"), ("much", "m", "9999999"), ("odd", "o", "abc"), ("blank", "\r\n ", "1"):
        people.append({"email": f"{word}@dest.example", "name": name, "n": n})
    job = office.send(message, people)
    done = office.daemon.job(job)
    assert_adds_up(done)
    failing = {f"{name}@dest.example" for name in ("n0", "empty", "much", "odd", "blank")}
    rows = office.daemon.recipients(job)
    assert {address for address, row in rows.items() if row["state"] == "skipped"} == failing
    assert office.sink.recipients() == {address: 1 for address in rows if address not in failing}
    assert set(office.mails(job)) == set(rows) - failing
    for address in failing:
        assert rows[address]["reason"] and re.search(r"subject|rendered", office.daemon.cli("why", address, job).stdout)


def test_partials_that_name_each_other(start, folder):
    """Where it can be seen, the message is refused; where it cannot, its copies are skipped."""
    partials = folder / "templates/partials"
    partials.mkdir(parents=True)
    texts = {
        "self": "{% include 'self' %}",
        "one": "1{% include 'two' %}",
        "two": "2{% include 'one' %}",
        "ring": "r{% render 'ring' %}",
        "if": "{% if contact.x %}{% include 'if' %}{% endif %}fine",
    }
    for name, text in texts.items():
        for ending in "html", "txt":
            (partials / f"{name}.{ending}").write_text(text)
    office = start(Office, extra='templates = "templates"')
    to = office.imported([{"email": "a@dest.example"}])
    refused = sent = 0
    for name in texts:
        for tag in "include", "render":
            message = f"Subject: x\n{FROM}\nHello\n\n{{% {tag} '{name}' %}}\n"
            answer = office.daemon.cli("send", office.daemon.write("m.md", message), "--to", to, "--json", check=False)
            if answer.rc:
                assert name in answer.stderr or "itself" in answer.stderr, answer
                refused += 1
                continue
            job = answer.json()["id"]
            done = office.daemon.wait_job(job)
            if name == "if":
                assert done["delivered"] == 1 and "fine" in office.mails(job)["a@dest.example"].text
                sent += 1
                continue
            assert done["skipped"] == 1
            assert re.search(r"deep|itself", office.daemon.cli("why", "a@dest.example", job).stdout)
    assert sent >= 1
    assert office.sink.recipients() == ({"a@dest.example": sent} if sent else {})


def test_templates_that_do_not_compile_are_refused(start):
    office = start(Office)
    for text, says in (
        ("{% if contact.x %}", "Line 4"),
        ("{{ contact.x | nofilter }}", "Line 4"),
        ("{% include 'nowhere' %}", "nowhere"),
        ("{% for i in (1..3) %}" * 101 + "{% endfor %}" * 101, "Line 4"),
        ("x" * (1024 * 1024 + 1), "at most"),
    ):
        assert says in office.refuse(f"Subject: x\n{FROM}\n{text}\n")
    for head in ("Subject: x\nBcc: a@b.example\n", "Subject: x\nTo: a@b.example\n", "Subject: a\n b\n", "Subject:\n"):
        assert "ine " in office.refuse(head + FROM + "\nHello\n")
    assert office.sink.messages() == []
