/** Units of a plan: what a number counts, for each user or not, and in which time. Inside, every flow of money or users is one a month. */

/** What a place in the plan expects. A text without a unit is taken to be in it. */
export type Unit =
  | 'money'
  | 'money/month'
  | 'money/user/month'
  | 'users'
  | 'users/month'
  | 'share'
  | 'share/month'
  | 'share/year'
  | 'months'
  | 'shares'
  | 'number'

/** A unit as it was written, and the factor that brings a number of it to the unit inside. */
export type WrittenUnit = { unit: string; factor: number }

const counted: Readonly<Record<string, string>> = {
  user: 'users',
  users: 'users',
  customer: 'users',
  customers: 'users',
  '%': 'share',
  share: 'share',
  month: 'months',
  months: 'months',
  shares: 'shares',
  label: 'number',
  labels: 'number',
  people: 'number',
}

/** Reads what stands behind a number. A string: why it is no unit. */
export function parseUnit(text: string, currency: string): WrittenUnit | string {
  const [first = '', ...divisors] = text.split('/').map((part) => part.trim())
  const isMoney = first === currency
  if (!isMoney && /^[A-Z]{3}$/.test(first)) return `is in ${first}, and the plan's currency is ${currency}`
  const base = isMoney ? 'money' : counted[first]
  if (base === undefined) return `"${text}" is no unit: ${describeUnits(currency)}`
  let factor = first === '%' ? 0.01 : 1
  let [perUser, period] = ['', '']
  for (const divisor of divisors) {
    if (['user', 'customer'].includes(divisor) && perUser === '') perUser = '/user'
    else if (['month', 'year'].includes(divisor) && period === '') period = `/${divisor}`
    else return `"${text}" is no unit: "${divisor}" cannot stand below the line here`
  }
  // A flow of money or users through a year is a twelfth a month; shares compound, and stay what they are.
  if (period === '/year' && base !== 'share') {
    factor /= 12
    period = '/month'
  }
  return { unit: `${base}${perUser}${period}`, factor }
}

/** Whether a written unit says what the place expects; it may leave out what the place says itself. */
export function fitsUnit(written: string, expected: Unit): boolean {
  const [base = '', ...divisors] = written.split('/')
  const [expectedBase, ...expectedDivisors] = expected.split('/')
  return base === expectedBase && divisors.every((divisor) => expectedDivisors.includes(divisor))
}

/** The unit with the plan's currency in it. */
export function nameUnit(unit: string, currency: string): string {
  return unit.replace('money', currency).replace(/^share(?=\/|$)/, '%')
}

function describeUnits(currency: string): string {
  return `write ${currency}, ${currency}/month, ${currency}/user/month, users, users/month, %, %/month, %/year, months, shares or nothing`
}
