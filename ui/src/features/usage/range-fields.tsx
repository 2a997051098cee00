// Asks which time the page of usage shows, and keeps it in the address: to be linked to, and there again after a reload.
import { useMemo, type ReactNode } from 'react';
import { useAddressQuery } from '../../lib/address.ts';
import { useMessages } from '../../lib/messages.ts';
import { usageMessages } from './messages.ts';
import { rangeNames, readRange, toBounds, toAddress, type Range } from './range.ts';

/** The range of the address, and what changes it. */
export function useRange(): readonly [Range, (range: Pick<Range, 'name' | 'from' | 'to'>) => void] {
  const { query, setQuery } = useAddressQuery();
  const range = useMemo(() => readRange(query, Date.now()), [query]);
  return [range, (next) => setQuery(toAddress(next))];
}

const look = 'min-h-9 max-w-full rounded-xl border border-line-strong bg-page px-2 text-sm';

/** A day, taken over once it is whole and possible: until then it is still being typed. */
function DayField(props: {
  readonly label: string;
  readonly day: string;
  readonly first: string;
  readonly last: string;
  readonly onDay: (day: string) => void;
}): ReactNode {
  const { label, day, first, last, onDay } = props;
  return (
    <input
      type="date"
      aria-label={label}
      required
      defaultValue={day}
      min={first}
      max={last}
      onChange={({ target }) => {
        if (target.validity.valid) onDay(target.value);
      }}
      className={`${look} user-invalid:border-danger`}
    />
  );
}

/** The choice by name, and for a range of one's own its two days. */
export function RangeFields(): ReactNode {
  const t = useMessages(usageMessages);
  const [range, setRange] = useRange();
  const { first, last } = toBounds(Date.now());
  const { name, from, to } = range;
  return (
    <div role="group" aria-label={t.range} className="flex max-w-full flex-wrap items-center gap-2">
      <select
        aria-label={t.range}
        value={name}
        onChange={({ target }) => {
          const chosen = rangeNames.find((one) => one === target.value) ?? 'custom';
          setRange({ name: chosen, from, to });
        }}
        className={look}
      >
        {[...rangeNames, 'custom' as const].map((one) => (
          <option key={one} value={one}>
            {t.ranges[one]}
          </option>
        ))}
      </select>
      {name === 'custom' && (
        <>
          <DayField
            label={t.from}
            day={from}
            first={first}
            last={to}
            onDay={(day) => setRange({ name, from: day, to })}
          />
          <DayField label={t.to} day={to} first={from} last={last} onDay={(day) => setRange({ name, from, to: day })} />
        </>
      )}
    </div>
  );
}
