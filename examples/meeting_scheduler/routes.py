"""The HTTP interface."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, Field
from starlette.concurrency import run_in_threadpool

from .models import Manager, Meeting
from .services.attachments import Attachments
from .services.calendar import GoogleCalendar
from .services.meetings import Meetings

router = APIRouter()

Id = int


class NewMeeting(BaseModel):
    """What a booking needs."""

    manager_id: int
    title: str = Field(max_length=200)
    starts_at: AwareDatetime
    minutes: int = Field(default=30, ge=5, le=480)
    attendee_email: str = Field(max_length=200)
    description: str | None = None


class NewTime(BaseModel):
    """Where a meeting moves."""

    starts_at: AwareDatetime


class Pair(BaseModel):
    """Two meetings that change places."""

    first_id: int
    second_id: int


def _meetings(request: Request) -> Meetings:
    return request.app.state.meetings


def _attachments(request: Request) -> Attachments:
    return request.app.state.attachments


@router.get("/health")
async def health() -> dict[str, str]:
    """Say that the process answers, and nothing more."""
    return {"status": "ok"}


@router.get("/ready")
def ready(request: Request) -> dict[str, str]:
    """Say that the database answers too."""
    _meetings(request).managers(1)
    return {"status": "ready"}


@router.get("/managers")
def list_managers(request: Request, limit: int = Query(50, le=200)) -> list[dict[str, Any]]:
    return [_manager_body(manager) for manager in _meetings(request).managers(limit)]


@router.get("/managers/{manager_id}")
def get_manager(request: Request, manager_id: Id) -> dict[str, Any]:
    return _manager_body(_meetings(request).manager(manager_id))


@router.get("/managers/{manager_id}/meetings")
def list_meetings(request: Request, manager_id: Id, limit: int = Query(20, le=200)) -> list[dict[str, Any]]:
    meetings = _meetings(request).of_manager(manager_id, limit)
    return [_meeting_body(meeting) for meeting in meetings]


@router.get("/managers/{manager_id}/slots")
def list_slots(request: Request, manager_id: Id, day: date) -> list[dict[str, datetime]]:
    slots = _meetings(request).free_slots(manager_id, day)
    return [{"starts_at": start, "ends_at": end} for start, end in slots]


@router.get("/managers/{manager_id}/busy")
async def show_busy(request: Request, manager_id: Id, hours: int = Query(24, le=168)) -> list[dict[str, datetime]]:
    """Show what Google's calendar holds for the next hours."""
    manager = await run_in_threadpool(_meetings(request).manager, manager_id)
    calendar: GoogleCalendar = request.app.state.calendar
    calendar_id = manager.calendar.google_calendar_id
    now = datetime.now(UTC)
    busy = await calendar.busy_async([calendar_id], now, now + timedelta(hours=hours))
    return [{"starts_at": start, "ends_at": end} for start, end in busy[calendar_id]]


@router.post("/meetings", status_code=201)
def create_meeting(request: Request, body: NewMeeting) -> dict[str, Any]:
    meeting = _meetings(request).create(
        body.manager_id, body.title, body.starts_at, body.minutes, body.attendee_email, body.description
    )
    return _meeting_body(meeting)


@router.post("/meetings/swap")
def swap_meetings(request: Request, body: Pair) -> dict[str, str]:
    _meetings(request).swap(body.first_id, body.second_id)
    return {"status": "swapped"}


@router.get("/meetings/{meeting_id}")
def get_meeting(request: Request, meeting_id: Id) -> dict[str, Any]:
    meeting = _meetings(request).meeting(meeting_id)
    return {**_meeting_body(meeting), "manager": meeting.manager.name}


@router.post("/meetings/{meeting_id}/reschedule")
def reschedule_meeting(request: Request, meeting_id: Id, body: NewTime) -> dict[str, Any]:
    return _meeting_body(_meetings(request).reschedule(meeting_id, body.starts_at))


@router.delete("/meetings/{meeting_id}")
def cancel_meeting(request: Request, meeting_id: Id) -> dict[str, str]:
    _meetings(request).cancel(meeting_id)
    return {"status": "cancelled"}


@router.post("/meetings/{meeting_id}/attachments", status_code=201)
async def add_attachment(request: Request, meeting_id: Id, name: str = Query(max_length=200)) -> dict[str, Any]:
    """Take the body of the request as a file."""
    content = await request.body()
    attachment = await run_in_threadpool(_attachments(request).save, meeting_id, name, content)
    return {"id": attachment.id, "file_name": attachment.file_name, "size": attachment.size}


@router.get("/statistics")
def statistics(request: Request) -> dict[str, int]:
    return _meetings(request).statistics()


def _manager_body(manager: Manager) -> dict[str, Any]:
    return {
        "id": manager.id,
        "name": manager.name,
        "email": manager.email,
        "slot_minutes": manager.calendar.slot_minutes,
        "last_booked_at": manager.last_booked_at,
    }


def _meeting_body(meeting: Meeting) -> dict[str, Any]:
    return {
        "id": meeting.id,
        "manager_id": meeting.manager_id,
        "title": meeting.title,
        "description": meeting.description,
        "attendee_email": meeting.attendee_email,
        "starts_at": meeting.starts_at,
        "ends_at": meeting.ends_at,
        "status": meeting.status,
    }
