from types import SimpleNamespace
from typing import Any, cast

from painter_search.analysis.audit import Audit
from painter_search.display.words.audit_text import audit_sentences, nothing_found

COUNTS = [("pictures under two artists", 0), ("works with other neighbours", 2), ("… of which 3 or more by one", 0)]


def audit(**values: Any) -> Audit:
    return cast(Audit, SimpleNamespace(**{"index_only": 0, "index_alone": False, "leaks": 0, **values}))


def test_part_of_a_check_is_no_check_of_its_own() -> None:
    assert nothing_found(COUNTS) == "Nothing found in 1 check: pictures under two artists."
    assert "1 of 2 checks found something, below." in audit_sentences(audit(), COUNTS)


def test_audit_of_an_index_alone_vouches_for_no_split() -> None:
    assert audit_sentences(audit(), COUNTS)[0] == "No picture and no artist was found in both train and test."
    assert audit_sentences(audit(index_alone=True, leaks=None), COUNTS)[0].startswith("1 of 2 checks")
