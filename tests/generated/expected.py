"""What every till must see on its day: each locks, reserves, consumes, repeats, issues, voids, releases, reads gaps."""

from typing import Any


def expected(series_name: str) -> dict[str, Any]:
    """The day of a till that opened a series of this name."""
    return {
        "locked_by": "device-a",
        "series": [series_name],
        "reserved": [1, 2, 3],
        "consumed": [1, "Ștefan", 25.41],
        "repeated": ["true", True],
        "issued": 4,
        "voided": ["voided", "wrong client"],
        "refused": "reservation_already_consumed",
        "gaps": [[2, 2, "released"]],
        "pending": 1,
    }
