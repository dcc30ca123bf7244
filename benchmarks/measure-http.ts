import autocannon from 'autocannon'
import { present } from '../src/base/index.ts'

export type HttpLoad = {
  url: string
  headers: Record<string, string>
  /** Bodies of POST requests, sent in turn as JSON. */
  bodies: readonly unknown[]
  connections: number
  seconds: number
  /** Load before the measurement begins, while code is being compiled and memory taken; default 2. */
  warmUpSeconds?: number
}

export type HttpMeasurement = {
  requestsPerSecond: number
  latencyMs: { p50: number; p90: number; p99: number; max: number }
  requests: number
  /** Requests without an answer, for lack of a connection or of time. */
  errors: number
  /** Answers with another status than 2xx. */
  refused: number
}

/**
 * Sends requests one after the other on each of the connections and measures the answers. The server belongs in another
 * process: load generator and server would otherwise wait for each other.
 */
export async function measureHttp({
  url,
  headers,
  bodies,
  connections,
  seconds,
  warmUpSeconds = 2,
}: HttpLoad): Promise<HttpMeasurement> {
  const requests = bodies.map((body) => ({ body: JSON.stringify(body) }))
  let clients = 0
  const load = {
    url,
    method: 'POST' as const,
    headers,
    connections,
    // Each connection has its own share of the bodies: in step, all would send the same text at the same time.
    setupClient(client: autocannon.Client) {
      const first = clients++
      const share = Math.ceil(requests.length / connections)
      client.setRequests(
        Array.from({ length: share }, (_, i) =>
          present(requests[(first + i * connections) % requests.length], 'a body'),
        ),
      )
    },
  }
  await autocannon({ ...load, duration: warmUpSeconds })
  const { requests: answered, latency, errors, timeouts, non2xx } = await autocannon({ ...load, duration: seconds })
  return {
    requestsPerSecond: answered.average,
    latencyMs: { p50: latency.p50, p90: latency.p90, p99: latency.p99, max: latency.max },
    requests: answered.total,
    errors: errors + timeouts,
    refused: non2xx,
  }
}
