// Content-addressed files, `artifacts/<first two digits>/<sha256>`: written once, read-only, shared by all that hold the
// same bytes. A materialised folder is made of hard links to them, so a model of 90 MB is on disk once.
import { createReadStream, existsSync } from 'node:fs'
import { copyFile, link, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join, normalize, sep } from 'node:path'
import { CapstanError, createId, InvalidInputError, NotFoundError, sha256 } from '../base/index.ts'
import { type ArtifactFile, fingerprintFile, fingerprintFolder, hashManifest, listFiles } from './fingerprint-folder.ts'
import { type WrittenFile, writeWhole } from './write-whole.ts'

/** Files stored once under the checksum of their content. */
export type Artifacts = {
  /** Stores a file (by path) or bytes, once however often it is put; constant memory for a file. */
  putFile(source: string | Uint8Array): Promise<WrittenFile>
  /** Stores every file of a folder and returns the manifest that `materializeFolder` takes, ordered by path. */
  putFolder(folder: string): Promise<ArtifactFile[]>
  /** The path of a stored file, after its content was checked against its name. */
  locateFile(sha256: string): Promise<string>
  /**
   * Makes `target` hold exactly the files of the manifest, each one checked; replaces what was there, whole. The files are
   * read-only and shared with the store: change a copy, not them.
   */
  materializeFolder(manifest: readonly ArtifactFile[], target: string): Promise<void>
}

/** The content-addressed files under a folder; nobody else may write there. */
export function createArtifacts(folder: string): Artifacts {
  const pathOf = (sha256: string): string => join(folder, sha256.slice(0, 2), sha256)

  const isIntact = async (sha256: string): Promise<boolean> =>
    existsSync(pathOf(sha256)) && (await fingerprintFile(pathOf(sha256))).sha256 === sha256

  const putFile = async (source: string | Uint8Array): Promise<WrittenFile> => {
    const known = typeof source === 'string' ? await fingerprintFile(source) : fingerprintBytes(source)
    // Writing it again would part the new file from the links to the old one, and so keep it on disk twice.
    if (await isIntact(known.sha256)) return known
    const chunks = typeof source === 'string' ? createReadStream(source, { highWaterMark: 1 << 20 }) : [source]
    return writeWhole(join(folder, 'new'), chunks, { nameTarget: ({ sha256 }) => pathOf(sha256), mode: 0o444 })
  }

  const putFolder = async (source: string): Promise<ArtifactFile[]> => {
    const manifest: ArtifactFile[] = []
    for (const path of await listFiles(source)) manifest.push({ path, ...(await putFile(join(source, path))) })
    return manifest
  }

  const locateFile = async (sha256: string): Promise<string> => {
    const path = pathOf(sha256)
    if (!existsSync(path)) {
      throw new NotFoundError('storage.artifact-missing', `Artifact ${sha256} is not in ${folder}.`, {
        hint: 'Copy the artifacts folder back from a backup, or train the model again.',
      })
    }
    const found = await fingerprintFile(path)
    if (found.sha256 !== sha256) {
      throw new CapstanError('storage.artifact-corrupt', `The file ${path} does not hold what its name says.`, {
        hint: 'The disk or a program has changed it: copy it back from a backup, or train the model again.',
        details: { path, expected: sha256, found: found.sha256 },
      })
    }
    return path
  }

  const materializeFolder = async (manifest: readonly ArtifactFile[], target: string): Promise<void> => {
    refuseUnsafePaths(manifest)
    if (await holdsManifest(target, manifest)) return
    const temporary = `${target}.${createId('incoming')}`
    try {
      await mkdir(temporary, { recursive: true })
      for (const file of manifest) await placeFile(await locateFile(file.sha256), join(temporary, file.path))
      while (!(await renameFolder(temporary, target))) {
        // Another process may have been faster, and is reading what is as good as ours.
        if (await holdsManifest(target, manifest)) return
        await rm(target, { recursive: true, force: true })
      }
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
  }

  return { putFile, putFolder, locateFile, materializeFolder }
}

function fingerprintBytes(bytes: Uint8Array): WrittenFile {
  return { sha256: sha256(bytes), sizeBytes: bytes.byteLength }
}

async function holdsManifest(folder: string, manifest: readonly ArtifactFile[]): Promise<boolean> {
  try {
    return (await fingerprintFolder(folder)).sha256 === hashManifest(manifest)
  } catch (error) {
    // It is not there, or another process is taking it away.
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

/** False where a folder of that name has files already. */
async function renameFolder(source: string, target: string): Promise<boolean> {
  try {
    await rename(source, target)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) return false
    throw error
  }
}

async function placeFile(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  try {
    await link(source, target)
  } catch (error) {
    // Another file system, one without links, or too many links to that file.
    if (!hasCode(error, 'EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK')) throw error
    await copyFile(source, target)
  }
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? '')
}

function refuseUnsafePaths(manifest: readonly ArtifactFile[]): void {
  const unsafe = manifest.filter(({ path }) => {
    const plain = normalize(path)
    return plain !== path.split('/').join(sep) || plain.startsWith('..') || plain.startsWith(sep) || plain === '.'
  })
  if (unsafe.length === 0) return
  throw new InvalidInputError(
    'storage.unsafe-path',
    `These paths would leave the folder: ${unsafe.map((file) => file.path).join(', ')}.`,
    { hint: 'A manifest has relative paths with forward slashes and without "..".' },
  )
}
