import type { AssessReport } from '../../planning/index.ts'
import { type Block, list, type Section, table, text } from '../document.ts'
import { formatAmount, formatCount, formatMoneyAmount, formatShare } from '../format.ts'

export function composeMarket(report: AssessReport): Section {
  const { market, competitors, currency } = report
  const spread = ({ p10, p50, p90 }: AssessReport['market'][number]['total']) =>
    [p10, p50, p90].map(formatAmount).join(' / ')
  return {
    title: 'Market',
    blocks: [
      ...(market.length > 0
        ? [
            text(
              `Bottom up, revenue a year in ${currency}, P10 / P50 / P90: TAM is all customers × price, SAM those that can be reached, SOM those that can be won.`,
            ),
          ]
        : []),
      ...table(
        ['customers of', 'number', 'TAM', 'SAM', 'SOM'],
        market.map(({ name, customers, total, serviceable, obtainable }) => [
          name,
          spread(customers),
          spread(total),
          spread(serviceable),
          spread(obtainable),
        ]),
      ),
      ...describeWillingness(report),
      ...table(
        ['competitor', 'price a month>', 'strengths', 'weaknesses', 'source', 'date'],
        competitors.map(({ name, price, strengths, weaknesses, source, date }) => [
          name,
          formatMoneyAmount(price, currency),
          strengths,
          weaknesses,
          source ?? '–',
          date ?? '–',
        ]),
      ),
    ],
  }
}

function describeWillingness({ willingness, currency }: AssessReport): Block[] {
  if (!willingness) return []
  const money = (value: number) => formatMoneyAmount(value, currency)
  if (willingness.method === 'van-westendorp') {
    const { respondents, inconsistent, lowest, indifferent, optimal, highest } = willingness.sensitivity
    return [
      text(
        `Willingness to pay (van Westendorp, ${willingness.file}, ${respondents} respondents, ${inconsistent} left out as inconsistent): ` +
          `acceptable from ${money(lowest)} to ${money(highest)}; least resistance at ${money(optimal)}, indifference at ${money(indifferent)}.`,
      ),
    ]
  }
  const { points, best } = willingness.demand
  return [
    text(
      `Willingness to pay (Gabor-Granger, ${willingness.file}): the largest profit, with a unit cost of ${money(willingness.unitCost)}, is at ${money(best.price)}, where ${formatShare(best.demand)} would buy.`,
    ),
    ...table(
      ['price>', 'asked>', 'would buy>', '95 % interval', 'profit for each asked>'],
      points.map(({ price, asked, share, interval, profit }) => [
        money(price),
        String(asked),
        formatShare(share),
        interval.map(formatShare).join(' to '),
        money(profit),
      ]),
    ),
  ]
}

export function composeFeasibility({ feasibility, needs, team, currency }: AssessReport): Section | undefined {
  const wanted = [
    ...(needs.team === undefined ? [] : [`Team: ${needs.team}`]),
    ...(needs.data === undefined ? [] : [`Data: ${needs.data}`]),
    ...(team.length === 0
      ? []
      : [
          `Roles of the plan: ${team.map(({ role, count, max }) => `${role} (${count} at work, at most ${max})`).join(', ')}.`,
        ]),
  ]
  if (!feasibility && wanted.length === 0) return undefined
  return {
    title: 'Feasibility and needs',
    blocks: [...(feasibility ? describeFeasibility(feasibility, currency) : []), ...list(wanted)],
  }
}

function describeFeasibility(
  { task, target, runs, best, reached, curve, cost }: NonNullable<AssessReport['feasibility']>,
  currency: string,
): Block[] {
  const verdicts = {
    surely: 'reached, with the whole 95 % interval above it',
    maybe: 'within the 95 % interval of what was measured: neither sure nor excluded',
    no: 'not reached yet',
    unknown: 'unknown: no version of the task was measured',
  }
  const measured = best
    ? ` The best, ${nameOf(best)}, scores ${formatShare(best.score)} (${best.interval.map(formatShare).join(' to ')}, ${best.testExamples} tests).`
    : ''
  const outlook =
    curve.answer === 'none'
      ? curve.why
      : `By its learning curve (${curve.form}) the target takes ${[curve.p10, curve.p50, curve.p90].map((n) => formatAmount(n)).join(' / ')} labels (P10 / P50 / P90); ` +
        `twice the labels of today would score ${formatShare(curve.atDouble)}. Buy ${formatCount(curve.buyNow)} now, measure, and ask again` +
        `${cost ? `: ${formatMoneyAmount(cost.buyNow, currency)} now, ${formatMoneyAmount(cost.p50, currency)} in all` : ''}.`
  return [
    text(
      `Task ${task}: the product needs a score of ${formatShare(target)}, which is ${verdicts[reached]}.${measured} ${outlook}`,
    ),
    ...table(
      ['model', 'trained on>', 'score>', '95 % interval', 'tested on>'],
      runs.map(({ trainExamples, score, interval, testExamples, ...run }) => [
        nameOf(run),
        formatCount(trainExamples),
        formatShare(score),
        interval.map(formatShare).join(' to '),
        formatCount(testExamples),
      ]),
    ),
  ]
}

function nameOf({ version }: { version: number | null }): string {
  return version === null ? 'of the learning curve' : `version ${version}`
}

export function composeScore({ score }: AssessReport): Section | undefined {
  if (!score) return undefined
  const { ranking, sensitivity } = score
  return {
    title: 'Choice',
    blocks: [
      text(
        `${ranking[0]?.option} is best by the weights given, and under ${formatShare(ranking[0]?.bestShare)} of all mixes of weights.`,
      ),
      ...table(
        ['option', 'score of 10>', 'best under>'],
        ranking.map(({ option, score, bestShare }) => [option, score.toFixed(2), formatShare(bestShare)]),
      ),
      ...table(
        ['criterion', 'weight>', 'best stays best from', 'otherwise'],
        sensitivity.map(({ criterion, weight, from, to, otherwise }) => [
          criterion,
          formatShare(weight),
          `${formatShare(from)} to ${formatShare(to)}`,
          otherwise ?? 'nothing else',
        ]),
      ),
    ],
  }
}
