"""PostgreSQL and NATS as part of this program: for a first try, for a small installation, for tests."""

from service.embedded.nats import EmbeddedNats as EmbeddedNats
from service.embedded.parts import EmbeddedParts as EmbeddedParts
from service.embedded.postgres import EmbeddedPostgres as EmbeddedPostgres
from service.embedded.process import CannotStartError as CannotStartError
