import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CapstanError, createId, InvalidInputError } from '../base/index.ts'
import { type ModelVersion, type Money, type Run, type TaskKind, taskNameSchema } from '../contracts/index.ts'
import { codeVersion } from './code-version.ts'
import type { PlatformContext } from './create-platform.ts'
import { type FinetuneOptions, type FinetuneReport, trainPrepared } from './finetune.ts'
import { measureUsage } from './measure-usage.ts'
import { defaultSeed, prepareData } from './prepare-data.ts'

export type TrainTaskRequest = Omit<FinetuneOptions<TaskKind>, 'output' | 'cacheFolder'> & {
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
  refuseBadName(task)
  const usage = measureUsage()
  const seed = request.settings?.seed ?? defaultSeed
  // Data that cannot be used is no run: nothing is recorded of it.
  const data = await prepareData({ ...request, seed })
  await registry.ensureTask(task)
  const run = await registry.startRun({ task, kind: 'train', seed, settings: describeRequest(request) })
  const folder = join(store.folder, `training_${createId('model', context.clock.now())}`)
  try {
    const report = await trainPrepared({ ...request, data, folder, cacheFolder: store.folder })
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

function describeRequest({ data, test, base, settings }: Omit<TrainTaskRequest, 'task'>): Record<string, unknown> {
  return { data, test, base, ...settings }
}

function refuseBadName(task: string): void {
  const result = taskNameSchema.safeParse(task)
  if (result.success) return
  throw new InvalidInputError(
    'platform.bad-task-name',
    `A task cannot be named "${task}": it ${result.error.issues[0]?.message}`,
    {
      hint: 'The name stands in addresses and folders: for example support or news-topics.',
    },
  )
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
