"""The newest note, for one who is told of each and takes long over one: those between are passed over."""

import asyncio


class NewestNote:
    """Holds one note, and whether it was taken."""

    def __init__(self) -> None:
        self._note: bytes | None = None
        self._has_news = asyncio.Event()

    def tell(self, note: bytes) -> None:
        """There is a new note."""
        self._note = note
        self._has_news.set()

    async def take(self) -> bytes:
        """The newest note, once there is one that was not taken, or that was put back."""
        await self._has_news.wait()
        self._has_news.clear()
        assert self._note is not None, "there is a note once there are news"
        return self._note

    def put_back(self) -> None:
        """What was taken is not done: it, or a newer one, is taken again."""
        self._has_news.set()
