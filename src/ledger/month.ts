// Accounting months, in UTC: `2026-10`. Their names order as they do.

/** The month that a time lies in. */
export function monthOf(time: Date): string {
  return time.toISOString().slice(0, 7)
}

/** The first moment of a month; it is also the first moment after the one before. */
export function startOfMonth(month: string): Date {
  return new Date(`${month}-01T00:00:00.000Z`)
}

export function nextMonth(month: string): string {
  const start = startOfMonth(month)
  start.setUTCMonth(start.getUTCMonth() + 1)
  return monthOf(start)
}
