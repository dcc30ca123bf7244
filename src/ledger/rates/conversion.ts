import { InvalidInputError } from '../../base/index.ts'
import type { Money } from '../../contracts/index.ts'
import { accounts } from '../account.ts'
import type { NewEntry } from '../entry.ts'

/** Money of one currency that became money of another. */
export type Conversion = Omit<NewEntry, 'postings' | 'reverses'> & {
  from: { account: string; money: Money }
  to: { account: string; money: Money }
}

/**
 * The entry of a conversion. Through Equity:Conversion each currency balances by itself, so that no rate is part of the books:
 * what is left on that account, at the rates of a day, is what conversions have won (negative) or lost since.
 */
export function createConversionEntry({ from, to, ...rest }: Conversion): NewEntry {
  const { source, key } = rest
  if (from.money.currency === to.money.currency || from.money.amountMicro <= 0n || to.money.amountMicro <= 0n) {
    throw new InvalidInputError(
      'ledger.bad-conversion',
      `Conversion ${source}/${key} must give an amount above zero of one currency for one of another.`,
      { hint: 'Give from and to with different currencies, both above zero.' },
    )
  }
  const through = (account: string, { currency, amountMicro }: Money, sign: bigint) => [
    { account, commodity: currency, amountMicro: sign * amountMicro },
    { account: accounts.conversion, commodity: currency, amountMicro: -sign * amountMicro },
  ]
  return { ...rest, postings: [...through(from.account, from.money, -1n), ...through(to.account, to.money, 1n)] }
}
