import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Units of an age: up to how many seconds, in which unit, seconds in one. */
const STEPS: [number, Intl.RelativeTimeFormatUnit, number][] = [
  [HOUR, 'minute', MINUTE],
  [DAY, 'hour', HOUR],
  [7 * DAY, 'day', DAY],
  [30 * DAY, 'week', 7 * DAY],
  [365 * DAY, 'month', 30 * DAY],
  [Infinity, 'year', 365 * DAY]
];

/**
 * Writes sizes, dates and ages in the language of the application.
 */
export class Format {
  constructor(translator: ITranslator) {
    this.trans = translator.load('netapp_jlab');
    const locale = localeOf(translator.languageCode);
    this._number = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
    this._percent = new Intl.NumberFormat(locale, { style: 'percent' });
    this._age = new Intl.RelativeTimeFormat(locale, { style: 'narrow' });
    this._long = new Intl.RelativeTimeFormat(locale, { numeric: 'always' });
    this._moment = new Intl.DateTimeFormat(locale, {
      dateStyle: 'full',
      timeStyle: 'medium'
    });
    this._time = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });
    this._day = new Intl.DateTimeFormat(locale, {
      weekday: 'short',
      day: 'numeric',
      month: 'long'
    });
    this._dayOfYear = new Intl.DateTimeFormat(locale, { dateStyle: 'long' });
  }

  readonly trans: TranslationBundle;

  count(value: number): string {
    return this._number.format(value);
  }

  percent(fraction: number): string {
    return this._percent.format(fraction);
  }

  /** A size in binary units. */
  bytes(value: number): string {
    const { trans } = this;
    const power =
      value < 1024 ? 0 : Math.min(5, Math.floor(Math.log2(value) / 10));
    const number = this._number.format(value / 1024 ** power);
    switch (power) {
      case 0:
        return trans._n('%2 byte', '%2 bytes', value, number);
      case 1:
        return trans.__('%1 KiB', number);
      case 2:
        return trans.__('%1 MiB', number);
      case 3:
        return trans.__('%1 GiB', number);
      case 4:
        return trans.__('%1 TiB', number);
      default:
        return trans.__('%1 PiB', number);
    }
  }

  /** How long ago, as short as it goes. */
  age(then: number, now: number): string {
    return this._relative(this._age, then, now);
  }

  /** How long ago or ahead, in words. */
  relative(then: number, now: number): string {
    return this._relative(this._long, then, now);
  }

  /** Date and time in full. */
  moment(then: number): string {
    return this._moment.format(then);
  }

  /** The time of day. */
  time(then: number): string {
    return this._time.format(then);
  }

  /** The day, as a heading of what happened on it. */
  day(then: number, now: number): string {
    const days = daysBetween(then, now);
    if (days === 0) {
      return this.trans.__('Today');
    }
    if (days === 1) {
      return this.trans.__('Yesterday');
    }
    return days > 0 && days < 300
      ? this._day.format(then)
      : this._dayOfYear.format(then);
  }

  private _relative(
    format: Intl.RelativeTimeFormat,
    then: number,
    now: number
  ): string {
    const seconds = (then - now) / 1000;
    const distance = Math.abs(seconds);
    if (distance < MINUTE) {
      return this.trans.__('just now');
    }
    const [, unit, length] = STEPS.find(([limit]) => distance < limit)!;
    return format.format(Math.trunc(seconds / length), unit);
  }

  private readonly _number: Intl.NumberFormat;
  private readonly _percent: Intl.NumberFormat;
  private readonly _age: Intl.RelativeTimeFormat;
  private readonly _long: Intl.RelativeTimeFormat;
  private readonly _moment: Intl.DateTimeFormat;
  private readonly _time: Intl.DateTimeFormat;
  private readonly _day: Intl.DateTimeFormat;
  private readonly _dayOfYear: Intl.DateTimeFormat;
}

/** The first moment of the local day, milliseconds. */
export function startOfDay(moment: number): number {
  return new Date(moment).setHours(0, 0, 0, 0);
}

/** Calendar days between two moments; rounded, because a day may have 23 or 25 hours. */
export function daysBetween(then: number, now: number): number {
  return Math.round((startOfDay(now) - startOfDay(then)) / (DAY * 1000));
}

/** The application's language as Intl names it; undefined for the browser's own. */
export function localeOf(languageCode: string): string | undefined {
  const tag = languageCode.replace('_', '-');
  try {
    return Intl.DateTimeFormat.supportedLocalesOf(tag)[0];
  } catch {
    return undefined;
  }
}
