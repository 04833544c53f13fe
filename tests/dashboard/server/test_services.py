from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from dashboard.server.jobs import Job
from dashboard.server.library import Library
from dashboard.server.services import Request, Services
from dashboard.server.workers import DIED, NoWorkers
from xai.explainers import EXPLAINERS
from xai.explainers.explanation import Explanation
from xai.films.film import Film
from xai.films.reading import read_film
from xai.many.cluster import ClusterError

LONG = 60.0  # seconds: TensorFlow's import is in it
LIME = (("samples", 60), ("regions", 9), ("baseline", "blurred film"))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    from tests.dashboard.conftest import Shelf

    shelf = Shelf(tmp_path_factory.mktemp("library"))
    shelf.add_model()
    shelf.add_dataset()
    return shelf.root


@pytest.fixture
def services(root) -> Services:
    return Services(Library(root))


def wait(job: Job) -> Job:
    end = time.monotonic() + LONG
    while not job.ended:
        assert time.monotonic() < end, f"{job.state} for {LONG:.0f} s"
        time.sleep(0.01)
    return job


def explained(services: Services, request: Request, visitor: str = "Ada") -> list[Explanation]:
    job = wait(services.explain(visitor, request))
    assert job.error is None
    found = services.found(request)
    assert found is not None
    return found


def predicted(services: Services, film: Film) -> np.ndarray:
    answer = services.predict("Ada", film, "tiny")
    if isinstance(answer, Job):
        assert wait(answer).error is None
        answer = services.predict("Ada", film, "tiny")
    return answer


def test_predict_gives_the_logits_of_the_model(services, film):
    assert isinstance(services.predict("Ada", film, "tiny"), Job)
    got = predicted(services, film)
    classifier = services.classifier("tiny")
    np.testing.assert_allclose(got, classifier.logits(classifier.prepare(film)[None])[0], rtol=1e-6)
    assert isinstance(services.predict("Ben", film, "tiny"), np.ndarray)


def test_explain_gives_what_the_method_gives_directly(services, film):
    from xai.explainers import EXPLAINERS

    request = Request(film, "tiny", "lime", LIME, seed=4)
    assert services.found(request) is None
    got = explained(services, request)
    wanted = EXPLAINERS["lime"](**dict(LIME)).explain(services.classifier("tiny"), film, seed=4)
    assert [one.finding for one in got] == ["Effusion", "Mass"]
    for one, other in zip(got, wanted, strict=True):
        np.testing.assert_allclose(one.map, other.map, atol=1e-5 * np.abs(other.map).max())
        assert (one.evaluations, one.seed, one.parameters) == (60, 4, EXPLAINERS["lime"](**dict(LIME)).parameters())


def test_what_was_found_once_is_not_computed_again(services, film):
    request = Request(film, "tiny", "gradcam", seed=1)
    first = explained(services, request)
    assert services.found(Request(film, "tiny", "gradcam", seed=1)) is first
    assert services.found(Request(film, "tiny", "gradcam", seed=2)) is None


def test_an_upload_stays_in_memory_and_a_dataset_film_goes_to_disk(services, root, contents):
    film = services.film("generated", "a")
    before = contents(root)
    explained(services, Request(film, "tiny", "gradcam", of_dataset=False))
    assert contents(root) == before
    request = Request(services.film("generated", "b"), "tiny", "gradcam", of_dataset=True)
    made = explained(services, request)
    (new,) = set(contents(root)) - set(before)
    assert new.startswith("results/")
    assert services.explanation_key(request) in new
    restarted = Services(services.library)
    (one, _), (other, _) = restarted.found(request), made
    np.testing.assert_array_equal(one.map, other.map)
    assert not restarted.has_models


def test_thirty_visitors_at_once_are_one_computation(services, film, monkeypatch):
    from xai.explainers import EXPLAINERS

    runs = []
    original = EXPLAINERS["lime"].explain

    def counted(self, *arguments, **options):
        runs.append(threading.current_thread().name)
        return original(self, *arguments, **options)

    monkeypatch.setattr(EXPLAINERS["lime"], "explain", counted)
    request = Request(film, "tiny", "lime", LIME, seed=30)
    line, got = threading.Barrier(30), []

    def visit(name: str) -> None:
        line.wait(LONG)
        got.append(explained(services, request, name))

    visitors = [threading.Thread(target=visit, args=(f"visitor {number}",)) for number in range(30)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(LONG)
    assert len(got) == 30
    assert all(one is got[0] for one in got)
    assert runs == ["job"]


def keys(services: Services, film: Film) -> dict[str, str]:
    request = Request(film, "tiny", "lime", LIME)
    others = {
        "plain": request,
        "film": Request(Film.from_pixels(1 - film.pixels), "tiny", "lime", LIME),
        "method": Request(film, "tiny", "shap", LIME),
        "parameters": Request(film, "tiny", "lime", (("samples", 61), *LIME[1:])),
        "seed": Request(film, "tiny", "lime", LIME, seed=1),
    }
    return {name: services.explanation_key(one) for name, one in others.items()}


def test_every_ingredient_changes_the_name_of_a_result(services, film):
    names = keys(services, film)
    assert len(set(names.values())) == len(names)
    assert services.explanation_key(Request(film, "tiny", "lime", LIME, of_dataset=True)) == names["plain"]


def test_results_of_one_precision_are_never_taken_for_anothers(services, film, monkeypatch):
    from xai.models.engines.compiled import Compiled

    monkeypatch.setattr(services, "_precisions", {})
    request, gradcam = Request(film, "tiny", "lime", LIME, seed=77), Request(film, "tiny", "gradcam", seed=77)
    classifier = services.classifier("tiny")
    monkeypatch.setitem(vars(classifier), "_hiding", Compiled("openvino", classifier._predict.run))
    single, of_gradcam = services.explanation_key(request), services.explanation_key(gradcam)
    plain = explained(services, request)
    half = Compiled("openvino-bf16", lambda films: classifier._predict.run(films) * 1.01, precision="bf16")
    monkeypatch.setitem(vars(classifier), "_hiding", half)
    services.ready("tiny", hides=True)
    assert services.found(request) is None
    made = explained(services, request)
    assert (plain[0].engine, made[0].engine) == ("openvino", "openvino-bf16")
    assert services.found(request) is made
    assert services.store.get(single) is plain
    assert services.explanation_key(gradcam) == of_gradcam  # no film of it runs in another precision
    services.forget(film.sha256)
    assert services.store.get(single) is None
    assert services.found(request) is None


def test_another_model_or_another_reading_of_it_is_another_result(shelf, film):

    shelf.add_model("one")
    shelf.add_model("same")
    shelf.add_model("read otherwise", input={"size": 16, "channels": 1, "fit": "crop"})
    shelf.add_model("cut otherwise", thresholds={"Mass": {"value": 0.2, "rule": "chosen"}})
    (shelf.root / "models" / "other.keras").write_bytes(b"other bytes")
    shelf.add_card("other")
    for name in ("same", "read otherwise", "cut otherwise"):
        model = shelf.root / "models" / f"{name}.keras"
        model.write_bytes((shelf.root / "models" / "one.keras").read_bytes())
    services = Services(Library(shelf.root))
    key = {name: services.explanation_key(Request(film, name, "lime")) for name in services.library.models()}
    assert key["same"] == key["one"]
    assert key["cut otherwise"] == key["one"]  # a threshold changes no map
    assert len({key["one"], key["other"], key["read otherwise"]}) == 3


def write_lambda(path) -> None:
    from xai.backend import keras

    inputs = keras.Input((16, 16, 1))
    x = keras.layers.Lambda(lambda x: x * 2)(keras.layers.GlobalAveragePooling2D()(inputs))
    keras.Model(inputs, keras.layers.Dense(2)(x)).save(path)


def spoil_lambda(shelf) -> None:
    write_lambda(shelf.root / "models" / "tiny.keras")


def spoil_bytes(shelf) -> None:
    (shelf.root / "models" / "tiny.keras").write_bytes(b"no model at all")


def spoil_outputs(shelf) -> None:
    shelf.add_card("tiny", outputs=["Effusion", "Mass", "Hernia"])


def spoil_size(shelf) -> None:
    shelf.add_card("tiny", input={"size": 16, "channels": 3})


def spoil_sha(shelf) -> None:
    shelf.add_card("tiny", sha256="0" * 64)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (spoil_lambda, "Lambda layer"),
        (spoil_bytes, "tiny.keras is damaged or no Keras model"),
        (spoil_outputs, "the card of tiny names 3 outputs, the model gives 2"),
        (spoil_size, "16 x 16 x 3, but the model takes 16 x 16 x 1"),
        (spoil_sha, "is not the model that its card was written for"),
    ],
)
def test_a_model_that_cannot_be_used_is_one_sentence_and_others_go_on(shelf, film, contents, spoil, said):

    shelf.add_model()
    spoil(shelf)
    shelf.add_model("sound")
    services = Services(Library(shelf.root))
    before = contents(shelf.root)
    jobs = [
        services.predict("Ada", film, "tiny"),
        services.explain("Ada", Request(film, "tiny", "gradcam", of_dataset=True)),
    ]
    for job in jobs:
        assert wait(job).state == "failed"
        assert said in job.error
        assert "\n" not in job.error
        assert len(job.error) < 500
    assert contents(shelf.root) == before
    assert len(explained(services, Request(film, "sound", "gradcam"))) == 2


def test_a_film_is_read_once_and_forgotten_when_others_need_the_room(services, root, monkeypatch):
    first = services.film("generated", "a")
    assert services.film("generated", "a") is first
    assert first.sha256 == read_film(root / "films" / "generated" / "a.png").sha256


def test_a_map_is_seen_while_it_is_made_and_is_stored_only_when_it_is_whole(services, root, monkeypatch):
    monkeypatch.setattr("xai.explainers.explanation.MOST_SPENT", 1.0)
    film = read_film(root / "films" / "generated" / "a.png")
    request = Request(film, "tiny", "lime", (("samples", 300), ("regions", 9), ("design", "lime")), seed=8)
    key, seen = services.explanation_key(request), []

    def look() -> None:
        films = services.sharpening.newest(key)
        if films is not None and films not in seen:
            seen.append(films)
            assert services.store.get(key) is None
            state, parameters = services.sharpening.at(key, films), {**dict(request.parameters), "samples": films}
            direct = EXPLAINERS["lime"](**parameters).explain(services.classifier("tiny"), film, seed=8)
            np.testing.assert_allclose(state[1].map, direct[1].map, atol=1e-6)
            assert state[1].parameters == direct[1].parameters

    job = services.explain("ada", request)
    job.watch(look)
    assert services.explain("ben", request) is job  # who asks for the same sees the same
    wait(job)
    assert seen == [64, 128, 256]
    assert services.sharpening.newest(key) is None and services.store.get(key)[0].evaluations == 300


def test_what_was_cancelled_stays_as_it_came_and_goes_on_from_there(services, root, monkeypatch):
    film = read_film(root / "films" / "generated" / "b.png")
    parameters = (("samples", 200), ("regions", 9), ("design", "lime"))
    request = Request(film, "tiny", "lime", parameters, seed=1)
    key, classifier = services.explanation_key(request), services.classifier("tiny")
    sent, logits = [], classifier.logits
    monkeypatch.setattr(classifier, "logits", lambda canvases: sent.append(len(canvases)) or logits(canvases))
    job = services.explain("ada", request)
    job.watch(lambda: services.sharpening.newest(key) and services.jobs.leave("ada", key))
    end = time.monotonic() + LONG
    while job.is_known:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert services.sharpening.newest(key) == 64 and not services.store.has(key)
    more = Request(film, "tiny", "lime", (("samples", 300), *parameters[1:]), seed=1)
    assert [len(explained(services, one)[0].answers) for one in (request, more)] == [200, 300]
    assert sum(sent) <= 300  # each film once
    services.note_upload(film.sha256, key)
    services.sharpening.put(key, EXPLAINERS["lime"](samples=64, regions=9).explain(classifier, film))
    services.forget(film.sha256)
    assert services.sharpening.newest(key) is None


def test_an_upload_is_forgotten_with_all_that_was_made_of_it(services, root):
    film = read_film(root / "films" / "generated" / "b.png")
    services.films.put(film)
    services.channel.visitors.bring("ada", film.sha256)
    request = Request(film, "tiny", "centred")
    explained(services, request)
    predicted = services.predict("ada", film, "tiny", of_dataset=False)
    if isinstance(predicted, Job):
        wait(predicted)
    part = services.channel.parts.offer(["film"], lambda: b"own", film=film.sha256)
    assert services.store.has(services.explanation_key(request))
    assert services.channel.parts.find(part, "ada") is not None
    page = services.channel.pages.begin("ada")
    services.channel.pages._grace = 0.0
    services.channel.pages.leave(page)
    end = time.monotonic() + LONG
    while services.films.get(film.sha256) is not None:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert not services.store.has(services.explanation_key(request))
    assert services.logits.get(services.logits_key(film.sha256, "tiny")) is None
    assert services.channel.parts.find(part, "ada") is None


def test_streamlit_does_not_clear_the_state_of_keras_between_runs(services):
    from keras.src.backend.common.name_scope import current_path
    from streamlit.runtime.scriptrunner.script_runner import _clean_problem_modules

    from xai.backend import keras

    services.classifier("tiny")
    with keras.name_scope("outer"):
        _clean_problem_modules()
        assert current_path() == "outer"


def test_warming_up_loads_the_model_once(services):
    started: list[threading.Thread] = []
    original: Callable = threading.Timer.start

    def start(thread: threading.Timer) -> None:
        started.append(thread)
        original(thread)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dashboard.server.services.WARM_UP_DELAY", 0.0)
        patch.setattr(threading.Timer, "start", start)
        services.warm_up("nowhere")
        assert started == []
        services.warm_up("tiny")
        services.warm_up("tiny")
    (thread,) = started
    thread.join(LONG)
    assert services.has_models


class Thread:
    """Stands for a cluster: does the work in this process, or says that nobody is there."""

    def __init__(self, is_there: bool = True) -> None:
        self.is_there = is_there
        self.asked: list[tuple] = []

    def run(self, work, *about, budget, is_abandoned):
        self.asked.append(about)
        if not self.is_there:
            raise NoWorkers
        assert not is_abandoned()
        return work(budget, *about)


@pytest.mark.parametrize("is_there", [True, False])
def test_slow_maps_of_a_datasets_films_go_to_the_cluster_or_are_made_here(root, film, is_there):
    cluster = Thread(is_there)
    services, seed = Services(Library(root), cluster), 40 + is_there  # results lie in the library
    slow = Request(film, "tiny", "lime", LIME, seed, of_dataset=True)
    got = explained(services, slow)
    wanted = EXPLAINERS["lime"](**dict(LIME)).explain(services.classifier("tiny"), film, seed=seed)
    np.testing.assert_allclose(got[0].map, wanted[0].map, atol=1e-5 * np.abs(wanted[0].map).max())
    ((_, model_id, _, engine), explainer, sent, sown) = cluster.asked.pop()
    classifier = services.classifier("tiny")
    assert (model_id, engine, sent, sown) == (classifier.model_id, classifier.hiding.engine, film, seed)
    assert explainer == EXPLAINERS["lime"](**dict(LIME))
    explained(services, Request(film, "tiny", "gradcam", of_dataset=True))
    explained(services, Request(film, "tiny", "lime", LIME, seed=5))
    assert cluster.asked == []  # what is quick stays here, and so does what a visitor brought


def test_a_map_that_workers_died_of_fails_in_a_sentence_and_the_next_one_is_made(root, film):
    class Deadly(Thread):
        def run(self, work, *about, budget, is_abandoned):
            raise ClusterError(DIED)

    services = Services(Library(root), Deadly())
    job = wait(services.explain("Ada", Request(film, "tiny", "lime", LIME, of_dataset=True)))
    assert (job.state, job.error) == ("failed", DIED)
    explained(services, Request(film, "tiny", "lime", LIME, seed=8))


def test_a_library_that_vanishes_is_told_in_a_sentence_and_what_comes_back_is_used_again(root, film, tmp_path):
    services = Services(Library(root))
    dataset_film = services.film("generated", "a")
    request = Request(dataset_film, "tiny", "lime", LIME, seed=70, of_dataset=True)
    before = explained(services, request)
    folders = [one for one in root.iterdir() if one.is_dir()]
    for one in folders:
        one.rename(tmp_path / one.name)
    assert "generated" not in services.library.datasets() and "tiny" not in services.library.models()
    with pytest.raises(ValueError, match="There is no dataset “generated”"):
        services.library.open_film("generated", "a")
    with pytest.raises(ValueError, match="There is no model “tiny” in the library"):
        services.explain("Ada", request)
    built_in = Request(film, "lightbox", "gradcam", of_dataset=True)
    assert services.library.card("lightbox").name == "lightbox" and services.found(built_in) is None  # goes on
    for one in folders:
        (tmp_path / one.name).rename(one)
    np.testing.assert_array_equal(explained(services, request)[0].map, before[0].map)
    np.testing.assert_array_equal(Services(Library(root)).found(request)[0].map, before[0].map)
    explained(services, Request(dataset_film, "tiny", "lime", LIME, seed=71, of_dataset=True))
