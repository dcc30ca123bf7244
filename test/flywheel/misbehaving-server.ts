import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export type Received = { url: string; headers: IncomingMessage['headers']; body: Record<string, unknown> }
export type Behaviour = (response: ServerResponse, received: Received) => void

export type MisbehavingServer = {
  url: string
  received: Received[]
  /** Behaves so at the coming requests, one each; the last one stays. */
  script(...behaviours: Behaviour[]): void
  /** Resolves when so many requests have arrived in all. */
  arrived(count: number): Promise<void>
  close(): Promise<void>
}

export async function startMisbehavingServer(): Promise<MisbehavingServer> {
  const received: Received[] = []
  let behaviours: Behaviour[] = []
  let onArrival = () => {}
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request)) as Record<string, unknown>
    const arrived = { url: request.url ?? '', headers: request.headers, body }
    received.push(arrived)
    const behave = behaviours.length > 1 ? behaviours.shift() : behaviours[0]
    behave?.(response, arrived)
    onArrival()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    script: (...next) => {
      behaviours = next
    },
    async arrived(count) {
      while (received.length < count) {
        await new Promise<void>((resolve) => {
          onArrival = resolve
        })
      }
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export function reply(status: number, body: unknown, headers: Record<string, string> = {}): Behaviour {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
}

/** A chat completion whose message has that content. */
export function complete(content: unknown, rest: Record<string, unknown> = {}): Behaviour {
  const { finish_reason = 'stop', message, usage = { prompt_tokens: 1000, completion_tokens: 10 } } = rest
  const filled = message ?? {
    role: 'assistant',
    content: typeof content === 'string' ? content : JSON.stringify(content),
  }
  return reply(200, { model: 'tiny-2026', choices: [{ finish_reason, message: filled }], usage })
}

export const hang: Behaviour = () => {}
export const reset: Behaviour = (response) => response.socket?.resetAndDestroy()
/** A byte every few milliseconds, for ever. */
export const drip: Behaviour = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const timer = setInterval(() => response.write(' '), 5)
  response.on('close', () => clearInterval(timer))
}
/** Far more than anybody asked for. */
export const flood: Behaviour = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const chunk = Buffer.alloc(1 << 16, ' ')
  const pour = () => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', pour)
  pour()
}
/** Repeats all that it was sent, secrets too. */
export const echo =
  (status: number): Behaviour =>
  (response, received) => {
    const key = received.headers.authorization ?? ''
    response.writeHead(status, { 'content-type': 'application/json', 'x-echo': key, 'retry-after': key })
    response.end(JSON.stringify({ error: { message: key, code: key, type: key }, received }))
  }
