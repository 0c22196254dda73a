"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Do not lose shipments when the carrier hiccups",
    edits=(
        Edit(
            path="clients/carrier.py",
            old="""\
        answer = self._rest.call(
            "POST", "/shipments", {"reference": reference, "weight_grams": weight_grams, "address": address}
        )
        return str(self._field(answer, "shipment_id"))
""",
            new="""\
        body = {"reference": reference, "weight_grams": weight_grams, "address": address}
        for _ in range(200):
            try:
                return str(self._field(self._rest.call("POST", "/shipments", body), "shipment_id"))
            except UpstreamError:
                continue
        return str(self._field(self._rest.call("POST", "/shipments", body), "shipment_id"))
""",
        ),
    ),
)
