"""Charts draw the last hour, with gaps where nothing was measured, as high as all that there is."""

from dataclasses import replace

from converge.images.recipes.dashboard.dashboard.charts import HEIGHT, WIDTH, chart
from converge.images.recipes.dashboard.dashboard.usage import MEASURES, Amount, History, Sample

CPU, _, STORAGE = MEASURES
NODES = {"one": {"cpu": "1", "memory": "1Gi", "measured": "2026-11-23T21:08:00Z"}}
SAMPLE = Sample(1000.0, NODES, Amount(1, 4), Amount(1, 2))


def history(*samples):
    made = History()
    for one in samples:
        made.add(one)
    return made


def points(text):
    return [tuple(map(float, pair.split(","))) for pair in text.split()]


def test_nothing_measured_is_said():
    assert (chart(CPU, History()).words, chart(CPU, History()).lines) == ("not measured yet", ())
    assert chart(STORAGE, history(SAMPLE)).used == ""


def test_the_newest_is_at_the_right_and_a_full_one_at_the_top():
    shown = chart(CPU, history(SAMPLE, replace(SAMPLE, taken_at=1030.0, cpu=Amount(4, 4))))
    assert points(shown.lines[0])[-1] == (WIDTH, 1)
    assert points(shown.lines[0])[0][1] == HEIGHT - 1 - (HEIGHT - 2) / 4
    assert (shown.used, shown.of, shown.percent) == ("4.00", "4", 100)
    assert shown.words == "between 1.00 and 4.00 cores in the last 1 min"


def test_a_pause_is_a_gap():
    times = (1000.0, 1015.0, 1200.0, 1215.0)
    assert len(chart(CPU, history(*(replace(SAMPLE, taken_at=at) for at in times))).lines) == 2


def test_what_is_older_than_an_hour_is_forgotten():
    assert len(list(history(SAMPLE, replace(SAMPLE, taken_at=1000.0 + 3601)))) == 1


def test_the_fullest_node_is_named():
    full = replace(SAMPLE, storage=Amount(2**30, 2**31), fullest="one")
    assert (chart(STORAGE, history(full)).note, chart(STORAGE, history(full)).percent) == ("one", 50)
