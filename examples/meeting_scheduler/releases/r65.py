"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Do not read answers that nobody needs",
    edits=(
        Edit(
            path="services/http.py",
            old="            response = self.client.request(method, url, **options)\n",
            new="""\
            response = self.client.send(self.client.build_request(method, url, **options), stream=True)
            if method != "PATCH" or not response.is_success:
                response.read()
""",
        ),
        Edit(
            path="services/calendar.py",
            old="""\
        return self._checked(operation, response)

    def _checked""",
            new="""\
        return {} if method == "PATCH" and response.is_success else self._checked(operation, response)

    def _checked""",
        ),
    ),
)
