import type { Context } from 'hono'
import { ConflictError } from '../base/index.ts'
import {
  createPredictionRequestSchema,
  healthSchema,
  modelListSchema,
  type Prediction,
  type PredictionInput,
  type PredictionLimits,
  predictionReplySchema,
  readinessSchema,
  taskListSchema,
  taskParametersSchema,
} from '../contracts/index.ts'
import type { Metrics } from './metrics.ts'
import { readBody } from './read-body.ts'
import { type Environment, jsonReply, problemReplies, type Route, textReply } from './route.ts'
import type { ServedPlatform } from './served-platform.ts'

export type ServerLimits = PredictionLimits & { bodyBytesMax: number }

type RouteOptions = { limits: ServerLimits; metrics: Metrics; isDraining(): boolean }

/** All routes but /openapi.json, which describes them. */
export function createRoutes(platform: ServedPlatform, options: RouteOptions): Route[] {
  /** Of things that belong to tasks, those that the caller may ask. */
  const keepVisible = <T extends { task: string }>(context: Context<Environment>, items: readonly T[]): T[] =>
    items.filter(({ task }) => platform.access.canUse(context.var.caller.keyId, task))
  return [
    createPredictionRoute(platform, options),
    {
      method: 'get',
      path: '/v1/tasks',
      operationId: 'listTasks',
      summary: 'Tasks that can be asked',
      tags: ['tasks'],
      access: 'any-key',
      responses: {
        ...jsonReply('Every task with its labels and its present model', taskListSchema),
        ...problemReplies(),
      },
      handle: async (context) => context.json({ tasks: keepVisible(context, await platform.listTasks()) }),
    },
    {
      method: 'get',
      path: '/v1/models',
      operationId: 'listModels',
      summary: 'Model versions of all tasks',
      tags: ['models'],
      access: 'any-key',
      responses: {
        ...jsonReply('Every version with its stage, metrics and lineage', modelListSchema),
        ...problemReplies(),
      },
      handle: async (context) => context.json({ models: keepVisible(context, await platform.listModels()) }),
    },
    ...createHealthRoutes(platform, options),
  ]
}

function createPredictionRoute(platform: ServedPlatform, { limits, metrics }: RouteOptions): Route {
  const requestSchema = createPredictionRequestSchema(limits)
  return {
    method: 'post',
    path: '/v1/tasks/{task}/predictions',
    operationId: 'createPredictions',
    summary: 'Answer one text or several',
    description:
      `Takes one text as \`input\` or up to ${limits.inputsMax} as \`inputs\`, each of at most ${limits.charactersMax} ` +
      `characters; where the task has pairs, {"text", "text_pair"} each; in a body of at most ${limits.bodyBytesMax} bytes. The reply has one shape for both: predictions in ` +
      'the order of the texts, whose fields depend on the kind of the task.',
    tags: ['predictions'],
    request: {
      params: taskParametersSchema,
      body: { required: true, content: { 'application/json': { schema: requestSchema, examples: requestExamples } } },
    },
    responses: {
      ...jsonReply('One prediction per text', predictionReplySchema),
      ...problemReplies({
        400: ['serving.pair-mismatch', 'request.invalid', 'request.malformed-json', 'request.not-utf8'],
        404: ['registry.task-not-found', 'registry.version-not-found'],
        413: ['request.too-large'],
        415: ['request.unsupported-media-type'],
        503: ['serving.overloaded', 'serving.closed', 'serving.worker-stopped', 'serving.too-large'],
      }),
    },
    async handle(context) {
      const { input, inputs, scoresMax } = await readBody(context, requestSchema, limits.bodyBytesMax)
      const task = context.req.param('task') as string
      const texts = inputs ?? [input as PredictionInput]
      const { model, predictions } = await platform.predict(task, texts, {
        signal: context.req.raw.signal,
        onStages: (seconds) => context.set('stages', { task, seconds }),
      })
      const reply = { model, predictions: predictions.map((prediction) => keepBest(prediction, scoresMax)) }
      metrics.observePredictions(task, reply)
      return context.json(reply)
    },
  }
}

const requestExamples = {
  one: { summary: 'One text', value: { input: 'my card has not arrived' } },
  several: {
    summary: 'Several texts, the best two scores of each',
    value: { inputs: ['my card has not arrived', 'how do I top up?'], scoresMax: 2 },
  },
}

function createHealthRoutes(platform: ServedPlatform, { metrics, isDraining }: RouteOptions): Route[] {
  return [
    {
      method: 'get',
      path: '/healthz',
      operationId: 'getHealth',
      summary: 'Does the process answer?',
      tags: ['operation'],
      access: 'open',
      responses: { ...jsonReply('It does', healthSchema), ...problemReplies() },
      handle: (context) => context.json({ status: 'ok' }),
    },
    {
      method: 'get',
      path: '/readyz',
      operationId: 'getReadiness',
      summary: 'Should traffic be sent here?',
      description: 'Answers 503 until the models are loaded, and again while the server shuts down.',
      tags: ['operation'],
      access: 'open',
      responses: { ...jsonReply('It should', readinessSchema), ...problemReplies({ 503: ['serving.not-ready'] }) },
      handle(context) {
        if (isDraining())
          throw new ConflictError('serving.not-ready', 'The server finishes its requests and shuts down')
        if (!platform.isReady()) throw new ConflictError('serving.not-ready', 'The models are being loaded')
        return context.json({ status: 'ready' })
      },
    },
    {
      method: 'get',
      path: '/metrics',
      operationId: 'getMetrics',
      summary: 'Metrics for Prometheus',
      tags: ['operation'],
      responses: { ...textReply('Text exposition format', 'text/plain'), ...problemReplies() },
      handle: async (context) =>
        context.body(await metrics.registry.metrics(), 200, { 'Content-Type': metrics.registry.contentType }),
    },
  ]
}

function keepBest(prediction: Prediction, scoresMax: number): Prediction {
  if (prediction.kind !== 'classify' && prediction.kind !== 'multilabel') return prediction
  return { ...prediction, scores: prediction.scores.slice(0, scoresMax) }
}
