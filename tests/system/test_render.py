"""
`tocsin render`: templates in, answers out, line by line, without a daemon. The golden Liquid cases are measured here
a second time, through the program that people use; its time zones are held against Python's, which has a reader of
its own.
"""

import datetime
import json
import os
import pathlib
import select
import subprocess
import warnings
import zoneinfo

import pytest

from tocsin import BUILD, PATIENCE, ROOT

PROGRAM = [str(BUILD / "tocsin"), "render"]
LEFT_OUT = ["tablerow tag", "ifchanged tag"]
FLOOR = 0.999

ZONES = """UTC Europe/Brussels Europe/London Europe/Dublin Europe/Moscow Europe/Istanbul America/New_York
America/Sao_Paulo America/St_Johns America/Nuuk Africa/Casablanca Africa/Cairo Asia/Kathmandu Asia/Tehran Asia/Gaza
Asia/Pyongyang Australia/Lord_Howe Antarctica/Troll Pacific/Apia Pacific/Chatham Etc/GMT+12""".split()


def render(*requests):
    """The answers to requests (objects, or bytes as they are) in one run, which must end well."""
    lines = [r if isinstance(r, bytes) else json.dumps(r).encode() for r in requests]
    done = subprocess.run(
        PROGRAM, input=b"\n".join(lines) + b"\n", capture_output=True, timeout=120 * PATIENCE, check=True
    )
    assert done.stderr == b""
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(requests)
    return answers


class Talk:
    """A program that asks, waits for the answer, and asks again."""

    def __init__(self):
        self.process = subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def hear(self):
        ready, _, _ = select.select([self.process.stdout], [], [], 10 * PATIENCE)
        assert ready, "no answer came"
        return json.loads(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        rest = self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait(10 * PATIENCE), rest


def test_each_line_is_answered_before_the_next():
    talk = Talk()
    try:
        for i in range(50):
            talk.send(json.dumps({"template": "{{ i | times: 2 }}", "data": {"i": i}}).encode() + b"\n")
            assert talk.hear() == {"output": str(2 * i)}
        talk.send(b'{"template": "in two')
        talk.send(b' pieces"}\n')
        assert talk.hear() == {"output": "in two pieces"}
        talk.send(b'{"template": "without an end"}')
        assert talk.end() == (0, b'{"output": "without an end"}\n')
    finally:
        talk.process.kill()
        talk.process.wait()


def test_what_is_wrong_is_an_answer_too():
    answers = render(
        b"no JSON",
        b"",
        {"template": "{% if x %}\n"},
        {"template": ["x"]},
        {"template": "x", "colour": "red"},
        b'{"template": "\xff"}',
        {"template": "a\n  {{ 1 | divided_by: 0 }}"},
        {"template": "fine"},
    )
    assert [sorted(a) for a in answers] == [["column", "error", "line"]] * 7 + [["output"]]
    assert [(a["line"], a["column"]) for a in answers[:-1]] == [
        (None, None), (None, None), (1, 1), (None, None), (None, None), (None, None), (2, 3)
    ]
    assert all(a["error"].endswith(".") for a in answers[:-1])


def test_a_line_that_is_too_long_is_refused_alone():
    fits = {"template": "{{ x | size }}", "data": {"x": "a" * (16 * 1024 * 1024 - 100)}}
    answers = render(b'{"template": "' + b"x" * (17 * 1024 * 1024) + b'"}', {"template": "fine"}, fits)
    assert answers == [
        {"error": "The line is longer than 16 MiB.", "line": None, "column": None},
        {"output": "fine"},
        {"output": str(16 * 1024 * 1024 - 100)},
    ]


def test_answers_that_cannot_be_written_are_a_failure():
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            PROGRAM, input=b'{"template": "x"}\n', stdout=full, stderr=subprocess.PIPE, timeout=60 * PATIENCE
        )
    assert done.returncode == 1
    assert done.stderr == b"The output could not be written whole: is the disk full?\n"


def test_limits_hold():
    answers = render(
        {"template": "{% for i in (1..1000000) %}{% endfor %}"},
        {"template": "{% include 'a' %}", "partials": {"a": "{% include 'b' %}", "b": "{% include 'a' %}"}},
        {"template": "{% render 'a' %}", "partials": {"a": "{% render 'a' %}"}},
        {"template": "{% include 'none' %}"},
        {"template": "{{ x }}{{ x }}", "data": {"x": "y" * 9_000_000}},
        {"template": "fine"},
    )
    assert ["error" in a for a in answers] == [True] * 5 + [False]


def test_all_that_a_line_may_say():
    said = {
        "template": "{{ 'now' | date: '%-d %B %Y %H:%M %z' }} {{ n | number_with_delimiter }} {% render 'p', x: '<' %}",
        "data": {"n": 46443},
        "now": "2024-08-01T12:00:00Z",
        "timezone": "Europe/Paris",
        "language": "fr",
        "partials": {"p": "{{ x }}"},
    }
    plain, escaped, aborted = render(said, said | {"escape": True}, {"template": "{% abort_message 'too young' %}"})
    assert plain == {"output": "1 août 2024 14:00 +0200 46\u202f443 <"}
    assert escaped == {"output": "1 août 2024 14:00 +0200 46\u202f443 &lt;"}
    assert aborted == {"aborted": "too young"}


def moments(zone):
    """Noon of every 20th day from 1970 to 2040, and both sides of each change between."""
    step, end = 20 * 86400, 2240524800
    found, last = [], zone.utcoffset(datetime.datetime.fromtimestamp(0, zone))
    for t in range(43200, end, step):
        offset = datetime.datetime.fromtimestamp(t, zone).utcoffset()
        if offset != last:
            low, high = t - step, t
            while high - low > 1:
                middle = (low + high) // 2
                if datetime.datetime.fromtimestamp(middle, zone).utcoffset() == last:
                    low = middle
                else:
                    high = middle
            found += [low, high]
        last = offset
        found.append(t)
    return found


def test_zones_are_those_of_python():
    if "Europe/Brussels" not in zoneinfo.available_timezones():
        pytest.skip("SKIPPED: this system has no zone files; install tzdata")
    template = "{% for m in moments %}{{ m | date: '%F %T %z %Z' }}\n{% endfor %}"
    asked = {name: moments(zoneinfo.ZoneInfo(name)) for name in ZONES}
    answers = render(*({"template": template, "data": {"moments": m}, "timezone": z} for z, m in asked.items()))
    for (name, when), answer in zip(asked.items(), answers):
        zone = zoneinfo.ZoneInfo(name)
        expected = [datetime.datetime.fromtimestamp(t, zone).strftime("%Y-%m-%d %T %z %Z") for t in when]
        assert answer["output"].splitlines() == expected, name


def golden_cases():
    named = os.environ.get("TOCSIN_CORPORA")
    folder = pathlib.Path(named) if named else ROOT.parent / "shared" / "corpora"
    path = folder / "liquid" / "golden_liquid.json"
    if not path.exists():
        warnings.warn(f"SKIPPED: there is no {path}; set TOCSIN_CORPORA to the corpora folder")
        pytest.skip("no golden cases")
    return json.loads(path.read_text(encoding="utf-8"))["tests"]


def is_right(case, answer):
    if case.get("invalid"):
        return "error" in answer
    return answer.get("output") in case.get("results", [case.get("result")])


def test_the_golden_cases():
    cases, left = [], dict.fromkeys(LEFT_OUT, 0)
    for case in golden_cases():
        reason = next((tag for tag in LEFT_OUT if tag in case.get("tags", [])), None)
        if reason:
            left[reason] += 1
        else:
            cases.append(case)
    names = {"template": "template", "data": "data", "templates": "partials"}
    answers = render(*({names[key]: case[key] for key in names if key in case} for case in cases))
    wrong = [(case["name"], answer) for case, answer in zip(cases, answers) if not is_right(case, answer)]
    for name, answer in wrong:
        print(f"fails: {name}: {answer}")
    print(f"golden Liquid: {len(cases) - len(wrong)} of {len(cases)} pass; left out: {left}")
    assert len(cases) >= 1000
    assert len(cases) - len(wrong) >= len(cases) * FLOOR
