"""An application in a process of its own, so that its clock can be wrong: signs the administrator in and prints what came of it."""

import sys
from pathlib import Path

from place import Place

from converge.components.keycloak.people import People
from converge.sso.relying_party import InvalidToken


def main() -> int:
    place = Place(Path(sys.argv[1]), Path())
    people = People(place.inventory, place.platform.access)
    person = people.administrator()
    try:
        people.kubernetes().sign_in(person.browser, person.credentials)
        said = "signed in"
    except InvalidToken as refused:
        said = f"refused: {refused.seen}"
    sys.stdout.write(said + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
