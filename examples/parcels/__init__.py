"""A backend to try diagnoses on: parcels and where they are, with Flask under gunicorn and SQL by hand."""
