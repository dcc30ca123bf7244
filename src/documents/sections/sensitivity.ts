import type { PlanReport } from '../../planning/index.ts'
import { type Section, table, text } from '../document.ts'
import { formatAmount, formatMoneyAmount, formatShare } from '../format.ts'

const barsShown = 10

export function composeSensitivity({ forecast, currency, plan }: PlanReport): Section | undefined {
  const { inputs, experiments, perfectInformation, chosen, plans } = forecast
  if (inputs.length === 0) return undefined
  const money = (value: number) => formatMoneyAmount(value, currency)
  const shown = inputs.filter((input) => input.width > 0 || isWorthKnowing(input)).slice(0, barsShown)
  const centre = plans.find(({ name }) => name === chosen)?.value.p50 ?? 0
  return {
    title: 'What matters, and what to learn next',
    blocks: [
      text(
        `Value of the plan ${chosen === 'base' ? plan : chosen} with one input at its P10 and P90, all others at their medians ` +
          `(fixed), and with the best plan for what came (re-optimised).`,
      ),
      ...table(
        [
          'input',
          'P10>',
          'P90>',
          'value at P10>',
          'value at P90>',
          're-optimised',
          'rank share>',
          'worth knowing>',
          'grade',
        ],
        shown.map(({ input, low, high, fixed, reoptimised, rankShare, information, evidence }) => [
          input,
          formatAmount(low),
          formatAmount(high),
          formatAmount(fixed.low),
          formatAmount(fixed.high),
          `${formatAmount(reoptimised.low)} to ${formatAmount(reoptimised.high)}`,
          formatShare(rankShare),
          isWorthKnowing({ information }) ? money(information.value) : 'nothing',
          evidence.grade,
        ]),
      ),
      text(
        plans.length < 2
          ? 'There is one plan and so nothing to decide: knowledge has a price only where scenarios differ.'
          : `To know everything before choosing a plan would be worth ${money(perfectInformation)} (EVPI); "worth knowing" is the same for one input (EVPPI).`,
      ),
      ...describeNextExperiment(forecast, currency).map(text),
      ...table(
        ['experiment', 'observations>', 'worth>', 'cost>', 'net>'],
        experiments.map(({ name, observations, value, cost, net }) => [
          name,
          String(observations),
          money(value),
          money(cost),
          money(net),
        ]),
      ),
      {
        kind: 'chart',
        chart: {
          kind: 'spans',
          title: 'Value by input, P10 to P90',
          unit: currency,
          centre,
          spans: shown.map(({ input, fixed }) => ({ name: input, low: fixed.low, high: fixed.high })),
        },
      },
    ],
  }
}

/** A value below two standard errors is none. */
function isWorthKnowing({ information }: Pick<PlanReport['forecast']['inputs'][number], 'information'>): boolean {
  return information.value > 2 * information.standardError
}

/** At most one sentence. */
export function describeNextExperiment({ experiments }: PlanReport['forecast'], currency: string): string[] {
  const money = (value: number) => formatMoneyAmount(value, currency)
  const best = experiments[0]
  if (!best) return []
  return [
    best.net > 0
      ? `Next best experiment: ${best.name} with ${best.observations} observations costs ${money(best.cost)}, is worth ${money(best.value)}, and so brings ${money(best.net)}.`
      : `No experiment is worth its cost now: the best, ${best.name}, would cost ${money(best.cost)} and be worth ${money(best.value)}.`,
  ]
}
