import { drawChart } from './charts/draw-chart.ts'
import { escapeXml, toSvg } from './charts/to-svg.ts'
import type { Block, PlanDocument } from './document.ts'

const style = `
body { font: 15px/1.5 Helvetica, Arial, sans-serif; color: #222; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.7rem; margin-bottom: .2rem } h2 { font-size: 1.2rem; margin-top: 2rem; border-bottom: 1px solid #d9dde2 }
.subtitle, footer { color: #6b7280 }
.wide { overflow-x: auto } table { border-collapse: collapse; font-size: .85rem; margin: .8rem 0 }
th, td { padding: .2rem .6rem; border-bottom: 1px solid #e5e7eb; text-align: left; vertical-align: top }
.right { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
svg { max-width: 100%; height: auto; margin: .6rem 0 }
@media print { h2 { break-after: avoid } table, svg { break-inside: avoid } }
`

/** One file that needs nothing beside it: charts are inline, and there is no script. */
export function renderHtml({ title, subtitle, date, origin, sections }: PlanDocument): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="date" content="${date}">`,
    `<title>${escapeXml(title)}</title><style>${style}</style></head>`,
    '<body>',
    `<h1>${escapeXml(title)}</h1>`,
    ...(subtitle === '' ? [] : [`<p class="subtitle">${escapeXml(subtitle)}</p>`]),
    ...sections.flatMap(({ title, blocks }) => [
      `<section><h2>${escapeXml(title)}</h2>`,
      ...blocks.map(renderBlock),
      '</section>',
    ]),
    `<footer><p>${escapeXml(origin)}</p></footer>`,
    '</body>',
    '</html>',
    '',
  ].join('\n')
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'text':
      return `<p>${escapeXml(block.text)}</p>`
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${escapeXml(item)}</li>`).join('')}</ul>`
    case 'table': {
      const { columns, rows } = block
      const cell = (tag: 'th' | 'td', content: string, i: number) =>
        `<${tag}${columns[i]?.align === 'right' ? ' class="right"' : ''}>${escapeXml(content)}</${tag}>`
      const head = columns.map(({ title }, i) => cell('th', title, i)).join('')
      const body = rows.map((row) => `<tr>${row.map((content, i) => cell('td', content, i)).join('')}</tr>`)
      return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`
    }
    case 'chart':
      return toSvg(drawChart(block.chart))
  }
}
