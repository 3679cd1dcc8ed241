# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/integration"), str(ROOT / "bench")]  # bench: plot.py

from service_fixtures import broker, freshet, topic  # noqa: E402,F401  fixtures

REPORT = pytest.StashKey()


def pytest_addoption(parser):
    parser.addoption("--short", action="store_true", help="few faults: what scripts/test.sh runs")
    parser.addoption("--rounds", type=int, help="faults to inject, instead of the short or long form's")
    parser.addoption("--minutes", type=float, help="length of a long run, instead of the short or long form's")
    parser.addoption("--seed", type=int, default=1, help="of every random choice")


def pytest_configure(config):
    config.stash[REPORT] = []
    config.addinivalue_line("markers", "long: left out with --short")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--short"):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="only in the long form (scripts/fault.sh)"))


@pytest.fixture
def rounds(request):
    """rounds(short, long): how many faults this run injects."""
    option = request.config.getoption
    return lambda short, long: option("--rounds") or (short if option("--short") else long)


@pytest.fixture
def minutes(request):
    """minutes(short, long): how long this run is."""
    option = request.config.getoption
    return lambda short, long: option("--minutes") or (short if option("--short") else long)


@pytest.fixture
def seed(request):
    return request.config.getoption("--seed")


@pytest.fixture
def report(request):
    """report(faults=..., accepted=..., ...): one line at the end of the run, for every test, passed or not."""

    def add(**figures):
        figures = {"seed": request.config.getoption("--seed"), **figures}
        line = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in figures.items())
        request.config.stash[REPORT].append(f"{request.node.name}: {line}")

    return add


def pytest_terminal_summary(terminalreporter, config):
    for line in config.stash[REPORT]:
        terminalreporter.write_line(line)
