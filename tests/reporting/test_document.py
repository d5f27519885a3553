"""The living document and the folder that it stands in."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from counting import calls

from converge.reporting import reports
from converge.reporting.document import as_html, clock, duration, verdict
from converge.reporting.history import History
from converge.reporting.results import Results, ScenarioOutcome

VOID = {"meta", "img", "input", "link", "br"}


class Page(HTMLParser):
    """Checks that elements nest, and keeps what they refer to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs) -> None:
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found[name] for name in ("href", "src", "srcset", "action") if name in found]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def page(make_run) -> Page:
    run = make_run()
    return Page(as_html(run, History().with_run(run)))


def test_elements_nest_and_names_are_unique(page: Page) -> None:
    assert len(page.ids) == len(set(page.ids))


def test_every_link_leads_to_a_place_in_the_document(page: Page) -> None:
    inside = {link[1:] for link in page.links if link.startswith("#")}
    assert inside <= set(page.ids)


def test_nothing_is_asked_of_anyone_else(page: Page) -> None:
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in page.links)


def test_a_run_of_nothing_makes_a_document_too() -> None:
    Page(as_html(Results(0, 0), History()))


def test_the_verdict_is_one_sentence(make_run) -> None:
    good, bad = make_run(is_bad=False), make_run()
    assert verdict(good) == "All 80 scenarios passed."
    assert verdict(bad) == "harbor did not converge, 1 of 80 scenarios failed, 16 are blocked, 8 are unavailable here."
    assert verdict(replace(good, selected=81)) == "1 did not run."
    assert verdict(Results(0, 0)) == "No scenario ran."
    assert verdict(replace(good, scenarios=good.scenarios[:1], selected=1)) == "The one scenario passed."


def test_times_are_said_as_people_say_them() -> None:
    assert [duration(seconds) for seconds in (0, 0.04, 0.9999, 1.26, 59.96, 75, 3700)] == [
        "0 ms",
        "40 ms",
        "1.0 s",
        "1.3 s",
        "1 min 00 s",
        "1 min 15 s",
        "1 h 01 min",
    ]
    assert [clock(seconds) for seconds in (0, 75, 3725)] == ["0:00", "1:15", "1:02:05"]


def test_work_grows_no_faster_than_the_scenarios(make_run, tmp_path) -> None:
    reports.write(make_run(), tmp_path)  # what is imported and compiled once
    once, twice = make_run(1), make_run(2)
    few, many = calls(lambda: reports.write(once, tmp_path / "once")), calls(lambda: reports.write(twice, tmp_path / "twice"))
    assert many / few < 1.2 * len(twice.scenarios) / len(once.scenarios)


def test_all_reports_stand_in_one_folder_and_the_history_grows(make_run, tmp_path) -> None:
    reports.write(make_run(is_bad=False), tmp_path / "new")
    paths = reports.write(make_run(), tmp_path / "new")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == sorted(path.name for path in paths)
    page = paths[0].read_text(encoding="utf-8")
    assert "The last 2 runs" in page
    assert "passed before" in page


def test_what_is_unavailable_says_its_reason_once(make_run) -> None:
    run = make_run()
    attention = as_html(run, History()).partition('id="attention"')[2].partition("</section>")[0]
    assert attention.count("no node of this inventory has an NVIDIA GPU") == 1
    assert sum(scenario.outcome is ScenarioOutcome.UNAVAILABLE for scenario in run.scenarios) == 8


def test_what_was_broken_on_purpose_is_counted_and_a_broken_promise_is_a_word(make_run) -> None:
    text = as_html(make_run(), History())
    assert "1 of 2 kept their promise." in text
    assert "1 of 1 turned the right scenario red, for the right reason." in text
    assert '<b class="word failed" aria-hidden="true">broken</b>' in text


def test_where_nothing_was_broken_the_command_that_does_it_is_named(make_run) -> None:
    text = as_html(replace(make_run(), faults=(), mutations=()), History())
    assert [text.count(f"<code>{command}</code> does") for command in ("make faults", "make mutations")] == [1, 1]


def test_images_have_their_makers_name_and_the_nodes_name(make_run) -> None:
    text = as_html(make_run(), History())
    assert "quay.io/minio/minio:1.2.3" in text
    assert "thinkube.local/minio:5f1c0a2b3c4d5e6f" in text


def test_a_component_that_failed_has_its_whole_diagnosis(make_run) -> None:
    run = make_run()
    components = tuple(replace(each, diagnosis='{"pod": "harbor-core-0"}') if each.result == "failed" else each for each in run.components)
    text = as_html(replace(run, components=components), History())
    assert text.count("<summary>Diagnosis</summary><pre>{&#34;pod&#34;: &#34;harbor-core-0&#34;}</pre>") == 1
