import { type PackedError, startWorker, unpackError } from '../base/index.ts'
import type { TrainEvent, TrainResult } from './train-model.ts'
import type { TrainRequest } from './training-run.ts'

export type WorkerInput = { request: TrainRequest; stopFlag: SharedArrayBuffer }

export type WorkerMessage =
  | { type: 'event'; event: TrainEvent }
  | { type: 'result'; result: TrainResult }
  | { type: 'error'; error: PackedError }

export type TrainingJob = {
  /** Rejects with what `trainModel` throws. */
  readonly result: Promise<TrainResult>
  /** Ends the run after the present step; `result` then holds the best model so far. */
  stop(): void
}

/** Runs `trainModel` in a worker thread, so that this thread stays responsive. */
export function startTraining(request: TrainRequest, onEvent: (event: TrainEvent) => void = () => {}): TrainingJob {
  const stopFlag = new SharedArrayBuffer(4)
  const input: WorkerInput = { request, stopFlag }
  const worker = startWorker('./training-worker', import.meta.url, input)
  const result = new Promise<TrainResult>((resolve, reject) => {
    worker.on('message', (message: WorkerMessage) => {
      if (message.type === 'event') onEvent(message.event)
      else if (message.type === 'result') resolve(message.result)
      else reject(unpackError(message.error))
    })
    worker.on('error', reject)
    worker.on('exit', (code) =>
      reject(new Error(`internal: the training worker ended with code ${code} and no result`)),
    )
  })
  return { result, stop: () => Atomics.store(new Int32Array(stopFlag), 0, 1) }
}
