from __future__ import annotations

import pandas as pd
import pytest

from tests.training.datasets.made_sources import COVID_FINDINGS, make_covid, picture
from training.datasets.covid import meaning, read_covid
from training.datasets.table import labels
from xai.films.reading import read_film
from xai.findings import FINDINGS

# What stands in the heading of each generation of metadata.csv.
GENERATIONS = {
    "first": "Patientid,offset,sex,age,finding,survival,view,modality,date,location,filename,doi, url,license,notes",
    "spring 2020": "patientid,offset,sex,age,finding,survival,intubated,needed_supplemental_o2,pO2 saturation,view,"
    "modality,date,location,folder,filename,doi,url,license,clinical notes,other notes,",
    "summer 2020": "patientid,offset,sex,age,finding,survival,intubated,needed_supplemental_O2,pO2_saturation,view,"
    "modality,date,location,folder,filename,doi,url,license,clinical_notes,other_notes,",
    "newest": "patientid,offset,sex,age,finding,RT_PCR_positive,survival,intubated,view,modality,date,location,folder,"
    "filename,doi,url,license,clinical_notes,other_notes,",
}
ROW = {"patientid": "2", "offset": "?", "sex": "M", "age": "65", "finding": "COVID-19", "view": "AP Supine"}
ROW |= {"modality": "X-ray", "folder": "images", "filename": "a.jpg", "license": "CC BY 3.0"}
ROW |= {"notes": 'line one\nline "two", end'}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_generation_of_the_table(tmp_path, generation):
    names = GENERATIONS[generation].split(",")
    plain = [name.strip().lower().replace("clinical ", "") for name in names]
    table = pd.DataFrame([[ROW.get(name, "") for name in plain]], columns=names)
    table.to_csv(tmp_path / "metadata.csv", index=False)
    picture(tmp_path / "images" / "a.jpg")
    film = read_covid(tmp_path).films.iloc[0]
    assert (film["film"], film["patient"], film["age"], film["sex"]) == ("a", "covid:2", 65, "M")
    assert (film["view"], film["raw_view"], film["raw_finding"]) == ("AP", "AP Supine", "COVID-19")
    assert (film["raw_licence"], film["path"], film["on_disk"]) == ("CC BY 3.0", "images/a.jpg", True)
    assert (film["Pneumonia"], film["source_Pneumonia"]) == (1, "derived")


@pytest.mark.parametrize("finding", COVID_FINDINGS)
def test_every_finding(finding):
    found = meaning(finding)
    if finding in ("ARDS", "todo", "Unknown", "Tuberculosis"):
        assert found is None
    elif finding.lower() == "no finding":
        assert found[0] == "No Finding"
    else:
        assert found[0] == "Pneumonia"
        # Known for sure only where the word itself is there.
        assert found[1] == (0 if "Pneumonia" in finding else 4)


def test_labels_and_views_of_each_row(tmp_path):
    make_covid(tmp_path)
    films = read_covid(tmp_path).films
    assert films["raw_finding"].tolist() == [finding.strip() for finding in COVID_FINDINGS]
    healthy = films[films["raw_finding"].str.lower() == "no finding"]
    assert (healthy[list(FINDINGS)] == 0).all(axis=None)
    assert set(healthy["source_Hernia"]) == {"implied_by_no_finding"}
    assert films["view"].fillna("").tolist()[:9] == ["PA", *["AP"] * 5, "LATERAL", "", ""]
    assert films["sex"].fillna("").tolist()[:3] == ["M", "F", ""]
    assert not films["film"].str.startswith("ct").any()


def test_one_name_in_two_folders(tmp_path):
    rows = [ROW | {"folder": folder, "notes": ""} for folder in ("images", "more")]
    pd.DataFrame(rows).to_csv(tmp_path / "metadata.csv", index=False)
    assert read_covid(tmp_path).films["film"].tolist() == ["images/a.jpg", "more/a.jpg"]


@pytest.mark.real_films
def test_real_folder(real_data):
    reading = read_covid(real_data / "covid-chestxray")
    films = reading.films
    counts = {one.what.split(",")[0]: (one.count, one.left_out) for one in reading.facts.report}
    assert counts["CT"] == (84, True)
    assert counts["films whose finding is none of the 14: no label"] == (105, False)
    assert (len(films), films["on_disk"].sum()) == (758 - 84, 361)
    assert counts["films of the table are not on disk; they stay in it"] == (674 - 361, False)
    assert films["view"].value_counts().to_dict() == {"PA": 303, "AP": 118 + 157, "LATERAL": 57}
    table = pd.read_csv(real_data / "covid-chestxray" / "metadata.csv")
    covid = ((table["modality"] == "X-ray") & table["finding"].isin(["COVID-19", "COVID-19, ARDS"])).sum()
    assert films.loc[films["raw_finding"].str.contains("COVID-19"), "Pneumonia"].tolist() == [1] * covid
    assert (films.groupby("patient")["split"].nunique() <= 1).all()
    assert set(labels(films)[~pd.isna(labels(films))]) == {0, 1}
    png_as_jpg = [
        path
        for path in films.loc[films["on_disk"], "path"]
        if path.endswith("jpg") and (real_data / "covid-chestxray" / path).read_bytes()[:4] == b"\x89PNG"
    ]
    assert png_as_jpg
    assert all(read_film(real_data / "covid-chestxray" / path).facts.format == "PNG" for path in png_as_jpg)
