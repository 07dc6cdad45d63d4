from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netapp_jlab.files import from_text, to_text


@settings(deadline=None, derandomize=True)
@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_every_name_has_a_text_that_leads_back(name: bytes) -> None:
    text = to_text(name)
    assert from_text(text) == name
    text.encode("utf-8")
    assert len((text + ".").splitlines()) == 1


@settings(deadline=None, derandomize=True)
@given(st.text(alphabet=st.sampled_from("ab\\x0f9e/é\n\u202e ")) | st.text())
def test_every_text_is_refused_or_leads_back(text: str) -> None:
    try:
        name = from_text(text)
    except ValueError:
        return
    assert to_text(name) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"", ""),
        (b"plain/name.txt", "plain/name.txt"),
        ("Größe 数据 🧪".encode(), "Größe 数据 🧪"),
        (b"back\\slash", "back\\\\slash"),
        (b"\xff\xfe", "\\xff\\xfe"),
        (b"half \xc3", "half \\xc3"),
        (b"new\nline\ttab\x7f\x00", "new\\x0aline\\x09tab\\x7f\\x00"),
        (b"\\x41", "\\\\x41"),
        ("\u0085\u2028".encode(), "\\xc2\\x85\\xe2\\x80\\xa8"),
        ("cod\u202etxt.exe".encode(), "cod\\xe2\\x80\\xaetxt.exe"),
    ],
)
def test_examples(name: bytes, text: str) -> None:
    assert to_text(name) == text
    assert from_text(text) == name


@pytest.mark.parametrize(
    "text",
    ["\\", "a\\", "\\x4", "\\x", "\\xFF", "\\n", "\\x41", "\\xc3\\xa9", "\n", "\ud800", "\\\\\\"],
)
def test_what_no_name_is_written_like(text: str) -> None:
    with pytest.raises(ValueError, match=r"backslash|Unicode|written"):
        from_text(text)
