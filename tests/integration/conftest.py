# SPDX-License-Identifier: Apache-2.0
from service_fixtures import broker, freshet, topic  # noqa: F401  fixtures
