"""One Postfix, in a folder of its own."""

import contextlib
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
inet_interfaces = {host}
inet_protocols = ipv4
myhostname = mx.karbon.example
mydestination =
mynetworks = {networks}
alias_maps =
local_recipient_maps =
smtpd_relay_restrictions = permit_mynetworks, reject
relayhost = {relay}
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
    """`services`: listeners and more, as master.cf has them. `relay`: where all mail goes on to. `within`: the command
    that starts it on another host; `more`: more settings of main.cf."""

    def __init__(self, place, services, relay, host="127.0.0.1", networks="127.0.0.0/8", within=(), more=""):
        need("postfix")
        if os.getuid() != 0:
            sys.exit("only root can start Postfix: run this as root")
        self.folder = place.sub("postfix")
        owner = pwd.getpwnam("postfix").pw_uid
        for name in ("queue", "log", "data"):
            place.sub(f"postfix/{name}")
        os.chown(self.folder / "data", owner, -1)
        given = {"host": host, "networks": networks, "relay": relay}
        (self.folder / "main.cf").write_text(MAIN.format(folder=self.folder, daemons=DAEMONS, **given) + more)
        (self.folder / "master.cf").write_text(SERVICES + services)
        run(*within, "postfix", "-c", self.folder, "start")
        place.at_end(self.stop)

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
                # Where this program is the first process of its namespace, the master is its child.
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(master, os.WNOHANG)
                os.kill(master, 0)
                time.sleep(0.05)
            os.kill(master, signal.SIGKILL)
        except (ProcessLookupError, FileNotFoundError):
            pass


class Filtering(Postfix):
    """`ways`: name of a way → options of its listener and services of its own, as master.cf has them. All of them lead
    back to the port `back`, and from there to the sink."""

    def __init__(self, place, sink, back, ways):
        self.back, self.ports, services = back, {}, BACK.format(back=back)
        for name, (listener, service) in ways.items():
            self.ports[name] = free_port()
            services += f"127.0.0.1:{self.ports[name]} inet n - n - - smtpd{listener}\n{service}"
        super().__init__(place, services, f"[127.0.0.1]:{sink}")
        wait_for_port(back)
