"""What a quantity in a report says."""

from __future__ import annotations

import pytest

from bot.chat.grammar.folding import fold
from bot.chat.grammar.said import figures_in, kind_at


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("装了96盏", "total"),
        ("路灯96盏", "total"),
        ("已完成40公里", "total"),
        ("目前96盏", "total"),
        ("新建公厕3座", "total"),
        ("再次开展活动3次", "total"),
        ("又快又好完成96盏", "total"),
        ("增至96盏", "total"),
        ("增加到96盏", "total"),
        ("截至本周装了96盏", "total"),
        ("新装路灯累计96盏", "total"),
        ("本月累计20盏", "total"),
        ("装了96盏没问题", "total"),
        ("这周又装了20盏", "increment"),
        ("本周装了20盏", "increment"),
        ("本周，装了20盏", "increment"),
        ("这个月完成了三公里", "increment"),
        ("昨天装了5盏", "increment"),
        ("新装20盏", "increment"),
        ("新发展党员2名", "increment"),
        ("又硬化了0.5公里", "increment"),
        ("比上月多装20盏", "increment"),
        ("追加投资20万元", "increment"),
        ("还剩24盏", "remaining"),
        ("还差3户", "remaining"),
        ("差24盏", "remaining"),
        ("剩余24盏未装", "remaining"),
        ("还有24盏没装", "remaining"),
        ("还有24盏", "remaining"),
        ("24盏没装", "remaining"),
        ("24盏还没安装", "remaining"),
        ("未完成24盏", "remaining"),
        ("还需安装24盏", "remaining"),
        ("再装20盏就完成了", "remaining"),
        ("还剩20%", "remaining"),
        ("计划装103盏", "other"),
        ("任务103盏", "other"),
        ("准备再装20盏", "other"),
        ("预计下月装20盏", "other"),
        ("6月30日前装20盏", "other"),
        ("每月开展1次", "other"),
        ("其中太阳能灯50盏", "other"),
        ("路灯装了96盏，还剩24盏", "total remaining"),
        ("新增20盏，累计96盏", "increment total"),
        ("又装了20盏累计装了96盏", "increment total"),
        ("累计96盏，其中本周20盏", "total increment"),
        ("103盏路灯装了96盏", "other total"),
        ("共103盏，已装96盏", "other total"),
        ("任务103盏完成96盏", "other total"),
        ("由20盏增加到96盏", "other total"),
        ("从20到96盏", "total"),
        ("每月开展1次，已开展3次", "other total"),
        ("上次装了20盏，现在装了96盏", "total total"),
        ("装了差不多96盏", "total"),
        ("将近96盏", "total"),
    ],
)
def test_what_a_quantity_says(text: str, kinds: str) -> None:
    assert " ".join(figure.kind for figure in figures_in(fold(text))) == kinds


def test_a_share_says_as_much_as_a_quantity() -> None:
    assert kind_at("还剩两成", 2, 4) == "remaining"
    assert kind_at("完成八成", 2, 4) == "total"
