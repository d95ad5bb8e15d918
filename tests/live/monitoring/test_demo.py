"""`make demo` plays, tells, and leaves nothing behind."""

from __future__ import annotations

from urllib.error import URLError

import pytest

from grafana.demo.__main__ import PROGRAMS, main
from tests.live.monitoring.demo import Demo, page
from tests.live.monitoring.marks import TIMEOUT

pytestmark = [pytest.mark.root, pytest.mark.timeout(TIMEOUT)]


def test_it_tells_of_alerts_and_where_to_look_and_ctrl_c_ends_all(demo: Demo) -> None:
    alert = demo.says(r"FIRING +info +(\w+) \(forgetful_bridge\), to nobody\n", 100)
    assert alert == "L2NeighborsOutliveFdb"
    demo.playing()
    assert demo.namespaces()
    exporter = demo.says(r"exporter of forgetful_bridge +(http://127\.0\.0\.1:\d+/)", 1)
    alerts = demo.says(r"alerts +(http://127\.0\.0\.1:\d+)/alerts\n", 1)
    assert "l2exporter" in page(exporter)
    assert alert in page(f"{alerts}/api/v1/alerts")
    assert demo.end() == 0
    assert "taken down.\n" in demo.said()
    assert "failed" not in demo.said()
    assert demo.namespaces() == []
    assert list(demo.home.iterdir()) == []
    for url in (exporter, alerts):
        with pytest.raises(URLError, match="refused"):
            page(url)


def test_what_it_needs_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["demo", "--minutes=1"])
    monkeypatch.setenv("PATH", "/nonexistent")
    assert main() == 1
    packages = " ".join(sorted(set(PROGRAMS.values())))
    assert capsys.readouterr().err == f"demo: error: apt-get install {packages}\n"
    monkeypatch.setattr("os.geteuid", lambda: 65534)
    assert main() == 1
    assert capsys.readouterr().err == "demo: error: network namespaces need root: sudo make demo\n"


@pytest.mark.parametrize("flag", ["--minutes=0", "--minutes=1441", "--minutes=x", "--scene=x"])
def test_a_flag_that_will_not_do(
    flag: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["demo", flag])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert flag.partition("=")[0] in capsys.readouterr().err
