"""The example quarter's two rounds by chat alone: nine sites with four criteria, nine speakers in drawn order."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.chat.people import Role
from handlers.rounds import drawing, verify
from storage import incidents, publications, rounds
from storage.database import Database
from tests.rounds.forum import quiet
from tests.world import World

OFFICES = {
    "枫杨办事处": ("大里村", "公园道社区", "庄王村"),
    "石佛办事处": ("紫锦社区", "张五砦村", "盛世社区"),
    "双桥办事处": ("红城社区", "南流村", "欢河村"),
}
UNITS = [unit for names in OFFICES.values() for unit in names]
JUDGES = ("吴桂兰", "郑国平", "冯雪梅", "褚志远", "卫东升", "蒋文清", "沈立新")


@pytest.fixture
def district(sqlite_database: Database, tmp_path: Path) -> World:
    """Three offices with three units each, their people and groups."""
    world = World(sqlite_database, tmp_path / "files")
    world.unit("高新区", "district")
    world.group("高新区")
    world.person("周敏", (Role.ORGANIZER, "高新区"))
    for office, names in OFFICES.items():
        world.unit(office, "office", "高新区")
        world.group(office)
        world.person(f"{office}管理员", (Role.OFFICE_ADMINISTRATOR, office))
        for name in names:
            world.unit(name, "community" if name.endswith("社区") else "village", office, organization="committee")
            world.person(f"{name}书记", (Role.SECRETARY, name))
    for at, judge in enumerate(JUDGES):
        world.person(judge, (Role.JUDGE, "枫杨办事处" if at == 6 else "高新区"))
    world.person("郝明", (Role.SCRUTINEER, "高新区"))
    world.person("何静", (Role.SCOREKEEPER, "高新区"))
    return world


def to_publication(world: World) -> None:
    """Sealed, unsealed, signed by two, published whole: each step by its own person."""
    assert "已封评，分数不能再改。请监票人郝明启封。" in world.personas["周敏"].says("封评")[0]
    world.personas["郝明"].presses("启封")
    world.personas["郝明"].presses("签字")
    world.personas["何静"].says("签字")
    world.personas["周敏"].presses("公布")
    [said] = world.personas["周敏"].presses("公布全部名次")
    assert [line.rsplit(".", 1)[-1] for line in said.split("\n") if line.startswith("📎")] == ["docx", "xlsx"]


def recomputed(world: World, round_id: int, tmp_path: Path) -> str:
    """What the published bundle comes to, by the script alone."""
    with world.database.transaction() as tx:
        [version] = publications.versions(tx, round_id)
        root = rounds.get(tx, round_id).head.root
    path = tmp_path / "bundle.json"
    path.write_bytes(world.files.get(version.bundle))
    assert len(json.loads(path.read_text("utf-8"))["sheets"]) == 9 * 7 - 3
    command = [sys.executable, "-I", "-S", "-X", "utf8", verify.__file__, str(path), "--root", str(root)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_nine_sites_with_four_criteria(district: World, tmp_path: Path) -> None:
    zhou = district.personas["周敏"]
    zhou.says("活动")
    zhou.presses("逐办观摩")
    [card] = zhou.says("、".join(UNITS))
    assert "评分项：党建引领30、社会服务30、平安建设20、文化阵地20，满分100\n" in card
    zhou.presses("改名称")
    zhou.says("4月29日逐办观摩")
    assert zhou.presses("创建并开评")[0].startswith("“4月29日逐办观摩”已开评。7位评委各收到一份名单。\n")
    assert "红城社区第7个出场。" in district.personas["红城社区书记"].heard()[0]
    for at, judge in enumerate(JUDGES):
        own = UNITS if at < 6 else UNITS[3:]
        lines = [
            f"{unit} {24 + (at + n) % 6} {25 + n % 5} {15 + at % 4} {18 - n % 3}" for n, unit in enumerate(own)
        ]
        answer = district.personas[judge].says("\n".join(lines))[-1]
        assert "您的评分都交齐了，谢谢。" in answer
    assert "应交60份，已交60份，未交0份" in zhou.says("评分进度")[0]
    quiet(district)
    to_publication(district)
    [sealed, posted] = district.heard("双桥办事处")
    assert "封存码：" in sealed
    assert posted.startswith("4月29日逐办观摩　成绩\n")
    assert posted.endswith("📎4月29日逐办观摩成绩.png")
    assert "全部一致。" in recomputed(district, 1, tmp_path)
    assert "✓ 评分表和封评时公布的封存码一致，没有改动。" in district.personas["沈立新"].says("核验")[-1]
    with district.database.transaction() as tx:
        assert incidents.newest(tx) == []


def test_nine_speakers_in_drawn_order(district: World, tmp_path: Path) -> None:
    zhou, keeper = district.personas["周敏"], district.personas["何静"]
    zhou.says(f"活动 比学 4月30日专场比学 {'、'.join(UNITS)}")
    zhou.presses("创建")
    zhou.presses("抽签")
    code = district.heard("石佛办事处")[0].split("封签码：")[1].split("\n")[0]
    for office in OFFICES:
        district.personas[f"{office}管理员"].says(f"抽签 {office}加油")
    zhou.presses("揭晓")
    shown = district.heard("石佛办事处")[0]
    seed, words = shown.split("签：")[1].split("\n")[0], "|".join(f"{office}加油" for office in OFFICES)
    assert hashlib.sha256("|".join([seed, "4月30日专场比学", *sorted(UNITS)]).encode()).hexdigest() == code
    order = eval(drawing.FORMULA, {"hashlib": hashlib, "units": UNITS, "seed": seed, "words": words})
    assert shown.split("\n")[1] == "、".join(f"{at}号{name}" for at, name in enumerate(order, 1))
    zhou.presses("开评")
    for at, unit in enumerate(order, 1):
        assert keeper.says("下一位")[0].startswith(f"{at}号{unit}出场，评委可以打分了。\n")
        keeper.presses("开始计时")
        district.wait(seconds=470 + 10 * at)
        keeper.presses("停止")
        for n, judge in enumerate(JUDGES):
            if n < 6 or unit not in OFFICES["枫杨办事处"]:
                assert "已记下" in district.personas[judge].says(f"{at}号 {33 + (at + n) % 7} {25 + n % 4} 28")[-1]
    # Eight minutes to the second cost nothing, every started half minute more half a point.
    assert keeper.says("加减分")[0].count(" -") == 8
    quiet(district)
    to_publication(district)
    assert "全部一致。" in recomputed(district, 1, tmp_path)
    with district.database.transaction() as tx:
        assert incidents.newest(tx) == []
        steps = [step.step for step in rounds.steps(tx, 1)]
    assert steps[:3] == ["created", "draw", "drawn"]
    assert steps[-5:] == ["closed", "computed", "signed", "signed", "published"]
    assert (steps.count("next"), steps.count("clock"), steps.count("timed")) == (9, 9, 9)
