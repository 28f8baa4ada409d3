"""Which draft is restored when both the browser and the server hold one."""

import pytest


@pytest.mark.parametrize(
    ("local", "server", "chosen"),
    [
        (None, None, None),
        ({"saved_at": 5}, None, "local"),
        (None, {"saved_at": 5}, "server"),
        ({"saved_at": 9}, {"saved_at": 5}, "local"),
        ({"saved_at": 5}, {"saved_at": 9}, "server"),
        # The server's draft is this browser's own earlier one, whatever the clocks say.
        ({"saved_at": 5, "server_saved_at": 9}, {"saved_at": 9}, "local"),
        # Painted on elsewhere since.
        ({"saved_at": 5, "server_saved_at": 9}, {"saved_at": 10}, "server"),
    ],
)
def test_the_later_work_is_restored(evaluate, local, server, chosen):
    body = """
        const best = m.newerDraft(arg.local, arg.server);
        return best === null ? null : best === arg.local ? 'local' : 'server';
    """
    assert evaluate("work/drafts.js", body, {"local": local, "server": server}) == chosen
