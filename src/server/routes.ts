import type { Context } from 'hono'
import { ConflictError, NotFoundError } from '../base/index.ts'
import {
  createPredictionRequestSchema,
  feedbackRequestSchema,
  feedbackSchema,
  gateStatusSchema,
  healthSchema,
  labelQuestionListSchema,
  labelReplySchema,
  labelReportSchema,
  labelRequestSchema,
  modelListSchema,
  type PredictionInput,
  type PredictionLimits,
  predictionParametersSchema,
  predictionReplySchema,
  questionParametersSchema,
  questionQuerySchema,
  readinessSchema,
  type ServedPrediction,
  taskConfigSchema,
  taskListSchema,
  taskParametersSchema,
  toWire,
} from '../contracts/index.ts'
import type { Metrics } from './metrics.ts'
import { readBody, readParameters, readQuery } from './read-body.ts'
import { type Environment, jsonReply, problemReplies, type Route, textReply } from './route.ts'
import type { ServedPlatform, StageSeconds } from './served-platform.ts'

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
    createFeedbackRoute(platform, options),
    ...createLabelRoutes(platform, options),
    ...createTaskRoutes(platform, options),
    {
      method: 'get',
      path: '/v1/tasks/{task}/gate',
      operationId: 'getGate',
      summary: 'Which requests the own model answers, and why',
      tags: ['tasks'],
      request: { params: taskParametersSchema },
      responses: {
        ...jsonReply('The gate of the live version', gateStatusSchema),
        ...problemReplies({ 400: ['request.invalid'] }),
      },
      handle: async (context) =>
        context.json(
          toWire(gateStatusSchema, await platform.gateStatus(readParameters(context, taskParametersSchema).task)),
        ),
    },
    ...createHealthRoutes(platform, options),
  ]
}

function createTaskRoutes(platform: ServedPlatform, { limits }: RouteOptions): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/tasks/{task}',
      operationId: 'getTask',
      summary: 'The settings of a task',
      tags: ['tasks'],
      request: { params: taskParametersSchema },
      responses: {
        ...jsonReply('Kind, labels, teacher, target, budget, retention', taskConfigSchema),
        ...problemReplies({ 400: ['request.invalid'], 404: ['registry.task-not-found'] }),
      },
      handle(context) {
        const { task } = readParameters(context, taskParametersSchema)
        const settings = platform.taskSettings(task)
        if (settings) return context.json(settings)
        throw new NotFoundError('registry.task-not-found', `Task ${task} has no settings`, {
          hint: 'Set it by PUT, or in capstan.yaml.',
        })
      },
    },
    {
      method: 'put',
      path: '/v1/tasks/{task}',
      access: 'all-tasks',
      operationId: 'putTask',
      summary: 'Set a task that does not stand in capstan.yaml',
      description: 'Keys of teachers are named by environment variables of the server, never sent.',
      tags: ['tasks'],
      request: {
        params: taskParametersSchema,
        body: { required: true, content: { 'application/json': { schema: taskConfigSchema } } },
      },
      responses: {
        ...jsonReply('The settings, defaults filled in', taskConfigSchema),
        ...problemReplies({
          400: ['teacher.bad-setup', 'request.invalid', 'request.malformed-json', 'request.not-utf8'],
          409: ['platform.task-in-file'],
          413: ['request.too-large'],
          415: ['request.unsupported-media-type'],
        }),
      },
      async handle(context) {
        const { task } = readParameters(context, taskParametersSchema)
        const settings = await readBody(context, taskConfigSchema, limits.bodyBytesMax)
        await platform.putTask(task, settings)
        return context.json(settings)
      },
    },
  ]
}

function createLabelRoutes({ labelling }: ServedPlatform, { limits }: RouteOptions): Route[] {
  return [
    {
      method: 'get',
      path: '/v1/tasks/{task}/questions',
      operationId: 'listQuestions',
      summary: 'Texts that wait for people to label them',
      tags: ['labels'],
      request: {
        params: taskParametersSchema,
        query: questionQuerySchema,
      },
      responses: {
        ...jsonReply('The oldest first', labelQuestionListSchema),
        ...problemReplies({ 400: ['request.invalid'] }),
      },
      async handle(context) {
        const { annotator, limit } = readQuery(context, questionQuerySchema)
        const { task } = readParameters(context, taskParametersSchema)
        const questions = await labelling.list({ task, limit, ...(annotator === undefined ? {} : { annotator }) })
        return context.json({ questions })
      },
    },
    {
      method: 'post',
      path: '/v1/questions/{id}/answers',
      operationId: 'answerQuestion',
      summary: 'Label a text',
      tags: ['labels'],
      request: {
        params: questionParametersSchema,
        body: { required: true, content: { 'application/json': { schema: labelRequestSchema } } },
      },
      responses: {
        ...jsonReply('Whether the label counts now', labelReplySchema),
        ...problemReplies({
          400: ['flywheel.bad-label', 'request.invalid', 'request.malformed-json', 'request.not-utf8'],
          404: ['flywheel.question-not-found'],
          409: ['flywheel.already-labelled'],
          413: ['request.too-large'],
          415: ['request.unsupported-media-type'],
        }),
      },
      async handle(context) {
        const { id } = readParameters(context, questionParametersSchema)
        const request = await readBody(context, labelRequestSchema, limits.bodyBytesMax)
        return context.json(await labelling.answer(id, request))
      },
    },
    {
      method: 'get',
      path: '/v1/tasks/{task}/labels',
      operationId: 'getLabelReport',
      summary: 'How far annotators agree, and which labels are likely wrong',
      tags: ['labels'],
      request: { params: taskParametersSchema },
      responses: {
        ...jsonReply('The report', labelReportSchema),
        ...problemReplies({ 400: ['request.invalid'] }),
      },
      handle: async (context) =>
        context.json(await labelling.report(readParameters(context, taskParametersSchema).task)),
    },
  ]
}

function createFeedbackRoute(platform: ServedPlatform, { limits }: RouteOptions): Route {
  return {
    method: 'post',
    path: '/v1/predictions/{id}/feedback',
    // Whoever knows the id was given the answer.
    access: 'any-key',
    operationId: 'giveFeedback',
    summary: 'Say what became of a prediction',
    description:
      'A label corrects it, `correct: true` confirms it: both become training examples where the text was kept. Accepted however late; the ' +
      'same `key` with the same content counts once.',
    tags: ['predictions'],
    request: {
      params: predictionParametersSchema,
      body: { required: true, content: { 'application/json': { schema: feedbackRequestSchema } } },
    },
    responses: {
      ...jsonReply('What is stored', feedbackSchema),
      ...problemReplies({
        400: ['flywheel.bad-label', 'request.invalid', 'request.malformed-json', 'request.not-utf8'],
        404: ['flywheel.prediction-not-found'],
        409: ['flywheel.feedback-key-reused'],
        413: ['request.too-large'],
        415: ['request.unsupported-media-type'],
      }),
    },
    async handle(context) {
      const { id } = readParameters(context, predictionParametersSchema)
      const feedback = await readBody(context, feedbackRequestSchema, limits.bodyBytesMax)
      const stored = await platform.giveFeedback(id, feedback, context.var.caller.keyId)
      return context.json(toWire(feedbackSchema, stored))
    },
  }
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
        503: [
          'flywheel.teacher-unavailable',
          'serving.overloaded',
          'serving.closed',
          'serving.worker-stopped',
          'serving.too-large',
        ],
      }),
    },
    async handle(context) {
      const { input, inputs, scoresMax } = await readBody(context, requestSchema, limits.bodyBytesMax)
      const task = context.req.param('task') as string
      const texts = inputs ?? [input as PredictionInput]
      const stages: StageSeconds = { tokenize: 0, queue: 0, model: 0, teacher: 0 }
      const { model, predictions } = await platform.answer(task, texts, {
        signal: context.req.raw.signal,
        caller: context.var.caller.keyId,
        onStages: (seconds) => Object.assign(stages, seconds),
        // Texts of one request are taken to the teacher together.
        onTeacher: (seconds) => {
          stages.teacher = Math.max(stages.teacher, seconds)
        },
      })
      context.set('stages', { task, seconds: stages })
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

function keepBest(prediction: ServedPrediction, scoresMax: number): ServedPrediction {
  if (prediction.kind !== 'classify' && prediction.kind !== 'multilabel') return prediction
  return { ...prediction, scores: prediction.scores.slice(0, scoresMax) }
}
