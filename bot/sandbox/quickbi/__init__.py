"""A simulated Quick BI OpenAPI on loopback. Verifies signatures, keeps the documented limits, tells a World.

    async with SimulatedQuickBI(demo_world()) as quickbi:
        quickbi.endpoint, quickbi.access_key_id, quickbi.access_key_secret, quickbi.security_token
        quickbi.world                                    # mails and their controls
        quickbi.faults.add(Mode.THROTTLED, lasting=60)   # the whole service; `clear()`, `active()`
        quickbi.ledger.calls("GetMailTaskStatus")        # every call: when, what, for which mail, outcome
        quickbi.ledger.violations                        # calls over the documented limit

`stop()` and `start(port=…)` make it refuse connections for a while; ledger, faults and key stay.

Where the vendor's pages say nothing, it guesses: an unknown task ID gets an empty `Result`; a page holds at
most 1,000 mails; the fourth run by hand within ten minutes is too many; a call over the limit does not count
against the next; the two refusals that are documented without a code come with the code `400`.
"""

from bot.sandbox.quickbi.call_log import Call
from bot.sandbox.quickbi.faults import Mode
from bot.sandbox.quickbi.limits import Limits
from bot.sandbox.quickbi.server import SimulatedQuickBI

__all__ = ["Call", "Limits", "Mode", "SimulatedQuickBI"]
