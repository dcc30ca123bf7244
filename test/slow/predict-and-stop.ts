/**
 * A process that answers the file that stdin asks for. Once `haltAt` rows are scored it says so on a line and stands still,
 * so that whoever kills it knows that there was more to do.
 */
import { writeSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { createPlatform, type PredictFileRequest } from '../../src/platform/index.ts'

type Order = { projectFolder: string; request: PredictFileRequest; haltAt: number }

const { projectFolder, request, haltAt } = JSON.parse(await text(process.stdin)) as Order
const platform = await createPlatform({ projectFolder })
await platform.predictFile({
  ...request,
  onEvent(event) {
    if (event.type !== 'rows-scored' || event.rows < haltAt) return
    writeSync(1, 'halted\n')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  },
})
await platform.close()
