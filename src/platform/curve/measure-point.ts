import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Device, Money, TaskKind } from '../../contracts/index.ts'
import type { Example } from '../../data/index.ts'
import { type BaseModel, type LearningPoint, referToBase } from '../../registry/index.ts'
import type { EvaluationReport, TrainEvent, TrainingSettings } from '../../training/index.ts'
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
  const usage = measureUsage({ device, energy: context.energy })
  const described = { curve: recipe, examples: train.length, base: base.name, device, ...settings }
  const run = await registry.startRun({ task, kind: 'evaluate', seed, settings: described })
  const folder = join(store.folder, 'curve', run.id)
  let parameters = 0
  const follow = (event: TrainEvent) => {
    if (event.type === 'train-start') parameters = event.parameterCount
    onEvent(event)
  }
  const request = { baseFolder: base.folder, base: referToBase(base), kind, session: { device }, train, validation: [] }
  let report: EvaluationReport
  try {
    await trainToEnd({ ...request, settings: { ...settings, seed }, outputFolder: folder }, { signal, onEvent: follow })
    report = await evaluateModel({ folder, baseFolder: base.folder }, test, device)
  } catch (error) {
    await failRun(context, { run, usage: usage(), error })
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  const finished = await registry.finishRun(run.id, { status: 'succeeded', usage: usage() })
  const { cost } = await ledger.postRunCost({ run: finished, rates: config.rates })
  const { primary: score, count: testExamples } = report
  const point = {
    run: run.id,
    task,
    recipe,
    base: base.name,
    labels: train.length,
    seed,
    score,
    testExamples,
    parameters,
  }
  // Last: a process that dies before has spent what is booked, and the point is measured again.
  await registry.recordLearningPoint(point)
  return { point, cost }
}
