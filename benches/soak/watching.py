"""What a running gateway takes of its machine, and whether that stays flat."""

import dataclasses
import os
import pathlib
import re

from plot import Panel

MEGABYTE = 1024 * 1024
# The part of the run at its beginning that is not judged: it has the first morning in it, and caches fill.
FIRST = 0.25
# Growth over the part that is judged, by a line of least squares: as a share of the mean, or in its own unit,
# whichever is more.
TOLERANCES = {"resident": (0.05, 4.0), "files": (0.05, 8.0), "threads": (0.10, 4.0), "state": (0.05, 1.0)}
# What the store's database and the archive may grow by, in KiB for each contact: they keep every one. What its log may
# be at most, in MiB: twice what src/runtime/limits.rs lets it keep.
KIBIBYTES_A_CONTACT, LOG_MOST = 16.0, 128.0
LOGS = ("-wal", "-shm")
NAMES = {
    "resident": "resident memory, MiB", "files": "open files", "threads": "threads", "state": "state folder, MiB",
}


@dataclasses.dataclass
class Sample:
    """At this simulated hour. Sizes in MiB, as the disk has them."""

    hour: float
    resident: float
    files: float
    threads: float
    state: float
    store: float
    log: float
    archive: float
    contacts: float


def sampled(hour, process, folder, contacts):
    status = pathlib.Path(f"/proc/{process}/status").read_text()
    resident = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024
    threads = int(re.search(r"Threads:\s+(\d+)", status)[1])
    files = len(os.listdir(f"/proc/{process}/fd"))
    whole, log = on_disk(folder / "store"), on_disk(folder / "store", LOGS)
    disk = (on_disk(folder / "state"), whole - log, log, on_disk(folder / "archive"))
    return Sample(hour, resident, files, threads, *disk, contacts)


def on_disk(folder, endings=""):
    """MiB of disk under a folder, of all files or those with these endings. Files may come and go meanwhile."""
    whole = 0
    for where, _, names in os.walk(folder):
        for name in names:
            if not name.endswith(endings):
                continue
            try:
                whole += os.lstat(os.path.join(where, name)).st_blocks * 512
            except FileNotFoundError:
                continue
    return whole / MEGABYTE


def slope(points):
    """Of the line of least squares through (x, y)."""
    count = len(points)
    mean_x, mean_y = (sum(point[axis] for point in points) / count for axis in (0, 1))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def judged(samples):
    """Rows of a table: what, least, mean, most, growth, tolerance, and whether it is flat."""
    late = [sample for sample in samples if sample.hour >= samples[-1].hour * FIRST]
    hours = late[-1].hour - late[0].hour
    for name, (part, least) in TOLERANCES.items():
        values = [getattr(sample, name) for sample in late]
        mean = sum(values) / len(values)
        growth = slope([(sample.hour, getattr(sample, name)) for sample in late]) * hours
        most = max(part * mean, least)
        yield NAMES[name], min(values), mean, max(values), f"{growth:+.2f}", f"{most:.2f}", growth <= most
    points = [(sample.contacts, sample.store + sample.archive) for sample in late]
    each = slope(points) * 1024
    values = [point[1] for point in points]
    yield ("database and archive, MiB", min(values), sum(values) / len(values), max(values), f"{each:.2f} KiB a contact",
           f"{KIBIBYTES_A_CONTACT:.0f} KiB a contact", each <= KIBIBYTES_A_CONTACT)
    logs = [sample.log for sample in late]
    yield ("the database's log, MiB", min(logs), sum(logs) / len(logs), max(logs), "-", f"{LOG_MOST:.0f} at any time",
           max(logs) <= LOG_MOST)


def panels(samples):
    def line(name):
        return [(sample.hour, getattr(sample, name)) for sample in samples]

    # Over an hour or so: of a single sample there are few.
    apart = max(1, round(len(samples) / (samples[-1].hour or 1)))
    pairs = zip(samples, samples[apart:])
    rate = [(after.hour, (after.contacts - before.contacts) / ((after.hour - before.hour) or 1)) for before, after in pairs]
    return [
        Panel("contacts an hour", {"": rate}, linear=True),
        Panel("MiB", {"resident memory": line("resident")}, linear=True),
        Panel("", {"open files": line("files"), "threads": line("threads")}, linear=True),
        Panel("MiB of disk", {name: line(name) for name in ("store", "log", "archive", "state")}, linear=True),
    ]
