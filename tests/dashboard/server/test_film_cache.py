from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from dashboard.server.film_cache import FilmCache, packed_bytes
from xai.films.film import Film
from xai.films.reading import read_film


def png(shades: np.ndarray) -> Film:
    stream = io.BytesIO()
    Image.fromarray(shades).save(stream, "PNG")
    return read_film(stream.getvalue())


@pytest.mark.parametrize(("kind", "bytes_a_pixel"), [(np.uint8, 1), (np.uint16, 2)])
def test_a_film_of_whole_shades_comes_back_bit_for_bit_from_as_many_bytes_as_its_file_holds(kind, bytes_a_pixel):
    shades = np.random.default_rng(0).integers(0, np.iinfo(kind).max, (64, 80), kind, endpoint=True)
    film = png(shades)
    assert packed_bytes(film) == bytes_a_pixel * shades.size
    cache = FilmCache(2**20)
    cache.put(film)
    back = cache.get(film.sha256)
    assert back.pixels.dtype == np.float32 and np.array_equal(back.pixels, film.pixels)
    assert (back.sha256, back.facts) == (film.sha256, film.facts)


def test_a_film_between_shades_is_kept_as_it_is():
    film = Film.from_pixels(np.random.default_rng(0).random((64, 64), np.float32))
    cache = FilmCache(2**20)
    cache.put(film)
    assert np.array_equal(cache.get(film.sha256).pixels, film.pixels)
    assert packed_bytes(film) == 4 * 64 * 64


def test_the_film_used_longest_ago_is_forgotten():
    films = [png(np.full((64, 64), grey, np.uint8)) for grey in (10, 20, 30)]
    cache = FilmCache(2 * 64 * 64)
    for film in films:
        cache.put(film)
    assert cache.get(films[0].sha256) is None
    assert cache.get(films[2].sha256) is not None
