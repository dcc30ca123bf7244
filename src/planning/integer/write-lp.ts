/** A linear model in CPLEX LP format. Names are replaced by short ones, and lines kept short: readers cut long ones. */
import { InvalidInputError, present } from '../../base/index.ts'
import type { LinearModel, Term } from './linear-model.ts'

const termsPerLine = 8

export type LpText = {
  text: string
  /** Variable → its name in the text. */
  columns: ReadonlyMap<string, string>
  /** Constraints in the order of the text. */
  rows: readonly string[]
}

/** Throws `planning.bad-model`, naming every number that is none and every variable that is not declared. */
export function writeLp(model: LinearModel): LpText {
  checkModel(model)
  const columns = new Map(Object.keys(model.variables).map((name, i) => [name, `x${i}`]))
  const sum = (terms: readonly Term[]) => writeSum(terms, columns)
  const rows = Object.keys(model.constraints)
  const constraints = Object.values(model.constraints).map(
    ({ terms, relation, limit }, i) => ` c${i}: ${sum(terms)} ${relation} ${limit}`,
  )
  const bounds = Object.entries(model.variables).map(([name, { min = 0, max = Number.POSITIVE_INFINITY }]) => {
    const column = columns.get(name)
    return min === max ? ` ${column} = ${min}` : ` ${bound(min)} <= ${column} <= ${bound(max)}`
  })
  const whole = Object.entries(model.variables).flatMap(([name, { integer }]) =>
    integer ? [` ${columns.get(name)}`] : [],
  )
  const parts = [
    'Maximize',
    ` obj: ${sum(model.maximize)}`,
    'Subject To',
    ...constraints,
    'Bounds',
    ...bounds,
    ...(whole.length > 0 ? ['General', ...whole] : []),
    'End',
  ]
  return { text: `${parts.join('\n')}\n`, columns, rows }
}

function writeSum(terms: readonly Term[], columns: ReadonlyMap<string, string>): string {
  const merged = new Map<string, number>()
  for (const [variable, factor] of terms) merged.set(variable, (merged.get(variable) ?? 0) + factor)
  const written = [...merged].map(
    ([variable, factor]) => `${factor < 0 ? '-' : '+'} ${Math.abs(factor)} ${present(columns.get(variable), variable)}`,
  )
  const lines: string[] = []
  for (let i = 0; i < written.length; i += termsPerLine) lines.push(written.slice(i, i + termsPerLine).join(' '))
  return lines.join('\n ')
}

function bound(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+inf'
  return value === Number.NEGATIVE_INFINITY ? '-inf' : String(value)
}

function checkModel({ maximize, variables, constraints }: LinearModel): void {
  const problems: string[] = []
  const checkTerms = (where: string, terms: readonly Term[]) => {
    if (terms.length === 0) problems.push(`${where} has no terms`)
    for (const [name, factor] of terms) {
      if (!(name in variables)) problems.push(`${where} names ${name}, which is no variable`)
      if (!Number.isFinite(factor)) problems.push(`the factor of ${name} in ${where} is ${factor}`)
    }
  }
  checkTerms('the objective', maximize)
  for (const [name, { terms, limit }] of Object.entries(constraints)) {
    checkTerms(name, terms)
    if (!Number.isFinite(limit)) problems.push(`the limit of ${name} is ${limit}`)
  }
  for (const [name, { min = 0, max = Number.POSITIVE_INFINITY }] of Object.entries(variables)) {
    if (!(min <= max)) problems.push(`${name} goes from ${min} to ${max}`)
  }
  if (problems.length === 0) return
  throw new InvalidInputError('planning.bad-model', `The linear model cannot be solved: ${problems.join('; ')}.`, {
    hint: 'Every factor and limit must be a finite number, every bound from least to most.',
    details: problems,
  })
}
