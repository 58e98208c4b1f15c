"""One Postfix, in a folder of its own, with a listener for each way that a message can go."""

import os
import pathlib
import pwd
import signal
import sys
import time

from processes import free_port, need, run, wait_for_port

DAEMONS = pathlib.Path("/usr/lib/postfix/sbin")
MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/log/maillog
maillog_file_prefixes = {folder}/log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.karbon.example
mydestination =
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
relayhost = [127.0.0.1]:{sink}
disable_dns_lookups = yes
smtp_host_lookup = native
smtpd_peername_lookup = no
smtp_tls_security_level = none
smtpd_tls_security_level = none
"""
# What every Postfix has, without chroot.
SERVICES = """
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
# The way back, as docs/mail.md has it.
BACK = """127.0.0.1:{back} inet n - n - - smtpd
 -o content_filter=
 -o receive_override_options=no_unknown_recipient_checks,no_header_body_checks,no_milters
 -o smtpd_recipient_restrictions=permit_mynetworks,reject
 -o smtpd_authorized_xforward_hosts=127.0.0.0/8
"""


class Postfix:
    """`ways`: name of a way → options of its listener and services of its own, as master.cf has them."""

    def __init__(self, place, sink, back, ways):
        need("postfix")
        if os.getuid() != 0:
            sys.exit("Postfix is started by root alone: run this as root")
        self.folder, self.back = place.sub("postfix"), back
        owner = pwd.getpwnam("postfix").pw_uid
        for name in ("queue", "log", "data"):
            place.sub(f"postfix/{name}")
        os.chown(self.folder / "data", owner, -1)
        (self.folder / "main.cf").write_text(MAIN.format(folder=self.folder, daemons=DAEMONS, sink=sink))
        services, self.ports = SERVICES + BACK.format(back=back), {}
        for name, (listener, service) in ways.items():
            self.ports[name] = free_port()
            services += f"127.0.0.1:{self.ports[name]} inet n - n - - smtpd{listener}\n{service}"
        (self.folder / "master.cf").write_text(services)
        run("postfix", "-c", self.folder, "start")
        place.at_end(self.stop)
        wait_for_port(back)

    def master(self):
        return int((self.folder / "queue/pid/master.pid").read_text())

    def waiting(self):
        """Messages that are in the queue yet."""
        queue = self.folder / "queue"
        return sum(len(files) for name in ("incoming", "active", "deferred") for _, _, files in os.walk(queue / name))

    def stop(self):
        """By the number of its own master, which ends what it started."""
        try:
            master = self.master()
            os.kill(master, signal.SIGTERM)
            for _ in range(200):
                os.kill(master, 0)
                time.sleep(0.05)
            os.kill(master, signal.SIGKILL)
        except (ProcessLookupError, FileNotFoundError):
            pass
