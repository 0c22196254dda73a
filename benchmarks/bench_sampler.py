"""What one sample of host and own process costs: ours beside psutil and bare reads of /proc.

``python -m benchmarks sampler [--rounds 3] [--seconds 20]``

*hot*: CPU ms a sample, back to back, each case alone in a fresh interpreter, rounds interleaved; the median.
*1 Hz*: CPU ms a sample and CPU % of one core at one sample a second, all cases side by side in interpreters of their own,
so that a slow phase of the machine hits all alike. *own MiB*: what the sampler, its code and its history hold after an hour
of samples (tracemalloc), in an interpreter that has the parts of the standard library already that every web service has;
*resident MiB*: growth of the resident memory by the same, in which Python's allocator takes and keeps whole megabytes. Judged by ratios to psutil in the same run, which had 0.90 ms (all fields) and 17 ms (with all
processes) when the bars of 0.45 and 3.5 ms were set. Exit code 1 when a bar is missed.
"""

import argparse
import asyncio  # noqa: F401
import dataclasses  # noqa: F401 - every service has these loaded
import datetime  # noqa: F401
import gc
import http.client  # noqa: F401
import ipaddress  # noqa: F401
import json
import logging  # noqa: F401
import os
import pathlib  # noqa: F401
import resource
import socket  # noqa: F401
import statistics
import subprocess
import sys
import threading  # noqa: F401
import time
import typing  # noqa: F401
import urllib.parse  # noqa: F401

BAR_FULL, BAR_ALL = 0.45 / 0.90, 3.5 / 17.0
BAR_MS, BAR_ALL_MS, BAR_PERCENT, BAR_MIB = 0.45, 3.5, 0.05, 1.0


def psutil_full():
    import psutil

    process = psutil.Process()

    def sample():
        with process.oneshot():
            own = (process.cpu_times(), process.memory_info(), process.num_threads(), process.num_ctx_switches())
        return (
            psutil.cpu_times(percpu=True), psutil.cpu_percent(None), psutil.getloadavg(), psutil.cpu_stats(),
            psutil.virtual_memory(), psutil.swap_memory(), psutil.disk_io_counters(perdisk=True), psutil.disk_usage("/"),
            psutil.net_io_counters(pernic=True), own, process.threads(), process.num_fds(),
        )  # fmt: skip

    return sample


def psutil_all():
    import psutil

    full = psutil_full()
    fields = ["pid", "name", "status", "cpu_times", "memory_info", "num_threads"]
    return lambda: (full(), [process.info for process in psutil.process_iter(fields)])


def psutil_basic():
    import psutil

    return lambda: (
        psutil.cpu_percent(None),
        psutil.virtual_memory(),
        psutil.disk_io_counters(),
        psutil.net_io_counters(),
    )


def reads_only():
    names = ("stat", "meminfo", "vmstat", "diskstats", "net/dev", "self/statm")
    names += ("pressure/cpu", "pressure/memory", "pressure/io")
    files = [os.open("/proc/" + name, os.O_RDONLY) for name in names if os.path.exists("/proc/" + name)]
    return lambda: [os.pread(file, 1 << 16, 0) for file in files]


def ours():
    from diagnostics.system_monitor.host import SystemMonitor

    return SystemMonitor().sample


def ours_complete():
    sample = ours()
    return lambda: sample(complete=True)


def ours_all():
    sample = ours()
    return lambda: sample(processes=True)


CASES = {
    "ours": ours,
    "ours, TCP and control group each time": ours_complete,
    "ours with all processes": ours_all,
    "psutil, all fields": psutil_full,
    "psutil, all fields, with all processes": psutil_all,
    "psutil, CPU, memory, disk, network only": psutil_basic,
    "bare reads of the same files, nothing parsed": reads_only,
}


def resident() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def hot(name: str) -> dict:
    before = resident()
    sample = CASES[name]()
    times = []
    end = time.monotonic() + 3.0
    count = 0
    # An hour of samples at most: then the history is full and memory has to stand still.
    while count < 3_700 and (time.monotonic() < end or name == "ours"):
        began = time.thread_time_ns()
        sample()
        times.append((time.thread_time_ns() - began) / 1e6)
        count += 1
    return {"hot": statistics.median(times), "mib": resident() - before}


def memory(name: str) -> dict:
    import tracemalloc

    tracemalloc.start()
    sample = CASES[name]()
    for _ in range(3_700 if name == "ours" else 200):
        sample()
    gc.collect()
    return {"own": tracemalloc.get_traced_memory()[0] / 2**20}


def cold(name: str, seconds: int) -> dict:
    sample = CASES[name]()
    for _ in range(3):
        sample()
    times, began, cpu = [], time.monotonic(), time.process_time()
    for number in range(seconds):
        time.sleep(max(0.0, began + number + 1 - time.monotonic()))
        start = time.thread_time_ns()
        sample()
        times.append((time.thread_time_ns() - start) / 1e6)
    return {"cold": statistics.median(times), "percent": 100 * (time.process_time() - cpu) / (time.monotonic() - began)}


def start(kind: str, name: str, seconds: int = 0) -> subprocess.Popen:
    argv = [
        sys.executable,
        "-m",
        "benchmarks.bench_sampler",
        "--child",
        kind,
        "--case",
        name,
        "--seconds",
        str(seconds),
    ]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)


def result(child: subprocess.Popen) -> dict:
    text, _ = child.communicate()
    if child.returncode:
        raise RuntimeError(f"the child ended with {child.returncode}")
    return json.loads(text.splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--child", choices=["hot", "cold", "memory"])
    parser.add_argument("--case")
    given = parser.parse_args()
    if given.child:
        measured = {"hot": hot, "memory": memory, "cold": lambda name: cold(name, given.seconds)}[given.child](
            given.case
        )
        print(json.dumps(measured))
        return 0
    found: dict[str, list[dict]] = {name: [] for name in CASES}
    for number in range(given.rounds):
        for name in CASES if number % 2 else reversed(CASES):
            found[name].append(result(start("hot", name)) | result(start("memory", name)))
        children = {name: start("cold", name, given.seconds) for name in CASES}
        for name, child in children.items():
            found[name][-1] |= result(child)
    middle = {
        name: {key: statistics.median(each[key] for each in rounds) for key in ("hot", "cold", "percent", "mib", "own")}
        for name, rounds in found.items()
    }
    processes = sum(name.isdigit() for name in os.listdir("/proc"))
    print(f"{processes} processes, {given.rounds} rounds, {given.seconds} s at 1 Hz each.\n")
    print("| sampler | CPU ms hot | CPU ms at 1 Hz (rounds) | CPU % at 1 Hz | own MiB | resident MiB |")
    print("|---|--:|--:|--:|--:|--:|")
    for name, each in middle.items():
        rounds = ", ".join(f"{one['cold']:.2f}" for one in found[name])
        print(
            f"| {name} | {each['hot']:.3f} | {each['cold']:.3f} ({rounds}) | {each['percent']:.3f} | {each['own']:.2f} | {each['mib']:.1f} |"
        )

    def ratio(one: str, other: str, key: str) -> float:
        return middle[one][key] / middle[other][key]

    full = ratio("ours", "psutil, all fields", "cold")
    every = ratio("ours with all processes", "psutil, all fields, with all processes", "cold")
    own = middle["ours"]
    print(
        f"\nAt 1 Hz: {full:.2f} of psutil (bar {BAR_FULL:.2f}), with all processes {every:.2f} (bar {BAR_ALL:.2f}); ",
        end="",
    )
    print(f"{own['cold']:.3f} ms (bar {BAR_MS}), {own['percent']:.3f} % (bar {BAR_PERCENT}), ", end="")
    print(
        f"{middle['ours with all processes']['cold']:.2f} ms with all (bar {BAR_ALL_MS}), {own['own']:.2f} MiB (bar {BAR_MIB})."
    )
    kept = full <= BAR_FULL and every <= BAR_ALL and own["own"] <= BAR_MIB
    print(f"Bars by ratio and memory: {'kept' if kept else 'MISSED'}.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
