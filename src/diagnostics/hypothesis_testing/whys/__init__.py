"""Five whys: from the symptom upstream along what was found."""
