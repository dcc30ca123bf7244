import { startWorker } from '../../base/index.ts'
import type { DetectDriftOptions, DriftReport } from './detect-drift.ts'

/** `detectDrift` in a thread of its own: half a second of work where traffic is calm, several where it is not. */
export function detectDriftInThread(options: DetectDriftOptions): Promise<DriftReport> {
  const worker = startWorker('./drift-worker', import.meta.url, options)
  return new Promise((resolve, reject) => {
    worker.on('message', resolve)
    worker.on('error', reject)
    worker.on('exit', (code) => reject(new Error(`internal: the drift worker ended with code ${code} and no report`)))
  })
}
