import { microUnitsPerUnit } from '../../contracts/index.ts'

export type DecimalMark = '.' | ','

/**
 * Exact micro-units of a number as people and banks write it: "1,234.50", "1.234,50-", "(12.00)", "€ 3". Null where it is no
 * number, or has more than six places that are not zero. Never by way of a float.
 */
export function readDecimal(text: string, mark: DecimalMark): bigint | null {
  const bare = text.replace(/[\s\u00a0\u202f'’]|[€$£¥]|\b[A-Z]{3}\b/g, '').replace(/[−–]/g, '-')
  const [, open, leading, digits = '', trailing, close] = /^(\()?([+-])?([\d.,]+)([+-])?(\))?$/.exec(bare) ?? []
  if ((open === undefined) !== (close === undefined) || (leading !== undefined && trailing !== undefined)) return null
  const group = mark === '.' ? ',' : '.'
  const [whole = '', fraction = '', ...more] = digits.split(mark)
  const isGrouped = new RegExp(`^\\d{1,3}(\\${group}\\d{3})+$`).test(whole)
  if (more.length > 0 || !(isGrouped || /^\d{0,15}$/.test(whole)) || !/^\d*$/.test(fraction) || whole + fraction === '')
    return null
  const places = fraction.replace(/0+$/, '')
  if (places.length > 6) return null
  const micro = BigInt(whole.replaceAll(group, '') || '0') * microUnitsPerUnit + BigInt(places.padEnd(6, '0'))
  return open !== undefined || leading === '-' || trailing === '-' ? -micro : micro
}

/** The mark that a column of numbers uses; null where they could be read either way. */
export function guessDecimalMark(texts: readonly string[]): DecimalMark | null {
  const marks = new Set<DecimalMark>()
  let isAmbiguous = false
  for (const text of texts) {
    const last = /[.,](?=\d*\D*$)/.exec(text)?.[0] as DecimalMark | undefined
    if (last === undefined) continue
    const other = last === '.' ? ',' : '.'
    const behind = /[.,](\d*)\D*$/.exec(text)?.[1] ?? ''
    if (text.split(last).length > 2) marks.add(other)
    else if (behind.length !== 3 || text.includes(other)) marks.add(last)
    else isAmbiguous = true
  }
  const [mark, ...others] = marks
  if (others.length > 0) return null
  return mark ?? (isAmbiguous ? null : '.')
}
