import { sql } from 'kysely'
import type { Store } from '../../storage/index.ts'
import type { BudgetStore } from '../teachers/daily-budget.ts'

/** Budgets of teachers in the store: neither a restart nor a second process forgets what is taken. */
export function createBudgetStore({ database }: Store): BudgetStore {
  return {
    async take({ task, day }, amountMicro, capMicro) {
      const { rows } = await sql`
        insert into teacher_budgets as b (task, day, taken_micro)
        select ${task}, ${day}::date, ${amountMicro}::bigint where ${amountMicro}::bigint <= ${capMicro}::bigint
        on conflict (task, day) do update set taken_micro = b.taken_micro + excluded.taken_micro
        where b.taken_micro + excluded.taken_micro <= ${capMicro}::bigint
        returning taken_micro`.execute(database)
      return rows.length > 0
    },
    async adjust({ task, day }, amountMicro) {
      await sql`
        insert into teacher_budgets as b (task, day, taken_micro) values (${task}, ${day}::date, ${amountMicro}::bigint)
        on conflict (task, day) do update set taken_micro = b.taken_micro + excluded.taken_micro`.execute(database)
    },
  }
}
