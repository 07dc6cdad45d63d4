import type { Operation } from '../api/types';
import type { Format } from './format';

/** What an operation is, as a title. */
export function titleOf(
  { kind, volume }: Operation,
  { trans }: Pick<Format, 'trans'>
): string {
  switch (kind) {
    case 'restore':
      return trans.__('Restore of %1', volume);
    case 'undo':
      return trans.__('Undo on %1', volume);
    case 'clone':
      return trans.__('Clone %1', volume);
  }
}

/** How far an operation is, from 0 to 1; null while that is not known. */
export function fractionOf({ progress }: Operation): number | null {
  const { bytes_done, bytes_total, files_done, files_total } = progress;
  if (bytes_total) {
    return Math.min(1, bytes_done / bytes_total);
  }
  return files_total ? Math.min(1, files_done / files_total) : null;
}

/** How an operation has ended, in one or two sentences. */
export function summaryOf(operation: Operation, format: Format): string {
  const { trans } = format;
  const { kind, message, hint, outcome, state } = operation;
  if (state === 'failed') {
    return [message || trans.__('Failed.'), hint].filter(Boolean).join(' ');
  }
  if (state === 'cancelled') {
    return message || trans.__('Cancelled.');
  }
  if (kind === 'clone' || !outcome) {
    return trans.__('Done.');
  }
  const { created, metadata, removed, replaced } = outcome;
  const left = outcome.conflict_count + outcome.failure_count;
  const back = created + replaced || metadata; // a folder's time changes with its files
  return [
    trans._n(
      '%2 file or folder brought back.',
      '%2 files and folders brought back.',
      back,
      format.count(back)
    ),
    removed > 0 &&
      trans._n('%2 removed.', '%2 removed.', removed, format.count(removed)),
    left > 0 &&
      trans._n(
        '%2 was left as it is.',
        '%2 were left as they are.',
        left,
        format.count(left)
      )
  ]
    .filter(Boolean)
    .join(' ');
}
