import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '../../src/base/index.ts'
import { createLedger } from '../../src/ledger/index.ts'
import { openStore } from '../../src/storage/index.ts'

const source = join(import.meta.dirname, '../../src')

export type Survived = {
  kills: number
  /** Events whose call had resolved before a kill. */
  acknowledged: number
  /** Of these, those that are not in the store. */
  lost: number
  stored: number
  /** How often each stored event stands in the journal, which is once. */
  booked: number
}

/** Posts events in a process that gets SIGKILL at random moments, and each time goes on a call before the first that was not answered. */
export async function postAndKill(folder: string, { kills, seed }: { kills: number; seed: number }): Promise<Survived> {
  const random = createRandom(seed, 'kills')
  let acknowledged = 0
  for (let i = 0; i < kills; i++) {
    const calls = 2 + random.integer(8)
    acknowledged = await postUntilKilled(folder, acknowledged, { calls, afterMs: random.integer(50) })
  }
  const store = await openStore({ folder })
  try {
    const { stored, known } = await store.database
      .selectFrom('metered_events')
      .select(({ fn, eb }) => [
        fn.countAll<bigint>().as('stored'),
        fn
          .countAll<bigint>()
          .filterWhere(eb('amount_micro', '<=', BigInt(acknowledged)))
          .as('known'),
      ])
      .executeTakeFirstOrThrow()
    // Event n has an amount of n: the sum of the journal tells one counted twice from one left out.
    const [used] = await createLedger({ store }).accountBalances({ account: 'Expenses:Model:Compute' })
    const expected = (stored * (stored + 1n)) / 2n
    return {
      kills,
      acknowledged,
      lost: acknowledged - Number(known),
      stored: Number(stored),
      booked: Number(used?.amountMicro ?? 0n) / Number(expected),
    }
  } finally {
    await store.close()
  }
}

/** Kills the process some milliseconds after its `calls`-th answer, so that how much is written depends on no machine's speed. */
async function postUntilKilled(
  folder: string,
  acknowledged: number,
  { calls, afterMs }: { calls: number; afterMs: number },
): Promise<number> {
  const program = `
    import { openStore } from ${JSON.stringify(join(source, 'storage/index.ts'))}
    import { createLedger } from ${JSON.stringify(join(source, 'ledger/index.ts'))}
    const ledger = createLedger({ store: await openStore({ folder: ${JSON.stringify(folder)} }) })
    const perCall = 50
    for (let last = ${Math.max(0, acknowledged - 50)}; ; last += perCall) {
      await ledger.postEvents(Array.from({ length: perCall }, (_, i) => ({
        source: 'killed', id: String(last + i + 1), eventTime: new Date(Date.UTC(2026, 0, 1) + (last + i) * 1000),
        debit: 'Expenses:Model:Compute', credit: 'Equity:Metered', commodity: 'GPU-SECOND', amountMicro: BigInt(last + i + 1),
      })))
      console.log(last + perCall)
    }`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let last = acknowledged
  const lines = createInterface({ input: child.stdout })
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')])
  let callsLeft = calls
  const answered = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      last = Math.max(last, Number(line))
      if (--callsLeft === 0) resolve()
    })
  })
  await Promise.race([answered, ended])
  if (callsLeft > 0) throw new Error(`The writing process ended by itself, ${callsLeft} calls early`)
  await sleep(afterMs)
  child.kill('SIGKILL')
  await ended
  return last
}
