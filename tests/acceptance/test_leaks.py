"""A planted canary is found wherever it stands, in whatever form it travels."""

import base64
import subprocess
import sys
import urllib.parse

import pytest

from converge.acceptance import leaks

CANARY = "canary/7Gd0q+Zp3=Xw"


def secret(name="database", key="password", value=CANARY):
    data = {key: base64.b64encode(value.encode()).decode()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "default"}, "data": data}


@pytest.fixture
def values(fake_api):
    fake_api.put(secret())
    fake_api.put(secret("person", "username", "a-long-user-name"))
    fake_api.put(secret("short", "password", "1234"))
    return leaks.canaries(fake_api.client())


def test_canaries_are_the_values_that_are_secret(values):
    assert values == {"default/database, password": CANARY}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"password is {CANARY}.", id="as it is"),
        pytest.param(base64.b64encode(b"user:" + CANARY.encode()).decode(), id="in base64"),
        pytest.param(f"https://x/?p={urllib.parse.quote(CANARY, safe='')}", id="in a URL"),
    ],
)
def test_a_value_is_found_and_not_repeated(values, text):
    assert leaks.leaks(values, [("a log", text), ("another", "nothing")]) == ["default/database, password: a log"]


def test_every_file_below_a_folder_is_read(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "page.html").write_text(CANARY)
    assert [text for _, text in leaks.texts([tmp_path])] == [CANARY]


def test_the_command_line_of_a_program_is_seen():
    with leaks.ProcessList(0.01) as processes:
        subprocess.run([sys.executable, "-c", "import time; time.sleep(0.3)", CANARY], check=True)
    assert any(CANARY in line for _, line in processes.texts())
