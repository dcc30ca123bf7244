import type { Outlook, PlanReport } from '../../planning/index.ts'
import { type Block, list, type Section, table, text } from '../document.ts'
import { formatAmount, formatMoneyAmount, formatMonth, formatShare, nameMonth } from '../format.ts'

export function composeForecast(report: PlanReport): Section {
  const { forecast, currency, date, months, draws } = report
  const { facts, hopes } = forecast
  const labels = Array.from({ length: months }, (_, t) => nameMonth(date, t))
  const shown = [...new Set([0, 3, 6, 12, 18, 24, 36, 48, 60, months - 1])].filter((t) => t < months)
  return {
    title: 'Forecast',
    blocks: [
      text(`${draws} draws of everything uncertain, ${months} months; P10 / P50 / P90 with all that is hoped for.`),
      ...table(
        ['end of month', 'users>', 'revenue>', 'costs>', 'cash>'],
        shown.map((t) => [
          `${t} (${labels[t]})`,
          ...(['users', 'revenue', 'costs', 'cash'] as const).map((key) => bandsAt(hopes[key], t)),
        ]),
      ),
      ...table(
        ['', 'facts only', 'with hopes'],
        verdictRows(report).map(([name, of]) => [name, of(facts), of(hopes)]),
      ),
      ...list(aliveSentences(report)),
      ...table(
        ['plan', 'value P10>', 'P50>', 'P90>', 'mean>', 'worst tenth>', 'ruin>', 'against this plan'],
        forecast.plans.map(({ name, value, badLuck, ruin, againstBase }) => [
          `${name === 'base' ? report.plan : name}${name === forecast.chosen ? ' (best)' : ''}`,
          ...[value.p10, value.p50, value.p90, value.mean, badLuck].map(formatAmount),
          formatShare(ruin),
          againstBase
            ? `${formatAmount(againstBase.meanDifference)} ± ${formatAmount(againstBase.standardError)}, better in ${formatShare(againstBase.probabilityBetter)}`
            : '–',
        ]),
      ),
      ruinChart(report, labels),
      ...(['cash', 'revenue', 'costs', 'users'] as const).map(
        (key): Block => ({
          kind: 'chart',
          chart: {
            kind: 'bands',
            title: `${key[0]?.toUpperCase()}${key.slice(1)}`,
            unit: key === 'users' ? 'paying' : key === 'cash' ? currency : `${currency} a month`,
            labels,
            series: [
              { name: 'with hopes', ...hopes[key] },
              ...(key === 'cash' ? [{ name: 'facts only', ...facts[key] }] : []),
            ],
          },
        }),
      ),
    ],
  }
}

function bandsAt({ p10, p50, p90 }: Outlook['cash'], t: number): string {
  return [p10, p50, p90].map((band) => formatAmount(band[t] as number)).join(' / ')
}

function verdictRows({ date, months, currency }: PlanReport): [string, (outlook: Outlook) => string][] {
  const month = (value: number | null) => formatMonth(date, value, 'never')
  const money = (value: number) => formatMoneyAmount(value, currency)
  return [
    ['probability of ruin', ({ ruinByMonth }) => formatShare(ruinByMonth.at(-1))],
    [
      '  by month',
      ({ ruinByMonth }) =>
        [6, 12, 18, 24, 36]
          .filter((t) => t <= months)
          .map((t) => `${t}: ${formatShare(ruinByMonth[t - 1])}`)
          .join(', '),
    ],
    ['runway', ({ runway: { p10, p50, p90 } }) => `P10 ${month(p10)}, P50 ${month(p50)}, P90 ${month(p90)}`],
    [
      'break-even',
      ({ breakEven: { p10, p50, p90, never } }) =>
        `P10 ${month(p10)}, P50 ${month(p50)}, P90 ${month(p90)}; not at all in ${formatShare(never)}`,
    ],
    [
      'default alive',
      ({ defaultAlive }) => `in ${formatShare(defaultAlive)} of the draws: ${defaultAlive >= 0.5 ? 'alive' : 'dead'}`,
    ],
    [
      'money to raise',
      ({ raiseNeeded: { p50, p80, p90 } }) => `P50 ${money(p50)}, P80 ${money(p80)}, P90 ${money(p90)}`,
    ],
  ]
}

/** The test as Paul Graham asks it, in continuous time, beside the one by draws. */
function aliveSentences({ alive, currency }: PlanReport): string[] {
  if (!alive)
    return [
      'There is no revenue yet from which growth could be read: whether the company is default alive, only the draws say.',
    ]
  const { course, cash, growthMonths, verdict, growthToLive, expensesToLive } = alive
  const money = (value: number) => formatMoneyAmount(value, currency)
  const growth = course.growth.kind === 'compound' ? formatShare(course.growth.rate) : ''
  const premise =
    `Default-alive test (continuous; median revenue ${money(course.revenue)} growing ${growth} a month over ${growthMonths} months, ` +
    `expenses staying at ${money(course.expenses)}, cash ${money(cash)})`
  const { defaultAlive, capitalNeeded, breakEven, runway } = verdict
  if (defaultAlive) {
    return [
      `${premise}: alive. Revenue meets expenses after ${formatAmount(breakEven)} months, which takes ${money(capitalNeeded ?? 0)}.`,
    ]
  }
  return [
    `${premise}: dead. The cash lasts ${formatAmount(runway)} months. ` +
      `It would live at ${growthToLive === null ? 'no growth at all' : `${formatShare(growthToLive)} growth a month`}, or at expenses of ${money(expensesToLive)}.`,
  ]
}

function ruinChart({ forecast }: PlanReport, labels: readonly string[]): Block {
  const { facts, hopes } = forecast
  return {
    kind: 'chart',
    chart: {
      kind: 'lines',
      title: 'Probability of ruin by month',
      unit: 'share of draws',
      xUnit: `months from ${labels[0]}`,
      x: facts.ruinByMonth.map((_, t) => t + 1),
      series: [
        { name: 'facts only', y: facts.ruinByMonth },
        { name: 'with hopes', y: hopes.ruinByMonth },
      ],
    },
  }
}
