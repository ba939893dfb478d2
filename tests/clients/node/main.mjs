// Drives a cluster with one of the Node clients, and prints what it saw as one line of JSON.
// Arguments: the client's adapter, the gateway's address, the REST API's URL, a prefix and its model's file.
import { chapters } from './chapters.mjs'
import { Facts } from './facts.mjs'

const [adapter, gateway, rest, prefix, model] = process.argv.slice(2)
const { connect } = await import(`./${adapter}.mjs`)
const client = await connect({ gateway, rest })
const shop = { client, model, id: (name) => `${prefix}-${name}`, plain: (id) => id.slice(prefix.length + 1) }
const facts = new Facts()
for (const [name, step] of Object.entries(chapters)) {
  if (step.needs === undefined || client[step.needs]) {
    await facts.tell(name, () => step(shop))
  }
}
console.log(JSON.stringify(facts.all))
process.exit(0) // The clients' own timers may still run.
