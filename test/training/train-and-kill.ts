import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { TrainRequest } from '../../src/training/index.ts'

/** Carries out a request in a process of its own, which gets SIGKILL when it reports step `killAt`. */
export function trainAndKill(request: TrainRequest, killAt: number): Promise<void> {
  const script = join(import.meta.dirname, 'train-and-report.ts')
  const child = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(request))
  return new Promise((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (text.split('\n').some((line) => line !== '' && Number(line) >= killAt)) child.kill('SIGKILL')
    })
    child.on('error', reject)
    child.on('exit', () => resolve())
  })
}
