"""Whether maps can be believed: what was measured of them on films whose truth is known."""
