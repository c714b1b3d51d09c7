"""Who can see why a run failed, and what a pasted error means."""

from __future__ import annotations

import pytest

from bot.domain import MailRef, TaskId
from bot.slack.views.reasons import NO_CONSOLE, Console, explained, who_sees_why
from tests.messages.cast import MAIL, NASTY, SALES
from tests.unit.typed_samples import VENDOR_LINE

FAILED = MailRef(mail_id=MAIL, task_id=TaskId(72))


@pytest.mark.parametrize(
    ("pasted", "meaning"),
    [
        pytest.param("[MailId]:1; [ErrorCode]:50005; [ErrorMessage]:…", "|Feishu does not let", id="a line"),
        pytest.param(VENDOR_LINE, "|the screenshot", id="a line whose words say more"),
        pytest.param("【ErrorCode】：20002", "took over 11 minutes", id="in full-width brackets"),
        pytest.param("错误码 50002", "WeCom does not let", id="in Chinese"),
        pytest.param("`50002`", "WeCom does not let", id="the code alone"),
        pytest.param("it says: Evaluate Timeout!", "|the report's query", id="words for a code"),
        pytest.param(
            "群消息 请求远程服务失败", "may not post in that Feishu group", id="words without a code"
        ),
        pytest.param("Screenshot timed out (180 s)", "took over 3 minutes", id="a screenshot"),
        pytest.param(
            "[ErrorCode]:1; 截图超时", "took over 3 minutes", id="words beside a code that says nothing"
        ),
        pytest.param("error code 98765", "Error `98765`: I don't know this code", id="an unknown code"),
    ],
)
def test_a_pasted_error_is_explained(pasted: str, meaning: str) -> None:
    """With what to do, and a source; of an unknown one just the code."""
    said = explained(pasted)
    assert meaning in said
    assert ("help.aliyun.com" in said) is ("don't know" not in said)


@pytest.mark.parametrize(
    "pasted",
    ["Daily Sales", str(MAIL), "[MailId]:2342526; [ErrorCode]:0", "Error rates", "Report 50005b", ""],
)
def test_what_is_no_error_is_not_explained(pasted: str) -> None:
    """A name that sounds like one, or the code for none."""
    assert explained(pasted) == ""


def test_who_can_see_the_reason_is_named() -> None:
    """The owner, or an admin: members see the records of their own mails only."""
    said = who_sees_why(FAILED, SALES, NO_CONSOLE)
    assert "Its owner Ada or an organisation admin can see why in Quick BI: *Subscription →" in said
    assert "task `72`" in said
    assert "Its owner or an" in who_sees_why(MailRef(mail_id=MAIL), None, NO_CONSOLE)


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("https://bi.aliyun.com", "<https://bi.aliyun.com|Open Quick BI>"),
        ("https://x/{mail_id}?a=1&task={task_id}", f"<https://x/{MAIL}?a=1&amp;task=72|Open Quick BI>"),
    ],
)
def test_the_page_is_linked(page: str, link: str) -> None:
    """With the IDs where the template has their places."""
    assert link in who_sees_why(FAILED, NASTY, Console(page))


def test_an_odd_id_does_not_break_out_of_the_link() -> None:
    """It is quoted."""
    odd = MailRef(mail_id=type(MAIL)("a|b> c"))
    assert "<https://x/a%7Cb%3E%20c/|Open Quick BI>" in who_sees_why(
        odd, None, Console("https://x/{mail_id}/{task_id}")
    )
