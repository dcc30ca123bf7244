import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CapstanError, createId } from '../base/index.ts'
import type { ModelVersion, Money, Run } from '../contracts/index.ts'
import { codeVersion } from './code-version.ts'
import type { PlatformContext } from './create-platform.ts'
import { type FinetuneOptions, type FinetuneReport, runFinetune } from './finetune.ts'
import { measureUsage } from './measure-usage.ts'

export type TrainTaskRequest = Omit<FinetuneOptions, 'output' | 'cacheFolder'> & {
  task: string
  /** Make the new version live; by default only a task's first version is. */
  promote?: boolean
}

export type TrainTaskResult = { run: Run; model: ModelVersion; cost: Money; report: FinetuneReport }

/**
 * Trains a model for a task, records run and model version with their lineage, and books what the run used. A run that
 * fails is recorded and booked too.
 */
export async function trainTask(
  context: PlatformContext,
  { task, promote, ...request }: TrainTaskRequest,
): Promise<TrainTaskResult> {
  const { registry, ledger, config, store } = context
  await registry.ensureTask(task)
  const { data, test, base, settings } = request
  const run = await registry.startRun({
    task,
    kind: 'train',
    seed: settings?.seed ?? 1,
    settings: { data, test, base, ...settings },
  })
  const folder = join(store.folder, `training_${createId('model', context.clock.now())}`)
  const usage = measureUsage()
  try {
    const report = await runFinetune({ ...request, folder, cacheFolder: store.folder })
    const model = await registry.recordModelVersion({
      run: run.id,
      modelFolder: folder,
      datasetFingerprint: report.data.fingerprint,
      base: { name: report.base.name, sha256: report.base.sha256 },
      codeVersion,
      metrics: toMetrics(report),
      ...(promote === undefined ? {} : { promote }),
    })
    const status = report.training.endedBy === 'stop' ? 'stopped' : 'succeeded'
    const finished = await registry.finishRun(run.id, { status, usage: usage() })
    const { cost } = await ledger.postRunCost({ run: finished, rate: config.rates.cpuHour })
    return { run: finished, model, cost, report }
  } catch (error) {
    const code = error instanceof CapstanError ? error.code : 'internal'
    const message = error instanceof Error ? error.message : String(error)
    const failed = await registry.finishRun(run.id, { status: 'failed', usage: usage(), error: { code, message } })
    await ledger.postRunCost({ run: failed, rate: config.rates.cpuHour })
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What the list of models shows of a report; the classes stay in the run's output. */
function toMetrics({ test, training, data }: FinetuneReport): Record<string, unknown> {
  const { accuracy, accuracyInterval, macroF1, loss, count } = test
  return {
    test: { accuracy, accuracyInterval, macroF1, loss, count },
    validation: { accuracy: training.validation.accuracy, count: training.validation.count },
    settings: training.settings,
    bestEpoch: training.bestEpoch,
    examples: { train: data.train.length, validation: data.validation.length, test: data.test.length },
  }
}
