"""Why a run failed, as far as it can be known: who can see the reason, and what an error that was pasted means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from bot.domain import Mail, MailRef
from bot.mails.id_parsing import innermost, tidy
from bot.mails.text_normalisation import displayed
from bot.slack.kit.text import code, escape, name

_DOCUMENTS = "https://help.aliyun.com/zh/document_detail/"
_CODE = re.compile(r"(?:error\W?code|错误码)\W{0,6}([\w.-]{1,40})", re.IGNORECASE)
_NO_CODE = frozenset({"", "0", "null", "none"})


@dataclass(frozen=True, slots=True)
class Console:
    """Where people open Quick BI. `page` may hold {mail_id} and {task_id}; it is empty where it is not known."""

    page: str = ""

    def way(self, ref: MailRef) -> str:
        """Behind “can see why”: the way to Quick BI."""
        if not self.page:
            return " in Quick BI:"
        page = self.page.replace("{mail_id}", quote(ref.mail_id, safe=""))
        return f": <{escape(page.replace('{task_id}', str(ref.task_id or '')))}|Open Quick BI> →"


NO_CONSOLE = Console()


@dataclass(frozen=True, slots=True)
class _Error:
    """`page` is the number of Quick BI's document that says so."""

    meaning: str
    todo: str
    page: str


_SIMPLER = "A simpler report helps, or a time at which the database is less busy."
_SLOW = _Error("the report's query took over 11 minutes", _SIMPLER, "698458")
_BY_CODE = {
    "20002": _SLOW,
    "50002": _Error(
        "WeCom does not let Quick BI's app reach one of the recipients",
        "A WeCom administrator can add that person to those who may see the app.",
        "617172",
    ),
    "50005": _Error(
        "Feishu does not let Quick BI's app upload images or files",
        "A Feishu administrator can give the app that permission.",
        "600656",
    ),
}
_BY_WORDS = {
    r"evaluate\s+time\s?out": _SLOW,
    "请求远程服务失败": _Error(
        "Quick BI may not post in that Feishu group",
        "Its owner can bind the group's authorisation in Quick BI.",
        "607719",
    ),
    r"screen\s?shot.{0,40}time[sd]?\W?\s?out|time[sd]?\W?\s?out.{0,40}screen\s?shot|截图.{0,10}超时": _Error(
        "the screenshot of the report took over 3 minutes",
        f"{_SIMPLER} Running it again later may be enough.",
        "283304",
    ),
}


def who_sees_why(ref: MailRef, mail: Mail | None, console: Console) -> str:
    """Quick BI's API never tells the reason. Members see the sending records of their own mails, admins all.

    https://help.aliyun.com/en/quick-bi/user-guide/manage-sending-records
    """
    owner = f" {name(mail.owner_name, 40)}" if mail and displayed(mail.owner_name) else ""
    task = f", task {code(str(ref.task_id))}" if ref.task_id else ""
    return (
        f"Its owner{owner} or an organisation admin can see why{console.way(ref)} "
        f"*Subscription → Sending Record → View logs*{task}. Often a screenshot of the report took too long."
    )


def explained(text: str) -> str:
    """What the error in a pasted text means, in a paragraph; empty where there is none. Words say more than a code."""
    text = tidy(text)
    given, bare = _CODE.search(text), innermost(text)
    number = bare if bare in _BY_CODE else given[1] if given else ""
    by_words = (
        error for words, error in _BY_WORDS.items() if re.search(words, text, re.IGNORECASE | re.DOTALL)
    )
    error = next(by_words, None) or _BY_CODE.get(number)
    which = "" if number.casefold() in _NO_CODE else f" {code(number)}"
    if error is not None:
        meaning = f"<{_DOCUMENTS}{error.page}.html|{error.meaning}>"
        return f"💬 Error{which}: {meaning}. {error.todo}"
    return f"💬 Error{which}: I don't know this code." if which else ""
