"""Where a reply may go."""

import re
from typing import Final

# Servers do not ask whether whoever asks may publish to the subject that is to have the reply, and permit us to reply
# to any: a reply among the events would halt the log, one to JetStream's API would be done with our permissions.
# Between clusters, servers write a prefix of theirs before the subject.
_NO_INBOX: Final = re.compile(r"(_GR_\.[^.]*\.[^.]*\.)*(\$|numbering\.)")


def is_inbox(subject: str) -> bool:
    """Whether a reply may go there: anywhere but to the servers' own subjects and to ours."""
    return _NO_INBOX.match(subject) is None
