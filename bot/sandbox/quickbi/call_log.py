"""The append-only record of every call that arrived; chaos runs and tests check it."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.sandbox.quickbi.limits import TOLERANCE

CALLS_KEPT = 200_000
OK = "OK"


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """`arrived` is monotonic, in seconds. `outcome` is `OK`, the code of the refusal, or what went wrong."""

    seq: int
    arrived: float
    at: datetime
    action: str
    mail_id: str
    task_id: str
    outcome: str
    request_id: str
    over_limit: bool = False


class CallLog:
    """Calls in the order of their arrival; the oldest are forgotten after 200,000."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self._outcomes: Counter[tuple[str, str]] = Counter()
        self._seq = 0
        self.violations = 0
        """Calls over the documented limit."""

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(tuple(self._calls))

    def next_seq(self) -> int:
        self._seq += 1
        return self._seq

    def append(self, call: Call) -> None:
        self._calls.append(call)
        self._outcomes[call.action, call.outcome] += 1
        self.violations += call.over_limit

    def calls(
        self, action: str | None = None, *, mail_id: str | None = None, outcome: str | None = None
    ) -> tuple[Call, ...]:
        """Of one operation, about one mail, with one outcome; or any."""
        return tuple(
            call
            for call in self._calls
            if action in {None, call.action}
            and mail_id in {None, call.mail_id}
            and outcome in {None, call.outcome}
        )

    def since(self, seq: int) -> tuple[Call, ...]:
        """Those after number `seq` (0: all that are kept)."""
        return tuple(call for call in self._calls if call.seq > seq)

    def count(self, action: str, outcome: str = OK) -> int:
        """How many there ever were."""
        return self._outcomes[action, outcome]

    def fullest(self, action: str, *, seconds: float = 1.0 - TOLERANCE) -> int:
        """The most calls of this operation that arrived within any such window, refused ones among them."""
        window: deque[float] = deque()
        most = 0
        for call in self.calls(action):
            window.append(call.arrived)
            while call.arrived - window[0] >= seconds:
                window.popleft()
            most = max(most, len(window))
        return most
