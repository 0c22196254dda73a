"""The geocoder: where an address is."""

from __future__ import annotations

from urllib.parse import urlencode

from ..errors import BadInput, UpstreamError
from ..instruments import diagnosed
from ..settings import Settings
from .rest import RestClient


class Geocoder:
    """A search service of the usual kind."""

    def __init__(self, settings: Settings) -> None:
        self._rest = RestClient("geocoder", settings.geocoder_url, settings)

    @diagnosed
    def locate(self, address: str) -> tuple[float, float]:
        """Return latitude and longitude.

        Raises:
            BadInput: Nobody knows such an address.
        """
        answer = self._rest.call("GET", "/search?" + urlencode({"q": address, "limit": 1}))
        try:
            found = answer["results"]
            if not found:
                raise BadInput(f"unknown address: {address}")
            return float(found[0]["lat"]), float(found[0]["lon"])
        except (KeyError, TypeError) as error:
            raise UpstreamError("geocoder", f"answer without {error}") from error
