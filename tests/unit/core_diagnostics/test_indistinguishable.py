"""Properties: an instrumented function cannot be told from the bare one."""

import asyncio
import functools
import inspect
import pickle
import sys
import traceback
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.core_diagnostics import DiagnosticLogger, FlightRecorder, bind_correlation_id, diagnose_function
from diagnostics.core_diagnostics.correlation import CURRENT

MODES = {
    "on": {},
    "off": {"enabled": False},
    "sampled out": {"sampling": 0.0},
    "always slow": {"slow_seconds": 0.0},
}


@pytest.fixture(autouse=True)
def outside_any_work():
    token = CURRENT.set(None)
    yield
    CURRENT.reset(token)


def decorated(function, mode="on", **options):
    return diagnose_function(DiagnosticLogger("tests", recorder=FlightRecorder(), **MODES[mode]), **options)(function)


class Unequal:
    """A value that is only itself."""

    def __eq__(self, other):
        return self is other

    __hash__ = None


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.builds(Unequal),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3) | st.tuples(inner, inner),
    max_leaves=8,
)
ERRORS = st.sampled_from([ValueError, KeyError, StopIteration, OSError, RecursionError, AssertionError, KeyboardInterrupt,
                          SystemExit, GeneratorExit, asyncio.CancelledError, BaseException, ExceptionGroup])  # fmt: skip
MODE = st.sampled_from(list(MODES))
BOUND = st.booleans()


def made(kind):
    return kind("many", [ValueError(1)]) if kind is ExceptionGroup else kind("why")


def outcome(call):
    """Return what came of a call, the identity of an error and the tail of its traceback included."""
    try:
        return "value", call()
    except BaseException as error:
        frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        return "error", id(error), type(error), error.args, frames[-1], error.__cause__, error.__suppress_context__


@given(MODE, BOUND, st.lists(VALUES, max_size=3), st.dictionaries(st.sampled_from("xyz"), VALUES, max_size=3))
def test_arguments_and_results_pass_as_they_are(mode, bound, args, kwargs):
    seen = []

    def function(*args, **kwargs):
        seen.append((args, kwargs))
        return args, kwargs

    call = decorated(function, mode)
    if bound:
        with bind_correlation_id("work"):
            result = call(*args, **kwargs)
    else:
        result = call(*args, **kwargs)

    assert all(got is given for got, given in zip(result[0], args, strict=True))
    assert all(result[1][name] is value for name, value in kwargs.items())
    assert len(seen) == 1
    assert CURRENT.get() is None


@given(MODE, BOUND, ERRORS, st.booleans())
def test_the_very_same_error_passes_with_its_causes_and_its_tail(mode, bound, kind, asynchronous):
    error = made(kind)
    cause = LookupError("before")

    def plain():
        raise error from cause

    async def coroutine():
        raise error from cause

    def run(function):
        if not asynchronous:
            return function()
        try:
            function().send(None)
        finally:
            pass
        return None

    function = coroutine if asynchronous else plain
    if asynchronous and kind is StopIteration:
        return  # Python itself makes a RuntimeError of it
    bare = outcome(lambda: run(function))
    error.__traceback__ = None
    binding = bind_correlation_id("work") if bound else None
    seen = outcome(lambda: run(decorated(function, mode)))
    if binding:
        binding.release()

    assert seen == bare
    assert error.__context__ is cause or error.__context__ is None
    assert vars(error) == {}


def sync_generator():
    got = yield 1
    try:
        got = yield got
    except KeyError as error:
        yield error.args
    try:
        yield "last"
    finally:
        pass
    return "done"


def stubborn():
    for number in range(2):
        try:
            yield number
        except GeneratorExit:
            yield "no"


async def async_gen():
    got = yield 1
    try:
        got = yield got
    except KeyError as error:
        yield error.args
    yield "last"


STEPS = st.lists(st.sampled_from(["next", "send", "throw", "throw-stop", "throw-exit", "close", "state"]), max_size=10)


@given(MODE, STEPS, st.sampled_from([sync_generator, stubborn]), st.booleans())
def test_generators_keep_to_the_protocol(mode, steps, function, entry):
    def drive(generator):
        said = []
        for number, step in enumerate(steps):
            try:
                if step == "next":
                    said.append(next(generator))
                elif step == "send":
                    said.append(generator.send(number if said else None))
                elif step == "throw":
                    said.append(generator.throw(KeyError(number)))
                elif step == "throw-stop":
                    said.append(generator.throw(StopIteration(number)))
                elif step == "throw-exit":
                    said.append(generator.throw(GeneratorExit()))
                elif step == "close":
                    said.append(generator.close())
                else:
                    said.append(inspect.getgeneratorstate(generator))
            except BaseException as error:
                said.append((type(error), error.args, getattr(error, "value", None)))
        for _ in range(3):
            try:
                generator.close()
            except RuntimeError as error:
                said.append(error.args)
        return said

    assert drive(decorated(function, mode, log_entry=entry)()) == drive(function())


@given(MODE, STEPS, st.booleans())
def test_async_generators_keep_to_the_protocol(mode, steps, entry):
    async def drive(generator):
        said = []
        for number, step in enumerate(steps):
            try:
                if step == "next":
                    said.append(await anext(generator))
                elif step == "send":
                    said.append(await generator.asend(number if said else None))
                elif step in ("throw", "throw-stop"):
                    said.append(await generator.athrow(KeyError(number)))
                elif step == "throw-exit":
                    said.append(await generator.athrow(GeneratorExit()))
                elif step == "close":
                    said.append(await generator.aclose())
            except BaseException as error:
                said.append((type(error), error.args))
        await generator.aclose()
        return said

    assert asyncio.run(drive(decorated(async_gen, mode, log_entry=entry)())) == asyncio.run(drive(async_gen()))


def module_level(number: int, /, text: str = "x", *rest: float, flag: bool = False, **more: object) -> list[str]:
    """Say it."""
    return [text] * number


module_level.tag = "kept"
bare_module_level = module_level
module_level = decorated(module_level)


async def module_coroutine(number: int) -> int:
    return number + 1


bare_module_coroutine = module_coroutine
module_coroutine = decorated(module_coroutine)


@pytest.mark.parametrize(
    ("ours", "bare"), [(module_level, bare_module_level), (module_coroutine, bare_module_coroutine)]
)
def test_inspect_sees_the_same(ours, bare):
    assert inspect.signature(ours) == inspect.signature(bare)
    assert typing.get_type_hints(ours) == typing.get_type_hints(bare)
    assert inspect.unwrap(ours) is bare
    assert inspect.getsource(ours) == inspect.getsource(bare)
    assert inspect.getfile(inspect.unwrap(ours)) == inspect.getfile(bare)
    for name in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__", "__type_params__"):
        assert getattr(ours, name, None) == getattr(bare, name, None)
    for ask in (inspect.isfunction, inspect.isroutine, inspect.iscoroutinefunction, inspect.isgeneratorfunction,
                inspect.isasyncgenfunction, asyncio.iscoroutinefunction, callable):  # fmt: skip
        assert ask(ours) == ask(bare)
    assert getattr(ours, "tag", None) == getattr(bare, "tag", None)


def test_it_pickles_by_name_and_comes_back_as_itself():
    sys.modules.setdefault(module_level.__module__, sys.modules[__name__])

    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(module_level, protocol)) is module_level


@pytest.mark.parametrize("mode", MODES)
def test_awaiting_gives_the_same_and_an_unawaited_coroutine_warns_the_same(mode):
    ours = decorated(bare_module_coroutine, mode)

    waiting = ours(1)
    assert inspect.iscoroutine(waiting)
    assert inspect.isawaitable(waiting)
    assert inspect.getcoroutinestate(waiting) == inspect.CORO_CREATED
    assert asyncio.run(asyncio.wait_for(waiting, 5)) == 2
    with pytest.warns(RuntimeWarning, match="was never awaited"):
        ours(1)


@pytest.mark.parametrize("mode", MODES)
def test_every_kind_of_method_and_property(mode):
    logger = DiagnosticLogger("tests", recorder=FlightRecorder(), **MODES[mode])
    ours = diagnose_function(logger)

    class Base:
        def __init__(self):
            self.stored = 1

        @ours
        def method(self):
            return "base", self

        @ours
        @classmethod
        def of_class(cls):
            return cls

        @classmethod
        @ours
        def of_class_inside(cls):
            return cls

        @ours
        @staticmethod
        def static(value):
            return value

        @ours
        @property
        def both(self):
            """Doc."""
            return self.stored

        @both.setter
        def both(self, value):
            self.stored = value

        @ours
        @functools.cached_property
        def once(self):
            return object()

        @ours
        @functools.lru_cache  # noqa: B019 - what is tested is that its methods are kept
        def cached(self):
            return object()

    class Derived(Base):
        def method(self):
            return "derived", super().method()

    item = Derived()
    assert item.method() == ("derived", ("base", item))
    assert Derived.of_class() is Derived is Derived.of_class_inside()
    assert Base.static(3) == 3
    assert (item.both, Base.both.__doc__) == (1, "Doc.")
    item.both = 2
    assert item.both == 2
    assert item.once is item.once
    assert item.cached() is item.cached()
    assert Base.cached.cache_info().hits == 1
    assert inspect.ismethod(item.method)
    assert inspect.signature(Base.method).parameters.keys() == {"self"}


def test_abstract_methods_stay_abstract():
    import abc

    class Port(abc.ABC):
        @decorated
        @abc.abstractmethod
        def send(self): ...

    with pytest.raises(TypeError, match="abstract"):
        Port()


@given(st.integers(0, 120))
def test_recursion_counts_and_unwinds(depth):
    logger = DiagnosticLogger("tests", recorder=FlightRecorder())

    @diagnose_function(logger, name="down")
    def down(left):
        return 0 if not left else 1 + down(left - 1)

    assert down(depth) == depth
    assert logger.recorder.total("down").count == depth + 1
