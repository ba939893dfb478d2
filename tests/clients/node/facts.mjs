// What was seen, by name. A step that fails is a fact too: its status, or the error.
const PATIENCE_MS = 10_000
const PAUSE_MS = 200
const GRPC = ['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS']

export class Facts {
  all = {}

  async tell(name, step) {
    try {
      this.all[name] = await step()
    } catch (error) {
      this.all[name] = status(error)
    }
  }
}

/** The name of a gRPC status, or the number of an HTTP status. */
export function status(error) {
  const http = error?.statusCode ?? error?.status ?? error?.response?.statusCode
  if (http !== undefined) return String(http)
  if (typeof error?.code === 'number') return GRPC[error.code] ?? `gRPC ${error.code}`
  return String(error?.stack ?? error)
}

/** The status with which a step is refused; "OK" when it is not. */
export async function refusal(step) {
  try {
    await step()
  } catch (error) {
    return status(error)
  }
  return 'OK'
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms))

/** Asks until the answer is as wanted, for searches hear of what happens a moment later; else the last answer. */
export async function until(ask, wanted) {
  const end = Date.now() + PATIENCE_MS
  let answer = await ask()
  while (!wanted(answer) && Date.now() < end) {
    await pause(PAUSE_MS)
    answer = await ask()
  }
  return answer
}
