import { nullTranslator } from '@jupyterlab/translation';
import type { ITranslator } from '@jupyterlab/translation';
import { Format, daysBetween, localeOf } from '../model/format';

function translatorOf(languageCode: string): ITranslator {
  return {
    languageCode,
    load: domain => nullTranslator.load(domain)
  };
}

describe('Format', () => {
  const format = new Format(translatorOf('en_US'));
  const now = new Date(2026, 4, 20, 15, 0).getTime();
  const ago = (hours: number) => now - hours * 3_600_000;

  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [1023, '1,023 bytes'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [10 * 2 ** 30, '10 GiB'],
    [2 ** 40 * 3.25, '3.3 TiB'],
    [2 ** 60 * 4, '4,096 PiB']
  ])('writes %d bytes as %s', (value, text) => {
    expect(format.bytes(value)).toBe(text);
  });

  it.each([
    [0, /^just now$/],
    [0.5, /^30m(in)? ago$/], // depends on the version of the Unicode data
    [2, /^2h ago$/],
    [47, /^1d ago$/],
    [24 * 8, /^1w ago$/],
    [24 * 40, /^1mo ago$/],
    [24 * 800, /^2y ago$/]
  ])('writes the age of %d hours', (hours, text) => {
    expect(format.age(ago(hours), now)).toMatch(text);
  });

  it('writes what is ahead', () => {
    expect(format.relative(now + 6 * 86_400_000, now)).toBe('in 6 days');
  });

  it('names days by the calendar, not by hours', () => {
    const morning = new Date(2026, 4, 20, 0, 5).getTime();
    expect(format.day(new Date(2026, 4, 19, 23, 55).getTime(), morning)).toBe(
      'Yesterday'
    );
    expect(format.day(morning, now)).toBe('Today');
    expect(format.day(new Date(2026, 4, 4).getTime(), now)).toBe('Mon, May 4');
    expect(format.day(new Date(2024, 4, 4).getTime(), now)).toBe('May 4, 2024');
  });

  it('counts the days over a change of the clocks as whole ones', () => {
    const before = new Date(2026, 2, 28, 12).getTime();
    const after = new Date(2026, 2, 30, 0).getTime();
    expect(daysBetween(before, after)).toBe(2);
  });

  it('follows the language of the application', () => {
    expect(new Format(translatorOf('de_DE')).bytes(1536)).toBe('1,5 KiB');
    expect(localeOf('zh_CN')).toBe('zh-CN');
    expect(localeOf('default')).toBeUndefined();
  });
});
