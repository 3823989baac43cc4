"""Limits that change while mail goes out, and a daemon that is restarted meanwhile."""

import time

import judge
from judge import Limits
from shaped import HOST, assert_each_once, assert_kept, assert_used, begin
from tocsin import PATIENCE, assert_adds_up, wait_until

def rate(count):
    return Limits(connections=8, rates=((count, "s"),), in_flight=1)


def test_a_rate_that_changes_holds_at_once(start):
    field, job, addresses = begin(start, rate(80), 300)
    time.sleep(1)
    lowered = field.reload('"80/s"', '"20/s"')
    time.sleep(3.3)
    raised = time.time()
    field.reload('"20/s"', '"60/s"')
    assert field.daemon.wait_job(job, each=assert_adds_up)["delivered"] == 300
    record = field.record(HOST)
    assert_each_once(record, addresses)
    assert_kept(record, rate(80))
    slow = [t for t in record.times() if lowered <= t < raised]
    assert judge.worst_window(slow, 1)[0] <= 20
    assert_used(slow, (20, "s"))
    assert_kept(record, rate(60), since=raised)
    assert_used([t for t in record.times() if t >= raised], (60, "s"))


def test_connections_above_a_lower_limit_are_closed(start):
    before = Limits(connections=10, messages=1000, in_flight=1)
    after = Limits(connections=2, messages=1000, in_flight=1)
    field, job, addresses = begin(start, before, 220, {"delay": 0.05})
    wait_until(lambda: field.receivers.open()["127.0.0.21"] == 10, 10, "all the connections")
    lowered = field.reload("connections = 10  messages", "connections = 2  messages")
    # What was on its way on the others is answered after 50 ms.
    assert field.daemon.wait_job(job, each=assert_adds_up)["delivered"] == 220
    record = field.record(HOST)
    assert_each_once(record, addresses)
    assert_kept(record, before)
    assert_kept(record, after, since=lowered + 0.3 * PATIENCE)


def test_a_restart_does_not_give_the_rate_again(start):
    field, job, addresses = begin(start, rate(40), 240)
    for stop in (field.daemon.stop, field.daemon.kill):
        field.wait_messages(HOST, len(field.record(HOST).times()) + 40)
        stop()
        field.daemon.start()
    assert field.daemon.wait_job(job, each=assert_adds_up)["delivered"] == 240
    assert set(field.record(HOST).delivered()) == set(addresses)
    assert_kept(field.record(HOST), rate(40))


def test_a_provider_that_is_added_holds_at_once_where_mail_goes_out(start):
    """Its sites begin anew, perhaps in another thread, when they have closed their connections."""
    before = Limits(connections=10, messages=1000, in_flight=1)
    after = Limits(connections=2, messages=1000, in_flight=1)
    field, job, addresses = begin(start, before, 300, {"delay": 0.05})
    wait_until(lambda: field.receivers.open()["127.0.0.21"] == 10, 10, "all the connections")
    added = field.reload('site "*" {', f'provider "new" {{ mx = "{HOST}"  connections = 2 }}\nsite "*" {{')
    assert field.daemon.wait_job(job, each=assert_adds_up)["delivered"] == 300
    record = field.record(HOST)
    assert_each_once(record, addresses)
    assert_kept(record, before)
    assert_kept(record, after, since=added + 0.3 * PATIENCE)
    assert field.site(HOST)["provider"] == "new"
