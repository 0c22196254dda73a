"""Numbers as people read them, and figures."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.reports import charts, formats
from diagnostics.texts.report import labels


def plain(text):
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (38.2, "s", "38.2 s"),
        (0.00021, "s", "210 µs"),
        (0.0421, "s", "42.1 ms"),
        (131.4, "s", "2 min 11 s"),
        (7200, "s", "2 h"),
        (200_000, "s", "2 d 7 h"),
        (0, "s", "0 s"),
        (-5, "s", "−5 s"),
        (5.2e9, "By", "4.84 GiB"),
        (512, "By", "512 B"),
        (2048, "By/s", "2 KiB/s"),
        (0.31, "1", "31 %"),
        (1.0, "1", "100 %"),
        (0.9999, "1", "> 99.9 %"),
        (0.0004, "1", "< 0.1 %"),
        (5.3, "1", "5.3"),
        (1204, "{count}", "1 204"),
        (12.5, "1/s", "12.5/s"),
        (1, "{bool}", "yes"),
        (0, "{bool}", "no"),
        (True, "", "yes"),
        (1764054000, "{unix_s}", "2025-11-25 07:00:00"),
        (5400, "ms", "5.4 s"),
        (42, "%", "42 %"),
        (3, "widgets", "3 widgets"),
        (None, "s", "–"),
        ("text", "s", "text"),
        (float("nan"), "s", "–"),
        (1e300, "", "1.00e+300"),
    ],
)
def test_a_measurement_is_said_in_the_unit_that_fits(value, unit, said):
    assert plain(formats.measured(value, unit)) == said


UNITS = ["", "s", "By", "1", "{count}", "{bool}", "{unix_s}", "ms", "%", "1/s"]


@given(st.floats() | st.integers() | st.just(10**400), st.sampled_from(UNITS))
def test_any_number_can_be_said(value, unit):
    assert formats.measured(value, unit)


@given(st.floats(1e-5, 1e14))
def test_a_number_is_said_to_three_digits(value):
    said = float(formats.number(value).replace("\u202f", ""))

    assert math.isclose(said, value, rel_tol=0.006)


@pytest.mark.parametrize("value", ["yesterday", "", "2025-13-45", None, True, float("inf"), 10**30, []])
def test_what_is_no_moment_is_none(value):
    assert formats.parsed_moment(value) is None


def test_moments_are_shown_in_utc():
    assert formats.moment("2025-11-25T10:00:00+03:00") == "2025-11-25 07:00:00"
    assert formats.moment("2025-11-25T07:00:00") == "2025-11-25 07:00:00"
    assert formats.moment("soon") == "soon"


def test_bars_are_drawn_to_one_scale_and_say_whether_it_got_better():
    drawn = {
        bar.key: bar
        for bar in charts.bars(
            {
                "before_fix": {
                    "error_rate": 0.3,
                    "avg_response_time": 5400,
                    "throughput": 20,
                    "p95_ms": 100,
                    "x": "?",
                },
                "after_fix": {"error_rate": 0.02, "avg_response_time": 890, "throughput": 50, "p95_ms": 101, "y": 3},
            },
            labels("en"),
        )
    }

    assert (drawn["error_rate"].before_width, drawn["error_rate"].after_width) == (100.0, 6.67)
    assert [drawn[k].direction for k in ("error_rate", "avg_response_time", "throughput", "p95_ms")] == [
        "better",
        "better",
        "better",
        "same",
    ]
    assert plain(drawn["error_rate"].change) == "−93 %"
    assert plain(drawn["throughput"].change) == "× 2.5"
    assert plain(drawn["avg_response_time"].before) == "5.4 s"
    assert drawn["y"].before == "–"
    assert "x" not in drawn


def test_what_is_higher_than_before_can_be_worse():
    bar = charts.bars({"before_fix": {"error_rate": 0.1}, "after_fix": {"error_rate": 0.2}}, labels("en"))[0]

    assert bar.direction == "worse"


def test_a_line_keeps_its_peaks_when_it_is_thinned():
    points = [[i, 0.0] for i in range(50_000)]
    points[31_234][1] = 9.0

    line = charts.line({"name": "n", "unit": "s", "points": points})

    assert len(line.path) < 20_000
    assert ",0.0" in line.path  # the peak touches the top
    assert line.count == 50_000
    assert len(line.rows) <= charts.MAX_ROWS + 1


def test_markers_lie_within_the_series():
    line = charts.line(
        {"name": "n", "points": [[0, 1], [10, 2]], "markers": [{"at": 5, "what": "half"}, [99, "outside"], "junk"]}
    )

    assert [(m.left, m.text, m.number) for m in line.markers] == [(50.0, "half", 1)]


@pytest.mark.parametrize("points", [None, [], [[1, 2]], [[1, float("nan")], [2, None]], "text", [[1], [2, 3, 4]]])
def test_fewer_than_two_points_are_no_line(points):
    assert charts.line({"name": "n", "points": points}) is None


@given(st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)), min_size=2, max_size=30))
def test_a_line_stays_within_its_frame(points):
    line = charts.line({"name": "n", "points": [list(p) for p in points]})

    places = [tuple(map(float, p.split(","))) for p in line.path[1:].split(" L")]
    assert all(-0.1 <= x <= charts.WIDTH + 0.1 and -0.1 <= y <= charts.HEIGHT + 0.1 for x, y in places)
