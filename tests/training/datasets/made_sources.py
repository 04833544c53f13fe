"""One small folder of each public dataset: its exact layout, made-up rows that hold every value there is."""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from training.datasets.chexpert import read_chexpert
from training.datasets.covid import CAUSES_OF_PNEUMONIA, read_covid
from training.datasets.films import read_films
from training.datasets.folders import read_folders
from training.datasets.labels import CHEXPERT_COLUMNS
from training.datasets.mimic import read_mimic
from training.datasets.nih import read_nih
from training.datasets.padchest_gr import read_padchest_gr
from training.datasets.reading import Reading
from training.datasets.rsna import read_rsna
from training.datasets.vindr import OURS, read_vindr
from xai.findings import FINDINGS

NIH_HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y]"
)
NIH_ROWS = (  # film, findings, patient, age, sex, view
    ("00000001_000.png", "Cardiomegaly|Pleural_Thickening", 1, "058Y", "M", "PA"),
    ("00000001_001.png", "No Finding", 1, "059Y", "M", "AP"),
    ("00000002_000.png", "|".join(FINDINGS), 2, "018M", "F", "PA"),
    ("00000003_000.png", "Infiltration", 3, "007D", "F", "PA"),
    ("00000004_000.png", "Mass|Nodule", 4, "414Y", "M", "AP"),
    ("00000005_000.png", "No Finding", 5, "63", "F", "PA"),
)
NIH_BOXES = (
    "Image Index,Finding Label,Bbox [x,y,w,h],,,",
    "00000003_000.png,Infiltrate,256,512,128,64",
    "00000004_000.png,Mass,0,0,1024,1024",
    "00009999_000.png,Nodule,1,2,3,4",
)
CHEXPERT_HEADER = ("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *CHEXPERT_COLUMNS)
CHEXPERT_ROWS = (  # film, sex, age, side, view
    ("train/patient00001/study1/view1_frontal.jpg", "Female", 68, "Frontal", "AP"),
    ("train/patient00001/study1/view2_lateral.jpg", "Female", 68, "Lateral", ""),
    ("train/patient00002/study1/view1_frontal.jpg", "Male", 90, "Frontal", "PA"),
    ("train/patient00002/study2/view1_frontal.jpg", "Male", 0, "Frontal", "LL"),
    ("train/patient00003/study1/view1_frontal.jpg", "Unknown", 41, "Frontal", "RL"),
)
# Values of the columns in turn, so that each of the four meets each of the columns.
REPORTS = ((1, 0, -1, None), (0, -1, None, 1), (-1, None, 1, 0), (None, 1, 0, -1), (None, None, None, None))
MIMIC_VIEWS = (
    *("AP", "PA", "LATERAL", "LL", "", "AP AXIAL", "AP LLD", "AP RLD", "PA LLD", "PA RLD", "LAO", "LPO", "RAO"),
    *("SWIMMERS", "XTABLE LATERAL"),
)


@dataclass(frozen=True)
class Source:
    """A made-up public dataset on disk, and what a reader must make of it."""

    root: Path
    read: Callable[[Path], Reading]
    command: tuple[str, ...]
    rows: int  # in its label tables, or images in its folders
    lost: int  # rows or images that are not to be in the table
    report: dict[str, int]  # start of each remark -> count
    table: Path | None = None  # the label table, to damage


def picture(path: Path, shade: int = 90, mode: str = "L") -> Path:
    """Save a small grey film; a name may lie about the format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(np.full((40, 40), shade, np.uint8)).convert(mode)
    image.save(path, format="PNG" if mode != "L" or path.suffix == ".png" else "JPEG")
    return path


def nih_table(rows: tuple[tuple, ...], comma: str = ",") -> str:
    """Spell a label table; the 2017 one ends its lines with a comma."""
    lines = [
        f"{film},{found},0,{who},{age},{sex},{view},2682,2749,0.1,0.1" for film, found, who, age, sex, view in rows
    ]
    return "\n".join(line + comma for line in (NIH_HEADER, *lines)) + "\n"


def make_nih(root: Path) -> Source:
    """Films in two folders, one of them RGBA, one absent, one that no row is about; the 2017 table."""
    picture(root / "images_001" / "images" / "00000001_000.png")
    picture(root / "images_001" / "images" / "00000001_001.png", mode="RGBA")
    for film in ("00000002_000", "00000003_000", "00000004_000", "00000099_000"):
        picture(root / "images_012" / "images" / f"{film}.png")
    table = root / "Data_Entry_2017.csv"
    table.write_text(nih_table(NIH_ROWS))
    (root / "BBox_List_2017.csv").write_text("\n".join(NIH_BOXES) + "\n")
    report = {"ages that are unreadable": 1, "boxes on films that the label table lacks": 1}
    report |= {"images on disk that the label table does not list": 1, "films of the table are not on disk": 1}
    return Source(root, read_nih, ("nih",), len(NIH_ROWS), 0, report, table)


def chexpert_table(rows: tuple[tuple, ...], reports: tuple[tuple, ...]) -> pd.DataFrame:
    """Spell a label table, labels in turn from ``reports``."""
    table = pd.DataFrame(rows, columns=CHEXPERT_HEADER[:5])
    for place, name in enumerate(CHEXPERT_COLUMNS):
        table[name] = [report[place % len(report)] for report in reports]
    table["No Finding"] = [1.0 if set(report) == {None} else None for report in reports]
    table["Path"] = "CheXpert-v1.0-small/" + table["Path"]
    return table.astype(dict.fromkeys(CHEXPERT_COLUMNS, float))


def make_chexpert(root: Path) -> Source:
    """Films in the batch folders of the full-size download, one of them absent."""
    folder = root / "CheXpert-v1.0 batch 1 (validate & csv)"
    for film, *_ in CHEXPERT_ROWS[:-1]:
        picture(root / "CheXpert-v1.0 batch 2 (train 1)" / film)
    picture(folder / "valid" / "patient64541" / "study1" / "view1_frontal.jpg")
    chexpert_table(CHEXPERT_ROWS, REPORTS).to_csv(folder / "train.csv", index=False)
    valid = ("valid/patient64541/study1/view1_frontal.jpg", "Male", 73, "Frontal", "AP")
    chexpert_table((valid,), ((0, 1, 0, 1),)).to_csv(folder / "valid.csv", index=False)
    report = {"ages in train.csv that are 0": 1, "frontal films in train.csv marked LL or RL": 2}
    report |= {"films of the table are not on disk": 1}
    return Source(root, read_chexpert, ("chexpert",), len(CHEXPERT_ROWS) + 1, 0, report, folder / "train.csv")


def mimic_name(place: int) -> str:
    """Make a dicom_id."""
    return "-".join(f"{place:08x}" for _ in range(5))


def make_mimic(root: Path) -> Source:
    """One patient and study a view, one study of two films, one without labels, and one without films."""
    films = [(mimic_name(k), 10_000_000 + k, 50_000_000 + k, view) for k, view in enumerate(MIMIC_VIEWS)]
    films += [(mimic_name(90), 10_000_000, 50_000_000, "PA"), (mimic_name(91), 10_000_091, 50_000_091, "AP")]
    metadata = pd.DataFrame(films, columns=["dicom_id", "subject_id", "study_id", "ViewPosition"])
    root.mkdir(parents=True)
    metadata.assign(Rows=3056, StudyDate=21_800_506).to_csv(root / "mimic-cxr-2.0.0-metadata.csv.gz", index=False)
    split = [("train", "validate", "test")[subject % 3] for subject in metadata["subject_id"]]
    metadata.assign(split=split)[["dicom_id", "study_id", "subject_id", "split"]].to_csv(
        root / "mimic-cxr-2.0.0-split.csv.gz", index=False
    )
    studies = pd.DataFrame({"subject_id": metadata["subject_id"][:15], "study_id": metadata["study_id"][:15]})
    studies.loc[len(studies)] = (19_999_999, 59_999_999)
    for place, name in enumerate(sorted(CHEXPERT_COLUMNS)):
        studies[name] = [REPORTS[row % 5][(place + row // 5) % len(REPORTS[row % 5])] for row in range(len(studies))]
    studies["No Finding"] = [1.0 if row % 5 == 4 else None for row in range(len(studies))]
    studies = studies.astype(dict.fromkeys(CHEXPERT_COLUMNS, float))
    for labeler in ("chexpert", "negbio"):
        studies.to_csv(root / f"mimic-cxr-2.0.0-{labeler}.csv.gz", index=False)
    for name, subject, study, _ in films[1:]:
        picture(root / "files" / f"p{str(subject)[:2]}" / f"p{subject}" / f"s{study}" / f"{name}.jpg")
    report = {"films of studies without labels": 1, "studies of mimic-cxr-2.0.0-chexpert.csv.gz without films": 1}
    report |= {"films of the table are not on disk": 1}
    table = root / "mimic-cxr-2.0.0-chexpert.csv.gz"
    return Source(root, read_mimic, ("mimic",), len(films), 1, report, table)


COVID_FINDINGS = (
    *("No Finding", "No finding", "Pneumonia", "COVID-19", "COVID-19, ARDS", "ARDS", "todo", "Unknown", "Tuberculosis"),
    *("Pneumonia/Viral/COVID-19", "Pneumonia/Viral/Herpes ", "Pneumonia/Viral/Influenza/H1N1"),
    *("Pneumonia/Bacterial/Staphylococcus/MRSA", "Pneumonia/Bacterial/E.Coli", "Pneumonia/Fungal/Pneumocystis"),
    *("Pneumonia/Aspiration", "Pneumonia/Lipoid", "Mycoplasma Bacterial Pneumonia", "E.Coli", "SARS"),
    *CAUSES_OF_PNEUMONIA,
)
COVID_VIEWS = ("PA", "AP", "AP Supine", "AP Erect", "AP erect", "AP semi erect", "L", "", "?")


def make_covid(root: Path) -> Source:
    """The newest columns; three CT rows, each given away by another column; a PNG that is called JPEG."""
    rows = []
    for k, finding in enumerate(COVID_FINDINGS):
        facts = {"patientid": f"{k}", "offset": "?", "sex": ("M", "F", "")[k % 3], "age": ("45", "")[k % 2]}
        facts |= {"finding": finding, "view": COVID_VIEWS[k % len(COVID_VIEWS)], "modality": "X-ray"}
        rows.append(facts | {"folder": "images", "filename": f"film{k}.jpg", "license": "CC BY 3.0"})
    ct = ({"modality": "CT"}, {"view": "Axial"}, {"folder": "volumes", "filename": "ct2.nii.gz"})
    rows += [rows[0] | {"filename": f"ct{k}.png"} | change for k, change in enumerate(ct)]
    table = root / "metadata.csv"
    for k in range(len(COVID_FINDINGS) - 1):
        picture(root / "images" / f"film{k}.jpg", mode="RGBA" if k == 3 else "L")
    picture(root / "images" / "ct0.png")
    pd.DataFrame(rows).assign(**{"Unnamed: 29": ""}).to_csv(table, index=False)
    report = {"CT, left out": 3, "films whose finding is none of the 14": 4, "films of the table are not on disk": 1}
    return Source(root, read_covid, ("covid",), len(rows), 3, report, table)


def make_folders(root: Path) -> Source:
    """The layout of Mendeley jctsfj2sfn, a class more, NIH's films among the normal ones."""
    for k in range(4):
        picture(root / "set" / "covid" / f"COVID-19 ({k}).jpg")
        picture(root / "set" / "normal" / f"0000000{1 + k // 2}_00{k % 2}.png")
        picture(root / "set" / "pneumonia" / f"person{k}.jpeg")
        picture(root / "set" / "Pleural_Thickening" / f"thick{k}.png")
        picture(root / "set" / "other things" / f"person{k}.jpeg")
    picture(root / "loose.png")
    (root / "metadata.csv").write_text("who,knows\n1,2\n")
    report = {"films of the class other things": 4, "films with an NIH name": 4}
    report |= {"images outside the folders of classes": 1, "files that are no images": 1}
    report |= {"films whose patient is not known": 16}
    return Source(root, read_folders, ("folders",), 21, 1, report)


def make_films(root: Path) -> Source:
    """Films at two depths, of the same name, beside a text."""
    for path in ("a.png", "b/a.png", "b/c/00000012_003.png"):
        picture(root / path)
    (root / "notes.txt").write_text("none")
    return Source(
        root, read_films, ("films",), 3, 0, {"files that are no images": 1, "films whose patient is not known": 2}
    )


VINDR_ROWS = (  # film, reader, class, corners in pixels of a film 50 wide and 40 high
    ("a1", "R8", "Pleural effusion", 5, 4, 25, 20),
    ("a1", "R9", "Pleural effusion", 5, 4, 25, 12),
    ("a1", "R9", "Pleural effusion", 5, 4, 25, 12),  # twice
    ("a1", "R10", "Nodule/Mass", 0, 0, 10, 10),
    ("b2", "R8", "No finding", "", "", "", ""),
    ("b2", "R9", "No finding", "", "", "", ""),
    ("b2", "R10", "Cardiomegaly", 10, 10, 50.2, 30),  # over the edge by a little
    ("c3", "R1", "No finding", "", "", "", ""),
    ("c3", "R2", "No finding", "", "", "", ""),
    ("c3", "R3", "No finding", "", "", "", ""),
    ("d4", "R1", "Lung Opacity", 1, 1, 9, 9),
    ("d4", "R2", "Atelectasis", 1, 1, 9, 9),
    ("d4", "R3", "Atelectasis", 2, 2, 9, 2),  # no area
)
VINDR_TEST = (("t1", "Pneumothorax", 0, 0, 25, 20), ("t2", "No finding", "", "", "", ""))
CORNERS = ("x_min", "y_min", "x_max", "y_max")


def dicom(path: Path, width: int = 50, height: int = 40) -> Path:
    """Save a small grey DICOM film."""
    from pydicom import Dataset, FileMetaDataset, uid

    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = uid.DigitalXRayImageStorageForPresentation
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = uid.generate_uid(entropy_srcs=[path.name])
    ds.Modality, ds.PhotometricInterpretation = "DX", "MONOCHROME2"
    ds.Rows, ds.Columns, ds.SamplesPerPixel, ds.PixelRepresentation = height, width, 1, 0
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit = 7
    ds.PixelData = np.full((height, width), 90, np.uint8).tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path


def make_vindr(root: Path) -> Source:
    """PhysioNet's layout: DICOM films, one of them absent; labels of each reader, with a diagnosis without box."""
    for film in ("a1", "b2", "c3"):
        dicom(root / "train" / f"{film}.dicom")
    dicom(root / "test" / "t1.dicom")
    picture(root / "test" / "t2.png")
    folder = root / "annotations"
    folder.mkdir()
    rows = pd.DataFrame(VINDR_ROWS, columns=["image_id", "rad_id", "class_name", *CORNERS])
    rows.to_csv(folder / "annotations_train.csv", index=False)
    pd.DataFrame(VINDR_TEST, columns=["image_id", "class_name", *CORNERS]).to_csv(
        folder / "annotations_test.csv", index=False
    )
    names = [*OURS, "Nodule/Mass", "Lung tumor", "No finding"]
    marks = pd.crosstab([rows["image_id"], rows["rad_id"]], rows["class_name"]).clip(upper=1)
    marks = marks.reindex(columns=names, fill_value=0).reset_index()
    marks.loc[marks["image_id"] == "a1", "Pneumonia"] = 1
    marks.to_csv(folder / "image_labels_train.csv", index=False)
    report = {"boxes of Nodule/Mass": 1, "boxes of Lung Opacity": 1, "boxes that reach a little over": 1}
    report |= {"boxes that the same reader drew twice": 1, "films of the table are not on disk": 1}
    report |= {"films whose patient is not known": 6, "boxes on films that are no DICOM file": 2}
    return Source(root, read_vindr, ("vindr",), 6, 0, report, folder / "annotations_train.csv")


PADCHEST_STUDIES = (
    {
        "StudyID": "s1",
        "ImageID": "100_02-094-102.png",
        "findings": [
            {
                "sentence_en": "Right pleural effusion.",
                "abnormal": True,
                "boxes": [[0.1, 0.5, 0.4, 0.9]],
                "extra_boxes": [[0.1, 0.6, 0.4, 1.002]],
                "labels": ["pleural effusion", "costophrenic angle blunting"],
            },
            {"sentence_en": "No pneumothorax.", "abnormal": False},
        ],
    },
    {"StudyID": "s2", "ImageID": "200_02-094-102.png", "findings": [{"sentence_en": "Normal.", "abnormal": False}]},
    {
        "StudyID": "s3",
        "ImageID": "300_02-094-102.png",
        "findings": [{"abnormal": True, "labels": ["Hiatal Hernia"], "boxes": [], "extra_boxes": []}],
    },
)


def make_padchest_gr(root: Path) -> Source:
    """Reports and their master table, packed as it is published; a film of patient 3 is absent."""
    for study in PADCHEST_STUDIES[:2]:
        picture(root / "Padchest_GR_files" / str(study["ImageID"]))
    (root / "grounded_reports_20240819.json").write_text(json.dumps(PADCHEST_STUDIES))
    lines = ["StudyID,ImageID,PatientID,label,split,PatientSex_DICOM"]
    for k, study in enumerate(PADCHEST_STUDIES, 1):
        split = ("train", "validation", "test")[k % 3]
        lines += [f"s{k},{study['ImageID']},{k},{label},{split},{'MF'[k % 2]}" for label in ("one", "two")]
    with zipfile.ZipFile(root / "master_table.csv.zip", "w") as archive:
        archive.writestr("master_table.csv", "\n".join(lines) + "\n")
    report = {"labels that are none of the 14": 1, "boxes that reach a little over": 1}
    report |= {"films of the table are not on disk": 1}
    return Source(root, read_padchest_gr, ("padchest-gr",), 3, 0, report, root / "grounded_reports_20240819.json")


def make_rsna(root: Path) -> Source:
    """Two films with opacities and two without; the mapping to NIH's films knows three of them."""
    rows = ["patientId,x,y,width,height,Target", "u1,264,152,213,379,1", "u1,562,152,256,453,1", "u2,,,,,0"]
    (root / "stage_2_train_images").mkdir(parents=True)
    table = root / "stage_2_train_labels.csv"
    table.write_text("\n".join([*rows, "u3,0,0,1024,512,1", "u4,,,,,0"]) + "\n")
    classes = ["patientId,class", "u1,Lung Opacity", "u1,Lung Opacity", "u2,Normal", "u3,Lung Opacity"]
    text = "\n".join([*classes, "u4,No Lung Opacity / Not Normal"])
    (root / "stage_2_detailed_class_info.csv").write_text(text + "\n")
    for film in ("u1", "u2", "u4"):
        dicom(root / "stage_2_train_images" / f"{film}.dcm", 1024, 1024)
    mapping = [{"subset_img_id": f"u{k}", "img_id": f"0000000{k}_000.png", "orig_labels": []} for k in (1, 2, 3)]
    (root / "pneumonia-challenge-dataset-mappings_2018.json").write_text(json.dumps([*mapping, {"img_id": "x"}]))
    report = {"films of the table are not on disk": 1, "films whose patient is not known": 1}
    return Source(root, read_rsna, ("rsna",), 4, 0, report, table)


MAKERS = {
    "nih": make_nih,
    "chexpert": make_chexpert,
    "mimic": make_mimic,
    "covid": make_covid,
    "folders": make_folders,
    "films": make_films,
    "vindr": make_vindr,
    "padchest-gr": make_padchest_gr,
    "rsna": make_rsna,
}


def rewrite(file: Path, change: Callable[[str], str]) -> None:
    """Change the text of a table, packed or not."""
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8") as stream:
        text = stream.read()
    with opener(file, "wt", encoding="utf-8") as stream:
        stream.write(change(text))
