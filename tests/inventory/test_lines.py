"""Any set of faults is reported whole, each at the line of the key that has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from needed import needed

from converge.errors import InventoryFaults
from converge.inventory import read

# Faults that do not hide one another: what stands in the file, and what is said of it.
EMBEDDED = {
    "name": ("name: Local", "name: expected lower-case"),
    "nmae": ("nmae: local", "unknown key 'nmae'"),
    "domain": ("domain_name: lab.local", "domain_name: 'lab.local'"),
    "admin": ("admin_username: 7", "admin_username: expected text"),
    "nodes/workers": ("workers: many", "workers: expected a whole number"),
    "nodes/workres": ("workres: 2", "unknown key 'workres'"),
    "nodes/subnet": ("subnet: 10.88.88.1/24", "subnet: '10.88.88.1/24' is an address"),
    "nodes/pods": ("pod_subnet: 10.96.128.0/17", "pod_subnet: 10.96.128.0/17 overlaps service_subnet"),
    "issuer/knid": ("knid: acme", "unknown key 'knid'"),
    "images/source": ("source: nowhere", "source: expected auto"),
    "images/mirror": ("mirror: registry", "mirror: expected host:port"),
    "deadlines/nodes_s": ("nodes_s: 1", "nodes_s: must be at least"),
    "deadlines/lease_s": ("lease_s: 99999", "lease_s: must be at most"),
    "components/storage": ("storage: {storage: 5GB}", "storage: expected a size"),
    "components/keycloack": ("keycloack:", "unknown component 'keycloack'"),
}
KINDS = {"nodes": "kind: embedded", "issuer": "kind: private-ca"}


@given(
    chosen=st.sets(st.sampled_from(sorted(EMBEDDED)), min_size=1),
    order=st.randoms(use_true_random=False),
    blank=st.integers(0, 3),
)
def test_every_fault_of_a_random_set_is_told_at_its_line(
    chosen: set[str], order, blank: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sections: dict[str, list[str]] = {}
    for name in order.sample(sorted(chosen), len(chosen)):
        section = name.rpartition("/")[0]
        sections.setdefault(section, [KINDS[section]] if section in KINDS else []).append(EMBEDDED[name][0])
    lines = ["# a comment", *[""] * blank, *sections.pop("", [])]
    for section, entries in sections.items():
        lines += [f"{section}:", *(f"  {entry}" for entry in entries), *[""] * blank]
    path = tmp_path_factory.getbasetemp() / "random.yaml"
    path.write_text("\n".join(lines))

    with pytest.raises(InventoryFaults) as caught:
        read(path, components={"storage": needed(), "keycloak": needed()})

    told = {(fault.line, fault.text) for fault in caught.value.faults}
    assert len(told) == len(chosen)
    for name in chosen:
        written, said = EMBEDDED[name]
        line = [text.strip() for text in lines].index(written) + 1
        assert any(at == line and text.startswith(said) for at, text in told), (name, line, told)


HOST_FAULTS = {
    "adress": "unknown key 'adress'",
    "port": "port: must be at most",
    "role": "role: expected control or worker",
    "address": "address: expected an IPv4 address",
    "name": "name: expected lower-case",
}
BAD = {"adress": "1", "port": "99999", "role": "wroker", "address": "300.1.1.1", "name": "Host"}


@given(hosts=st.lists(st.sets(st.sampled_from(sorted(HOST_FAULTS))), min_size=2, max_size=5))
def test_faults_of_hosts_are_told_at_the_host_that_has_them(hosts: list[set[str]], tmp_path_factory: pytest.TempPathFactory) -> None:
    lines = ["nodes:", "  kind: microk8s", "  hosts:"]
    wanted = set()
    for number, faulty in enumerate(hosts):
        good = {"name": f"host{number}", "address": f"192.168.1.{number + 1}", "role": "worker" if number else "control"}
        entry = {**good, **{key: BAD[key] for key in sorted(faulty)}}
        for index, (key, value) in enumerate(entry.items()):
            lines.append(f"    {'-' if index == 0 else ' '} {key}: {value}")
            if key in faulty:
                wanted.add((len(lines), HOST_FAULTS[key]))
    path = tmp_path_factory.getbasetemp() / "hosts.yaml"
    path.write_text("\n".join(lines))
    if not wanted:
        assert len(read(path).nodes.hosts) == len(hosts)
        return
    with pytest.raises(InventoryFaults) as caught:
        read(path)
    told = {(fault.line, fault.text) for fault in caught.value.faults if "is already the" not in fault.text}
    assert len(told) == len(wanted)
    assert all(any(at == line and text.startswith(said) for at, text in told) for line, said in wanted)
