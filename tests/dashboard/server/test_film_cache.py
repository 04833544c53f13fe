from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from dashboard.server.film_cache import FilmCache, shade_bytes
from dashboard.server.services import FILM_BYTES
from xai.films.film import Film
from xai.films.reading import read_film


def png(shades: np.ndarray) -> Film:
    stream = io.BytesIO()
    Image.fromarray(shades).save(stream, "PNG")
    return read_film(stream.getvalue())


@pytest.mark.parametrize(("kind", "bytes_a_pixel"), [(np.uint8, 1), (np.uint16, 2)])
def test_a_film_of_whole_shades_comes_back_bit_for_bit(kind, bytes_a_pixel):
    shades = np.random.default_rng(0).integers(0, np.iinfo(kind).max, (64, 80), kind, endpoint=True)
    film = png(shades)
    assert shade_bytes(film) == bytes_a_pixel * shades.size
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
    assert shade_bytes(film) == 4 * 64 * 64


def held(cache: FilmCache) -> int:
    return cache._packed._held


def test_what_neighbours_have_in_common_takes_no_room():
    row = np.arange(0, 256, 2, np.uint8)
    cache = FilmCache(2**20)
    cache.put(png(np.tile(row, (64, 1))))
    assert held(cache) < row.size  # of 64 such rows


def test_two_films_of_2048_by_2048_of_each_of_thirty_visitors_stay_whatever_is_on_them():
    cache = FilmCache(FILM_BYTES)
    cache.put(png(np.random.default_rng(0).integers(0, 65536, (2048, 2048), np.uint16)))  # nothing in common
    assert 60 * held(cache) <= FILM_BYTES


def test_the_film_used_longest_ago_is_forgotten():
    films = [png(np.random.default_rng(seed).integers(0, 256, (64, 64), np.uint8)) for seed in range(3)]
    cache = FilmCache(2 * 64 * 64 + 64)
    for film in films:
        cache.put(film)
    assert cache.get(films[0].sha256) is None
    assert cache.get(films[2].sha256) is not None
