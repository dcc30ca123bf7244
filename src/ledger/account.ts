// The chart of accounts. Expenses are divided by what the money is spent on: the six links Data, Model, Market, Team,
// User and Opt, which the plan allocates. Signed amounts: debits (assets, expenses) positive, credits negative.
import { InvalidInputError } from '../base/index.ts'

/** The six links; each is one root below `Expenses`. */
export const links = ['Data', 'Model', 'Market', 'Team', 'User', 'Opt'] as const

/** The accounts that Capstan posts to by itself. */
export const accounts = {
  /** What training, compression and evaluation cost. */
  modelCompute: 'Expenses:Model:Compute',
  /** What it costs to compute answers. */
  inference: 'Expenses:Opt:Inference',
  /** Used but not yet invoiced by the owner of the machines. */
  accruedCloud: 'Liabilities:Accrued:Cloud',
  /** Where measured quantities (CPU-seconds, labels) come from, so that they balance as money does. */
  metered: 'Equity:Metered',
  /** What teachers that are asked by Capstan cost. */
  teacher: 'Expenses:Data:Teacher',
  accruedTeacher: 'Liabilities:Accrued:Teacher',
  /** What people who label cost. */
  labels: 'Expenses:Data:Labels',
  accruedLabels: 'Liabilities:Accrued:Labels',
  /** What answers and subscriptions have earned, and customers have not paid. */
  receivable: 'Assets:Receivable',
  answers: 'Income:Answers',
  subscriptions: 'Income:Subscriptions',
  /** What an invoice adds where the month's usage lies below the agreed minimum. */
  minimum: 'Income:Minimum',
  /** Credits granted to customers, which their invoices use up. */
  credits: 'Income:Credits',
  vat: 'Liabilities:Vat',
  payable: 'Liabilities:Payable',
  payrollTax: 'Liabilities:PayrollTax',
  /** Between the two commodities of a conversion. */
  conversion: 'Equity:Conversion',
  /** Where shares come from when they are issued, and go to when they are cancelled. */
  issued: 'Equity:Issued',
} as const

/** Where money lies that can be spent at once. */
export const cashAccounts = ['Assets:Cash', 'Assets:Bank'] as const

const accountPattern = /^(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z][A-Za-z0-9-]*)+$/

/** Throws InvalidInputError `ledger.unknown-account` with every account that has no place in the chart. */
export function refuseUnknownAccounts(names: readonly string[]): void {
  const unknown = names.filter((name) => !isAccount(name))
  if (unknown.length === 0) return
  throw new InvalidInputError('ledger.unknown-account', `No such account: ${[...new Set(unknown)].join(', ')}.`, {
    hint:
      'An account is Assets, Liabilities, Equity, Income or Expenses and its parts, as in Assets:Cash; ' +
      `Expenses goes on with one of ${links.join(', ')}.`,
    details: { unknown },
  })
}

/** Whether a name has a place in the chart. */
export function isAccount(name: string): boolean {
  if (!accountPattern.test(name)) return false
  const [root, second] = name.split(':')
  return root !== 'Expenses' || links.some((link) => link === second)
}
