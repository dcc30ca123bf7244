import type { AssessReport } from '../planning/index.ts'
import type { PlanDocument } from './document.ts'
import { composeFeasibility, composeMarket, composeScore } from './sections/market.ts'

/** The answer to "is this venture worth choosing?" as a document of its own. */
export function composeAssessment(report: AssessReport): PlanDocument {
  const { venture, date, draws, seed, currency } = report
  const sections = [composeMarket(report), composeFeasibility(report), composeScore(report)]
  return {
    title: `${venture}: assessment of ${date}`,
    subtitle: '',
    date,
    origin: `Computed by capstan assess from venture.yaml: ${draws} draws with seed ${seed}, amounts in ${currency}.`,
    sections: sections.filter((section) => section !== undefined),
  }
}
