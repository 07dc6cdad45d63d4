import {
  formatQuantity,
  freeName,
  nameProblem,
  parseSize,
  sizeProblem
} from '../model/validate';

describe('nameProblem', () => {
  it.each([
    ['a', null],
    ['a-b.c1', null],
    ['', 'empty'],
    ['A', 'characters'],
    ['a_b', 'characters'],
    ['-a', 'ends'],
    ['a-', 'ends'],
    ['a..b', 'ends'],
    ['a.-b', 'ends'],
    ['x'.repeat(254), 'long']
  ])('of “%s” is %s', (name, problem) => {
    expect(nameProblem(name)).toBe(problem);
  });

  it('knows what is taken', () => {
    expect(nameProblem('a', ['a'])).toBe('taken');
  });
});

describe('sizeProblem', () => {
  it.each([
    ['10Gi', null],
    ['1.5Ti', null],
    [' 10 Gi ', null],
    ['', 'empty'],
    ['10', 'unit'],
    ['0', 'unit'],
    ['0Gi', 'small'],
    ['-1Gi', 'number'],
    ['1Zi', 'number'],
    ['ten', 'number']
  ])('of “%s” is %s', (size, problem) => {
    expect(sizeProblem(size)).toBe(problem);
  });

  it('lets a volume only grow', () => {
    expect(sizeProblem('10Gi', 10 * 2 ** 30)).toBe('small');
    expect(sizeProblem('11Gi', 10 * 2 ** 30)).toBeNull();
  });
});

describe('quantities', () => {
  it('are read and written alike', () => {
    for (const text of ['1Gi', '1536Mi', '3k', '10G', '7Ti']) {
      expect(formatQuantity(parseSize(text))).toBe(text);
    }
    expect(formatQuantity(1001)).toBe('1001');
    expect(parseSize('1.5Gi')).toBe(1.5 * 2 ** 30);
    expect(parseSize('nonsense')).toBeNaN();
  });
});

describe('freeName', () => {
  it('counts on until a name is free', () => {
    expect(freeName('a', [])).toBe('a');
    expect(freeName('a', ['a', 'a-2'])).toBe('a-3');
  });
});
