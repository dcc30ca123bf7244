import type { PlanReport } from '../planning/index.ts'
import type { PlanDocument } from './document.ts'
import { composeAllocation } from './sections/allocation.ts'
import { composeAssumptions, composeRisks } from './sections/assumptions.ts'
import { composeForecast } from './sections/forecast.ts'
import { composeFeasibility, composeMarket } from './sections/market.ts'
import { composeRaise } from './sections/raise.ts'
import { composeSensitivity } from './sections/sensitivity.ts'
import { composeProduct, composeSituation } from './sections/situation.ts'
import { composeSummary } from './sections/summary.ts'
import { composeTeam } from './sections/team.ts'

/** A plan as a document: the same for the terminal and for investors. */
export function composePlan(report: PlanReport): PlanDocument {
  const { venture, what, date, plan, currency, seed, draws, months, assessment } = report
  const sections = [
    composeSummary(report),
    composeSituation(report),
    assessment && composeMarket(assessment),
    composeProduct(report),
    assessment && composeFeasibility(assessment),
    composeAllocation(report),
    composeForecast(report),
    composeSensitivity(report),
    composeRaise(report),
    composeTeam(report),
    composeRisks(report),
    composeAssumptions(report),
  ]
  return {
    title: `${venture}: plan of ${date}${plan === 'base' ? '' : `, scenario ${plan}`}`,
    subtitle: what,
    date,
    origin:
      `Computed by capstan plan from venture.yaml: ${draws} draws with seed ${seed}, ${months} months, amounts in ${currency}. ` +
      'The same file gives the same numbers.',
    sections: sections.filter((section) => section !== undefined && section !== null),
  }
}
