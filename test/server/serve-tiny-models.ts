import { NotFoundError } from '../../src/base/index.ts'
import { serveOwn } from '../../src/contracts/index.ts'
import type { ObservedTeacher, ServedPlatform } from '../../src/server/index.ts'
import { ModelPool, type ModelPoolOptions } from '../../src/serving/index.ts'
import { createClassifierFolders } from '../tiny-classifier.ts'

const nothing = () => Promise.reject(new NotFoundError('flywheel.prediction-not-found', 'Nothing is stored here'))

/** No key is required. */
const openToAll: ServedPlatform['access'] = {
  admit: async () => ({ keyId: null, rateLimit: null }),
  canUse: () => true,
}

/** A platform of one task, "support", on a real model pool; `isReady` may be switched. */
export async function serveTinyModels(poolOptions: Partial<ModelPoolOptions> = {}, access = openToAll) {
  const folders = createClassifierFolders()
  const words = ['card', 'money', 'phone', 'bank', 'time', 'house', 'water']
  const served = { task: 'support', model: { id: 'model_1', version: 1 }, folder: await folders.write({ words }) }
  const pool = new ModelPool({
    tokensMax: 64,
    async findModel(task) {
      if (task !== served.task) throw new NotFoundError('platform.unknown-task', `There is no task ${task}`)
      return served
    },
    ...poolOptions,
  })
  await pool.load(served)
  const state = { isReady: true, tellOfTeacher: (_: ObservedTeacher) => {} }
  const platform: ServedPlatform = {
    access,
    async answer(task, inputs, { caller: _, ...options }) {
      const { model, predictions } = await pool.predict(task, inputs, options)
      const said = { id: 'prediction_1', source: 'model', below_target: false, reason: null } as const
      return { model, predictions: predictions.map((prediction) => serveOwn(prediction, said)) }
    },
    giveFeedback: nothing,
    taskSettings: () => undefined,
    putTask: nothing,
    gateStatus: nothing,
    labelling: { list: async () => [], answer: nothing, report: nothing },
    listTasks: async () => pool.listTasks().map(({ labels, ...known }) => ({ ...known, labels: [...labels] })),
    listModels: async () => [],
    isReady: () => state.isReady,
    listQueues: () => pool.listLoaded(),
    onBatch: (listener) => pool.onBatch(listener),
    onModel: (listener) => pool.onModel(listener),
    onTeacher(listener) {
      state.tellOfTeacher = listener
      return () => {}
    },
    readModelMemory: () => ({ bytes: pool.memoryBytes, bytesMax: 2 ** 32 }),
  }
  const close = async () => {
    await pool.close()
    await folders.remove()
  }
  return { platform, state, close }
}
