"""Times whole processes: wall, CPU and peak memory as the operating system accounts for them."""
import os
import statistics
import subprocess
import time


class Sample:
    """One finished process."""

    def __init__(self, wall, usage):
        self.wall = wall
        self.cpu = usage.ru_utime + usage.ru_stime
        self.rss = usage.ru_maxrss / 1024  # MiB


def run_once(command, sync=None):
    """Runs one process to its end; `sync` names a file whose fsync belongs to the time."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if sync is not None:
        descriptor = os.open(sync, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    wall = time.perf_counter() - begin
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {process.returncode}\n{error.decode()}")
    return Sample(wall, usage)


class Series:
    """The samples of one command."""

    def __init__(self, samples):
        self.samples = samples

    def median(self, what="wall"):
        return statistics.median(getattr(sample, what) for sample in self.samples)

    def peak(self):
        return max(sample.rss for sample in self.samples)

    def report(self):
        walls = [sample.wall for sample in self.samples]
        return {"wall_median_s": round(self.median(), 4), "wall_min_s": round(min(walls), 4),
                "wall_max_s": round(max(walls), 4), "cpu_median_s": round(self.median("cpu"), 4),
                "peak_rss_mib": round(self.peak(), 1), "runs": len(walls)}


def interleaved(commands, runs):
    """{name: command} run in turn, A B C A B C …, after one run of each that is not counted."""
    samples = {name: [] for name in commands}
    for round_number in range(runs + 1):
        for name, command in commands.items():
            sample = run_once(command)
            if round_number > 0:
                samples[name].append(sample)
    return {name: Series(found) for name, found in samples.items()}


def ratio(one, other, less_one=0.0, less_other=0.0):
    """Median over the pairs of samples of wall/wall, each less its start-up."""
    return statistics.median(
        (a.wall - less_one) / (b.wall - less_other) for a, b in zip(one.samples, other.samples))


def warm(path):
    """Reads a file once, so that every program finds it in the page cache."""
    with open(path, "rb", buffering=0) as file:
        buffer = bytearray(1 << 22)
        while file.readinto(buffer):
            pass
