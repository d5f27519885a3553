"""A plan as text: in lines that fit, with both ends of what is long, grouped by component."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from converge.components.terms import Remark
from converge.engine.plan import Plan, PlannedChange, PlannedField, Plans, Unknown
from converge.reporting.plan import LONGEST_DIFF, rows
from converge.shortening import cut

COREFILE = "\n".join(f"line {number}" for number in range(30))


def change(action: str = "change", *fields: PlannedField, reason: str = "", kind: str = "Deployment", name: str = "web") -> PlannedChange:
    return PlannedChange(action, kind, name, "" if kind == "setting" else "web", reason=reason, fields=fields)


def text(*plans: Plan, width: int = 80) -> list[str]:
    return [row.text for row in rows(Plans(plans), width)]


def fields(*found: PlannedField, action: str = "change", width: int = 80) -> list[str]:
    return text(Plan("web", (change(action, *found),)), width=width)[2:-1]


def test_every_action_has_its_sign_and_colour() -> None:
    reasons = {
        "recreate": "spec.selector cannot change in place",
        "prune": "no longer wanted",
        "conflict": "it was made by helm",
    }
    actions = ("create", "change", "recreate", "prune", "conflict")
    plan = Plan("web", tuple(change(action, reason=reasons.get(action, "")) for action in actions), (Unknown("bucket a", "no answer"),))
    assert [tuple(row) for row in rows(Plans((plan,)), 80)] == [
        ("web", "bold"),
        ("  + create Deployment web/web", "green"),
        ("  ~ change Deployment web/web", "yellow"),
        ("  ± recreate Deployment web/web: spec.selector cannot change in place", "yellow"),
        ("  - prune Deployment web/web: no longer wanted", "red"),
        ("  ! conflict Deployment web/web: it was made by helm", "red"),
        ("  ? not known: bucket a: no answer", "cyan"),
        ("1 to create, 1 to change, 1 to recreate, 1 to prune, 1 in conflict, 1 not known;", "bold"),
        ("  nothing was written", "bold"),
    ]


def test_what_is_as_wanted_takes_one_line() -> None:
    assert text(Plan("storage"), Plan("web"), Plan("dns")) == ["as wanted: storage, web, dns", "nothing to do"]


def test_components_with_changes_come_in_their_order_and_the_others_after_them() -> None:
    found = text(Plan("storage"), Plan("web", (change("create"),)), Plan("data", (change("create", kind="setting", name="bucket a"),)))
    assert found == [
        "web",
        "  + create Deployment web/web",
        "data",
        "  + create bucket a",
        "as wanted: storage",
        "2 to create; nothing was written",
    ]


def test_what_somebody_did_on_purpose_is_said_with_what_undoes_it_in_a_line_of_its_own() -> None:
    remark = Remark(
        "Node local-worker-1", "is cordoned since 2026-11-26 12:03 UTC (by kubectl): it takes no new pods", "kubectl uncordon x"
    )
    assert text(Plan("worker-nodes", remarks=(remark,))) == [
        "as wanted: worker-nodes",
        "left as it is: Node local-worker-1 is cordoned since 2026-11-26 12:03 UTC (by",
        "  kubectl): it takes no new pods",
        "  kubectl uncordon x",
        "nothing to do",
    ]


def test_what_fits_stands_in_one_line() -> None:
    field = PlannedField("spec.replicas", 1, 5, "kubectl", "2026-11-24T00:00:00Z")
    assert fields(field) == ["      spec.replicas: 5 → 1, written by kubectl at 2026-11-24T00:00:00Z"]


def test_a_conflict_says_which_value_is_whose() -> None:
    assert fields(PlannedField("spec.replicas", 1, 5, "autoscaler"), action="conflict") == [
        "      spec.replicas: wanted 1, seen 5, written by autoscaler"
    ]


def test_what_does_not_fit_is_cut_in_the_middle() -> None:
    long = [f"https://{name}.thinkube.test/callback" for name in ("minio", "ingress-dashboard", "headlamp")]
    found = fields(PlannedField("redirectUris", long, [*long, "https://evil.example/*"], "admin"))
    assert found[0] == "      redirectUris, written by admin"
    assert found[1].startswith('        - ["https://minio')
    assert found[1].endswith('evil.example/*"]')
    assert found[2].startswith('        + ["https://minio')
    assert found[2].endswith('test/callback"]')
    assert all("…" in line and len(line) == 80 for line in found[1:])


def test_what_is_absent_takes_no_line() -> None:
    long = "https://ingress-dashboard.thinkube.test/oauth2/callback"
    assert fields(PlannedField("args[1]", long), PlannedField("args[2]", None, long)) == [
        "      args[1]",
        f"        + {long}",
        "      args[2]",
        f"        - {long}",
    ]


def test_a_long_path_is_broken_between_its_parts() -> None:
    path = 'spec.template.spec.containers[name="minio"].env[name="MINIO_BROWSER_REDIRECT_URL"].value'
    assert fields(PlannedField(path, 1, 2)) == [
        '      spec.template.spec.containers[name="minio"]',
        '        .env[name="MINIO_BROWSER_REDIRECT_URL"].value: 2 → 1',
    ]


def test_what_differs_only_in_its_middle_shows_that() -> None:
    seen, wanted = ("a" * 100 + middle + "b" * 100 for middle in ("RED", "BLUE"))
    found = fields(PlannedField("text", wanted, seen))
    assert "RED" in found[1]
    assert "BLUE" in found[2]
    assert all(len(line) <= 80 for line in found)


def test_of_texts_of_many_lines_the_lines_that_differ_are_shown() -> None:
    assert fields(PlannedField("data.Corefile", COREFILE, COREFILE.replace("line 12\n", "line twelve\n"))) == [
        "      data.Corefile",
        "          line 11",
        "        - line twelve",
        "        + line 12",
        "          line 13",
    ]


def test_of_those_no_more_than_a_screen() -> None:
    found = fields(PlannedField("data.Corefile", "\n".join(map(str, range(200))), "\n"))
    assert len(found) == LONGEST_DIFF + 2
    assert found[-1].endswith("lines more")


def test_of_a_secret_only_that_it_changes() -> None:
    assert fields(PlannedField("data.password", secret="changed"), PlannedField("data.user", secret="unchanged")) == [
        "      data.password: changed",
        "      data.user: unchanged",
    ]


def test_what_is_unknown_for_one_reason_is_told_together() -> None:
    plan = Plan("web", (), tuple(Unknown(f"bucket number {number}", "cluster local: not running", "control-node") for number in range(5)))
    assert text(plan)[1:] == [
        "  ? known once control-node is there: bucket number 0, bucket number 1, bucket",
        "      number 2, bucket number 3, bucket number 4",
        "5 not known; nothing was written",
    ]


def test_a_cut_text_keeps_both_ends() -> None:
    assert cut("abcdefghij", 10) == "abcdefghij"
    assert cut("abcdefghij", 5) == "ab…ij"


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text()), st.dictionaries(st.text(), st.text()))


@given(VALUES, VALUES, st.text(max_size=60), st.integers(40, 200))
def test_no_line_is_longer_than_the_terminal(wanted: object, seen: object, manager: str, width: int) -> None:
    plan = Plan("web", (change("change", PlannedField("spec.some.long.field.name", wanted, seen, manager), reason=manager),))
    found = text(plan, width=width)
    assert max(map(len, found)) <= width
    assert all("\n" not in line for line in found)


LONG = st.text(st.characters(codec="ascii", categories=("L", "N", "P")), max_size=30)


@given(st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=60, max_size=200), LONG, LONG)
def test_a_plan_never_shows_two_values_that_differ_as_one(same: str, one: str, other: str) -> None:
    seen, wanted = f"{same}{one}{same}", f"{same}{other}{same}"
    shown = [line.strip()[2:] for line in fields(PlannedField("rule", wanted, seen)) if line.strip()[:2] in ("- ", "+ ")]
    assert len(shown) == 2
    assert (shown[0] != shown[1]) is (one != other)


@given(st.text("abc", min_size=80, max_size=200), st.text("abc", max_size=20), st.text("abc", max_size=20))
def test_a_line_of_a_text_never_shows_as_what_it_was(same: str, one: str, other: str) -> None:
    seen, wanted = f"first\n{same}{one}{same}\nlast", f"first\n{same}{other}{same}\nlast"
    shown = [line.strip()[2:] for line in fields(PlannedField("text", wanted, seen)) if line.strip()[:2] in ("- ", "+ ")]
    assert (len(set(shown)) == 2) is (one != other)
