"""
Postfix with its spool on, set up as a good administrator would for this relay. smtp-source (10 sessions, kept
open, a new recipient for each message, so that no cache is hit by chance) gives it the messages over SMTP; it
relays all of them to the sink. Measured from the first message given in, to the last at the sink; CPU is the
master's with all its processes, without smtp-source. A short warm-up starts its processes.

It needs root. /etc/postfix is neither read nor changed; spool and log are in the measurement's folder.
"""

import os
import shutil
import subprocess
import time

import tocsin as players

from peers import ground as base

WARM_UP = 200
SESSIONS = 10  # with two cores 20 and more were a little slower

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/mail.log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.example
mydestination =
alias_maps =
alias_database =
local_transport = error:no local mail
# Whoever connects from this machine may relay; nothing else is asked.
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
# Nothing in the messages or their addresses is to be rewritten, mapped or searched.
local_header_rewrite_clients =
receive_override_options = no_address_mappings, no_header_body_checks, no_unknown_recipient_checks
# Neither limits nor counts for the program that feeds it.
smtpd_client_connection_count_limit = 0
smtpd_client_event_limit_exceptions = 127.0.0.0/8
# The default holds senders up for a second as soon as they are faster than the delivery.
in_flow_delay = 0
# Everything goes to one place, over TLS, without a look into DNS.
relayhost = [127.0.0.1]:{sink}
smtp_tls_security_level = encrypt
smtp_dns_support_level = disabled
# Connections stay open from message to message, TLS included (tlsproxy holds them), and from the start.
smtp_tls_connection_reuse = yes
smtp_connection_cache_destinations = [127.0.0.1]:{sink}
# 20 connections, as everybody has here, from the first moment on.
initial_destination_concurrency = 20
default_destination_concurrency_limit = 20
# Processes are not replaced after 100 messages.
max_use = 100000
"""
MASTER = players.POSTFIX_MASTER + "tlsproxy unix - - n - 0 tlsproxy\n"




class Relay(players.Postfix):
    """The Postfix of the system tests, with this configuration instead."""

    def __init__(self, folder, sink):
        self.folder = folder / "postfix"
        self.port = players.free_port()
        self.etc = self.folder / "etc"
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir(parents=True)
        shutil.chown(self.folder / "data", "postfix")
        (self.etc / "main.cf").write_text(MAIN.format(folder=self.folder, sink=sink))
        (self.etc / "master.cf").write_text(MASTER.format(port=self.port))
        self._run("start")
        try:
            players.wait_until(self._answers, 20, "Postfix")
        except AssertionError:
            self.stop()
            raise

    def master_pid(self):
        return int((self.folder / "queue/pid/master.pid").read_text())


def find_programs():
    for name in ("postfix", "smtp-source"):
        if not shutil.which(name):
            raise base.Missing(f"{name} is not installed: tests/install bench")
    if os.geteuid() != 0:
        raise base.Missing("Postfix can be started by root only.")


def make_lines(ground, folder):
    """The message with line feeds alone: smtp-source makes the ends of lines and the dots itself."""
    path = folder / "message.lf"
    path.write_bytes(ground.message.read_bytes().replace(b"\r\n", b"\n"))
    return path


def feed(player, lines, count, to):
    argv = ["smtp-source", "-4", "-d", "-N", "-s", str(SESSIONS), "-m", str(count), "-M", f"mail.{base.DOMAIN}"]
    argv += ["-f", f"bounce@{base.DOMAIN}", "-t", f"{to}@dest.example", "-F", str(lines)]
    subprocess.run([*argv, f"127.0.0.1:{player.port}"], check=True, timeout=base.TIMEOUT)


def measure(ground, count):
    find_programs()
    with ground.room("postfix") as room, base.running(base.Receiver(room)) as sink:
        lines = make_lines(ground, room)
        with base.running(Relay(room, sink.port)) as player:
            feed(player, lines, WARM_UP, "early")
            sink.wait(WARM_UP)
            pid = player.master_pid()
            cpu, began = base.family_cpu_us(pid), time.time()
            feed(player, lines, count, "reader")
            sink.wait(WARM_UP + count)
            cpu = base.family_cpu_us(pid) - cpu
        return sink.figures(count, began, cpu, warm_up=WARM_UP)
