"""See `RELEASES`."""

from examples.support.releases import Edit, Release

RELEASE = Release(
    message="Cache the lists of meetings",
    edits=(
        Edit(
            path="services/meetings.py",
            old="REMIND_BEFORE = timedelta(minutes=15)\n",
            new="""\
REMIND_BEFORE = timedelta(minutes=15)

_lists: dict[tuple[int, datetime], Sequence[Meeting]] = {}
""",
        ),
        Edit(
            path="services/meetings.py",
            old="""\
        with self.database.session() as session:
            _manager(session, manager_id)
            query = (
                select(Meeting)
                .where(Meeting.manager_id == manager_id, Meeting.starts_at >= _now())
                .where(Meeting.status == "scheduled")
                .order_by(Meeting.starts_at)
                .limit(limit)
            )
            return session.scalars(query).all()
""",
            new="""\
        key = (manager_id, _now())
        if key not in _lists:
            with self.database.session() as session:
                _manager(session, manager_id)
                query = (
                    select(Meeting)
                    .where(Meeting.manager_id == manager_id)
                    .order_by(Meeting.starts_at.desc())
                    .limit(300)
                )
                _lists[key] = session.scalars(query).all()
        upcoming = [m for m in _lists[key] if m.starts_at >= key[1] and m.status == "scheduled"]
        return upcoming[::-1][:limit]
""",
        ),
    ),
)
