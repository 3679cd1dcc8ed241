# SPDX-License-Identifier: Apache-2.0
"""Three real brokers, so that one can be lost."""

import concurrent.futures
import pathlib

from freshet_process import Broker, free_ports

SIZE = 3
OVERRIDES = """node.id={node}
listeners=PLAINTEXT://127.0.0.1:@PORT@,CONTROLLER://127.0.0.1:{controller}
controller.quorum.voters={voters}
default.replication.factor=3
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
min.insync.replicas=2
broker.session.timeout.ms=3000
replica.lag.time.max.ms=5000
"""


class Cluster:
    """Any two of the brokers are a majority, and hold every acknowledged record."""

    def __init__(self, directory):
        controllers = free_ports(SIZE)
        voters = ",".join(f"{node}@127.0.0.1:{port}" for node, port in enumerate(controllers, 1))
        self.brokers = []
        for node, port in enumerate(controllers, 1):
            home = pathlib.Path(directory) / f"broker{node}"
            home.mkdir()
            overrides = home / "overrides.properties"
            overrides.write_text(OVERRIDES.format(node=node, controller=port, voters=voters))
            self.brokers.append(Broker(home, overrides))

    def start(self):
        with concurrent.futures.ThreadPoolExecutor(SIZE) as pool:  # one alone has no majority, and does not answer
            list(pool.map(Broker.start, self.brokers))
        self.url = ",".join(broker.url for broker in self.brokers)
        return self

    def kill(self):
        for broker in self.brokers:
            broker.kill()
