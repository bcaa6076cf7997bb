"""What everybody of the example district finds first in their private chat: who they are, what to try."""

from __future__ import annotations

from datetime import datetime

from bot.chat.messages import Button, Reply, faint, quote, say, title
from bot.chat.people import ROLE_WORDS, Role
from bot.chat.rendering import Renderer
from bot.chat.texts import CHINESE, Name, T
from storage import accounts, outbox, people, units
from storage.database import Tx
from storage.people import Holder

#: What each role may like to try first: example sentences, then commands that make good buttons.
TRIES: dict[Role, tuple[tuple[str, ...], tuple[Name, ...]]] = {
    Role.ORGANIZER: (
        (
            "规定动作 村 建成村史馆1处，年底前完成",
            "活动 观摩 4月29日逐办观摩 大里村、公园道社区、庄王村、紫锦社区",
        ),
        (Name("汇总", "/summary"), Name("未报", "/missing"), Name("活动", "/round")),
    ),
    Role.OFFICE_ADMINISTRATOR: (
        ("未报", "台账"),
        (Name("审核", "/examine"), Name("核实", "/verify"), Name("汇总", "/summary")),
    ),
    Role.SECRETARY: (
        ("承诺 硬化村内道路2公里 12月底前", "第1项完成了3次", "又办了2件实事"),
        (Name("我的承诺", "/my_commitments"), Name("承诺", "/promise"), Name("季报", "/quarterly")),
    ),
    Role.SCOREKEEPER: (
        ("下一位", "加分 大里村 0.5 获市级先进"),
        (Name("评分进度", "/scoring"), Name("计时", "/clock"), Name("签字", "/sign")),
    ),
    Role.SCRUTINEER: (
        ("启封", "签字"),
        (Name("评分进度", "/scoring"), Name("评分体检", "/checkup")),
    ),
    Role.JUDGE: (("大里村 28 26 19 20", "1号 党建28 服务26 平安19 阵地20"), (Name("评分表", "/sheet"),)),
}


def greet(tx: Tx, renderer: Renderer, *, home: str, now: datetime) -> None:
    """Put everybody's greeting into the outbox, once for all time."""
    everybody = people.posts_below(tx, [unit.id for unit in units.roots(tx)])
    greeted = {holder.person_id: holder for holder in everybody if holder.role in TRIES}
    reached = accounts.reach_people(tx, greeted, home=home, now=now)
    for person_id, holder in greeted.items():
        reply = greeting(holder)
        content = renderer.content(reply.body, reply.buttons, (), CHINESE)
        outbox.put(tx, chat_id=reached[person_id].chat_id, content=content, now=now, key=f"tour:{person_id}")


def greeting(holder: Holder) -> Reply:
    """What one person finds."""
    sentences, commands = TRIES[holder.role]
    return say(
        title(T("这里是练习室：您扮演{name}", name=holder.name)),
        T(
            "{unit}，{role}。现在是2021年3月22日，一季度的报告期。",
            unit=holder.unit_name,
            role=ROLE_WORDS[holder.role],
        ),
        T("可以照着发一句试试，也可以按按钮："),
        *(quote(sentence) for sentence in sentences),
        faint(T("区名和十个村、社区来自报道；人名、“示例”单位和所有数字都是虚构的。")),
        buttons=(tuple(Button(command, command.chinese) for command in commands), (Button(T("帮助"), "帮助"),)),
    )
