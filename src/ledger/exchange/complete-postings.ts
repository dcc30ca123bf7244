import type { Posting } from '../../contracts/index.ts'
import { accounts } from '../account.ts'

/** A posting as a plain-text journal has it: the amount may be left out, and may have a price. */
export type WrittenPosting = {
  account: string
  amount: { commodity: string; amountMicro: bigint } | null
  /** What the whole amount is worth, with its sign. */
  worth: { commodity: string; amountMicro: bigint } | null
}

/**
 * The postings of a journal's entry, each commodity balanced. One amount may be left out and is what the others lack. Amounts
 * with prices balance by what they are worth; what each commodity is then off by goes through Equity:Conversion. Else it is
 * said what is wrong.
 */
export function completePostings(written: readonly WrittenPosting[]): Posting[] | string {
  const missing = written.filter(({ amount }) => amount === null)
  if (missing.length > 1) return `${missing.length} of its postings have no amount, and only one may have none`
  const weights = new Map<string, bigint>()
  for (const { amount, worth } of written) if (amount) add(weights, worth ?? amount)
  const lacking = [...weights].flatMap(([commodity, sum]) => (sum === 0n ? [] : [{ commodity, amountMicro: -sum }]))
  const [elided] = missing
  if (elided === undefined && lacking.length > 0) {
    const amounts = lacking.map(({ commodity, amountMicro }) => `${-amountMicro} micro ${commodity}`)
    return `it does not balance: off by ${amounts.join(', ')}`
  }
  const postings = written.flatMap(({ account, amount }) => {
    if (amount) return amount.amountMicro === 0n ? [] : [{ account, ...amount }]
    return lacking.map((lack) => ({ account, ...lack }))
  })
  const sums = new Map<string, bigint>()
  for (const posting of postings) add(sums, posting)
  const through = [...sums].flatMap(([commodity, sum]) =>
    sum === 0n ? [] : [{ account: accounts.conversion, commodity, amountMicro: -sum }],
  )
  return [...postings, ...through]
}

function add(sums: Map<string, bigint>, { commodity, amountMicro }: { commodity: string; amountMicro: bigint }): void {
  sums.set(commodity, (sums.get(commodity) ?? 0n) + amountMicro)
}
