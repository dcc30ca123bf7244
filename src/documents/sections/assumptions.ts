import type { PlanReport } from '../../planning/index.ts'
import { type Section, table, text } from '../document.ts'
import { formatAmount, formatShare } from '../format.ts'

export function composeAssumptions({ assumptions, currency }: PlanReport): Section {
  const grades = ['measured', 'quoted', 'benchmark', 'assumption'] as const
  const counts = grades.map((grade) => `${assumptions.filter((one) => one.grade === grade).length} ${grade}`)
  return {
    title: 'Assumptions',
    blocks: [
      text(
        assumptions.length === 0
          ? 'Every number of the plan is written as certain. Numbers that may come otherwise deserve a distribution.'
          : `${assumptions.length} uncertain numbers: ${counts.join(', ')}.`,
      ),
      ...table(
        ['assumption', 'P10>', 'P50>', 'P90>', 'unit', 'grade', 'date', 'source'],
        assumptions.map(({ name, p10, p50, p90, unit, grade, date, source, used }) => [
          used ? name : `${name} (unused)`,
          ...[p10, p50, p90].map((value) => (unit?.startsWith('share') ? formatShare(value) : formatAmount(value))),
          unit === null ? '–' : unit.replace('money', currency).replace(/^share/, '%'),
          grade,
          date,
          source ?? '–',
        ]),
      ),
    ],
  }
}

const ruinWorth = 0.1
const namedInputs = 3

/** What the plan says itself, and what its numbers say. */
export function composeRisks({ risks, forecast, allocation, assumptions }: PlanReport): Section {
  const { facts, hopes } = forecast
  const weak = forecast.inputs
    .filter(({ width, evidence }) => width > 0 && evidence.grade === 'assumption')
    .slice(0, namedInputs)
    .map(({ input }) => input)
  const beyond = allocation?.links.filter(({ extrapolates }) => extrapolates).map(({ name }) => name) ?? []
  const [ruinFacts, ruinHopes] = [facts.ruinByMonth.at(-1) ?? 0, hopes.ruinByMonth.at(-1) ?? 0]
  const assumed = assumptions.filter(({ grade, used }) => used && grade === 'assumption').length
  const found = [
    ...(ruinFacts > ruinWorth || ruinHopes > ruinWorth
      ? [
          `Cash runs out within the plan in ${formatShare(ruinFacts)} of the draws with facts only, and in ${formatShare(ruinHopes)} with hopes.`,
        ]
      : []),
    ...(weak.length > 0 ? [`The value rests on numbers that nobody has measured yet: ${weak.join(', ')}.`] : []),
    ...(assumed > 0
      ? [
          assumed === 1
            ? 'One of the numbers used is an assumption without evidence.'
            : `${assumed} of the numbers used are assumptions without evidence.`,
        ]
      : []),
    ...(beyond.length > 0
      ? [`More would be spent than was ever measured on ${beyond.join(', ')}: test with less first.`]
      : []),
  ]
  return {
    title: 'Risks',
    blocks: [
      { kind: 'list', items: [...risks, ...found, ...(risks.length + found.length === 0 ? ['None was named.'] : [])] },
    ],
  }
}
