"""Which metrics a process has: those of its own jobs, and of parts that it knows, or can see."""

from service.jobs import DECIDING, Job
from service.metrics import Metrics
from service.readiness import EVIDENCE, RELAY, SELF_CHECK, Reports


def keep_present(metrics: Metrics, jobs: frozenset[Job], parts: Reports, *, has_nats: bool, has_traces: bool) -> None:
    """Keep the metrics of these jobs, and of the parts of which this process knows how they are, or can see it."""
    if not jobs & DECIDING:
        metrics.leave_out(metrics.queue_depth, metrics.log_position, metrics.batch_commands, metrics.append_seconds)
        metrics.leave_out(metrics.numbers)
    if not jobs & {Job.WEB, Job.REQUESTS}:
        metrics.leave_out(metrics.requests, metrics.request_seconds, metrics.rejections, metrics.auth_failures)
        metrics.leave_out(metrics.replayed_answers, metrics.lost_history_tokens)
        metrics.leave_out(metrics.audit_reads, metrics.audit_reads_lost)
    if Job.WEB not in jobs:
        metrics.leave_out(metrics.http_connections)
    if RELAY not in parts and not has_nats:
        metrics.leave_out(metrics.relay_lag, metrics.relay_lag_seconds)
    if not has_nats:
        metrics.leave_out(metrics.nats_connected)
    if EVIDENCE not in parts:
        metrics.leave_out(metrics.evidence_stopped)
    if SELF_CHECK not in parts:
        metrics.leave_out(metrics.selfcheck_faults, metrics.selfcheck_rounded_at)
    if Job.SWEEP not in jobs:
        metrics.leave_out(metrics.sweeps, metrics.expired_numbers)
    if not has_traces:
        metrics.leave_out(metrics.trace_spans)
