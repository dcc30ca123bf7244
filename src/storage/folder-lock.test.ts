import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ConflictError } from '../base/index.ts'
import { lockFolder } from './folder-lock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('refuses a second holder, naming the process and the server to ask, until the first lets go', () => {
  const lock = lockFolder(folder, { url: 'http://127.0.0.1:8787' })
  const error = refusal(() => lockFolder(folder))
  expect(error.code).toBe('storage.folder-locked')
  expect(error.message).toContain(`process ${process.pid}, serving http://127.0.0.1:8787`)
  expect(error.hint).toContain('close that store first')
  lock.release()
  lockFolder(folder).release()
})

it('names the pid of another process and how to go on, and opens once that process has ended normally', async () => {
  const child = startHolder(`lockFolder(${JSON.stringify(folder)}, { url: 'http://127.0.0.1:9' })`)
  await nextLine(child)
  const error = refusal(() => lockFolder(folder))
  expect(error.message).toContain(`process ${child.pid}, serving http://127.0.0.1:9`)
  expect(error.hint).toContain(`kill ${child.pid}`)
  child.stdin?.end()
  await once(child, 'exit')
  expect(readOnlyLock()).toMatchObject({ pid: child.pid, released: true })
  lockFolder(folder).release()
})

it('takes over from a process that was killed, leaving a single lock file', async () => {
  const child = startHolder(`lockFolder(${JSON.stringify(folder)})`)
  await nextLine(child)
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(readOnlyLock()).toMatchObject({ pid: child.pid, released: false })
  const lock = lockFolder(folder)
  expect(readOnlyLock()).toMatchObject({ pid: process.pid })
  lock.release()
})

it('takes over from a living process that only has the pid of a dead owner', () => {
  writeOwner({ pid: process.pid, processStart: 'another-boot:17', host: hostname() })
  lockFolder(folder).release()
})

it('leaves the lock of another host alone and says which file to delete', () => {
  writeOwner({ pid: 1, processStart: 'some-boot:1', host: 'elsewhere' })
  const error = refusal(() => lockFolder(folder))
  expect(error.message).toContain('process 1 on host elsewhere')
  expect(error.hint).toContain(join(folder, 'owner.4.lock'))
})

it('lets exactly one of several processes take over a stale lock at once, in every round', async () => {
  const race = `
    process.setMaxListeners(0)
    for (let round = 0; round < 20; round++) {
      const folder = ${JSON.stringify(folder)} + '/' + round
      mkdirSync(folder, { recursive: true })
      try {
        writeFileSync(folder + '/owner.4.lock', ${JSON.stringify(JSON.stringify(deadOwner()))}, { flag: 'wx' })
      } catch {}
      while (Date.now() % 40 !== 0);
      try { lockFolder(folder); appendFileSync(folder + '/winners', process.pid + '\\n') }
      catch (error) { if (error.code !== 'storage.folder-locked') throw error }
    }`
  const racers = [startHolder(race), startHolder(race), startHolder(race)]
  await Promise.all(racers.map(nextLine))
  for (let round = 0; round < 20; round++) {
    const winners = readFileSync(join(folder, String(round), 'winners'), 'utf8')
      .trim()
      .split('\n')
    expect(winners, `round ${round}`).toHaveLength(1)
  }
  for (const racer of racers) racer.stdin?.end()
  await Promise.all(racers.map((racer) => once(racer, 'exit')))
})

/** A process that runs `code`, prints a line, and ends when its input does. */
function startHolder(code: string): ChildProcess {
  const program = `
    import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
    import { lockFolder } from ${JSON.stringify(join(import.meta.dirname, 'folder-lock.ts'))}
    ${code}
    console.log('ready')
    process.stdin.on('data', () => {})`
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

async function nextLine(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the child ended before it was ready')))
  await Promise.race([once(child.stdout as NonNullable<typeof child.stdout>, 'data'), ended])
}

function refusal(action: () => unknown): ConflictError {
  try {
    action()
  } catch (error) {
    if (error instanceof ConflictError) return error
    throw error
  }
  throw new Error('expected a ConflictError')
}

function deadOwner() {
  return { pid: 1, processStart: 'an-earlier-boot:1', host: hostname(), url: null, released: false }
}

function writeOwner(owner: { pid: number; processStart: string; host: string }): void {
  writeFileSync(join(folder, 'owner.4.lock'), JSON.stringify({ ...deadOwner(), ...owner }))
}

function readOnlyLock(): unknown {
  const names = readdirSync(folder)
  expect(names).toHaveLength(1)
  return JSON.parse(readFileSync(join(folder, names[0] as string), 'utf8'))
}
