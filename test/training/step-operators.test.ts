/** The operators that real training steps hold are those of which the page of devices tells. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { stepOperators } from '../../scripts/step-kernels.ts'
import type { TaskKind } from '../../src/contracts/index.ts'
import type { Example } from '../../src/data/index.ts'
import { operatorOf } from '../../src/onnx/index.ts'
import { openRunSteps, openTrainingRun, type TrainingSettings } from '../../src/training/index.ts'
import { writeTinyEncoder } from '../fixtures/tiny-encoder.ts'

const bundled = join(import.meta.dirname, '../../models/all-MiniLM-L6-v2')
/** Products narrower than 64 stay in floats. */
const shape = { rows: 8, length: 16 }

const answers: Record<TaskKind, (i: number) => Example['answer']> = {
  classify: (i) => ({ kind: 'class', label: `label ${i % 2}` }),
  multilabel: (i) => ({ kind: 'classes', labels: [`label ${i % 2}`] }),
  regress: (i) => ({ kind: 'value', value: i }),
  ordinal: (i) => ({ kind: 'value', value: i }),
  tag: () => ({ kind: 'spans', spans: [{ start: 0, end: 2, label: 'owner' }] }),
  embed: () => ({ kind: 'match', positive: 'where is my card' }),
}
const variants: Partial<TrainingSettings>[] = [
  { method: 'head' },
  { method: 'lora' },
  { method: 'bias' },
  { optimizer: 'sgd' },
  { optimizer: 'lion' },
  { optimizer: 'adafactor' },
  { precision: 'int8' },
  { precision: 'int8-all' },
  { accumulate: 2 },
  { head: 'linear', pooling: 'cls' },
]

async function operatorsOf(baseFolder: string, kind: TaskKind, settings: Partial<TrainingSettings>): Promise<string[]> {
  const train = [0, 1, 2, 3].map((i) => ({ line: i + 1, text: 'my card has not arrived', answer: answers[kind](i) }))
  const run = await openTrainingRun({ baseFolder, outputFolder: '', kind, train, validation: [], settings })
  const { precision = 'fp32' } = settings
  const runners = await openRunSteps(run, [shape], precision === 'auto' ? 'fp32' : precision)
  const operators = runners.graph(shape).nodes.map(operatorOf)
  await runners.release()
  await run.inference.release()
  return operators
}

it('are all in the table of kernels, and no others', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'capstan-operators-'))
  const tiny = await writeTinyEncoder(folder, { hidden: 64 })
  const found = new Set(await operatorsOf(bundled, 'classify', {}))
  for (const kind of Object.keys(answers) as TaskKind[])
    for (const operator of await operatorsOf(tiny, kind, {})) found.add(operator)
  for (const settings of variants)
    for (const operator of await operatorsOf(tiny, 'classify', settings)) found.add(operator)
  await rm(folder, { recursive: true })
  expect([...found].sort()).toEqual(stepOperators)
})
