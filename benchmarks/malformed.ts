/** Requests that are wrong somewhere, sent as bytes: none may end the server, get a 5xx or anything but problem details. */
import { createMalformedRequests, findFault, type OpenApiDocument, sendRaw } from '../test/server/malformed-requests.ts'
import { startBankingServer } from './banking-server.ts'
import { atLeast, atMost, type Benchmark } from './benchmark.ts'

const requests = 5000
const connections = 16
const seed = 20_261_123

export const benchmark: Benchmark = {
  name: 'malformed',
  description: `${requests.toLocaleString('en')} malformed requests, generated from the OpenAPI document`,
  async run(options) {
    const server = await startBankingServer(options)
    const { url, headers, token, bodies, predictions } = server
    const document = (await (await fetch(`${url}/openapi.json`, { headers })).json()) as OpenApiDocument
    const create = createMalformedRequests(document, { seed, task: 'banking', token })
    const statuses = new Map<string, number>()
    let failures = 0
    let next = 0
    const client = async () => {
      for (let index = next++; index < requests; index = next++) {
        const request = create(index)
        const reply = await sendRaw(url, request.bytes)
        const status = `status ${reply?.status ?? 'none'}`
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        const fault = findFault(request, reply)
        if (fault === null) continue
        failures++
        options.log(`request ${index} (${request.faults.join(', ')}): ${fault}`)
      }
    }
    await Promise.all(Array.from({ length: connections }, client))
    const after = await fetch(predictions, { method: 'POST', headers, body: JSON.stringify(bodies[0]) })
    await server.stop()
    return {
      values: { requests, ...Object.fromEntries([...statuses].sort()) },
      bars: [
        atMost('replies that are a 5xx, no problem details, or missing', '', 0, failures),
        atLeast('valid requests answered afterwards', '', 1, after.status === 200 ? 1 : 0),
      ],
    }
  },
}
