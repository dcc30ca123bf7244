// Names held as advisory locks of one session. PostgreSQL gives them free when the session's process is gone, however it
// went: no clock, no lease, nothing to clean up. A pooler in transaction mode would share the session and break this.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import type { TryHold } from './hold.ts'
import { createTurnstile } from './turnstile.ts'

const retryMs = 250
/** Whoever looks whether a name is free has it for a moment; after so many tries somebody else works on it. */
const triesMax = 20

/** Holds names on a session of its own, opened when the first is asked for and opened again when it breaks. */
export class SessionHolds {
  readonly #createClient: () => Client
  readonly #held = new Set<string>()
  /** Within one session PostgreSQL would give the same lock twice. */
  readonly #asked = new Set<string>()
  readonly #turnstile = createTurnstile()
  /** Held, but by a session that broke. */
  #missing = new Set<string>()
  #isTakingAgain = false
  #session: Promise<Client> | null = null
  #isClosed = false

  constructor(createClient: () => Client) {
    this.#createClient = createClient
  }

  readonly tryHold: TryHold = async (name) => {
    if (this.#held.has(name) || this.#asked.has(name)) return null
    this.#asked.add(name)
    try {
      if (!(await this.#turnstile.run(async () => lock(await this.#connect(), name)))) return null
      this.#held.add(name)
      return { release: () => this.#release(name) }
    } finally {
      this.#asked.delete(name)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const client = await this.#session?.catch(() => null)
    await client?.end()
  }

  async #release(name: string): Promise<void> {
    this.#held.delete(name)
    await this.#turnstile.run(async () => {
      // A session that broke holds nothing any more.
      const client = await this.#session?.catch(() => null)
      await client?.query('select pg_advisory_unlock(hashtextextended($1, 0))', [name]).catch(() => {})
    })
  }

  #connect(): Promise<Client> {
    this.#session ??= this.#open().catch((error: unknown) => {
      this.#session = null
      throw error
    })
    return this.#session
  }

  async #open(): Promise<Client> {
    const client = this.#createClient()
    // The end of the session is what counts, and follows every error.
    client.on('error', () => {})
    await client.connect()
    client.once('end', () => {
      this.#session = null
      this.#missing = new Set(this.#held)
      if (!this.#isTakingAgain) void this.#takeAgain()
    })
    return client
  }

  /** After the server has been away: takes again what was held. */
  async #takeAgain(): Promise<void> {
    this.#isTakingAgain = true
    for (let tries = 0; tries < triesMax && this.#missing.size > 0 && !this.#isClosed; ) {
      try {
        await this.#turnstile.run(() => this.#takeMissing())
        tries++
      } catch {
        // The server is still away.
      }
      if (this.#missing.size > 0) await sleep(retryMs)
    }
    for (const name of this.#missing) this.#held.delete(name)
    this.#missing.clear()
    this.#isTakingAgain = false
  }

  async #takeMissing(): Promise<void> {
    const client = await this.#connect()
    for (const name of [...this.#missing]) {
      if (!this.#held.has(name) || (await lock(client, name))) this.#missing.delete(name)
    }
  }
}

async function lock(client: Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ taken: boolean }>(
    'select pg_try_advisory_lock(hashtextextended($1, 0)) as taken',
    [name],
  )
  return rows[0]?.taken === true
}
