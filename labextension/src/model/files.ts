/**
 * Files of a snapshot: their paths, which of them are selected, and what a key does in a list.
 *
 * Names and paths are text as the server writes it: what is no plain text is escaped, and a slash
 * only ever stands between two names.
 */
import type { FileEntry } from '../api/types';

import { type FocusMove, focusMove } from './listkeys';

/** The path of an entry of a folder; empty for the root. */
export function childPath(folder: string, name: string): string {
  return folder ? `${folder}/${name}` : name;
}

/** The folder that holds a path; the root holds itself. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** The last name of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** All folders on the way to a path, from the first one below the root to itself. */
export function waysTo(path: string): string[] {
  const parts = path ? path.split('/') : [];
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** How a path takes part in a selection: by itself, with a folder above it, or not. */
export type Selected = 'yes' | 'within' | 'no';

export function selectedAs(
  selection: readonly string[],
  path: string
): Selected {
  if (selection.includes(path)) {
    return 'yes';
  }
  return waysTo(folderOf(path)).some(way => selection.includes(way))
    ? 'within'
    : 'no';
}

/** The selection with a path added or taken away; a folder takes the place of what is in it. */
export function toggled(
  selection: readonly string[],
  path: string
): readonly string[] {
  switch (selectedAs(selection, path)) {
    case 'yes':
      return selection.filter(other => other !== path);
    case 'within':
      return selection;
    default:
      return [
        ...selection.filter(other => !other.startsWith(`${path}/`)),
        path
      ];
  }
}

/** Entries whose names have some letters in them. */
export function matching(
  entries: readonly FileEntry[],
  letters: string
): readonly FileEntry[] {
  const wanted = letters.toLowerCase();
  return wanted
    ? entries.filter(({ name }) => name.toLowerCase().includes(wanted))
    : entries;
}

export type FileMove =
  FocusMove | { move: 'open' } | { move: 'up' } | { move: 'toggle' };

/**
 * @param key - `KeyboardEvent.key`
 * @param count - Number of rows.
 * @param index - The active one.
 * @param rtl - Whether the page reads from right to left.
 * @returns What to do; null: the key means nothing here.
 */
export function fileMove(
  key: string,
  count: number,
  index: number,
  rtl = false
): FileMove | null {
  switch (key) {
    case 'Enter':
      return { move: 'open' };
    case 'ArrowRight':
      return { move: rtl ? 'up' : 'open' };
    case 'ArrowLeft':
      return { move: rtl ? 'open' : 'up' };
    case 'Backspace':
      return { move: 'up' };
    case ' ':
      return { move: 'toggle' };
    default:
      return focusMove(key, count, index);
  }
}

/**
 * The beginning of a file as text; null if it is none.
 *
 * @param isWhole - Whether nothing is left out; else the last letter may be cut in two.
 */
export function textOf(bytes: Uint8Array, isWhole: boolean): string | null {
  if (bytes.includes(0)) {
    return null;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, {
      stream: !isWhole
    });
  } catch {
    return null;
  }
}
