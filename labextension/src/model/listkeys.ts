/** Rows that Page Up and Page Down pass over. */
export const PAGE = 10;

export type FocusMove = { move: 'focus'; index: number };

/**
 * What the keys that only move within a list of rows do.
 *
 * @param key - `KeyboardEvent.key`
 * @param count - Number of rows.
 * @param index - The active one.
 * @returns Which row gets the focus; null: the key is none of these.
 */
export function focusMove(
  key: string,
  count: number,
  index: number
): FocusMove | null {
  const focus = (to: number): FocusMove => ({
    move: 'focus',
    index: Math.max(0, Math.min(count - 1, to))
  });
  switch (key) {
    case 'ArrowDown':
      return focus(index + 1);
    case 'ArrowUp':
      return focus(index - 1);
    case 'PageDown':
      return focus(index + PAGE);
    case 'PageUp':
      return focus(index - PAGE);
    case 'Home':
      return focus(0);
    case 'End':
      return focus(count - 1);
    default:
      return null;
  }
}
