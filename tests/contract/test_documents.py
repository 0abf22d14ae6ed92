"""The collector of documents holds each against its schema and against those before it."""

from __future__ import annotations

from typing import Any

import event_model
import jsonschema
import pytest

from qhy600_ophyd.testing import DocumentCollector


def a_run(collector: DocumentCollector) -> Any:
    run = event_model.compose_run()
    collector("start", run.start_doc)
    described = run.compose_descriptor(
        name="primary", data_keys={"gain": {"source": "test", "dtype": "number", "shape": []}}
    )
    collector("descriptor", described.descriptor_doc)
    return run, described


def test_a_good_run_is_kept_in_order() -> None:
    collector = DocumentCollector()
    run, described = a_run(collector)
    for gain in (1.0, 2.0):
        collector("event", described.compose_event(data={"gain": gain}, timestamps={"gain": 0.0}))
    collector("stop", run.compose_stop())
    assert collector.names == ["start", "descriptor", "event", "event", "stop"]
    assert collector.data("gain") == [1.0, 2.0]
    assert collector.data("gain", stream="dark") == []
    assert collector["start"][0]["uid"] == run.start_doc["uid"]
    collector.clear()
    assert collector.documents == []


def test_a_document_against_its_schema_is_refused() -> None:
    collector = DocumentCollector()
    with pytest.raises(jsonschema.ValidationError):
        collector("start", {"uid": "a run that began at no time"})
    assert collector.documents == []


def test_an_event_of_an_unknown_descriptor_is_refused() -> None:
    known, other = DocumentCollector(), DocumentCollector()
    _, described = a_run(known)
    event = described.compose_event(data={"gain": 1.0}, timestamps={"gain": 0.0})
    with pytest.raises(ValueError, match="did not come before it"):
        other("event", event)


def test_an_event_with_keys_that_were_not_described_is_refused() -> None:
    collector = DocumentCollector()
    _, described = a_run(collector)
    event = described.compose_event(data={"gain": 1.0}, timestamps={"gain": 0.0})
    event["data"] = {"gain": 1.0, "offset": 2.0}
    with pytest.raises(ValueError, match=r"disagree on \['offset'\]"):
        collector("event", event)
