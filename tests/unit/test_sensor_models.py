"""The models of the QHY600 and their names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qhy600_ophyd.sensor import NotPublished
from qhy600_ophyd.sensor.models import UnknownModel, model, models

SUFFIXES = [
    "PH",
    "PH SBFL",
    "PH L",
    "PH EB",
    *(f"Pro{grade}{extra}" for grade in ("", " I", " II") for extra in ("", " SBFL", " LQ", " SBFL LQ")),
]
NAMES = [f"QHY600{letter}-{suffix}" for suffix in SUFFIXES for letter in "MC" if letter + suffix != "CPH L"]


def test_the_sixteen_models_come_in_two_kinds_but_for_the_lite_one():
    assert len(SUFFIXES) == 16
    assert sorted(map(str, models())) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_read_and_written_alike(name):
    assert str(model(name)) == name
    assert model(str(model(name))) is model(name)


@given(st.sampled_from(NAMES), st.sampled_from(["", " ", "-", "  "]), st.booleans(), st.booleans())
def test_capitals_spaces_and_hyphens_do_not_matter(name, between, upper, page_order):
    if page_order:  # as in the page's lists of accessories
        grade, *rest = name[8:].split(" ", 1)
        name = " ".join((f"QHY600{grade}-{name[6]}", *rest))
        wanted = f"QHY600{name[7 + len(grade)]}-{' '.join((grade, *rest))}"
    else:
        wanted = name
    asked = name.replace("-", between).replace(" ", between)
    assert str(model(asked.upper() if upper else asked.lower())) == wanted


@pytest.mark.parametrize(("name", "meant"), [("QHY600M", "QHY600M-PH"), ("qhy600c", "QHY600C-PH")])
def test_a_bare_name_is_the_photographic_model(name, meant):
    assert str(model(name)) == meant


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("QHY600C-PH L", "QHY600M-PH L"),
        ("QHY600M-PH LQ", "QHY600M-PH L"),
        ("QHY600X", "QHY600M-PH"),
        ("QHY600M-Pro L", "QHY600M-Pro LQ"),
        ("QHY600M-Pro III", "QHY600M-Pro II"),
        ("QHY268M", "QHY600M-PH"),
        ("", "QHY600M-PH"),
    ],
)
def test_an_impossible_name_is_refused_with_those_near_it(name, near):
    with pytest.raises(UnknownModel, match=f"named '{name}'.*{near}[,. ]") as refused:
        model(name)
    assert isinstance(refused.value, NotPublished)


@pytest.mark.parametrize("one", models(), ids=str)
def test_every_model_agrees_with_the_naming_rules(one):
    suffix = one.name[8:]
    short = "SBFL" in suffix
    assert one.colour == {"M": "mono", "C": "colour"}[one.name[6]]
    assert one.grade == ("photographic" if suffix.startswith("PH") else "scientific")
    assert (one.back_focal_length_mm, one.adapter_mm) == ((14.5, 0.0) if short else (17.5, 6.0))
    assert one.cooling == ("liquid" if suffix.endswith("LQ") else "air")
    assert one.fibre is suffix.startswith("Pro")
    assert one.camera_link is suffix.startswith("Pro II")
    assert one.buffer_bytes == (1 if suffix == "PH L" else 2) * 2**30
    assert (one.status == "current") is (suffix.split(" SBFL")[0].removesuffix(" LQ") not in ("PH EB", "Pro"))


@pytest.mark.parametrize(
    ("name", "length"),
    [
        ("QHY600M-PH", 142),
        ("QHY600C-PH SBFL", 138),
        ("QHY600M-PH L", 123),
        ("QHY600M-PH EB", 185),
        ("QHY600M-Pro LQ", 185),
        ("QHY600C-Pro SBFL", 181),
        ("QHY600M-Pro I LQ", 142),
        ("QHY600C-Pro II SBFL LQ", 138),
    ],
)
def test_a_model_is_as_long_as_the_page_says(name, length):
    assert model(name).body_length_mm == length
