"""How log lines are written: to standard error, one a fault, for people or as JSON."""

import logging
import sys
from io import StringIO
from typing import TYPE_CHECKING, TextIO, assert_never

import structlog

from service.cli.screen.console import err
from service.configuration.setting_kinds import LogFormat
from service.configuration.settings import Settings, has_json_lines
from service.printable import harmless

if TYPE_CHECKING:
    from types import TracebackType

    from structlog.typing import EventDict, ExcInfo, Processor

_say = structlog.get_logger("service")


def write_log_lines(settings: Settings, job: str | None = None) -> None:
    """Send structlog and the standard library's logging through one formatter to standard error.

    Each line of a process that has only one job names the job: the lines of several processes may be read as one.
    """
    shared: list[Processor] = [
        *([] if job is None else [_naming(job)]),
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
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _harmless, *_renderers(settings)],
        )
    )
    # The pool tells of every try to reach a lost server with a traceback; the parts say once that they wait for it.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.captureWarnings(capture=True)
    if settings.log_format is LogFormat.JSON:
        sys.excepthook = _say_why_it_ends


def announce(words: str) -> None:
    """Tell whoever started the process how far it is: in a sentence, or in a log line where all of them are JSON."""
    if has_json_lines():
        _say.info(words)
    else:
        err().print(f"numbering: {words}")


def _say_why_it_ends(kind: type[BaseException], error: BaseException, trace: "TracebackType | None") -> None:
    """Python's own hook writes many lines, and none of them is JSON."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
    else:
        _say.critical("the process ends: this is a defect", exc_info=(kind, error, trace))


def _naming(job: str) -> "Processor":
    def name(_: object, __: str, line: "EventDict") -> "EventDict":
        line["job"] = job
        return line

    return name


def _harmless(_: object, __: str, line: "EventDict") -> "EventDict":
    """The line without what would steer a terminal, or begin another line: texts of others are in it."""
    return {name: _on_one_line(value) if isinstance(value, str) else value for name, value in line.items()}


def _on_one_line(text: str) -> str:
    return harmless(text).replace("\n", "\\n")


def _plain_traceback(to: TextIO, exc_info: "ExcInfo") -> None:
    """As structlog writes it, without local variables, which hold passwords; and harmless."""
    text = StringIO()
    structlog.dev.plain_traceback(text, exc_info)
    to.write(harmless(text.getvalue()))


def _renderers(settings: Settings) -> "list[Processor]":
    match settings.log_format:
        case LogFormat.CONSOLE:
            return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_plain_traceback)]
        case LogFormat.JSON:
            return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        case _:
            assert_never(settings.log_format)
