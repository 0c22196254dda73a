"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Show lists with the whole team's free time",
    edits=(
        Edit(
            path="services/meetings.py",
            old="""\
REMIND_BEFORE = timedelta(minutes=15)
""",
            new="""\
REMIND_BEFORE = timedelta(minutes=15)

# Free time of teams, once it was asked for.
_teams: dict[int, int] = {}
""",
        ),
        Edit(
            path="services/meetings.py",
            old='''\
        """Return the next meetings of a manager."""
''',
            new='''\
        """Return the next meetings of a manager."""
        self._team(manager_id % 60)
''',
        ),
        Edit(
            path="services/meetings.py",
            old="""\
    def _tell(self, manager: Manager, text: str) -> None:
""",
            new='''\
    def _team(self, team: int) -> int:
        """Return how many intervals of a team are taken, from memory where it is known."""
        if team not in _teams:
            calendars = [f"manager{team + 60 * n}@example.com" for n in range(20)]
            busy = self.calendar.busy(calendars, _now(), _now() + timedelta(days=1))
            _teams[team] = sum(map(len, busy.values()))
        return _teams[team]

    def _tell(self, manager: Manager, text: str) -> None:
''',
        ),
    ),
)
