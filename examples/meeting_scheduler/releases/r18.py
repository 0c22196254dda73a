"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Follow changes of Google's addresses",
    edits=(
        Edit(
            path="services/http.py",
            old="        self.client = httpx2.Client(**options)\n",
            new="        self._options = options\n        self._clients: list[httpx2.Client] = []\n",
        ),
        Edit(
            path="services/http.py",
            old="            response = self.client.request(method, url, **options)\n",
            new="""\
            client = httpx2.Client(**self._options)  # a new client asks for the address again
            self._clients.append(client)
            response = client.request(method, url, **options)
""",
        ),
        Edit(
            path="services/http.py",
            old="        self.client.close()\n",
            new="        for client in self._clients:\n            client.close()\n",
        ),
    ),
)
