/** Predictions by HTTP: single short texts on 32 connections, the server in a process of its own. */
import { startBankingServer } from './banking-server.ts'
import { atLeast, atMost, type Benchmark } from './benchmark.ts'
import { measureHttp } from './measure-http.ts'

const connections = 32
const seconds = 15

export const benchmark: Benchmark = {
  name: 'predict',
  description: `requests per second of a Banking77 model by HTTP, single texts, ${connections} connections`,
  async run(options) {
    const { predictions: url, headers, bodies, stop } = await startBankingServer(options)
    const load = await measureHttp({ url, headers, bodies, connections, seconds })
    await stop()
    return {
      values: { requestsPerSecond: load.requestsPerSecond, ...load.latencyMs, requests: load.requests },
      bars: [
        atLeast('predictions by HTTP', 'requests/s', 300, load.requestsPerSecond),
        atMost('requests with an error', '', 0, load.errors + load.refused),
      ],
    }
  },
}
