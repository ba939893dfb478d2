// @camunda8/orchestration-cluster-api: every answer is held to Camunda's own schema, to the last field.
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import createCamundaClient from '@camunda8/orchestration-cluster-api'

const NOW = { consistency: { waitUpToMs: 0 } }

export async function connect({ rest }) {
  const camunda = createCamundaClient({
    config: {
      CAMUNDA_REST_ADDRESS: rest,
      CAMUNDA_AUTH_STRATEGY: 'NONE',
      CAMUNDA_SDK_LOG_LEVEL: 'silent',
      // Not of requests: the check of 9.1.5 takes `after` out of a page, and sends the rest.
      CAMUNDA_SDK_VALIDATION: 'req:none,res:fanatical',
    },
  })
  return { ...commands(camunda), ...jobs(camunda), ...searches(camunda), knowsSubscriptions: true }
}

const plain = (job) => ({
  key: job.jobKey,
  type: job.type,
  process: job.processDefinitionId,
  version: job.processDefinitionVersion,
  element: job.elementId,
  headers: job.customHeaders,
  retries: job.retries,
  variables: job.variables,
  instance: job.processInstanceKey,
  worker: job.worker,
})

function commands(camunda) {
  const deployed = async (file) => {
    const answer = await camunda.createDeployment({ resources: [file] })
    return answer.processes.map((each) => ({ id: each.processDefinitionId, version: each.processDefinitionVersion }))
  }
  return {
    topology: () => camunda.getTopology(),
    deploy: async (path) => deployed(new File([await readFile(path)], basename(path))),
    deployText: (text, name) => deployed(new File([text], name)),
    start: async (processDefinitionId, variables) =>
      (await camunda.createProcessInstance({ processDefinitionId, variables })).processInstanceKey,
    result: async (processDefinitionId, variables, { fetch, ms = 20_000 } = {}) => {
      const more = fetch === undefined ? {} : { fetchVariables: fetch }
      const request = { processDefinitionId, variables, awaitCompletion: true, requestTimeout: ms, ...more }
      return (await camunda.createProcessInstance(request)).variables
    },
    cancel: (processInstanceKey) => camunda.cancelProcessInstance({ processInstanceKey }),
    remove: (resourceKey) => camunda.deleteResource({ resourceKey }),
    publish: (name, correlationKey, messageId, variables) =>
      camunda.publishMessage({ name, correlationKey, messageId, variables, timeToLive: 60_000 }),
    correlate: async (name, correlationKey) =>
      (await camunda.correlateMessage({ name, correlationKey })).processInstanceKey,
    signal: (signalName, variables) => camunda.broadcastSignal({ signalName, variables }),
    setVariables: (elementInstanceKey, variables) =>
      camunda.createElementInstanceVariables({ elementInstanceKey, variables }),
    resolve: (incidentKey) => camunda.resolveIncident({ incidentKey }),
    assign: (userTaskKey, assignee) => camunda.assignUserTask({ userTaskKey, assignee }),
    completeTask: (userTaskKey, variables) => camunda.completeUserTask({ userTaskKey, variables }),
  }
}

function jobs(camunda) {
  return {
    activate: async (type, maxJobsToActivate, requestTimeout) => {
      const request = { type, maxJobsToActivate, requestTimeout, timeout: 30_000, worker: 'tests' }
      return (await camunda.activateJobs(request)).jobs.map((each) =>
        each.kind === 'BPMN_ELEMENT' ? plain(each) : { ...plain(each), kind: each.kind },
      )
    },
    complete: (jobKey, variables) => camunda.completeJob({ jobKey, variables }),
    completeAdHoc: (jobKey, result) => camunda.completeJob({ jobKey, result: { type: 'adHocSubProcess', ...result } }),
    fail: (jobKey, { retries, backoffMs, message, variables }) =>
      camunda.failJob({ jobKey, retries, retryBackOff: backoffMs, errorMessage: message, variables }),
    throwError: (jobKey, errorCode, variables) => camunda.throwJobError({ jobKey, errorCode, variables }),
    retries: (jobKey, retries) => camunda.updateJob({ jobKey, changeset: { retries } }),
    timeout: (jobKey, timeout) => camunda.updateJob({ jobKey, changeset: { timeout } }),
    work: async (jobType, handle) => {
      const worker = camunda.createJobWorker({
        jobType,
        maxParallelJobs: 4,
        jobTimeoutMs: 30_000,
        pollTimeoutMs: 2_000,
        jobHandler: (job) =>
          handle({
            key: job.jobKey,
            variables: job.variables,
            complete: () => job.complete({}),
            fail: (retries, retryBackOff) => job.fail({ errorMessage: 'no box', retries, retryBackOff }),
          }),
      })
      return () => worker.stopGracefully({ waitUpToMs: 3_000 })
    },
  }
}

function searches(camunda) {
  const by = {
    definitions: 'searchProcessDefinitions',
    instances: 'searchProcessInstances',
    elements: 'searchElementInstances',
    variables: 'searchVariables',
    incidents: 'searchIncidents',
    jobs: 'searchJobs',
    userTasks: 'searchUserTasks',
    subscriptions: 'searchMessageSubscriptions',
  }
  return {
    search: (kind, request) => camunda[by[kind]](request, NOW),
    definition: (processDefinitionKey) => camunda.getProcessDefinition({ processDefinitionKey }, NOW),
    get: (kind, key) =>
      ({
        instance: () => camunda.getProcessInstance({ processInstanceKey: key }, NOW),
        element: () => camunda.getElementInstance({ elementInstanceKey: key }, NOW),
        variable: () => camunda.getVariable({ variableKey: key }, NOW),
        userTask: () => camunda.getUserTask({ userTaskKey: key }, NOW),
      })[kind](),
    xml: (processDefinitionKey) => camunda.getProcessDefinitionXml({ processDefinitionKey }, NOW),
  }
}
