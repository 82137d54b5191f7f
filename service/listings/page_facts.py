"""What stands above the table of every listing: first what OMFP 2634/2015 asks for, then what the listing says."""

from collections.abc import Iterator

from service.listings.listing import Fact, Listing
from service.listings.locale import full_time_text
from service.listings.words import say


def page_facts(listing: Listing) -> Iterator[Fact]:
    """The facts of the listing, in order."""
    around = listing.surroundings
    language = around.language
    yield Fact(say(language, "entity"), listing.entity)
    yield Fact(say(language, "period"), listing.period)
    yield Fact(say(language, "listing_time"), full_time_text(language, around.listed_at, around.zone))
    yield Fact(say(language, "software"), around.software)
    yield Fact(say(language, "zone"), around.zone)
    yield from listing.facts
    if around.note is not None:
        size, root = around.note
        yield Fact(say(language, "note"), say(language, "note_words", size=size, root=root))
