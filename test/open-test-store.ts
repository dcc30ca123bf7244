import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { inject } from 'vitest'
import { type OpenStoreOptions, openStore, type Store } from '../src/storage/index.ts'

/** Which kind of store this run of the file is about: the Vitest project decides. */
export const storeKind: Store['kind'] = inject('serverUrl') === undefined ? 'embedded' : 'server'

/** Opens the store of the kind that is tested. */
export async function openTestStore(folder: string): Promise<Store> {
  return openStore(await testStoreOptions(folder))
}

/** How to open it, also from another process: for one data folder it is always the same database. */
export async function testStoreOptions(folder: string): Promise<OpenStoreOptions> {
  if (storeKind === 'server') return { folder, databaseUrl: await databaseUrlOf(folder) }
  return { folder, templateFolder: join(tmpdir(), 'capstan-test-database') }
}

const urls = new Map<string, Promise<string>>()

function databaseUrlOf(folder: string): Promise<string> {
  const known = urls.get(folder) ?? createTestDatabase()
  urls.set(folder, known)
  return known
}

/** An empty database on the test server; it ends with the server. */
export async function createTestDatabase(): Promise<string> {
  const serverUrl = inject('serverUrl')
  const name = `test_${randomBytes(6).toString('hex')}`
  const client = new pg.Client(serverUrl)
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  const url = new URL(String(serverUrl))
  url.pathname = name
  return url.href
}
