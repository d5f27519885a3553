"""Each mutation names scenarios that there are."""

import mutations_of_data
import mutations_of_deliveries
import mutations_of_images
import mutations_of_infrastructure
import mutations_of_logins
import mutations_of_optional
import mutations_of_packages
import mutations_of_pages
import mutations_of_work
import pytest
from mutation import Mutation
from pytest_bdd.feature import get_feature

from converge.engine.platform import Platform
from wiring import standard

TABLE = (
    *mutations_of_data.TABLE,
    *mutations_of_deliveries.TABLE,
    *mutations_of_logins.TABLE,
    *mutations_of_images.TABLE,
    *mutations_of_infrastructure.TABLE,
    *mutations_of_packages.TABLE,
    *mutations_of_work.TABLE,
    *mutations_of_pages.TABLE,
    *mutations_of_optional.TABLE,
)


@pytest.mark.parametrize("mutation", [pytest.param(mutation, id=mutation.name) for mutation in TABLE])
def test_its_scenarios_exist(mutation: Mutation, pytestconfig: pytest.Config) -> None:
    components = Platform.known()
    for nodeid in mutation.nodeids:
        path, _, title = nodeid.partition("::")
        file = pytestconfig.rootpath / path
        feature = get_feature(str(file.parent), file.name)
        promised = standard.promises(feature, components[file.stem], pytestconfig.rootpath) if file.stem in components else ()
        assert title.partition("[")[0] in {*feature.scenarios, *(one.name for one in promised)}
