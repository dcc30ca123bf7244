import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom, sha256 } from '../../src/base/index.ts'
import { type TrainRequest, trainModel } from '../../src/training/index.ts'
import { trainAndKill } from './train-and-kill.ts'

export type Kill = {
  /** The step at whose end the process got SIGKILL. */
  step: number
  stepCount: number
  /** The step after which the run went on; 0 where it began anew. */
  resumedAt: number
  /** The weights are those of the run that nobody killed. */
  isSame: boolean
}

/**
 * Trains undisturbed, then `count` times in a process that gets SIGKILL at a random step, each time to the end afterwards.
 * `request` names its folders by the name that it is given.
 */
export async function* killAndResume(
  request: (name: string) => TrainRequest,
  { count, seed }: { count: number; seed: number },
): AsyncGenerator<Kill> {
  let stepCount = 0
  await trainModel(request('whole'), { onEvent: ({ type }) => type === 'step-end' && stepCount++ })
  const whole = weightsOf(request('whole'))
  const random = createRandom(seed, 'kills')
  for (let i = 0; i < count; i++) {
    const killed = request(`killed-${i}`)
    const step = 1 + random.integer(stepCount - 1)
    await trainAndKill(killed, step)
    let resumedAt = 0
    await trainModel(killed, {
      onEvent(event) {
        if (event.type === 'train-start') resumedAt = event.resumedAt
      },
    })
    yield { step, stepCount, resumedAt, isSame: weightsOf(killed) === whole }
  }
}

function weightsOf({ outputFolder }: TrainRequest): string {
  return sha256(readFileSync(join(outputFolder, 'onnx/model.onnx')))
}
