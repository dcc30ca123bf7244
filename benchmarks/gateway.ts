/** What a request costs beyond its model: HTTP, key, checks, threads and tokens, at a fixed rate of arrival. */
import { present } from '../src/base/index.ts'
import { type LoggedRequest, startBankingServer } from './banking-server.ts'
import { atLeast, atMost, type Benchmark } from './benchmark.ts'
import { sendOpenLoop } from './open-loop.ts'

const requestsPerSecond = 200
const warmUpSeconds = 10
const seconds = 60

export const benchmark: Benchmark = {
  name: 'gateway',
  description: `work of the gateway per request beyond the model’s compute, at ${requestsPerSecond} requests/s`,
  async run(options) {
    const server = await startBankingServer({ ...options, keepsLog: true })
    const load = { ...server, url: server.predictions, requestsPerSecond }
    await sendOpenLoop({ ...load, seconds: warmUpSeconds, seed: 1 })
    await server.takeLog()
    const replies = await sendOpenLoop({ ...load, seconds, seed: 2 })
    const logged = new Map((await server.takeLog()).map((one) => [one.requestId, one]))
    await server.stop()

    const answered = replies.filter(({ status }) => status === 200)
    const lines = answered.map(({ requestId }) => present(logged.get(requestId), requestId))
    const gateway = describe(lines.map((line) => line.milliseconds - computeOf(line)))
    const client = describe(answered.map(({ milliseconds }, i) => milliseconds - computeOf(lines[i] as LoggedRequest)))
    const [tokenize, queue, model, latency] = [
      describe(lines.map(({ tokenizeMs = 0 }) => tokenizeMs)),
      describe(lines.map(({ queueMs = 0 }) => queueMs)),
      describe(lines.map(({ modelMs = 0 }) => modelMs)),
      describe(answered.map(({ milliseconds }) => milliseconds)),
    ]
    const rate = answered.length / seconds
    return {
      values: {
        requestsPerSecond: rate,
        gatewayMsMean: gateway.mean,
        gatewayMsP50: gateway.p50,
        gatewayMsP99: gateway.p99,
        clientBeyondModelMsMean: client.mean,
        clientBeyondModelMsP99: client.p99,
        tokenizeMsMean: tokenize.mean,
        queueMsMean: queue.mean,
        queueMsP99: queue.p99,
        modelMsMean: model.mean,
        modelMsP99: model.p99,
        latencyMsP50: latency.p50,
        latencyMsP99: latency.p99,
      },
      bars: [
        atMost('gateway work per request, mean', 'ms', 1, gateway.mean),
        atMost('gateway work per request, p99', 'ms', 5, gateway.p99),
        atLeast('requests answered', 'requests/s', 0.97 * requestsPerSecond, rate),
        atMost('requests with an error', '', 0, replies.length - answered.length),
      ],
    }
  },
}

/** The model's own runs, and the wait for those of others. Tokenizing counts as the gateway's work. */
function computeOf({ queueMs = 0, modelMs = 0 }: LoggedRequest): number {
  return queueMs + modelMs
}

function describe(milliseconds: readonly number[]): { mean: number; p50: number; p99: number } {
  const sorted = [...milliseconds].sort((a, b) => a - b)
  const at = (share: number) =>
    present(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))], 'a sample')
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length
  return { mean, p50: at(0.5), p99: at(0.99) }
}
