"""Whatever bytes come in, a document comes out or every reason why not; never what somebody filled in, never another error."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.documents import Findings, json_document, read_json, read_xml, violations_against, xml_document
from hub.adapters.documents.stuf import Part
from hub.errors import MOST_VIOLATIONS, Unreadable

SECRET = "Proefstra"


def reasons(read: Any, data: bytes) -> list[str]:
    with pytest.raises(Unreadable) as refused:
        read(data)
    assert SECRET not in str(refused.value) + str(refused.value.violations)
    return [str(violation) for violation in refused.value.violations]


# XML ------------------------------------------------------------------------------------------------

BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
ATTACKS = {
    "a document type": b"<!DOCTYPE a><a>Proefstra</a>",
    "a document type in small letters": b"<!doctype a><a>Proefstra</a>",
    "an external document type": b'<!DOCTYPE a SYSTEM "http://127.0.0.1/a.dtd"><a/>',
    "an external entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
    "a parameter entity": b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1/x"> %x;]><a/>',
    "an entity bomb": f'<!DOCTYPE a [<!ENTITY e0 "Proefstra">{BOMB}]><a>&e9;</a>'.encode(),
    "an entity bomb in an attribute": f'<!DOCTYPE a [<!ENTITY e0 "x">{BOMB}]><a b="&e9;"/>'.encode(),
}


@pytest.mark.parametrize("data", ATTACKS.values(), ids=ATTACKS)
def test_no_document_type_and_no_entity_is_accepted(data: bytes) -> None:
    assert reasons(read_xml, data) == ["has a document type or entity declaration; neither is accepted"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "line 1: is not XML"),
        (b"   ", "line 1: is not XML"),
        (b"{}", "line 1: is not XML"),
        (b"<a>&Proefstra;</a>", "line 1: uses an entity; entities are not accepted"),
        (b"<a>&#0;</a>", "line 1: holds a character that XML does not allow"),
        (b"<a>\x00</a>", "line 1: holds a character that XML does not allow"),
        (b"<a>&#xD800;</a>", "line 1: holds a character that XML does not allow"),
        (b"<a>\xff\xfe</a>", "is not UTF-8"),
        (b"<a>\xed\xa0\x80</a>", "is not UTF-8"),
        ('<?xml version="1.0" encoding="utf-16"?><a>Proefstra</a>'.encode("utf-16"), "is not UTF-8"),
        (b"<a>\n<b>Proefstra</a>", "line 2: has an element that is not closed"),
        (b"<a/><b/>", "line 1: is not well-formed XML"),
        (b"<a b='1' b='Proefstra'/>", "line 1: is not well-formed XML"),
    ],
)
def test_what_is_no_xml_is_refused_with_its_place(data: bytes, reason: str) -> None:
    assert reasons(read_xml, data) == [reason]


@pytest.mark.parametrize("depth", [xml_document.DEEPEST + 1, 300, 10_000])
def test_xml_that_is_nested_too_deeply_is_refused(depth: int) -> None:
    (said,) = reasons(read_xml, b"<a>" * depth + b"</a>" * depth)
    assert "nested" in said


def test_xml_may_be_as_deep_as_the_limit_and_no_larger_than_the_other() -> None:
    assert read_xml(b"<a>" * xml_document.DEEPEST + b"</a>" * xml_document.DEEPEST).tag == "a"
    assert reasons(read_xml, b"<a>" + b" " * xml_document.LARGEST + b"</a>") == [f"is larger than {xml_document.LARGEST} bytes"]


@pytest.mark.parametrize("name", ["𠮷野", "محمد", "שרה", "Zoë", "N'Diaye"])
def test_every_name_in_the_world_is_kept(name: str) -> None:
    assert read_xml(f"<a>{name}</a>".encode()).text == name
    assert read_json(json.dumps({"name": name}, ensure_ascii=False).encode()) == {"name": name}
    assert read_json(json.dumps({"name": name}).encode()) == {"name": name}


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read_xml(b"\xef\xbb\xbf<a/>").tag == "a"
    assert read_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


def test_a_comment_does_not_split_what_is_written() -> None:
    assert read_xml(b"<a>99<!-- -->99<?x y?>00<![CDATA[0]]></a>").text == "9999000"


def test_an_encoding_that_is_claimed_does_not_change_what_is_read() -> None:
    assert read_xml('<?xml version="1.0" encoding="iso-8859-1"?><a>Zoë</a>'.encode()).text == "Zoë"


# JSON -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", ["line 1, column 1: is not JSON"]),
        (b'{"a": Proefstra}', ["line 1, column 7: is not JSON"]),
        (b"{} {}", ["line 1, column 4: is not JSON"]),
        (b"\xff", ["is not UTF-8"]),
        ('{"a": 1}'.encode("utf-16"), ["is not UTF-8"]),
        (b'{"a": "\xed\xa0\x80"}', ["is not UTF-8"]),
        (b'{"a": "Proefstra\\u0000"}', ["/a: holds a NUL character"]),
        (b'{"a": ["\\ud800", "\\udc00Proefstra"]}', [f"/a/{n}: holds half a character (a lone surrogate)" for n in (0, 1)]),
        (b'{"a": {"b": 1, "b": 2}}', ["/a: has a name that is given twice"]),
        (b'{"Proefstra": "\\u0000"}', ["/*: holds a NUL character"]),
        (b'{"\\u0000": 1}', ["/*: holds a NUL character"]),
        (b'{"a": NaN, "b": -Infinity}', [f"/{name}: is not a number that every reader keeps" for name in "ab"]),
        (b'{"a": 1e999}', ["/a: is not a number that every reader keeps"]),
        (b'{"a": 12345678901234567890}', ["/a: is not a number that every reader keeps"]),
        (b'{"a": ' + b"1" * 5000 + b"}", ["holds a number with more digits than can be kept"]),
    ],
)
def test_json_that_two_readers_could_read_differently_is_refused(data: bytes, said: list[str]) -> None:
    assert reasons(read_json, data) == said


def test_everything_that_is_wrong_is_said_at_once() -> None:
    said = reasons(read_json, b'{"a": "\\u0000\\ud800", "b": [1e999], "b": [NaN]}')
    assert said == [
        "has a name that is given twice",
        "/a: holds a NUL character",
        "/a: holds half a character (a lone surrogate)",
        "/b/0: is not a number that every reader keeps",
    ]


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert read_json(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


@pytest.mark.parametrize("depth", [json_document.DEEPEST + 1, 300, 10_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_json_that_is_nested_too_deeply_is_refused(depth: int, opening: bytes, closing: bytes) -> None:
    assert reasons(read_json, opening * depth + b"1" + closing * depth) == [f"is nested more than {json_document.DEEPEST} deep"]


def test_json_may_be_as_deep_as_the_limit_and_no_larger_than_the_other() -> None:
    assert read_json(b"[" * json_document.DEEPEST + b"]" * json_document.DEEPEST)
    assert reasons(read_json, b" " * (json_document.LARGEST + 1)) == [f"is larger than {json_document.LARGEST} bytes"]


@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_a_document_or_unreadable(data: bytes) -> None:
    for read in (read_json, read_xml):
        try:
            read(data)
        except Unreadable as refused:
            assert refused.violations


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53) + 1, 2**53 - 1)
        | st.text(st.characters(exclude_categories=["Cs"], min_codepoint=1)),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], min_codepoint=1)), inner, max_size=4)
        ),
    )
)
def test_json_that_every_reader_reads_alike_is_read_as_it_is(value: Any) -> None:
    assert read_json(json.dumps(value).encode()) == value


# a contract -----------------------------------------------------------------------------------------

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["kind", "born"],
    "properties": {
        "kind": {"enum": ["a", "b"]},
        "born": {"type": "string", "format": "partial-date"},
        "day": {"type": "string", "format": "date"},
        "bsn": {"type": "string", "format": "bsn"},
        "name": {"type": "string", "maxLength": 4, "pattern": "^[a-z]*$"},
    },
}


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SCHEMA))
    return path


def test_every_violation_of_a_contract_is_named_by_place_and_rule_only(schema: Path) -> None:
    document = {"kind": SECRET, "day": "2026-02-30", "bsn": "999900007", "name": SECRET, SECRET: SECRET}
    said = [str(violation) for violation in violations_against(schema, document)]
    assert sorted(said) == sorted(
        [
            "/kind: must be one of a, b",
            "/day: is not a day of the calendar (YYYY-MM-DD)",
            "/bsn: is not a person number: the eleven-test fails",
            "/name: is too long",
            "/name: does not have the form that the contract asks",
            "has a field that the contract does not know",
            "born is required",
        ]
    )


@pytest.mark.parametrize(
    ("born", "fits"),
    [
        ("2018", True),
        ("2018-02", True),
        ("2018-02-28", True),
        ("2018-02-29", False),
        ("2018-13", False),
        ("0000", False),
        ("", False),
        ("20180228", False),
        ("2018-02-28T00:00:00", False),
        ("٢٠١٨", False),
    ],
)
def test_a_date_may_be_incomplete_but_not_impossible(schema: Path, born: str, fits: bool) -> None:
    assert (violations_against(schema, {"kind": "a", "born": born}) == ()) == fits


def test_a_small_message_gets_no_more_reasons_than_anybody_reads(tmp_path: Path) -> None:
    schema = tmp_path / "many.json"
    schema.write_text(json.dumps({"items": {"required": ["a", "b"]}}))
    said = violations_against(schema, [{}] * 20_000)
    assert (len(said), str(said[-1])) == (MOST_VIOLATIONS + 1, "and more")
    assert str(said[0]) == "/0: a is required"


def test_text_that_is_wrong_everywhere_gets_no_more_reasons_either() -> None:
    said = reasons(read_json, b"[" + b'"\\u0000",' * 9_000 + b"0]")
    assert (len(said), said[-1]) == (MOST_VIOLATIONS + 1, "and more")


def test_findings_end_too() -> None:
    findings = Findings()
    for nth in range(MOST_VIOLATIONS):
        findings.add(f"/{nth}", "is wrong")
        findings.add("/0", "is wrong")
    with pytest.raises(Unreadable) as refused:
        findings.settle()
    assert len(refused.value.violations) == MOST_VIOLATIONS
    findings.add("/one-more", "is wrong")
    findings.add("/another", "is wrong")
    with pytest.raises(Unreadable) as refused:
        findings.settle()
    assert [str(violation) for violation in refused.value.violations][-2:] == ["/99: is wrong", "and more"]


# StUF -----------------------------------------------------------------------------------------------

STUF = 'xmlns:StUF="http://www.egem.nl/StUF/StUF0301" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def a_date(attributes: str, digits: str) -> tuple[str, list[str]]:
    """The date that such an element gives, and what is wrong with it."""
    findings = Findings()
    date = Part(read_xml(f"<o {STUF}><d {attributes}>{digits}</d></o>".encode()), "/o", findings).date("d")
    try:
        findings.settle()
    except Unreadable as refused:
        return date.text, [str(violation) for violation in refused.violations]
    return date.text, []


@pytest.mark.parametrize(
    ("attributes", "digits", "text"),
    [
        ("", "20180209", "2018-02-09"),
        ('StUF:indOnvolledigeDatum="V"', "20180209", "2018-02-09"),
        ('StUF:indOnvolledigeDatum="D"', "20180201", "2018-02"),
        ('StUF:indOnvolledigeDatum="D"', "20180200", "2018-02"),
        ('StUF:indOnvolledigeDatum="M"', "20180101", "2018"),
        ('StUF:indOnvolledigeDatum="M"', "20180000", "2018"),
        ('StUF:indOnvolledigeDatum="J"', "00010101", ""),
        ('StUF:noValue="waardeOnbekend"', "", ""),
        ('StUF:noValue="geenWaarde"', "20180209", ""),
        ('xsi:nil="true"', "", ""),
    ],
)
def test_an_incomplete_date_stays_as_incomplete_as_it_is(attributes: str, digits: str, text: str) -> None:
    assert a_date(attributes, digits) == (text, [])


@pytest.mark.parametrize(
    ("attributes", "digits", "reason"),
    [
        ("", "20180230", "/o/d: is not a date of the calendar (YYYY-MM-DD)"),
        ("", "20180200", "/o/d: is not a date of the calendar (YYYY-MM-DD)"),
        ('StUF:indOnvolledigeDatum="D"', "20181301", "/o/d: is not a date of the calendar (YYYY-MM-DD)"),
        ("", "2018", "/o/d: is not a date in digits (YYYYMMDD)"),
        ("", "", "/o/d: is not a date in digits (YYYYMMDD)"),
        ("", "2018-02-09", "/o/d: is not a date in digits (YYYYMMDD)"),
        ("", "٢٠١٨٠٢٠٩", "/o/d: is not a date in digits (YYYYMMDD)"),
        ('StUF:indOnvolledigeDatum="X"', "20180209", "/o/d/@indOnvolledigeDatum: must be one of D, J, M, V"),
    ],
)
def test_a_date_that_cannot_be_is_refused_and_never_mended(attributes: str, digits: str, reason: str) -> None:
    assert a_date(attributes, digits) == ("", [reason])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"<o><d>1</d><d>2</d></o>", "/o/d: is given more than once"),
        (b"<o><d>1<e/>2</d></o>", "/o/d: holds elements where text is asked"),
    ],
)
def test_what_two_readers_could_read_differently_is_not_chosen_from(data: bytes, reason: str) -> None:
    findings = Findings()
    Part(read_xml(data), "/o", findings).text("d")
    with pytest.raises(Unreadable) as refused:
        findings.settle()
    assert [str(violation) for violation in refused.value.violations] == [reason]


@pytest.mark.parametrize(
    ("text", "confirms"),
    [
        ("Ja", True),
        ("ja, twee personen", True),
        ("Opgelegd voor tien dagen", True),
        ("Nee", False),
        ("nee.", False),
        ("n.v.t.", False),
        ("Niet van toepassing", False),
        ("Onbekend", False),
        ("Slachtoffer wil geen aangifte doen", False),
        ("Jan wil geen aangifte doen", False),
        ("", False),
    ],
)
def test_free_text_confirms_when_it_says_yes_or_says_something_without_a_denial(text: str, confirms: bool) -> None:
    assert Part(read_xml(f"<o><d>{text}</d></o>".encode()), "/o", Findings()).says_yes("d") is confirms
