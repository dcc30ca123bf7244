// The lock of a data folder: files `owner.<n>.lock`, each linked into place whole and at once; the highest n counts.
// Whoever finds the highest one released or its process dead links n + 1, which only one can, and then removes the lower
// ones. The highest file is never removed, so numbers only grow; who finds a higher one after linking came too late.
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { ConflictError, createId } from '../base/index.ts'

/** Who holds a data folder; `url` where the owner is a server that others can ask instead. */
type FolderOwner = { pid: number; processStart: string | null; host: string; url: string | null }
/** The hold on a data folder; it also ends with the process. */
export type FolderLock = { release(): void }

type LockFile = FolderOwner & { released: boolean }

/** Takes the data folder for this process; throws ConflictError `storage.folder-locked` while another one has it. */
export function lockFolder(folder: string, options: { url?: string } = {}): FolderLock {
  mkdirSync(folder, { recursive: true })
  const owner: FolderOwner = {
    pid: process.pid,
    processStart: readProcessStart(process.pid),
    host: hostname(),
    url: options.url ?? null,
  }
  for (;;) {
    const newest = listLocks(folder).at(-1) ?? 0
    if (newest > 0) refuseWhileOwned(folder, newest)
    const mine = newest + 1
    if (!linkLock(folder, mine, { ...owner, released: false })) continue
    const locks = listLocks(folder)
    if (locks.some((lock) => lock > mine)) {
      rmSync(lockPath(folder, mine), { force: true })
      continue
    }
    for (const lock of locks) if (lock < mine) rmSync(lockPath(folder, lock), { force: true })
    return holdLock(folder, mine, owner)
  }
}

function holdLock(folder: string, lock: number, owner: FolderOwner): FolderLock {
  let released = false
  const release = (): void => {
    if (released) return
    released = true
    process.off('exit', release)
    // The data folder may be gone already (a temporary one): then there is nothing to give back.
    if (!existsSync(lockPath(folder, lock))) return
    const next = writeAside(folder, { ...owner, released: true })
    renameSync(next, lockPath(folder, lock))
  }
  process.on('exit', release)
  return { release }
}

function refuseWhileOwned(folder: string, lock: number): void {
  const owner = readLock(folder, lock)
  if (owner === null || owner.released || !isAlive(owner)) return
  const here = owner.host === hostname()
  const who = `process ${owner.pid}${here ? '' : ` on host ${owner.host}`}${owner.url ? `, serving ${owner.url}` : ''}`
  throw new ConflictError('storage.folder-locked', `The data folder ${folder} is in use by ${who}.`, {
    hint: adviseOn(owner, here, lockPath(folder, lock)),
    details: { folder, pid: owner.pid, host: owner.host, url: owner.url },
  })
}

function adviseOn(owner: FolderOwner, here: boolean, path: string): string {
  if (!here) return `If that host is gone for good, delete ${path} and try again.`
  if (owner.pid === process.pid) return 'This very process has it open: close that store first, or share it.'
  const first = owner.url ? `Ask the server at ${owner.url}, or stop it` : 'Wait until it ends, or stop it'
  return (
    `${first} (kill ${owner.pid}), or use another data folder. The embedded database has one process at a time; several, ` +
    'such as capstan serve and capstan worker, share a PostgreSQL server: set DATABASE_URL (docs/storage.md).'
  )
}

/** A process of another host cannot be looked at, so it counts as alive. */
function isAlive(owner: FolderOwner): boolean {
  if (owner.host !== hostname()) return true
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  // A recycled pid belongs to a process that began at another moment.
  return owner.processStart === null || owner.processStart === readProcessStart(owner.pid)
}

/** Boot id and the process's start in clock ticks since boot (field 22 of /proc/<pid>/stat); null without /proc. */
function readProcessStart(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the command in parentheses and may itself hold spaces and parentheses.
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return `${boot}:${ticks}`
  } catch {
    return null
  }
}

function listLocks(folder: string): number[] {
  const names = readdirSync(folder, { encoding: 'utf8' })
  return names
    .flatMap((name) => /^owner\.(\d+)\.lock$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
}

/** Null when the file has just been removed by a newer owner. */
function readLock(folder: string, lock: number): LockFile | null {
  try {
    return JSON.parse(readFileSync(lockPath(folder, lock), 'utf8')) as LockFile
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** False when that number is taken already. */
function linkLock(folder: string, lock: number, content: LockFile): boolean {
  const aside = writeAside(folder, content)
  try {
    linkSync(aside, lockPath(folder, lock))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(aside)
  }
}

function writeAside(folder: string, content: LockFile): string {
  const path = join(folder, `${createId('owner')}.tmp`)
  writeFileSync(path, JSON.stringify(content), { flag: 'wx' })
  return path
}

function lockPath(folder: string, lock: number): string {
  return join(folder, `owner.${lock}.lock`)
}
