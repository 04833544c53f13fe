"""Pictures of pages: taken once a page rests, stored small, and compared so that fonts may differ but no part may."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter, uniform_filter
from skimage.metrics import structural_similarity

from tests.browser.until import until

FOLDER = Path(__file__).with_name("pictures")
NEW = FOLDER / "new"  # what a failed comparison leaves, for people and for CI to keep
QUALITY = 60  # of WebP: some 20 kB a picture, and what it loses is blurred away before pictures are compared
BLUR = 2.0  # pixels of a stored picture: smooths how a machine draws the edges of letters
WINDOW = 48  # pixels a side: the smallest part of a page, a box of choices, fills about half of that
LEAST = 0.6  # similarity that every window must have: 0.73 after a shift by a pixel, 0.5 where such a part is missing
PAUSE = 200  # milliseconds for which a page must stay as it is
WAITING = "[data-state=waiting], [data-state=running]"  # a film or a map that is still being made
PATIENCE = 240_000  # milliseconds
BUSY = "[data-testid=stSkeleton], [data-testid=stStatusWidget], [data-testid=stSpinner], [data-stale=true]"


def take(page: Any, *masked: Any) -> Image.Image:
    """Take a picture of a page at half its size, once it rests; places that are masked are one colour."""
    page.locator(WAITING).first.wait_for(state="detached", timeout=PATIENCE)
    until(page, f"!document.querySelector('{BUSY}')", timeout=PATIENCE)
    page.mouse.move(0, 0)
    shot, before, same = b"", b"", 0
    while same < 2:
        page.wait_for_timeout(PAUSE)
        before, shot = shot, page.screenshot(animations="disabled", caret="hide", mask=[*masked], mask_color="#808080")
        same = same + 1 if shot == before else 0
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.BOX)


def likeness(one: Image.Image, other: Image.Image) -> np.ndarray:
    """Say how alike two pictures of one size are around each pixel, 1 where they are the same.

    The structural similarity (Wang et al., IEEE Trans. Image Processing 2004) of their blurred colours, as a mean over
    a window: what is missing in one place is not outweighed by a page of background.
    """
    blurred = [gaussian_filter(np.asarray(picture, float), (BLUR, BLUR, 0)) for picture in (one, other)]
    _, similar = structural_similarity(
        *blurred, data_range=255, channel_axis=-1, gaussian_weights=True, sigma=3, full=True
    )
    return uniform_filter(similar.mean(axis=-1), WINDOW)


def look_alike(one: Image.Image, other: Image.Image) -> bool:
    """Say whether two pictures show the same page."""
    return one.size == other.size and bool(likeness(one, other).min() >= LEAST)


def stored(name: str) -> Path:
    """Where the picture of a page is kept."""
    return FOLDER / f"{name}.webp"


def store(name: str, picture: Image.Image) -> None:
    """Keep a picture as what a page looks like."""
    FOLDER.mkdir(exist_ok=True)
    picture.save(stored(name), quality=QUALITY, method=6)


def check(name: str, picture: Image.Image) -> None:
    """Compare a picture with the stored one; leave it and what differs in `NEW` where it shows another page."""
    path = stored(name)
    assert path.is_file(), f"{path.name} is not stored; look at the page, then run with --update-pictures"
    kept = Image.open(path).convert("RGB")
    if look_alike(kept, picture):
        return
    NEW.mkdir(exist_ok=True)
    picture.save(NEW / f"{name}.png")
    assert kept.size == picture.size, f"{name} is {picture.size}, stored is {kept.size}"
    similar = likeness(kept, picture)
    marked = np.where((similar < LEAST)[..., None], np.uint8([255, 0, 0]), np.asarray(picture) // 3)
    Image.fromarray(marked).save(NEW / f"{name}.difference.png")
    raise AssertionError(f"{name} looks different: likeness {similar.min():.2f}; see {NEW.name}/ beside its picture")
