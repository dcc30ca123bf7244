// Rows to contract types, and the reads that several operations share.
import { type Kysely, type Selectable, type SqlBool, sql } from 'kysely'
import { NotFoundError } from '../base/index.ts'
import {
  choiceSchema,
  type EpochMetrics,
  type ModelVersion,
  type Run,
  type RunDetails,
  runEstimateSchema,
  type StepMetrics,
} from '../contracts/index.ts'
import type { Schema } from '../storage/index.ts'

type Database = Kysely<Schema>

/** A run as the contract has it. */
export function toRun(row: Selectable<Schema['runs']>): Run {
  const { wall_seconds: wallSeconds, cpu_seconds: cpuSeconds, memory_bytes_peak: memoryBytesPeak } = row
  const isMeasured = wallSeconds !== null && cpuSeconds !== null && memoryBytesPeak !== null
  const hasError = row.error_code !== null && row.error_message !== null
  return {
    id: row.id,
    task: row.task,
    kind: row.kind,
    status: row.status,
    seed: Number(row.seed),
    settings: row.settings,
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
    error: hasError ? { code: row.error_code as string, message: row.error_message as string } : null,
    usage: isMeasured
      ? {
          wallSeconds,
          cpuSeconds,
          // Runs that ended before GPUs were counted have none.
          gpuSeconds: row.gpu_seconds ?? 0,
          energyJoules: row.energy_joules,
          memoryBytesPeak: Number(memoryBytesPeak),
        }
      : null,
    estimate: runEstimateSchema.nullable().parse(row.estimate),
    choices: choiceSchema.array().parse(row.choices),
  }
}

/** Runs whose id begins so, with or without the `run_` of every id, in their order. */
export async function selectRunsByPrefix(database: Database, prefix: string): Promise<Run[]> {
  const start = prefix.startsWith('run_') ? prefix : `run_${prefix}`
  const query = database.selectFrom('runs').selectAll().where(sql<SqlBool>`starts_with(id, ${start})`).orderBy('id')
  return (await query.execute()).map(toRun)
}

/** Writes steps, in place of those that are there. */
export async function upsertSteps(database: Database, run: string, steps: readonly StepMetrics[]): Promise<void> {
  const rows = steps.map(({ learningRate, gradientNorm, ...same }) => ({
    run,
    ...same,
    learning_rate: learningRate,
    gradient_norm: gradientNorm,
  }))
  await database
    .insertInto('run_steps')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['run', 'step']).doUpdateSet(({ ref }) => ({
        epoch: ref('excluded.epoch'),
        loss: ref('excluded.loss'),
        learning_rate: ref('excluded.learning_rate'),
        gradient_norm: ref('excluded.gradient_norm'),
        tokens: ref('excluded.tokens'),
        seconds: ref('excluded.seconds'),
      })),
    )
    .execute()
}

/** Writes epochs, in place of those that are there. */
export async function upsertEpochs(database: Database, run: string, epochs: readonly EpochMetrics[]): Promise<void> {
  const rows = epochs.map(({ metrics, isBest, ...same }) => ({
    run,
    ...same,
    metrics: JSON.stringify(metrics),
    is_best: isBest,
  }))
  await database
    .insertInto('run_epochs')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['run', 'epoch']).doUpdateSet(({ ref }) => ({
        step: ref('excluded.step'),
        loss: ref('excluded.loss'),
        metrics: ref('excluded.metrics'),
        is_best: ref('excluded.is_best'),
      })),
    )
    .execute()
}

/** Removes steps, and epochs that ended, after `step`. */
export async function deleteMetricsAfter(database: Database, run: string, step: number): Promise<void> {
  for (const table of ['run_steps', 'run_epochs'] as const)
    await database.deleteFrom(table).where('run', '=', run).where('step', '>', step).execute()
}

/** The settings in effect, and steps and epochs in their order. */
export async function selectMetrics(
  database: Database,
  run: string,
): Promise<Pick<RunDetails, 'effectiveSettings' | 'steps' | 'epochs'>> {
  const settings = await database
    .selectFrom('runs')
    .select('effective_settings')
    .where('id', '=', run)
    .executeTakeFirst()
  const steps = await database.selectFrom('run_steps').selectAll().where('run', '=', run).orderBy('step').execute()
  const epochs = await database.selectFrom('run_epochs').selectAll().where('run', '=', run).orderBy('epoch').execute()
  return {
    effectiveSettings: settings?.effective_settings ?? null,
    steps: steps.map(({ run: _, learning_rate: learningRate, gradient_norm: gradientNorm, ...same }) => ({
      ...same,
      learningRate,
      gradientNorm,
    })),
    epochs: epochs.map(({ run: _, is_best: isBest, ...same }) => ({ ...same, isBest })),
  }
}

/** Model versions with their lineage, in the order of task and version. */
export async function selectModelVersions(
  database: Database,
  filter: { task?: string; id?: string } = {},
): Promise<ModelVersion[]> {
  let query = database
    .selectFrom('model_versions')
    .innerJoin('runs', 'runs.id', 'model_versions.run')
    .selectAll('model_versions')
    .select(['runs.settings', 'runs.seed'])
    .orderBy('model_versions.task')
    .orderBy('model_versions.version')
  if (filter.task !== undefined) query = query.where('model_versions.task', '=', filter.task)
  if (filter.id !== undefined) query = query.where('model_versions.id', '=', filter.id)
  const rows = await query.execute()
  return rows.map((row) => ({
    id: row.id,
    task: row.task,
    version: row.version,
    stage: row.stage,
    lineage: {
      run: row.run,
      datasetFingerprint: row.dataset_fingerprint,
      base: { name: row.base_name, sha256: row.base_sha256 },
      settings: row.settings,
      seed: Number(row.seed),
      codeVersion: row.code_version,
    },
    metrics: row.metrics,
    sizeBytes: Number(row.size_bytes),
    files: row.files,
    createdAt: row.created_at.toISOString(),
  }))
}

/** Throws NotFoundError `registry.task-not-found`, which lists the tasks there are. */
export async function requireTask(database: Database, task: string): Promise<void> {
  const names = (await database.selectFrom('tasks').select('name').orderBy('name').execute()).map((row) => row.name)
  if (names.includes(task)) return
  throw new NotFoundError('registry.task-not-found', `There is no task "${task}"; there is ${listNames(names)}.`, {
    hint: `Train one first: capstan train <file> --task ${task}`,
    details: { tasks: names },
  })
}

/** "none" or the names, for a message. */
export function listNames(names: readonly string[]): string {
  return names.length === 0 ? 'none yet' : names.join(', ')
}
