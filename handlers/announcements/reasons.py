"""Why a message did not arrive, in plain words; platforms say it in theirs."""

from __future__ import annotations

import re

from bot.chat.texts import T, Text

_READINGS: tuple[tuple[str, Text], ...] = (
    (r"blocked|拉黑|停用", T("对方停用了机器人，请对方重新打开和机器人的聊天")),
    (r"kicked|removed|not a member|left|移出", T("机器人不在群里了，请把它重新拉进群")),
    (r"deactivated|user is deleted|60111|不存在", T("对方的账号已注销，请对方用新账号重新绑定")),
    (r"can.t initiate|never written|not started", T("对方还没有和机器人说过话，请对方先发一句")),
    (r"not found|gone|no room|86001|86003|86008|93006|93000", T("这个聊天已经没有了，请重新绑定")),
    (r"许可|unlicensed", T("对方没有企业微信的接口许可，请联系企业微信管理员")),
    (r"could not be reached for too long", T("对方长时间联系不上，内容已过时，没有再发")),
    (r"timed?.?out|no answer|超时", T("平台没有及时答复，可能已经送到，没有自动重发")),
    (r"too many|retry|429|flood|45009", T("平台要求放慢，稍后自动再发")),
    (r"too large|too long|bytes|40058|45002", T("内容太大，平台不收")),
    (r"not configured|没有配置", T("这个平台没有配置，请联系管理员")),
    (r"connect|network|gateway|5\d\d|unavailable|Error", T("平台暂时连不上，会自动再试")),
)


def plain(error: str | None) -> Text:
    """The reason in plain words; what is not known is quoted."""
    for pattern, words in _READINGS:
        if error and re.search(pattern, error, re.IGNORECASE):
            return words
    return T("平台说：{error}", error=(error or "?")[:80])
