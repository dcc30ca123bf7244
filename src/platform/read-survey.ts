import { InvalidInputError } from '../base/index.ts'
import { readRows } from '../data/index.ts'
import type { PlanFacts, PriceAnswer, PriceOpinion } from '../planning/index.ts'

type Survey = NonNullable<PlanFacts['survey']>

const opinionColumns = { too_cheap: 'tooCheap', cheap: 'cheap', expensive: 'expensive', too_expensive: 'tooExpensive' }
const yes = ['1', 'yes', 'true', 'y']
const no = ['0', 'no', 'false', 'n']

/**
 * A survey of prices: the columns too_cheap, cheap, expensive and too_expensive, or price and buys (yes or no). Throws
 * InvalidInputError `venture.bad-survey` with every row that cannot be used, and what `readRows` throws.
 */
export async function readSurvey(path: string): Promise<Survey> {
  const problems: string[] = []
  const survey: Survey = { opinions: [], answers: [] }
  const rows = readRows(path, { onProblem: ({ line, message }) => problems.push(`line ${line}: ${message}`) })
  for await (const { line, fields } of rows) {
    const row = 'price' in fields ? toAnswer(fields) : toOpinion(fields)
    if (typeof row === 'string') problems.push(`line ${line}: ${row}`)
    else if ('price' in row) survey.answers.push(row)
    else survey.opinions.push(row)
  }
  if (problems.length === 0) return survey
  throw new InvalidInputError('venture.bad-survey', `${path} cannot be used:\n  ${problems.join('\n  ')}`, {
    hint: 'The columns are too_cheap, cheap, expensive, too_expensive; or price and buys.',
    details: { path, problems },
  })
}

function toOpinion(fields: Record<string, string>): PriceOpinion | string {
  const entries = Object.entries(opinionColumns).map(([column, key]) => [key, toNumber(fields[column])] as const)
  const wrong = Object.keys(opinionColumns).filter((column) => Number.isNaN(toNumber(fields[column])))
  if (wrong.length > 0) return `${wrong.join(', ')} must be numbers`
  return Object.fromEntries(entries) as PriceOpinion
}

function toAnswer({ price, buys = '' }: Record<string, string>): PriceAnswer | string {
  const [amount, word] = [toNumber(price), buys.trim().toLowerCase()]
  if (Number.isNaN(amount)) return 'price must be a number'
  return [...yes, ...no].includes(word) ? { price: amount, buys: yes.includes(word) } : 'buys must be yes or no'
}

function toNumber(field = ''): number {
  return field.trim() === '' ? Number.NaN : Number(field)
}
