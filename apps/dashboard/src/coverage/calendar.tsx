import type { JSX } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Client } from '../api/client';
import { wordsOf } from '../api/words-of';
import type { CoverageItem } from '../api/types';
import { useEvery } from '../use-every';
import {
  dateAfterKey,
  dayAfter,
  describeDay,
  monthsOver,
  stateOf,
  summaryOf,
  toDayAccount,
  weeksOf,
  type DayAccount,
} from './days';

const DAYS_SHOWN = 182;
const DAYS_EVERY_MS = 60_000;

const WORDS: Readonly<Record<CoverageItem['state'], string>> = {
  captured: 'captured',
  quiet: 'nothing traded',
  stopped: 'the exchange stood still',
  missing: 'missing',
};

/** The end of a day is the midnight after it. */
const clockTime = (time: string, date: string): string => (time.startsWith(date) ? time.slice(11, 16) : '24:00');

/** The minutes of a day that are not there, and why. */
function DayReport({ client, symbol, date }: { client: Client; symbol: string; date: string }): JSX.Element {
  const [items, setItems] = useState<readonly CoverageItem[]>();
  const [problem, setProblem] = useState('');
  const path = `coverage?symbol=${encodeURIComponent(symbol)}&start=${date}&end=${dayAfter(date)}`;
  useEffect(() => {
    const controller = new AbortController();
    setItems(undefined);
    setProblem('');
    client.list<CoverageItem>(path, controller.signal).then(setItems, (error: unknown) => {
      if (!controller.signal.aborted) setProblem(wordsOf(error));
    });
    return () => {
      controller.abort();
    };
  }, [client, path]);
  if (problem !== '') return <p role="alert">{problem}</p>;
  if (!items) return <p class="soft">Reading {date} ...</p>;
  if (items.length === 0) return <p>Nothing is known of the minutes of {date}.</p>;
  const told = items.filter(({ state, repaired }) => state === 'missing' || state === 'stopped' || repaired);
  if (told.length === 0) return <p>Every minute of {date} is there.</p>;
  return (
    <ul class="day-report">
      {told.map(({ start, end, state, repaired, reason }) => (
        <li key={start}>
          <b>
            {clockTime(start, date)} to {clockTime(end, date)}
          </b>{' '}
          {WORDS[state]}
          {repaired ? ', came late' : ''}
          {reason ? `: ${reason}` : ''}
        </li>
      ))}
    </ul>
  );
}

export interface CalendarProps {
  readonly client: Client;
  readonly symbol: string;
  /** UTC date of the newest price, so that a market on another clock is shown too. */
  readonly today: string;
  /** The day whose minutes are told. */
  readonly chosen: string | undefined;
  readonly onChoose: (date: string) => void;
}

/** One cell a day; a day that is not whole says which minutes are not there, and why. */
export function Calendar({ client, symbol, today, chosen, onChoose }: CalendarProps): JSX.Element {
  const [days, setDays] = useState<ReadonlyMap<string, DayAccount>>();
  const [problem, setProblem] = useState('');
  /** The day that the arrow keys led to: the one that the Tab key stops at. */
  const [current, setCurrent] = useState<string>();
  const isRead = days !== undefined;
  const cells = useRef<HTMLDivElement>(null);

  useEffect(() => {
    setDays(undefined);
  }, [symbol]);
  useEvery(
    DAYS_EVERY_MS,
    useCallback(
      (signal: AbortSignal) => {
        client.csv(`bi/data_quality.csv?symbol=${encodeURIComponent(symbol)}&days=${DAYS_SHOWN}`, signal).then(
          (rows) => {
            setDays(new Map(rows.map(toDayAccount).map((day) => [day.date, day])));
            setProblem('');
          },
          (error: unknown) => {
            if (!signal.aborted) setProblem(wordsOf(error));
          },
        );
      },
      [client, symbol, today],
    ),
  );

  useEffect(() => {
    // The newest days are the ones that are looked for.
    if (cells.current && isRead) cells.current.scrollLeft = cells.current.scrollWidth;
  }, [isRead]);

  const dates = [...(days?.keys() ?? [])].sort();
  const [first = today] = dates;
  const weeks = weeksOf(first, today);
  const stop = [current, chosen].find((date) => date !== undefined && date >= first && date <= today) ?? today;
  const move = (event: KeyboardEvent): void => {
    const date = (event.target as HTMLElement).dataset['date'];
    const target = date === undefined ? undefined : dateAfterKey(event.key, date, first, today);
    if (target === undefined) return;
    event.preventDefault();
    cells.current?.querySelector<HTMLElement>(`[data-date="${target}"]`)?.focus();
    setCurrent(target);
  };
  return (
    <section aria-labelledby="calendar-title" class="calendar panel">
      <h2 id="calendar-title">Coverage of {symbol}</h2>
      {problem === '' ? null : <p role="alert">{problem}</p>}
      <p class="soft">{days === undefined ? 'Reading the days ...' : summaryOf([...days.values()])}</p>
          <div
            class="weeks"
            role="group"
            aria-label="One button a day, in weeks from Monday to Sunday; the arrow keys lead from day to day"
            ref={cells}
            onKeyDown={move}
          >
            {weeks.map((week, index) => (
              <div class="week" key={week[0]}>
                <span class="month" aria-hidden="true">
                  {monthsOver(weeks)[index]}
                </span>
                {week.map((date) =>
                  date < first || date > today ? (
                    <span class="day" key={date} />
                  ) : (
                    <button
                      type="button"
                      key={date}
                      class={`day ${stateOf(days?.get(date))}`}
                      title={describeDay(date, days?.get(date))}
                      aria-label={describeDay(date, days?.get(date))}
                      aria-pressed={date === chosen}
                      tabIndex={date === stop ? 0 : -1}
                      data-date={date}
                      onClick={() => {
                        setCurrent(date);
                        onChoose(date);
                      }}
                    />
                  ),
                )}
              </div>
            ))}
          </div>
          <p class="legend">
            <span>
              <span class="day whole" /> whole
            </span>
            <span>
              <span class="day stopped" /> the exchange stood still
            </span>
            <span>
              <span class="day missing" /> minutes missing
            </span>
            <span>
              <span class="day unknown" /> nothing known
            </span>
          </p>
        <div class="day-answer" id="day-answer" aria-live="polite">
          {chosen === undefined ? (
            <p class="soft">Choose a day to see which of its minutes are not there, and why.</p>
          ) : (
            <>
              <p>
                <b>{describeDay(chosen, days?.get(chosen))}</b>
              </p>
              <DayReport client={client} symbol={symbol} date={chosen} />
            </>
          )}
        </div>
    </section>
  );
}
