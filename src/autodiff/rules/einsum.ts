/**
 * Einsum: each input's gradient is an Einsum again, of dy and the other inputs, with the input's labels as its result.
 */
import { present } from '../../base/index.ts'
import { type GraphBuilder, text, type Value } from '../../onnx/index.ts'
import { type GradientRule, type Operation, type RuleTable, refuseForm } from '../rule.ts'

type Term = { readonly labels: string; readonly value: Value }

const einsum: GradientRule = (g, dys, op) => {
  const { inputs, output } = readEquation(op)
  const terms = inputs.map((labels, i): Term => ({ labels, value: op.input(i) }))
  const dy = { labels: output, value: present(dys[0], 'dy') }
  return terms.map((term, i) => product(g, [dy, ...terms.toSpliced(i, 1)], term))
}

/** The product of `factors` with the labels of `like`; along a label that none of them has, it is repeated. */
function product(g: GraphBuilder, factors: readonly Term[], like: Term): Value {
  const known = [...like.labels].filter((label) => factors.some(({ labels }) => labels.includes(label)))
  const equation = `${factors.map(({ labels }) => labels).join()}->${known.join('')}`
  const values = factors.map(({ value }) => value)
  const result = g.op('Einsum', values, { equation: text(equation) })
  const absent = [...like.labels].flatMap((label, i) => (known.includes(label) ? [] : [i]))
  const spread = absent.length > 0 ? g.unsqueeze(result, absent) : result
  return g.expand(
    spread,
    spread.dims.map((dim, i) => (dim === 1 ? (like.value.dims[i] as number) : dim)),
  )
}

function readEquation(op: Operation): { inputs: readonly string[]; output: string } {
  const equation = op.text('equation', '').replaceAll(' ', '')
  const [left, output] = equation.split('->') as [string, string?]
  const inputs = left.split(',')
  const hasRepeats = [...inputs, output ?? ''].some((labels) => new Set(labels).size < labels.length)
  if (output === undefined || equation.includes('.') || hasRepeats) {
    refuseForm(
      op,
      `with the equation ${equation}`,
      'Write the result after ->, every axis as a letter, none twice in one operand.',
    )
  }
  return { inputs, output: present(output, 'result of Einsum') }
}

export const contraction = { Einsum: einsum } satisfies RuleTable
