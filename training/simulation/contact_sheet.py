"""One picture of all findings: film, and the same film with the truth laid over it.

``python -m training.simulation.contact_sheet OUT.png`` writes it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from training.simulation.findings import MODELS
from training.simulation.recipe import Recipe
from training.simulation.render import Sitting
from xai.findings import FINDINGS, finding_label

TILE, BAND = 216, 26  # pixels
SEVERITIES = (0.35, 0.8)
ACCENT = np.array([70, 150, 255], dtype=np.float32)  # blue, green, red


def contact_sheet(seed: int = 0) -> np.ndarray:
    """Draw the sheet: two findings a row, each mild and severe, each without and with its mask.

    Returns
    -------
    numpy.ndarray
        (H, W, 3) uint8, blue, green, red.
    """
    strips = [_strip(name, seed + 10 * place) for place, name in enumerate(FINDINGS)]
    return np.vstack([np.hstack(strips[row : row + 2]) for row in range(0, len(strips), 2)])


def _strip(name: str, seed: int) -> np.ndarray:
    tiles = []
    for k, severity in enumerate(SEVERITIES):
        sides = list(MODELS[name].sides)
        finding = (name, severity, sides[k % len(sides)])
        here = Sitting(Recipe(seed + k, seed + k, "PA", 45 + 15 * k, "MF"[k], (finding,), ("marker",)))
        film = cv2.cvtColor(np.round(here.film() * 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)
        for tile in (film, _laid_over(film, here.masks([name])[name])):
            tiles.append(cv2.resize(tile, (TILE, TILE), interpolation=cv2.INTER_AREA))
    band = np.zeros((BAND, TILE * len(tiles), 3), np.uint8)
    cv2.putText(band, finding_label(name), (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (230, 230, 230), 1, cv2.LINE_AA)
    return np.vstack([band, np.hstack(tiles)])


def _laid_over(film: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Tint the mask lightly and draw its outline."""
    tinted = film.astype(np.float32)
    tinted[mask] = 0.8 * tinted[mask] + 0.2 * ACCENT
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    tinted = np.round(tinted).astype(np.uint8)
    return cv2.drawContours(tinted, outlines, -1, ACCENT.tolist(), 1, cv2.LINE_AA)


def main() -> int:
    """Write the sheet to the path given."""
    if len(sys.argv) != 2:
        print("Expected one argument: the PNG to write.", file=sys.stderr)
        return 2
    done, data = cv2.imencode(".png", contact_sheet(), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    if done:
        Path(sys.argv[1]).write_bytes(data.tobytes())
    return 0 if done else 1


if __name__ == "__main__":
    raise SystemExit(main())
