"""Undo and redo: every state comes back exactly, and memory stays bounded."""

_SETUP = """
    const kernel = await import('/canvas/kernel.js');
    const { History } = m;
    const w = 300, h = 200; // several tiles, the last ones cut
    const mask = new Uint8Array(w * h);
    const history = new History(mask, w, h, arg?.maxBytes);
    let seed = 7;
    const random = (n) => ((seed = (seed * 1103515245 + 12345) % 2147483648) >> 8) % n;
    const paint = (value) => {
        const ends = [random(w), random(h), random(w), random(h)];
        const spans = kernel.segmentSpans(w, h, ...ends, 1 + random(20));
        history.keep(spans);
        kernel.writeSpans(mask, w, spans, value);
    };
    const stroke = (value) => {
        for (let i = 0; i < 3; i++) paint(value);
        return history.commit();
    };
    const same = (a, b) => a.every((v, i) => v === b[i]);
"""


def test_undo_and_redo_walk_through_every_state(evaluate):
    body = """
        const states = [mask.slice()];
        for (let i = 0; i < 40; i++) if (stroke(i % 3 ? 1 : 0)) states.push(mask.slice());
        const wrong = [];
        for (const round of [1, 2]) {
            for (let i = states.length - 2; i >= 0; i--) {
                history.undo();
                if (!same(mask, states[i])) wrong.push(i);
            }
            if (history.canUndo || history.undo() !== null) wrong.push('undo past the beginning');
            for (let i = 1; i < states.length; i++) {
                history.redo();
                if (!same(mask, states[i])) wrong.push(i);
            }
            if (history.canRedo || history.redo() !== null) wrong.push('redo past the end');
        }
        return { steps: states.length - 1, wrong };
    """
    got = evaluate("canvas/history.js", _SETUP + body)
    assert got["wrong"] == []
    assert got["steps"] > 30


def test_a_new_stroke_drops_what_was_undone(evaluate):
    body = """
        stroke(1); stroke(1); history.undo(); stroke(1);
        return [history.canUndo, history.canRedo];
    """
    assert evaluate("canvas/history.js", _SETUP + body) == [True, False]


def test_a_stroke_that_changes_nothing_leaves_no_step(evaluate):
    assert evaluate("canvas/history.js", _SETUP + "return [stroke(0), history.canUndo];") == [
        False,
        False,
    ]


def test_a_reverted_stroke_never_happened(evaluate):
    body = """
        stroke(1);
        const before = mask.slice();
        paint(1); paint(0);
        const changed = !same(mask, before);
        const tiles = history.revert();
        return [changed, tiles.length > 0, same(mask, before), history.commit()];
    """
    assert evaluate("canvas/history.js", _SETUP + body) == [True, True, True, False]


def test_the_oldest_steps_are_forgotten_when_memory_runs_out(evaluate):
    body = """
        let most = 0;
        for (let i = 0; i < 60; i++) { stroke(i % 2); most = Math.max(most, history.bytes); }
        let steps = 0;
        while (history.undo()) steps++;
        return { most, steps };
    """
    got = evaluate("canvas/history.js", _SETUP + body, {"maxBytes": 300_000})
    assert got["most"] <= 300_000
    assert 2 < got["steps"] < 60


def test_filling_a_whole_large_image_costs_next_to_nothing(evaluate):
    body = """
        const mask = new Uint8Array(4000 * 3000);
        const history = new m.History(mask, 4000, 3000);
        history.keep(Int32Array.from({ length: 9000 }, (_, i) => [i / 3, 0, 4000][i % 3]));
        mask.fill(1);
        history.commit();
        return history.bytes;
    """
    assert evaluate("canvas/history.js", body) < 100_000


_SAVED = """
    const disk = new Map();
    let order;
    const save = (history) => {
        const changes = history.takeChanges();
        if (changes.all) disk.clear();
        for (const id of changes.removed) disk.delete(id);
        for (const [id, tiles] of changes.changed) disk.set(id, structuredClone(tiles));
        order = changes.order;
        return changes.changed.size;
    };
    const reopen = () => {
        const again = new History(mask, w, h);
        again.restore({ ...order, tiles: disk });
        return again;
    };
"""


def test_saved_steps_undo_and_redo_as_before(evaluate):
    body = """
        const states = [mask.slice()];
        const written = [];
        for (let i = 0; i < 12; i++) {
            stroke(i % 3 ? 1 : 0) && states.push(mask.slice());
            if (i % 2) written.push(save(history));
        }
        history.undo(); history.undo(); history.undo();
        written.push(save(history), save(history));
        const again = reopen();
        const wrong = [];
        let at = states.length - 4;
        while (again.redo()) same(mask, states[++at]) || wrong.push(at);
        const last = at;
        while (again.undo()) same(mask, states[--at]) || wrong.push(at);
        const steps = disk.size - states.length;
        return { written, last: last - states.length, first: at, wrong, steps };
    """
    got = evaluate("canvas/history.js", _SETUP + _SAVED + body)
    assert got["wrong"] == []
    assert (got["first"], got["last"], got["steps"]) == (0, -1, -1)
    assert max(got["written"][:-2]) <= 2  # each step is written once
    assert got["written"][-2:] == [3, 0]


def test_steps_before_a_missing_one_are_left_out(evaluate):
    body = """
        for (let i = 0; i < 6; i++) stroke(i % 2 ? 0 : 1);
        save(history);
        disk.delete(order.past[2]);
        const again = reopen();
        let steps = 0;
        while (again.undo()) steps++;
        return [order.past.length, steps];
    """
    made, left = evaluate("canvas/history.js", _SETUP + _SAVED + body)
    assert left == made - 3


def test_a_step_after_reopening_never_takes_the_place_of_a_saved_one(evaluate):
    body = """
        for (let i = 0; i < 4; i++) stroke(1);
        history.undo();
        save(history);
        const again = reopen();
        again.keep(Int32Array.from([0, 0, 9])); mask[0] = 1 - mask[0]; again.commit();
        const before = order.past.length;
        save(again);
        const { past, future } = order;
        return [past.length - before, new Set(past).size - disk.size, future.length];
    """
    assert evaluate("canvas/history.js", _SETUP + _SAVED + body) == [1, 0, 0]
