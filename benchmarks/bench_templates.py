"""Log templates: lines a second of CPU, memory, and how well lines are grouped; ours beside drain3 and logfold.

``python -m benchmarks.bench_templates [--loghub FOLDER] [--lines 512000] [--rounds 3] [--detail] [--robust] [--unseen FOLDER]``

Without LogHub's samples a Python backend's log is made up, which says something about speed and little about accuracy.
Speed: every case in a fresh interpreter, rounds interleaved, CPU time of the process on one thread. Accuracy, one
setting for all systems: GA is the share of lines whose group is exactly the true group, FGA the F1 over groups (a
group that was found is right if it equals a true one). ``--robust``: each constant of ours 30 % up and down, and chosen
on all systems but the one that is judged. Exit code 1 when a bar is missed.
"""

import argparse
import collections
import contextlib
import json
import logging
import math
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from itertools import product
from pathlib import Path

from benchmarks import loghub

#: Goals: lines a second, mean GA, worst GA, mean FGA, MiB.
BARS = {"speed": 250_000, "ga": 0.90, "worst": 0.60, "fga": 0.87, "memory": 64.0}
#: General masks for drain3, tuned to no system.
MASKS = [
    (r"(?<![0-9A-Za-z])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}(?![0-9A-Za-z])", "UUID"),
    (r"(?<![0-9A-Za-z.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?![0-9A-Za-z])", "IP"),
    (r"(?<![0-9A-Za-z])0x[0-9a-fA-F]+(?![0-9A-Za-z])", "HEX"),
    (r"(?<![0-9A-Za-z])(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{6,}(?![0-9A-Za-z])", "HEX"),
    (r"(?<![0-9A-Za-z])[+-]?\d+(?:\.\d+)?(?![0-9A-Za-z])", "NUM"),
]


def ours(lines):
    from diagnostics.log_templates import Miner

    miner = Miner()
    ids = miner.add_many(lines)
    return list(miner.grouped(ids))


def ours_learning(lines):
    from diagnostics.log_templates import Miner

    miner = Miner()
    miner.add_many(lines)
    return miner, miner.templates()


def ours_single(lines):
    from diagnostics.log_templates import Miner

    add = Miner().add
    for line in lines:
        add(line)


def drain3(lines):
    from drain3 import TemplateMiner
    from drain3.masking import MaskingInstruction
    from drain3.template_miner_config import TemplateMinerConfig

    logging.getLogger("drain3").setLevel(logging.ERROR)
    config = TemplateMinerConfig()
    config.masking_instructions = [MaskingInstruction(pattern, name) for pattern, name in MASKS]
    add = TemplateMiner(config=config).add_log_message
    return [add(line)["cluster_id"] for line in lines]


def logfold_learning(lines):
    from logfold import Miner

    miner = Miner()
    for start in range(0, len(lines), 5000):
        miner.add_many(lines[start : start + 5000])
    return miner


def logfold(lines):
    miner = logfold_learning(lines)
    found = []
    for start in range(0, len(lines), 5000):
        found += [hit and hit.id for hit in miner.match_many(lines[start : start + 5000])]
    return found


def logfold_single(lines):
    from logfold import Miner

    add = Miner().add_log_message
    for line in lines:
        add(line)


def digits(lines):
    """The trivial rule: a token with a digit is a variable."""
    return [" ".join("*" if any(map(str.isdigit, token)) else token for token in line.split(" ")) for line in lines]


SPEED = {
    "ours, templates and each line's": ours,
    "ours, templates": ours_learning,
    "ours, a line at a time": ours_single,
    "drain3 with 5 masks": drain3,
    "logfold add_many (Rust)": logfold_learning,
    "logfold a line at a time (Rust)": logfold_single,
    "a token with a digit is a variable": digits,
}
ACCURACY = {"ours": ours, "drain3 with 5 masks": drain3, "logfold": logfold, "a token with a digit": digits}


def scores(truth, found):
    """Return GA, FGA, the number of groups that were found and that there are."""
    true, groups = collections.defaultdict(list), collections.defaultdict(list)
    for index, (a, b) in enumerate(zip(truth, found, strict=True)):
        true[a].append(index)
        groups[b].append(index)
    wanted = {tuple(lines) for lines in true.values()}
    right = [lines for lines in groups.values() if tuple(lines) in wanted]
    precision, recall = len(right) / len(groups), len(right) / len(true)
    fga = 2 * precision * recall / (precision + recall) if right else 0.0
    return sum(map(len, right)) / len(truth), fga, len(groups), len(true)


def resident() -> float:
    """Return the resident memory of this process in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def child(path: Path, case: str, limit: int) -> None:
    with path.open("rb") as file:
        lines, truth = pickle.load(file)
    lines, truth = lines[:limit], truth[:limit]
    before = resident()
    start = time.process_time()
    found = SPEED[case](lines)
    seconds = time.process_time() - start
    grown = resident() - before
    result = {"lines": len(lines), "cpu": seconds, "mib": grown}
    if isinstance(found, list):
        result |= dict(zip(("ga", "fga", "groups", "true"), scores(truth, found), strict=True))
    print(json.dumps(result))


def speed(lines: list[str], truth: list[str], rounds: int, what: str) -> bool:
    short = min(32_000, len(lines))
    plan = [(case, len(lines)) for case in SPEED]
    if short < len(lines):
        plan.insert(1, ("ours, templates and each line's", short))
    results = collections.defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        path = Path(folder) / "lines"
        with path.open("wb") as file:
            pickle.dump((lines, truth), file)
        for _ in range(rounds):
            for case, limit in plan:
                command = [sys.executable, "-m", "benchmarks.bench_templates", "--child", str(path), case, str(limit)]
                environment = dict(os.environ, RAYON_NUM_THREADS="1")
                done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
                if done.returncode == 0:
                    results[case, limit].append(json.loads(done.stdout.splitlines()[-1]))
                elif "ModuleNotFoundError" not in done.stderr:
                    print(f"{case} failed: {done.stderr.strip().splitlines()[-1:]}")
    print(f"{what}; CPU, one thread, median of {rounds} round(s)\n")
    print("| case | lines | lines a second | best | memory grown, MiB | GA | FGA | groups (true) |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for case, limit in plan:
        seen = results.get((case, limit))
        if not seen:
            print(f"| {case} | not installed | | | | | | |")
            continue
        rates = [one["lines"] / one["cpu"] for one in seen]
        first = seen[0]
        grouped = (
            f"{first['ga']:.3f} | {first['fga']:.3f} | {first['groups']} ({first['true']})" if "ga" in first else "| |"
        )
        memory = statistics.median(one["mib"] for one in seen)
        print(f"| {case} | {limit} | {statistics.median(rates):,.0f} | {max(rates):,.0f} | {memory:.1f} | {grouped} |")
    print(flush=True)
    mine = statistics.median(
        one["lines"] / one["cpu"] for one in results["ours, templates and each line's", len(lines)]
    )
    at_short = [one["lines"] / one["cpu"] for one in results.get(("ours, templates and each line's", short), [])]
    steady = not at_short or mine >= 0.9 * statistics.median(at_short)
    bounded = all(one["mib"] <= BARS["memory"] for one in results["ours, templates", len(lines)])
    return mine >= BARS["speed"] and steady and bounded


def mean(values) -> float:
    return statistics.fmean(values)


def accuracy(folder: Path, detail: bool) -> bool:
    names = loghub.systems(folder)
    results = collections.defaultdict(dict)
    for name in names:
        rows = loghub.load(folder, name)
        for case, mine in ACCURACY.items():
            with contextlib.suppress(ModuleNotFoundError):
                results[case][name] = scores([row[1] for row in rows], mine([row[0] for row in rows]))
    print(f"Grouping of {len(names)} samples of 2,000 lines, one setting for all\n")
    print("| miner | mean GA | median | worst | mean FGA |\n|---|--:|--:|--:|--:|")
    for case, found in results.items():
        share = [one[0] for one in found.values()]
        worst = min(found, key=lambda name: found[name][0])
        print(
            f"| {case} | {mean(share):.3f} | {statistics.median(share):.3f} | {min(share):.3f} ({worst}) | {mean(one[1] for one in found.values()):.3f} |"
        )
    print(flush=True)
    if detail:
        print("| system | true groups | ours | " + " | ".join(f"{case}: GA / FGA" for case in results) + " |")
        print("|---|--:|--:|" + "--:|" * len(results))
        for name in names:
            cells = " | ".join(f"{found[name][0]:.3f} / {found[name][1]:.3f}" for found in results.values())
            print(f"| {name} | {results['ours'][name][3]} | {results['ours'][name][2]} | {cells} |")
        print(flush=True)
    found = results["ours"].values()
    return (
        mean(one[0] for one in found) >= BARS["ga"]
        and min(one[0] for one in found) >= BARS["worst"]
        and mean(one[1] for one in found) >= BARS["fga"]
    )


def unseen(folder: Path, templates: Path) -> None:
    """Templates that no rule of ours was written for; only to be compared with the peers on the same lines."""
    print("Templates that the samples do not hold, values from the samples: GA / FGA\n")
    print("| system | templates | lines | " + " | ".join(ACCURACY) + " |\n|---|--:|--:|" + "--:|" * len(ACCURACY))
    for path in sorted(templates.glob("*_templates.csv")):
        name = path.name.removesuffix("_templates.csv")
        if name not in loghub.systems(folder):
            continue
        lines, truth = loghub.unseen(folder, path, name)
        if len(set(truth)) < 20:
            continue
        cells = []
        for mine in ACCURACY.values():
            try:
                ga, fga, _, _ = scores(truth, mine(lines))
                cells.append(f"{ga:.3f} / {fga:.3f}")
            except ModuleNotFoundError:
                cells.append("not installed")
        print(f"| {name} | {len(set(truth))} | {len(lines)} | {' | '.join(cells)} |")
    print(flush=True)


CONSTANTS = {"MOST_WORDS": 5, "MOST_FIRST_WORDS": 20, "MOST_LIKELY_VALUES": 3, "_SHARED": 0.5}


def robust(folder: Path) -> None:
    """Each constant 30 % up and down; and the constants chosen on all systems but the one that is judged."""
    from diagnostics.log_templates import refine, shape

    data = {}
    for name in loghub.systems(folder):
        rows = loghub.load(folder, name)
        data[name] = ([row[1] for row in rows], [shape(row[0]) for row in rows])
    usual = {name: getattr(refine, name) for name in CONSTANTS}

    def judged(setting):
        for name, value in (usual | setting).items():
            setattr(refine, name, value)
        found = {}
        for name, (truth, shapes) in data.items():
            owner = refine.refine(set(shapes))
            found[name] = scores(truth, [owner[one] for one in shapes])
        for name, value in usual.items():
            setattr(refine, name, value)
        return found

    print("| constant | value | mean GA | worst | mean FGA |\n|---|--:|--:|--:|--:|")

    def row(name, value, found):
        share = [one[0] for one in found.values()]
        print(
            f"| {name} | {value} | {mean(share):.3f} | {min(share):.3f} | {mean(one[1] for one in found.values()):.3f} |"
        )

    row("as they are", "", judged({}))
    for name, value in usual.items():
        for other in (math.floor, 0.7), (math.ceil, 1.3):
            changed = round(value * other[1], 2) if name == "_SHARED" else other[0](value * other[1])
            row(name, changed, judged({name: changed}))
    grid = [
        {"MOST_WORDS": words, "MOST_FIRST_WORDS": first * words, "MOST_LIKELY_VALUES": likely}
        for words, first, likely in product((3, 4, 5, 6, 7, 8), (2, 4, 8), (2, 3, 4))
    ]
    tried = [judged(setting) for setting in grid]
    held = {}
    for name in data:
        best = max(range(len(grid)), key=lambda i: mean(tried[i][n][0] + tried[i][n][1] for n in data if n != name))
        held[name] = tried[best][name]
    row("chosen without the judged system", f"{len(grid)} settings", held)
    print(flush=True)


def peers() -> str:
    found = []
    for name in ("drain3", "logfold"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} not installed")
    return ", ".join(found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loghub", type=Path)
    parser.add_argument("--lines", type=int, default=512_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--detail", action="store_true")
    parser.add_argument("--robust", action="store_true")
    parser.add_argument("--unseen", type=Path, metavar="FOLDER", help="with NAME_templates.csv, a template a line")
    parser.add_argument("--child", nargs=3)
    given = parser.parse_args()
    if given.child:
        child(Path(given.child[0]), given.child[1], int(given.child[2]))
        return 0
    print(f"Peers: {peers()}\n")
    if given.loghub is None:
        passed = speed(*loghub.backend(given.lines), given.rounds, "A Python backend's log, made up")
        print("For accuracy give LogHub's samples: --loghub FOLDER (github.com/logpai/loghub)")
        return 0 if passed else 1
    passed = accuracy(given.loghub, given.detail)
    if given.robust:
        robust(given.loghub)
    if given.unseen:
        unseen(given.loghub, given.unseen)
    passed &= speed(
        *loghub.mixed(given.loghub, given.lines), given.rounds, f"{len(loghub.systems(given.loghub))} systems mixed"
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
