/**
 * Checks of what users type, by the rules that the server and Kubernetes have.
 */

/** Factors of Kubernetes quantities that make sense as the size of a volume. */
const UNITS: Record<string, number> = {
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15
};

/** What is wrong with a name; the first rule that it breaks. */
export type NameProblem = 'empty' | 'long' | 'characters' | 'ends' | 'taken';

/** What is wrong with a size. */
export type SizeProblem = 'empty' | 'unit' | 'number' | 'small';

/**
 * Check a name by the rule for subdomains of RFC 1123, which objects of Kubernetes follow.
 *
 * @returns Null if it is good.
 */
export function nameProblem(
  name: string,
  taken: readonly string[] = []
): NameProblem | null {
  if (!name) {
    return 'empty';
  }
  if (name.length > 253) {
    return 'long';
  }
  if (!/^[a-z0-9.-]+$/.test(name)) {
    return 'characters';
  }
  if (
    name
      .split('.')
      .some(label => !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label))
  ) {
    return 'ends';
  }
  return taken.includes(name) ? 'taken' : null;
}

/** A size such as `10Gi` in bytes; NaN if it is none. */
export function parseSize(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]+)\s*$/.exec(text);
  const factor = UNITS[match?.[2] ?? ''];
  return factor === undefined ? NaN : Math.ceil(Number(match![1]) * factor);
}

/**
 * Check the size of a volume.
 *
 * @param text - What was typed.
 * @param more - The size has to be larger than that; bytes.
 * @returns Null if it is good.
 */
export function sizeProblem(text: string, more = 0): SizeProblem | null {
  const trimmed = text.trim();
  if (!trimmed) {
    return 'empty';
  }
  if (/^\d+(\.\d+)?$/.test(trimmed)) {
    return 'unit';
  }
  const size = parseSize(trimmed);
  if (Number.isNaN(size)) {
    return 'number';
  }
  return size <= more ? 'small' : null;
}

/** Bytes as a Kubernetes quantity in the largest unit that keeps them whole. */
export function formatQuantity(bytes: number): string {
  const units = ['Pi', 'Ti', 'Gi', 'Mi', 'P', 'T', 'G', 'M', 'Ki', 'k'];
  const unit = units.find(name => bytes > 0 && bytes % UNITS[name]! === 0);
  return unit ? `${bytes / UNITS[unit]!}${unit}` : `${bytes}`;
}

/** A name that is not taken: the wanted one, else with a number behind. */
export function freeName(wanted: string, taken: readonly string[]): string {
  let name = wanted;
  for (let number = 2; taken.includes(name); number++) {
    name = `${wanted}-${number}`;
  }
  return name;
}
