// The facts, by name. Each asks an adapter (`sdk-grpc.mjs`, `sdk-rest.mjs`, `api.mjs`), whose calls have the same
// names and plain answers, whatever the client calls them. A fact that needs a call says so: `needs`.
import { pause, refusal, until } from './facts.mjs'

const WAIT_MS = 10_000
const SHORT_MS = 300
const JOBS = 12

async function job(shop, type) {
  return (await shop.client.activate(shop.id(type), 1, WAIT_MS))[0]
}

async function found(shop, kind, filter, wanted, rest = {}) {
  return (await until(() => shop.client.search(kind, { filter, ...rest }), (answer) => wanted(answer.items))).items
}

const needing = (needs, step) => Object.assign(step, { needs })

export const chapters = {
  topology: async ({ client }) => {
    const topology = await client.topology()
    const partitions = topology.brokers.flatMap((each) => each.partitions)
    return {
      brokers: topology.brokers.length === topology.clusterSize,
      healthy: partitions.every((each) => ['healthy', 'HEALTHY'].includes(each.health)),
    }
  },
  deployed: async (shop) => (await shop.client.deploy(shop.model)).map((each) => shop.plain(each.id)).sort(),
  deployed_again: async (shop) => [...new Set((await shop.client.deploy(shop.model)).map((each) => each.version))],
  broken_model: ({ client }) => refusal(() => client.deployText('<definitions>', 'broken.bpmn')),
  unknown_process: (shop) => refusal(() => shop.client.start(shop.id('nowhere'), {})),
  result: (shop) => shop.client.result(shop.id('double'), { a: 21 }),
  result_fetched: (shop) => shop.client.result(shop.id('double'), { a: 21 }, { fetch: ['doubled'] }),
  result_late: (shop) => refusal(() => shop.client.result(shop.id('ask'), {}, { ms: 500 })),

  activated: async (shop) => {
    const key = await shop.client.start(shop.id('order'), { orderId: 'j-1', total: 12.5 })
    const { key: _, instance, ...seen } = await job(shop, 'charge')
    await shop.client.cancel(key)
    return { ...seen, type: shop.plain(seen.type), process: shop.plain(seen.process), own_instance: instance === key }
  },
  failed: async (shop) => {
    const key = await shop.client.start(shop.id('bulk'), { n: 0 })
    const first = await job(shop, 'pack')
    await shop.client.fail(first.key, { retries: 1, backoffMs: 1000, message: 'no box', variables: { tried: true } })
    const atOnce = await shop.client.activate(shop.id('pack'), 1, SHORT_MS)
    const again = await job(shop, 'pack')
    await shop.client.cancel(key)
    return { at_once: atOnce.length, retries: again.retries, variables: again.variables }
  },
  thrown: async (shop) => {
    const result = shop.client.result(shop.id('order'), { orderId: 'j-2' })
    await shop.client.throwError((await job(shop, 'charge')).key, 'DECLINED', { why: 'poor' })
    return result
  },
  lease: async (shop) => {
    const key = await shop.client.start(shop.id('bulk'), { n: 1 })
    const first = await job(shop, 'pack')
    await shop.client.retries(first.key, 7)
    await shop.client.timeout(first.key, 200)
    const second = await job(shop, 'pack')
    await shop.client.cancel(key)
    return [first.key === second.key, second.retries]
  },
  completed_twice: async (shop) => {
    await shop.client.start(shop.id('bulk'), { n: 2 })
    const { key } = await job(shop, 'pack')
    await shop.client.complete(key, {})
    return refusal(() => shop.client.complete(key, {}))
  },
  agent: needing('completeAdHoc', async (shop) => {
    const result = shop.client.result(shop.id('agent'), { question: 'rain?' })
    const first = await job(shop, 'think')
    const activate = [{ elementId: 'weather', variables: { city: 'Rome' } }]
    await shop.client.completeAdHoc(first.key, { activateElements: activate, isCompletionConditionFulfilled: false })
    const tool = await job(shop, 'weather')
    await shop.client.complete(tool.key, { rain: false })
    const second = await job(shop, 'think')
    await shop.client.completeAdHoc(second.key, { activateElements: [], isCompletionConditionFulfilled: true })
    return [first.kind, tool.variables.city, (await result).question]
  }),

  worked: (shop) => worked(shop, shop.client.work),
  worked_by_stream: needing('workByStream', (shop) => worked(shop, shop.client.workByStream)),
  streamed: needing('workByStream', async (shop) => {
    const seen = []
    const stop = await shop.client.workByStream(shop.id('pack'), async (each) => {
      seen.push(each.variables)
      return each.complete()
    })
    await pause(500) // A stream has no answer that says it is open.
    await shop.client.start(shop.id('bulk'), { n: 99 })
    await until(() => seen.length, (size) => size === 1)
    await stop()
    return seen[0]
  }),

  shipped: async (shop) => {
    const result = shop.client.result(shop.id('order'), { orderId: 'm-1' })
    await shop.client.complete((await job(shop, 'charge')).key, { receipt: 7 })
    await shop.client.publish(shop.id('paid'), 'm-1', 'one', { by: 'card' })
    await shop.client.complete((await job(shop, 'ship')).key, { parcel: { weight: 1.5 } })
    return result
  },
  published_twice: async (shop) => {
    await shop.client.publish(shop.id('paid'), 'm-2', 'same', {})
    return refusal(() => shop.client.publish(shop.id('paid'), 'm-2', 'same', {}))
  },
  correlated: needing('correlate', async (shop) => {
    const order = await shop.client.start(shop.id('order'), { orderId: 'm-3' })
    await shop.client.complete((await job(shop, 'charge')).key, {})
    const key = await shop.client.correlate(shop.id('paid'), 'm-3')
    await shop.client.complete((await job(shop, 'ship')).key, {})
    return key === order
  }),
  correlated_nobody: needing('correlate', (shop) => refusal(() => shop.client.correlate(shop.id('paid'), 'nobody'))),
  alarmed: async (shop) => {
    await shop.client.signal(shop.id('alarm'), { floor: 3 })
    const filter = { processDefinitionId: shop.id('alarm') }
    return (await found(shop, 'instances', filter, (items) => items.length === 1)).length
  },

  incident: async (shop) => {
    const key = await shop.client.start(shop.id('stuck'), { n: 1 })
    const first = await job(shop, 'try')
    await shop.client.fail(first.key, { retries: 0, backoffMs: 0, message: 'broken', variables: {} })
    const open = { processInstanceKey: key, state: 'ACTIVE' }
    const [incident] = await found(shop, 'incidents', open, (items) => items.length === 1)
    await shop.client.setVariables(key, { fixed: true })
    const early = await refusal(() => shop.client.resolve(incident.incidentKey))
    await shop.client.retries(first.key, 1)
    await shop.client.resolve(incident.incidentKey)
    const again = await job(shop, 'try')
    await shop.client.complete(again.key, {})
    return {
      type: incident.errorType,
      message: incident.errorMessage,
      element: incident.elementId,
      state: incident.state,
      without_retries: early === 'OK' ? 'OK' : 'refused',
      again: [again.key === first.key, again.variables.fixed],
      left: (await found(shop, 'incidents', open, (items) => items.length === 0)).length,
    }
  },
  unknown_incident: ({ client }) => refusal(() => client.resolve('1')),
  user_task: async (shop) => {
    const key = await shop.client.start(shop.id('ask'), { question: 'why?' })
    const own = { processInstanceKey: key }
    const [task] = await found(shop, 'userTasks', own, (items) => items.length === 1)
    await shop.client.assign(task.userTaskKey, 'ann')
    const [assigned] = await found(shop, 'userTasks', own, (items) => items[0].assignee === 'ann')
    await shop.client.completeTask(task.userTaskKey, { answer: 'so' })
    const [instance] = await found(shop, 'instances', own, (items) => items[0]?.state === 'COMPLETED')
    const answers = await found(shop, 'variables', { ...own, name: 'answer' }, (items) => items.length === 1)
    return {
      element: task.elementId,
      state: task.state,
      groups: task.candidateGroups,
      assignee: assigned.assignee,
      afterwards: instance.state,
      answer: answers.map((each) => each.value),
    }
  },

  definition: async (shop) => {
    const filter = { processDefinitionId: shop.id('order') }
    const [order] = await found(shop, 'definitions', filter, (items) => items.length === 1)
    const xml = await shop.client.xml(order.processDefinitionKey)
    const same = await shop.client.definition(order.processDefinitionKey)
    const is = same.processDefinitionKey === order.processDefinitionKey
    return [order.name, order.version, xml.includes(shop.id('charge')), is]
  },
  pages: async (shop) => {
    const started = []
    for (let n = 0; n < 5; n++) started.unshift(await shop.client.start(shop.id('stuck'), { n }))
    const page = (after) =>
      shop.client.search('instances', {
        filter: { processDefinitionId: { $eq: shop.id('stuck') }, state: 'ACTIVE' },
        sort: [{ field: 'processInstanceKey', order: 'DESC' }],
        page: after === undefined ? { limit: 2 } : { limit: 2, after },
      })
    await until(() => page(), (answer) => Number(answer.page.totalItems) === started.length)
    const sizes = []
    const seen = []
    let cursor
    do {
      const answer = await page(cursor)
      seen.push(...answer.items.map((each) => each.processInstanceKey))
      sizes.push(answer.items.length)
      cursor = answer.page.endCursor
    } while (sizes.at(-1) === 2 && sizes.length < 9)
    return [sizes, JSON.stringify(seen) === JSON.stringify(started)]
  },
  waiting: needing('knowsSubscriptions', async (shop) => {
    const key = await shop.client.start(shop.id('order'), { orderId: 's-1' })
    await shop.client.complete((await job(shop, 'charge')).key, {})
    const own = { processInstanceKey: key }
    const subscriptions = await found(shop, 'subscriptions', own, (items) => items.length === 1)
    const sort = [{ field: 'elementInstanceKey', order: 'ASC' }]
    const elements = await found(shop, 'elements', own, () => true, { sort })
    const jobs = await found(shop, 'jobs', own, () => true)
    await shop.client.cancel(key)
    return {
      subscriptions: subscriptions.map((each) => [
        shop.plain(each.messageName),
        each.correlationKey,
        each.messageSubscriptionState,
        each.elementId,
      ]),
      elements: elements
        .filter((each) => each.type !== 'PROCESS')
        .map((each) => [each.elementId, each.type, each.state]),
      jobs: jobs.map((each) => [shop.plain(each.type), each.state, each.elementId]),
    }
  }),
  variables: async (shop) => {
    const key = await shop.client.start(shop.id('stuck'), { text: 'a', number: 1, list: [1, 2], other: true })
    const filter = { processInstanceKey: key, name: { $in: ['text', 'number', 'list'] } }
    const sort = [{ field: 'name', order: 'ASC' }]
    const variables = await found(shop, 'variables', filter, (items) => items.length === 3, { sort })
    return variables.map((each) => [each.name, each.value, each.scopeKey === key])
  },
  gets: needing('get', async (shop) => {
    const key = await shop.client.start(shop.id('ask'), { question: 'why?' })
    const own = { processInstanceKey: key }
    const [task] = await found(shop, 'userTasks', own, (items) => items.length === 1)
    const [question] = await found(shop, 'variables', own, (items) => items.length === 1)
    return [
      (await shop.client.get('instance', key)).state,
      (await shop.client.get('element', task.elementInstanceKey)).elementName,
      (await shop.client.get('variable', question.variableKey)).value,
      (await shop.client.get('userTask', task.userTaskKey)).name,
      await refusal(() => shop.client.get('element', '1')),
    ]
  }),
  operators: async (shop) => {
    const before = Date.now() - 3_600_000
    const one = await shop.client.start(shop.id('ask'), { tag: 'one' })
    const two = await shop.client.start(shop.id('ask'), { tag: 'two' })
    const both = { processInstanceKey: { $in: [one, two] } }
    await found(shop, 'instances', both, (items) => items.length === 2)
    const count = async (filter) => (await shop.client.search('instances', { filter })).items.length
    const date = { $gt: new Date(before).toISOString(), $lte: new Date(before + 86_400_000).toISOString() }
    return {
      by_date: await count({ ...both, startDate: date }),
      by_incident: await count({ ...both, hasIncident: true }),
      by_key: await count({ processInstanceKey: { $in: [one, two], $notIn: [one] } }),
      by_state: await count({ ...both, state: { $neq: 'ACTIVE' } }),
      by_variable: await count({ ...both, variables: [{ name: 'tag', value: '"two"' }] }),
    }
  },
  offset: async (shop) => {
    const answer = await shop.client.search('definitions', {
      filter: { processDefinitionId: { $like: shop.id('*') } },
      sort: [{ field: 'processDefinitionId', order: 'ASC' }],
      page: { from: 5, limit: 3 },
    })
    return [answer.items.map((each) => shop.plain(each.processDefinitionId)), Number(answer.page.totalItems)]
  },
  cancelled: async (shop) => {
    const key = await shop.client.start(shop.id('order'), { orderId: 'e-1' })
    await shop.client.cancel(key)
    const again = await refusal(() => shop.client.cancel(key))
    const filter = { processInstanceKey: key, state: 'TERMINATED' }
    return [again, (await found(shop, 'instances', filter, (items) => items.length === 1)).length]
  },
  deleted: async (shop) => {
    const filter = { processDefinitionId: shop.id('double') }
    const [double] = await found(shop, 'definitions', filter, (items) => items.length === 1)
    await shop.client.remove(double.processDefinitionKey)
    return refusal(() => shop.client.start(shop.id('double'), { a: 1 }))
  },
}

/** Each job once; the first of them fails once, and comes again. */
async function worked(shop, work) {
  const done = new Set()
  const failed = new Set()
  const stop = await work(shop.id('pack'), async (each) => {
    if (each.variables.n === 0 && !failed.has(each.key)) {
      failed.add(each.key)
      return each.fail(1, SHORT_MS)
    }
    const answer = await each.complete()
    done.add(each.key)
    return answer
  })
  for (let n = 0; n < JOBS; n++) await shop.client.start(shop.id('bulk'), { n })
  await until(() => done.size, (size) => size === JOBS)
  await stop()
  return [done.size, failed.size]
}
