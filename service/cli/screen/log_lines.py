"""How log lines are written: to standard error, one a fault, for people or as JSON."""

import logging
import sys
from typing import TYPE_CHECKING, assert_never

import structlog

from service.settings import LogFormat, Settings

if TYPE_CHECKING:
    from structlog.typing import Processor


def write_log_lines(settings: Settings) -> None:
    """Send structlog and the standard library's logging through one formatter to standard error."""
    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # Lines below the level cost nothing: the standard library's logger would stamp and shape them first.
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(settings)],
        )
    )
    # The pool tells of every try to reach a lost server with a traceback; the parts say once that they wait for it.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _renderers(settings: Settings) -> "list[Processor]":
    match settings.log_format:
        case LogFormat.CONSOLE:
            # Plain tracebacks: the default one shows local variables, and with them passwords.
            plain = structlog.dev.plain_traceback
            return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
        case LogFormat.JSON:
            return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        case _:
            assert_never(settings.log_format)
