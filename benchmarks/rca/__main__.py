"""``python -m benchmarks.rca petshop|nezha|nab FOLDER -o predictions.jsonl``; ``... score NAME FOLDER predictions.jsonl``.

``... alarms FOLDER`` counts false alarms on PetShop's fault-free windows; ``... robust FOLDER`` moves each constant by 30 %.

Predicting never opens ``labels``, ``windows`` or the injections; only ``score`` does. Each data set is one module with two functions:
``predict(folder) -> Iterator[dict]`` (one JSON object a line) and ``score(folder, predictions) -> str`` (a Markdown table).
"""

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path

SETS = ("petshop", "nezha", "nab")


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["score"]:
        parser = argparse.ArgumentParser(prog="python -m benchmarks.rca score")
        parser.add_argument("name", choices=SETS)
        parser.add_argument("folder", type=Path)
        parser.add_argument("predictions", type=Path)
        given = parser.parse_args(arguments[1:])
        lines = [json.loads(line) for line in given.predictions.read_text(encoding="utf-8").splitlines() if line]
        print(import_module(f"benchmarks.rca.{given.name}").score(given.folder, lines))
        return 0
    if arguments[:1] in (["alarms"], ["robust"]):
        parser = argparse.ArgumentParser(prog=f"python -m benchmarks.rca {arguments[0]}")
        parser.add_argument("folder", type=Path, help="of PetShop's layout")
        folder = parser.parse_args(arguments[1:]).folder
        if arguments[0] == "alarms":
            print(import_module("benchmarks.rca.petshop").alarms(folder))
        else:
            import_module("benchmarks.rca.robust").main(folder)
        return 0
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rca", description=__doc__)
    parser.add_argument("name", choices=SETS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("predictions.jsonl"))
    parser.add_argument("--find-onset", action="store_true", help="nezha: do not read which minute to look at, find it")
    given = parser.parse_args(arguments)
    options = {"find_onset": True} if given.find_onset else {}
    with given.output.open("w", encoding="utf-8") as out:
        for line in import_module(f"benchmarks.rca.{given.name}").predict(given.folder, **options):
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
            out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
