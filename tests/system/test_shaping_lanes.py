"""What goes first within a limit: thank-yous before newsletters, and jobs beside each other by their weight."""

import time

import pytest

from judge import Limits
from shaped import HOST, assert_kept, assert_used, begin
from tocsin import PATIENCE, wait_until


def rate(count):
    return Limits(connections=8, rates=((count, "s"),), in_flight=1)


def test_a_thank_you_goes_first(start):
    field, job, _ = begin(start, rate(30), 150)
    sent = time.time()
    _, (thanked,) = field.send({"pace.test": 1}, "--lane", "transactional", to="thanks")
    wait_until(lambda: thanked in field.record(HOST).delivered(), 10, "the thank-you")
    (arrived,) = [t.begun for t in field.record(HOST).transactions() if t.to == thanked]
    assert arrived - sent < 1.5 * PATIENCE
    assert field.daemon.job(job)["delivered"] < 130, "there is bulk mail left"
    assert field.daemon.wait_job(job)["delivered"] == 150
    assert_kept(field.record(HOST), rate(30))


def count_of(record, to, until):
    return len([t for t in record.transactions() if t.to.startswith(to) and t.begun < until])


@pytest.mark.parametrize("weight", [1, 3])
def test_jobs_share_a_site_by_weight(start, weight):
    """However large they are: the second has as many people left when the first, which began before it, is done."""
    field, _, _ = begin(start, rate(60), 700, to="first")
    second, addresses = field.send({"pace.test": 45 * weight}, "--weight", weight, to="second")
    began = time.time()
    field.daemon.wait_job(second)
    record = field.record(HOST)
    last = max(t.begun for t in record.transactions() if t.to in addresses)
    first = min(t.begun for t in record.transactions() if t.to in addresses)
    assert first - began < 1.5 * PATIENCE, "the second need not wait for the first"
    of_first = count_of(record, "first", last) - count_of(record, "first", first)
    share = len(addresses) / (len(addresses) + of_first)
    assert share == pytest.approx(weight / (weight + 1), abs=0.12)
    assert_used(record.times(), (60, "s"), 1)
    assert_kept(record, rate(60))
