"""The word that was meant, for slips such as phones produce."""

from __future__ import annotations

import pytest

from bot.chat.grammar.suggest import closest

_UNITS = """
大里村 大谢村 公园道社区 庄王村 张五砦村 紫锦社区 红城社区 盛世社区 欢河村 南流村
枫杨办事处 石佛办事处 沟赵办事处 梧桐办事处 双桥办事处
"""
UNITS = _UNITS.split()
_COMMANDS = """
承诺 我的承诺 撤回承诺 规定动作 审核 亮诺 办结 销号 变更 台账 进度 季报 未报 核实 退回 汇总 佐证 帮助 取消 撤销
语言 绑定 绑定码 解绑 绑群 名册 任命 免去 换届 打分 评分表 按钮打分 评分进度 公布 成绩 开评 封评 活动
"""
COMMANDS = _COMMANDS.split()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        # the right sound in the wrong character
        ("大李村", "大里村"),
        ("大理社区", "大里村"),
        ("大写村", "大谢村"),
        ("公元道社区", "公园道社区"),
        ("庄旺村", "庄王村"),
        ("装王村", "庄王村"),
        ("张武砦村", "张五砦村"),
        ("紫金社区", "紫锦社区"),
        ("子锦社区", "紫锦社区"),
        ("宏城社区", "红城社区"),
        ("圣世社区", "盛世社区"),
        ("欢合村", "欢河村"),
        ("楠流村", "南流村"),
        ("风杨办事处", "枫杨办事处"),
        ("十佛办事处", "石佛办事处"),
        # another character
        ("张五寨村", "张五砦村"),
        ("枫扬办事处", "枫杨办事处"),
        ("环河村", "欢河村"),
        # too little, too much, turned round
        ("大里", "大里村"),
        ("公园道", "公园道社区"),
        ("公园社区", "公园道社区"),
        ("南流社区", "南流村"),
        ("大里村委会", "大里村"),
        ("沟赵街道", "沟赵办事处"),
        ("王庄村", "庄王村"),
        # in letters
        ("dalicun", "大里村"),
        ("Zi Jin She Qu", "紫锦社区"),
    ],
)
def test_a_mistyped_unit(typed: str, meant: str) -> None:
    assert closest(typed, UNITS)[:1] == [meant]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("打份", "打分"),
        ("大分", "打分"),
        ("进渡", "进度"),
        ("近度", "进度"),
        ("jindu", "进度"),
        ("承若", "承诺"),
        ("成诺", "承诺"),
        ("我得承诺", "我的承诺"),
        ("帮定", "绑定"),
        ("邦助", "帮助"),
        ("记报", "季报"),
        ("台帐", "台账"),
        ("审和", "审核"),
        ("推回", "退回"),
        ("彻销", "撤销"),
        ("　公不 ", "公布"),
    ],
)
def test_a_mistyped_command(typed: str, meant: str) -> None:
    assert closest(typed, COMMANDS)[:1] == [meant]


@pytest.mark.parametrize(
    "typed", ["", "  ", "你好", "收到", "谢谢", "天气不错", "大家好", "辛苦了", "ok", "1", "报告领导", "👍"]
)
def test_nothing_alike_is_not_suggested(typed: str) -> None:
    assert closest(typed, COMMANDS) == []


def test_the_best_come_first_and_far_worse_ones_not_at_all() -> None:
    assert closest("大里村", UNITS) == ["大里村"]
    assert closest("大木村", UNITS) == ["大谢村", "大里村"]
    assert closest("大木村", UNITS, limit=1) == ["大谢村"]
    assert closest("大木村", UNITS, cutoff=90) == []
    assert closest("大里村", []) == []


def test_sentences_are_compared_by_their_characters() -> None:
    known = ["硬化村内道路2公里，年底前完成", "为群众办实事10件，年底前完成"]
    assert closest("硬化村内道路3公里，年底前完成", known, cutoff=75) == known[:1]


def test_among_many_names_the_nearest_are_still_found() -> None:
    many = [
        f"{first}{second}村"
        for first in "东西南北上下前后左右中大新"
        for second in "张王李赵刘陈杨黄周吴徐孙马朱胡郭何高林郑罗梁宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏"
    ]
    assert len(many) > 500
    assert closest("东理村", many)[0] == "东李村"
