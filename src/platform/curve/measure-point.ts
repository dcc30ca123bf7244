import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { present } from '../../base/index.ts'
import type { Device, Money, TaskKind } from '../../contracts/index.ts'
import type { Example } from '../../data/index.ts'
import { type BaseModel, type LearningPoint, referToBase } from '../../registry/index.ts'
import type { TrainEvent, TrainingSettings } from '../../training/index.ts'
import type { PlatformContext } from '../create-platform.ts'
import { evaluateModel } from '../evaluate-model.ts'
import { failRun } from '../fail-run.ts'
import { trainToEnd } from '../flywheel/cross-fit.ts'
import { measureUsage } from '../measure-usage.ts'

export type PointRequest = Pick<LearningPoint, 'task' | 'recipe' | 'seed'> & {
  base: BaseModel
  kind: TaskKind
  train: Example[]
  test: readonly Example[]
  settings: Partial<TrainingSettings>
  device: Device
  onEvent: (event: TrainEvent) => void
  signal: AbortSignal | undefined
}

/** Trains a model to be tested and thrown away; run, cost and score are kept. */
export async function measurePoint(
  context: PlatformContext,
  { task, recipe, seed, base, kind, train, test, settings, device, onEvent, signal }: PointRequest,
): Promise<{ point: LearningPoint; cost: Money }> {
  const { registry, ledger, config, store } = context
  const usage = measureUsage()
  const described = { curve: recipe, examples: train.length, base: base.name, device, ...settings }
  const run = await registry.startRun({ task, kind: 'evaluate', seed, settings: described })
  const folder = join(store.folder, 'curve', run.id)
  let parameters = 0
  try {
    await trainToEnd(
      {
        baseFolder: base.folder,
        base: referToBase(base),
        kind,
        session: { device },
        settings: { ...settings, seed },
        train,
        validation: [],
        outputFolder: folder,
      },
      {
        signal,
        onEvent(event) {
          if (event.type === 'train-start') parameters = event.parameterCount
          onEvent(event)
        },
      },
    )
    const { primary, count } = await evaluateModel({ folder, baseFolder: base.folder }, test, device)
    const used = usage()
    const point: LearningPoint = {
      run: run.id,
      task,
      recipe,
      base: base.name,
      labels: train.length,
      seed,
      score: primary,
      testExamples: count,
      parameters: present(parameters || undefined, 'the number of weights'),
      cpuSeconds: used.cpuSeconds,
    }
    await registry.recordLearningPoint(point)
    const finished = await registry.finishRun(run.id, { status: 'succeeded', usage: used })
    const { cost } = await ledger.postRunCost({ run: finished, rate: config.rates.cpuHour })
    return { point, cost }
  } catch (error) {
    await failRun(context, { run, usage: usage(), error })
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
