from __future__ import annotations

from types import SimpleNamespace

from dashboard.server.engine_words import engine_words


def services_with(classifier):
    return SimpleNamespace(in_memory=lambda model: classifier)


def test_the_engine_of_a_model_that_has_answered_is_told():
    told = "OpenVINO. When the model was loaded, its logits differed by at most 1e-06."
    assert engine_words(services_with(SimpleNamespace(engine_facts=told)), "any") == told


def test_before_a_model_has_answered_no_engine_is_claimed():
    for classifier in (None, SimpleNamespace(engine_facts="")):
        assert engine_words(services_with(classifier), "any").startswith("not chosen yet")
