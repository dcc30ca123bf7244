import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inflateSync } from 'node:zlib'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileVenture, loadSolver, type PlanReport, reportPlan } from '../planning/index.ts'
import { chooseTicks, drawChart } from './charts/draw-chart.ts'
import { toPng } from './charts/raster.ts'
import { toSvg } from './charts/to-svg.ts'
import { composePlan } from './compose-plan.ts'
import type { PlanDocument } from './document.ts'
import { settleZip } from './files/settle-zip.ts'
import { formatAmount, formatMonth, formatShare } from './format.ts'
import { renderDocx } from './render-docx.ts'
import { renderHtml } from './render-html.ts'
import { renderPdf } from './render-pdf.ts'
import { renderText } from './render-text.ts'
import { toWinAnsi } from './win-ansi.ts'
import { writeDocument } from './write-document.ts'

const folder = mkdtempSync(join(tmpdir(), 'capstan-documents-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const plan = {
  venture: 'Łódź & <Sons>',
  what: 'Sorts e-mail.',
  date: '2026-10-01',
  currency: 'EUR',
  months: 18,
  cash: '60k EUR',
  assumptions: { price: { value: 'lognormal p10=40 p90=90 EUR/user/month', evidence: 'quoted', source: '12 calls' } },
  segments: { all: { users: 60, price: 'price', churn: 0.04, channels: { organic: { newUsers: 8 } } } },
  costs: { salaries: { link: 'Team', monthly: 6000 }, ads: { link: 'Market', monthly: 1500 } },
  team: { engineer: { monthly: 3000, max: 1, effects: { Model: '30 %' } } },
  allocation: { links: { Team: { curve: 'hill half=60k' }, Market: { curve: 'hill half=20k', floor: '30 %' } } },
  equity: {
    holdings: { Ada: { shares: '1M' } },
    round: { month: 9, preMoney: '2M EUR', investors: { Fund: '400k EUR' } },
  },
  scenarios: { careful: { costs: { ads: { monthly: 500 } } } },
  assess: { market: { shops: { customers: 1000, reachable: 0.5, winnable: 0.1, price: 'price' } } },
}
let report: PlanReport
let document: PlanDocument

beforeAll(async () => {
  const facts = { ledger: undefined, models: [], runs: [], survey: undefined }
  const { compiled, problems } = compileVenture(plan, { facts, seed: 1, draws: 128 })
  if (!compiled) throw new Error(JSON.stringify(problems))
  report = reportPlan(compiled, { solver: await loadSolver(), facts })
  document = composePlan(report)
})

describe('a plan as a document', () => {
  it('has every part that an investor looks for', () => {
    expect(document.sections.map(({ title }) => title)).toEqual([
      'In short',
      'Situation',
      'Market',
      'Feasibility and needs',
      'Allocation',
      'Forecast',
      'What matters, and what to learn next',
      'Raise',
      'Team',
      'Risks',
      'Assumptions',
    ])
  })

  it('begins with what to do: where money goes, how long it lasts, which plan, whom to hire', () => {
    const lines = renderText(document).join(' ')
    const short = lines.slice(lines.indexOf('IN SHORT'), lines.indexOf('SITUATION')).replace(/\s+/g, ' ')
    const { next } = report.allocation as NonNullable<PlanReport['allocation']>
    expect(short).toContain(
      `do most on ${next.purchases[0]?.name}: they bring ${formatAmount(next.purchases[0]?.gain)} EUR`,
    )
    expect(short).toMatch(/The best split of .* EUR is worth .* EUR: (Team|Market) [+−]/)
    expect(short).toContain(
      `Cash runs out within the plan in ${formatShare(report.forecast.facts.ruinByMonth.at(-1))} of`,
    )
    expect(short).toContain(`Of the plans, ${report.forecast.chosen} is worth most`)
    expect(short).toMatch(/Hire (nobody|engineer from \w{3} 20\d\d) with decided money/)
  })

  it('is a page of text in which no line is longer than a screen, tables apart', () => {
    const lines = renderText(document)
    expect(lines[0]).toBe('Łódź & <Sons>: plan of 2026-10-01')
    expect(lines.filter((line) => line.length > 118 && !line.startsWith('  '))).toEqual([])
    expect(lines.join('\n')).toMatch(/quoted +2026-10-01 +12 calls/)
    expect(lines.join('\n')).not.toMatch(/NaN|undefined|Infinity/)
  })

  it('is one HTML file with inline charts, words escaped, nothing loaded', () => {
    const html = renderHtml(document)
    expect(html).toContain('Łódź &amp; &lt;Sons&gt;')
    expect(html.match(/<svg /g)?.length).toBeGreaterThan(5)
    expect(html).not.toMatch(/<script|src=|NaN/)
  })

  it('is a PDF with its text and the date of the plan, the same bytes each time', async () => {
    const [one, other] = [await renderPdf(document), await renderPdf(document)]
    expect(one.equals(other)).toBe(true)
    expect(one.subarray(0, 5).toString()).toBe('%PDF-')
    expect(one.toString('latin1')).toContain('D:20261001000000Z')
  })

  it('is a Word file with SVG and PNG charts, the same bytes each time', async () => {
    const [one, other] = [await renderDocx(document), await renderDocx(document)]
    expect(one.equals(other)).toBe(true)
    const paths: string[] = []
    const parts = new Map<string, string>()
    settleZip(one, {
      date: '2026-10-01',
      rewrite: (path, text) => {
        paths.push(path)
        if (path.endsWith('.xml')) parts.set(path, text())
        return undefined
      },
    })
    expect(paths.filter((path) => path.endsWith('.svg')).length).toBeGreaterThan(5)
    expect(paths.filter((path) => path.endsWith('.png')).length).toBeGreaterThan(5)
    expect(parts.get('docProps/core.xml')).toContain('2026-10-01T00:00:00.000Z')
    expect(parts.get('word/document.xml')).toContain('Łódź &amp; &lt;Sons&gt;')
  })

  it('is written by the ending of the file’s name', async () => {
    const path = join(folder, 'plan.json')
    await writeDocument(path, { document, data: report })
    const written = JSON.parse(readFileSync(path, 'utf8')) as PlanReport
    expect(written.forecast.facts.ruinByMonth).toEqual(report.forecast.facts.ruinByMonth)
    await expect(writeDocument(join(folder, 'plan.odt'), { document, data: report })).rejects.toThrow('in no format')
    await expect(writeDocument(join(folder, 'no', 'plan.html'), { document, data: report })).rejects.toThrow(
      'cannot be written',
    )
  })
})

describe('a chart', () => {
  const chart = {
    kind: 'lines' as const,
    title: 'Line',
    unit: 'EUR',
    xUnit: 'month',
    x: [0, 1, 2],
    series: [{ name: 'a', y: [0, 10, 5] }],
  }

  it('has straight edges only, so that every format can draw it', () => {
    const { marks } = drawChart(chart)
    const paths = marks.flatMap((mark) => (mark.kind === 'path' ? [mark.d] : []))
    expect(paths.length).toBeGreaterThan(3)
    for (const d of paths) expect(d).toMatch(/^[ML\d. Z-]+$/)
    expect(toSvg(drawChart(chart))).toContain('<title>Line</title>')
  })

  it('becomes a PNG whose pixels are painted', () => {
    const drawing = {
      width: 4,
      height: 2,
      title: '',
      marks: [{ kind: 'path' as const, d: 'M 1 0 L 3 0 L 3 2 L 1 2 Z', fill: '#ff0000' }],
    }
    const png = toPng(drawing)
    const start = png.indexOf('IDAT') + 4
    const rows = inflateSync(png.subarray(start, start + png.readUInt32BE(start - 8)))
    expect([...rows.subarray(0, 13)]).toEqual([0, 255, 255, 255, 255, 0, 0, 255, 0, 0, 255, 255, 255])
  })

  it('has ticks at round numbers', () => {
    expect(chooseTicks(0, 10)).toEqual([0, 2, 4, 6, 8, 10])
    expect(chooseTicks(-90, 260)).toEqual([0, 100, 200])
    expect(chooseTicks(3, 3)).toEqual([3])
  })
})

describe('numbers as people read them', () => {
  it.each([
    [0, '0'],
    [12.345, '12.3'],
    [950.4, '950'],
    [8950.4, '8,950'],
    [12_345, '12.3k'],
    [999_600, '1M'],
    [-1_234_567, '-1.23M'],
    [Number.NaN, '–'],
  ])('%s is %s', (value, words) => {
    expect(formatAmount(value)).toBe(words)
  })

  it('name shares and months', () => {
    expect([formatShare(0.1234), formatShare(0.5), formatShare(0.0004), formatShare(1)]).toEqual([
      '12.3 %',
      '50 %',
      'below 0.1 %',
      '100 %',
    ])
    expect(formatMonth('2026-10-01', 14)).toBe('month 14 (Dec 2027)')
    expect(formatMonth('2026-10-01', null)).toBe('not within the plan')
  })

  it('drops what the fonts of PDF do not have', () => {
    expect(toWinAnsi('Łódź, Zoë – 5 € ≥ 3, 東')).toBe('Lódz, Zoë – 5 € >= 3, ?')
  })
})
