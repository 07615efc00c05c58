"""The list of seeded faults is about the product as it is."""

from __future__ import annotations

import pytest
from seeded_faults import ROOT, Fault, read_faults


@pytest.mark.parametrize("fault", read_faults(), ids=lambda fault: fault.what)
def test_a_seeded_fault_changes_one_place(fault: Fault) -> None:
    """And there are tests that are nearest to it."""
    assert (ROOT / fault.path).read_text(encoding="utf-8").count(fault.old) == 1
    assert fault.near_tests
