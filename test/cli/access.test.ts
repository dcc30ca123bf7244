import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ApiKey, AuditEntry } from '../../src/contracts/index.ts'
import { runCli, startCli } from './run-cli.ts'

let folder: string
const run = (...argv: string[]) => runCli([...argv, '--project', folder])
const json = async <T>(...argv: string[]): Promise<T> => JSON.parse((await run(...argv, '--json')).stdout) as T
const listKeys = async () => (await json<{ keys: ApiKey[] }>('keys', 'list')).keys

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'capstan-cli-access-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('capstan serve without keys', () => {
  it('refuses to listen on other addresses than this machine’s own', async () => {
    const { code, stderr } = await run('serve', '--host', '0.0.0.0', '--port', '0')
    expect(code).toBe(1)
    expect(stderr).toMatch(/hint: Make a key first: capstan keys create .*\ncode: access\.open-server\n$/)
  })

  it('does so where the configuration says that nobody needs a key', async () => {
    const config = join(folder, 'open.yaml')
    await writeFile(config, 'server: { auth: off }\n')
    const cli = startCli([
      'serve',
      '--host',
      '0.0.0.0',
      '--port',
      '0',
      '--config',
      config,
      '--json',
      '--log-level',
      'error',
    ])
    await vi.waitFor(() => expect(cli.stdout()).toContain('url'), { timeout: 120_000, interval: 20 })
    cli.signal()
    expect((await cli.result).code).toBe(0)
  })
})

describe('capstan keys', () => {
  it('says that there are none', async () => {
    expect((await run('keys', 'list')).stdout).toContain('There are no API keys yet')
    expect((await run('audit')).stdout).toBe('Nothing has been done yet.\n')
  })

  it('creates a key and prints it alone on stdout, so that it can be piped', async () => {
    const { code, stdout, stderr } = await run(
      ...['keys', 'create', '--name', 'web shop', '--task', 'support', '--task', 'mail,chat'],
      ...['--expires', '90d', '--rate', '600/min'],
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/^cap_[0-9a-z]{26}_[0-9a-f]{64}\n$/)
    expect(stderr).toContain('it is shown once')
    const [key] = await listKeys()
    expect(key).toMatchObject({ name: 'web shop', tasks: ['chat', 'mail', 'support'], requestsPerMinute: 600 })
    expect(Date.parse(key?.expiresAt ?? '') - Date.parse(key?.createdAt ?? '')).toBe(90 * 86_400_000)
  })

  it('creates a key for all tasks, without end or limit, unless told', async () => {
    const { key } = await json<{ key: ApiKey }>('keys', 'create', '--name', 'all')
    expect(key).toMatchObject({ tasks: null, expiresAt: null, requestsPerMinute: null })
    expect((await run('keys', 'list')).stdout).toMatch(/^id +name +tasks +rate +created +until\nkey_\w+ +web shop +/)
  })

  it('revokes a key, and the audit log has all of it, never a secret', async () => {
    const [key] = await listKeys()
    const id = key?.id ?? ''
    expect(await run('keys', 'revoke', id)).toMatchObject({ code: 0, stdout: `${id} (web shop) is revoked.\n` })
    expect((await listKeys())[0]?.revokedAt).not.toBeNull()
    const { entries } = await json<{ entries: AuditEntry[] }>('audit', '--limit', '2')
    expect(entries.map(({ actor, act, sequence }) => ({ actor, act, sequence }))).toEqual([
      { actor: 'cli', act: 'key-revoked', sequence: 3 },
      { actor: 'cli', act: 'key-created', sequence: 2 },
    ])
    const { stdout } = await run('audit')
    expect(stdout).toMatch(/^when +who +act +what\n.* cli +key-revoked +key key_/)
    expect(stdout).not.toMatch(/[0-9a-f]{64}/)
  })

  it.each([
    [['keys', 'create'], 2, 'cli.bad-usage'],
    [['keys', 'remove'], 2, 'cli.bad-usage'],
    [['keys', 'create', '--name', ' '], 2, 'cli.bad-key'],
    [['keys', 'create', '--name', 'a', '--task', 'Not Good'], 2, 'cli.bad-key'],
    [['keys', 'create', '--name', 'a', '--expires', 'soon'], 2, 'cli.bad-duration'],
    [['keys', 'create', '--name', 'a', '--expires', '0d'], 2, 'cli.bad-key'],
    [['keys', 'create', '--name', 'a', '--rate', '10/s'], 2, 'cli.bad-rate'],
    [['keys', 'revoke', 'key_none'], 1, 'access.key-not-found'],
  ])('answers %j with exit code %i and %s', async (argv, code, name) => {
    const result = await run(...argv)
    expect(result).toMatchObject({ code, stdout: '' })
    expect(result.stderr).toContain(`code: ${name}\n`)
  })
})
