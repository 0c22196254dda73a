"""Faults of all kinds around the instrumentation, in real processes: what the host computes is what it would alone."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PRELUDE = """
import os, sys, threading, json
from diagnostics import DiagnosticLogger, diagnose_function, diagnostic_context, validate_data, log_system_state
from diagnostics.core_diagnostics import flight_recorder
"""


def run(code, folder, **options):
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code)],
        cwd=folder, capture_output=True, text=True, timeout=100, check=False, **options,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def events(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


WORK = """
@diagnose_function(logger, name="work", log_entry=True)
def work(n):
    if n % 10 == 3:
        raise ValueError(n)
    return n * n

def all_of_it():
    total = 0
    for n in range(500):
        with diagnostic_context(logger, "BLOCK", n=n):
            try:
                total += work(n)
            except ValueError as error:
                total += error.args[0]
            logger.info("step", n=n)
    return total

expected = sum(n if n % 10 == 3 else n * n for n in range(500))
assert all_of_it() == expected
"""


@pytest.mark.parametrize("sync", [False, True], ids=["queue", "sync"])
def test_a_full_disk(tmp_path, sync):
    # Every write to /dev/full fails with "no space left on device", as the kernel says it of a disk.
    done = run(f'logger = DiagnosticLogger("x", "/dev/full", sync={sync})\n' + WORK + "logger.close()", tmp_path)

    assert done.stdout == ""
    assert done.stderr.count("diagnostics_log_not_written") <= 1


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    run('logger = DiagnosticLogger("x", "file/below/log.jsonl", black_box="file/boxes")\n' + WORK, tmp_path)


@pytest.mark.parametrize("how", ["os.close(2)", "sys.stderr.close()", "sys.stderr = None"])
def test_a_closed_standard_error(tmp_path, how):
    run(f'logger = DiagnosticLogger("x", stream=sys.stderr)\n{how}\n' + WORK + "logger.flush()", tmp_path)


def test_a_reader_of_the_stream_that_went_away(tmp_path):
    run(
        """
        read, write = os.pipe()
        stream = os.fdopen(write, "w")
        logger = DiagnosticLogger("x", stream=stream)
        os.close(read)
        """
        + textwrap.indent(WORK, "        ")
        + "        logger.flush()\n        os._exit(0)\n",
        tmp_path,
    )


def test_values_that_explode_when_touched(tmp_path):
    run(
        """
        class Bomb:
            def _boom(self, *args, **kwargs):
                raise SystemError("touched")
            __repr__ = __str__ = __len__ = __iter__ = __bool__ = __eq__ = __format__ = __getattr__ = _boom
            __hash__ = None
        class Worse(Bomb):
            def __getattribute__(self, name):
                raise MemoryError("touched")
        class BadKey(str):
            def __hash__(self):
                return 1
            def __eq__(self, other):
                raise SystemError("compared")
        class BadError(Exception):
            def __str__(self):
                raise SystemError("said")
            __repr__ = __str__
        class BadMapping(dict):
            def items(self):
                raise SystemError("listed")
            __len__ = items
        logger = DiagnosticLogger("x", "log.jsonl", slow_seconds=0.0)

        @diagnose_function(logger, name="touch")
        def touch(*values, **named):
            inside = values
            raise BadError(*values)

        bombs = Bomb(), Worse(), {1: Bomb()}, [Worse()] * 50, BadMapping(a=Bomb()), type("Meta", (type,), {})("X", (), {})
        for value in bombs:
            try:
                touch(value, name=value)
            except BadError as error:
                assert error.args == (value,) or error.args[0] is value
            else:
                raise SystemExit("no error")
            diagnose_function(logger, name="give")(lambda value: value)(value)
            logger.info("with %r", value, field=value)
            with diagnostic_context(logger, "B", field=value) as block:
                block.add(more=value)
            logger.debug_context("f", {"value": value}, "step")
        logger.close()
        """,
        tmp_path,
    )

    found = events(tmp_path / "log.jsonl")
    assert sum(event["event"] == "call" and event["outcome"] == "error" for event in found) == 6
    assert sum(event["name"] == "give" for event in found if event["event"] == "call") == 6


def test_ten_megabytes_of_arguments_make_a_small_event(tmp_path):
    run(
        """
        logger = DiagnosticLogger("x", "log.jsonl", slow_seconds=0.0)

        @diagnose_function(logger, name="big")
        def big(text, raw, rows, tree, fail):
            if fail:
                raise ValueError(text)
            return text

        text, raw, rows = "x" * 10_000_000, b"y" * 10_000_000, [{"n": n, "s": "z" * 100} for n in range(100_000)]
        tree = {}
        for _ in range(5000):
            tree = {"next": tree}
        assert big(text, raw, rows, tree, False) is text
        try:
            big(text, raw, rows, tree, True)
        except ValueError as error:
            assert error.args[0] is text
        logger.close()
        """,
        tmp_path,
    )

    slow, failed = events(tmp_path / "log.jsonl")
    assert slow["arguments"]["raw"] == "<bytes of 10000000 bytes>"
    assert failed["error"]["type"] == "ValueError"
    assert (tmp_path / "log.jsonl").stat().st_size < 200_000


def test_recursion_to_the_end_of_the_stack_raises_the_host_s_own_error(tmp_path):
    run(
        """
        logger = DiagnosticLogger("x", "log.jsonl")

        @diagnose_function(logger, name="down")
        def down(n):
            return down(n + 1)

        for _ in range(20):
            try:
                down(0)
            except RecursionError as error:
                seen = set()
                while error is not None and id(error) not in seen:
                    seen.add(id(error))
                    assert type(error) is RecursionError, error
                    error = error.__context__
                assert len(seen) == 1, "ours was put in front of the host's"
            else:
                raise SystemExit("no error")
        assert diagnose_function(logger, name="after")(lambda: 5)() == 5
        logger.close()
        """,
        tmp_path,
    )

    assert events(tmp_path / "log.jsonl")[-1]["name"] == "after"


def test_forks_while_two_hundred_threads_are_at_it(tmp_path):
    done = run(
        """
        logger = DiagnosticLogger("x", "log.jsonl", black_box="boxes")

        @diagnose_function(logger, name="work")
        def work(n):
            return n

        results = []
        start = threading.Barrier(200)

        def thread(number):
            start.wait()
            with diagnostic_context(logger, "THREAD", number=number):
                results.append(sum(work(n) for n in range(100)))

        threads = [threading.Thread(target=thread, args=(number,)) for number in range(200)]
        for one in threads:
            one.start()
        children = []
        for number in range(8):
            child = os.fork()
            if not child:
                ok = sum(work(n) for n in range(50)) == 1225
                logger.info("child", number=number)
                logger.flush()
                os._exit(0 if ok else 1)
            children.append(child)
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        for one in threads:
            one.join()
        assert codes == [0] * 8, codes
        assert results == [4950] * 200
        logger.close()
        print(flight_recorder.counts()["dropped"], os.getpid())
        """,
        tmp_path,
    )

    dropped, parent = map(int, done.stdout.split())
    found = events(tmp_path / "log.jsonl")
    mine = [event for event in found if event["pid"] == parent]
    assert dropped == 0
    assert sum(event["event"] == "call" for event in mine) == 200 * 100
    assert sum(event["event"] == "block" for event in mine) == 200
    assert sum(event["event"] == "call" for event in found) == 200 * 100 + 8 * 50
    assert len({event["pid"] for event in found}) == 9


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_process_pools(tmp_path, method):
    (tmp_path / "jobs.py").write_text(
        "from diagnostics import DiagnosticLogger, diagnose_function\n"
        'logger = DiagnosticLogger("x", "log.jsonl")\n'
        '@diagnose_function(logger, name="square")\n'
        "def square(n):\n    if n == 7:\n        raise ValueError(n)\n    return n * n\n"
    )
    run(
        f"""
        import multiprocessing, concurrent.futures, jobs
        if __name__ == "__main__":
            context = multiprocessing.get_context({method!r})
            with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
                futures = [pool.submit(jobs.square, n) for n in range(20)]
                got = [future.exception() or future.result() for future in futures]
            assert got[6] == 36 and repr(got[7]) == "ValueError(7)" and got[8] == 64
        """,
        tmp_path,
        env={**__import__("os").environ, "PYTHONPATH": f"{tmp_path}:{':'.join(sys.path)}"},
    )

    found = events(tmp_path / "log.jsonl")
    assert sum(event["event"] == "call" for event in found) == 20
    assert sum(event.get("outcome") == "error" for event in found) == 1


def test_the_end_of_the_interpreter(tmp_path):
    run(
        """
        import atexit
        logger = DiagnosticLogger("x", "log.jsonl")

        @diagnose_function(logger, name="work")
        def work(n):
            return n

        class Late:
            def __del__(self):
                work("at the very end")

        keep = Late()
        atexit.register(work, "registered late, run early")
        threading.Thread(target=lambda: [work(n) for n in range(1000)]).start()
        """,
        tmp_path,
    )

    assert sum(event["name"] == "work" for event in events(tmp_path / "log.jsonl")) >= 1001
