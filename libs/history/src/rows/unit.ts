import type { KeyValue, RowKey, Table } from './table';

/** Asks for the rows under keys: answered with one for each key, in their order, or undefined where there is none. */
export interface KeysQuestion<Row extends object = object> {
  readonly table: Table<Row>;
  readonly keys: readonly RowKey[];
}

/** Values of a field, at least `from` and less than `until`. A field without a value is not among them. */
export interface FieldBounds {
  readonly field: string;
  readonly from: number;
  readonly until?: number;
}

/** Rows whose key begins with `prefix`, and has at least `from` and less than `until` behind it. */
export interface KeyRange {
  readonly prefix: RowKey;
  readonly from?: KeyValue;
  readonly until?: KeyValue;
  /** Those of them alone that have such a value. Without an index for the field, a store looks through the whole range. */
  readonly having?: FieldBounds;
  /** The first or the last row alone, where there is one, or at most so many from the first on. */
  readonly only?: 'first' | 'last' | number;
}

/** Asks for the rows in ranges: answered with those of each range, in the order of their keys. */
export interface RangesQuestion<Row extends object = object> {
  readonly table: Table<Row>;
  readonly ranges: readonly KeyRange[];
}

/**
 * Asks for the rows in ranges as text: answered with one text for each range, which has a line for each row, in the order
 * of their keys: its values but those of the prefix, in the order of the columns, with a blank between two. For many rows
 * this is faster than loading objects, and comparing two texts tells whether anything changed. Columns must be NOT NULL and
 * contain no blanks.
 */
export interface JoinedQuestion {
  readonly table: Table;
  readonly joined: readonly Omit<KeyRange, 'only'>[];
}

export type Question = KeysQuestion | RangesQuestion | JoinedQuestion;

/** The questions of one round: none of them depends on the answer to another. */
export type Questions = readonly Question[];

export type Answer = readonly (object | undefined)[] | readonly (readonly object[])[] | readonly string[];

/** The answers of a round, in the order of its questions. */
export type Answers = readonly Answer[];

/**
 * What is to become of rows of one table. Rows are whole and absolute, never by how much something changes, so that it
 * does not matter what a driver makes of them.
 *
 * - `add`: new rows. One whose key is there already fails the unit: the tables contradict each other.
 * - `ensure`: rows that are put only where nothing is under their keys.
 * - `put`: rows that take the place of what is under their keys.
 * - `remove`: keys, or ranges of them, whose rows go, where there are any.
 */
export type RowChange = WrittenRows | RemovedRows | RemovedRanges;

export interface WrittenRows<Row extends object = object> {
  readonly kind: 'add' | 'ensure' | 'put';
  readonly table: Table<Row>;
  readonly rows: readonly Row[];
}

export interface RemovedRows {
  readonly kind: 'remove';
  readonly table: Table;
  readonly keys: readonly RowKey[];
}

export interface RemovedRanges {
  readonly kind: 'remove';
  readonly table: Table;
  readonly ranges: readonly Omit<KeyRange, 'only'>[];
}

/** What a unit decides; the changes are made one after the other. */
export interface Plan<Outcome> {
  readonly outcome: Outcome;
  readonly changes: readonly RowChange[];
}

/** Asks for rows, round by round, and returns what it has found. */
export type Inquiry<Found> = Generator<Questions, Found, Answers>;

/**
 * What a write unit does, without a store: it asks for rows, round by round, and returns a plan. A driver resumes it with the
 * answers, in the same call or after waiting for them.
 */
export type Unit<Outcome> = Inquiry<Plan<Outcome>>;

/**
 * Tables of a store, inside one of its transactions. Where they are asked outside one, each question is answered from a state
 * of its own: for inquiries that another process may overtake.
 */
export interface Rows {
  load(questions: Questions): Answers;
  apply(changes: readonly RowChange[]): void;
}

/** Answers inquiries: all that one of them asks in one state of the store. */
export abstract class RowFinder {
  abstract find<Found>(inquiry: Inquiry<Found>): Promise<Found>;
}

/** A row was to be new, and its key is there: the tables contradict each other. */
export class RowNotNewError extends Error {
  readonly code = 'STORE.ROW_NOT_NEW';

  constructor(readonly table: string) {
    super(`${table} holds a row that the other tables do not know; \`cli rebuild\` makes the database anew`);
    this.name = 'RowNotNewError';
  }
}

export function byKeys<Row extends object, Key extends RowKey>(
  table: Table<Row, Key>,
  keys: readonly Key[],
): KeysQuestion<Row> {
  return { table, keys };
}

export function inRanges<Row extends object>(table: Table<Row>, ranges: readonly KeyRange[]): RangesQuestion<Row> {
  return { table, ranges };
}

export function asText<Row extends object>(table: Table<Row>, ranges: JoinedQuestion['joined']): JoinedQuestion {
  return { table, joined: ranges };
}

type AnswerTo<Asked> =
  Asked extends KeysQuestion<infer Row>
    ? readonly (Row | undefined)[]
    : Asked extends RangesQuestion<infer Row>
      ? readonly (readonly Row[])[]
      : Asked extends JoinedQuestion
        ? readonly string[]
        : never;

type AnswersTo<Asked extends Questions> = { readonly [Index in keyof Asked]: AnswerTo<Asked[Index]> };

/** One round of questions; nobody is asked where they ask for nothing. */
export function* ask<const Asked extends Questions>(...questions: Asked): Inquiry<AnswersTo<Asked>> {
  const asksNothing = questions.every((question) => wantedOf(question).length === 0);
  return (asksNothing ? questions.map(() => []) : yield questions) as unknown as AnswersTo<Asked>;
}

function wantedOf(question: Question): readonly unknown[] {
  if ('keys' in question) return question.keys;
  return 'ranges' in question ? question.ranges : question.joined;
}

type FoundBy<Inquiries extends readonly Inquiry<unknown>[]> = {
  readonly [Index in keyof Inquiries]: Inquiries[Index] extends Inquiry<infer Found> ? Found : never;
};

/** Inquiries side by side: what each of them asks in a round is asked in one. */
export function* together<const Inquiries extends readonly Inquiry<unknown>[]>(
  ...inquiries: Inquiries
): Inquiry<FoundBy<Inquiries>> {
  const steps = inquiries.map((inquiry) => inquiry.next([]));
  while (steps.some(({ done }) => !done)) {
    const answers = yield steps.flatMap((step) => (step.done ? [] : step.value));
    let start = 0;
    for (const [index, inquiry] of inquiries.entries()) {
      const step = steps[index];
      if (!step || step.done) continue;
      const end = start + step.value.length;
      steps[index] = inquiry.next(answers.slice(start, end));
      start = end;
    }
  }
  return steps.map(({ value }) => value) as unknown as FoundBy<Inquiries>;
}

/** An inquiry as a unit that changes nothing. */
export function* findOnly<Found>(inquiry: Inquiry<Found>): Unit<Found> {
  return { outcome: yield* inquiry, changes: [] };
}

/** What an inquiry finds in tables that answer at once. */
export function findIn<Found>(rows: Rows, inquiry: Inquiry<Found>): Found {
  return runUnit(rows, findOnly(inquiry));
}

/** Runs a unit over tables that answer at once. */
export function runUnit<Outcome>(rows: Rows, unit: Unit<Outcome>): Outcome {
  let step = unit.next([]);
  while (!step.done) step = unit.next(rows.load(step.value));
  const { outcome, changes } = step.value;
  rows.apply(changes);
  return outcome;
}
