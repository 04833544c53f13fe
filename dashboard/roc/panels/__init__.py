"""What else there is to see of a finding: one panel a file, with `show(scene)`, and a line in `PANELS` of `..state`."""
