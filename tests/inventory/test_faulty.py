"""Each file in faulty/ is an inventory with faults; beside it stands, word for word, what a person is told."""

from pathlib import Path

import pytest

from converge.errors import InventoryFaults
from converge.inventory import read

FOLDER = Path(__file__).parent / "faulty"
REQUIRES = {
    "control-node": (),
    "storage": ("control-node",),
    "metrics": ("control-node",),
    "cert-manager": ("control-node",),
    "postgres": ("storage",),
    "keycloak": ("cert-manager", "postgres"),
    "minio": ("cert-manager", "keycloak"),
}
VARIABLES = {"CLOUDFLARE_TOKEN": "pl4nted-canary-value"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_faulty_inventory_is_explained(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    with pytest.raises(InventoryFaults) as caught:
        read(Path(path.name), components=REQUIRES, variables=VARIABLES)
    told = str(caught.value).replace(str(FOLDER), "FOLDER")
    assert told == path.with_suffix(".expected").read_text().rstrip("\n")
    assert "canary" not in told
    assert caught.value.exit_code == 4


def test_the_folder_holds_many_faults() -> None:
    assert len(list(FOLDER.glob("*.yaml"))) == len(list(FOLDER.glob("*.expected"))) >= 30
