"""Every no that the hub can say to a partner's system has a word about what to do, and no other has."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.client.advice import ADVICE, BY_STATUS, advice
from hub.client.problems import problem_of
from tests.tools import ROOT

HUB = ROOT / "hub"
CODE = re.compile(r"[a-z]+(-[a-z]+)*")
REFUSING = {"refusal", "_refusal", "Reason"}
"""Functions and classes whose first argument is a code."""
SAYS_A_GRANT = frozenset({"invalid_client", "invalid_request", "invalid_scope", "unsupported_grant_type", "invalid_dpop_proof"})
"""At /oauth/token: codes of RFC 6749 and RFC 9449, which Authlib says for us."""

TOLD_OTHERS = frozenset(
    {
        # people: at the pages, in roles, on decisions
        *("role-unknown", "session-over", "other-origin", "csrf", "login-stale", "login-refused", "login-unavailable", "no-login"),
        *("token-role", "token-subject", "token-organisation", "not-on-duty", "stale-decision"),
        *("on-call-already", "too-many-shifts", "not-registered-to-report", "letters-missing"),
        # the operator, at a command
        *("runs-already", "no-council", "not-shown-yet", "no-request-decided", "not-informed"),
        *("no-child", "no-verifier", "not-opened"),
        *("rule-file-changed", "not-a-range", "not-a-table", "published-before", "withdrawn", "not-anonymous"),
        # people who decide about a message, a question, a person
        *("not-quarantined", "answered-already", "not-answered", "taken-back", "erased", "ground-missing"),
        # people who handle what somebody asks about their own data
        *("request-nobody-decides", "request-identity-unchecked", "request-decided-already", "request-not-granted"),
        *("not-restricted", "person-not-told"),
        *("request-carried-out-already", "request-extended-already", "request-too-late-to-extend"),
        # people who watch over how long what is kept is kept
        *("held-already", "not-held", "kept-no-longer"),
        # the officer, who assigns auditors; auditors, who make the file of a case
        *("assigned-already", "assignment-over", "not-disclosed", "file-in-the-making"),
        # operators: keys, places, backups, registrations
        *("no-kek", "no-new-key", "no-key", "no-hub-key", "key-too-early", "busy", "hub-is-there", "newer-database", "other-order"),
        *("newer-backup", "not-a-backup", "not-restored", "not-json", "name-taken", "kid-used", "key-unknown", "no-token"),
        *("no-activity", "no-matrix", "no-disclosure-matrix", "no-issuer-keys", "mail-settings", "other-key"),
        # over Kafka, in the reply: docs/kafka.md
        *("record-unreadable", "topic-of-another"),
        # never said as they are: a class further down says its own, or the hub keeps the message
        *("hub-error", "refused", "signature-invalid", "unauthenticated", "rule-broken", "unreadable"),
    }
)
"""What a partner's system does not meet over HTTP; as a 503 the status says what to do."""
DECIDING = HUB / "domain" / "trajectory"
OWN = HUB / "client"
ELSEWHERE = HUB / "demo"


def codes() -> dict[str, set[Path]]:
    """Every code that the source of the hub gives to a no, with the modules that do."""
    found: dict[str, set[Path]] = {}
    for path in sorted(HUB.rglob("*.py")):
        if not {DECIDING, OWN, ELSEWHERE} & set(path.parents):
            for code in codes_in(ast.parse(path.read_text())):
                found.setdefault(code, set()).add(path.relative_to(ROOT))
    return found


def codes_in(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from (text for keyword in node.keywords if keyword.arg == "code" for text in texts(keyword.value))
            if isinstance(node.func, ast.Name | ast.Attribute) and name_of(node.func) in REFUSING and node.args:
                yield from texts(node.args[0])
        elif isinstance(node, ast.ClassDef):
            yield from (text for line in node.body if isinstance(line, ast.Assign) for text in code_of_class(line))
        elif isinstance(node, ast.Assign) and [target.id for target in node.targets if isinstance(target, ast.Name)] == ["_HTTP"]:
            assert isinstance(node.value, ast.Dict)
            yield from (text for row in node.value.values if isinstance(row, ast.Tuple) for text in texts(row.elts[0]))
        elif isinstance(node, ast.Constant) and node.value == "unforeseen":
            yield "unforeseen"


def name_of(func: ast.Name | ast.Attribute) -> str:
    return func.id if isinstance(func, ast.Name) else func.attr


def code_of_class(line: ast.Assign) -> Iterator[str]:
    if [target.id for target in line.targets if isinstance(target, ast.Name)] == ["code"]:
        yield from texts(line.value)


def texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        # of a ground, and of a purpose (hub.domain.grounds)
        ends = [str(part.value) for part in node.values if isinstance(part, ast.Constant)]
        yield from (begin + end for end in ends if end.startswith("-") for begin in ("purpose", "ground"))
    else:
        found = (each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str))
        yield from (text for text in found if CODE.fullmatch(text))


def test_every_code_of_the_hub_has_advice_or_is_for_somebody_else() -> None:
    found = codes()
    assert len(found) > 100
    assert {code: places for code, places in found.items() if code not in ADVICE.keys() | TOLD_OTHERS} == {}
    assert ADVICE.keys() & TOLD_OTHERS == set()


def test_no_advice_is_about_what_the_hub_never_says() -> None:
    assert ADVICE.keys() - codes().keys() - SAYS_A_GRANT == set()
    assert TOLD_OTHERS - codes().keys() == set()


def test_a_new_code_is_noticed() -> None:
    new = 'raise NotAllowed("x", code="brand-new")\nrefusal("newer", "y")\nclass A(B):\n    code = "newest"\n'
    assert set(codes_in(ast.parse(new))) == {"brand-new", "newer", "newest"}


@pytest.mark.parametrize("code", ADVICE)
def test_each_advice_is_a_whole_sentence_with_a_status(code: str) -> None:
    status, words = ADVICE[code]
    assert 400 <= status < 600
    assert words[0].isupper() or words.startswith("crit")
    assert words.endswith(".")
    problem = problem_of(status, {"code": code, "detail": "D.", "status": status})
    assert problem.what_to_do == words


def test_a_code_that_is_not_known_is_advised_by_its_status() -> None:
    assert {advice("not-known-here", status) for status in BY_STATUS} == set(BY_STATUS.values())
    assert advice("x", 502) == BY_STATUS[503]
    assert advice("x", 418) == BY_STATUS[400]
