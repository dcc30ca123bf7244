/** What a run has learnt so far, as it is saved: averaged where the run averages. */
import { present } from '../base/index.ts'
import type { AdapterConfig, TaskKind } from '../contracts/index.ts'
import {
  type Adapter,
  adapterNames,
  headBiasName,
  headWeightName,
  type LoadedAdapter,
  linearLayers,
  mergeAdapters,
} from '../encoders/index.ts'
import type { Model } from '../onnx/index.ts'
import { parameterPaths } from './parameter-paths.ts'
import { adapterScale, type TrainingRun } from './training-run.ts'

/** The whole model, adapters merged. */
export function trainedModel(run: TrainingRun): Model {
  const { model, adapters } = trainedParts(run)
  return mergeAdapters(model, adapters, adapterScale(run.settings))
}

/** Adapters and head alone. */
export function trainedAdapter(run: TrainingRun): LoadedAdapter {
  const { model, adapters } = trainedParts(run)
  const head = [headWeightName, headBiasName].flatMap((name) => {
    const tensor = model.graph.initializers.get(name)
    return tensor ? [[name, tensor] as const] : []
  })
  return { config: describeAdapter(run), adapters, head: new Map(head) }
}

function trainedParts({ task, model, adapters, parameters, average }: TrainingRun): {
  model: Model
  adapters: readonly Adapter[]
} {
  const values = new Map((average?.parameters ?? parameters).map(({ name, value }) => [name, value]))
  const initializers = new Map(
    [...model.graph.initializers].map(([name, tensor]) => [name, values.get(name) ?? tensor]),
  )
  const current = { ...model, graph: { ...model.graph, initializers } }
  return {
    model: task.finish?.(current) ?? current,
    adapters: adapters.map(({ weight, a, b }) => {
      const names = adapterNames(weight)
      return { weight, a: values.get(names.a) ?? a, b: values.get(names.b) ?? b }
    }),
  }
}

/** PEFT's names for what a kind of task does. */
const taskTypes: Readonly<Record<TaskKind, string>> = {
  classify: 'SEQ_CLS',
  multilabel: 'SEQ_CLS',
  regress: 'SEQ_CLS',
  ordinal: 'SEQ_CLS',
  tag: 'TOKEN_CLS',
  embed: 'FEATURE_EXTRACTION',
}

function describeAdapter({ request, settings, task, encoder, adapters }: TrainingRun): AdapterConfig {
  const base = present(request.base, 'the reference of a base whose adapter is saved')
  const paths = parameterPaths(encoder.model)
  const modules = adapters.map(({ weight }) => (paths.get(weight) ?? weight).replace(/\.weight$/, ''))
  const layers = linearLayers(encoder.model)
  return {
    peft_type: 'LORA',
    task_type: taskTypes[task.answer.kind],
    base_model_name_or_path: base.spec ?? base.name,
    r: settings.loraRank,
    lora_alpha: settings.loraAlpha,
    lora_dropout: settings.loraDropout,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    // A path that two weights share would name neither.
    target_modules: modules.map((module, i) =>
      modules.indexOf(module) === modules.lastIndexOf(module) ? module : present(adapters[i], 'adapter').weight,
    ),
    modules_to_save: task.head.form === 'embedding' ? [] : ['classifier'],
    capstan: {
      base,
      head: { form: task.head.form, pooling: settings.pooling },
      weights: adapters.map(({ weight: name }) => ({ name, ...present(layers.get(name), name) })),
    },
  }
}
