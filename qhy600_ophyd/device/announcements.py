"""The stream documents of one file: what was handed out, and what the RunEngine really sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import event_model
from event_model import StreamRange
from event_model.documents import StreamDatum, StreamResource

from qhy600_ophyd.contract import Address


class Announcements:
    """StreamResource and StreamDatum of one (run, stream), kept until they are known to be sent.

    A pause between ``read`` and ``save`` makes the RunEngine forget documents that it was given. It fills
    in a document's ``run_start`` or ``descriptor`` just before it sends it, so that a document which is
    still blank at the next trigger was lost: its frame is not announced.

    Parameters
    ----------
    address
        Of the sink.
    data_key
        Name of the frames in the event descriptor.
    """

    def __init__(self, address: Address, data_key: str):
        parameters = {"dataset": address.counts, "chunk_shape": list(address.chunk_shape), "swmr": True}
        if address.compression:
            parameters["compression"] = address.compression
        bundle = event_model.ComposeStreamResource()(
            mimetype=address.mimetype,
            uri=address.uri,
            data_key=data_key,
            parameters=parameters,
        )
        self._resource: StreamResource = bundle.stream_resource_doc
        self._compose_datum = bundle.compose_stream_datum
        self._handed_out: list[StreamDatum] = []
        self._confirmed = 0

    @property
    def run(self) -> str:
        """Uid of the run that it belongs to; empty until a document has been sent."""
        return self._resource.get("run_start", "")

    def holds(self, resource: str) -> bool:
        """Whether `resource` is the uid of its StreamResource."""
        return self._resource["uid"] == resource

    @property
    def handed_out(self) -> int:
        """Frames handed out in documents, sent or not."""
        return self._confirmed + sum(d["indices"]["stop"] - d["indices"]["start"] for d in self._handed_out)

    @property
    def sent(self) -> int:
        """Frames whose document the RunEngine has sent."""
        self._settle()
        return self._confirmed

    def forget_unsent(self) -> None:
        """Take back every document that was handed out and not sent."""
        self._settle()
        self._handed_out.clear()

    def documents(self, stop: int) -> Iterator[tuple[str, Any]]:
        """The documents for the frames up to `stop` that were not handed out yet."""
        if stop <= self.handed_out:
            return
        if not self.run:
            yield "stream_resource", self._resource
        # Held against its schema in the tests: doing it here costs half a millisecond for each event.
        datum = self._compose_datum(StreamRange(start=self.handed_out, stop=stop), validate=False)
        self._handed_out.append(datum)
        yield "stream_datum", datum

    def _settle(self) -> None:
        while self._handed_out and self._handed_out[0]["descriptor"]:
            indices = self._handed_out.pop(0)["indices"]
            self._confirmed += indices["stop"] - indices["start"]
