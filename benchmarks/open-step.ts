/** A training step of fixed size on the base model, ready to be run again and again. */
import { createRandom } from '../src/base/index.ts'
import type { Graph } from '../src/onnx/index.ts'
import { resolveBaseModel } from '../src/registry/index.ts'
import type { SessionOptions } from '../src/runtime/index.ts'
import { openRunSteps, openTrainingRun, type StepShape, type TrainingSettings } from '../src/training/index.ts'

/** Of most benchmarks. */
export const shape: StepShape = { rows: 32, length: 64 }
const labelCount = 77
const warmUps = 3

export async function openStep(
  base: string | undefined,
  { precision = 'fp32', ...settings }: Partial<TrainingSettings> = {},
  { stepShape = shape, session = {} }: { stepShape?: StepShape; session?: SessionOptions } = {},
): Promise<{ step: () => Promise<unknown>; graph: Graph; release: () => Promise<void> }> {
  const { folder } = await resolveBaseModel(base, { cacheFolder: '.capstan' })
  const labels = Array.from({ length: labelCount }, (_, i) => ({
    line: i + 1,
    text: 'text',
    answer: { kind: 'class' as const, label: `label ${i}` },
  }))
  const run = await openTrainingRun({
    baseFolder: folder,
    outputFolder: '',
    train: labels,
    validation: [],
    settings,
    session,
  })
  const runners = await openRunSteps(run, [stepShape], precision === 'auto' ? 'fp32' : precision)
  const batch = { shape: stepShape, ...randomBatch(stepShape) }
  let count = 0
  const step = () => runners.update([batch], { factor: 0.1, step: ++count })
  for (let i = 0; i < warmUps; i++) await step()
  return {
    step,
    graph: runners.graph(stepShape),
    async release() {
      await runners.release()
      await run.inference.release()
    },
  }
}

/** Distinct tokens in number as in real text: 2,048 tokens of Banking77 hold about 400. */
function randomBatch(shape: StepShape) {
  const random = createRandom(1, 'batch')
  const texts = Array.from({ length: shape.rows }, () => ({
    ids: Int32Array.from({ length: shape.length }, () => 2000 + random.integer(450)),
  }))
  const targets = new Float32Array(shape.rows * labelCount)
  for (let row = 0; row < shape.rows; row++) targets[row * labelCount + row] = 1 / shape.rows
  return { texts, targets: { targets }, exampleCount: shape.rows }
}
