"""See `RELEASES`."""

from . import Edit, Release

RELEASE = Release(
    message="Follow changes of the services' addresses",
    edits=(
        Edit(
            path="services/http.py",
            old='''\
@functools.cache
def client() -> httpx2.Client:
    """The client of this process."""
    return httpx2.Client(timeout=settings.HTTP_TIMEOUT, verify=ssl_context())
''',
            new='''\
_clients: list[httpx2.Client] = []


def client() -> httpx2.Client:
    """A new client asks for the address again."""
    _clients.append(httpx2.Client(timeout=settings.HTTP_TIMEOUT, verify=ssl_context()))
    return _clients[-1]
''',
        ),
    ),
)
