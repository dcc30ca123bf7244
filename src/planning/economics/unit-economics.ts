/** What a customer brings and costs; each definition with what it includes. Money in one currency, periods in months. */
import { checkNumbers } from '../check-numbers.ts'
import { expectResidualLifetime, type Retention } from '../retention.ts'

/** Months after which a customer's value is not counted where retention is only known as one rate. */
const lifetimeMonthsMax = 24

/**
 * Net and gross revenue retention of the customers who were there at the opening; new customers belong to neither.
 * NRR = (opening + expansion - contraction - churned) / opening; GRR leaves expansion out and is at most 1.
 */
export function retainRevenue(movement: { opening: number; expansion: number; contraction: number; churned: number }): {
  net: number
  gross: number
} {
  const { opening, expansion, contraction, churned } = movement
  checkNumbers('the revenue movement', {
    opening: [opening, 'positive'],
    expansion: [expansion, 'at least 0'],
    contraction: [contraction, 'at least 0'],
    churned: [churned, 'at least 0'],
    'opening - contraction - churned': [opening - contraction - churned, 'at least 0'],
  })
  const kept = opening - contraction - churned
  return { net: (kept + expansion) / opening, gross: kept / opening }
}

/** Margin of a customer of constant churn, over all time and over the first 24 months. Gross margin after inference and labels. */
export function valueLifetime(customer: { revenuePerMonth: number; grossMargin: number; churn: number }): {
  unlimited: number
  capped: number
} {
  const { revenuePerMonth, grossMargin, churn } = customer
  checkNumbers('the lifetime value', {
    revenuePerMonth: [revenuePerMonth, 'at least 0'],
    grossMargin: [grossMargin, 'finite'],
    churn: [churn, 'from 0 to 1'],
  })
  const margin = revenuePerMonth * grossMargin
  return {
    unlimited: margin / churn,
    capped: churn === 0 ? margin * lifetimeMonthsMax : (margin * (1 - (1 - churn) ** lifetimeMonthsMax)) / churn,
  }
}

/** Discounted margin of a new customer whose cohort has this retention, the first month's included. */
export function valueLifetimeOfCohort(options: {
  marginPerMonth: number
  retention: Retention
  discount: number
}): number {
  const { marginPerMonth, retention, discount } = options
  const renewed = expectResidualLifetime(retention, { discount, renewals: 0 })
  return marginPerMonth * (1 + renewed / (1 + discount))
}

/** Fully loaded cost of a customer: all of sales and marketing, salaries included, over new customers. */
export function costAcquisition(options: { salesAndMarketing: number; newCustomers: number }): number {
  const { salesAndMarketing, newCustomers } = options
  checkNumbers('the acquisition cost', {
    salesAndMarketing: [salesAndMarketing, 'at least 0'],
    newCustomers: [newCustomers, 'positive'],
  })
  return salesAndMarketing / newCustomers
}

/** Months until a customer's margin has paid the cost of acquiring it. */
export function paybackMonths(options: {
  acquisitionCost: number
  revenuePerMonth: number
  grossMargin: number
}): number {
  const { acquisitionCost, revenuePerMonth, grossMargin } = options
  const margin = revenuePerMonth * grossMargin
  checkNumbers('the payback', {
    acquisitionCost: [acquisitionCost, 'at least 0'],
    'margin per month': [margin, 'positive'],
  })
  return acquisitionCost / margin
}

/** Units to sell until the margin covers the fixed cost: exact, and whole. */
export function breakEvenUnits(options: { fixedCost: number; price: number; unitCost: number }): {
  exact: number
  whole: number
} {
  const { fixedCost, price, unitCost } = options
  checkNumbers('the break-even', {
    fixedCost: [fixedCost, 'at least 0'],
    'price - unitCost': [price - unitCost, 'positive'],
  })
  const exact = fixedCost / (price - unitCost)
  return { exact, whole: Math.ceil(exact) }
}

export type Efficiency = { burnMultiple: number; magicNumber: number; quickRatio: number; ruleOf40: number }

/**
 * How well money becomes growth, of one quarter. Burn multiple: net burn per new annual recurring revenue. Magic number:
 * four times the rise of quarterly revenue per sales and marketing of the quarter before. Quick ratio: revenue won per
 * revenue lost. Rule of 40: growth and margin, both in percent, added up. Infinite where nothing was lost or won.
 */
export function measureEfficiency(quarter: {
  netBurn: number
  newAnnualRevenue: number
  revenueRise: number
  salesAndMarketingBefore: number
  won: number
  lost: number
  growthPercent: number
  marginPercent: number
}): Efficiency {
  return {
    burnMultiple: quarter.netBurn / quarter.newAnnualRevenue,
    magicNumber: (4 * quarter.revenueRise) / quarter.salesAndMarketingBefore,
    quickRatio: quarter.won / quarter.lost,
    ruleOf40: quarter.growthPercent + quarter.marginPercent,
  }
}
