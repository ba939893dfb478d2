"""Events change the state: one function for each, and nothing else does.

The functions never fail and never decide: whoever emitted the event has decided.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zelery.engine import events as ev
from zelery.engine.applying import definitions, elements, jobs, waiting
from zelery.engine.state import State


def apply(state: State, event: Any) -> None:
    """Change the state as the event says."""
    APPLY[type(event)](state, event)


def _nothing(state: State, event: Any) -> None:
    """For an event that is only told."""


APPLY: dict[type[Any], Callable[[State, Any], None]] = {
    ev.ProcessDeployed: definitions.process_deployed,
    ev.FormDeployed: definitions.form_deployed,
    ev.ResourceDeleted: definitions.resource_deleted,
    ev.DefinitionDrained: definitions.definition_drained,
    ev.InstanceCreated: elements.instance_created,
    ev.ElementActivated: elements.element_activated,
    ev.ElementCompleted: elements.element_ended,
    ev.ElementTerminated: elements.element_ended,
    ev.FlowTaken: elements.flow_taken,
    ev.ScopeInterrupted: elements.scope_interrupted,
    ev.VariablesSet: elements.variables_set,
    ev.LoopStarted: elements.loop_started,
    ev.CompletionConditionFulfilled: elements.completion_condition_fulfilled,
    ev.JobCreated: jobs.job_created,
    ev.JobsActivated: jobs.jobs_activated,
    ev.JobTimedOut: jobs.job_reopened,
    ev.JobYielded: jobs.job_reopened,
    ev.JobCompleted: jobs.job_ended,
    ev.JobFailed: jobs.job_failed,
    ev.JobRecurred: jobs.job_reopened,
    ev.JobErrorThrown: jobs.job_error_thrown,
    ev.JobCanceled: jobs.job_ended,
    ev.JobRetriesUpdated: jobs.job_retries_updated,
    ev.JobDeadlineUpdated: jobs.job_deadline_updated,
    ev.JobReopened: jobs.job_reopened,
    ev.MessageSubscribed: waiting.message_subscribed,
    ev.StartSubscribed: waiting.start_subscribed,
    ev.Unsubscribed: waiting.unsubscribed,
    ev.MessagePublished: waiting.message_published,
    ev.MessageCorrelated: waiting.message_correlated,
    ev.MessageExpired: waiting.message_expired,
    ev.SignalSubscribed: waiting.signal_subscribed,
    ev.SignalBroadcast: _nothing,
    ev.TimerCreated: waiting.timer_created,
    ev.TimerTriggered: waiting.timer_ended,
    ev.TimerCanceled: waiting.timer_ended,
    ev.IncidentCreated: elements.incident_created,
    ev.IncidentResolved: elements.incident_resolved,
    ev.UserTaskCreated: elements.user_task_created,
    ev.UserTaskUpdated: elements.user_task_updated,
    ev.UserTaskEnded: elements.user_task_ended,
    ev.ElementMigrated: elements.element_migrated,
    ev.CatchMigrated: waiting.catch_migrated,
    ev.ClusterVariableSet: elements.cluster_variable_set,
    ev.ClusterVariableDeleted: elements.cluster_variable_deleted,
}
