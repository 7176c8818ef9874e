import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/app-process';
import { getJson } from '../support/http';
import { Stack } from '../support/stack';

interface Health {
  readonly status: string;
  readonly reasons: readonly string[];
  readonly storage: {
    readonly altered_files: readonly string[];
    readonly lost_lines: readonly { readonly file: string; readonly first_line: number; readonly lines: number }[];
  };
}

/** What is lost or altered is in `/health`, and not in the log alone. */
describe('losses', () => {
  const stack = new Stack({ SYMBOLS: 'BTCUSDT', POLL_INTERVAL_SECONDS: '1', BACKFILL_DAYS: '1' });
  let url: string;

  beforeAll(async () => {
    await stack.startSimulator();
    url = await stack.urlOf('standalone-app');
  });

  afterAll(async () => {
    await stack.close();
  });

  const health = (): Promise<Health> => getJson<Health>(`${url}/health`);
  const raw = (name: string): string => join(stack.rawDir, name);
  const files = (prefix: string): string[] =>
    readdirSync(stack.rawDir)
      .filter((name) => name.startsWith(prefix))
      .sort();

  it('should be told of lines that could not be taken up, and of altered raw files and an altered manifest', async () => {
    const first = await stack.start('standalone-app');
    await eventually('prices and a fetch are stored', () =>
      Promise.resolve((files('crypto_prices').length > 0 && files('fetches').length > 0) || undefined),
    );
    await eventually('health is well', async () => ((await health()).status === 'ok' ? true : undefined));
    expect(await first.stop()).toBe(0);

    const [prices = ''] = files('crypto_prices').slice(-1);
    const lines = readFileSync(raw(prices), 'utf8').split('\n').length - 1;
    writeFileSync(raw(prices), readFileSync(raw(prices), 'utf8').replace('"lastPrice":"', '"lastPrice":"9'));
    // As long as it was before.
    writeFileSync(raw(prices), readFileSync(raw(prices), 'utf8').replace(/(\d)","priceChange/, '","priceChange'));
    appendFileSync(raw(prices), 'no event\n');
    writeFileSync(raw('fetches.jsonl'), readFileSync(raw('fetches.jsonl'), 'utf8').replace('"origin"', '"oregin"'));

    const second = await stack.start('standalone-app');
    const told = await eventually('what was altered is said', async () => {
      const found = await health();
      return found.storage.altered_files.length === 2 ? found : undefined;
    });
    expect(told.status).toBe('degraded');
    expect(told.storage.altered_files).toEqual([prices, 'fetches.jsonl'].sort());
    expect(told.storage.lost_lines).toMatchObject([{ file: prices, first_line: lines + 1, lines: 1 }]);
    expect(told.reasons.join('\n')).toMatch(
      new RegExp(`^store: line ${lines + 1} of ${prices} could not be read when it was taken up, and is missing`, 'm'),
    );
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^csp_bronze_lost_lines(?:\{[^}]*\})? 1$/m);
    expect(told.reasons).toContain(
      `store: ${prices} was altered outside this program; \`cli verify-bi\` names the lines`,
    );
    expect(await second.stop()).toBe(0);

    const verify = await stack.launch('cli', {}, ['verify-bi'], { cwd: stack.folder });
    expect(await verify.exited()).toBe(1);
    expect(verify.output).toMatch(
      new RegExp(`^mismatch: ${prices}, line 1: altered outside this program; lost is`, 'm'),
    );
    expect(verify.output).toMatch(
      new RegExp(`^mismatch: ${prices}, line ${lines + 1}: .* is not allowed; expected JSON`, 'm'),
    );
    expect(verify.output).toMatch(/^mismatch: fetches\.jsonl: altered outside this program/m);
  });

  it.each([
    ['no JSON at all', ['garbage', '{"origin":'], 1],
    ['zeros, as after a power cut', ['\0'.repeat(50)], 1],
    ['an event of a kind that nobody knows', ['{"origin":"simulator:1","kind":"tick","symbol":"A","value":"1"}'], 1],
  ] as const)('should be told of lines of the spool that could not be read: %s', async (_, lines, first) => {
    const spool = join(stack.folder, 'ingest/spool');
    const [name] = readdirSync(spool)
      .filter((file) => /^\d+\.jsonl/.test(file))
      .sort()
      .slice(-1);
    const file = `${String(Number(name?.slice(0, 12) ?? 900) + 1).padStart(12, '0')}.jsonl`;
    writeFileSync(join(spool, file), lines.map((line) => `${line}\n`).join(''));
    const publisher = async () => {
      const { processes, status, reasons } = await getJson<{
        status: string;
        reasons: string[];
        processes: { standalone: { status: { publisher: { unreadable_lines: { file: string }[] } } } };
      }>(`${url}/health`);
      return { status, reasons, unreadable: processes.standalone.status.publisher.unreadable_lines };
    };
    const kept = `spool/${file}.damaged`;
    for (let run = 0; run < 2; run += 1) {
      const app = await stack.start('standalone-app');
      const found = await eventually('the lines are listed', async () => {
        const answer = await publisher();
        return answer.unreadable.some((each) => each.file === kept) ? answer : undefined;
      });
      expect(found.unreadable).toContainEqual(
        expect.objectContaining({ file: kept, first_line: first, lines: lines.length }),
      );
      expect(found.status).toBe('degraded');
      expect(found.reasons.join('\n')).toContain(`of ${kept} in INGEST_STATE_DIR could not be read`);
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(Number(/^csp_spool_unreadable_lines (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThanOrEqual(lines.length);
      expect(await app.stop()).toBe(0);
    }
    expect(existsSync(join(spool, `${file}.damaged`))).toBe(true);
  });
});
