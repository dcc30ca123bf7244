// One file by HTTP range requests. @huggingface/hub's own blobs cannot go on from a byte on disk and do not check the
// status of a ranged reply, so the library names the files and their checksums, and this fetches them.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { HubApiError, type ListFileEntry } from '@huggingface/hub'
import { CapstanError } from '../base/index.ts'
import { reasonOf, toHubError } from './hub-error.ts'

type FileDownload = {
  url: string
  target: string
  entry: ListFileEntry
  accessToken?: string
  signal?: AbortSignal
  onBytes: (received: number) => void
}

const attemptsMax = 4
const retryDelayMs = 250

/** Fetches `url` to `target`, from where `<target>.part` ends, and checks it against what the hub lists for it. */
export async function downloadFile(download: FileDownload): Promise<void> {
  const part = `${download.target}.part`
  for (let attempt = 1; (await sizeOf(part)) < download.entry.size; attempt++) {
    try {
      await appendRest(download, part)
    } catch (error) {
      if (attempt === attemptsMax || !isPassing(error, download.signal)) throw await explain(error, download, part)
      await sleep(retryDelayMs * 2 ** (attempt - 1))
    }
  }
  // A file of no bytes has nothing to fetch.
  if (download.entry.size === 0) await (await open(part, 'a')).close()
  await refuseWrongContent(download, part)
  await rename(part, download.target)
}

async function appendRest({ url, entry, accessToken, signal, onBytes }: FileDownload, part: string): Promise<void> {
  const start = await sizeOf(part)
  const response = await fetch(url, {
    headers: { Range: `bytes=${start}-`, ...(accessToken ? { Authorization: `Bearer ${accessToken}` } : {}) },
    signal: signal ?? null,
  })
  if (!response.ok || response.body === null) {
    await response.body?.cancel()
    throw new HubApiError(url, response.status)
  }
  // A server that ignores the range sends the whole file again: then begin anew.
  const isRest = response.status === 206
  const file = await open(part, isRest ? 'a' : 'w')
  try {
    let received = isRest ? start : 0
    for await (const chunk of response.body) {
      await file.appendFile(chunk)
      received += chunk.byteLength
      onBytes(received)
      if (received > entry.size) break
    }
    if (received < entry.size) throw new Error('the connection was closed early')
    await file.sync()
  } finally {
    await file.close()
  }
}

/** LFS files are listed with their SHA-256, the others with the SHA-1 that git gives a blob. */
async function refuseWrongContent({ url, entry }: FileDownload, part: string): Promise<void> {
  const hash = createHash(entry.lfs ? 'sha256' : 'sha1')
  if (!entry.lfs) hash.update(`blob ${entry.size}\0`)
  for await (const chunk of createReadStream(part) as AsyncIterable<Uint8Array>) hash.update(chunk)
  const expected = entry.lfs?.oid ?? entry.oid
  const found = hash.digest('hex')
  const size = await sizeOf(part)
  if (found === expected && size === entry.size) return
  await rm(part)
  throw new CapstanError('registry.checksum-mismatch', `${url} does not have the content that the hub lists for it.`, {
    hint: 'Run it again; if it comes back, a proxy or mirror is changing the file.',
    details: { expected, found, expectedBytes: entry.size, foundBytes: size },
  })
}

async function explain(error: unknown, { url, entry, signal }: FileDownload, part: string): Promise<CapstanError> {
  const received = await sizeOf(part)
  if (received === 0 || signal?.aborted || isRefusal(error)) {
    return toHubError(error, { what: entry.path, hubUrl: new URL(url).origin, signal })
  }
  const message = `${url} broke off at ${received} of ${entry.size} bytes: ${reasonOf(error)}.`
  return new CapstanError('registry.download-interrupted', message, {
    hint: 'Run it again: it goes on from there.',
    cause: error,
  })
}

/** Worth another attempt: the connection broke, or the server is busy. */
function isPassing(error: unknown, signal: AbortSignal | undefined): boolean {
  return !signal?.aborted && !isRefusal(error) && (error as NodeJS.ErrnoException).code !== 'ENOSPC'
}

function isRefusal(error: unknown): boolean {
  return error instanceof HubApiError && error.statusCode < 500 && error.statusCode !== 429
}

async function sizeOf(path: string): Promise<number> {
  return existsSync(path) ? (await stat(path)).size : 0
}
