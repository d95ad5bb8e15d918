"""What starts and configures Prometheus and Grafana: each accepted by its program, all agreeing."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana.mixin import grafana_rules
from grafana.mixin.thresholds import DEFAULTS
from tests.lab.promtool import promtool

HOME = Path(__file__).parents[2] / "grafana"


def read(name: str) -> Any:
    return yaml.safe_load((HOME / name).read_text())


PROMETHEUS = read("prometheus.yml")
COMPOSE = read("compose.yaml")
SERVICES: dict[str, Any] = COMPOSE["services"]
(SOURCE,) = read("provisioning/datasources/prometheus.yml")["datasources"]
(PROVIDER,) = read("provisioning/dashboards/l2exporter.yml")["providers"]


def test_promtool_accepts_prometheus_yml_and_its_rules(tmp_path: Path) -> None:
    for name in ("prometheus.yml", *PROMETHEUS["rule_files"]):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(HOME / name, tmp_path / name)
    check_config(tmp_path / "prometheus.yml")


def test_the_relabelling_that_is_shown_is_valid(tmp_path: Path) -> None:
    """Users take the comment marks away: what is left must be right too."""
    text = (HOME / "prometheus.yml").read_text()
    marked = re.compile(
        r"^(\s*)# (metric_relabel|  -|- targets|  labels|    segment)", re.MULTILINE
    )
    shown = marked.sub(r"\1\2", text)
    (job,) = yaml.safe_load(shown)["scrape_configs"]
    assert len(job["static_configs"]) == 2
    assert {each["target_label"] for each in job["metric_relabel_configs"]} == {"segment"}
    (tmp_path / "alerts").mkdir()
    shutil.copy(HOME / PROMETHEUS["rule_files"][0], tmp_path / "alerts")
    (tmp_path / "prometheus.yml").write_text(shown)
    check_config(tmp_path / "prometheus.yml")


def check_config(path: Path) -> None:
    assert "rules found" in promtool("check", "config", "--lint-fatal", path)


def test_the_scrape_job_is_the_one_that_the_rules_know() -> None:
    (job,) = PROMETHEUS["scrape_configs"]
    assert job["job_name"] == DEFAULTS.job
    assert all(target["labels"]["segment"] for target in job["static_configs"])


def test_intervals_agree() -> None:
    timing = PROMETHEUS["global"]
    assert SOURCE["jsonData"]["timeInterval"] == timing["scrape_interval"]
    assert timing["evaluation_interval"] == grafana_rules.INTERVAL


def test_the_rules_ask_the_data_source_that_is_provisioned() -> None:
    assert SOURCE["uid"] == grafana_rules.DATASOURCE
    assert SOURCE["type"] == "prometheus"


def test_addresses_agree() -> None:
    (prometheus,) = options("prometheus", "--web.listen-address")
    (alertmanager,) = options("alertmanager", "--web.listen-address")
    (exporter,) = options("exporter", "--web.listen-address")
    (job,) = PROMETHEUS["scrape_configs"]
    (alerting,) = PROMETHEUS["alerting"]["alertmanagers"]
    assert SOURCE["url"] == f"http://{prometheus}"
    assert alerting["static_configs"] == [{"targets": [alertmanager]}]
    assert job["static_configs"][0]["targets"] == [exporter]


def options(service: str, flag: str) -> list[str]:
    given = (each.partition("=") for each in SERVICES[service]["command"])
    return [value for name, _, value in given if name == flag]


def test_dashboards_are_where_the_provider_looks() -> None:
    mounted = {inside: source for source, inside, _ in binds("grafana")}
    assert mounted[PROVIDER["options"]["path"]] == HOME / "dashboards"
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert Path(home).parent == Path(PROVIDER["options"]["path"])
    assert (HOME / "dashboards" / Path(home).name).is_file()


def test_prometheus_finds_its_configuration_and_rules() -> None:
    mounted = {inside: source for source, inside, _ in binds("prometheus")}
    (config,) = options("prometheus", "--config.file")
    assert mounted[config] == HOME / "prometheus.yml"
    for rules in PROMETHEUS["rule_files"]:
        inside = Path(config).parent / rules
        assert mounted[str(inside.parent)] / inside.name == HOME / rules


def test_alertmanager_finds_its_configuration() -> None:
    mounted = {inside: source for source, inside, _ in binds("alertmanager")}
    (config,) = options("alertmanager", "--config.file")
    assert mounted[config] == HOME / "alertmanager.yml"


def binds(service: str) -> Iterator[tuple[Path, str, str]]:
    """Files and directories of this repository that a service sees: where, there, how."""
    for mount in SERVICES[service].get("volumes", ()):
        source, inside, *mode = mount.split(":")
        if source.startswith("."):
            yield (HOME / source).resolve(), inside, *mode
        else:
            assert source in COMPOSE["volumes"], mount


@pytest.mark.parametrize("service", SERVICES)
def test_what_a_service_mounts_is_there_and_cannot_be_written(service: str) -> None:
    for source, _, mode in binds(service):
        assert source.exists()
        assert mode == "ro"


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_has_a_version_or_is_built_here(service: str) -> None:
    its = SERVICES[service]
    if "build" in its:
        assert (HOME / its["build"] / "Dockerfile").is_file()
    else:
        assert re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+", its["image"])


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_listens_on_loopback_alone(service: str) -> None:
    its = SERVICES[service]
    assert its["network_mode"] == "host"
    assert "ports" not in its
    assert {address.partition(":")[0] for address in listening(service)} == {"127.0.0.1"}
    assert its["cap_drop"] == ["ALL"]


def listening(service: str) -> list[str]:
    if service == "grafana":
        return [SERVICES[service]["environment"]["GF_SERVER_HTTP_ADDR"]]
    return options(service, "--web.listen-address")


def test_alertmanager_forms_no_cluster() -> None:
    assert options("alertmanager", "--cluster.listen-address") == [""]


def test_the_exporter_may_capture_and_nothing_else() -> None:
    exporter = SERVICES["exporter"]
    assert exporter["cap_add"] == ["NET_RAW"]
    assert exporter["read_only"] is True
    assert [name for name, its in SERVICES.items() if "cap_add" in its] == ["exporter"]
    assert not exporter.keys() & {"privileged", "volumes", "devices", "pid"}


def test_grafana_lets_nobody_in_without_a_password_of_the_users_own() -> None:
    environment = SERVICES["grafana"]["environment"]
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    password = environment["GF_SECURITY_ADMIN_PASSWORD"]
    assert re.fullmatch(r"\$\{GRAFANA_ADMIN_PASSWORD:\?[^}]+\}", password)
