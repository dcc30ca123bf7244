/** A process that trains what stdin asks for and writes the number of each finished step on a line of its own. */
import { writeSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { type TrainRequest, trainModel } from '../../src/training/index.ts'

await trainModel(JSON.parse(await text(process.stdin)) as TrainRequest, {
  // Written at once: a pipe's buffer would still be full of steps when the signal arrives.
  onEvent: (event) => event.type === 'step-end' && writeSync(1, `${event.step}\n`),
})
