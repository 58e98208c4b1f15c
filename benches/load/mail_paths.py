"""Paths of e-mail: receive, decide and hand on; behind Postfix; one message beside rspamd; `pipe`."""

import secrets
import statistics
import time

from floors import CommittingFloor, rows_of
from http_paths import ASKED, COMMITTED, Load, constant, expect, gateway_candidate, gateway_with, wrk
from measuring import Candidate, Case
from postfix import Filtering
from processes import counted, free_port, run
from report import Target
from servers import Redis, Rspamd, Sink, compiled

KIBIBYTE = 1024
SESSIONS = 10
POSTFIX_SESSIONS = 20
STRANGER = "jo@stranger.example"
KNOWN = "p0000001@people.example"
DESK = "desk@karbon.example"
DELIVERED_WAIT = 60.0
# Messages for each second of a run, about what the floor takes on two cores.
SMTP_A_SECOND = {2: 1_500, 100: 500}
POSTFIX_A_SECOND = 150
PIPES_A_SECOND = 200
# By SMTP from restricted senders: what somebody may send in a busy month.
MESSAGES_OF_EACH = 32
DELIVERING = "static C program that delivers"
SMALL, LARGE = "contact-gateway-pipe", "contact-gateway pipe"


def smtp_source(port, sessions, messages, size, sender, *more):
    command = ["smtp-source", *more, "-s", sessions, "-m", messages, "-l", size]
    run(*command, "-f", sender, "-t", DESK, f"127.0.0.1:{port}")


def sent(port, taken, sessions, messages, size, *more, senders=(STRANGER,)):
    """As many from each sender, one sender after another, until as many more are taken; the rate is that of
    deliveries."""
    of_each = round(messages / len(senders))
    messages = of_each * len(senders)
    before, began = taken(), time.monotonic()
    for sender in senders:
        smtp_source(port, sessions, of_each, size, sender, *more)
    accepted = time.monotonic() - began
    end = time.monotonic() + DELIVERED_WAIT
    while taken() < before + messages and time.monotonic() < end:
        time.sleep(0.005)
    missing = before + messages - taken()
    return {
        "requests": messages,
        "accepted_seconds": accepted,
        "accepted_a_second": messages / accepted,
        "errors": missing,
    }


def smtp(place, options):
    """SMTP: receive, decide and hand on to a sink, and smtp-source straight into that sink."""
    sink = Sink(place)
    gateway = gateway_with(place, "gateway", options, downstream=sink.port)
    gateway.fresh()
    cases, targets = [], []
    for size in (2, 100):

        def candidate(name, server, port, *more, size=size):
            def work(seconds):
                messages = max(SESSIONS, round(SMTP_A_SECOND[size] * seconds))
                return sent(port, sink.taken, SESSIONS, messages, size * KIBIBYTE, *more)

            groups = {"sink": [sink.process.pid]}
            return Candidate(name, lambda: groups | ({"server": [server.process.pid]} if server else {}), work)

        straight = candidate("smtp-source into smtp-sink", None, sink.port)
        through = candidate("gateway, SMTP", gateway, gateway.smtp)
        by_lmtp = candidate("gateway, LMTP", gateway, gateway.lmtp.rsplit(":")[-1], "-L")
        cases.append(Case("smtp", f"{size} KiB", [straight, through, by_lmtp], "messages"))
        whole = (f"{size} KiB", "gateway, SMTP", "smtp-source into smtp-sink")
        if size == 2:
            cost = "processor time (of the gateway; of both ends)"
            targets.append(Target(*whole, cost_of_ends, at_most=1.0, what=cost))
        alone = "rate of receiving and deciding alone (derived: without what sending takes smtp-source)"
        least = 0.8 if size == 2 else 1.0
        targets.append(Target(*whole, receive_rate(straight), at_least=least, what=alone))
    return cases, targets


def cost_of_ends(run):
    return run.micros("server") if "server" in run.cpu else run.micros("client", "sink")


def receive_rate(straight):
    """How many messages a core could take if the gateway did not send them on: its time for a message,
    less what sending one takes smtp-source, beside the client's. For the floor: client's and sink's."""

    def figure(run):
        if "server" not in run.cpu:
            return 1e6 / run.micros("client", "sink")
        sending = statistics.median(one.micros("client") for one in straight.quiet_runs())
        return 1e6 / (sending + max(1.0, run.micros("server") - sending))

    return figure


def behind_postfix(place, options):
    """Behind Postfix, after the queue and before it, and Postfix with a filter that costs nothing."""
    sink, back = Sink(place), free_port()
    gateway = gateway_with(place, "gateway", options, downstream=back)
    filters = "{name} unix - - n - 20 {kind}\n -o {kind}_send_xforward_command=yes\n -o disable_mime_output_conversion=yes\n"
    overrides = "\n -o receive_override_options=no_address_mappings"
    lmtp = gateway.lmtp.rsplit(":")[-1]
    ways = {
        "Postfix alone": ("", ""),
        "nothing, after the queue": (
            f"\n -o content_filter=nothing:[127.0.0.1]:{back}{overrides}",
            filters.format(name="nothing", kind="smtp"),
        ),
        "gateway, after the queue": (
            f"\n -o content_filter=gateway:[127.0.0.1]:{lmtp}{overrides}",
            filters.format(name="gateway", kind="lmtp"),
        ),
        "nothing, before the queue": (f"\n -o smtpd_proxy_filter=127.0.0.1:{back}", ""),
        "gateway, before the queue": (f"\n -o smtpd_proxy_filter=127.0.0.1:{gateway.smtp}", ""),
    }
    postfix = Filtering(place, sink.port, back, ways)
    gateway.fresh()

    def candidate(name, port):
        def work(seconds):
            messages = max(POSTFIX_SESSIONS, round(POSTFIX_A_SECOND * seconds))
            return sent(port, sink.taken, POSTFIX_SESSIONS, messages, 2 * KIBIBYTE)

        def groups():
            ours = {"gateway": [gateway.process.pid]} if name.startswith("gateway") else {}
            return {"server": [postfix.master()], "sink": [sink.process.pid]} | ours

        return Candidate(name, groups, work)

    case = Case("postfix", "2 KiB", [candidate(name, port) for name, port in postfix.ports.items()], "messages")
    targets = [
        Target("2 KiB", f"gateway, {way}", f"nothing, {way}", "rate", at_least=0.9, what="deliveries a second")
        for way in ("after the queue", "before the queue")
    ]
    return [case], targets


def message(sender, size):
    head = f"From: A Citizen <{sender}>\r\nTo: {DESK}\r\nSubject: My case\r\nDate: Mon, 04 Mar 2024 10:00:00 +0100\r\n"
    head += "Message-ID: <m1@people.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    line = "Dear desk, please answer the question I sent you last week about my case.\r\n"
    return head + line * ((size - len(head)) // len(line))


def beside_rspamd(place, options):
    """One message's decision, and rspamd with rate limit and multimap. Not like for like: rspamd is given
    the message and parses it; the decision endpoint is given who and what, and the text of the same size."""
    redis, rspamd_redis, sink = Redis(place, "redis"), Redis(place, "redis-rspamd"), Sink(place)
    gateway = gateway_with(place, "gateway", options, redis, downstream=sink.port)
    headers, _ = expect(gateway, KNOWN, "within_limits")
    rows, floor_redis = rows_of(gateway, ASKED), Redis(place, "redis-floor")
    committing = CommittingFloor(place, options.floor, rows, floor_redis, options.people, headers)
    rspamd = Rspamd(place, rspamd_redis, options.people)
    file = place.folder / "message.eml"
    file.write_text(message("SENDER", 2 * KIBIBYTE))

    def scanned(seconds):
        return wrk(rspamd.port, 16, seconds, "checkv2.lua", message=file, people=options.people)

    def rspamd_groups():
        return {"server": [rspamd.process.pid], "redis": [rspamd_redis.process.pid]}

    def received(seconds):
        # With all from one sender, most of the time would go to a history that nobody has.
        messages = round(SMTP_A_SECOND[2] * seconds)
        senders = [f"p{number:07d}@people.example" for number in range(max(1, messages // MESSAGES_OF_EACH))]
        return sent(gateway.smtp, sink.taken, 16, messages, 2 * KIBIBYTE, senders=senders)

    load = Load("contact", "/decisions/contact", 1, options.people, {"text": 2 * KIBIBYTE - 300})
    candidates = [
        Candidate("rspamd", rspamd_groups, scanned),
        gateway_candidate("gateway, decision endpoint", gateway, load, 16),
        gateway_candidate(COMMITTED, committing, load, 16),
        Candidate(
            "gateway, SMTP, restricted senders, handed on",
            lambda: gateway.groups() | {"sink": [sink.process.pid]},
            received,
            gateway.fresh,
        ),
    ]
    targets = [Target("2 KiB", name, "rspamd", "cpu", at_most=0.1) for name in (candidates[1].name, candidates[3].name)]
    targets.append(Target("2 KiB", COMMITTED, "rspamd", "cpu"))
    targets.append(Target("2 KiB", candidates[1].name, COMMITTED, "cpu"))
    return [Case("message", "2 KiB", candidates, "messages")], targets


def program_micros(run):
    """Processor time of what the spawner started, starting included, for one message."""
    return 1e6 * run.values["program_seconds"] / run.values["requests"]


def readable(place, program):
    """A copy that every user can start."""
    if not program.exists():
        raise RuntimeError(f"{program} is missing: cargo build --release --bins")
    copy = place.folder / program.name
    copy.write_bytes(program.read_bytes())
    copy.chmod(0o755)
    return copy


def pipe(place, options):
    """`contact-gateway-pipe`, `contact-gateway pipe`, a static C program that does nothing, and one that hands the
    message to the sink itself: started by a spawner, and by Postfix's pipe(8). What the gateway takes it sends
    into the sink before the program ends."""
    sink = Sink(place)
    spawner, nothing = compiled(place, "spawner"), compiled(place, "nothing", "-static")
    deliver = compiled(place, "deliver", "-static")
    gateway = gateway_with(place, "gateway", options, downstream=sink.port, lmtp=f"unix:{place.folder}/lmtp.sock")
    count = place.folder / "nothing.count"
    count.write_bytes(b"")
    count.chmod(0o666)
    service = "{name} unix - n n - 20 pipe\n flags=Rq user=nobody null_sender=\n argv={argv}\n"
    small, large = (readable(place, program) for program in (options.gateway.with_name(SMALL), options.gateway))
    # Name, what Postfix calls it, and the command up to its arguments.
    programs = [(SMALL, "small", [small]), (LARGE, "large", [large, "pipe"])]
    ways = {"nothing": ("\n -o content_filter=nothing:dummy", service.format(name="nothing", argv=f"{nothing} {count}"))}
    argv = f"{deliver} {sink.port} ${{sender}} ${{recipient}}"
    ways["deliver"] = ("\n -o content_filter=deliver:dummy", service.format(name="deliver", argv=argv))
    for _, name, command in programs:
        argv = " ".join(map(str, command)) + f" --config {gateway.config}"
        argv += " --queue-id ${queue_id} -f ${sender} -- ${recipient}"
        ways[name] = (f"\n -o content_filter={name}:dummy", service.format(name=name, argv=argv))
    postfix = Filtering(place, sink.port, free_port(), ways)
    gateway.fresh()

    def spawned(*command):
        def work(seconds):
            times = round(PIPES_A_SECOND * seconds)
            return counted(spawner, times, secrets.token_hex(4), 2 * KIBIBYTE, STRANGER, *command)

        return work

    def through_postfix(name, taken):
        def work(seconds):
            messages = max(POSTFIX_SESSIONS, round(POSTFIX_A_SECOND * seconds))
            return sent(postfix.ports[name], taken, POSTFIX_SESSIONS, messages, 2 * KIBIBYTE)

        return work

    ends = {"sink": [sink.process.pid]}
    arguments = ["--config", gateway.config, "-f", STRANGER, "--", DESK]
    by_spawner = [
        Candidate("static C program", lambda: {}, spawned(nothing)),
        Candidate(DELIVERING, lambda: ends, spawned(deliver, sink.port, STRANGER, DESK)),
    ]
    by_spawner += [
        Candidate(name, lambda: gateway.groups() | ends, spawned(*command, *arguments)) for name, _, command in programs
    ]

    def with_postfix(gateway=None):
        return {"server": [postfix.master()]} | ends | ({"gateway": [gateway.process.pid]} if gateway else {})

    by_postfix = [
        Candidate("static C program", with_postfix, through_postfix("nothing", lambda: count.stat().st_size)),
        Candidate(DELIVERING, with_postfix, through_postfix("deliver", sink.taken)),
    ]
    by_postfix += [
        Candidate(name, lambda: with_postfix(gateway), through_postfix(called, sink.taken)) for name, called, _ in programs
    ]
    cases = [Case("pipe", "spawner", by_spawner, "messages"), Case("pipe", "Postfix pipe(8)", by_postfix, "messages")]
    targets = [Target(case.name, SMALL, "static C program", "rate", at_least=0.9) for case in cases]
    targets += [Target(case.name, DELIVERING, "static C program", "rate") for case in cases]
    targets += [Target(case.name, SMALL, DELIVERING, "rate") for case in cases]
    cost = "processor time of the program that is started,"
    for name in (DELIVERING, SMALL):
        targets.append(Target("spawner", name, "static C program", program_micros, what=cost))
    return cases, targets
