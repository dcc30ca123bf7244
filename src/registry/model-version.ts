import { join } from 'node:path'
import type { Transaction } from 'kysely'
import { ConflictError, createId, InvalidInputError, NotFoundError } from '../base/index.ts'
import type { ModelVersion } from '../contracts/index.ts'
import type { Schema } from '../storage/index.ts'
import { listNames, requireTask, selectModelVersions } from './queries.ts'
import type { RegistryContext } from './registry.ts'
import { findRun } from './run.ts'

/** What a run has produced and where it came from. */
export type NewModelVersion = {
  /** The run that made it; task, settings and seed are the run's. */
  run: string
  /** The model in transformers.js layout; its files are stored as artifacts. */
  modelFolder: string
  datasetFingerprint: string
  base: { name: string; sha256: string }
  codeVersion: string
  metrics: Record<string, unknown>
  /** True makes it live, false a candidate; without it, it is live only where the task has no live version yet. */
  promote?: boolean
}

/** Which version of a task: the live one, one by its number, or one by its id. */
export type VersionReference = 'live' | number | string

/** Stores a model's files and records the next version of its task. */
export async function recordModelVersion(context: RegistryContext, model: NewModelVersion): Promise<ModelVersion> {
  const { store, clock } = context
  const { task } = await findRun(context, model.run)
  const files = await store.artifacts.putFolder(model.modelFolder)
  if (files.length === 0) {
    throw new InvalidInputError('registry.model-empty', `The folder ${model.modelFolder} holds no model.`, {
      hint: 'Save the model there first, in transformers.js layout.',
    })
  }
  const id = createId('model', clock.now())
  return store.database.transaction().execute(async (transaction) => {
    await lockTask(transaction, task)
    const existing = await selectModelVersions(transaction, { task })
    await transaction
      .insertInto('model_versions')
      .values({
        id,
        task,
        version: (existing.at(-1)?.version ?? 0) + 1,
        stage: 'candidate',
        run: model.run,
        dataset_fingerprint: model.datasetFingerprint,
        base_name: model.base.name,
        base_sha256: model.base.sha256,
        code_version: model.codeVersion,
        metrics: JSON.stringify(model.metrics),
        size_bytes: BigInt(files.reduce((sum, file) => sum + file.sizeBytes, 0)),
        files: JSON.stringify(files),
        created_at: clock.now(),
      })
      .execute()
    const promote = model.promote ?? !existing.some((version) => version.stage === 'live')
    if (promote) await makeLive(transaction, { task, id, now: clock.now() })
    return readVersion(transaction, id)
  })
}

/** Makes a version the live one of its task; the one before it becomes retired. Going back is promoting an older one. */
export async function promoteVersion({ store, clock }: RegistryContext, id: string): Promise<ModelVersion> {
  return store.database.transaction().execute(async (transaction) => {
    const { task } = await readVersion(transaction, id)
    await lockTask(transaction, task)
    await makeLive(transaction, { task, id, now: clock.now() })
    return readVersion(transaction, id)
  })
}

/** The version that was live before the present one; ConflictError `registry.no-earlier-version` where there is none. */
export async function findEarlierVersion({ store }: RegistryContext, task: string): Promise<string> {
  await requireTask(store.database, task)
  const row = await store.database
    .selectFrom('model_versions')
    .select('id')
    .where('task', '=', task)
    .where('stage', '=', 'retired')
    .where('promoted_at', 'is not', null)
    .orderBy('promoted_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row) return row.id
  throw new ConflictError('registry.no-earlier-version', `No version of ${task} was live before the present one`, {
    hint: 'capstan models lists its versions; capstan promote makes one of them live.',
  })
}

/** Lets a candidate answer beside the live version without being heard; a shadow before it is a candidate again. */
export async function makeShadow({ store }: RegistryContext, id: string): Promise<ModelVersion> {
  return store.database.transaction().execute(async (transaction) => {
    const { task, stage } = await readVersion(transaction, id)
    if (stage === 'live') {
      throw new ConflictError('registry.version-live', `Model version ${id} answers for ${task} already`, {
        hint: 'Promote another version first.',
      })
    }
    await lockTask(transaction, task)
    await transaction
      .updateTable('model_versions')
      .set({ stage: 'candidate' })
      .where('task', '=', task)
      .where('stage', '=', 'shadow')
      .execute()
    await transaction.updateTable('model_versions').set({ stage: 'shadow' }).where('id', '=', id).execute()
    return readVersion(transaction, id)
  })
}

/** Ends a shadow's part: it waits as a candidate. */
export async function endShadow({ store }: RegistryContext, id: string): Promise<void> {
  await store.database
    .updateTable('model_versions')
    .set({ stage: 'candidate' })
    .where('id', '=', id)
    .where('stage', '=', 'shadow')
    .execute()
}

/** One version of a task; the error for what does not exist lists what does. */
export async function findModelVersion(
  { store }: RegistryContext,
  task: string,
  reference: VersionReference = 'live',
): Promise<ModelVersion> {
  await requireTask(store.database, task)
  const versions = await selectModelVersions(store.database, { task })
  const found = versions.find((version) =>
    reference === 'live' ? version.stage === 'live' : version.version === reference || version.id === reference,
  )
  if (found) return found
  const names = versions.map((version) => `${version.version} (${version.stage}, ${version.id})`)
  const wanted = reference === 'live' ? 'no live version' : `no version ${reference}`
  throw new NotFoundError('registry.version-not-found', `Task ${task} has ${wanted}; it has ${listNames(names)}.`, {
    hint: names.length === 0 ? `Train one first: capstan train <file> --task ${task}` : 'Name one of those.',
    details: { task, versions: versions.map(({ id, version, stage }) => ({ id, version, stage })) },
  })
}

/** The folder with a version's files, every one of them checked; it is made anew where anything is amiss. */
export async function openModelFolder(
  { store }: RegistryContext,
  version: Pick<ModelVersion, 'id' | 'files'>,
): Promise<string> {
  const folder = join(store.folder, 'models', version.id)
  await store.artifacts.materializeFolder(version.files, folder)
  return folder
}

/** Numbers are given and stages change for one task by one at a time, also when several processes share a server. */
async function lockTask(transaction: Transaction<Schema>, task: string): Promise<void> {
  await transaction.selectFrom('tasks').select('name').where('name', '=', task).forUpdate().execute()
}

/** Retires first: the database allows one live version a task at any moment. */
async function makeLive(
  transaction: Transaction<Schema>,
  { task, id, now }: { task: string; id: string; now: Date },
): Promise<void> {
  await transaction
    .updateTable('model_versions')
    .set({ stage: 'retired' })
    .where('task', '=', task)
    .where('stage', '=', 'live')
    .where('id', '<>', id)
    .execute()
  await transaction
    .updateTable('model_versions')
    .set({ stage: 'live', promoted_at: now })
    .where('id', '=', id)
    .execute()
}

async function readVersion(transaction: Transaction<Schema>, id: string): Promise<ModelVersion> {
  const [version] = await selectModelVersions(transaction, { id })
  if (version) return version
  throw new NotFoundError('registry.version-not-found', `There is no model version "${id}".`, {
    hint: 'Run capstan models to see the versions there are.',
  })
}
