import { type Drawing, drawChart } from './charts/draw-chart.ts'
import type { Block, PlanDocument } from './document.ts'
import { toWinAnsi } from './win-ansi.ts'

type Pdf = PDFKit.PDFDocument

const margin = 48
const fonts = { plain: 'Helvetica', bold: 'Helvetica-Bold' }
const ink = '#222222'
const grey = '#6b7280'
const textSize = 10
const cellSize = 7.5
const cellPadding = 4
/** A column is never squeezed below this. */
const columnMin = 34

/** A PDF on A4 with its charts as vectors. The same document gives the same bytes: its date is that of the plan. */
export async function renderPdf({ title, subtitle, date, origin, sections }: PlanDocument): Promise<Buffer> {
  // Loaded when a PDF is asked for: 11 MB that no other command needs.
  const { default: PDFDocument } = await import('pdfkit')
  const moment = new Date(`${date}T00:00:00Z`)
  const pdf = new PDFDocument({
    size: 'A4',
    margin,
    bufferPages: true,
    info: {
      Title: toWinAnsi(title),
      CreationDate: moment,
      ModDate: moment,
      Producer: 'capstan',
      Creator: 'capstan plan',
    },
  })
  const bytes = collect(pdf)
  pdf.font(fonts.bold).fontSize(20).fillColor(ink).text(toWinAnsi(title))
  if (subtitle !== '') pdf.font(fonts.plain).fontSize(11).fillColor(grey).text(toWinAnsi(subtitle))
  for (const section of sections) {
    keepTogether(pdf, 80)
    pdf.moveDown(1.2).font(fonts.bold).fontSize(14).fillColor(ink).text(toWinAnsi(section.title), margin)
    pdf.moveDown(0.4)
    for (const block of section.blocks) writeBlock(pdf, block)
  }
  pdf.moveDown(1).font(fonts.plain).fontSize(8).fillColor(grey).text(toWinAnsi(origin), margin)
  numberPages(pdf)
  pdf.end()
  return bytes
}

function collect(pdf: Pdf): Promise<Buffer> {
  const chunks: Buffer[] = []
  return new Promise((resolve, reject) => {
    pdf.on('data', (chunk: Buffer) => chunks.push(chunk))
    pdf.on('end', () => resolve(Buffer.concat(chunks)))
    pdf.on('error', reject)
  })
}

function writeBlock(pdf: Pdf, block: Block): void {
  switch (block.kind) {
    case 'text':
      plain(pdf).text(toWinAnsi(block.text), margin, pdf.y, { width: widthOf(pdf) })
      break
    case 'list':
      for (const item of block.items)
        plain(pdf).text(`• ${toWinAnsi(item)}`, margin + 8, pdf.y, { width: widthOf(pdf) - 8, indent: -8 })
      break
    case 'table':
      writeTable(pdf, block)
      break
    case 'chart':
      drawOnPage(pdf, drawChart(block.chart))
      break
  }
  pdf.moveDown(0.5)
}

function plain(pdf: Pdf): Pdf {
  return pdf.font(fonts.plain).fontSize(textSize).fillColor(ink)
}

function writeTable(pdf: Pdf, { columns, rows }: Block & { kind: 'table' }): void {
  const titles = columns.map(({ title }) => title)
  const widths = chooseWidths(pdf, [titles, ...rows])
  writeRow(pdf, { cells: titles, widths, columns, font: fonts.bold })
  for (const row of rows) {
    const before = pdf.bufferedPageRange().count
    writeRow(pdf, { cells: row, widths, columns, font: fonts.plain, onNewPage: titles })
    if (pdf.bufferedPageRange().count > before) pdf.fillColor(ink)
  }
  pdf.x = margin
}

type Row = {
  cells: readonly string[]
  widths: readonly number[]
  columns: (Block & { kind: 'table' })['columns']
  font: string
  /** Titles to repeat where the row begins a page. */
  onNewPage?: readonly string[]
}

function writeRow(pdf: Pdf, row: Row): void {
  const { cells, widths, columns, font, onNewPage } = row
  pdf.font(font).fontSize(cellSize).fillColor(ink)
  const texts = cells.map(toWinAnsi)
  const inner = (i: number) => (widths[i] as number) - cellPadding
  const height =
    Math.max(...texts.map((words, i) => pdf.heightOfString(words === '' ? ' ' : words, { width: inner(i) }))) + 4
  if (pdf.y + height > pdf.page.height - margin) {
    pdf.addPage()
    if (onNewPage) writeRow(pdf, { cells: onNewPage, widths, columns, font: fonts.bold })
    pdf.font(font).fontSize(cellSize)
  }
  const top = pdf.y
  let left = margin
  texts.forEach((words, i) => {
    pdf.text(words, left, top + 2, { width: inner(i), align: columns[i]?.align ?? 'left' })
    left += widths[i] as number
  })
  pdf.y = top + height
  pdf
    .moveTo(margin, pdf.y)
    .lineTo(left, pdf.y)
    .lineWidth(0.4)
    .strokeColor(font === fonts.bold ? grey : '#e5e7eb')
    .stroke()
}

/** What the words need; where that is too wide, the widest columns give way, and their words wrap. */
function chooseWidths(pdf: Pdf, rows: readonly (readonly string[])[]): number[] {
  pdf.font(fonts.bold).fontSize(cellSize)
  const count = Math.max(...rows.map((row) => row.length))
  const widths = Array.from({ length: count }, (_, i) =>
    Math.max(...rows.map((row) => pdf.widthOfString(toWinAnsi(row[i] ?? '')) + 2 * cellPadding)),
  )
  const available = widthOf(pdf)
  for (let k = 0; k < 200 && sumOf(widths) > available; k++) {
    const widest = widths.indexOf(Math.max(...widths))
    widths[widest] = Math.max(columnMin, (widths[widest] as number) - Math.max(1, (sumOf(widths) - available) / 4))
  }
  return widths
}

/** The marks of a chart in place, scaled to the width of the page. */
function drawOnPage(pdf: Pdf, { width, height, marks }: Drawing): void {
  const scale = Math.min(1, widthOf(pdf) / width)
  keepTogether(pdf, scale * height + 8)
  const top = pdf.y
  pdf.save().translate(margin, top).scale(scale)
  for (const mark of marks) {
    if (mark.kind === 'words') {
      const { x, y, words, size, anchor, fill } = mark
      pdf.font(fonts.plain).fontSize(size).fillColor(fill)
      const written = toWinAnsi(words)
      const shift = anchor === 'start' ? 0 : pdf.widthOfString(written) * (anchor === 'middle' ? 0.5 : 1)
      // SVG places the base line, PDF the top of the letters.
      pdf.text(written, x - shift, y - 0.78 * size, { lineBreak: false })
    } else {
      const { d, fill, stroke, strokeWidth = 1, opacity = 1 } = mark
      pdf.path(d)
      if (fill) pdf.fillOpacity(opacity).fill(fill)
      else if (stroke) pdf.lineWidth(strokeWidth).stroke(stroke)
      pdf.fillOpacity(1)
    }
  }
  pdf.restore()
  pdf.x = margin
  pdf.y = top + scale * height + 4
}

function keepTogether(pdf: Pdf, height: number): void {
  if (pdf.y + height > pdf.page.height - margin) pdf.addPage()
}

function numberPages(pdf: Pdf): void {
  const { start, count } = pdf.bufferedPageRange()
  for (let i = 0; i < count; i++) {
    pdf.switchToPage(start + i)
    // Below the margin, where text would otherwise begin a page of its own.
    pdf.page.margins.bottom = 0
    pdf.font(fonts.plain).fontSize(8).fillColor(grey)
    pdf.text(`${i + 1} / ${count}`, margin, pdf.page.height - 30, {
      width: widthOf(pdf),
      align: 'right',
      lineBreak: false,
    })
    pdf.page.margins.bottom = margin
  }
}

function widthOf(pdf: Pdf): number {
  return pdf.page.width - 2 * margin
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
