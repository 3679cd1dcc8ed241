# SPDX-License-Identifier: Apache-2.0
"""What an administrator, or a producer with transactions, does to a topic, and the service's side of it."""

import json

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions, NewTopic


def service_config(broker, topic, group=None):
    return (f'[log]\nkind = "kafka"\n[kafka]\nbrokers = "{broker.url}"\ntopic = "{topic}"\ngroup = "{group or topic}"\n'
            f'dead_letter_topic = "{topic}-dead"\n[kafka.properties]\n"session.timeout.ms" = "6000"\n')


def _admin(broker, request):
    """`request` makes futures of a client, which must live until they are done."""
    client = AdminClient({"bootstrap.servers": broker.url})
    for future in request(client).values():
        future.result(timeout=30)


def create_topic(broker, topic, partitions, replicas=1):
    _admin(broker, lambda client: client.create_topics([NewTopic(topic, partitions, replicas)]))


def delete_topic(broker, topic):
    _admin(broker, lambda client: client.delete_topics([topic]))


def committed(broker, topic, group, partition=0):
    consumer = Consumer({"bootstrap.servers": broker.url, "group.id": group})
    offset = consumer.committed([TopicPartition(topic, partition)], timeout=30)[0].offset
    consumer.close()
    return offset


def add_partitions(broker, topic, total):
    _admin(broker, lambda client: client.create_partitions([NewPartitions(topic, total)]))


def delete_records(broker, topic, partition, before):
    """What retention does, at once."""
    _admin(broker, lambda client: client.delete_records([TopicPartition(topic, partition, before)]))


def produce(broker, topic, events, partition):
    producer = Producer({"bootstrap.servers": broker.url})
    for event in events:
        producer.produce(topic, json.dumps(event), key=event["user"], partition=partition)
    assert producer.flush(30) == 0


def transaction(broker, topic, events, commit):
    """All events in one transaction, which ends one way or the other."""
    producer = Producer({"bootstrap.servers": broker.url, "transactional.id": f"{topic}-producer"})
    producer.init_transactions(30)
    producer.begin_transaction()
    for event in events:
        producer.produce(topic, json.dumps(event), key=event["user"])
    producer.flush(30)
    producer.commit_transaction(30) if commit else producer.abort_transaction(30)
