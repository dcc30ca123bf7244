import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { sha256 } from '../base/index.ts'

/** One file of a folder: its path relative to the folder with forward slashes, and its content's checksum and size. */
export type ArtifactFile = { path: string; sha256: string; sizeBytes: number }

/** Checksum and size of a file, read as a stream. */
export async function fingerprintFile(path: string): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Uint8Array>) {
    hash.update(chunk)
    sizeBytes += chunk.byteLength
  }
  return { sha256: hash.digest('hex'), sizeBytes }
}

/** The files of a folder with their checksums, ordered by path, and one checksum over them all. */
export async function fingerprintFolder(folder: string): Promise<{ sha256: string; files: ArtifactFile[] }> {
  const files: ArtifactFile[] = []
  for (const path of await listFiles(folder)) files.push({ path, ...(await fingerprintFile(join(folder, path))) })
  return { sha256: hashManifest(files), files }
}

/** One checksum for a set of files: over what `sha256sum` would print for them, ordered by path. */
export function hashManifest(files: readonly ArtifactFile[]): string {
  const lines = files.map((file) => `${file.sha256}  ${file.path}\n`)
  return sha256(lines.sort((a, b) => compareText(a.slice(66), b.slice(66))).join(''))
}

/** Paths of all files below a folder, symbolic links followed, ordered by code unit. */
export async function listFiles(folder: string): Promise<string[]> {
  const paths: string[] = []
  for (const name of await readdir(folder, { recursive: true, encoding: 'utf8' })) {
    const path = join(folder, name)
    if ((await stat(path)).isFile()) paths.push(relative(folder, path).split(sep).join('/'))
  }
  return paths.sort(compareText)
}

/** Unlike localeCompare the same on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
