"""How all districts of one program are: `/healthz` for all and for each, `/metrics` with a label for each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.health import Health

LABEL = "district"


class Watched(Protocol):
    """A district: `health` while it runs, `trouble` while it does not."""

    health: Health | None
    trouble: str | None


class Overview:
    """Asks every district at once, so that one that hangs delays nobody's answer for longer than its patience."""

    def __init__(self, districts: Mapping[str, Watched]) -> None:
        self._districts = districts

    def app(self) -> Starlette:
        """The addresses."""
        return Starlette(
            routes=[
                Route("/healthz", self._all),
                Route("/healthz/{name}", self._one),
                Route("/metrics", self._metrics),
            ]
        )

    async def _all(self, _request: Request) -> Response:
        reports = await asyncio.gather(*map(_report, self._districts.values()))
        shown = dict(zip(self._districts, reports, strict=True))
        return _shown({"ok": all(report["ok"] for report in reports), "districts": shown})

    async def _one(self, request: Request) -> Response:
        district = self._districts.get(request.path_params["name"])
        return Response(status_code=404) if district is None else _shown(await _report(district))

    async def _metrics(self, _request: Request) -> Response:
        running = {name: d.health for name, d in self._districts.items() if d.health is not None}
        measured = await asyncio.gather(*(health.measured() for health in running.values()))
        together = CollectorRegistry()
        together.register(_Together(self._districts.keys(), dict(zip(running, measured, strict=True))))
        return Response(generate_latest(together), media_type=CONTENT_TYPE_LATEST)


async def _report(district: Watched) -> dict[str, Any]:
    if district.health is None:
        return {"ok": False, "problems": {"start": district.trouble or "ending"}}
    return await district.health.report()


def _shown(report: dict[str, Any]) -> Response:
    return JSONResponse(report, status_code=200 if report["ok"] else 503)


class _Together(Collector):
    """Every district's metrics as one family each, every sample with its district."""

    def __init__(self, names: Any, registries: Mapping[str, CollectorRegistry]) -> None:
        self._names = list(names)
        self._registries = registries

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("liangsaibi_district_up", "1 while a district runs, else 0", labels=[LABEL])
        for name in self._names:
            up.add_metric([name], float(name in self._registries))
        yield up
        families: dict[str, Metric] = {}
        for name, registry in self._registries.items():
            for family in registry.collect():
                merged = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                for sample in family.samples:
                    merged.samples.append(sample._replace(labels={LABEL: name, **sample.labels}))
        yield from families.values()
