import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Client } from '../api/client';
import type { CoverageItem } from '../api/types';
import { dayAfter, describeDay, stateOf, toDayAccount, weeksOf, type DayAccount } from './days';

const DAYS_SHOWN = 182;

const WORDS: Readonly<Record<CoverageItem['state'], string>> = {
  captured: 'captured',
  quiet: 'nothing traded',
  stopped: 'the exchange stood still',
  missing: 'missing',
};

const clockTime = (time: string): string => time.slice(11, 16);

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
      if (!controller.signal.aborted) setProblem(String(error));
    });
    return () => {
      controller.abort();
    };
  }, [client, path]);
  if (problem !== '') return <p role="alert">{problem}</p>;
  if (!items) return <p>Reading {date} ...</p>;
  const told = items.filter(({ state, repaired }) => state === 'missing' || state === 'stopped' || repaired);
  if (told.length === 0) return <p>Every minute of {date} is there.</p>;
  return (
    <ul class="day-report">
      {told.map(({ start, end, state, repaired, reason }) => (
        <li key={start}>
          <b>
            {clockTime(start)} to {clockTime(end)}
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
}

/** One cell a day; a day that is not whole says which minutes are not there, and why. */
export function Calendar({ client, symbol, today }: CalendarProps): JSX.Element {
  const [days, setDays] = useState<ReadonlyMap<string, DayAccount>>(new Map());
  const [chosen, setChosen] = useState<string>();
  const [problem, setProblem] = useState('');

  useEffect(() => {
    const controller = new AbortController();
    setChosen(undefined);
    setProblem('');
    client.csv(`bi/data_quality.csv?symbol=${encodeURIComponent(symbol)}&days=${DAYS_SHOWN}`, controller.signal).then(
      (rows) => {
        setDays(new Map(rows.map(toDayAccount).map((day) => [day.date, day])));
      },
      (error: unknown) => {
        if (!controller.signal.aborted) setProblem(String(error));
      },
    );
    return () => {
      controller.abort();
    };
  }, [client, symbol, today]);

  const [first = today] = [...days.keys()].sort();
  const weeks = weeksOf(first, today);
  return (
    <section aria-labelledby="calendar-title" class="calendar">
      <h2 id="calendar-title">Coverage of {symbol}</h2>
      {problem === '' ? null : <p role="alert">{problem}</p>}
      <div class="weeks" role="group" aria-label="One button a day; weeks from Monday to Sunday">
        {weeks.map((week) => (
          <div class="week" key={week[0]}>
            {week.map((date) =>
              date < first || date > today ? (
                <span class="day" key={date} />
              ) : (
                <button
                  type="button"
                  key={date}
                  class={`day ${stateOf(days.get(date))}`}
                  title={describeDay(date, days.get(date))}
                  aria-label={describeDay(date, days.get(date))}
                  aria-pressed={date === chosen}
                  onClick={() => {
                    setChosen(date);
                  }}
                />
              ),
            )}
          </div>
        ))}
      </div>
      <p class="legend">
        <span class="day whole" /> whole <span class="day stopped" /> the exchange stood still{' '}
        <span class="day missing" /> minutes missing
      </p>
      <div aria-live="polite">
        {chosen === undefined ? (
          <p>Choose a day to see which of its minutes are not there, and why.</p>
        ) : (
          <>
            <p>{describeDay(chosen, days.get(chosen))}</p>
            <DayReport client={client} symbol={symbol} date={chosen} />
          </>
        )}
      </div>
    </section>
  );
}
