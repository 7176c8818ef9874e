import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAborted } from '@app/domain';
import { eventually } from './app-process';
import { promtool } from './promtool';

const RULES = resolve(__dirname, '../../deploy/prometheus/alerts.yml');
/** Between two scrapes, in the market and for the rules. */
const MINUTE_SECONDS = 60;
/** A scrape of a process that stands still for a part of a second is waited for. */
const SCRAPE_LIMIT_MS = 5_000;
/** What a busy machine takes beside the scrapes. */
const SCRAPE_SLACK_MS = 120_000;
const GONE = 'stale';
const NOTHING = '_';

/** Metrics and groups of labels of a text as Prometheus scrapes it. */
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;

/** What the rules ask for. */
const METRICS: ReadonlySet<string> = new Set(readFileSync(RULES, 'utf8').match(/\b(?:csp|nodejs)_\w+/g));

/**
 * What processes said in `/metrics` from minute to minute of a fast market, and which alerts that fires: the rules as they
 * are, by promtool. Ages are those of the market's clock.
 */
export class AlertRecording {
  /** Values of each series, one for each minute so far. */
  private readonly series = new Map<string, string[]>();
  private readonly stopping = new AbortController();
  private recording: Promise<void> = Promise.resolve();
  private minutes = 0;

  /**
   * @param marketTime - the market's clock, epoch seconds
   * @param scrapeEveryMs - real time between two scrapes
   */
  private constructor(
    private readonly targets: Readonly<Record<string, string>>,
    private readonly marketTime: () => number,
    private readonly scrapeEveryMs: number,
  ) {}

  /**
   * @param targets - address of `/metrics` by job
   * @param market - market time now, epoch milliseconds
   * @param factor - market seconds in a real one
   * @param scrapeEveryMs - real time between two scrapes, which are a minute of the rules
   */
  static start(
    targets: Readonly<Record<string, string>>,
    market: number,
    factor = 60,
    scrapeEveryMs = 1_000,
  ): AlertRecording {
    const startedAt = performance.now();
    const marketTime = (): number => (market + (performance.now() - startedAt) * factor) / 1_000;
    const recording = new AlertRecording(targets, marketTime, scrapeEveryMs);
    recording.recording = recording.record();
    return recording;
  }

  /** The last minute that is recorded. */
  get minute(): number {
    return this.minutes - 1;
  }

  async more(minutes: number): Promise<void> {
    const goal = this.minutes + minutes;
    const limitMs = 2 * minutes * this.scrapeEveryMs + SCRAPE_SLACK_MS;
    const isDone = (): Promise<true | undefined> => Promise.resolve(this.minutes >= goal || undefined);
    await eventually(`${minutes} more minutes are recorded`, isDone, limitMs);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.recording;
  }

  /**
   * Whether an alert fired up to a minute.
   * @param held - minutes for which everything stays as it was in the end
   */
  async fired(alert: string, minute: number, held = 0): Promise<boolean> {
    const expr = `count(count by (alertname) (${firing(`alertname="${alert}",`)}))`;
    return (await this.differences(expr, minute, [{ labels: '{}', value: 1 }], held)) === '';
  }

  /** Which alerts fired so far, in promtool's words; nothing where none did. */
  async allFired(): Promise<string> {
    return this.differences(`count by (alertname) (${firing('')})`, this.minute, [], 0);
  }

  /** What promtool says of an expression that has other values than these at a minute; nothing where it has these. */
  private async differences(expr: string, minute: number, expected: readonly object[], held: number): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'csp-alerts-'));
    try {
      const file = join(folder, 'recorded.test.yml');
      const test = {
        interval: '1m',
        input_series: [...this.series].map(([series, values]) => ({ series, values: heldFor(values, held) })),
        promql_expr_test: [{ expr, eval_time: `${minute}m`, exp_samples: expected }],
      };
      // JSON is YAML.
      writeFileSync(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: '1m', tests: [test] }));
      const { code, output } = await promtool(['test', 'rules', file]);
      if (code !== 0 && !/\bgot:/.test(output)) throw new Error(output);
      return code === 0 ? '' : output;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  private async record(): Promise<void> {
    const { signal } = this.stopping;
    for (let due = performance.now(); !signal.aborted; due += this.scrapeEveryMs) {
      await delay(Math.max(0, due - performance.now()), undefined, { signal }).catch(() => undefined);
      if (isAborted(signal)) return;
      const found = new Map<string, string>();
      await Promise.all(Object.entries(this.targets).map(([job, url]) => this.scrape(job, url, found)));
      this.add(found);
    }
  }

  private async scrape(job: string, url: string, found: Map<string, string>): Promise<void> {
    const target = `job="${job}",instance="${job}"`;
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(SCRAPE_LIMIT_MS) });
      for (const line of (await response.text()).split('\n')) {
        const [, name = '', labels, value = ''] = SAMPLE.exec(line) ?? [];
        if (!METRICS.has(name)) continue;
        const series = `${name}{${labels === undefined ? '' : `${labels},`}${target}}`;
        found.set(series, this.valueOf(name, Number(value)));
      }
      found.set(`up{${target}}`, '1');
    } catch {
      found.set(`up{${target}}`, '0');
    }
  }

  /** Times as the rules see them, whose clock is at zero with the first minute. */
  private valueOf(name: string, value: number): string {
    if (Number.isNaN(value)) return NOTHING;
    const isTime = name.endsWith('_timestamp_seconds');
    return String(isTime ? this.minutes * MINUTE_SECONDS - (this.marketTime() - value) : value);
  }

  private add(found: ReadonlyMap<string, string>): void {
    for (const series of found.keys()) {
      if (!this.series.has(series))
        this.series.set(
          series,
          Array.from({ length: this.minutes }, () => NOTHING),
        );
    }
    for (const [series, values] of this.series) {
      const last = values.at(-1);
      const missing = last === undefined || last === NOTHING || last === GONE ? NOTHING : GONE;
      values.push(found.get(series) ?? missing);
    }
    this.minutes += 1;
  }
}

/** Alerts that have fired at some time. */
const firing = (which: string): string => `max_over_time(ALERTS{${which}alertstate="firing"}[30d])`;

function heldFor(values: readonly string[], minutes: number): string {
  const last = values.at(-1) ?? NOTHING;
  return [...values, ...Array.from({ length: minutes }, () => (last === GONE ? NOTHING : last))].join(' ');
}
