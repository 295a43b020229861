import faiss
import pytest

from painter_search.common.errors import InvalidValueError
from painter_search.index.vector_store.faiss_plan import SearchPlan, parse_memory, plan_search, subquantizers


@pytest.mark.parametrize(
    ("count", "memory", "expected"),
    [
        (50_000, "8GB", SearchPlan("exact")),
        (100_000, "8GB", SearchPlan("flat", 1264)),
        (1_000_000, "8GB", SearchPlan("sq8", 4000)),
        (10_000_000, "8GB", SearchPlan("sq8", 40000)),
        (10_000_000, "1GB", SearchPlan("pq", 40000)),
        (100_000_000, "32GB", SearchPlan("sq8", 65536)),
    ],
)
def test_plan_search_chooses_by_size_and_memory(count: int, memory: str, expected: SearchPlan) -> None:
    assert plan_search(count, 256, parse_memory(memory)) == expected


def test_plan_search_says_how_much_memory_is_needed() -> None:
    with pytest.raises(InvalidValueError, match=r"needs 7\.3 GB of memory and memory is 1\.0 GB"):
        plan_search(100_000_000, 256, 10**9)
    with pytest.raises(InvalidValueError, match="exact search of 1,000,000 works"):
        plan_search(1_000_000, 256, 10**9, exact=True)


@pytest.mark.parametrize("amount", ["", "8", "GB", "-1GB", "0GB", "8 gib", "8GB or so"])
def test_parse_memory_requires_a_unit(amount: str) -> None:
    with pytest.raises(InvalidValueError, match="write it as 8GB"):
        parse_memory(amount)


@pytest.mark.parametrize(
    ("plan", "string", "kind"),
    [
        (SearchPlan("exact"), "IDMap2,Flat", faiss.IndexIDMap2),
        (SearchPlan("flat", 8), "IVF8,Flat", faiss.IndexIVFFlat),
        (SearchPlan("sq8", 8), "IVF8,SQ8", faiss.IndexIVFScalarQuantizer),
        (SearchPlan("pq", 8), "IVF8,PQ16x8np", faiss.IndexIVFPQ),
    ],
)
def test_factory_string_names_the_index(plan: SearchPlan, string: str, kind: type) -> None:
    assert plan.factory_string(64) == string
    assert isinstance(faiss.index_factory(64, string), kind)


@pytest.mark.parametrize(("dim", "parts"), [(256, 64), (250, 50), (66, 11), (7, 1), (3, 1), (1, 1)])
def test_product_quantiser_divides_any_number_of_dimensions(dim: int, parts: int) -> None:
    assert subquantizers(dim) == parts
    assert isinstance(faiss.index_factory(dim, SearchPlan("pq", 8).factory_string(dim)), faiss.IndexIVFPQ)
