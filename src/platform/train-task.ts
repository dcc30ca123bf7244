import { localActor } from '../access/index.ts'
import { InvalidInputError } from '../base/index.ts'
import { type ModelVersion, type Money, type Run, type TaskKind, taskNameSchema } from '../contracts/index.ts'
import { countLabels } from '../data/index.ts'
import { requireDevice } from '../runtime/index.ts'
import { codeVersion } from './code-version.ts'
import type { PlatformContext } from './create-platform.ts'
import { failRun } from './fail-run.ts'
import { type FinetuneEvent, type FinetuneOptions, type FinetuneReport, trainPrepared } from './finetune.ts'
import { measureUsage } from './measure-usage.ts'
import { writeModelCard } from './model-card.ts'
import { defaultSeed, type PreparedData, prepareData } from './prepare-data.ts'
import { createRunRecorder } from './record-run.ts'
import { withoutTables } from './run-metrics.ts'
import { listTrainingFolders, openTrainingFolder, type StoredRequest } from './training-folder.ts'

export type TrainTaskRequest = Omit<FinetuneOptions<TaskKind>, 'output' | 'cacheFolder'> & {
  task: string
  /** Make the new version live; by default only a task's first version is. */
  promote?: boolean
  /** Seconds between checkpoints, apart from those at the end of each epoch; 120 where left out. */
  checkpointSeconds?: number
  /** The queue's job that the run does. */
  job?: string
}

export type ResumeRequest = Pick<TrainTaskRequest, 'onEvent' | 'signal'> & {
  /** The run to go on with; the latest that was interrupted where left out. */
  run?: string | undefined
}

export type TrainTaskResult = { run: Run; model: ModelVersion; cost: Money; report: FinetuneReport }

/**
 * Trains a model for a task, records run and model version with their lineage, and books what the run used. A run that
 * fails is recorded and booked too; one whose process is killed can go on: `resumeTask`.
 */
export async function trainTask(
  context: PlatformContext,
  { onEvent, signal, ...request }: TrainTaskRequest,
): Promise<TrainTaskResult> {
  const { registry, store } = context
  const { task, settings, device = 'cpu' } = request
  refuseBadName(task)
  await requireDevice(device)
  const seed = settings?.seed ?? defaultSeed
  // Data that cannot be used is no run: nothing is recorded of it.
  const data = await prepareData({ ...request, seed })
  await registry.ensureTask(task)
  const run = await registry.startRun({ task, kind: 'train', seed, settings: describeRequest(request) })
  await openTrainingFolder(store.folder, run.id).write({ request, datasetFingerprint: data.fingerprint })
  return carryOut(context, { run, request, data, hooks: { onEvent, signal } })
}

/**
 * Goes on with a run whose process was killed, from its last checkpoint: the weights come out as if it had never been.
 * Throws InvalidInputError `platform.cannot-resume`, `platform.data-changed`.
 */
export async function resumeTask(
  context: PlatformContext,
  { run: wanted, onEvent, signal }: ResumeRequest,
): Promise<TrainTaskResult> {
  const { registry, store } = context
  const id = wanted ?? (await latestInterrupted(context))
  const interrupted = await registry.findRun(id)
  const { request, datasetFingerprint } = await openTrainingFolder(store.folder, id).read()
  const data = await prepareData({ ...request, seed: interrupted.seed })
  if (data.fingerprint !== datasetFingerprint) {
    throw new InvalidInputError('platform.data-changed', `${request.data} is not what run ${id} began with`, {
      hint: `Bring the file back as it was, or train anew: capstan train ${request.data} --task ${request.task}`,
    })
  }
  const run = await registry.resumeRun(id)
  return carryOut(context, { run, request, data, hooks: { onEvent, signal } })
}

type Work = {
  run: Run
  request: StoredRequest
  data: PreparedData
  hooks: {
    onEvent: ((event: FinetuneEvent) => void) | undefined
    signal: AbortSignal | undefined
  }
}

async function carryOut(context: PlatformContext, { run, request, data, hooks }: Work): Promise<TrainTaskResult> {
  const { registry, ledger, access, config, store, clock, tasks } = context
  const { task, promote, device = 'cpu', checkpointSeconds: everySeconds } = request
  const usage = measureUsage({ device, energy: context.energy, earlier: run.usage })
  const { rates } = config
  const folder = openTrainingFolder(store.folder, run.id)
  const recorder = createRunRecorder({ registry, run: run.id, usage, rates, device, choices: data.choices })
  let labelledTexts = 0
  const onEvent = (event: FinetuneEvent) => {
    if (event.type === 'texts-labelled') labelledTexts = event.kept
    hooks.onEvent?.(event)
    recorder.follow(event)
  }
  try {
    const report = await trainPrepared({
      ...request,
      data,
      folder: folder.model,
      checkpoint: { folder: folder.checkpoint, ...(everySeconds === undefined ? {} : { everySeconds }) },
      cacheFolder: store.folder,
      run: run.id,
      clock,
      onEvent,
      ...(hooks.signal ? { signal: hooks.signal } : {}),
    }).finally(recorder.end)
    await writeModelCard(folder.model, {
      task,
      kind: data.kind,
      description: tasks.of(task)?.description,
      labels: [...countLabels(data.train).keys()].sort(),
      base: report.base,
      run: run.id,
      codeVersion,
      date: clock.now(),
      dataset: {
        fingerprint: report.data.fingerprint,
        examples: data.train.length + labelledTexts,
        sources: {
          [request.data]: data.train.length,
          ...(labelledTexts > 0 && { [`${request.unlabelled}, labelled by a first model`]: labelledTexts }),
        },
      },
      metrics: Object.entries(withoutTables(report.test)).map(([name, value]) => [
        `${name} on ${data.test.length} held-out examples`,
        String(value),
      ]),
      settings: report.training.settings,
    })
    const model = await registry.recordModelVersion({
      run: run.id,
      modelFolder: folder.model,
      datasetFingerprint: report.data.fingerprint,
      base: { name: report.base.name, sha256: report.base.sha256 },
      codeVersion,
      metrics: toMetrics(report),
      ...(promote === undefined ? {} : { promote }),
    })
    if (model.stage === 'live') {
      const subject = { task, version: model.version, model: model.id }
      await access.recordAct({ actor: localActor, act: 'version-promoted', subject })
    }
    const status = report.training.endedBy === 'stop' ? 'stopped' : 'succeeded'
    const finished = await registry.finishRun(run.id, { status, usage: usage() })
    const { cost } = await ledger.postRunCost({ run: finished, rates, model: model.id })
    await removeInterrupted(context, task)
    return { run: finished, model, cost, report }
  } catch (error) {
    await failRun(context, { run, usage: usage(), error })
    throw error
  } finally {
    await folder.remove()
  }
}

async function latestInterrupted({ registry, store }: PlatformContext): Promise<string> {
  const folders = await listTrainingFolders(store.folder)
  const run = (await registry.listRuns()).find(({ id, status }) => folders.includes(id) && status === 'failed')
  if (run) return run.id
  throw new InvalidInputError('platform.cannot-resume', 'No run was interrupted', {
    hint: 'Train anew: capstan train <data> --task <task>',
  })
}

/** What interrupted runs of the task left behind: a newer model has taken their place. */
async function removeInterrupted({ registry, store }: PlatformContext, task: string): Promise<void> {
  const ended = (await registry.listRuns({ task })).filter(({ status }) => status === 'failed').map(({ id }) => id)
  const left = (await listTrainingFolders(store.folder)).filter((id) => ended.includes(id))
  for (const id of left) {
    // Another process may be resuming it.
    const hold = await registry.tryHoldRun(id)
    if (hold) await openTrainingFolder(store.folder, id).remove()
    await hold?.release()
  }
}

function describeRequest({
  data,
  test,
  unlabelled,
  base,
  device = 'cpu',
  settings,
}: StoredRequest): Record<string, unknown> {
  return { data, test, unlabelled, base, device, ...settings }
}

/** Throws InvalidInputError `platform.bad-task-name`. */
export function refuseBadName(task: string): void {
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
  return {
    test: withoutTables(test),
    validation: withoutTables(training.validation.report),
    settings: training.settings,
    bestEpoch: training.bestEpoch,
    examples: { train: data.train.length, validation: data.validation.length, test: data.test.length },
  }
}
