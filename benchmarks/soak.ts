/** Minutes at 80 % of what the server can do: whether it fails, and whether its memory grows. */
import { startBankingServer } from './banking-server.ts'
import { atMost, type Benchmark } from './benchmark.ts'
import { measureHttp } from './measure-http.ts'
import { sendOpenLoop } from './open-loop.ts'

const connections = 32
const share = 0.8
/** Memory is compared as means over so many seconds: one reading would compare garbage collections. */
const windowSeconds = 20

export const benchmark: Benchmark = {
  name: 'soak',
  description: `minutes (--minutes) at ${100 * share} % of the measured capacity: errors and memory`,
  async run(options) {
    const { minutes, log } = options
    const seconds = 60 * minutes
    const server = await startBankingServer(options)
    const { predictions: url, headers, bodies } = server
    const { requestsPerSecond: capacity } = await measureHttp({ url, headers, bodies, connections, seconds: 15 })
    log(`capacity ${capacity.toFixed(0)} requests/s; ${minutes} min at ${100 * share} %`)
    const resident: number[] = []
    const replies = await sendOpenLoop({
      ...{ url, headers, bodies, seconds, seed: 1, requestsPerSecond: share * capacity },
      onSecond(second) {
        resident.push(server.residentBytes())
        if (second % 60 === 0) log(`${second / 60} min: ${toMib(server.residentBytes())} MiB`)
      },
    })
    await server.stop()
    const failed = replies.filter(({ status }) => status !== 200)
    for (const { requestId, status } of failed.slice(0, 20)) log(`${requestId}: ${status === 0 ? 'no answer' : status}`)
    const latencies = replies.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b)
    const after = mean(resident.slice(60, 60 + windowSeconds))
    const end = mean(resident.slice(-windowSeconds))
    const largest = Math.max(...resident.slice(60))
    return {
      values: {
        capacity,
        requests: replies.length,
        requestsPerSecond: replies.length / seconds,
        latencyMsP50: latencies[Math.floor(0.5 * latencies.length)] ?? 0,
        latencyMsP99: latencies[Math.floor(0.99 * latencies.length)] ?? 0,
        residentMibAfterMinute: toMib(after),
        residentMibAtEnd: toMib(end),
        residentMibLargest: toMib(largest),
      },
      bars: [
        atMost('requests with an error', '', 0, failed.length),
        atMost('change of resident memory after the first minute', '%', 5, 100 * Math.abs(end / after - 1)),
      ],
    }
  },
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function toMib(bytes: number): number {
  return Math.round(bytes / 2 ** 20)
}
