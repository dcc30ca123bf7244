import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export type TeacherMood = 'right' | 'wrong' | 'nonsense' | 'error' | 'silent'

/** A teacher behind HTTP that knows the answers, and may be in a bad mood. */
export async function startLiveTeacher(answers: ReadonlyMap<string, string>) {
  const state = { mood: 'right' as TeacherMood, calls: 0 }
  const labels = [...new Set(answers.values())]
  const server = createServer(async (request, response) => {
    const { text: asked } = JSON.parse(await text(request)) as { text: string }
    state.calls++
    if (state.mood === 'silent') return
    const right = answers.get(asked) ?? (labels[0] as string)
    const wrong = labels[(labels.indexOf(right) + 1) % labels.length]
    const label = { right, wrong, nonsense: 'no such label', error: right }[state.mood]
    response.writeHead(state.mood === 'error' ? 500 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ label }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
