/** Numbers as people read them, the same in every locale. */

const missing = '–'

/** Three significant digits: 950, 8,950, 412k, 1.24M. */
export function formatAmount(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return missing
  const size = Math.abs(value)
  if (size >= 999_500_000) return `${toDigits(value / 1e9)}B`
  if (size >= 999_500) return `${toDigits(value / 1e6)}M`
  if (size >= 9999.5) return `${toDigits(value / 1e3)}k`
  if (size >= 100) return groupThousands(value.toFixed(0))
  return toDigits(value)
}

export function formatMoneyAmount(value: number | null | undefined, currency: string): string {
  const amount = formatAmount(value)
  return amount === missing ? amount : `${amount} ${currency}`
}

export function formatShare(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return missing
  const percent = 100 * share
  if (percent !== 0 && Math.abs(percent) < 0.1) return percent > 0 ? 'below 0.1 %' : 'above -0.1 %'
  return `${percent.toFixed(Math.abs(percent) < 99.95 && Math.abs(percent - Math.round(percent)) >= 0.05 ? 1 : 0)} %`
}

export function groupThousands(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, ',')
}

export function formatCount(value: number | bigint): string {
  return groupThousands(typeof value === 'bigint' ? value.toString() : value.toFixed(0))
}

const monthNames = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Month 0 is that of the plan's date: "Mar 2027". */
export function nameMonth(date: string, month: number): string {
  const [year = 0, first = 1] = date.split('-').map(Number)
  const index = first - 1 + month
  return `${monthNames[index % 12]} ${year + Math.floor(index / 12)}`
}

/** "month 14 (Dec 2027)"; what never comes within the plan is named so. */
export function formatMonth(date: string, month: number | null, never = 'not within the plan'): string {
  return month === null ? never : `month ${month} (${nameMonth(date, month)})`
}

function toDigits(value: number): string {
  return String(Number(value.toPrecision(3)))
}
