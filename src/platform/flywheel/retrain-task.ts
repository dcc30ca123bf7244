/** A candidate from what a task has learnt so far: cross-fitted, calibrated, compared with the live version, promoted or not. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidInputError, present } from '../../base/index.ts'
import type { Device, ModelVersion, Money, TaskConfig, TaskKind } from '../../contracts/index.ts'
import { type Example, fingerprintExamples, labelsOf } from '../../data/index.ts'
import {
  compareModels,
  type ExampleRecord,
  insertGate,
  type ModelComparison,
  raiseAlert,
  readTaskState,
  selectCalibrationScores,
  selectExamples,
  textKeyOf,
  updateTaskState,
} from '../../flywheel/index.ts'
import { referToBase, resolveBaseModel } from '../../registry/index.ts'
import type { TrainEvent, TrainingSettings, TrainRequest } from '../../training/index.ts'
import { codeVersion } from '../code-version.ts'
import type { PlatformContext } from '../create-platform.ts'
import { failRun } from '../fail-run.ts'
import { hubAccess } from '../hub-access.ts'
import { measureUsage } from '../measure-usage.ts'
import { writeModelCard } from '../model-card.ts'
import { defaultSeed } from '../prepare-data.ts'
import { promoteVersion } from '../promote-version.ts'
import { createRunRecorder } from '../record-run.ts'
import { type Calibration, calibrateGate } from './calibrate-gate.ts'
import { besideServing, crossFit, trainToEnd } from './cross-fit.ts'

/** Why a task is trained again. */
export type RetrainReason = 'asked' | 'examples' | 'gain' | 'gate-closed' | 'drift' | 'schedule'

export type RetrainEvent =
  | { type: 'examples-ready'; count: number; reason: RetrainReason }
  | { type: 'fold-start'; fold: number; folds: number }
  | { type: 'final-start' }
  | TrainEvent

export type RetrainOptions = {
  reason?: RetrainReason | undefined
  base?: string | undefined
  settings?: Partial<TrainingSettings> | undefined
  onEvent?: ((event: RetrainEvent) => void) | undefined
  signal?: AbortSignal | undefined
}

export type RetrainResult = {
  model: ModelVersion
  calibration: Pick<Calibration, 'temperature' | 'gate' | 'outOfScope' | 'accuracy' | 'n'>
  /** With the live version, on the same held-out examples; null where there was none. */
  comparison: ModelComparison | null
  outcome: 'promoted' | 'shadow' | 'refused'
  cost: Money
}

/** A candidate that is worse by more than this share of the examples shall not pass. */
const margin = 0.02

/** Who promotes, for the audit log, where nobody asked for it. */
export const automaticActor = 'capstan'

/** Needs that of each label, so that no fold is without it. */
const perLabelMin = 2

/**
 * Trains on all examples of a task, beside one model for each fold that scores what it has not seen. Books one run for all of
 * them. Throws InvalidInputError `flywheel.no-gate` for kinds without one, `flywheel.too-few-examples`.
 */
export async function retrainTask(
  context: PlatformContext,
  task: string,
  { reason = 'asked', base: spec, settings: given, onEvent = () => {}, signal }: RetrainOptions = {},
): Promise<RetrainResult> {
  const { store, registry, ledger, config, clock, device, tasks } = context
  const taskConfig = requireTaskConfig(tasks.of(task), task)
  const records = usableExamples(await selectExamples(store, task), taskConfig.kind as TaskKind, task)
  const examples = records.map(toExample)
  const fingerprint = fingerprintExamples(examples)
  onEvent({ type: 'examples-ready', count: records.length, reason })
  await registry.ensureTask(task)
  const dataset = await store.artifacts.putFile(new TextEncoder().encode(toSnapshot(records)))
  const { folds, epochs } = taskConfig.retraining
  const settings = { ...(epochs === undefined ? {} : { epochs }), ...given }
  const seed = settings.seed ?? defaultSeed
  const run = await registry.startRun({
    task,
    kind: 'train',
    seed,
    settings: { dataset: dataset.sha256, examples: records.length, reason, folds, device, ...settings },
  })
  const usage = measureUsage({ device, energy: context.energy })
  const { rates } = config
  const recorder = createRunRecorder({ registry, run: run.id, usage, rates, device, choices: [] })
  const folder = join(store.folder, 'training', run.id)
  try {
    const base = await resolveBaseModel(spec ?? taskConfig.base, { cacheFolder: store.folder, ...hubAccess() })
    const request: Omit<TrainRequest, 'train' | 'validation' | 'outputFolder'> = {
      baseFolder: base.folder,
      base: referToBase(base),
      kind: taskConfig.kind as TaskKind,
      session: { device: device as Device },
      settings: { ...settings, seed },
    }
    const predictions = await crossFit({
      examples: records.map((record, i) => ({
        example: present(examples[i], 'example'),
        key: textKeyOf(record.text, record.textPair),
      })),
      folds,
      request,
      folder,
      device,
      signal,
      onEvent,
    })
    onEvent({ type: 'final-start' })
    const modelFolder = join(folder, 'model')
    const follow = (event: TrainEvent) => {
      onEvent(event)
      recorder.follow(event)
    }
    const training = await trainToEnd(
      { ...request, train: examples, validation: [], outputFolder: modelFolder },
      { signal, onEvent: follow, niceness: besideServing },
    ).finally(recorder.end)
    const live = await registry.findLive(task)
    const { calibrateSince } = await readTaskState(store, task)
    const calibration = calibrateGate({
      examples: records,
      predictions,
      settings: taskConfig,
      since: calibrateSince,
    })
    const comparison = live && (await compareWithLive(context, live, calibration))
    await writeModelCard(modelFolder, {
      task,
      kind: taskConfig.kind as TaskKind,
      description: taskConfig.description,
      labels: calibration.labels,
      base,
      run: run.id,
      codeVersion,
      date: clock.now(),
      dataset: { fingerprint, examples: records.length, sources: countSources(records) },
      metrics: [
        [
          'accuracy on examples that the scoring model did not learn from',
          `${(100 * calibration.accuracy).toFixed(1)} % of ${calibration.n}`,
        ],
      ],
      gate: calibration.gate.reason,
      settings: training.settings,
    })
    const candidate = await registry.recordModelVersion({
      run: run.id,
      modelFolder,
      datasetFingerprint: fingerprint,
      base: { name: base.name, sha256: base.sha256 },
      codeVersion,
      metrics: toMetrics(calibration, comparison, records.length, reason),
      promote: false,
    })
    const { temperature, gate, outOfScope, labels } = calibration
    await insertGate(
      store,
      { model: candidate.id, task, temperature, gate, outOfScope, labels, createdAt: clock.now() },
      calibration.scores,
    )
    const outcome = await decide(context, taskConfig, { candidate, live, comparison })
    await updateTaskState(store, task, { trainedExamples: records.length, trainedAt: clock.now() })
    const finished = await registry.finishRun(run.id, { status: 'succeeded', usage: usage() })
    const { cost } = await ledger.postRunCost({ run: finished, rates, model: candidate.id })
    const model = await registry.findModelVersion(task, candidate.id)
    return { model, calibration, comparison, outcome, cost }
  } catch (error) {
    await failRun(context, { run, usage: usage(), error })
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Whether a candidate may take the live version's place, by what is known of both. */
export function mayReplace(comparison: ModelComparison | null): boolean {
  if (comparison === null || comparison.n === 0) return true
  const { verdict, difference } = comparison
  return verdict === 'better' || verdict === 'not-worse' || (verdict === 'unclear' && difference >= 0)
}

async function decide(
  context: PlatformContext,
  { retraining }: TaskConfig,
  {
    candidate,
    live,
    comparison,
  }: { candidate: ModelVersion; live: ModelVersion | null; comparison: ModelComparison | null },
): Promise<RetrainResult['outcome']> {
  const { registry, store, clock } = context
  const { task, version, id } = candidate
  if (!mayReplace(comparison)) {
    const { difference, interval, n } = present(comparison, 'comparison')
    const points = (share: number) => `${(100 * share).toFixed(1)}`
    await raiseAlert(store, {
      task,
      kind: 'candidate-refused',
      message: `Version ${version} stays a candidate: its accuracy differs from that of the live version by ${points(difference)} points (${points(interval[0])} to ${points(interval[1])}) on ${n} held-out examples`,
      details: { model: id },
      createdAt: clock.now(),
    })
    return 'refused'
  }
  if (live !== null && retraining.shadowRequests > 0) {
    await registry.makeShadow(id)
    return 'shadow'
  }
  await promoteVersion(context, { task, reference: id, actor: automaticActor })
  return 'promoted'
}

/** Both versions' out-of-fold answers on the representative examples that both have. */
async function compareWithLive(
  { store }: PlatformContext,
  live: ModelVersion,
  { scores }: Calibration,
): Promise<ModelComparison | null> {
  const known = new Map((await selectCalibrationScores(store, live.id)).map((score) => [score.example, score.agrees]))
  const both = scores.filter(({ example, representative }) => representative && known.has(example))
  if (both.length === 0) return null
  return compareModels(
    both.map(({ agrees }) => agrees),
    both.map(({ example }) => known.get(example) === true),
    { margin },
  )
}

/** Throws InvalidInputError `flywheel.no-gate` where the task has no kind with a gate. */
export function requireTaskConfig(settings: TaskConfig | undefined, task: string): TaskConfig {
  if (settings?.kind === 'classify' || settings?.kind === 'multilabel') return settings
  throw new InvalidInputError('flywheel.no-gate', `Task ${task} has no gate`, {
    hint: 'Give the task kind: classify or multilabel, and a teacher, in capstan.yaml: docs/flywheel.md.',
  })
}

/** What a task of that kind has learnt so far, as examples. Throws InvalidInputError `flywheel.too-few-examples`. */
export async function readTaskExamples({ store }: PlatformContext, task: string, kind: TaskKind): Promise<Example[]> {
  return usableExamples(await selectExamples(store, task), kind, task).map(toExample)
}

/** Those of the task's kind whose labels others have too. */
function usableExamples(records: readonly ExampleRecord[], kind: TaskKind, task: string): ExampleRecord[] {
  const wanted = kind === 'classify' ? 'class' : 'classes'
  const fitting = records.filter(({ answer }) => answer.kind === wanted)
  const counts = new Map<string, number>()
  for (const { answer } of fitting)
    for (const label of labelsOf(answer)) counts.set(label, (counts.get(label) ?? 0) + 1)
  const usable = fitting.filter(({ answer }) =>
    labelsOf(answer).every((label) => (counts.get(label) ?? 0) >= perLabelMin),
  )
  const labels = new Set(usable.flatMap(({ answer }) => labelsOf(answer)))
  if (labels.size >= (kind === 'classify' ? 2 : 1)) return usable
  throw new InvalidInputError(
    'flywheel.too-few-examples',
    `Task ${task} has ${fitting.length} labelled examples, and too few of at least two labels`,
    { hint: 'Send requests, so that the teacher answers them, or import labelled ones: capstan import.' },
  )
}

function toExample({ text, textPair, answer }: ExampleRecord, index: number): Example {
  return { line: index + 1, text, answer, ...(textPair === null ? {} : { textPair }) }
}

/** What the version learnt from, to the last example: an artifact named by its checksum. */
function toSnapshot(records: readonly ExampleRecord[]): string {
  return records
    .map(({ id, text, textPair, answer, source, provenance }) =>
      JSON.stringify({ id, text, ...(textPair === null ? {} : { textPair }), answer, source, provenance }),
    )
    .join('\n')
}

function countSources(records: readonly ExampleRecord[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { source } of records) counts[source] = (counts[source] ?? 0) + 1
  return counts
}

function toMetrics(
  { accuracy, n, gate }: Calibration,
  comparison: ModelComparison | null,
  examples: number,
  reason: RetrainReason,
): Record<string, unknown> {
  const { open, coverage, threshold } = gate
  return {
    outOfFold: { accuracy, count: n },
    gate: { open, coverage, threshold },
    ...(comparison ? { comparison } : {}),
    examples: { train: examples },
    reason,
  }
}
