"""Pictures that are no frontal chest films, made up from numbers: pages, textures, and photographs of screens.

All are grey, float32 (H, W) in [0, 1], 1 = white, and depend on nothing but the generator that is handed in.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

SIDE = 256  # px, of what is made up


def photo_of_screen(film: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Photograph a screen that shows a film: a desk around it, a frame, a slanted view, glare, moiré and noise.

    Parameters
    ----------
    film : ndarray, shape (H, W)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, shape (SIDE, SIDE)
    """
    screen = _screen(film, rng)
    height, width = screen.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) - 0.5
    turn = rng.normal(0, 0.06)
    seen = seen @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    seen *= np.array([1, rng.uniform(0.6, 1)]) * rng.uniform(0.7, 1.05)
    seen += 0.5 + rng.normal(0, 0.03, 2) + rng.normal(0, 0.035, (4, 2))
    warp = cv2.getPerspectiveTransform(corners, (SIDE * seen).astype(np.float32))
    desk = rng.uniform(0.1, 0.9) + 0.2 * _clouds(rng, 2)
    inside = cv2.warpPerspective(np.ones_like(screen), warp, (SIDE, SIDE), flags=cv2.INTER_AREA)
    shown = cv2.warpPerspective(screen, warp, (SIDE, SIDE), flags=cv2.INTER_AREA)
    rows, columns = np.mgrid[:SIDE, :SIDE] / SIDE
    stripes = np.sin(2 * np.pi * (rng.uniform(8, 40) * rows + rng.uniform(8, 40) * columns))
    shown = shown * rng.uniform(0.6, 1) * (1 + rng.uniform(0, 0.08) * stripes)
    x, y, reach = rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.9), rng.uniform(0.05, 0.25)
    shown += rng.uniform(0, 0.5) * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * reach**2))
    picture = np.where(inside > 0.5, shown, desk)
    return _finished(picture + rng.normal(0, rng.uniform(0, 0.02), picture.shape))


def page(rng: np.random.Generator, film: np.ndarray | None = None) -> np.ndarray:
    """Draw a page as on a screen or on paper: bars, boxes and lines of writing, and a small film where one is given."""
    paper = int(rng.choice([rng.integers(0, 64), rng.integers(200, 256)]))
    sheet = np.full((SIDE, SIDE), paper, np.uint8)
    if rng.random() < 0.6:
        sheet[: int(rng.integers(8, 40))] = rng.integers(256)
    if rng.random() < 0.5:
        sheet[:, : int(rng.integers(10, 80))] = rng.integers(256)
    for _ in range(int(rng.integers(0, 6))):
        top, left = rng.integers(0, SIDE - 40, 2)
        tall, wide = rng.integers(20, 140, 2)
        sheet[top : top + tall, left : left + wide] = rng.integers(256)
    if film is not None:
        side = int(rng.integers(50, 200))
        top, left = rng.integers(0, SIDE - side, 2)
        small = cv2.resize(film, (side, side), interpolation=cv2.INTER_AREA)
        sheet[top : top + side, left : left + side] = np.rint(255 * small)
    for _ in range(int(rng.integers(2, 60))):
        words = "".join(rng.choice(list("abcdefghijklmnoprstuvw   "), int(rng.integers(5, 60))))
        place = int(rng.integers(-20, SIDE)), int(rng.integers(0, SIDE))
        ink = float(np.clip(255 - paper + rng.normal(0, 50), 0, 255))
        cv2.putText(sheet, words, place, cv2.FONT_HERSHEY_SIMPLEX, rng.uniform(0.2, 0.6), ink, 1, cv2.LINE_AA)
    return _finished(sheet / 255)


def texture(rng: np.random.Generator) -> np.ndarray:
    """Make clouds, blobs or a slope, as of photographs of anything: noise whose spectrum falls as theirs does."""
    picture = _clouds(rng, rng.uniform(0.5, 3))
    for _ in range(int(rng.integers(0, 8))):
        centre = tuple(int(one) for one in rng.integers(0, SIDE, 2))
        axes = tuple(int(one) for one in rng.integers(10, 120, 2))
        shade = float(rng.normal(0, 1.5))
        cv2.ellipse(picture, centre, axes, float(rng.uniform(0, 180)), 0, 360, shade, -1, cv2.LINE_AA)
    slope = rng.normal(0, 1.5, 2)
    rows, columns = np.mgrid[:SIDE, :SIDE] / SIDE
    return _finished(0.5 + 0.2 * (picture + slope[0] * rows + slope[1] * columns))


def scrambled(film: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Take a picture's tiles apart and lay them in another order, some turned: its greys without its anatomy."""
    tiles = int(rng.integers(2, 6))
    side = SIDE // tiles
    whole = cv2.resize(film, (tiles * side, tiles * side), interpolation=cv2.INTER_AREA)
    cut = whole.reshape(tiles, side, tiles, side).swapaxes(1, 2).reshape(-1, side, side)
    laid = np.stack([np.rot90(one, int(rng.integers(4))) for one in cut[rng.permutation(len(cut))]])
    picture = laid.reshape(tiles, tiles, side, side).swapaxes(1, 2).reshape(tiles * side, tiles * side)
    return _finished(cv2.resize(np.ascontiguousarray(picture), (SIDE, SIDE)))


def part(film: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Cut a small part out of a film, about a third of it a side: too little to be a film of a chest."""
    height, width = film.shape
    share = rng.uniform(0.2, 0.4)
    tall, wide = int(share * height), int(share * width)
    top, left = int(rng.integers(0, height - tall)), int(rng.integers(0, width - wide))
    return _finished(cv2.resize(film[top : top + tall, left : left + wide], (SIDE, SIDE)))


Maker = Callable[[np.ndarray, np.random.Generator], np.ndarray]
MAKERS: dict[str, Maker] = {
    "photographs of screens": photo_of_screen,
    "pages": lambda film, rng: page(rng, film if rng.random() < 0.5 else None),
    "textures": lambda film, rng: texture(rng),
    "tiles in disorder": scrambled,
    "small parts": part,
}
"""How each kind is made of a film and a generator."""


def _screen(film: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Show a film on a screen: in its own proportion, on black or between a program's bars, with a frame around."""
    side = SIDE
    wide = int(side * rng.uniform(1, 1.8))
    screen = np.full((side, wide), rng.uniform(0, 0.3), np.float32)
    tall = int(side * rng.uniform(0.75, 1))
    shown = cv2.resize(film, (tall, tall), interpolation=cv2.INTER_AREA)
    top, left = (side - tall) // 2, int(rng.uniform(0.2, 0.8) * (wide - tall))
    screen[top : top + tall, left : left + tall] = shown
    frame = int(rng.integers(4, 24))
    return cv2.copyMakeBorder(screen, frame, frame, frame, frame, cv2.BORDER_CONSTANT, value=rng.uniform(0, 0.3))


def _clouds(rng: np.random.Generator, fall: float) -> np.ndarray:
    """Give noise of variance 1 whose amplitude falls with the given power of the frequency."""
    rows, columns = np.meshgrid(np.fft.fftfreq(SIDE), np.fft.rfftfreq(SIDE), indexing="ij")
    amplitude = np.maximum(np.hypot(rows, columns), 1 / SIDE) ** -fall
    noise = rng.normal(size=amplitude.shape) + 1j * rng.normal(size=amplitude.shape)
    clouds = np.fft.irfft2(amplitude * noise, (SIDE, SIDE))
    return ((clouds - clouds.mean()) / clouds.std()).astype(np.float32)


def _finished(picture: np.ndarray) -> np.ndarray:
    return np.clip(picture, 0, 1).astype(np.float32)
