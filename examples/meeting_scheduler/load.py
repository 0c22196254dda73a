"""Users of the meeting scheduler.

`python -m examples.meeting_scheduler.load --url http://127.0.0.1:8000 --rate 25 --seconds 30` prints a JSON
line for each second.
"""

from __future__ import annotations

import sys
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from examples.support import load
from examples.support.load import get, post

from .seed import MANAGERS, MEETINGS, UPCOMING

# Share of each kind of request; together they need about a tenth of a CPU at 25 a second.
MIX: dict[str, int] = {
    "list_meetings": 34,
    "get_meeting": 15,
    "get_manager": 10,
    "list_slots": 8,
    "create_meeting": 8,
    "reschedule_meeting": 7,
    "show_busy": 6,
    "statistics": 4,
    "swap_meetings": 3,
    "add_attachment": 3,
    "list_managers": 1,
    "cancel_meeting": 1,
}
_HOT_MEETINGS = 3  # everybody wants to swap these


class Load(load.Load):
    """People who look at meetings, book, move and swap them."""

    mix = MIX

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._seen: dict[int, list[tuple[int, str]]] = {}
        self._created: deque[int] = deque(maxlen=50)

    def learn(self, operation: str, answer: httpx2.Response) -> None:
        if operation == "list_meetings":
            meetings = answer.json()
            if meetings:
                self._seen[meetings[0]["manager_id"]] = [(entry["id"], entry["starts_at"]) for entry in meetings]
        elif operation == "create_meeting":
            self._created.append(answer.json()["id"])

    def _manager_id(self) -> int:
        return self.random.randint(1, MANAGERS)

    def _upcoming_id(self) -> int:
        return self.random.randint(MEETINGS - UPCOMING + 1, MEETINGS)

    def _some_time(self) -> str:
        """A quarter of an hour between four months and two years from now."""
        days, quarter = self.random.randint(120, 720), self.random.randint(32, 72)
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return (midnight + timedelta(days=days, minutes=15 * quarter)).isoformat()

    def _list_meetings(self) -> dict[str, Any]:
        return get(f"/managers/{self._manager_id()}/meetings", limit=20)

    def _get_meeting(self) -> dict[str, Any]:
        return get(f"/meetings/{self.random.randint(1, MEETINGS)}")

    def _get_manager(self) -> dict[str, Any]:
        return get(f"/managers/{self._manager_id()}")

    def _list_managers(self) -> dict[str, Any]:
        return get("/managers", limit=20)

    def _list_slots(self) -> dict[str, Any]:
        day = datetime.now(UTC).date() + timedelta(days=self.random.randint(1, 60))
        return get(f"/managers/{self._manager_id()}/slots", day=day.isoformat())

    def _show_busy(self) -> dict[str, Any]:
        return get(f"/managers/{self._manager_id()}/busy", hours=24)

    def _statistics(self) -> dict[str, Any]:
        return get("/statistics")

    def _create_meeting(self) -> dict[str, Any]:
        soon = self.random.random() < 0.1  # so that there is something to remind of
        in_a_moment = datetime.now(UTC) + timedelta(minutes=15, seconds=self.random.randint(1, 20))
        body = {
            "manager_id": self._manager_id(),
            "title": self.random.choice(("Offer", "Contract", "First talk", "Review", "Hand-over")),
            "starts_at": in_a_moment.isoformat() if soon else self._some_time(),
            "minutes": 15,
            "attendee_email": f"guest{self.random.randint(1, 5000)}@example.org",
            "description": self.random.choice((None, "Please bring the papers of the last time.")),
        }
        return post("/meetings", json=body)

    def _reschedule_meeting(self) -> dict[str, Any]:
        known = [meetings for meetings in self._seen.values() if len(meetings) > 1]
        if known and self.random.random() < 0.4:  # somebody insists on a time that is taken
            meetings = self.random.choice(known)
            first, second = self.random.sample(meetings, 2)
            return post(f"/meetings/{first[0]}/reschedule", json={"starts_at": second[1]})
        return post(f"/meetings/{self._upcoming_id()}/reschedule", json={"starts_at": self._some_time()})

    def _swap_meetings(self) -> dict[str, Any]:
        first, second = self.random.sample(range(MEETINGS - _HOT_MEETINGS + 1, MEETINGS + 1), 2)
        return post("/meetings/swap", json={"first_id": first, "second_id": second})

    def _cancel_meeting(self) -> dict[str, Any]:
        if self._created:
            return {"method": "DELETE", "url": f"/meetings/{self._created.popleft()}"}
        return self._get_meeting()

    def _add_attachment(self) -> dict[str, Any]:
        content = self.random.randbytes(self.random.randint(2_000, 60_000))
        return post(f"/meetings/{self._upcoming_id()}/attachments", params={"name": "notes.pdf"}, content=content)


if __name__ == "__main__":
    sys.exit(load.main(Load, "Send the traffic of a team that books meetings."))
