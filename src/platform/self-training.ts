/**
 * Self-training: a model that learnt from the labelled examples labels other texts, and those that it is sure of become
 * examples of the model that is kept (pseudo-labels, Lee 2013; measured: docs/recipe.md).
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Device, predictionsOf } from '../contracts/index.ts'
import type { Example, UnlabelledText } from '../data/index.ts'
import { startInference } from '../serving/index.ts'
import { writeWhole } from '../storage/index.ts'
import type { TrainEvent, TrainRequest, TrainResult } from '../training/index.ts'

/** Of a label's probability. Banking77 with ten labels a class: nine of ten texts have it, and nine of ten of those labels are right. */
const confidenceMin = 0.7

export type SelfTrainingEvent =
  | { type: 'labeller-start'; examples: number; texts: number }
  | { type: 'labeller-step'; event: Extract<TrainEvent, { type: 'step-end' }> }
  | { type: 'texts-labelled'; texts: number; kept: number; confidenceMin: number }

export type SelfTrainingOptions = {
  device: Device
  /** Trains in a thread, to the end or until the run is stopped. */
  train(request: TrainRequest, onEvent: (event: TrainEvent) => void): Promise<TrainResult>
  onEvent(event: SelfTrainingEvent | TrainEvent): void
}

/** Trains twice; the second model is the one that stays. A run that is stopped before keeps the first. */
export async function selfTrain(
  request: TrainRequest,
  texts: readonly UnlabelledText[],
  options: SelfTrainingOptions,
): Promise<TrainResult> {
  const { train, onEvent } = options
  const file = request.checkpoint && join(request.checkpoint.folder, 'labelled-texts.json')
  let labelled = file && existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Example[]) : null
  if (labelled === null) {
    onEvent({ type: 'labeller-start', examples: request.train.length, texts: texts.length })
    const first = await train(labellerRequest(request), (event) => {
      if (event.type === 'step-end') onEvent({ type: 'labeller-step', event })
      else if (event.type === 'checkpoint') onEvent(event)
    })
    if (first.endedBy === 'stop') return first
    labelled = await labelTexts(request, texts, options.device)
    // With them the run goes on after its process was killed.
    if (file) await writeWhole(file, [Buffer.from(JSON.stringify(labelled))])
  }
  onEvent({ type: 'texts-labelled', texts: texts.length, kept: labelled.length, confidenceMin })
  return train({ ...request, train: [...request.train, ...labelled] }, onEvent)
}

/** Its checkpoints are none of the second training's. */
function labellerRequest(request: TrainRequest): TrainRequest {
  const { checkpoint } = request
  if (!checkpoint) return request
  return { ...request, checkpoint: { ...checkpoint, folder: join(checkpoint.folder, 'labeller') } }
}

async function labelTexts(
  { outputFolder, baseFolder }: TrainRequest,
  texts: readonly UnlabelledText[],
  device: Device,
): Promise<Example[]> {
  const model = await startInference(outputFolder, { baseFolder, device, queueRowsMax: texts.length })
  try {
    const predictions = predictionsOf(await model.predict(texts.map(({ text }) => text)), 'classify')
    return texts.flatMap(({ text }, i): Example[] => {
      const [best] = predictions[i]?.scores ?? []
      if (!best || best.score < confidenceMin) return []
      // Line 0, as no file holds the label.
      return [{ line: 0, text, answer: { kind: 'class', label: best.label } }]
    })
  } finally {
    await model.close()
  }
}
