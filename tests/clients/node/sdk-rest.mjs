// @camunda8/sdk: its client of the REST API.
import { Camunda8 } from '@camunda8/sdk'

export async function connect({ rest, gateway }) {
  const client = camunda8({ rest, gateway }).getCamundaRestClient()
  return { ...commands(client), ...jobs(client), ...searches(client) }
}

export function camunda8({ rest, gateway }) {
  return new Camunda8({
    ZEEBE_REST_ADDRESS: rest,
    ZEEBE_GRPC_ADDRESS: `grpc://${gateway}`,
    CAMUNDA_AUTH_STRATEGY: 'NONE',
    CAMUNDA_LOG_LEVEL: 'none',
    // Without retries: it takes DEADLINE_EXCEEDED for push-back, and starts the instance again and again.
    zeebeGrpcSettings: { ZEEBE_CLIENT_LOG_LEVEL: 'NONE', ZEEBE_GRPC_CLIENT_RETRY: false },
  })
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

function commands(client) {
  const ids = (answer) =>
    answer.processes.map((each) => ({ id: each.processDefinitionId, version: each.processDefinitionVersion }))
  return {
    topology: () => client.getTopology(),
    deploy: async (path) => ids(await client.deployResourcesFromFiles([path])),
    deployText: (content, name) => client.deployResources([{ content, name }]),
    start: async (processDefinitionId, variables) =>
      (await client.createProcessInstance({ processDefinitionId, variables })).processInstanceKey,
    result: async (processDefinitionId, variables, { fetch, ms = 20_000 } = {}) => {
      const more = fetch === undefined ? {} : { fetchVariables: fetch }
      const request = { processDefinitionId, variables, requestTimeout: ms, ...more }
      return (await client.createProcessInstanceWithResult(request)).variables
    },
    cancel: (processInstanceKey) => client.cancelProcessInstance({ processInstanceKey }),
    remove: (resourceKey) => client.deleteResource({ resourceKey }),
    publish: (name, correlationKey, messageId, variables) =>
      client.publishMessage({ name, correlationKey, messageId, variables, timeToLive: 60_000 }),
    correlate: async (name, correlationKey) =>
      (await client.correlateMessage({ name, correlationKey, variables: {} })).processInstanceKey,
    signal: (signalName, variables) => client.broadcastSignal({ signalName, variables }),
    setVariables: (elementInstanceKey, variables) =>
      client.updateElementInstanceVariables({ elementInstanceKey, variables }),
    resolve: (incidentKey) => client.resolveIncident(incidentKey),
    assign: (userTaskKey, assignee) => client.assignUserTask({ userTaskKey, assignee }),
    completeTask: (userTaskKey, variables) => client.completeUserTask({ userTaskKey, variables }),
  }
}

function jobs(client) {
  return {
    activate: async (type, maxJobsToActivate, requestTimeout) => {
      const request = { type, maxJobsToActivate, requestTimeout, timeout: 30_000, worker: 'tests' }
      return (await client.activateJobs(request)).map(plain)
    },
    complete: (jobKey, variables) => client.completeJob({ jobKey, variables }),
    fail: (jobKey, { retries, backoffMs, message, variables }) =>
      client.failJob({ jobKey, retries, retryBackOff: backoffMs, errorMessage: message, variables }),
    throwError: (jobKey, errorCode, variables) =>
      client.errorJob({ jobKey, errorCode, errorMessage: errorCode, variables }),
    retries: (jobKey, retries) => client.updateJob({ jobKey, retries }),
    timeout: (jobKey, timeout) => client.updateJob({ jobKey, timeout }),
    work: async (type, handle) => {
      const worker = client.createJobWorker({
        type,
        worker: 'tests',
        timeout: 30_000,
        maxJobsToActivate: 4,
        pollIntervalMs: 100,
        jobHandler: (job) =>
          handle({
            key: job.jobKey,
            variables: job.variables,
            complete: () => job.complete({}),
            fail: (retries, retryBackOff) => job.fail({ errorMessage: 'no box', retries, retryBackOff }),
          }),
      })
      return () => worker.stop(3_000)
    },
  }
}

/** The searches that this client has; it searches neither jobs nor subscriptions. */
export function searches(client) {
  const by = {
    definitions: 'searchProcessDefinitions',
    instances: 'searchProcessInstances',
    elements: 'searchElementInstances',
    variables: 'searchVariables',
    incidents: 'searchIncidents',
    userTasks: 'searchUserTasks',
  }
  return {
    search: (kind, request) => client[by[kind]](request),
    definition: (key) => client.getProcessDefinition(key),
    xml: (key) => client.getProcessDefinitionXML(key),
  }
}
