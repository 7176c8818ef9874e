import { createReadStream } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BI_TABLE_HEADERS,
  BI_TABLES,
  compareCodePoints,
  isDecimalText,
  parseIsoTime,
  type BiField,
  type BiTable,
  type BiTableName,
} from '@app/domain';
import { DESCRIPTOR, type BuiltPackage } from '../build/built-package';
import { digestOf } from '../build/file-digest';
import type { Findings } from './finding';

const LINE_END = '\r\n';
const FORMULA_START = /^[=+\-@\t\r]/;
const CELL = /(?:"((?:[^"]|"")*)"|([^",]*))(?:,|$)/y;

const HOLDS: Readonly<Record<BiField['type'], (cell: string) => boolean>> = {
  date: (cell) => /^\d{4}-\d{2}-\d{2}$/.test(cell) && parseIsoTime(cell) !== undefined,
  datetime: (cell) => cell.includes('T') && parseIsoTime(cell) !== undefined,
  string: (cell) => !FORMULA_START.test(cell),
  boolean: (cell) => cell === 'true' || cell === 'false',
  integer: (cell) => /^\d+$/.test(cell),
  decimal: isDecimalText,
  statistic: isDecimalText,
};

/** The tables of a build beside their contract: files whole, headers, types, keys ascending and unique. */
export class TableProof {
  constructor(private readonly findings: Findings) {}

  /** Tells of everything in the folder that is not as the contract and the descriptor say. */
  async run(link: string, signal: AbortSignal): Promise<void> {
    // Followed once, so that all files are of one build, even when another takes its place meanwhile.
    const folder = (await realpath(link).catch(absent)) ?? link;
    const descriptor = await this.descriptor(folder);
    if (!descriptor) return;
    for (const { path, bytes, hash } of descriptor.resources) {
      signal.throwIfAborted();
      const found = await digestOf(join(folder, path)).catch(absent);
      if (!found) this.findings.add(undefined, `${path}: not there`);
      else if (found.bytes !== bytes || `sha256:${found.sha256}` !== hash) {
        this.findings.add(undefined, `${path}: ${found.bytes} bytes that are not those that ${DESCRIPTOR} names`);
      }
    }
    for (const name of Object.keys(BI_TABLES) as BiTableName[]) {
      const path = `${name}.csv`;
      if (!descriptor.resources.some((resource) => resource.path === path)) {
        this.findings.add(undefined, `${path}: not in ${DESCRIPTOR}`);
      } else {
        await this.table(name, linesOf(join(folder, path)), signal).catch(absent);
      }
    }
  }

  private async descriptor(folder: string): Promise<BuiltPackage | undefined> {
    try {
      return JSON.parse(await readFile(join(folder, DESCRIPTOR), 'utf8')) as BuiltPackage;
    } catch (error) {
      if (!(error instanceof SyntaxError)) absent(error as Error);
      const reason = error instanceof SyntaxError ? 'not readable' : 'not there';
      this.findings.add(undefined, `${DESCRIPTOR} in ${folder}: ${reason}; \`bi-build\` makes it`);
      return undefined;
    }
  }

  private async table(name: BiTableName, lines: AsyncIterable<string>, signal: AbortSignal): Promise<void> {
    const table: BiTable = BI_TABLES[name];
    const fields = Object.entries(table.fields);
    const header = BI_TABLE_HEADERS[name];
    const keyColumns = table.primaryKey.map((column) => fields.findIndex(([field]) => field === column));
    let number = 0;
    let before: string[] | undefined;
    for await (const line of lines) {
      number += 1;
      const at = `${name}.csv, line ${number}`;
      if (number === 1) {
        if (line !== header.join(',')) this.findings.add(undefined, `${at}: the header is ${line}`);
        continue;
      }
      signal.throwIfAborted();
      const cells = cellsOf(line);
      if (cells.length !== fields.length) {
        this.findings.add(undefined, `${at}: ${cells.length} cells in place of ${fields.length}`);
        continue;
      }
      fields.forEach(([column, { type, nullable }], index) => {
        const cell = cells[index] ?? '';
        const fits = cell === '' ? nullable === true : HOLDS[type](cell);
        if (!fits) this.findings.add(undefined, `${at}: ${column} is ${JSON.stringify(cell)}, which is no ${type}`);
      });
      const key = keyColumns.map((index) => cells[index] ?? '');
      if (before && compareKeys(before, key) >= 0) {
        this.findings.add(undefined, `${at}: ${key.join(' ')} does not come after ${before.join(' ')}`);
      }
      before = key;
    }
    if (number === 0) this.findings.add(undefined, `${name}.csv: no header`);
  }
}

/** Nothing for a file that is not there; the reason of anything else. */
function absent(error: Error): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return undefined;
}

/** Lines of RFC 4180 without their ends; what follows the last one is a line too. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split(LINE_END);
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** Cells of a line; a line that is no CSV is one cell. */
function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const cells: string[] = [];
  CELL.lastIndex = 0;
  while (CELL.lastIndex < line.length) {
    const match = CELL.exec(line);
    if (!match) return [line];
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
  }
  return line.endsWith(',') ? [...cells, ''] : cells;
}

function compareKeys(one: readonly string[], other: readonly string[]): number {
  for (const [index, cell] of one.entries()) {
    const order = compareCodePoints(cell, other[index] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}
