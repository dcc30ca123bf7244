/** In which order a file writes year, month and day. */
export type DateOrder = 'YMD' | 'DMY' | 'MDY'

/** A day as `2026-10-31`; null where the text is none. Two digits of a year are of this century. */
export function readDate(text: string, order: DateOrder): string | null {
  const parts = /^(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{1,4})\b/.exec(text.trim())?.slice(1)
  if (!parts) return null
  const isIso = parts[0]?.length === 4
  const [year = '', month = '', day = ''] = pick(parts as [string, string, string], isIso ? 'YMD' : order)
  const iso = `${year.length === 2 ? `20${year}` : year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  const time = new Date(`${iso}T00:00:00Z`)
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(iso) ? iso : null
}

/** The order in which all dates of a column can be read; null where several or none can. */
export function guessDateOrder(texts: readonly string[]): DateOrder | null {
  const dates = texts.filter((text) => text.trim() !== '')
  if (dates.every((text) => /^\s*\d{4}\D/.test(text))) return 'YMD'
  // With dots the day comes first, in every country that writes them so.
  const candidates: DateOrder[] = dates.some((text) => text.includes('.')) ? ['DMY'] : ['DMY', 'MDY']
  const fitting = candidates.filter((order) => dates.every((text) => readDate(text, order) !== null))
  return fitting.length === 1 ? (fitting[0] ?? null) : null
}

function pick([a, b, c]: [string, string, string], order: DateOrder): [string, string, string] {
  if (order === 'YMD') return [a, b, c]
  return order === 'DMY' ? [c, b, a] : [c, a, b]
}
