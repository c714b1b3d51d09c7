"""`views.*`: modals and the Home tab."""

from collections.abc import Mapping

from bot.sandbox.slack.blockkit import check_view
from bot.sandbox.slack.json_shapes import view_json
from bot.sandbox.slack.methods.arguments import Args, Method
from bot.sandbox.slack.model import Json, SlackError, View, bad_blocks
from bot.sandbox.slack.site import Site
from bot.sandbox.slack.workspace import HOME_TEAM


def open_view(site: Site, args: Args) -> Json:
    source = _source(args, "modal")
    user_id = site.triggers.redeem(args.required("trigger_id"))
    return {"view": view_json(site.screens.open(user_id, source))}


def push(site: Site, args: Args) -> Json:
    source = _source(args, "modal")
    user_id = site.triggers.redeem(args.required("trigger_id"))
    return {"view": view_json(site.screens.push(user_id, source))}


def update(site: Site, args: Args) -> Json:
    view = _open_view(site, args)
    source = _source(args, view.type)
    _check_hash(view, args)
    return {"view": view_json(site.screens.update(view, source))}


def publish(site: Site, args: Args) -> Json:
    if not site.manifest.has_home:
        raise SlackError("not_enabled")
    source = _source(args, "home")
    team = {user.id for user in site.workspace.users() if user.team_id == HOME_TEAM and not user.is_bot}
    if (user_id := args.required("user_id")) not in team:
        raise SlackError("user_not_found")
    if (before := site.screens.home(user_id)) is not None:
        _check_hash(before, args)
    return {"view": view_json(site.screens.publish_home(user_id, source))}


def _source(args: Args, wanted: str) -> Json:
    """The view that the app gave, checked."""
    view = args.structure("view")
    if view is None:
        args.required("view")
    if problems := check_view(view, wanted):
        raise bad_blocks("invalid_arguments", problems)
    checked: Json = view
    return checked


def _open_view(site: Site, args: Args) -> View:
    try:
        return site.screens.find(args.required("view_id"))
    except LookupError:
        raise SlackError("not_found") from None


def _check_hash(view: View, args: Args) -> None:
    if args.text("hash") not in {"", view.hash}:
        raise SlackError("hash_conflict")


METHODS: Mapping[str, Method] = {
    "views.open": Method(run=open_view),
    "views.push": Method(run=push),
    "views.update": Method(run=update),
    "views.publish": Method(run=publish),
}
