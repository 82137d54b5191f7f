"""What the board shows: `python -m tests.watch.panels` writes deploy/watch/board.json."""

from typing import Final

from tests.watch.board import BOARD, OURS, Panel, Row, most, quantile, rate, text_of

FIRING: Final = 'ALERTS{alertname=~"Numbering.*", alertstate="firing"}'
BATCHES: Final = "numbering_batch_commands"

WELL: Final = Row(
    "Is it well?",
    (
        Panel(
            "Processes that answer",
            "By what they do. A role without any that should be there is told by an alert.",
            {"{{role}}": f"sum by (role) (up{{{OURS}}})"},
            kind="stat",
            width=6,
        ),
        Panel(
            "Alerts that fire",
            "Those of deploy/watch/alerts.yml, whatever role they are of.",
            {"{{alertname}}": f"count by (alertname) ({FIRING}) or vector(0)"},
            kind="stat",
            width=6,
        ),
        Panel(
            "Stopped",
            "1 where an operator must act: the log is halted, or the sealer found the database rewritten.",
            {"log halted": most("numbering_log_halted"), "evidence stopped": most("numbering_evidence_stopped")},
            kind="stat",
            width=6,
        ),
        Panel(
            "Releases",
            "How many processes run each release, on which Python, and the newest migration it knows.",
            {"{{version}}, schema {{schema}}": f"count by (version, schema) (numbering_build_info{{{OURS}}})"}
            | {"Python {{version}}": f"count by (version) (python_info{{{OURS}}})"},
            kind="stat",
            width=6,
        ),
        Panel(
            "Parts",
            "As /readyz of each process says.",
            {"{{part}} of {{role}} {{instance}}": f"numbering_part_health{{{OURS}}}"},
            kind="state-timeline",
            width=16,
        ),
        Panel(
            "Connection to NATS",
            "1 while NATS answers.",
            {"{{role}} {{instance}}": f"numbering_nats_connected{{{OURS}}}"},
        ),
    ),
)

NUMBERS: Final = Row(
    "Numbers",
    (
        Panel(
            "Numbers by fate, per second",
            "Taken (pending), and what became of them.",
            {"{{fate}}": rate("numbering_numbers_total", "fate")},
        ),
        Panel(
            "Numbers by fate, in the time shown",
            "What the chosen processes wrote.",
            {"{{fate}}": f"sum by (fate) (increase(numbering_numbers_total{{{OURS}}}[$__range]))"},
            kind="stat",
        ),
        Panel(
            "Numbers that expired, and sweeps",
            "Overdue numbers that the sweep recorded, and how often it looked.",
            {
                "numbers, per second": rate("numbering_expired_numbers_total", "job"),
                "sweeps, per second": rate("numbering_sweeps_total", "job"),
            },
        ),
        Panel(
            "Events per second",
            "How fast the log grows.",
            {"events": f"max(rate(numbering_log_position{{{OURS}}}[$__rate_interval]))"},
        ),
        Panel(
            "Tokens of a lost history",
            "Anything but 0: the log may have lost its tail.",
            {"{{role}} {{instance}}": f"numbering_lost_history_tokens_total{{{OURS}}}"},
        ),
        Panel(
            "Repeats that got the first answer",
            "Per second, under an Idempotency-Key.",
            {"{{carrier}}": rate("numbering_replayed_answers_total", "carrier")},
        ),
    ),
)

REQUESTS: Final = Row(
    "Requests and refusals",
    (
        Panel(
            "Requests per second, by status",
            "Over HTTP and NATS.",
            {"{{carrier}} {{status}}": rate("numbering_requests_total", "carrier, status")},
        ),
        Panel(
            "Refusals per second, by code",
            "What callers were told.",
            {"{{code}}": rate("numbering_rejections_total", "code")},
        ),
        Panel(
            "Share of requests that fail",
            "5xx, of all roles. An alert allows one in a thousand over a month.",
            {
                "5 minutes": "job:numbering_requests_failed:ratio_rate5m",
                "1 hour": "job:numbering_requests_failed:ratio_rate1h",
            },
            "percentunit",
        ),
        Panel(
            "Credentials that let nobody in, per second",
            "By reason.",
            {"{{reason}}": rate("numbering_auth_failures_total", "reason")},
        ),
        Panel(
            "HTTP connections",
            "Open ones of callers; NUMBERING_CONNECTIONS_MAX bounds them.",
            {"{{instance}}": f"numbering_http_connections{{{OURS}}}"},
        ),
        Panel(
            "Reads of auditors per second",
            "Recorded, and those whose record the database did not take.",
            {
                "recorded": rate("numbering_audit_reads_total", "job"),
                "lost": rate("numbering_audit_reads_lost_total", "job"),
            },
        ),
    ),
)

LATENCY: Final = Row(
    "Time to answer",
    (
        Panel(
            "By carrier",
            "Half of the requests take less than p50, all but one in a hundred less than p99.",
            {
                "p50 {{carrier}}": quantile(0.5, "numbering_request_seconds", "carrier"),
                "p99 {{carrier}}": "job_carrier:numbering_request_seconds:p99_5m",
            },
            "s",
            width=12,
        ),
        Panel(
            "p99 of the ten slowest routes",
            "Reports that are read from the log are slower than those of the projections.",
            {"{{route}}": f"topk(10, {quantile(0.99, 'numbering_request_seconds', 'route')})"},
            "s",
            width=12,
        ),
    ),
)

WRITING: Final = Row(
    "Queue and append",
    (
        Panel("Commands that wait", "By process.", {"{{role}} {{instance}}": f"numbering_queue_depth{{{OURS}}}"}),
        Panel(
            "Time of an append",
            "One commit of PostgreSQL.",
            {"p50": quantile(0.5, "numbering_append_seconds"), "p99": "job:numbering_append_seconds:p99_5m"},
            "s",
        ),
        Panel(
            "Commands in one append",
            "More when many wait.",
            {
                "mean": f"{rate(f'{BATCHES}_sum', 'job')} / {rate(f'{BATCHES}_count', 'job')}",
                "p99": quantile(0.99, BATCHES),
            },
        ),
    ),
)

LAGS: Final = Row(
    "Behind the log",
    (
        Panel(
            "Events that wait",
            "As the process sees that sees most of them.",
            {
                "relay": most("numbering_relay_lag_events"),
                "projection {{projection}}": most("numbering_projection_lag_events", "projection"),
                "evidence": most("numbering_evidence_lag_events"),
            },
            width=12,
        ),
        Panel(
            "Age of the oldest event that waits",
            "Likewise.",
            {
                "relay": most("numbering_relay_lag_seconds"),
                "projection {{projection}}": most("numbering_projection_lag_seconds", "projection"),
                "evidence": most("numbering_evidence_lag_seconds"),
            },
            "s",
            width=12,
        ),
    ),
)

CHECKED: Final = Row(
    "Evidence and self-check",
    (
        Panel(
            "Places that were rewritten",
            "By what was. Anything but 0 is told by an alert.",
            {"{{kind}}": f"sum by (kind) (numbering_selfcheck_faults{{{OURS}}})"},
            width=12,
        ),
        Panel(
            "Since the last full round of the self-check",
            "Nothing before the first round has ended.",
            {"{{instance}}": f"time() - (numbering_selfcheck_last_round_timestamp_seconds{{{OURS}}} > 0)"},
            "s",
            width=12,
        ),
    ),
)

POOLS: Final = Row(
    "Sessions with PostgreSQL",
    (
        Panel(
            "Used and idle",
            "Of all processes, by pool.",
            {
                "{{pool}} {{state}}": f"sum by (pool, state) (numbering_pool_connections{{{OURS}}})",
                "{{pool}} at the most": f"sum by (pool) (numbering_pool_connections_max{{{OURS}}})",
            },
            width=12,
        ),
        Panel(
            "Tasks that wait for a session",
            "By pool and process.",
            {"{{pool}} {{role}} {{instance}}": f"numbering_pool_waiting{{{OURS}}}"},
            width=12,
        ),
    ),
)

PROCESS: Final = Row(
    "Processes",
    (
        Panel(
            "Processors in use",
            "1 is one processor.",
            {"{{role}} {{instance}}": f"rate(process_cpu_seconds_total{{{OURS}}}[$__rate_interval])"},
        ),
        Panel(
            "Memory",
            "Resident.",
            {"{{role}} {{instance}}": f"process_resident_memory_bytes{{{OURS}}}"},
            "bytes",
        ),
        Panel(
            "Open files",
            "Connections are files.",
            {
                "{{role}} {{instance}}": f"process_open_fds{{{OURS}}}",
                "at the most, {{instance}}": f"process_max_fds{{{OURS}}}",
            },
        ),
        Panel(
            "Time since the start",
            "A saw is a process that keeps ending.",
            {"{{role}} {{instance}}": f"time() - process_start_time_seconds{{{OURS}}}"},
            "s",
        ),
        Panel(
            "Rounds of the garbage collector per second",
            "By generation.",
            {"{{generation}}": rate("python_gc_collections_total", "generation")},
        ),
    ),
)

ROWS: Final = (WELL, NUMBERS, REQUESTS, LATENCY, WRITING, LAGS, CHECKED, POOLS, PROCESS)


def main() -> None:
    """Write the board."""
    BOARD.write_text(text_of(ROWS), "utf-8")


if __name__ == "__main__":
    main()
