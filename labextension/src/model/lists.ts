/**
 * Lists as the server orders them, changed by one entry at a time without asking for the whole.
 */
import type { Operation, Snapshot, Volume } from '../api/types';

const ROLES = { workspace: 0, shared: 1, other: 2 };

/** The list with one volume added or replaced: the workspace, then shared ones, then by name. */
export function withVolume(
  list: readonly Volume[],
  volume: Volume
): readonly Volume[] {
  const rest = list.filter(({ name }) => name !== volume.name);
  const after = rest.findIndex(
    other =>
      ROLES[other.role] > ROLES[volume.role] ||
      (other.role === volume.role && other.name > volume.name)
  );
  return inserted(rest, volume, after);
}

/** The list with one snapshot added or replaced, the newest first. */
export function withSnapshot(
  list: readonly Snapshot[],
  snapshot: Snapshot
): readonly Snapshot[] {
  const at = list.findIndex(({ name }) => name === snapshot.name);
  if (at >= 0 && momentOf(list[at]!) === momentOf(snapshot)) {
    return list.map((other, index) => (index === at ? snapshot : other));
  }
  const rest = at < 0 ? list : list.filter((_, index) => index !== at);
  const moment = momentOf(snapshot);
  return inserted(
    rest,
    snapshot,
    rest.findIndex(other => momentOf(other) <= moment)
  );
}

/** The list with one operation added or replaced, the newest first. */
export function withOperation(
  list: readonly Operation[],
  operation: Operation
): readonly Operation[] {
  const rest = list.filter(({ id }) => id !== operation.id);
  const moment = Date.parse(operation.started_at);
  return inserted(
    rest,
    operation,
    rest.findIndex(other => Date.parse(other.started_at) <= moment)
  );
}

/** The list without what has this name; the same list if there is none. */
export function without<T extends { name: string }>(
  list: readonly T[],
  name: string
): readonly T[] {
  return list.some(entry => entry.name === name)
    ? list.filter(entry => entry.name !== name)
    : list;
}

/** When a snapshot was cut, or asked for as long as it is not cut; milliseconds. */
export function momentOf(snapshot: Snapshot): number {
  return Date.parse(snapshot.cut_at ?? snapshot.created_at);
}

/** Whether an operation is still to end. */
export function isRunning({ state }: Operation): boolean {
  return state === 'pending' || state === 'running' || state === 'interrupted';
}

function inserted<T>(list: readonly T[], entry: T, at: number): readonly T[] {
  return at < 0
    ? [...list, entry]
    : [...list.slice(0, at), entry, ...list.slice(at)];
}
