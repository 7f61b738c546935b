"""The borrowed linter says what is wrong with an API document, and nothing of one without faults."""

import json
from pathlib import Path

import pytest

from tests.tools import STANDARDS, spectral

RULES = STANDARDS / "adr" / "linter.yaml"
needs_the_rules = pytest.mark.skipif(not RULES.exists(), reason="needs the NL API Design Rules in ../shared/standards/adr")


def an_api(path: str) -> dict[str, object]:
    header = {"API-Version": {"schema": {"type": "string"}}}
    answer = {"description": "What there is.", "headers": header}
    contact = {"name": "The hub", "email": "hub@example.org", "url": "https://hub.example.org"}
    return {
        "openapi": "3.1.0",
        "info": {"title": "A small API", "version": "1.0.0", "contact": contact},
        "servers": [{"url": "https://hub.example.org/v1"}],
        "tags": [{"name": "families"}],
        "paths": {path: {"get": {"operationId": "ask", "tags": ["families"], "responses": {"200": answer}}}},
    }


@needs_the_rules
def test_the_linter_finds_no_error_in_an_api_that_keeps_the_rules(tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(an_api("/case-load")))
    assert [finding for finding in spectral(document, RULES) if finding.severity == "error"] == []


@needs_the_rules
def test_the_linter_names_the_rule_and_the_place_of_a_fault(tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(an_api("/case-load/")))
    faults = {(finding.rule, finding.where, finding.severity) for finding in spectral(document, RULES)}
    assert ("path-keys-no-trailing-slash", "paths./case-load/", "error") in faults


def test_the_linter_does_not_call_what_it_cannot_read_clean(tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_text("{}")
    with pytest.raises(RuntimeError, match="Spectral stopped"):
        spectral(document, tmp_path / "no-such-rules.yaml")
