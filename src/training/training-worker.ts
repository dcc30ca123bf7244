/** The worker thread's side of `startTraining` and `startEstimate`. */
import { parentPort, workerData } from 'node:worker_threads'
import { lowerThreadPriority, packError, present } from '../base/index.ts'
import { estimateTraining } from './estimate-training.ts'
import type { WorkerInput, WorkerMessage } from './start-training.ts'
import { trainModel } from './train-model.ts'

const { request, purpose, stopFlag, niceness } = workerData as WorkerInput
if (niceness !== undefined) lowerThreadPriority(niceness)
const port = present(parentPort, 'parent of the training worker')
const send = (message: WorkerMessage) => port.postMessage(message)
const flag = new Int32Array(stopFlag)

try {
  const run = purpose === 'estimate' ? estimateTraining : trainModel
  const result = await run(request, {
    onEvent: (event) => send({ type: 'event', event }),
    // Messages would wait until the loop yields; shared memory does not.
    shouldStop: () => Atomics.load(flag, 0) === 1,
  })
  send({ type: 'result', result })
} catch (error) {
  send({ type: 'error', error: packError(error) })
}
