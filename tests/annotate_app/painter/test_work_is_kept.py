"""When the network, the server, the lease or the page fails, the work stays."""

import time

import numpy as np
from painting_oracle import stroke
from stand_in import StandIn, pack, unpack


def test_a_submit_is_sent_again_until_it_gets_through(rater):
    ada = rater()
    ada.drag((50, 50), (90, 60))
    ada.server.fail = [("/api/submit", None, {}), ("/api/submit", 503, {})]
    ada.submit()
    first, second, third = ada.server.bodies("/api/submit")
    assert first == second == third
    assert ada.question() == 101


def test_a_refused_mask_stays_on_the_screen(rater):
    ada = rater()
    ada.drag((50, 50), (90, 60))
    before = ada.mask()
    ada.server.fail = [
        ("/api/submit", 422, {"error": "bad_mask", "message": "the mask is too odd"})
    ]
    ada.press("Enter")
    ada.says("the mask is too odd")
    assert np.array_equal(ada.mask(), before)
    ada.submit()
    assert ada.question() == 101


def test_a_lost_lease_moves_on_and_says_that_the_work_is_kept(rater):
    ada = rater()
    ada.drag((50, 50), (90, 60))
    ada.server.done = 1
    ada.server.fail = [
        ("/api/submit", 409, {"error": "lease_lost", "message": "", "next": ada.server.next()})
    ]
    ada.press("Enter")
    ada.says("is kept")
    assert ada.question() == 101
    assert not ada.mask().any()


def test_signed_out_while_painting_loses_nothing(rater):
    ada = rater()
    ada.drag((50, 50), (90, 60))
    before = ada.mask()
    ada.server.fail = [("/api/submit", 401, {"error": "signed_out"})]
    ada.press("Enter")
    ada.page.get_by_role("link", name="Sign in").wait_for()
    assert ada.page.get_attribute(".rest a", "href") == "/login"
    ada.open()
    assert np.array_equal(ada.mask(), before)


def test_a_reload_brings_the_work_and_its_account_back(rater):
    ada = rater()
    ada.drag((50, 50), (90, 60))
    ada.drag((50, 90), (90, 90))
    before = ada.mask()
    ada.saved()
    ada.open()
    ada.says("restored")
    assert np.array_equal(ada.mask(), before)
    sent = ada.submit()
    assert sent["activity"]["strokes"] == 2
    ada.server.done = 0
    ada.open()
    assert not ada.mask().any()  # a recorded question leaves no draft behind


def test_a_reload_in_the_middle_of_quick_dabs_keeps_them(rater):
    """All but what the last second brought; the server's copy is switched off."""
    ada = rater()
    ada.server.fail = [("/api/draft", None, {})] * 9
    masks = []
    for x in range(20, 280, 6):
        ada.click((x, 60))
        masks.append((time.monotonic(), ada.mask()))
    left = time.monotonic()
    ada.open()
    restored = ada.mask()
    kept = [painted for painted, mask in masks if np.array_equal(mask, restored)]
    assert kept and left - kept[0] < 1


def test_drafts_of_another_project_or_photo_are_not_restored(rater):
    for change in ({"project": "two"}, {"photo": 7}):
        ada = rater()
        ada.drag((50, 50), (90, 60))
        ada.saved()
        for name, value in change.items():
            setattr(ada.server, name, value)
        ada.open()
        assert not ada.mask().any()


def test_a_page_that_is_not_the_servers_counts_as_no_answer(rater):
    ada = rater()
    ada.drag((50, 50), (90, 60))
    ada.server.fail = [("/api/submit", 200, {"html": "<h1>Sign in to the hotel's network</h1>"})]
    ada.submit()
    assert ada.question() == 101


def test_the_servers_draft_is_restored(rater):
    server = StandIn()
    painted = np.zeros((server.height, server.width), bool)
    painted[20:40, 60:90] = True
    server.drafts[100] = {
        "mask": pack(painted),
        "activity": {"active_ms": 90_000, "fills": 2},
        "saved_at": 1,
    }
    ada = rater(server)
    assert np.array_equal(ada.mask(), painted)
    sent = ada.submit()
    assert sent["activity"]["active_ms"] >= 90_000
    assert sent["activity"]["fills"] == 2


def test_a_damaged_draft_is_reported_and_not_used(rater):
    server = StandIn()
    packed = pack(np.ones((server.height, server.width), bool))
    packed["crc32"] ^= 1
    server.drafts[100] = {"mask": packed, "activity": {}, "saved_at": 1}
    ada = rater(server)
    ada.says("damaged")
    assert not ada.mask().any()


def test_drafts_and_heartbeats_follow_the_work(rater):
    ada = rater(setup=lambda page: page.clock.install())
    server = ada.server
    ada.page.clock.run_for(20_000)
    assert server.bodies("/api/draft") == []
    ada.drag((50, 50), (90, 60))
    ada.page.clock.run_for(20_000)
    ada.until(lambda: server.bodies("/api/draft"))
    (draft,) = server.bodies("/api/draft")
    assert draft["lease"] == "lease-0"
    assert np.array_equal(
        unpack(draft["mask"]), stroke(server.height, server.width, [(50, 50), (90, 60)], 12)
    )
    ada.page.clock.run_for(20_000)
    ada.until(lambda: server.bodies("/api/heartbeat"))
    assert len(server.bodies("/api/draft")) == 1  # nothing new was painted
    assert server.bodies("/api/heartbeat") == [{"lease": "lease-0", "prefetched": "lease-1"}]
    ada.page.clock.run_for(120_000)
    ada.page.wait_for_timeout(200)
    assert len(server.bodies("/api/heartbeat")) == 1  # nobody was at work


def test_active_time_before_the_first_stroke_survives_a_reload(rater):
    ada = rater(setup=lambda page: page.clock.install())
    for _ in range(2):
        ada.page.mouse.move(300 + _, 300)
        ada.page.clock.run_for(12_000)
    ada.page.wait_for_timeout(300)
    ada.open()
    ada.drag((50, 50), (90, 60))
    assert ada.submit()["activity"]["active_ms"] >= 19_000
