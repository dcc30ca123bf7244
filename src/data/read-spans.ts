import type { Span } from './example.ts'

/**
 * The spans of a JSON array of {start, end, label}, in the order of their starts, and what is wrong with them: offsets
 * outside of the text, spans without a character or overlapping, labels that are no text.
 */
export function readSpans(list: unknown, text: string): { spans: Span[]; faults: string[] } {
  if (!Array.isArray(list)) return { spans: [], faults: ['it is an object, not an array of spans'] }
  const faults: string[] = []
  const spans: Span[] = []
  for (const [i, item] of list.entries()) {
    const fault = findFault(item, text)
    if (fault) {
      faults.push(`span ${i + 1} ${fault}`)
      continue
    }
    const { start, end, label } = item as Span
    spans.push({ start, end, label: label.trim() })
  }
  spans.sort((a, b) => a.start - b.start || a.end - b.end)
  for (const [i, span] of spans.entries()) {
    const before = spans[i - 1]
    if (before && span.start < before.end) faults.push(`${describe(before)} and ${describe(span)} overlap`)
  }
  return { spans, faults }
}

function findFault(item: unknown, text: string): string | undefined {
  if (typeof item !== 'object' || item === null) return `is ${JSON.stringify(item)}, not {start, end, label}`
  const { start, end, label } = item as Partial<Record<keyof Span, unknown>>
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end)) return `has the offsets ${start} and ${end}`
  if (typeof label !== 'string' || label.trim() === '') return `has the label ${JSON.stringify(label)}`
  const [from, to] = [start as number, end as number]
  if (from < 0 || to > text.length) return `reaches from ${from} to ${to}, the text has ${text.length} characters`
  if (from >= to) return `is empty: it reaches from ${from} to ${to}`
  return text.slice(from, to).trim() === '' ? `holds only white space, from ${from} to ${to}` : undefined
}

function describe({ start, end, label }: Span): string {
  return `${label} (${start} to ${end})`
}
