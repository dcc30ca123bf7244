import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom, present } from '../src/base/index.ts'

export type OpenLoad = {
  url: string
  headers: Record<string, string>
  /** Bodies of POST requests, sent in turn as JSON. */
  bodies: readonly unknown[]
  requestsPerSecond: number
  seconds: number
  seed: number
  /** Once a second, with the seconds since the start. */
  onSecond?: (second: number) => void
}

export type OpenReply = { requestId: string; status: number; milliseconds: number }

/**
 * Sends requests at random moments (a Poisson process) whether the earlier ones are answered or not, as independent callers
 * do. Latency counts from the moment at which a request was due, so that a slow server cannot slow its own clock.
 */
export async function sendOpenLoop(load: OpenLoad): Promise<OpenReply[]> {
  const { url, headers, bodies, requestsPerSecond, seconds, seed, onSecond } = load
  const random = createRandom(seed, 'arrivals')
  const texts = bodies.map((body) => JSON.stringify(body))
  const agent = new Agent({ keepAlive: true })
  const replies: Promise<OpenReply>[] = []
  const startedMs = performance.now()
  let dueMs = 0
  let second = 0
  while (dueMs < seconds * 1000) {
    const nowMs = performance.now() - startedMs
    while (dueMs <= nowMs && dueMs < seconds * 1000) {
      const text = present(texts[replies.length % texts.length], 'a body')
      const options = { agent, headers: { ...headers, 'x-request-id': `load-${seed}-${replies.length}` } }
      replies.push(sendOne(url, options, { text, dueMs: startedMs + dueMs }))
      dueMs += (-Math.log(1 - random.float()) / requestsPerSecond) * 1000
    }
    if (nowMs >= (second + 1) * 1000) onSecond?.(++second)
    await sleep(1)
  }
  const answered = await Promise.all(replies)
  agent.destroy()
  return answered
}

type Sending = { agent: Agent; headers: Record<string, string> & { 'x-request-id': string } }

/** Status 0 where no answer came. */
function sendOne(url: string, options: Sending, { text, dueMs }: { text: string; dueMs: number }): Promise<OpenReply> {
  const requestId = options.headers['x-request-id']
  return new Promise((resolve) => {
    const end = (status: number) => resolve({ requestId, status, milliseconds: performance.now() - dueMs })
    const outgoing = request(url, { ...options, method: 'POST' }, (incoming) => {
      incoming.resume()
      incoming.on('end', () => end(incoming.statusCode ?? 0))
      incoming.on('error', () => end(0))
    })
    outgoing.on('error', () => end(0))
    outgoing.end(text)
  })
}
