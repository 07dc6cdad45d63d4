/**
 * What a key does in the tree, as the ARIA pattern for a tree grid has it.
 */
import { type FocusMove, focusMove } from './listkeys';
import type { Row } from './rows';

export type TreeMove =
  | FocusMove
  | { move: 'toggle'; key: string; expand: boolean }
  | { move: 'enter' }
  | { move: 'edit' }
  | { move: 'delete' };

/**
 * @param key - `KeyboardEvent.key`
 * @param rows - All rows.
 * @param index - The active one.
 * @param rtl - Whether the page reads from right to left, so that left and right change places.
 * @returns What to do; null: the key means nothing here.
 */
export function treeMove(
  key: string,
  rows: readonly Row[],
  index: number,
  rtl = false
): TreeMove | null {
  const row = rows[index];
  if (!row) {
    return null;
  }
  switch (key) {
    case 'ArrowRight':
      return rtl ? backward(rows, row) : forward(row);
    case 'ArrowLeft':
      return rtl ? forward(row) : backward(rows, row);
    case 'Enter':
    case ' ':
      return row.expanded === undefined
        ? null
        : { move: 'toggle', key: row.key, expand: !row.expanded };
    case 'F2':
      return row.kind === 'snapshot' ? { move: 'edit' } : null;
    case 'Delete':
      return row.kind === 'snapshot' || row.kind === 'volume'
        ? { move: 'delete' }
        : null;
    default:
      return focusMove(key, rows.length, index);
  }
}

/** Unfold; where that is done, go into the row's own buttons. */
function forward(row: Row): TreeMove | null {
  return row.expanded === false
    ? { move: 'toggle', key: row.key, expand: true }
    : { move: 'enter' };
}

/** Fold; where that is done, go to the row above it in the tree. */
function backward(rows: readonly Row[], row: Row): TreeMove | null {
  if (row.expanded) {
    return { move: 'toggle', key: row.key, expand: false };
  }
  const parent = rows.findIndex(({ key }) => key === row.parent);
  return parent < 0 ? null : { move: 'focus', index: parent };
}
