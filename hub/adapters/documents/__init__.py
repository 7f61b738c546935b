"""Hardened readers of what partners send: bytes in, a document out, or every reason why not.

Reasons name places and rules, never what somebody filled in.
"""

from hub.adapters.documents.findings import Findings
from hub.adapters.documents.json_document import read_json
from hub.adapters.documents.schema import json_of, violations_against
from hub.adapters.documents.xml_document import read_xml

__all__ = ["Findings", "json_of", "read_json", "read_xml", "violations_against"]
