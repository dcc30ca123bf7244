/**
 * A process of its own, on the build: imports capstan/training, trains on the examples of stdin until the first step has
 * ended, and prints milliseconds: how long the import took, and then when each part had ended.
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
console.log(JSON.stringify(ended))
