import type { Column } from '../base/index.ts'
/** A document before it has a format: sections of text, tables and charts. Every renderer draws the same one. */
import type { Chart } from './charts/chart.ts'

export type Block =
  | { kind: 'text'; text: string }
  | { kind: 'list'; items: readonly string[] }
  | { kind: 'table'; columns: readonly Column[]; rows: readonly (readonly string[])[] }
  | { kind: 'chart'; chart: Chart }

export type Section = { title: string; blocks: readonly Block[] }

export type PlanDocument = {
  title: string
  subtitle: string
  /** Of the plan, as an ISO day: files carry it in place of the clock's time. */
  date: string
  /** How the numbers were made, on one line. */
  origin: string
  sections: readonly Section[]
}

export const text = (words: string): Block => ({ kind: 'text', text: words })
export const list = (items: readonly string[]): Block[] => (items.length > 0 ? [{ kind: 'list', items }] : [])

/** A table, and nothing where it has no rows; a title that ends with > is of a column of numbers. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): Block[] {
  const columns = titles.map(
    (title): Column => (title.endsWith('>') ? { title: title.slice(0, -1), align: 'right' } : { title }),
  )
  return rows.length > 0 ? [{ kind: 'table', columns, rows }] : []
}
