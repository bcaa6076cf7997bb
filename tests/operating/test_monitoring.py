"""The Grafana dashboard and Prometheus' alert rules ask for what `/metrics` tells, and for nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.app import App
from bot.chat.ports import Outcome
from bot.config import Config, General, HealthSection, LocalSection
from storage.database import Database
from tests.test_app import Production

DEPLOY = Path(__file__).resolve().parent.parent.parent / "deploy"
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text("utf-8"))
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
#: What Prometheus itself makes, and words of its language.
KNOWN = {"up", "by", "or", "absent", "sum", "min", "max", "rate", "increase", "histogram_quantile"}
#: What becomes of sends: the words of `bot/sending.py`.
SENT = {"sent", "retried", "parked", "unknown", "failed", "moved"}


def questions() -> Iterator[tuple[str, str]]:
    """Every PromQL expression, by where it stands."""
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for rule in RULES:
        yield rule["alert"], rule["expr"]


@pytest.fixture
async def told(sqlite_database: Database, tmp_path: Path) -> dict[str, set[str]]:
    """What `/metrics` tells: every name of a sample with its labels."""
    config = msgspec.structs.replace(
        Config(),
        general=General(data=str(tmp_path)),
        local=LocalSection(enabled=False),
        health=HealthSection(port=0),
    )
    app = App(config, sqlite_database)
    app.add(Production())
    server = app.open_health()
    app.metrics.took("production", "sent", 0.1)
    app.metrics.came("production", "answered", 0.1)
    async with app.running(), httpx.AsyncClient(base_url=server.address, timeout=30) as client:
        text = (await client.get("/metrics")).text
    return {
        sample.name: set(sample.labels)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_every_metric_and_label_that_is_asked_for_is_told(told: dict[str, set[str]]) -> None:
    for where, expression in questions():
        bare = re.sub(r'"[^"]*"', '""', expression)
        names = set(re.findall(r"\bliangsaibi_\w+", bare))
        assert names or "up{" in bare, where
        assert names <= told.keys(), where
        labels = set(re.findall(r"(\w+)\s*(?:=~|!=|=)\s*\"\"", bare))
        grouped = {label.strip() for group in re.findall(r"by \(([^)]*)\)", bare) for label in group.split(",")}
        # A district is a label only where one process serves several; replicas are told apart by Prometheus.
        of_all = set.union({"job", "instance", "district"}, *(told[name] for name in names))
        assert labels | grouped <= of_all, where
        others = set(re.findall(r"\b[a-z_]+\b", re.sub(r"\$\w+|\[[^\]]*\]|\{[^}]*\}|by \([^)]*\)", "", bare)))
        assert others <= KNOWN | told.keys() | {"by"}, where


def test_every_outcome_that_is_asked_for_exists() -> None:
    for where, expression in questions():
        known = SENT if "liangsaibi_sends" in expression else {outcome.value for outcome in Outcome}
        for words in re.findall(r'outcome=~?"([^"]*)"', expression):
            assert set(words.split("|")) <= known, where


def test_every_alert_says_what_it_is_and_what_to_do() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(set(names)) == len(names) >= 8
    for rule in RULES:
        assert rule["labels"]["severity"] in ("warning", "critical"), rule["alert"]
        assert set(rule["annotations"]) == {"summary", "description"}, rule["alert"]
        used = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
        kept = set(re.findall(r"\w+", "".join(re.findall(r"by \(([^)]*)\)", rule["expr"]))))
        assert used <= (kept or {"instance", "job"}), rule["alert"]


def test_the_dashboard_is_whole_and_takes_its_source_from_a_variable() -> None:
    variables = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
        assert panel["type"] in ("stat", "timeseries"), panel["title"]
        assert [target["refId"] for target in panel["targets"]] == list("ABC"[: len(panel["targets"])])
        for used in re.findall(r"\$(\w+)", json.dumps(panel["targets"])):
            assert used in variables or used.startswith("__"), panel["title"]
    taken = [(x, y) for p in panels for x, y in cells(p["gridPos"])]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _y in taken) < 24


def cells(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    for x in range(place["x"], place["x"] + place["w"]):
        for y in range(place["y"], place["y"] + place["h"]):
            yield x, y
