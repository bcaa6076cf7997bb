"""Who one is, the line to the server, languages, practice tools and accessibility, in a real browser."""

from __future__ import annotations

import re
import threading

import pytest
from playwright.sync_api import APIResponse, Route, expect

from bot.chat.messages import Call, ChatKind, ChatRef, Line, Outgoing, link
from tests.browser.conftest import Open
from tests.platforms.practice import Practice, Served

pytestmark = pytest.mark.browser

#: From now on, count how often the story's button can be pressed again.
NOTE_FREED = """() => {
  window.freed = 0;
  const button = document.getElementById("play");
  new MutationObserver(() => { if (!button.disabled) window.freed += 1; }).observe(button, {attributes: true});
}"""
#: Every visible text whose contrast with what is painted behind it is below 4.5.
FAINT = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const paint = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const found = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.checkVisibility() || node.matches(":disabled, .skip, option")) continue;
    const behind = [];
    for (let one = node; one; one = one.parentElement) behind.unshift(getComputedStyle(one).backgroundColor);
    const ink = light(paint([...behind, getComputedStyle(node).color]));
    const paper = light(paint(behind));
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${node.className || node.id} ${node.textContent}`);
  }
  return found;
}"""


def test_a_newcomer_chooses_who_to_be_and_is_remembered(practice: Practice, served: Served, window: Open) -> None:
    one = window()
    page = one.page
    page.goto(served.address)
    people = page.locator(".person-be")
    expect(page.get_by_role("heading", name="您想以谁的身份进来？")).to_be_visible()
    expect(people).to_have_count(18)
    expect(page.locator("#people-list h3")).to_have_text(["组织者1", "办事处管理员5", "书记10", "评委1"])
    page.keyboard.press("Escape")
    expect(people.first).to_be_visible()
    page.get_by_role("searchbox").fill("石佛 书记")
    expect(people).to_have_count(3)
    expect(people.first).to_contain_text("赵强")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("#who-name")).to_have_text("赵强")
    expect(page.locator("#who-posts")).to_have_text("欢河村 书记")
    expect(page).to_have_url(re.compile(f"#as={practice.account('赵强')}$"))
    expect(page).to_have_title("赵强 · 亮赛比 练习室")
    one.say("你好")
    assert practice.taken[0].sender.name == "赵强"
    page.goto("about:blank")
    page.goto(served.address)
    expect(page.locator("#who-name")).to_have_text("赵强")
    one.sees("收到：你好")


def test_switching_the_identity_and_being_two_at_once(practice: Practice, window: Open) -> None:
    wang = window().be("王芳")
    wang.say("我是王芳")
    with wang.page.context.expect_page() as opened:
        wang.page.locator("#who").click()
        wang.page.get_by_role("link", name="在新窗口里扮李建国").click()
    expect(opened.value.locator("#who-name")).to_have_text("李建国")
    wang.page.get_by_role("searchbox").fill("蒋")
    expect(wang.page.locator(".person-be").first).to_contain_text("蒋评委")
    wang.page.keyboard.press("ArrowDown")
    wang.page.keyboard.press("Enter")
    expect(wang.page.locator("#who-name")).to_have_text("蒋评委")
    expect(wang.bubbles).to_have_count(0)
    wang.say("我是评委")
    assert [inbound.sender.name for inbound in practice.taken] == ["王芳", "蒋评委"]
    wang.page.go_back()
    expect(wang.page.locator("#who-name")).to_have_text("王芳")
    wang.sees("收到：我是王芳")


def test_a_stranger_can_try_to_bind(practice: Practice, window: Open) -> None:
    wang = window().be("王芳")
    wang.page.locator("#who").click()
    wang.page.locator(".person-be", has_text="陌生人（未绑定）").click()
    expect(wang.page.locator("#who-posts")).to_have_text("未绑定")
    wang.say("绑定 8F3K-2274")
    assert practice.taken[0].sender.id == "guest-1"


def test_after_a_restart_the_window_comes_back_and_has_missed_nothing(
    practice: Practice, served: Served, window: Open
) -> None:
    wang = window().be("王芳")
    wang.box.fill("卡片")
    wang.box.press("Enter")
    wang.sees("大里村 2021年承诺")
    card = practice.told and served.do(practice.store.messages(f"private:{practice.account('王芳')}", limit=9))[-1]
    offline = wang.page.locator("#offline")

    def meanwhile() -> None:
        expect(offline).to_contain_text("连接断开了")
        wang.box.fill("断线时写的话")
        wang.box.press("Enter")
        expect(wang.page.locator("#toast")).to_contain_text("写的内容还在")
        expect(wang.box).to_have_value("断线时写的话")
        assert card
        chat = ChatRef("local", card.room, ChatKind.PRIVATE)
        for number, replaces in ((101, None), (102, str(card.id))):
            body = (Line(f"离线消息{number}"),)
            served.do(practice.room.send(Outgoing(id=number, chat=chat, body=body, replaces=replaces)))

    served.restart(before=meanwhile)
    expect(offline).to_be_hidden()
    expect(wang.bubbles).to_have_text(["卡片", "离线消息102", "离线消息101"])
    expect(wang.box).to_have_value("断线时写的话")
    wang.box.press("Enter")
    wang.sees("收到：断线时写的话")


def test_a_message_under_way_when_the_server_dies_arrives_once(
    practice: Practice, served: Served, window: Open
) -> None:
    wang = window().be("王芳")
    # The answer to the first try is lost on the way back, as when the line breaks just then.
    wang.page.route(
        "**/api/messages",
        lambda route: (route.fetch(), route.abort()) if route.request.method == "POST" else route.continue_(),
        times=1,
    )
    wang.box.fill("只说一次")
    wang.box.press("Enter")
    wang.sees("收到：只说一次")
    served.restart()
    expect(wang.page.locator("#pending > *")).to_have_count(0)
    expect(wang.bubbles).to_have_text(["只说一次", "收到：只说一次"])
    assert [inbound.text for inbound in practice.taken] == ["只说一次"]


def test_drafts_stay_with_their_room(window: Open) -> None:
    wang = window().be("王芳")
    wang.box.fill("还没写完")
    wang.page.locator(".room", has_text="枫杨办事处").click()
    expect(wang.box).to_have_value("")
    wang.box.fill("群里的话")
    wang.page.locator(".room", has_text="亮赛比").click()
    expect(wang.box).to_have_value("还没写完")
    wang.page.reload()
    expect(wang.box).to_have_value("还没写完")


def test_the_page_speaks_the_readers_language(practice: Practice, served: Served, window: Open) -> None:
    wang = window().be("王芳")
    wang.say("你好")
    practice.speak("王芳", "en")
    wang.say("language")
    page = wang.page
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()
    expect(page.locator(".practice-words")).to_contain_text("training ground")
    expect(page.locator("#who-posts")).to_have_text("Secretary, 大里村")
    expect(page.locator("html")).to_have_attribute("lang", "en-GB")
    expect(wang.messages.last.locator(".by")).to_have_text("Liangsaibi")
    seen = page.locator("body").inner_text()
    own = re.sub(r"王芳?|大里村|\S*工作群|收到：\S+|你好|高新|枫杨", "", seen)
    assert re.findall(r"[\u4e00-\u9fff]+", own) == []


def test_both_dictionaries_say_the_same_things(window: Open, served: Served) -> None:
    page = window().be("王芳").page
    missing = page.evaluate(
        """async () => {
          const { DICTIONARIES } = await import("/static/texts.js");
          const names = (words, lead = "") => Object.entries(words).flatMap(([name, value]) =>
            typeof value === "object" ? names(value, `${lead}${name}.`)
              : [`${lead}${name} ${[...value.matchAll(/\\{\\w+\\}/g)].map(String).sort().join()}`]);
          const [zh, en] = [names(DICTIONARIES.zh_CN), names(DICTIONARIES.en)];
          return [zh.filter((name) => !en.includes(name)), en.filter((name) => !zh.includes(name)), zh.length];
        }"""
    )
    assert missing[:2] == [[], []]
    assert missing[2] > 80


def test_the_banner_and_the_practice_clock(practice: Practice, window: Open) -> None:
    wang = window().be("王芳")
    banner = wang.page.get_by_role("note")
    expect(banner).to_contain_text("练习室")
    expect(banner).to_contain_text("这里是训练场，数据可随时重置，不是正式工作群")
    expect(wang.page.locator("#clock")).to_contain_text("2021年3月22日周一 09:03")


def test_the_story_shows_how_far_it_is(practice: Practice, served: Served, window: Open) -> None:
    wang, other = window().be("王芳"), window().be("蒋评委")
    wang.page.get_by_role("button", name="播放示例季度").click()
    for one in (wang, other):
        expect(one.page.locator("#story-caption")).to_have_text("示例季度 1/3：第1幕")
        expect(one.page.get_by_role("button", name="播放示例季度")).to_be_disabled()
    late = window().be("赵强")
    expect(late.page.locator("#story-caption")).to_have_text("示例季度 1/3：第1幕")
    for _ in range(3):
        served.do(_step(practice))
    expect(wang.page.locator("#story")).to_be_hidden()
    expect(wang.page.locator("#toast")).to_have_text("示例季度播放完了。")


def test_an_answer_from_before_the_story_does_not_hide_it(
    practice: Practice, served: Served, window: Open
) -> None:
    wang = window().be("王芳")
    held: list[tuple[Route, APIResponse]] = []
    wang.page.route("**/api/me?*", lambda route: held.append((route, route.fetch())), times=1)
    wang.say("你好")
    wang.sees("收到：你好")
    wang.page.get_by_role("button", name="播放示例季度").click()
    expect(wang.page.locator("#story-caption")).to_have_text("示例季度 1/3：第1幕")
    assert len(held) == 1
    wang.page.evaluate(NOTE_FREED)
    held[0][0].fulfill(response=held[0][1])
    # What is said next goes out only after that answer has been taken in.
    wang.say("还在吗")
    wang.sees("收到：还在吗")
    assert wang.page.evaluate("window.freed") == 0
    for _ in range(3):
        served.do(_step(practice))
    expect(wang.page.locator("#toast")).to_have_text("示例季度播放完了。")


def test_an_answer_from_before_an_edit_does_not_undo_it(window: Open) -> None:
    wang = window().be("王芳")
    wang.say("/卡片")
    wang.sees("大里村 2021年承诺")
    held: list[tuple[Route, APIResponse]] = []
    # What the window fetches when its line comes up is on its way for long. (Where the line is up before the room
    # has been fetched, the room is fetched anew instead: then once more from the beginning.)
    wang.page.route("**/api/messages?*after=*", lambda route: held.append((route, route.fetch())), times=1)
    for turn in range(500):
        if held:
            break
        if turn % 100 == 0:
            wang.page.reload()
        wang.page.wait_for_timeout(20)
    assert held
    press = wang.page.locator("#items").get_by_role("button", name="提交", exact=True)
    press.click()
    wang.sees("第2项进度 60%")
    expect(press).to_have_count(0)
    held[0][0].fulfill(response=held[0][1])
    expect(wang.page.locator("body")).to_have_attribute("data-line", "up")
    expect(press).to_have_count(0)


async def _step(practice: Practice) -> None:
    practice.next_step.set()
    import asyncio

    await asyncio.sleep(0.05)


def test_starting_over_is_asked_first(practice: Practice, window: Open) -> None:
    wang, other = window().be("王芳"), window().be("蒋评委")
    wang.page.get_by_role("button", name="重新开始练习").click()
    expect(wang.page.get_by_role("dialog")).to_contain_text("清空练习室里的全部数据")
    wang.page.get_by_role("button", name="取消").click()
    assert practice.resets == 0
    wang.page.get_by_role("button", name="重新开始练习").click()
    wang.page.get_by_role("button", name="清空，重新开始").click()
    for one in (wang, other):
        expect(one.page.locator("#toast")).to_have_text("练习室已经重新开始。")
    assert practice.resets == 1


def test_who_is_gone_after_starting_over_chooses_again(practice: Practice, window: Open) -> None:
    wang = window().be("王芳")
    wang.say("你好")
    wang.sees("收到：你好")
    practice.lost = "王芳"
    wang.page.get_by_role("button", name="重新开始练习").click()
    wang.page.get_by_role("button", name="清空，重新开始").click()
    expect(wang.page.get_by_role("heading", name="您想以谁的身份进来？")).to_be_visible()
    wang.page.locator(".person-be", has_text="赵强").click()
    expect(wang.page.locator("#who-name")).to_have_text("赵强")


def test_an_empty_chat_says_how_to_begin(practice: Practice, window: Open) -> None:
    wang = window().be("王芳")
    starts = wang.page.locator(".start")
    expect(starts).to_have_count(6)
    starts.filter(has_text="帮助").click()
    expect(wang.box).to_have_value("帮助 ")
    expect(wang.box).to_be_focused()
    wang.box.press("Enter")
    wang.sees("收到：帮助")
    expect(starts.first).to_be_hidden()


def test_everything_can_be_named_by_a_screen_reader(practice: Practice, window: Open) -> None:
    wang = window().be("王芳")
    wang.say("卡片")
    wang.say("文件")
    wang.sees("台账做好了")
    page = wang.page
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll("button, a, input, textarea, img, progress, [role]")]
          .filter((node) => node.checkVisibility())
          .filter((node) => !(node.getAttribute("aria-label") || node.getAttribute("alt") !== null
            || node.textContent.trim() || node.labels?.length))
          .map((node) => node.outerHTML.slice(0, 90))"""
    )
    assert unnamed == []
    log = page.get_by_role("log", name="消息")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(page.get_by_role("navigation", name="聊天")).to_be_visible()
    expect(page.get_by_role("textbox", name="写消息")).to_be_focused()
    page.locator(".skip").focus()
    order = []
    for _ in range(5):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert order == ["who", "room", "room", "room", ""]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out_in_light_and_dark(practice: Practice, window: Open, scheme: str) -> None:
    wang = window(color_scheme=scheme, reduced_motion="reduce").be("王芳")
    wang.say("卡片")
    wang.sees("大里村 2021年承诺")
    ratios = wang.page.evaluate(FAINT)
    assert ratios == []


def test_who_is_called_stands_out(practice: Practice, served: Served, window: Open) -> None:
    wang = window().be("王芳", "枫杨办事处")
    chat = ChatRef("local", practice.group("枫杨办事处"), ChatKind.GROUP)
    line = Line("🔴还没办的：大里村 @王芳、欢河村 @赵强", "plain", (Call(10, 13, practice.account("王芳")),))
    served.do(practice.room.send(Outgoing(id=1, chat=chat, body=(line,))))
    expect(wang.bubbles.last.locator(".call")).to_have_text(["@王芳"])
    expect(wang.bubbles.last).to_have_text("还没办的：大里村 @王芳、欢河村 @赵强", use_inner_text=True)


def test_an_announced_address_can_be_followed_and_others_are_words(
    practice: Practice, served: Served, window: Open
) -> None:
    wang = window().be("王芳", "枫杨办事处")
    chat = ChatRef("local", practice.group("枫杨办事处"), ChatKind.GROUP)
    body = (Line("请看：https://other.example.com"), link("https://example.cn/a?b=1&c=2"))
    served.do(practice.room.send(Outgoing(id=1, chat=chat, body=body)))
    found = wang.bubbles.last.locator("a")
    expect(found).to_have_count(1)
    expect(found).to_have_attribute("href", "https://example.cn/a?b=1&c=2")
    expect(found).to_have_attribute("rel", "noopener noreferrer nofollow")


def test_many_messages_at_once_arrive_in_order(practice: Practice, served: Served, window: Open) -> None:
    wang = window().be("王芳")
    chat = ChatRef("local", f"private:{practice.account('王芳')}", ChatKind.PRIVATE)

    def pour() -> None:
        for number in range(60):
            served.do(practice.room.send(Outgoing(id=number, chat=chat, body=(Line(f"第{number}条"),))))

    pouring = threading.Thread(target=pour)
    pouring.start()
    expect(wang.bubbles).to_have_count(60)
    pouring.join()
    expect(wang.bubbles).to_have_text([f"第{number}条" for number in range(60)])
    expect(wang.bubbles.last).to_be_in_viewport()
