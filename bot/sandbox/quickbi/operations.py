"""The three operations over a World: parameters in, a reply out. Knows no HTTP and no signature.

https://www.alibabacloud.com/help/en/quick-bi/developer-reference/api-quickbi-public-2022-01-01-getmailtaskstatus
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from bot.sandbox.quickbi.faults import malformed
from bot.sandbox.quickbi.replies import Reply, dropped, refused, success
from bot.sandbox.world import refusals
from bot.sandbox.world.behaviour import Malformed, RunQuirk, Truth
from bot.sandbox.world.mail import Mail, Run
from bot.sandbox.world.refusals import Refusal
from bot.sandbox.world.world import World

DEFAULT_PAGE_SIZE = 25
LARGEST_PAGE_SIZE = 1_000  # not stated by the vendor: a larger wish gets this much
_FLAGS = {"true": True, "false": False}

NO_SUCH_ACTION = Refusal(
    code="InvalidAction.NotFound",
    message="Specified api is not found, please check your url and method.",
    status=404,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Operations:
    """Answers calls that passed the checks."""

    world: World
    slow_seconds: float

    def answer(self, action: str, parameters: Mapping[str, str], request_id: str) -> Reply:
        match action:
            case "GetMailTaskStatus":
                return self._status(parameters, request_id)
            case "GetMailTaskList":
                return self._list(parameters, request_id)
            case "ManualRunMailTask":
                return self._run(parameters, request_id)
            case _:
                return refused(NO_SUCH_ACTION, request_id)

    def _status(self, parameters: Mapping[str, str], request_id: str) -> Reply:
        mail = self._mail(parameters)
        if isinstance(mail, Refusal):
            return refused(mail, request_id)
        try:
            task_id = int(parameters["TaskId"]) if "TaskId" in parameters else None
        except ValueError:
            return refused(_invalid("TaskId"), request_id)
        behaviour = mail.on_status
        match behaviour:
            case Truth():
                return success(self._told(mail, task_id, shown=behaviour.shown), request_id)
            case Refusal():
                return refused(behaviour, request_id)
            case Malformed():
                told = self._told(mail, task_id, shown=1)
                return malformed(behaviour, told, request_id, slow_seconds=self.slow_seconds)
        assert_never(behaviour)

    def _told(self, mail: Mail, task_id: int | None, *, shown: int) -> list[dict[str, Any]]:
        """The latest run, or the one of this task ID: nothing tells the others. None of this ID: empty."""
        runs = mail.visible(self.world.now)
        if task_id is not None:
            return [self._run_body(mail, run) for run in runs if run.task_id == task_id]
        return [self._run_body(mail, run) for run in runs[:shown]]

    def _run_body(self, mail: Mail, run: Run) -> dict[str, Any]:
        now = self.world.now
        return {
            "execTime": f"{run.exec_at.astimezone(self.world.zone):%Y-%m-%d %H:%M:%S}",
            "mailId": mail.mail_id,
            "status": run.status_at(now),
            "taskId": run.task_id,
        }

    def _run(self, parameters: Mapping[str, str], request_id: str) -> Reply:
        """A mail that cannot even be asked about cannot be run either."""
        mail = self._mail(parameters)
        if isinstance(mail, Refusal):
            return refused(mail, request_id)
        if isinstance(mail.on_status, Refusal):
            return refused(mail.on_status, request_id)
        return self._begin(mail, request_id)

    def _begin(self, mail: Mail, request_id: str) -> Reply:
        if isinstance(mail.on_run, Refusal):
            return refused(mail.on_run, request_id)
        if mail.on_run is RunQuirk.NOT_STARTED:
            return success(result=False, request_id=request_id, outcome=RunQuirk.NOT_STARTED)
        begun = self.world.run_by_hand(mail.mail_id)
        if isinstance(begun, Refusal):
            return refused(begun, request_id)
        if mail.on_run is RunQuirk.REPLY_LOST:
            return dropped(RunQuirk.REPLY_LOST)
        return success(result=True, request_id=request_id)

    def _list(self, parameters: Mapping[str, str], request_id: str) -> Reply:
        number = _positive(parameters.get("PageNum", "1"))
        size = _positive(parameters.get("PageSize", str(DEFAULT_PAGE_SIZE)))
        if number is None:
            return refused(_invalid("PageNum"), request_id)
        if size is None:
            return refused(_invalid("PageSize"), request_id)
        size = min(size, LARGEST_PAGE_SIZE)
        if parameters.get("Paused", "").lower() not in {"", *_FLAGS}:
            return refused(_invalid("Paused"), request_id)
        return success(_page(self._listed(parameters), number, size), request_id)

    def _listed(self, parameters: Mapping[str, str]) -> list[Mail]:
        """Only the mails that the caller may see."""
        paused = _FLAGS.get(parameters.get("Paused", "").lower())
        owner = parameters.get("UserNick") or None
        return [
            mail
            for mail in self.world.mails()
            if mail.permitted and paused in {None, mail.paused} and owner in {None, mail.owner_name}
        ]

    def _mail(self, parameters: Mapping[str, str]) -> Mail | Refusal:
        mail_id = parameters.get("MailId", "")
        if not mail_id:
            return refusals.MAIL_ID_NULL
        mail = self.world.find(mail_id)
        if mail is None:
            return refusals.MAIL_NOT_FOUND
        return mail if mail.permitted else refusals.MAIL_FORBIDDEN


def _positive(text: str) -> int | None:
    """A whole number of at least 1; else None."""
    try:
        number = int(text)
    except ValueError:
        return None
    return number if number > 0 else None


def _page(mails: list[Mail], number: int, size: int) -> dict[str, Any]:
    pages = -(-len(mails) // size)
    return {
        "PageNum": number,
        "PageSize": size,
        "TotalNum": len(mails),
        "TotalPages": pages,
        "Pre": number - 1,
        "Next": number + 1 if number < pages else 0,
        "Data": [_listing(mail) for mail in mails[(number - 1) * size : number * size]],
    }


def _listing(mail: Mail) -> dict[str, Any]:
    return {
        "MailId": mail.mail_id,
        "SubscribeName": mail.name,
        "BizOwnerName": mail.owner_name,
        "BizOwnerUserId": mail.owner_id,
        "Paused": mail.paused,
    }


def _invalid(parameter: str) -> Refusal:
    return Refusal(code="InvalidParameter", message=f"The specified parameter {parameter} is not valid.")
