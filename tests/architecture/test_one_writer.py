"""Rules of the house that no type checker knows: read from the source itself."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("msa", "accounts", "incidents", "tam", "healthcheck", "reports")
SOURCES = sorted(
    path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts
)
TRANSITIONS = {
    "respond",
    "ask",
    "answer",
    "offer_solution",
    "accept",
    "decline",
    "take_back",
    "expire",
    "withdraw",
    "exclude",
    "close_as_duplicate",
    "reopen",
    "reopen_unanswered",
    "undo_expiry",
}


def calls(tree):
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def name_of(call):
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


@pytest.fixture(scope="module")
def trees():
    return {path: ast.parse(path.read_text()) for path in SOURCES}


def test_no_source_reads_an_object_again_in_place(trees):
    """django-fsm takes the guard off the whole class while it does, for every thread."""
    offenders = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees.items()
        for node in calls(tree)
        if name_of(node) in {"refresh_from_db", "arefresh_from_db"}
    ]
    assert offenders == []


def test_no_source_writes_a_state_past_its_transitions(trees):
    offenders = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees.items()
        for node in calls(tree)
        if name_of(node) in {"update", "bulk_update", "update_or_create"}
        and any(keyword.arg == "state" for keyword in node.keywords)
    ]
    offenders += [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AugAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Attribute) and target.attr == "state"
    ]
    assert offenders == []


def test_only_actions_touch_transitions(trees):
    offenders = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees.items()
        if "actions" not in path.parts
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in TRANSITIONS
        and isinstance(node.value, ast.Attribute | ast.Name)
        and getattr(node.value, "attr", getattr(node.value, "id", "")) == "incident"
    ]
    assert offenders == []


def test_actions_send_nothing_themselves(trees):
    offenders = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees.items()
        if "actions" in path.parts
        for node in calls(tree)
        if name_of(node) in {"delay", "apply_async", "send_mail", "send_messages"}
    ]
    assert offenders == []


def test_no_field_asks_the_time_by_itself(trees):
    offenders = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees.items()
        for node in calls(tree)
        if any(keyword.arg in {"auto_now", "auto_now_add"} for keyword in node.keywords)
    ]
    assert offenders == []


def test_the_house_is_read_whole():
    assert len(SOURCES) > 80
