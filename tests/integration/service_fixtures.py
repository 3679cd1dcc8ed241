# SPDX-License-Identifier: Apache-2.0
"""What the tests of the real binary share: services, a Kafka broker, a topic."""

import pytest

from freshet_process import Broker, Freshet


@pytest.fixture
def freshet(tmp_path):
    """A factory of services; whatever is still running at the end is killed and its log shown by pytest on failure."""
    running = []

    def start(toml="", ready=True, name="service", config=None, ca=None, under=(), environment={}):
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        service = Freshet(directory, toml, config, ca, under, environment)
        running.append(service)
        return service.start(ready)

    yield start
    for service in running:
        service.close()
        log = service.log_path.read_text()
        print(f"--- {service.log_path}\n{log[-4000:]}")
        # A sanitizer's exit code is not seen where the service is killed.
        assert "Sanitizer" not in log and "runtime error:" not in log, log[log.find("Sanitizer"):][:8000]


@pytest.fixture(scope="session")
def broker(tmp_path_factory):
    """One real broker for the whole run; tests use topics of their own."""
    instance = Broker(tmp_path_factory.mktemp("kafka")).start()
    yield instance
    instance.stop()


@pytest.fixture
def topic(request):
    """A topic name of the test's own."""
    return request.node.name.replace("[", "-").replace("]", "")
