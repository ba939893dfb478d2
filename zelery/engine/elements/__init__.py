"""What each kind of element does; the table that `lifecycle.py` looks in."""

from zelery.engine.bpmn.model import Kind
from zelery.engine.elements.ad_hoc import AdHocSubProcess, InnerInstance
from zelery.engine.elements.behavior import Activity
from zelery.engine.elements.call_activity import CallActivity
from zelery.engine.elements.gateways import EventBasedGateway, ExclusiveGateway, InclusiveGateway, ParallelGateway
from zelery.engine.elements.multi_instance import MultiInstanceBody
from zelery.engine.elements.occurrences import BoundaryEvent, CatchEvent, EndEvent, StartEvent, ThrowEvent
from zelery.engine.elements.scopes import EventSubProcess, Process, SubProcess
from zelery.engine.elements.tasks import JobTask, ReceiveTask, ScriptTask, UserTask
from zelery.engine.lifecycle import BEHAVIORS

BEHAVIORS.update(
    {
        Kind.PROCESS: Process(),
        Kind.SUB_PROCESS: SubProcess(),
        Kind.EVENT_SUB_PROCESS: EventSubProcess(),
        Kind.AD_HOC_SUB_PROCESS: AdHocSubProcess(),
        Kind.AD_HOC_INNER: InnerInstance(),
        Kind.MULTI_INSTANCE_BODY: MultiInstanceBody(),
        Kind.CALL_ACTIVITY: CallActivity(),
        Kind.START_EVENT: StartEvent(),
        Kind.CATCH_EVENT: CatchEvent(),
        Kind.THROW_EVENT: ThrowEvent(),
        Kind.BOUNDARY_EVENT: BoundaryEvent(),
        Kind.END_EVENT: EndEvent(),
        Kind.SERVICE_TASK: JobTask(),
        Kind.SEND_TASK: JobTask(),
        Kind.BUSINESS_RULE_TASK: JobTask(),
        Kind.SCRIPT_TASK: ScriptTask(),
        Kind.USER_TASK: UserTask(),
        Kind.RECEIVE_TASK: ReceiveTask(),
        Kind.MANUAL_TASK: Activity(),
        Kind.TASK: Activity(),
        Kind.EXCLUSIVE_GATEWAY: ExclusiveGateway(),
        Kind.INCLUSIVE_GATEWAY: InclusiveGateway(),
        Kind.PARALLEL_GATEWAY: ParallelGateway(),
        Kind.EVENT_BASED_GATEWAY: EventBasedGateway(),
    }
)
