"""Abstention, recusal, paper sheets, substitutes, the seal, signatures, corrections, objections, proof."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.chat.people import Role
from handlers.rounds import merkle, verify
from storage import people, publications, rounds
from storage.tables import incidents, score_sheets
from tests.rounds.forum import JUDGES, UNITS, opened, published, quiet, scored, signed
from tests.world import World

SCRIPT = Path(verify.__file__)


def bundle(world: World, version: int = -1) -> dict[str, Any]:
    """The published bundle, as anybody gets it."""
    with world.database.transaction() as tx:
        key = publications.versions(tx, 1)[version].bundle
    data: dict[str, Any] = json.loads(world.files.get(key))
    return data


def run(tmp_path: Path, data: dict[str, Any], *options: str) -> subprocess.CompletedProcess[str]:
    """The script as somebody runs it at home, with the standard library alone."""
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps(data), "utf-8")
    command = [sys.executable, "-I", "-S", "-X", "utf8", str(SCRIPT), str(path), *options]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def test_abstaining_is_on_the_record_and_can_be_thought_over(world: World) -> None:
    opened(world, all_on=True)
    zheng = world.personas["郑评"]
    assert zheng.says("弃权 大里村") == ["已记录：您对大里村弃权，不计入平均。封评前还可以打分。\n[撤销]"]
    assert "弃权" in zheng.says("评分表")[0]
    zheng.says("大里村 36 27 27")
    assert zheng.says("撤销") == ["已撤销：给大里村打分", "大里村恢复为弃权。"]
    assert zheng.says("撤销") == ["已撤销：对大里村弃权", "大里村现在没有分数。"]


def test_a_recused_score_never_enters(world: World) -> None:
    opened(world, all_on=True)
    zheng, feng = world.personas["郑评"], world.personas["冯评"]
    zheng.says("大里村 40 30 30")
    feng.says("大里村 30 20 20")
    zheng.says("回避 大里村 亲属在村里任职")
    assert zheng.presses("确定回避") == ["已记录：您对大里村回避。"]
    assert world.personas["周敏"].heard() == ["“一季度比学”：评委郑评对大里村申报回避（亲属在村里任职）。"]
    assert zheng.says("大里村 40 30 30") == ["您已经对大里村申报回避，不用打分。"]
    assert zheng.says("撤销") == ["回避已经记录在案，不能撤销。"]
    world.personas["周敏"].says("封评")
    world.personas["周敏"].presses("仍然封评")
    assert "大里村         70.00       1" in world.personas["何监"].says("启封")[-1]


def test_a_seal_and_receipts_go_out_at_closing(world: World) -> None:
    scored(world)
    world.personas["周敏"].says("封评")
    [sealed] = world.heard("枫杨办事处")
    with world.database.transaction() as tx:
        root = rounds.get(tx, 1).head.root
    assert root is not None
    assert f"封存码：{root}" in sealed
    [receipt] = world.personas["郑评"].heard()
    code = receipt.split("评分回执：")[1].split("\n")[0]
    world.personas["何监"].says("启封")
    world.personas["何监"].says("签字")
    world.personas["施计"].says("签字")
    world.personas["周敏"].says("公布")
    world.personas["周敏"].presses("公布全部名次")
    quiet(world)
    assert (
        "✓ 回执一致：上面就是您交的分。"
        in world.personas["郑评"].says(f"核验 {code.lower().replace('-', ' ')}")[0]
    )
    assert "✗ 回执对不上" in world.personas["冯评"].says(f"核验 {code}")[0]


def test_a_sheet_changed_behind_everybodys_back_stops_the_unsealing(world: World) -> None:
    scored(world)
    world.personas["周敏"].says("封评")
    with world.database.transaction() as tx:
        first = tx.scalar(select(score_sheets.c.id).limit(1))
        tx.execute(
            update(score_sheets)
            .where(score_sheets.c.id == first)
            .values(scores=["40", "30", "30"], total=Decimal(100))
        )
    quiet(world)
    assert world.personas["何监"].says("启封") == [
        "评分表和封存码对不上，说明封存后被改动过，不能启封。请组织者查明原因后重开。"
    ]


def test_a_sheet_changed_after_publication_is_seen_by_every_judge(world: World) -> None:
    scored(world)
    published(world)
    with world.database.transaction() as tx:
        tx.execute(update(score_sheets).where(score_sheets.c.judge_id == 1).values(salt="00"))
    assert "✗ 评分表和封评时公布的封存码对不上，请马上联系监票人。" in world.personas["冯评"].says("核验")[0]


def test_a_new_post_after_the_sealing_changes_nothing(world: World) -> None:
    scored(world)
    world.personas["周敏"].says("封评")
    with world.database.transaction() as tx:
        office = world.units["枫杨办事处"]
        judge = world.personas["郑评"].id
        people.appoint(tx, person_id=judge, unit_id=office, role=Role.JUDGE, now=world.now)
    assert "大里村      91.00       6" in world.personas["何监"].says("启封")[-1]


def test_two_people_sign_and_nothing_skips(world: World) -> None:
    scored(world)
    zhou, scrutineer, keeper = (world.personas[name] for name in ("周敏", "何监", "施计"))
    assert scrutineer.says("启封") == ["没有封评后待启封的场次。"]
    zhou.says("封评")
    assert keeper.says("签字") == ["没有启封后待签字的场次。"]
    assert zhou.says("公布") == ["没有已签字待公布的场次。"]
    quiet(world)
    scrutineer.says("启封")
    quiet(world)
    assert scrutineer.says("签字") == ["已签字，还要另一位签。"]
    assert scrutineer.says("签字") == ["您已经签过字了，还要另一位签。"]
    assert zhou.says("公布") == ["没有已签字待公布的场次。"]
    assert keeper.says("签字") == ["已签字。两人都签了，组织者可以公布。"]
    with world.database.transaction() as tx:
        steps = [(s.step, s.person, s.role) for s in rounds.steps(tx, 1)]
    assert steps[-4:] == [
        ("closed", "周敏", None),
        ("computed", "何监", None),
        ("signed", "何监", "scrutineer"),
        ("signed", "施计", "scorekeeper"),
    ]


def test_one_person_in_both_posts_signs_once_only(world: World) -> None:
    scored(world)
    with world.database.transaction() as tx:
        both = world.personas["何监"].id
        people.appoint(tx, person_id=both, unit_id=world.units["高新区"], role=Role.SCOREKEEPER, now=world.now)
    world.personas["周敏"].says("封评")
    world.personas["何监"].says("启封")
    world.personas["何监"].says("签字")
    assert world.personas["何监"].says("签字") == ["您已经签过字了，还要另一位签。"]


def test_a_late_penalty_voids_the_signatures(world: World) -> None:
    scored(world)
    signed(world)
    quiet(world)
    assert "成绩有变，之前的签字作废" in world.personas["施计"].says("扣分 大里村 1 迟到")[0]
    assert world.personas["周敏"].says("公布") == ["没有已签字待公布的场次。"]
    world.personas["何监"].says("签字")
    world.personas["施计"].says("签字")
    assert "大里村      90.00" in world.personas["周敏"].says("公布")[-1]


def test_a_round_without_two_to_sign_is_not_opened(world: World) -> None:
    with world.database.transaction() as tx:
        people.release(
            tx,
            person_id=world.personas["何监"].id,
            unit_id=world.units["高新区"],
            role=Role.SCRUTINEER,
            now=world.now,
        )
    zhou = world.personas["周敏"]
    zhou.says("活动 观摩 一季度观摩 大里村、欢河村")
    assert zhou.presses("创建并开评") == [
        "还没有监票人：成绩要由监票人和计票人两人签字。请先任命，例如：任命 监票人 姓名"
    ]


def test_a_correction_is_a_new_version_and_the_old_stays(world: World) -> None:
    scored(world)
    published(world)
    zhou = world.personas["周敏"]
    assert zhou.says("重开") == ["还差“原因”。这样发：重开 <原因>　例如：重开 监票人发现一份评分表录错"]
    zhou.says("重开 一份纸质表录错")
    assert world.heard("石佛办事处")[-1] == "“一季度比学”重新开放评分，原因：一份纸质表录错。原来的封存码作废。"
    # Meanwhile nobody learns what is being scored, and what was published stays where it was.
    wang = world.personas["王芳"]
    assert wang.says("排名") == ["“一季度比学”正在更正，改好后重新公布。原来公布的请看“版本”。\n[版本]"]
    [shown] = wang.presses("版本")
    assert "\n现在重新开放评分，改好后公布新的一版。\n第1版，" in shown
    assert "第2版，" not in shown
    assert "[核验]" not in shown
    world.personas["施计"].says("代录 郑评 大里村 30 20 20")
    published(world)
    posted = world.heard("石佛办事处")[-1]
    assert "更正（第2版），周敏公布，原因：一份纸质表录错\n" in posted
    assert "大里村：91.00分第" in posted
    [shown] = world.personas["王芳"].says("版本")
    assert "第1版，" in shown
    assert "第2版，" in shown
    assert bundle(world, 0)["ranking"] != bundle(world, 1)["ranking"]


def test_an_objection_gets_an_answer_on_the_record(world: World) -> None:
    scored(world)
    wang, zhou = world.personas["王芳"], world.personas["周敏"]
    assert wang.says("异议 不服") == ["还没有公布过本单位的成绩。"]
    published(world)
    quiet(world)
    assert wang.says("异议 超时没有算对") == ["异议已登记为1号，会答复您。"]
    assert zhou.heard() == ["大里村对“一季度比学”的成绩有异议：\n「超时没有算对」\n[答复]"]
    zhou.presses("答复")
    zhou.says("已复核，没有超时扣分")
    assert wang.heard() == ["您的1号异议，周敏答复：\n「已复核，没有超时扣分」"]
    quiet(world)
    assert world.personas["何监"].says("答复 1 同意") == ["1号异议周敏已经答复：已复核，没有超时扣分"]
    world.wait(hours=3)
    assert wang.says("异议 还是不服") == [
        "“一季度比学”公布后2小时内受理异议，已经过了时间。有事请直接联系组织者。"
    ]


def test_an_open_objection_holds_up_the_signature(world: World) -> None:
    scored(world)
    world.personas["施计"].says("代录 郑评 大里村 30 20 20")
    world.personas["郑评"].presses("有异议")
    world.personas["周敏"].says("封评")
    world.personas["何监"].says("启封")
    assert world.personas["何监"].says("签字") == ["还有1条异议没有答复，答复后再签字。"]
    world.personas["施计"].says("答复 1 按原表改正")
    assert world.personas["何监"].says("签字") == ["已签字，还要另一位签。"]


def test_the_picture_is_posted_and_papers_go_to_the_organizer(world: World) -> None:
    scored(world)
    published(world)
    [posted] = world.heard("枫杨办事处")[-1:]
    assert posted.endswith("📎一季度比学成绩.png")


def test_anybody_recomputes_the_result_from_the_bundle(world: World, tmp_path: Path) -> None:
    scored(world)
    world.personas["施计"].says("扣分 大里村 0.35 超时")
    published(world)
    data = bundle(world)
    done = run(tmp_path, data, "--root", data["root"])
    assert done.returncode == 0, done.stdout
    assert "全部一致。" in done.stdout
    assert f"大里村: {next(r['score'] for r in data['ranking'] if r['contestant'] == 1)}" in done.stdout


@pytest.mark.parametrize(
    ("where", "value"),
    [("scores", ["40", "30", "30"]), ("salt", "00"), ("judge", 9), ("status", "withdrawn"), ("version", 2)],
)
def test_a_tampered_sheet_is_caught(world: World, tmp_path: Path, where: str, value: object) -> None:
    scored(world)
    published(world)
    data = bundle(world)
    data["sheets"][0][where] = value
    done = run(tmp_path, data)
    assert done.returncode == 1
    assert "✗ 评分表与封存码" in done.stdout


def test_a_tampered_ranking_or_rule_is_caught(world: World, tmp_path: Path) -> None:
    scored(world)
    world.personas["冯评"].says("大里村 20 20 20")
    published(world)
    data = bundle(world)
    data["ranking"][0]["score"] = "99.00"
    assert "应为 / should be" in run(tmp_path, data).stdout
    data = bundle(world)
    data["rules"]["trim_each_end"] = 0
    assert run(tmp_path, data).returncode == 1
    data = bundle(world)
    data["ranking"].pop()
    assert "排名里缺少" in run(tmp_path, data).stdout
    assert run(tmp_path, {"sheets": []}).returncode == 2


def test_receipts_are_checked_by_the_script_as_well(world: World, tmp_path: Path) -> None:
    scored(world)
    world.personas["周敏"].says("封评")
    [told] = world.personas["郑评"].heard()
    code = told.split("评分回执：")[1].split("\n")[0]
    world.personas["何监"].says("启封")
    world.personas["何监"].says("签字")
    world.personas["施计"].says("签字")
    world.personas["周敏"].says("公布")
    world.personas["周敏"].presses("公布全部名次")
    assert "✓ 回执" in run(tmp_path, bundle(world), "--receipt", code).stdout
    assert run(tmp_path, bundle(world), "--receipt", "AAAA-BBBB").returncode == 1


def test_script_and_bot_hash_alike() -> None:
    records = [{"judge": at, "scores": ["1.5", "二"], "total": None} for at in range(13)]
    for count in range(len(records) + 1):
        leaves = [merkle.leaf(record) for record in records[:count]]
        assert verify.tree([verify.leaf(record) for record in records[:count]]).hex() == merkle.root(leaves)
        assert verify.receipt(merkle.root(leaves), leaves) == merkle.receipt(merkle.root(leaves), leaves)


def test_whoever_lacks_the_role_is_refused(world: World) -> None:
    scored(world)
    for name, words in (
        ("周敏", "启封"),
        ("周敏", "签字"),
        ("何监", "公布"),
        ("施计", "重开 因为"),
        ("陈立", "封评"),
        ("王芳", "下一位"),
        ("郑评", "加分 大里村 1 好"),
        ("周敏", "代录 郑评 大里村 90"),
    ):
        assert "您目前没有这个身份" in world.personas[name].says(words)[0], (name, words)


def test_two_rounds_at_once_are_told_apart(world: World) -> None:
    opened(world, all_on=True)
    zhou, keeper = world.personas["周敏"], world.personas["施计"]
    zhou.says("活动 观摩 一季度观摩 大里村、南流村")
    zhou.presses("创建并开评")
    assert zhou.says("评分进度") == ["有2场符合：一季度观摩、一季度比学。请选一场：\n[一季度观摩]\n[一季度比学]"]
    assert zhou.presses("一季度比学")[0].startswith("一季度比学\n应交")
    assert keeper.says("加分 欢河村 1 好")[0].startswith("已记下：欢河村加1分：好\n")
    assert keeper.says("扣分 南流村 1 差")[0].startswith("已记下：南流村扣1分：差\n")
    keeper.says("items 1")
    assert "欢河村" not in keeper.presses("撤掉1")[0]
    assert keeper.says("代录 郑评 南流村 90")[0].startswith("已替郑评录入：\n南流村：90分")
    assert "欢河村：90分" in keeper.says("代录 郑评 欢河村 36 27 27")[0]
    keeper.says("计时")
    assert keeper.says("8分钟") == ["欢河村发言8分0秒，不扣分。\n[撤销]"]


def test_one_of_several_is_opened_again(world: World) -> None:
    scored(world)
    published(world)
    zhou = world.personas["周敏"]
    zhou.says("活动 观摩 一季度观摩 大里村、欢河村")
    zhou.presses("创建并开评")
    zhou.says("封评")
    zhou.presses("仍然封评")
    assert zhou.says("重开 录错了") == ["重开哪一场？\n[一季度观摩]\n[一季度比学]\n[取消]"]
    assert zhou.presses("一季度比学") == ["“一季度比学”已重开，各群和评委都收到了通知。"]


def test_nothing_of_all_this_makes_an_incident(world: World) -> None:
    scored(world)
    published(world)
    for unit in UNITS:
        world.personas["周敏"].says(f"排名 {unit}")
    with world.database.transaction() as tx:
        assert tx.all(select(incidents.c.id)) == []


def test_a_result_corrected_for_severity_is_recomputed_as_well(world: World, tmp_path: Path) -> None:
    zhou = world.personas["周敏"]
    zhou.says("活动 观摩 一季度观摩 大里村、公园道社区、欢河村")
    zhou.presses("改松紧修正")
    zhou.presses("创建并开评")
    for at, judge in enumerate(JUDGES):
        for unit, score in (("大里村", 88), ("公园道社区", 90), ("欢河村", 84)):
            world.personas[judge].says(f"{unit} {score + at * (at % 3)}")
    world.personas["吴评"].says("欢河村 66.5")
    published(world)
    data = bundle(world)
    assert data["rules"]["corrected"] is True
    done = run(tmp_path, data)
    assert done.returncode == 0, done.stdout
    data["rules"]["corrected"] = False
    assert run(tmp_path, data).returncode == 1
    assert "未修正的成绩：" in world.personas["王芳"].says("成绩")[0]
