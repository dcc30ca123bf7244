import { type PackedError, startWorker, unpackError } from '../base/index.ts'
import type { ProbedEstimate } from './estimate-training.ts'
import type { TrainEvent } from './train-event.ts'
import type { TrainResult } from './train-model.ts'
import type { TrainRequest } from './training-run.ts'

export type WorkerInput = {
  request: TrainRequest
  purpose: 'train' | 'estimate'
  stopFlag: SharedArrayBuffer
  niceness?: number | undefined
}

export type WorkerMessage<Result = TrainResult | ProbedEstimate> =
  | { type: 'event'; event: TrainEvent }
  | { type: 'result'; result: Result }
  | { type: 'error'; error: PackedError }

export type TrainingJob = {
  /** Rejects with what `trainModel` throws. */
  readonly result: Promise<TrainResult>
  /** Ends the run after the present step; `result` then holds the best model so far. */
  stop(): void
}

type OnEvent = (event: TrainEvent) => void

/** Runs `trainModel` in a worker thread, so that this thread stays responsive; `niceness`: see lowerThreadPriority. */
export function startTraining(
  request: TrainRequest,
  onEvent?: OnEvent,
  { niceness }: Pick<WorkerInput, 'niceness'> = {},
): TrainingJob {
  const stopFlag = new SharedArrayBuffer(4)
  const result = runWorker<TrainResult>({ request, purpose: 'train', stopFlag, niceness }, onEvent)
  return { result, stop: () => Atomics.store(new Int32Array(stopFlag), 0, 1) }
}

/** Runs `estimateTraining` in a worker thread, as the run would. */
export function startEstimate(request: TrainRequest, onEvent?: OnEvent): Promise<ProbedEstimate> {
  return runWorker({ request, purpose: 'estimate', stopFlag: new SharedArrayBuffer(4) }, onEvent)
}

function runWorker<Result>(input: WorkerInput, onEvent: OnEvent = () => {}): Promise<Result> {
  const worker = startWorker('./training-worker', import.meta.url, input)
  return new Promise((resolve, reject) => {
    worker.on('message', (message: WorkerMessage<Result>) => {
      if (message.type === 'event') onEvent(message.event)
      else if (message.type === 'result') resolve(message.result)
      else reject(unpackError(message.error))
    })
    worker.on('error', reject)
    worker.on('exit', (code) =>
      reject(new Error(`internal: the training worker ended with code ${code} and no result`)),
    )
  })
}
