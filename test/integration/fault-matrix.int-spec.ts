import { floorTo, formatMillisTime, MINUTE, SECOND, type EpochMicros } from '@app/domain';
import { eventually } from '../support/app-process';
import { bannedUntil, BROKEN_BODIES, GEO_BLOCK, question, REFUSALS, type Answer } from '../support/exchange-answers';
import { SimulatedCapture } from '../support/simulated-capture';

const NOON = Date.UTC(2026, 2, 18, 12) * 1_000;
const SYMBOLS = ['ETHUSDT', 'BTCUSDT', 'SOLUSDT'];
/** The one that is refused where the others are not. */
const VICTIM = 'BTCUSDT';
const POLL: EpochMicros = 5 * SECOND;
/** How long the exchange gives the answer in question. */
const SPELL: EpochMicros = 7 * SECOND;
/** Stages that are played at the same time: most of their time they wait for each other's real time-outs. */
const AT_ONCE = 40;
const TIMEOUT_MS = 10_000;
/** For answers that never come: the time-out is waited for. */
const SHORT_TIMEOUT_MS = 700;

type Asked = 'tickers' | 'candles' | 'symbols' | 'server time';

const ROUTES: Readonly<Record<Asked, string>> = {
  tickers: '/api/v3/ticker/24hr',
  candles: '/api/v3/klines',
  symbols: '/api/v3/exchangeInfo',
  'server time': '/api/v3/time',
};
const INTERVALS: Readonly<Record<Asked, EpochMicros>> = {
  tickers: POLL,
  candles: MINUTE,
  symbols: MINUTE,
  'server time': MINUTE,
};
/** How soon after the end everything is whole again. */
const WITHIN_INTERVALS = 2;
const GEO_BLOCK_WHOLE: EpochMicros = 6 * MINUTE;

/** When the faults of a running capture begin: they meet the poll and the pass over the minutes at :05. */
const SPELL_BEGINS = NOON + MINUTE + 2.5 * SECOND;
const BANNED = bannedUntil(NOON + 3 * MINUTE);

/** Where the minute opens that the pass within the spell asks for first. */
const BROKEN_MINUTE = { start: NOON / 1_000, end: (NOON + MINUTE) / 1_000 };
const row = (name: string, fault: object): Answer => ({ ...question(`a row ${name}`, fault), isRow: true });
const kline = (fault: object): object => ({ kind: 'broken-row', symbol: VICTIM, ...BROKEN_MINUTE, ...fault });
const ticker = (fault: object): object => ({ kind: 'broken-ticker', symbol: VICTIM, ...fault });

const BROKEN_KLINES: readonly Answer[] = [
  row('that closes before it opens', kline({ field: 'close_time', shift_ms: -60_000 })),
  row('with an exponent', kline({ field: 'volume', value: '1E+2' })),
  row('with a negative price', kline({ field: 'low', value: '-1.00000000' })),
  row('with a number for a text', kline({ field: 'open', value: 7 })),
  row('without a trade count', kline({ field: 'trade_count', value: null })),
  row('of seven columns', kline({ columns: 7 })),
  row('of no column', kline({ columns: 0 })),
  row('that opens elsewhere', kline({ field: 'open_time', shift_ms: 86_400_000 })),
  row('that opens at no time', kline({ field: 'open_time', value: 'yesterday' })),
  row('that is there twice, with other numbers', kline({ field: 'volume', value: '0.12345678', repeat: true })),
];
const BROKEN_TICKERS: readonly Answer[] = [
  row('with a leading zero', ticker({ field: 'lastPrice', value: '007.1' })),
  row('with a number for a text', ticker({ field: 'volume', value: 7 })),
  row('with null for a price', ticker({ field: 'lastPrice', value: null })),
  row('with a change that is none', ticker({ field: 'priceChangePercent', value: 'n/a' })),
  row('that is there twice, with other numbers', ticker({ field: 'lastPrice', value: '1.5', repeat: true })),
  row('that is not there', ticker({ absent: true })),
];

interface Case {
  readonly answer: Answer;
  readonly asked: Asked;
  /** The only symbol that is answered so; none: all of them. */
  readonly symbol?: string;
  /** Whether the process begins within the spell; else it captures already. */
  readonly atStart: boolean;
  readonly hosts: number;
}

const nameOf = ({ answer, asked, symbol, atStart, hosts }: Case): string =>
  `${asked}: ${answer.name}${symbol === undefined || answer.isRow ? '' : ' for one symbol'}${atStart ? ' at the start' : ''}` +
  (hosts > 1 ? ' from one of two addresses' : '');

const CASES: readonly Case[] = [...REFUSALS, BANNED, ...BROKEN_BODIES, GEO_BLOCK].flatMap((answer): Case[] => [
  { answer, asked: 'tickers', atStart: false, hosts: 1 },
  { answer, asked: 'tickers', atStart: false, hosts: 1, symbol: VICTIM },
  { answer, asked: 'candles', atStart: false, hosts: 1 },
  { answer, asked: 'candles', atStart: false, hosts: 1, symbol: VICTIM },
  // The symbols are asked for once an hour, and the time every ten minutes: the process begins within the spell.
  { answer, asked: 'tickers', atStart: true, hosts: 1 },
  { answer, asked: 'symbols', atStart: true, hosts: 1 },
  { answer, asked: 'server time', atStart: true, hosts: 1 },
]);
const ROWS: readonly Case[] = [
  ...BROKEN_TICKERS.map((answer) => ({ answer, asked: 'tickers' as const })),
  ...BROKEN_KLINES.map((answer) => ({ answer, asked: 'candles' as const })),
].map((scene) => ({ ...scene, symbol: VICTIM, atStart: false, hosts: 1 }));
const TWO_HOSTS: readonly Case[] = (['tickers', 'candles'] as const).map((asked) => ({
  answer: GEO_BLOCK,
  asked,
  atStart: false,
  hosts: 2,
}));

/** What health said when everything due at an instant was done. */
interface Observation {
  readonly at: EpochMicros;
  readonly state: string;
  readonly problem: string;
  readonly blockedUntil: EpochMicros | null;
  /** Requests that had reached the exchange. */
  readonly requests: number;
  readonly isTimeKnown: boolean;
  readonly isDescribed: boolean;
}

/** One case, played on the market clock. */
class Stage {
  private readonly observations: Observation[] = [];
  private readonly begins: EpochMicros;
  private readonly ends: EpochMicros;

  constructor(private readonly scene: Case) {
    this.begins = scene.atStart ? NOON : SPELL_BEGINS;
    this.ends = this.begins + SPELL;
  }

  /** Plays the case; returns everything that was otherwise than it has to be. */
  async play(): Promise<string[]> {
    const { answer, asked, hosts, atStart } = this.scene;
    const capture = new SimulatedCapture({
      start: NOON,
      symbols: SYMBOLS,
      pollSeconds: POLL / SECOND,
      requestTimeoutMs: answer.never ? SHORT_TIMEOUT_MS : TIMEOUT_MS,
      hosts,
    });
    try {
      await capture.startExchange();
      if (atStart) this.beginSpell(capture);
      await capture.startCapture();
      this.observe(capture);
      let isSpell = atStart;
      for (let next = NOON + POLL; next <= this.until; next += POLL) {
        if (!isSpell && capture.now < this.begins && next > this.begins) {
          await capture.passUntil(this.begins);
          this.beginSpell(capture);
          isSpell = true;
        }
        if (isSpell && capture.now < this.ends && next >= this.ends) {
          await capture.passUntil(this.ends);
          capture.setFaults([]);
          isSpell = false;
          // The first reading of the time is tried for so long by real time, in which here any market time passes.
          if (answer.never && asked === 'server time') {
            await eventually('the time is known', () =>
              Promise.resolve(capture.snapshot.clock.state === 'unknown' ? undefined : true),
            );
          }
        }
        await capture.passUntil(next);
        this.observe(capture);
      }
      return this.violations(capture);
    } finally {
      await capture.close();
    }
  }

  private beginSpell(capture: SimulatedCapture): void {
    const { answer, asked, symbol } = this.scene;
    const aim = answer.isRow ? {} : { route: ROUTES[asked], ...(symbol === undefined ? {} : { symbol }) };
    capture.setFaults([{ ...answer.fault, ...aim }]);
  }

  private observe(capture: SimulatedCapture): void {
    const { state, problem, clock } = capture.snapshot;
    this.observations.push({
      at: capture.now,
      state,
      problem,
      blockedUntil: capture.blockedUntil,
      requests: capture.requests,
      isTimeKnown: clock.state !== 'unknown',
      isDescribed: SYMBOLS.every((symbol) => capture.isDescribed(symbol)),
    });
  }

  /** When the last request could be sent that the spell allowed, or the silence that it asked for. */
  private get heldUntil(): EpochMicros {
    return Math.max(this.ends, ...this.observations.map(({ blockedUntil }) => blockedUntil ?? 0));
  }

  /** When what the case asks for has to be whole again. */
  private wholeBy(asked: Asked): EpochMicros {
    if (this.scene.answer === GEO_BLOCK) return this.ends + GEO_BLOCK_WHOLE;
    return this.heldUntil + WITHIN_INTERVALS * INTERVALS[asked];
  }

  private get until(): EpochMicros {
    return this.wholeBy('candles') + MINUTE;
  }

  /** Whether the spell may have kept this from being captured at that instant. */
  private isExcused(asked: Asked, symbol: string, at: EpochMicros): boolean {
    if (at < this.begins || at > this.wholeBy(asked)) return false;
    const { scope } = this.scene.answer;
    const isHeld = scope !== 'question' && this.heldUntil > this.ends;
    return isHeld || (asked === this.scene.asked && (this.scene.symbol ?? symbol) === symbol);
  }

  private violations(capture: SimulatedCapture): string[] {
    return [
      ...this.priceViolations(capture),
      ...this.minuteViolations(capture),
      ...this.otherViolations(),
      ...this.silenceViolations(),
      ...this.healthViolations(capture),
    ];
  }

  private priceViolations(capture: SimulatedCapture): string[] {
    const polled = new Set(capture.prices.map(({ symbol, at }) => `${symbol} ${floorTo(at, POLL)}`));
    return this.observations.flatMap(({ at }) =>
      SYMBOLS.filter((symbol) => !polled.has(`${symbol} ${at}`) && !this.isExcused('tickers', symbol, at)).map(
        (symbol) => `no price of ${symbol} at ${clockTime(at)}`,
      ),
    );
  }

  private minuteViolations(capture: SimulatedCapture): string[] {
    const captured = new Map(capture.minutes.map(({ symbol, openTime, at }) => [`${symbol} ${openTime}`, at]));
    const found: string[] = [];
    for (const symbol of SYMBOLS) {
      // What nothing could be asked of at the start begins with the first answer.
      const start = capture.ledgerStart(symbol) ?? Infinity;
      if (start > this.wholeBy('candles')) found.push(`${symbol} is not accounted for by ${clockTime(start)}`);
      if (start > NOON && !this.isExcused('candles', symbol, NOON))
        found.push(`${symbol} begins at ${clockTime(start)}`);
      // Closed minutes are asked for five seconds after their end.
      for (let minute = start; minute + MINUTE + 5 * SECOND <= this.lastAt; minute += MINUTE) {
        const due = minute + MINUTE + 5 * SECOND;
        const at = captured.get(`${symbol} ${minute}`);
        const by = this.isExcused('candles', symbol, due) ? this.wholeBy('candles') : due;
        if (at === undefined || at > by) {
          const when = at === undefined ? 'not at all' : `at ${clockTime(at)}`;
          found.push(`the minute ${clockTime(minute)} of ${symbol} came ${when}, not by ${clockTime(by)}`);
        }
      }
    }
    return found;
  }

  private get lastAt(): EpochMicros {
    return this.observations.at(-1)?.at ?? 0;
  }

  private otherViolations(): string[] {
    const of = (asked: Asked, name: string, is: (observation: Observation) => boolean): string[] => {
      const due = this.isExcused(asked, VICTIM, NOON) ? this.wholeBy(asked) : NOON;
      const late = this.observations.find((observation) => observation.at >= due && !is(observation));
      return late ? [`${name} at ${clockTime(late.at)}`] : [];
    };
    return [
      ...of('symbols', 'the symbols were not described', ({ isDescribed }) => isDescribed),
      ...of('server time', "the exchange's time was not known", ({ isTimeKnown }) => isTimeKnown),
    ];
  }

  /** A named time is kept to; without one the silence ends within two intervals; single questions silence nobody. */
  private silenceViolations(): string[] {
    const { answer, asked, hosts } = this.scene;
    const blocked = this.observations.filter(({ blockedUntil }) => blockedUntil !== null);
    const [met] = blocked;
    if (answer.scope === 'question' || hosts > 1) return met ? ['everything was silent'] : [];
    if (met === undefined) return answer.scope === 'address' ? ['nothing was silent'] : [];
    const found = blocked
      // What was on its way when the answer came cannot be called back; afterwards nothing is sent.
      .filter(({ at, requests, blockedUntil }, index) => {
        const before = blocked[index - 1];
        return before?.blockedUntil === blockedUntil && before.at < at && requests > before.requests;
      })
      .map(({ at }) => `a request at ${clockTime(at)}, in the silence`);
    const longest = answer === GEO_BLOCK ? 5 * MINUTE : WITHIN_INTERVALS * INTERVALS[asked];
    const named = answer.namedAt ?? (answer.named && met.at + answer.named);
    const isAsNamed =
      named === undefined ? this.heldUntil <= this.ends + longest : this.heldUntil === Math.max(this.ends, named);
    return isAsNamed ? found : [...found, `silent until ${clockTime(this.heldUntil)}`];
  }

  /** Health is degraded from the first failure to the first success, names what is refused and when it is asked for again. */
  private healthViolations(capture: SimulatedCapture): string[] {
    const found: string[] = [];
    let hadFailure = false;
    for (const { at, state, problem } of this.observations) {
      const isMissing = this.isMissing(capture, at);
      hadFailure ||= isMissing;
      if (isMissing && state !== 'degraded') found.push(`health was ${state} at ${clockTime(at)}`);
      if (isMissing && !this.names(problem)) found.push(`health at ${clockTime(at)} said only: ${problem}`);
      const isWhole = at < this.begins || at > Math.max(this.wholeBy('candles'), this.wholeBy(this.scene.asked));
      if (isWhole && state !== 'ok') found.push(`health was ${state} at ${clockTime(at)}: ${problem}`);
    }
    if (!hadFailure && this.scene.hosts === 1) found.push('the answer met nothing');
    return found;
  }

  /** Whether what the case is about is missing at an instant, because the last attempt at it failed. */
  private isMissing(capture: SimulatedCapture, at: EpochMicros): boolean {
    const { asked, symbol = VICTIM } = this.scene;
    if (at < this.begins) return false;
    switch (asked) {
      case 'tickers':
        return !capture.prices.some((price) => price.symbol === symbol && floorTo(price.at, POLL) === at);
      case 'candles': {
        const minute = floorTo(at - 5 * SECOND, MINUTE) - MINUTE;
        if (minute < NOON) return false;
        const captured = capture.minutes.find((one) => one.symbol === symbol && one.openTime === minute);
        return captured === undefined || captured.at > at;
      }
      case 'symbols':
        return this.observations.some((observation) => observation.at === at && !observation.isDescribed);
      case 'server time':
        return this.observations.some((observation) => observation.at === at && !observation.isTimeKnown);
    }
  }

  private names(problem: string): boolean {
    const { asked } = this.scene;
    const isNamed = new RegExp(`(^|; )${asked}[^;]*: (refused|no answer|left out)`).test(problem);
    const isLeftOut = asked === 'candles' && /minutes? (is|are) left out of /.test(problem);
    const isSaid = isNamed || isLeftOut || problem.includes('the exchange is ');
    return isSaid && /(again at|sent until|again until) 20\d\d-/.test(problem);
  }
}

function clockTime(time: EpochMicros): string {
  return formatMillisTime(time).slice(11, 23);
}

/** Plays cases in their order, each once and some ahead: most of the time one waits for its own requests. */
class Playbill {
  private readonly played: Promise<string[]>[] = [];

  constructor(private readonly cases: readonly Case[]) {}

  result(index: number): Promise<string[]> {
    for (const scene of this.cases.slice(this.played.length, index + AT_ONCE)) {
      const result = new Stage(scene).play();
      result.catch(() => undefined);
      this.played.push(result);
    }
    return this.played[index] ?? Promise.reject(new RangeError(`there is no case ${index}`));
  }

  async end(): Promise<void> {
    await Promise.allSettled(this.played);
  }
}

describe('whatever the exchange answers for seven seconds', () => {
  const cases = [...CASES, ...ROWS, ...TWO_HOSTS];
  const playbill = new Playbill(cases);

  afterAll(() => playbill.end());

  it.each(cases.map((scene, index) => [nameOf(scene), index] as const))(
    'should cost no more than it must: %s (34)',
    async (_, index) => {
      expect(await playbill.result(index)).toEqual([]);
    },
  );
});
