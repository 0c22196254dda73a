"""A meeting scheduler: managers, their calendars, meetings and reminders; the backend that gets diagnosed."""
