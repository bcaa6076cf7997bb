"""Talking in the practice room, in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Open
from tests.platforms.practice import PICTURE, Practice

pytestmark = pytest.mark.browser


def test_enter_sends_and_shift_enter_breaks_the_line(practice: Practice, window: Open) -> None:
    wang = window().be("王芳")
    wang.box.press_sequentially("第一行")
    wang.box.press("Shift+Enter")
    wang.box.press_sequentially("第二行")
    assert practice.taken == []
    wang.box.press("Enter")
    expect(wang.bubbles).to_have_text(["第一行\n第二行", "收到：第一行\n第二行"], use_inner_text=True)
    assert [inbound.text for inbound in practice.taken] == ["第一行\n第二行"]
    expect(wang.box).to_have_value("")
    expect(wang.box).to_be_focused()
    wang.box.press("Enter")
    expect(wang.page.locator("#pending > *")).to_have_count(0)
    assert len(practice.taken) == 1


def test_the_enter_of_an_input_method_does_not_send(practice: Practice, window: Open) -> None:
    wang = window().be("王芳")
    wang.box.focus()
    keyboard = wang.page.context.new_cdp_session(wang.page)
    keyboard.send("Input.imeSetComposition", {"text": "jindu", "selectionStart": 5, "selectionEnd": 5})
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 229, "nativeVirtualKeyCode": 229}
    keyboard.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    keyboard.send("Input.dispatchKeyEvent", {"type": "keyUp", **enter})
    expect(wang.box).to_have_value("jindu")
    keyboard.send("Input.insertText", {"text": "进度"})
    expect(wang.box).to_have_value("进度")
    assert practice.taken == []
    wang.box.press("Enter")
    wang.sees("收到：进度")
    assert [inbound.text for inbound in practice.taken] == ["进度"]


@pytest.mark.parametrize("opener", ["/", "／", "、"])
def test_the_command_list_opens_filters_and_chooses(practice: Practice, window: Open, opener: str) -> None:
    wang = window().be("王芳")
    options = wang.page.get_by_role("option")
    wang.box.press_sequentially(opener)
    expect(options).to_have_count(6)
    wang.box.press_sequentially("承诺")
    # What begins with the letters comes before what only contains them.
    expect(options).to_have_count(3)
    expect(options.nth(0)).to_contain_text("承诺 〔内容〕")
    wang.box.press("ArrowDown")
    wang.box.press("ArrowUp")
    wang.box.press("ArrowUp")
    expect(options.nth(2)).to_have_attribute("aria-selected", "true")
    active = wang.box.get_attribute("aria-activedescendant")
    assert active == options.nth(2).get_attribute("id")
    wang.box.press("ArrowDown")
    wang.box.press("Enter")
    expect(wang.box).to_have_value("承诺 ")
    expect(options).to_have_count(0)
    expect(wang.page.locator("#hint")).to_contain_text("承诺 〔内容〕")
    assert practice.taken == []
    wang.box.press_sequentially("硬化道路")
    wang.box.press("Enter")
    wang.sees("收到：承诺 硬化道路")


def test_the_command_list_by_button_click_and_escape(practice: Practice, window: Open) -> None:
    wang = window().be("王芳", "枫杨办事处")
    options = wang.page.get_by_role("option")
    wang.page.get_by_role("button", name="命令").click()
    expect(options).to_have_count(6)
    wang.box.press("Escape")
    expect(options).to_have_count(0)
    wang.box.fill("/季")
    options.first.click()
    # In a group the slash tells the bot that it is meant.
    expect(wang.box).to_have_value("/季报 ")
    wang.box.press("Enter")
    wang.sees("收到：/季报")
    wang.box.fill("/没有")
    expect(wang.page.locator("#commands")).to_have_text("没有这个命令")
    wang.box.fill("1/2 完成")
    expect(wang.page.locator("#commands")).to_be_hidden()


def test_two_windows_see_each_other_live(window: Open) -> None:
    wang, li = window().be("王芳", "枫杨办事处"), window().be("李建国", "枫杨办事处")
    wang.say("大家好")
    li.sees("大家好")
    expect(li.messages.last.locator(".by")).to_have_text("王芳")
    expect(li.messages.last.locator(".post")).to_have_text("大里村 书记")
    expect(li.messages.last).to_have_class("message theirs")
    expect(wang.messages.last).to_have_class("message mine")
    li.say("收到，谢谢")
    wang.sees("收到，谢谢")
    li.box.fill("/表格")
    li.box.press("Enter")
    expect(wang.page.locator("#items table")).to_be_visible()
    expect(wang.page.locator("#items tbody tr").first.locator("td")).to_have_text(
        ["1", "大里村（枫杨办事处）", "93.40", "92.10", "92.75"]
    )


def test_unread_rooms_have_a_dot_until_they_are_read(window: Open) -> None:
    wang, li = window().be("王芳"), window().be("李建国", "枫杨办事处")
    dot = wang.page.locator(".room", has_text="枫杨办事处").locator(".dot")
    expect(dot).to_have_count(0)
    li.say("请看一下")
    expect(dot).to_be_visible()
    expect(wang.page.locator(".room", has_text="枫杨办事处").locator(".glimpse")).to_have_text("李建国：请看一下")
    beside = window(same_as=wang).be("王芳")
    wang.page.locator(".room", has_text="枫杨办事处").click()
    wang.sees("请看一下")
    expect(dot).to_have_count(0)
    # Windows of one browser know what has been read in another.
    expect(beside.page.locator(".room", has_text="枫杨办事处").locator(".dot")).to_have_count(0)


def test_who_reads_old_messages_is_not_torn_away(window: Open) -> None:
    wang, li = window().be("王芳", "枫杨办事处"), window().be("李建国", "枫杨办事处")
    for number in range(30):
        li.say(f"第{number}句")
    wang.sees("第29句")
    log, pill = wang.page.locator("#log"), wang.page.get_by_role("button", name="新消息")
    expect(pill).to_be_hidden()
    log.evaluate("(node) => (node.scrollTop = 200)")
    li.say("最新的一句")
    expect(pill).to_be_visible()
    assert log.evaluate("(node) => node.scrollTop") == 200
    pill.click()
    expect(wang.bubbles.filter(has_text="最新的一句")).to_be_in_viewport()
    expect(pill).to_be_hidden()


def test_old_messages_come_when_one_scrolls_up(practice: Practice, window: Open) -> None:
    practice.answers = False
    li = window().be("李建国", "枫杨办事处")
    for number in range(70):
        li.page.request.post(
            f"{li.served.address}api/messages",
            headers={"Origin": li.served.address.rstrip("/")},
            data={
                "account": practice.account("李建国"),
                "room": practice.group("枫杨办事处"),
                "id": f"message-{number}",
                "text": f"第{number}句",
            },
        )
    wang = window().be("王芳", "枫杨办事处")
    expect(wang.messages).to_have_count(50)
    expect(wang.bubbles.first).to_have_text("第20句")
    log = wang.page.locator("#log")
    log.evaluate("(node) => (node.scrollTop = 60)")
    expect(wang.messages).to_have_count(70)
    expect(wang.bubbles.first).to_have_text("第0句")
    expect(wang.bubbles.filter(has_text="第20句")).to_be_in_viewport()
    expect(wang.page.locator(".day")).to_have_count(1)


def test_a_button_is_pressed_and_its_message_changes_for_everybody(practice: Practice, window: Open) -> None:
    wang, li = window().be("王芳", "枫杨办事处"), window().be("李建国", "枫杨办事处")
    wang.box.fill("/卡片")
    wang.box.press("Enter")
    card = li.messages.filter(has_text="大里村 2021年承诺")
    expect(card.get_by_role("button")).to_have_text(["提交", "修改", "取消"])
    expect(card.get_by_role("progressbar")).to_have_count(3)
    expect(card.locator(".bar-note")).to_have_text(
        ["绿灯 已硬化1.2公里", "黄灯 落后序时进度12个百分点", "红灯 卡在手续上", "绿灯 正常推进"]
    )
    expect(card.locator("dt")).to_have_text(["承诺", "目标", "期限", "类别"])
    wang.messages.get_by_role("button", name="提交").click()
    for one in (wang, li):
        expect(one.page.locator(".pressed")).to_have_text("〔王芳 按了 提交〕")
        one.sees("第2项进度 60%")
        expect(one.page.locator("#items .press")).to_have_count(0)
        expect(one.page.locator("#items")).not_to_contain_text("提交 2")
    assert practice.taken[-1].pressed


def test_a_photo_is_sent_seen_and_enlarged(practice: Practice, window: Open) -> None:
    wang = window().be("王芳")
    photo = {"name": "道路.png", "mimeType": "image/png", "buffer": PICTURE}
    wang.page.locator("#picture").set_input_files([photo, {**photo, "name": "路灯.png"}])
    expect(wang.page.locator(".chip:not(.loading)")).to_have_count(2)
    wang.page.get_by_role("button", name="去掉路灯.png").click()
    wang.say("刚硬化的主街")
    wang.sees("收到：刚硬化的主街")
    [attachment] = practice.taken[0].attachments
    assert (attachment.name, attachment.mime, attachment.size) == ("道路.png", "image/png", len(PICTURE))
    expect(wang.page.locator(".chip")).to_have_count(0)
    shot = wang.page.get_by_role("button", name="放大图片 道路.png")
    shot.click()
    viewer = wang.page.locator("#viewer img")
    expect(viewer).to_be_visible()
    assert viewer.evaluate("(image) => image.decode().then(() => image.naturalWidth)") == 960
    wang.page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(shot).to_be_focused()


def test_files_by_drop_and_paste_and_down_again(practice: Practice, window: Open) -> None:
    wang = window().be("王芳")
    carry = """(node, [kind, name]) => {
      const carried = new DataTransfer();
      carried.items.add(new File(["台账"], name, {type: "text/plain"}));
      const init = {bubbles: true, cancelable: true};
      node.dispatchEvent(kind === "paste"
        ? new ClipboardEvent(kind, {...init, clipboardData: carried})
        : new DragEvent(kind, {...init, dataTransfer: carried}));
    }"""
    wang.page.locator("#log").evaluate(carry, ["dragover", "一.txt"])
    expect(wang.page.locator("#drop")).to_be_visible()
    wang.page.locator("#log").evaluate(carry, ["drop", "一.txt"])
    expect(wang.page.locator("#drop")).to_be_hidden()
    wang.box.evaluate(carry, ["paste", "二.txt"])
    expect(wang.page.locator(".chip:not(.loading)")).to_have_text(["一.txt✕", "二.txt✕"])
    wang.say("")
    expect(wang.messages).to_have_count(2)
    assert [attachment.name for attachment in practice.taken[0].attachments] == ["一.txt", "二.txt"]
    with wang.page.expect_download() as down:
        wang.page.locator(".document", has_text="二.txt").click()
    assert down.value.suggested_filename == "二.txt"
    assert down.value.path().read_text("utf-8") == "台账"


def test_a_file_that_is_too_large_is_refused_before_it_goes_up(practice: Practice, window: Open) -> None:
    wang = window().be("王芳")
    wang.page.evaluate(
        """() => {
          const carried = new DataTransfer();
          carried.items.add(new File([new Uint8Array(21 * 1024 * 1024)], "大.bin"));
          const input = document.getElementById("file");
          input.files = carried.files;
          input.dispatchEvent(new Event("change"));
        }"""
    )
    expect(wang.page.locator("#toast")).to_have_text("文件太大，最大 20 MB。")
    expect(wang.page.locator(".chip")).to_have_count(0)


def test_rooms_one_is_not_in_are_folded_and_read_only(window: Open) -> None:
    zhao, wang = window().be("赵强", "石佛办事处"), window().be("王芳")
    zhao.box.fill("/卡片")
    zhao.box.press("Enter")
    others = wang.page.get_by_text("其他群（练习室里可以旁观）")
    shown = wang.page.locator(".room:visible")
    expect(shown).to_have_count(3)
    others.click()
    expect(shown).to_have_count(7)
    wang.page.locator(".room", has_text="石佛办事处").click()
    wang.sees("大里村 2021年承诺")
    expect(wang.box).to_be_hidden()
    expect(wang.page.get_by_text("您不在这个群里，只能旁观。")).to_be_visible()
    for button in wang.page.locator("#items .press").all():
        expect(button).to_be_disabled()


def test_what_people_write_is_never_markup(practice: Practice, window: Open) -> None:
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}"
    practice.rename("王芳", f"{evil}王芳")
    practice.rename_unit("大里村", '"><svg onload=alert(3)>村')
    practice.rename_group("枫杨办事处", "<b onmouseover=alert(4)>群</b>")
    wang, li = window().be("王芳", "枫杨办事处"), window().be("李建国", "枫杨办事处")
    wang.page.locator("#file").set_input_files(
        [
            {
                "name": "<img src=x onerror=alert(5)>.html",
                "mimeType": "text/html",
                "buffer": b"<script>alert(6)</script>",
            }
        ]
    )
    expect(wang.page.locator(".chip:not(.loading)")).to_have_count(1)
    wang.say(f"/{evil}")
    li.sees(evil)
    expect(li.messages.first.locator(".by")).to_have_text(f"{evil}王芳")
    expect(li.page.locator("#title")).to_have_text("<b onmouseover=alert(4)>群</b>")
    li.page.locator("#who").click()
    expect(li.page.locator("#people-list").get_by_text('"><svg onload=alert(3)>村 书记')).to_be_visible()
    for one in (wang, li):
        assert one.page.locator("img[src=x], #items script, #people-list svg, #title b").count() == 0
        assert one.page.locator("[onerror], [onload], [onmouseover]").count() == 0


def test_lights_in_a_sentence_are_drawn_and_need_no_font(window: Open) -> None:
    wang = window().be("王芳")
    wang.say("🟢绿灯3项，🔴红灯1项")
    answer = wang.bubbles.last
    expect(answer).to_have_text("收到：绿灯3项，红灯1项", use_inner_text=True)
    expect(answer.locator(".lamp.green")).to_be_visible()
    expect(answer.locator(".lamp.red")).to_be_visible()


def test_a_message_that_was_not_taken_is_sent_again_with_a_tap(practice: Practice, window: Open) -> None:
    wang = window().be("王芳")
    practice.fails = True
    wang.box.fill("要紧的话")
    wang.box.press("Enter")
    retry = wang.page.get_by_role("button", name="没发出去，点这里重发")
    expect(wang.page.locator("#toast")).to_have_text("程序暂时没能收下，请稍后再试。")
    practice.fails = False
    retry.click()
    wang.sees("收到：要紧的话")
    expect(wang.bubbles).to_have_text(["要紧的话", "收到：要紧的话"])
    assert len(practice.taken) == 1


def test_on_a_phone_rooms_and_chat_are_screens_of_their_own(window: Open) -> None:
    li = window().be("李建国", "枫杨办事处")
    li.box.fill("/表格")
    li.box.press("Enter")
    expect(li.page.locator("#items table")).to_be_visible()
    li.box.fill("/卡片")
    li.box.press("Enter")
    wang = window(viewport=PHONE, has_touch=True, is_mobile=True)
    page = wang.page
    page.goto(f"{li.served.address}#as={li.served.practice.account('王芳')}")
    expect(page.locator("#rooms .room")).to_have_count(3)
    expect(wang.box).to_be_hidden()
    _fits(wang)
    page.locator(".room", has_text="枫杨办事处").tap()
    expect(page.locator("#items table")).to_be_visible()
    wang.sees("卡在手续上")
    expect(page.locator("#rooms")).to_be_hidden()
    _fits(wang)
    wang.say("/文件")
    wang.sees("台账做好了")
    page.get_by_role("button", name="命令").tap()
    expect(page.get_by_role("option").first).to_be_visible()
    _fits(wang)
    page.get_by_role("option", name="季报").tap()
    expect(wang.box).to_have_value("/季报 ")
    page.get_by_role("button", name="返回聊天列表").tap()
    expect(page.locator("#rooms .room").first).to_be_visible()
    page.go_back()
    expect(wang.box).to_be_visible()
    page.get_by_role("button", name="返回聊天列表").tap()
    page.locator("#who").tap()
    expect(page.get_by_role("searchbox")).to_be_visible()
    _fits(wang)


def _fits(window: object) -> None:
    """Nothing wider than the phone, letters that iOS does not zoom, and targets for a thumb."""
    page = window.page  # type: ignore[attr-defined]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    small = page.evaluate(
        """() => [...document.querySelectorAll("button, input:not([type=file]), textarea, a, .tool, summary")]
          .filter((node) => node.checkVisibility() && !node.matches(".skip"))
          .filter((node) => node.getBoundingClientRect().height < 43.5 && !node.closest(".chip"))
          .map((node) => node.outerHTML.slice(0, 80))"""
    )
    assert small == []
    letters = page.evaluate(
        """() => [...document.querySelectorAll("input:not([type=file]), textarea")]
          .map((node) => parseFloat(getComputedStyle(node).fontSize))"""
    )
    assert min(letters) >= 16
