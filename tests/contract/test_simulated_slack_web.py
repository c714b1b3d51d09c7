"""The simulated Web API under slack_sdk's own clients: answers, refusals, scopes, tokens, history."""

import asyncio
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web import WebClient
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack import Rates, SimulatedSlack
from tests.contract.simulated_slack import MANIFEST, Clock, client_of

SECTION = [{"type": "section", "text": {"type": "mrkdwn", "text": "hi"}}]


async def refused(call: Any) -> str:
    """The error code with which Slack refused."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_the_async_client_posts_updates_and_deletes() -> None:
    """A message's life by `chat.*`: stored, edited with a mark, gone."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        client = client_of(slack)
        posted = await client.chat_postMessage(channel="#reports", text="one", blocks=SECTION)
        channel, ts = posted["channel"], posted["ts"]
        assert channel == "C0REPORTS2"
        assert posted["message"]["blocks"][0]["block_id"]

        updated = await client.chat_update(channel=channel, ts=ts, text="two")
        assert (updated["text"], updated["message"]["text"]) == ("two", "two")
        message = slack.workspace.message(channel, ts)
        assert (message.text, message.blocks, message.edited_ts is not None) == ("two", (), True)

        await slack.people.delete_message(channel, ts)
        assert slack.workspace.messages(channel) == ()
        assert await refused(client.chat_update(channel=channel, ts=ts, text="x")) == "message_not_found"


async def test_the_sync_client_works_against_the_same_server() -> None:
    """slack_sdk's urllib client, unchanged."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        client = WebClient(token=slack.bot_token, base_url=slack.api_url)
        who = await asyncio.to_thread(client.auth_test)
        posted = await asyncio.to_thread(
            client.chat_postMessage, channel="C0REPORTS2", text="hello", blocks=SECTION
        )

        assert (who["team_id"], who["bot_id"], who["user_id"]) == (
            slack.team_id,
            slack.bot_id,
            slack.bot_user_id,
        )
        assert "chat:write" in who.headers["x-oauth-scopes"].split(",")
        assert slack.workspace.message("reports", posted["ts"]).text == "hello"


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        pytest.param("C0NOWHERE0", "channel_not_found", id="no such channel"),
        pytest.param("C0BOARD005", "channel_not_found", id="private, bot not in it"),
        pytest.param("C0OLDREP07", "is_archived", id="archived"),
        pytest.param("U0NOBODY00", "channel_not_found", id="no such person"),
    ],
)
async def test_where_the_bot_may_not_post(channel: str, code: str) -> None:
    """`chat.postMessage` is refused with Slack's code."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        assert await refused(client_of(slack).chat_postMessage(channel=channel, text="x")) == code


async def test_public_channels_need_no_invitation_with_the_right_scope() -> None:
    """`chat:write.public` posts to a public channel; without it: `not_in_channel`."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        client = client_of(slack)
        await client.chat_postMessage(channel="C0SALES003", text="x")
        slack.withhold_scopes(["chat:write.public"])
        assert await refused(client.chat_postMessage(channel="C0SALES003", text="x")) == "not_in_channel"
        await slack.people.invite_bot("ada", "sales")
        await client.chat_postMessage(channel="C0SALES003", text="x")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({"text": ""}, "no_text", id="nothing to say"),
        pytest.param({"text": "x" * 4001}, "msg_too_long", id="too long"),
        pytest.param({"text": "x", "blocks": "[1"}, "invalid_blocks_format", id="blocks are no JSON"),
        pytest.param({"text": "x", "blocks": {"a": 1}}, "invalid_blocks_format", id="blocks are no list"),
        pytest.param({"text": "x", "metadata": {"event_type": "e"}}, "invalid_metadata_format", id="half"),
    ],
)
async def test_what_cannot_be_said(body: dict[str, Any], code: str) -> None:
    """Empty, long and malformed messages are refused."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        call = client_of(slack).api_call("chat.postMessage", json={"channel": "C0REPORTS2", **body})
        assert await refused(call) == code
        assert slack.workspace.messages("reports") == ()


async def test_invalid_blocks_point_to_the_mistake() -> None:
    """`invalid_blocks` names the place in the JSON, as Slack does."""
    long: list[dict[str, Any]] = [
        {"type": "divider"},
        {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}},
    ]
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        with pytest.raises(SlackApiError) as caught:
            await client_of(slack).chat_postMessage(channel="C0REPORTS2", text="x", blocks=long)

        answer = caught.value.response
        assert answer["error"] == "invalid_blocks"
        assert answer["response_metadata"]["messages"] == [
            "[ERROR] must be less than 3001 characters [json-pointer:/blocks/1/text/text]"
        ]


async def test_only_own_messages_can_be_changed() -> None:
    """A person's message is not the app's to edit; nor is an ephemeral one reachable."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        client = client_of(slack)
        said = await slack.people.post_message("ada", "reports", "mine")
        shown = await client.chat_postEphemeral(channel="C0REPORTS2", user="U0ADA00001", text="psst")

        update = client.chat_update(channel="C0REPORTS2", ts=said.ts, text="x")
        assert await refused(update) == "cant_update_message"
        update = client.chat_update(channel="C0REPORTS2", ts=shown["message_ts"], text="x")
        assert await refused(update) == "message_not_found"
        stranger = client.chat_postEphemeral(channel="C0REPORTS2", user="U0OLGA0004", text="x")
        assert await refused(stranger) == "user_not_in_channel"


async def test_scopes_come_from_the_manifest() -> None:
    """A missing scope is named together with those that were granted."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        slack.withhold_scopes(["channels:history", "users:read"])
        client = client_of(slack)
        with pytest.raises(SlackApiError) as caught:
            await client.conversations_history(channel="C0REPORTS2")

        assert caught.value.response["error"] == "missing_scope"
        assert caught.value.response["needed"] == "channels:history"
        assert "chat:write" in caught.value.response["provided"].split(",")
        assert await refused(client.users_info(user="U0ADA00001")) == "missing_scope"
        assert await refused(client.users_conversations(types="im")) == "missing_scope"
        await client.conversations_history(channel="C0FINANCE4")


async def test_tokens_are_told_apart() -> None:
    """No token, a wrong one, the app's instead of the bot's, a revoked one."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        bot, app = client_of(slack), client_of(slack, slack.app_token)
        assert await refused(AsyncWebClient(base_url=slack.api_url).auth_test()) == "not_authed"
        assert await refused(client_of(slack, "xoxb-wrong").auth_test()) == "invalid_auth"
        assert await refused(app.auth_test()) == "not_allowed_token_type"
        open_socket = bot.apps_connections_open(app_token=slack.bot_token)
        assert await refused(open_socket) == "not_allowed_token_type"
        slack.faults.revoke_token("account_inactive")
        assert await refused(bot.auth_test()) == "account_inactive"
        slack.faults.clear()
        await bot.auth_test()
        assert not any(slack.bot_token in str(entry) for entry in slack.ledger)


async def test_history_is_newest_first_in_pages_and_with_metadata_on_request() -> None:
    """`conversations.history`: bounds, pages, no replies, no ephemeral messages, metadata if asked for."""
    async with SimulatedSlack(manifest=MANIFEST, rates=Rates.off()) as slack:
        client, metadata = client_of(slack), {"event_type": "notice", "event_payload": {"id": "n1"}}
        stamps = [
            (await client.chat_postMessage(channel="C0REPORTS2", text=str(n), metadata=metadata))["ts"]
            for n in range(5)
        ]
        await client.chat_postMessage(channel="C0REPORTS2", text="reply", thread_ts=stamps[0])
        await client.chat_postEphemeral(channel="C0REPORTS2", text="psst", user="U0ADA00001")

        first = await client.conversations_history(channel="C0REPORTS2", limit=2)
        assert [each["text"] for each in first["messages"]] == ["4", "3"]
        assert first["has_more"] is True
        assert "metadata" not in first["messages"][0]
        cursor = first["response_metadata"]["next_cursor"]
        rest = await client.conversations_history(
            channel="C0REPORTS2", cursor=cursor, include_all_metadata=True
        )
        assert [each["text"] for each in rest["messages"]] == ["2", "1", "0"]
        assert rest["messages"][0]["metadata"] == metadata
        assert rest["messages"][-1]["reply_count"] == 1
        between = await client.conversations_history(
            channel="C0REPORTS2", oldest=stamps[1], latest=stamps[3], inclusive=True
        )
        assert [each["text"] for each in between["messages"]] == ["3", "2", "1"]


async def test_metadata_stays_when_an_edit_does_not_mention_it() -> None:
    """Slack keeps a message's metadata through `chat.update`, and drops it for an empty object."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        client, metadata = client_of(slack), {"event_type": "notice", "event_payload": {"id": "n1"}}
        ts = (await client.chat_postMessage(channel="C0REPORTS2", text="a", metadata=metadata))["ts"]
        await client.chat_update(channel="C0REPORTS2", ts=ts, text="b")
        assert slack.workspace.message("reports", ts).metadata == metadata
        await client.chat_update(channel="C0REPORTS2", ts=ts, text="c", metadata={})
        assert slack.workspace.message("reports", ts).metadata is None


async def test_a_deleted_parent_leaves_a_tombstone_over_its_thread() -> None:
    """The thread stays readable; without replies the message is simply gone."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        client = client_of(slack)
        parent = (await client.chat_postMessage(channel="C0REPORTS2", text="parent"))["ts"]
        reply = await client.chat_postMessage(channel="C0REPORTS2", text="reply", thread_ts=parent)
        await slack.people.delete_message("reports", parent)

        history = await client.conversations_history(channel="C0REPORTS2")
        assert history["messages"][0]["subtype"] == "tombstone"
        thread = await client.conversations_replies(channel="C0REPORTS2", ts=parent)
        assert [each["ts"] for each in thread["messages"]] == [parent, reply["ts"]]
        gone = client.conversations_replies(channel="C0REPORTS2", ts="1.000000")
        assert await refused(gone) == "thread_not_found"


async def test_conversations_and_people_are_as_the_bot_may_see_them() -> None:
    """`conversations.info`, `.open`, `users.info` and `users.conversations`."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        client = client_of(slack)
        assert (await client.conversations_info(channel="C0SALES003"))["channel"]["is_member"] is False
        partners = (await client.conversations_info(channel="C0PARTNER6"))["channel"]
        assert (partners["is_ext_shared"], partners["is_member"]) == (True, True)
        assert await refused(client.conversations_info(channel="C0BOARD005")) == "channel_not_found"

        direct = (await client.conversations_open(users="U0MEI00003"))["channel"]["id"]
        await client.chat_postMessage(channel="U0MEI00003", text="psst")
        assert [each.text for each in slack.workspace.messages(direct)] == ["psst"]

        mei = (await client.users_info(user="U0MEI00003", include_locale=True))["user"]
        assert (mei["tz"], mei["tz_offset"], mei["locale"]) == ("Asia/Shanghai", 8 * 3600, "zh-CN")
        assert (await client.users_info(user="U0OLGA0004"))["user"]["team_id"] == "T0PARTNER"
        assert await refused(client.users_info(user="U0NOBODY00")) == "user_not_found"

        mine = await client.users_conversations(types="public_channel,private_channel", exclude_archived=True)
        assert all("is_member" not in channel for channel in mine["channels"])
        assert [each["name"] for each in mine["channels"]] == ["reports", "finance", "partners"]
        both = "public_channel,private_channel"
        hers = await client.users_conversations(user="U0MEI00003", types=both, exclude_archived=True)
        shown = {each["name"] for each in hers["channels"]}
        assert {"general", "reports", "finance", "sales"} <= shown
        assert "board" not in shown  # private, and the bot is not in it
        foreign = await client.users_conversations(user="U0OLGA0004", types=both)
        assert [each["name"] for each in foreign["channels"]] == ["partners"]
        assert await refused(client.users_conversations(user="U0NOBODY00")) == "user_not_found"


async def test_a_trigger_opens_one_view_within_three_seconds() -> None:
    """`expired_trigger_id`, `exchanged_trigger_id`, `invalid_trigger_id`."""
    view = {"type": "modal", "title": {"type": "plain_text", "text": "T"}, "blocks": SECTION}
    clock = Clock()
    async with SimulatedSlack(manifest=MANIFEST, clock=clock) as slack:
        client = client_of(slack)
        await slack.people.type_command("ada", "reports", "/hello")
        trigger_id = slack.delivered[0].payload["trigger_id"]
        opened = await client.views_open(trigger_id=trigger_id, view=view)
        assert await refused(client.views_open(trigger_id=trigger_id, view=view)) == "exchanged_trigger_id"
        assert await refused(client.views_open(trigger_id="1.2.3", view=view)) == "invalid_trigger_id"
        await slack.people.type_command("ada", "reports", "/hello")
        clock.now += 3.1
        late = client.views_open(trigger_id=slack.delivered[1].payload["trigger_id"], view=view)
        assert await refused(late) == "expired_trigger_id"

        view_id, known = opened["view"]["id"], opened["view"]["hash"]
        await client.views_update(view_id=view_id, hash=known, view=view)
        stale = client.views_update(view_id=view_id, hash=known, view=view)
        assert await refused(stale) == "hash_conflict"
        assert await refused(client.views_update(view_id="V0", view=view)) == "not_found"
        endless = {**view, "blocks": SECTION * 101}
        with pytest.raises(SlackApiError, match=r"no more than 100 items allowed.*/view/blocks"):
            await client.views_update(view_id=view_id, view=endless)


async def test_an_unknown_method_is_refused() -> None:
    """`unknown_method`, also for what Slack has and the bot never calls."""
    async with SimulatedSlack(manifest=MANIFEST) as slack:
        client = client_of(slack)
        assert await refused(client.api_call("chat.shout")) == "unknown_method"
