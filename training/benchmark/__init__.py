"""How good the maps of a model are on films whose truth is known, beside controls: the league of methods."""
