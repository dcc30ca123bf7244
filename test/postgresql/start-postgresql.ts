/** A PostgreSQL server for one run of Vitest: Debian's, on a free port of this machine, in a folder that goes with it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Of the server's own database, from which each test file gets one; undefined on the embedded store. */
    serverUrl: string | undefined
  }
}

type User = { uid: number; gid: number }

const debianFolder = '/usr/lib/postgresql'
const password = 'the/pass word'

/** Whether there is a server to test against; says so where there is none, and throws where CI asks for one. */
export function hasPostgresql(): boolean {
  if (findBinaries() !== null) return true
  const message = 'PostgreSQL is not installed: what needs a server is not tested (Debian: apt-get install postgresql).'
  if (process.env.CAPSTAN_REQUIRE_POSTGRES === '1') throw new Error(message)
  process.stderr.write(`\n${message}\n\n`)
  return false
}

/** The folder with `initdb` and `postgres`: Debian's newest, or one of PATH; null where there is none. */
function findBinaries(): string | null {
  const versions = existsSync(debianFolder) ? readdirSync(debianFolder).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [
    ...versions.map((version) => join(debianFolder, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ]
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))) ?? null
}

/** Vitest calls this before the first test of the project; what it returns ends the server. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const binaries = findBinaries()
  if (binaries === null) throw new Error('PostgreSQL is not installed')
  const folder = mkdtempSync(join(tmpdir(), 'capstan-postgresql-'))
  const user = process.getuid?.() === 0 ? findOrdinaryUser() : null
  if (user) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  writeFileSync(join(folder, 'password'), password)
  const identity = ['--username=tester', `--pwfile=${join(folder, 'password')}`, '--auth=scram-sha-256']
  // Names sort as people expect by default on a server, unlike on the embedded database: the code must not care.
  const locale = ['--encoding=UTF8', '--locale=C.UTF-8', '--locale-provider=icu', '--icu-locale=en-US']
  execFileSync(join(binaries, 'initdb'), ['--no-sync', ...identity, ...locale, data], { stdio: 'pipe', ...user })
  const port = await findFreePort()
  const server = spawn(join(binaries, 'postgres'), ['-D', data, ...settingsOf(port)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    ...user,
  })
  await becomesReady(server)
  project.provide('serverUrl', `postgres://tester:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`)
  return async () => {
    const ended = once(server, 'exit')
    server.kill('SIGQUIT')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What is lost when the power goes does not matter here. */
function settingsOf(port: number): string[] {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    shared_buffers: '32MB',
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** PostgreSQL refuses to run as root. */
function findOrdinaryUser(): User {
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = ['-u', '-g'].map((option) => Number(execFileSync('id', [option, name], { stdio: 'pipe' })))
      if (uid !== undefined && gid !== undefined) return { uid, gid }
    } catch {
      // There is no such user: the next one may be there.
    }
  }
  throw new Error('there is neither a user postgres nor nobody to run PostgreSQL as')
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function becomesReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = ''
    // Read on after it is ready: a full pipe would stop the server.
    server.stderr?.on('data', (chunk) => {
      log += String(chunk)
      if (log.includes('ready to accept connections')) resolve()
    })
    server.once('exit', () => reject(new Error(`PostgreSQL ended:\n${log}`)))
  })
}
