"""The example quarter in a real browser, from registering to published results, by buttons and plain words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.program import Program

pytestmark = pytest.mark.browser

SCOREKEEPER, SCRUTINEER = "p2", "p3"
ORGANIZER, OFFICE, JUDGES, SECRETARY = "p1", "p5", ("p10", "p11", "p12"), "p17"


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path)
    made.start()
    made.wait_until_open()
    yield made
    made.kill()


class Person:
    """Somebody of the example district with a window of their own."""

    def __init__(self, browser: Browser, program: Program, account: str, size: dict[str, int]) -> None:
        self.page: Page = browser.new_page(viewport=size)  # type: ignore[arg-type]
        self.page.goto(f"{program.address}/#as={account}&room=private:{account}")
        expect(self.page.locator("#items .bubble").first).to_be_visible()

    def says(self, text: str) -> None:
        self.page.locator("#box").fill(text)
        self.page.locator("#box").press("Enter")

    def presses(self, label: str) -> None:
        self.page.get_by_role("button", name=label, exact=True).last.click()

    def sees(self, text: str) -> None:
        expect(self.page.locator("#items")).to_contain_text(text)

    def opens(self, title: str) -> None:
        self.page.get_by_text(title).first.click()


def test_from_registering_to_published_results(browser: Browser, program: Program) -> None:
    wang = Person(browser, program, SECRETARY, PHONE)
    wang.sees("您扮演王芳")
    wang.says("承诺硬化村内道路２公里12月底前")
    wang.sees("请核对这项承诺")
    wang.presses("提交")
    wang.sees("等枫杨办事处审核")

    chen = Person(browser, program, OFFICE, DESKTOP)
    chen.sees("大里村提了1项承诺")
    chen.presses("审核")
    chen.sees("请审核：大里村第3项承诺")
    chen.presses("通过")
    chen.sees("大里村的承诺已在工作群亮诺")
    chen.opens("枫杨办事处工作群")
    chen.sees("硬化村内道路２公里（2021年12月31日前）")

    wang.says("道路硬化了1.2公里")
    wang.sees("本次：1.2公里（60%）")
    wang.presses("确认")
    wang.sees("已登记：第3项 1.2公里（60%）")

    zhou = Person(browser, program, ORGANIZER, DESKTOP)
    zhou.says("活动 观摩 试一场 大里村、欢河村")
    zhou.presses("创建并开评")
    zhou.sees("“试一场”已开评")
    for number, account in enumerate(JUDGES):
        judge = Person(browser, program, account, PHONE)
        judge.sees("请您评分：试一场")
        judge.says(f"大里村 28 27 18 1{number + 5}\n欢河村 26 25 17 16")
        judge.page.close()
    zhou.says("封评")
    zhou.sees("还有评委没交完")
    zhou.presses("仍然封评")
    zhou.sees("已封评，分数不能再改")
    hao = Person(browser, program, SCRUTINEER, PHONE)
    hao.presses("启封")
    hao.sees("89.00")
    hao.presses("签字")
    hao.sees("还要另一位签")
    he = Person(browser, program, SCOREKEEPER, PHONE)
    he.presses("签字")
    he.sees("两人都签了")
    zhou.sees("可以公布")
    zhou.presses("公布")
    zhou.sees("公布预览：试一场")
    zhou.presses("公布全部名次")
    zhou.sees("已公布到6个工作群")
    zhou.opens("郑州高新区工作群")
    zhou.sees("试一场　成绩")
    expect(zhou.page.get_by_role("row", name="1 大里村 89.00 3")).to_be_visible()
    expect(zhou.page.get_by_alt_text("试一场成绩.png")).to_be_visible()
