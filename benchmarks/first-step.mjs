/**
 * A process of its own, on the build: imports capstan/training, trains on the examples of stdin until the first step has
 * ended, and prints milliseconds: when the import and each part had ended, and what the process computed until then.
 */
import { text } from 'node:stream/consumers'

const request = JSON.parse(await text(process.stdin))
const started = performance.now()
const { trainModel } = await import('capstan/training')
const ended = { imported: performance.now() - started }
await trainModel(request, {
  onEvent({ type }) {
    ended[type] ??= performance.now() - started
  },
  // Asked before each step, the first one too.
  shouldStop: () => 'step-end' in ended,
})
const { user, system } = process.cpuUsage()
console.log(JSON.stringify({ ...ended, cpu: (user + system) / 1000 }))
