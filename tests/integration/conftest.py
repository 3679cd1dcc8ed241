from service_fixtures import broker, freshet, topic  # noqa: F401  fixtures
