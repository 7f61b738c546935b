"""Several processes of the hub on real PostgreSQL and real Kafka: partners come over both, and both are broken."""

from pathlib import Path

import pytest

from tests.faults.surviving import survives
from tests.parts import kafka


@pytest.mark.timeout(900)
def test_every_message_counts_once_and_every_notice_is_on_kafka_once(tmp_path: Path) -> None:
    if kafka.is_emulated():
        pytest.skip("the emulator of Kafka loses what it acknowledged when it is killed")
    survives(tmp_path, "kill-one-of-each", "kafka-away", "cut-kafka", "kill-kafka", "rolling-restart")
