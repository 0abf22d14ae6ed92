"""Collects bluesky documents, each held against its schema and against those before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from event_model import DocumentNames, schema_validators

_REFERS = {
    "descriptor": ("run_start", "start", "uid"),
    "event": ("descriptor", "descriptor", "uid"),
    "event_page": ("descriptor", "descriptor", "uid"),
    "stream_resource": ("run_start", "start", "uid"),
    "stream_datum": ("stream_resource", "stream_resource", "uid"),
    "resource": ("run_start", "start", "uid"),
    "stop": ("run_start", "start", "uid"),
}
"""Kind of document → (its key, the kind that the key names, that one's own key)."""


class DocumentCollector:
    """A callback for a RunEngine: ``RE.subscribe(collector)``.

    An invalid document, or one that names another not seen before, raises at once.
    """

    def __init__(self) -> None:
        self.documents: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Keep a document.

        Raises
        ------
        jsonschema.ValidationError
            It is not what event-model's schema for its kind says.
        ValueError
            It refers to a document that did not come before it, or its keys are not its descriptor's.
        """
        document = dict(doc)
        schema_validators[DocumentNames[name]].validate(document)
        self._check_reference(name, document)
        if name == "event":
            self._check_keys(document)
        self.documents.append((name, document))

    def __getitem__(self, name: str) -> list[dict[str, Any]]:
        """All documents of one kind, in the order in which they came."""
        return [doc for kind, doc in self.documents if kind == name]

    @property
    def names(self) -> list[str]:
        """Kinds in the order in which they came."""
        return [kind for kind, _ in self.documents]

    def events(self, stream: str = "primary") -> list[dict[str, Any]]:
        """Events of one stream, of all runs, in order."""
        uids = {d["uid"] for d in self["descriptor"] if d["name"] == stream}
        return [e for e in self["event"] if e["descriptor"] in uids]

    def data(self, key: str, stream: str = "primary") -> list[Any]:
        """One key of all events of a stream."""
        return [event["data"][key] for event in self.events(stream)]

    def clear(self) -> None:
        """Forget everything."""
        self.documents.clear()

    def __repr__(self) -> str:
        return f"<DocumentCollector of {len(self.documents)} documents>"

    def _check_reference(self, name: str, document: Mapping[str, Any]) -> None:
        if name not in _REFERS:
            return
        key, kind, own = _REFERS[name]
        if key in document and document[key] not in {d[own] for d in self[kind]}:
            raise ValueError(f"{name} refers to the {kind} {document[key]!r}, which did not come before it")

    def _check_keys(self, event: Mapping[str, Any]) -> None:
        (descriptor,) = (d for d in self["descriptor"] if d["uid"] == event["descriptor"])
        external = {k for k, v in descriptor["data_keys"].items() if "external" in v}
        expected, found = set(descriptor["data_keys"]), set(event["data"])
        # Stream documents carry their data outside the event.
        if found - expected or expected - found - external:
            raise ValueError(
                f"event {event['seq_num']} and its descriptor disagree on {sorted(found ^ expected)}"
            )
