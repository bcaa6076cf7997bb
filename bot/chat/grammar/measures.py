"""What quantities are counted and measured in: 公里, 平方米, 盏, 万元 and their other spellings."""

from __future__ import annotations

from decimal import Decimal

#: Other spellings of a measure.
_SPELLINGS = {
    "公里": "千米 km KM Km ㎞",
    "米": "m 公尺 延米 延长米",
    "里": "华里 里路 里地",
    "厘米": "cm CM 公分 ㎝",
    "毫米": "mm MM ㎜",
    "平方米": "平米 平方 ㎡ m² m2 平",
    "平方公里": "平方千米 km² km2 k㎡",
    "立方米": "立方 m³ m3 ㎥",
    "公顷": "ha",
    "公斤": "千克 kg KG Kg ㎏",
    "元": "块钱 圆 元钱",
    "万元": "万块钱",
    "天": "个工作日 工作日",
    "周": "个星期 星期 个礼拜 礼拜 个多星期",
    "小时": "个小时 个钟头 钟头 个多小时 个半小时",
    "个月": "个多月 个半月",
    "百分点": "个百分点 个点",
    "千瓦": "kW KW kw",
    "台套": "台(套) 台/套",
    "人次": "人(次)",
    "棵": "珠",
    "盏": "盞 站",
}
#: Measures that are only themselves, in more than one character.
_LONG = "万元 亿元 分钟 户次 场次 车次 件次 台次 例次 批次 趟次 期次 课时 学时 兆瓦 千瓦时"
#: Words for counting, one character each.
_COUNTERS = (
    "亩吨斤克年%盏户人件处家台次场栋座条个名项株套期位口眼间所幢块面幅张份本册篇部辆架艘只头匹羽尾组班支队批轮层门扇"
    "道段片根杆基副对枚颗粒袋箱桶瓶包盒筐顶床趟遍回例起宗笔款类种首节车分岁度方堆堵孔具盆盘"
)
#: How a word goes on when it is no measure: 三门峡, 七里河, 一次性, 两部门.
_GOES_ON = {
    "里": "铺 庄 河 桥 店 屯 营 村 井 沟 岗 坪 塘 堡 坡 湾 头 湖 社 巷 程 街 庙 寨 集 面 外 长",
    "米": "面 粉 饭",
    "平": "时 安 均 台 原 衡 整 坝 市",
    "方": "面 案 式 便 法 向 针 能 可 阵 队 位 圆 舱 形 米",
    "天": "气 津 然 下 桥 地 花",
    "年": "底 末 初 度 级 轻 龄 终 份 中 0 1 2 3 4 5 6 7 8 9 第 上半 下半 前 后",
    "周": "边 年 围 岁 末",
    "元": "旦 里 宵",
    "斤": "斤",
    "人": "民 大代 大会 大常 大主 才 力 工 均 物 居 行道 生 事",
    "户": "籍 外 口 厕 型 均",
    "处": "理 置 于 罚 长",
    "家": "庭 长 园 属 具 乡 禽 畜 里 店 训 风 政 门",
    "台": "阶 账 湾 风 山 州",
    "次": "性 日 年 月 数 序 产 要",
    "场": "地 所 景",
    "座": "谈 位 椅",
    "条": "件 例 款 街",
    "个": "体 别 性 意识 自信 维护 确立 全面 代表 一",
    "名": "字 单 称 录 誉",
    "期": "间 限 待 望 末 满 刊 工程 项目 建设",
    "位": "于 置 一体",
    "口": "号 岸 头 径 子",
    "间": "接 隔 距",
    "所": "有 在 以 谓 属 需",
    "面": "积 向 对 临 貌",
    "份": "额",
    "部": "门 署 队 分 委 长",
    "架": "构 设",
    "只": "要 有 能 是 剩 差 需",
    "组": "织 建 长 成 合",
    "班": "子 车 长 主 级",
    "支": "部 委 书 持 付 出 农 教 线 援 撑",
    "队": "员 伍 长",
    "批": "准 示 评 复 发",
    "轮": "车 胎",
    "层": "面 次",
    "门": "口 诊 店 市 峡 牌",
    "道": "路 德 理 观",
    "段": "落",
    "片": "区 长",
    "根": "据 本",
    "基": "本 地 础 层",
    "副": "主 书",
    "对": "照 比 口 接 标 于 一 象",
    "包": "括 联 抓 保 村 户 扶",
    "回": "迁 族 收 访 复 报",
    "例": "如 会 行",
    "起": "到 来 草 诉",
    "笔": "记 试",
    "款": "项 式",
    "类": "似",
    "种": "植 子 养",
    "首": "先 次 都 批",
    "节": "约 点 日 假 目",
    "车": "位 库 道 间 辆",
    "分": "之 别 配 会 公 支 局 析 散 开 钟",
    "度": "假 量 过",
    "具": "体 备 有",
    "盘": "活 点",
    "站": "点 台 长 房 岗 起",
    "头": "部 疼",
    "套": "路",
    "眼": "睛",
    "个百分点": "",
    "个点": "位",
}
_LATIN = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789²³")

#: Each measure's size in one or more dimensions; what shares a dimension converts. An official mu is not a
#: whole number of square metres, so land and area meet only in the hectare.
_SIZES: dict[str, dict[str, Decimal]] = {
    "公里": {"length": Decimal(1000)},
    "里": {"length": Decimal(500)},
    "米": {"length": Decimal(1)},
    "厘米": {"length": Decimal("0.01")},
    "毫米": {"length": Decimal("0.001")},
    "平方米": {"area": Decimal(1)},
    "公顷": {"area": Decimal(10_000), "land": Decimal(15)},
    "平方公里": {"area": Decimal(1_000_000), "land": Decimal(1500)},
    "亩": {"land": Decimal(1)},
    "吨": {"weight": Decimal(1000)},
    "公斤": {"weight": Decimal(1)},
    "斤": {"weight": Decimal("0.5")},
    "克": {"weight": Decimal("0.001")},
    "元": {"money": Decimal(1)},
    "万元": {"money": Decimal(10_000)},
    "亿元": {"money": Decimal(100_000_000)},
    "小时": {"hours": Decimal(60)},
    "分钟": {"hours": Decimal(1)},
    "周": {"days": Decimal(7)},
    "天": {"days": Decimal(1)},
    "年": {"months": Decimal(12)},
    "个月": {"months": Decimal(1)},
    "兆瓦": {"power": Decimal(1000)},
    "千瓦": {"power": Decimal(1)},
    "千瓦时": {"energy": Decimal(1)},
    "度": {"energy": Decimal(1)},
}
#: Different words for counting the same things.
_ALIKE = ("人 名 位", "棵 株", "栋 幢", "场 场次", "期 期次", "批 批次", "台 台套")
_GROUPS = {word: group for group in _ALIKE for word in group.split()}


def _words() -> dict[str, tuple[str, tuple[str, ...]]]:
    """Every spelling with its measure and with what may not follow it."""
    named = {name: name for name in (*_SPELLINGS, *_SIZES, *_LONG.split(), *_COUNTERS)}
    named |= {other: name for name, others in _SPELLINGS.items() for other in others.split()}
    return {
        word: (name, _LATIN if word[0].isascii() and word != "%" else tuple(_GOES_ON.get(word, "").split()))
        for word, name in named.items()
    }


_WORDS = _words()
_LONGEST = max(map(len, _WORDS))


def measure_at(folded: str, at: int) -> tuple[str, int] | None:
    """The measure whose word stands at a position, under its usual name, and where the word ends; or None."""
    for length in range(min(_LONGEST, len(folded) - at), 0, -1):
        found = _WORDS.get(folded[at : at + length])
        if found and not (found[1] and folded.startswith(found[1], at + length)):
            return found[0], at + length
    return None


def usual(measure: str) -> str:
    """The usual name of a measure: 公里 for km and 千米; an unknown one stays as it is."""
    found = _WORDS.get(measure)
    return found[0] if found else measure


def is_divisible(measure: str) -> bool:
    """Whether the measure can be cut in halves: 公里, 亩, 小时; not 盏 or 户."""
    return measure in _SIZES


def convert(value: Decimal, from_measure: str, to_measure: str) -> Decimal | None:
    """The value in another measure (1.2 公里 = 1200 米); None when the two do not measure the same."""
    source, target = usual(from_measure), usual(to_measure)
    if source == target or (source in _GROUPS and _GROUPS[source] == _GROUPS.get(target)):
        return value
    sizes, wanted = _SIZES.get(source, {}), _SIZES.get(target, {})
    for dimension, size in sizes.items():
        if dimension in wanted:
            return value * size / wanted[dimension]
    return None


def same_measure(a: str, b: str) -> bool:
    """Whether values in the two measures can be compared: 公里 and 米, 名 and 人; not 亩 and 平方米."""
    return convert(Decimal(1), a, b) is not None
