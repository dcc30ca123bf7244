import { existsSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { ConflictError, NotFoundError } from '../base/index.ts'
import type { BaseReference } from '../contracts/index.ts'
import { fingerprintFolder } from '../storage/index.ts'
import { refuseIncompleteFolder } from './base-layout.ts'
import { type DownloadOptions, downloadModel } from './download-model.ts'

/** A pretrained model ready on disk. `sha256` is over all of its files; `commit` pins what came from a hub. */
export type BaseModel = {
  folder: string
  name: string
  source: 'bundled' | 'folder' | 'hub'
  sha256: string
  commit?: string
}

/** Where downloads are kept and how they are watched, stopped and authorised. */
export type ResolveBaseModelOptions = DownloadOptions & {
  /** The model for when none is named; the one in Capstan's own package unless told. */
  bundledFolder?: string
}

const packageRoot = resolve(import.meta.dirname, '..', '..')
const bundledModel = join(packageRoot, 'models', 'all-MiniLM-L6-v2')

/**
 * Finds a base model: without a name the bundled one, else an existing folder in transformers.js layout, else a Hugging Face
 * id `owner/name` or `owner/name@revision`, downloaded once and kept by commit.
 * @example await resolveBaseModel('Xenova/bert-base-uncased@main', { cacheFolder: '.capstan' })
 */
export async function resolveBaseModel(spec: string | undefined, options: ResolveBaseModelOptions): Promise<BaseModel> {
  if (spec === undefined) return describeFolder(options.bundledFolder ?? bundledModel, 'bundled')
  if (existsSync(spec) && statSync(spec).isDirectory()) return describeFolder(resolve(spec), 'folder')
  const id = /^(\w[\w.-]*\/\w[\w.-]*)(?:@(\w[\w./-]*))?$/.exec(spec)
  if (!id) {
    throw new NotFoundError('registry.base-not-found', `"${spec}" is neither a folder nor a Hugging Face id.`, {
      hint: 'Give a folder in transformers.js layout, an id such as Xenova/bert-base-uncased, or nothing for the bundled model.',
    })
  }
  const [, name = '', revision = 'main'] = id
  const { folder, commit } = await downloadModel({ name, revision }, options)
  return { folder, name, source: 'hub', sha256: (await fingerprintFolder(folder)).sha256, commit }
}

/** How a base model is found again. */
export function referToBase({ name, source, folder, sha256, commit }: BaseModel): BaseReference {
  const spec = { bundled: null, folder, hub: `${name}@${commit}` }[source]
  return { name, source, spec, sha256 }
}

/** The very base that is meant. Throws ConflictError `registry.base-changed`, and what `resolveBaseModel` throws. */
export async function findBase(
  { name, spec, sha256 }: BaseReference,
  options: ResolveBaseModelOptions,
): Promise<BaseModel> {
  const base = await resolveBaseModel(spec ?? undefined, options)
  if (base.sha256 === sha256) return base
  throw new ConflictError(
    'registry.base-changed',
    `The adapter was trained on ${name} with the checksum ${sha256}; ${base.folder} has ${base.sha256}`,
    { hint: 'Bring the files of that base back as they were, or train the adapter anew on these.' },
  )
}

async function describeFolder(folder: string, source: 'bundled' | 'folder'): Promise<BaseModel> {
  refuseIncompleteFolder(folder)
  return { folder, name: basename(folder), source, sha256: (await fingerprintFolder(folder)).sha256 }
}
