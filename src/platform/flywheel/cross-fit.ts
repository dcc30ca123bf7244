/**
 * Cross-fitting: each example is scored by a model that did not learn from it, so that all of them both train the final model
 * and calibrate its gate.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { present } from '../../base/index.ts'
import type { Device, Prediction } from '../../contracts/index.ts'
import type { Example } from '../../data/index.ts'
import { startInference } from '../../serving/index.ts'
import { startTraining, type TrainEvent, type TrainRequest } from '../../training/index.ts'

/** Requests go before the training of the model that will answer later ones: a ninth of their weight. */
export const besideServing = 10

export type CrossFitOptions = {
  /** Examples with the key by which each gets its fold: the same question always has the same. */
  examples: readonly { example: Example; key: string }[]
  folds: number
  /** What training asks for, but examples and place. */
  request: Omit<TrainRequest, 'train' | 'validation' | 'outputFolder'>
  /** Where the models of the folds are for as long as they are needed. */
  folder: string
  device: Device
  signal?: AbortSignal | undefined
  onEvent?: ((event: { type: 'fold-start'; fold: number; folds: number } | TrainEvent) => void) | undefined
}

/** One prediction per example, in their order, each by the model of its fold. */
export async function crossFit(options: CrossFitOptions): Promise<Prediction[]> {
  const { examples, folds, onEvent = () => {} } = options
  const predictions: Prediction[] = []
  for (let fold = 0; fold < folds; fold++) {
    const isHeldOut = (key: string) => foldOf(key, folds) === fold
    const heldOut = [...examples.entries()].filter(([, { key }]) => isHeldOut(key))
    if (heldOut.length === 0) continue
    onEvent({ type: 'fold-start', fold, folds })
    const train = examples.filter(({ key }) => !isHeldOut(key)).map(({ example }) => example)
    const answers = await scoreHeldOut(
      options,
      fold,
      train,
      heldOut.map(([, { example }]) => example),
    )
    heldOut.forEach(([index], i) => {
      predictions[index] = present(answers[i], 'prediction')
    })
  }
  return predictions
}

/** `key` is a checksum in hex, so that folds are of like size and an example stays in its own. */
function foldOf(key: string, folds: number): number {
  return Number.parseInt(key.slice(0, 8), 16) % folds
}

async function scoreHeldOut(
  { request, folder, device, signal, onEvent }: CrossFitOptions,
  fold: number,
  train: Example[],
  heldOut: readonly Example[],
): Promise<Prediction[]> {
  const outputFolder = join(folder, `fold-${fold}`)
  await trainToEnd({ ...request, train, validation: [], outputFolder }, { signal, onEvent, niceness: besideServing })
  const options = { device, baseFolder: request.baseFolder, queueRowsMax: heldOut.length }
  // In a thread: this one answers requests.
  const predictor = await startInference(outputFolder, options)
  try {
    return await predictor.predict(
      heldOut.map(({ text, textPair }) => (textPair === undefined ? text : { text, text_pair: textPair })),
    )
  } finally {
    await predictor.close()
    await rm(outputFolder, { recursive: true })
  }
}

/** Trains in a thread; an aborted run is thrown away, with the signal's reason. */
export async function trainToEnd(
  request: TrainRequest,
  {
    signal,
    onEvent,
    niceness,
  }: {
    signal?: AbortSignal | undefined
    onEvent?: ((event: TrainEvent) => void) | undefined
    niceness?: number
  },
) {
  signal?.throwIfAborted()
  const job = startTraining(request, onEvent, { niceness })
  signal?.addEventListener('abort', job.stop)
  const result = await job.result.finally(() => signal?.removeEventListener('abort', job.stop))
  signal?.throwIfAborted()
  return result
}
