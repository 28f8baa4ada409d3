"""When a drawing is saved, and what a draft holds."""

import pytest

_SETUP = """
    const calls = [];
    let corners = null;
    let answer = async () => ({ saved_at: 77 });
    const autosave = new m.Autosave({
        activity: () => ({ strokes: 3 }),
        polygon: () => corners,
        toBrowser: async (draft) => calls.push(['browser', draft]),
        toServer: (work, options) => {
            calls.push(['server', { ...work, ...options }]);
            return answer();
        },
        onFailed: (error) => calls.push(['failed', error.message]),
    });
    const drawing = { version: 0, pack: () => 'mask', takeStepChanges() {}, saveStepsAgain() {} };
    const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    const names = () => calls.map(([name]) => name);
"""


@pytest.fixture
def autosave(evaluate):
    return lambda body: evaluate("work/autosave.js", _SETUP + body)


def test_of_a_drawing_without_steps_only_the_time_is_saved(autosave):
    body = """autosave.start(drawing);
        await autosave.saveInBrowser(); await autosave.saveToServer(); autosave.leave();
        return calls;"""
    saved = ["browser", {"activity": {"strokes": 3}, "polygon": None, "saved_at": 0}]
    assert autosave(body) == [saved, saved]


def test_a_restored_drawing_keeps_its_mask_and_the_time_of_its_last_change(autosave):
    body = """autosave.start(drawing, { draft: { saved_at: 44 }, serverSavedAt: 44 });
        await autosave.saveInBrowser();
        return calls;"""
    work = {"mask": "mask", "activity": {"strokes": 3}, "polygon": None}
    draft = {**work, "saved_at": 44, "server_saved_at": 44}
    assert autosave(body) == [["browser", draft]]


def test_steps_are_saved_at_once_and_then_together(autosave):
    body = """autosave.start(drawing);
        for (let i = 0; i < 5; i++) { drawing.version++; autosave.changed(); await wait(20); }
        const soon = names();
        await wait(600);
        return [soon, names()];"""
    assert autosave(body) == [["browser"], ["browser", "browser"]]


def test_a_draft_names_the_newest_draft_of_the_server(autosave):
    body = """autosave.start(drawing, { serverSavedAt: 55 });
        drawing.version = 1;
        await autosave.saveInBrowser();
        await autosave.saveToServer();
        await autosave.saveInBrowser();
        const told = (draft) => [draft.server_saved_at ?? null, draft.mask, draft.activity];
        return calls.map(([name, draft]) => [name, ...told(draft)]);"""
    made = ["mask", {"strokes": 3}]
    expected = [["browser", 55, *made], ["server", None, *made], ["browser", 77, *made]]
    assert autosave(body) == expected


def test_the_server_gets_every_version_once_and_on_leaving_what_it_lacks(autosave):
    body = """autosave.start(drawing);
        drawing.version = 1;
        await autosave.saveToServer(); await autosave.saveToServer(); autosave.leave();
        const before = calls.filter(([name]) => name === 'server').length;
        drawing.version = 2;
        autosave.leave();
        return [before, calls.at(-1)[1].keepalive];"""
    assert autosave(body) == [1, True]


def test_corners_alone_reach_the_server_too(autosave):
    body = """autosave.start(drawing);
        corners = [1];
        autosave.changed();
        await autosave.saveToServer(); await autosave.saveToServer();
        return calls.filter(([name]) => name === 'server').map(([, work]) => work.polygon);"""
    assert autosave(body) == [[1]]


def test_steps_that_did_not_reach_the_browser_are_saved_again(evaluate):
    body = """const said = [];
        const autosave = new m.Autosave({
            activity: () => ({}), polygon: () => null, toServer: async () => ({ saved_at: 1 }),
            toBrowser: async () => { throw new Error('full'); },
        });
        const steps = { takeStepChanges() {}, saveStepsAgain: () => said.push('again') };
        autosave.start({ version: 0, pack: () => 'mask', ...steps });
        await autosave.saveInBrowser();
        return said;"""
    assert evaluate("work/autosave.js", body) == ["again"]


def test_while_paused_only_the_browser_keeps_drafts(autosave):
    body = """autosave.start(drawing);
        drawing.version = 1;
        autosave.paused = true;
        await autosave.saveInBrowser(); await autosave.saveToServer();
        return names();"""
    assert autosave(body) == ["browser"]


def test_a_failure_is_reported_while_its_drawing_is_the_current_one(autosave):
    body = """answer = async () => { throw new Error('no connection'); };
        autosave.start(drawing);
        drawing.version = 1;
        await autosave.saveToServer();
        const late = autosave.saveToServer();
        autosave.stop();
        await late;
        return calls.filter(([name]) => name === 'failed');"""
    assert autosave(body) == [["failed", "no connection"]]


def test_nothing_is_saved_after_the_stop(autosave):
    body = """autosave.start(drawing);
        drawing.version = 1;
        autosave.changed(); autosave.stop();
        await wait(50);
        return calls;"""
    assert autosave(body) == []
