"""The files that the bot is run with: each checked by the tool that it is for, and against the bot."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from bot.app.http_server import HttpServer, Report, status_routes
from bot.app.secret_files import FROM_FILES
from bot.app.settings import Settings
from tests.support.deployment import DEPLOY, FINAL_STAGE, alerts, instructions, queries, tool

UNIT = "quickbi-mailbot.service"
MOST_EXPOSED = 20  # tenths, of systemd's own scale from 0 to 100


def run(*command: str | Path, cwd: Path = DEPLOY, **environment: str) -> str:
    done = subprocess.run(  # noqa: S603 (our own files)
        list(map(str, command)),
        cwd=cwd,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


# --- Prometheus and Grafana


def test_each_alert_fires_when_it_must_and_only_then() -> None:
    """By Prometheus' own tool, which knows the language of the rules; each has a test of both kinds."""
    run(tool("promtool", "prometheus"), "test", "rules", "alerts.test.yaml")
    cases = yaml.safe_load((DEPLOY / "alerts.test.yaml").read_text(encoding="utf-8"))["tests"]
    names = {rule["alert"] for rule in alerts()}
    assert {case["name"] for case in cases} == {
        f"{name} {how}" for name in names for how in ("fires", "stays calm")
    }


def test_the_dashboards_queries_are_understood(tmp_path: Path) -> None:
    """Grafana puts in the variables; whether the metrics exist is asked of a running bot."""
    exprs = [each.replace("$__rate_interval", "5m").replace("$job", "bot") for each in queries()]
    rules = [{"record": f"query:{number}", "expr": expr} for number, expr in enumerate(exprs)]
    path = tmp_path / "queries.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}), encoding="utf-8")
    shown = run(tool("promtool", "prometheus"), "check", "rules", path)
    assert f"{len(exprs)} rules found" in shown


def test_the_operators_page_says_what_to_do_about_each_alert() -> None:
    """A row for each in its table, and none for one that does not exist."""
    page = (DEPLOY / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(Mailbot\w+)` \| .+ \| .+ \|$", page, re.MULTILINE) == [
        rule["alert"] for rule in alerts()
    ]


def test_the_operators_page_names_only_events_that_the_bot_logs() -> None:
    """Whoever greps for one finds it."""
    page = (DEPLOY / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (?:(?:INFO|WARNING|ERROR)(?:, )?)+ \|", page, re.MULTILINE)
    events = {event for row in rows for event in re.findall(r"`(\w+)`", row)}
    sources = "".join(path.read_text(encoding="utf-8") for path in (DEPLOY.parent / "bot").rglob("*.py"))
    assert {event for event in events if f'"{event}"' not in sources} == set()
    assert len(events) > 30


# --- systemd


def test_systemd_understands_the_unit_and_finds_it_hardened(tmp_path: Path) -> None:
    """The program is not installed here, so another takes its place."""
    analyze = tool("systemd-analyze", "systemd")
    text = (DEPLOY / UNIT).read_text(encoding="utf-8")
    (tmp_path / UNIT).write_text(
        re.sub(r"^ExecStart=.*$", f"ExecStart={shutil.which('true')}", text, flags=re.MULTILINE),
        encoding="utf-8",
    )
    assert run(analyze, "verify", tmp_path / UNIT) == ""
    run(analyze, "security", "--offline=yes", f"--threshold={MOST_EXPOSED}", tmp_path / UNIT)


# --- Kubernetes and Compose


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


def bots_environment() -> dict[str, dict[str, str]]:
    """What both files set, by file."""
    (deployment,) = [each for each in documents("kubernetes.yaml") if each["kind"] == "Deployment"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    (compose,) = documents("compose.yaml")
    return {
        "kubernetes.yaml": {each["name"]: each["value"] for each in container["env"]},
        "compose.yaml": compose["services"]["bot"]["environment"],
    }


@pytest.mark.parametrize("name", ["kubernetes.yaml", "compose.yaml"])
def test_only_settings_that_exist_are_set_and_they_are_enough(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each secret comes from a file. With the files in place the bot would start."""
    monkeypatch.chdir(tmp_path)
    for setting in [
        each for each in os.environ if each.lower().removesuffix("_file") in Settings.model_fields
    ]:
        monkeypatch.delenv(setting)
    contents = {"slack_bot_token": "xoxb-1", "slack_app_token": "xapp-1", "database_url": "postgresql://db/x"}
    for setting, value in bots_environment()[name].items():
        field = setting.lower().removesuffix("_file")
        assert field in Settings.model_fields
        assert (field in FROM_FILES) == setting.endswith("_FILE")
        if setting.endswith("_FILE"):
            assert Path(value).name == field
            (tmp_path / field).write_text(f"{contents.get(field, 'secret')}\n", encoding="utf-8")
        monkeypatch.setenv(setting, str(tmp_path / field) if setting.endswith("_FILE") else value)
    assert Settings().socket_mode


def test_kubernetes_probes_what_the_bot_serves_and_lets_it_do_little() -> None:
    """The pod security standard `restricted`; liveness is not readiness."""
    (deployment,) = [each for each in documents("kubernetes.yaml") if each["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    served = status_routes(_never, CollectorRegistry())
    probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
    assert {kind: probe["path"] for kind, probe in probes.items()} == {
        "startup": "/livez",
        "liveness": "/livez",
        "readiness": "/readyz",
    }
    assert {probe["path"] for probe in probes.values()} <= served.keys()
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert {ports[probe["port"]] for probe in probes.values()} == {Settings.model_fields["http_port"].default}
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_compose_gives_the_bot_only_secrets_that_it_declares() -> None:
    """And a root that cannot be written to."""
    (compose,) = documents("compose.yaml")
    bot = compose["services"]["bot"]
    assert {*bot["secrets"], *compose["services"]["database"]["secrets"]} == set(compose["secrets"])
    assert bot["read_only"]
    assert bot["cap_drop"] == ["ALL"]


async def _never() -> Report:
    raise NotImplementedError


# --- the container


def test_the_image_runs_as_nobody_and_is_told_to_stop_gently() -> None:
    """Without a name for its user: Kubernetes can tell then that it is not root."""
    final = dict(instructions(FINAL_STAGE))
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", final["USER"])
    assert final["STOPSIGNAL"] == "SIGTERM"
    assert final["EXPOSE"] == str(Settings.model_fields["http_port"].default)


@pytest.mark.parametrize("is_alive", [True, False])
async def test_the_images_health_check_asks_the_bot(*, is_alive: bool) -> None:
    """Of whichever port is set."""
    (rest,) = [rest for word, rest in instructions(FINAL_STAGE) if word == "HEALTHCHECK"]
    _, *arguments = json.loads(rest.partition("CMD ")[2])
    server = HttpServer(status_routes(_never, CollectorRegistry()))
    await server.start("127.0.0.1", 0, setting="HTTP_PORT")
    if not is_alive:
        await server.stop()
    asks = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env={"HTTP_PORT": str(server.port)}, stderr=asyncio.subprocess.DEVNULL
    )
    code = await asks.wait()
    await server.stop()
    assert (code == 0) is is_alive
