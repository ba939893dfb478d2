// @camunda8/sdk: its client of the gateway. What gRPC has no call for (searches, user tasks) it asks over REST.
import { camunda8, searches } from './sdk-rest.mjs'

export async function connect(addresses) {
  const sdk = camunda8(addresses)
  const [zeebe, rest] = [sdk.getZeebeGrpcApiClient(), sdk.getCamundaRestClient()]
  return { ...commands(zeebe), ...jobs(zeebe), ...workers(zeebe), ...searches(rest), ...tasks(rest) }
}

const plain = (job) => ({
  key: job.key,
  type: job.type,
  process: job.bpmnProcessId,
  version: job.processDefinitionVersion,
  element: job.elementId,
  headers: job.customHeaders,
  retries: job.retries,
  variables: job.variables,
  instance: job.processInstanceKey,
  worker: job.worker,
})

function commands(zeebe) {
  const ids = (answer) =>
    answer.deployments.map(({ process }) => ({ id: process.bpmnProcessId, version: process.version }))
  return {
    topology: () => zeebe.topology(),
    deploy: async (processFilename) => ids(await zeebe.deployResource({ processFilename })),
    deployText: (text, name) => zeebe.deployResource({ process: Buffer.from(text), name }),
    start: async (bpmnProcessId, variables) =>
      (await zeebe.createProcessInstance({ bpmnProcessId, variables })).processInstanceKey,
    result: async (bpmnProcessId, variables, { fetch, ms = 20_000 } = {}) => {
      const more = fetch === undefined ? {} : { fetchVariables: fetch }
      const request = { bpmnProcessId, variables, requestTimeout: ms, ...more }
      return (await zeebe.createProcessInstanceWithResult(request)).variables
    },
    cancel: (key) => zeebe.cancelProcessInstance(key),
    remove: (resourceKey) => zeebe.deleteResource({ resourceKey }),
    publish: (name, correlationKey, messageId, variables) =>
      zeebe.publishMessage({ name, correlationKey, messageId, variables, timeToLive: 60_000 }),
    signal: (signalName, variables) => zeebe.broadcastSignal({ signalName, variables }),
    setVariables: (elementInstanceKey, variables) =>
      zeebe.setVariables({ elementInstanceKey, variables, local: false }),
    resolve: (incidentKey) => zeebe.resolveIncident({ incidentKey }),
  }
}

function jobs(zeebe) {
  return {
    activate: async (type, maxJobsToActivate, requestTimeout) => {
      const request = { type, maxJobsToActivate, requestTimeout, timeout: 30_000, worker: 'tests' }
      return (await zeebe.activateJobs(request)).map(plain)
    },
    complete: (jobKey, variables) => zeebe.completeJob({ jobKey, variables }),
    fail: (jobKey, { retries, backoffMs, message, variables }) =>
      zeebe.failJob({ jobKey, retries, retryBackOff: backoffMs, errorMessage: message, variables }),
    throwError: (jobKey, errorCode, variables) => zeebe.throwError({ jobKey, errorCode, errorMessage: '', variables }),
    retries: (jobKey, retries) => zeebe.updateJobRetries({ jobKey, retries }),
    timeout: (jobKey, timeout) => zeebe.updateJobTimeout({ jobKey, timeout }),
  }
}

function workers(zeebe) {
  const handler = (handle) => (job) =>
    handle({
      key: job.key,
      variables: job.variables,
      complete: () => job.complete({}),
      fail: (retries, retryBackOff) => job.fail({ errorMessage: 'no box', retries, retryBackOff }),
    })
  return {
    work: async (taskType, handle) => {
      const settings = { timeout: 30_000, maxJobsToActivate: 4, longPoll: 2_000, pollInterval: 100 }
      const worker = zeebe.createWorker({ taskType, taskHandler: handler(handle), ...settings })
      return () => worker.close(3_000)
    },
    workByStream: async (type, handle) => {
      const stream = await zeebe.streamJobs({ type, worker: 'tests', timeout: 30_000, taskHandler: handler(handle) })
      return () => stream.close()
    },
  }
}

function tasks(rest) {
  return {
    assign: (userTaskKey, assignee) => rest.assignUserTask({ userTaskKey, assignee }),
    completeTask: (userTaskKey, variables) => rest.completeUserTask({ userTaskKey, variables }),
  }
}
