import type { PredictFileEvent } from '../platform/index.ts'
import { createBar, lineSecondsMin } from './create-bar.ts'
import { type Io, printLine } from './io.ts'
import { formatSeconds } from './print-table.ts'

/** Shows a batch on stderr with its speed and the time left: a bar on a terminal, lines elsewhere. */
export function createBatchProgress({ stderr }: Io): { show(event: PredictFileEvent): void; end(): void } {
  const bar = createBar({ stderr })
  let started = performance.now()
  let rowsBefore = 0
  let lastLine = started
  const draw = (rows: number, rowCount: number) => {
    const rate = (rows - rowsBefore) / ((performance.now() - started) / 1000)
    const what = `${Math.round(rows)} of ${rowCount} rows  ${rate.toFixed(0)} rows/s  ${formatSeconds((rowCount - rows) / rate)} left`
    if (bar?.isActive) bar.update(rows, { what })
    else if (bar) bar.start(rowCount, rows, { what })
    else if (performance.now() - lastLine >= 1000 * lineSecondsMin) {
      lastLine = performance.now()
      printLine(stderr, `${Math.floor((100 * rows) / rowCount)} %  ${what}`)
    }
  }
  return {
    show(event) {
      if (event.type === 'rows-scored') return draw(event.rows, event.rowCount)
      started = performance.now()
      rowsBefore = event.rowsBefore
      const { rowCount, badRows } = event
      const parts = [
        ...(badRows > 0 ? [`${badRows} of them cannot be answered`] : []),
        ...(rowsBefore > 0 ? [`${rowsBefore} are there from before`] : []),
      ]
      printLine(stderr, `data      ${rowCount} rows${parts.length > 0 ? `, ${parts.join(', ')}` : ''}`)
    },
    end() {
      if (bar?.isActive) bar.stop()
    },
  }
}
