// A base model from a Hugging Face hub. The revision is resolved to a commit, its files land in
// `<cache>/hub/<owner>/<name>/<commit>` all at once, and what the revision meant last is kept for when the hub is away.
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type ListFileEntry, listFiles, modelInfo } from '@huggingface/hub'
import { CapstanError } from '../base/index.ts'
import { writeWhole } from '../storage/index.ts'
import { refuseIncompleteLayout, selectLayoutFiles } from './base-layout.ts'
import { downloadFile } from './download-file.ts'
import { toHubError } from './hub-error.ts'

/** Bytes so far and in all, over every file of the model; those that an earlier attempt had fetched count as received. */
export type DownloadProgress = { file: string; receivedBytes: number; totalBytes: number }

export type DownloadOptions = {
  /** Downloads are kept below `hub/` in here. */
  cacheFolder: string
  /** Another hub or a mirror (what HF_ENDPOINT names); https://huggingface.co unless told. */
  hubUrl?: string
  /** For private and gated models (what HF_TOKEN holds). */
  accessToken?: string
  onProgress?: (progress: DownloadProgress) => void
  signal?: AbortSignal
}

type ModelId = { name: string; revision: string }

const officialHub = 'https://huggingface.co'

/** Downloads a model, or finds it downloaded; continues what was interrupted and checks every file. */
export async function downloadModel(
  { name, revision }: ModelId,
  options: DownloadOptions,
): Promise<{ folder: string; commit: string }> {
  const home = join(options.cacheFolder, 'hub', ...name.split('/'))
  const commit = await resolveCommit({ name, revision }, home, options)
  const folder = join(home, commit)
  if (!existsSync(folder)) await fetchCommit({ name, revision: commit }, folder, options)
  return { folder, commit }
}

/** A full commit hash stands for itself; a branch or tag is asked for, and remembered. */
async function resolveCommit({ name, revision }: ModelId, home: string, options: DownloadOptions): Promise<string> {
  if (isCommit(revision)) return revision
  const reference = join(home, 'references', encodeURIComponent(revision))
  try {
    const commit = await askHub({ name, revision }, options, async (access) => {
      const { sha } = await modelInfo({ name, revision, additionalFields: ['sha'], ...access })
      if (!isCommit(sha)) throw new Error(`it answers with the commit "${sha}"`)
      return sha
    })
    await writeWhole(reference, [Buffer.from(commit)])
    return commit
  } catch (error) {
    const isAway = error instanceof CapstanError && error.code === 'registry.hub-unreachable'
    if (!isAway || !existsSync(reference)) throw error
    const commit = await readFile(reference, 'utf8')
    if (!existsSync(join(home, commit))) throw error
    return commit
  }
}

function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision)
}

async function fetchCommit(id: ModelId, folder: string, options: DownloadOptions): Promise<void> {
  const entries = await listRepository(id, options)
  refuseIncompleteLayout(
    `The repository ${id.name}`,
    (path) => entries.has(path),
    'Choose a repository with ONNX files (many are published by Xenova and onnx-community), or export one to a folder.',
  )
  const wanted = selectLayoutFiles([...entries.keys()]).map((path) => entries.get(path) as ListFileEntry)
  // Beside the target and with a fixed name, so that the next attempt finds what this one has fetched.
  const incoming = `${folder}.part`
  const totalBytes = wanted.reduce((sum, entry) => sum + entry.size, 0)
  let doneBytes = 0
  for (const entry of wanted) {
    const target = join(incoming, entry.path)
    await mkdir(dirname(target), { recursive: true })
    const isThere = existsSync(target) && (await stat(target)).size === entry.size
    if (!isThere) {
      await downloadFile({
        ...options,
        url: `${options.hubUrl ?? officialHub}/${id.name}/resolve/${id.revision}/${entry.path}`,
        target,
        entry,
        onBytes: (received) =>
          options.onProgress?.({ file: entry.path, receivedBytes: doneBytes + received, totalBytes }),
      })
    }
    doneBytes += entry.size
  }
  await rename(incoming, folder)
}

async function listRepository(id: ModelId, options: DownloadOptions): Promise<Map<string, ListFileEntry>> {
  return askHub(id, options, async (access) => {
    const entries = new Map<string, ListFileEntry>()
    for await (const entry of listFiles({ repo: id.name, revision: id.revision, recursive: true, ...access })) {
      if (entry.type === 'file') entries.set(entry.path, entry)
    }
    return entries
  })
}

type HubAccess = { hubUrl: string; accessToken?: string; fetch: typeof fetch }

async function askHub<T>(id: ModelId, options: DownloadOptions, ask: (access: HubAccess) => Promise<T>): Promise<T> {
  const { hubUrl = officialHub, accessToken, signal } = options
  const access: HubAccess = {
    hubUrl,
    fetch: (url, request) => fetch(url, { ...request, signal: signal ?? null }),
    ...(accessToken ? { accessToken } : {}),
  }
  try {
    return await ask(access)
  } catch (error) {
    throw toHubError(error, { what: `${id.name}@${id.revision}`, hubUrl, signal })
  }
}
