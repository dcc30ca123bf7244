// Rows to contract types, and the reads that several operations share.
import type { Kysely, Selectable } from 'kysely'
import { NotFoundError } from '../base/index.ts'
import { choiceSchema, type ModelVersion, type Run, runEstimateSchema } from '../contracts/index.ts'
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
    usage: isMeasured ? { wallSeconds, cpuSeconds, memoryBytesPeak: Number(memoryBytesPeak) } : null,
    estimate: runEstimateSchema.nullable().parse(row.estimate),
    choices: choiceSchema.array().parse(row.choices),
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
