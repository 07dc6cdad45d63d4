/**
 * The tree of volumes and snapshots as the flat list of rows that is scrolled.
 */
import type { Snapshot, Volume } from '../api/types';
import type { IHistory } from '../tokens';
import { ORPHANS } from '../tokens';
import { startOfDay } from './format';
import { momentOf } from './lists';

export type Section = 'shared' | 'other' | 'orphans';

interface IRow {
  /** Unique, and the same as long as the thing is the same. */
  readonly key: string;

  /** Depth in the tree, from 1. */
  readonly level: number;

  /** Place among its siblings, from 1, and how many they are. */
  readonly position: number;
  readonly size: number;

  /** Key of the row it belongs to. */
  readonly parent: string | null;

  /** Undefined where there is nothing to unfold. */
  readonly expanded?: boolean;
}

export interface ISectionRow extends IRow {
  readonly kind: 'section';
  readonly section: Section;

  /** Undefined: not known yet. */
  readonly count?: number;
}

export interface IVolumeRow extends IRow {
  readonly kind: 'volume';
  readonly volume: Volume;
}

export interface ISnapshotRow extends IRow {
  readonly kind: 'snapshot';
  readonly snapshot: Snapshot;

  /** The day, on the first snapshot of it; milliseconds. */
  readonly day: number | null;
}

export interface INoticeRow extends IRow {
  readonly kind: 'notice';

  /** The uid of the volume whose snapshots it stands for. */
  readonly uid: string;
  readonly history: IHistory | null;

  /** There are snapshots, but none that is shown. */
  readonly hidden: boolean;
}

export type Row = ISectionRow | IVolumeRow | ISnapshotRow | INoticeRow;

export interface IRowsOptions {
  volumes: readonly Volume[];
  history: (uid: string) => IHistory | null;
  expanded: ReadonlySet<string>;

  /** Words that all have to occur. */
  filter: string;

  /** Whether snapshots that a restore cut are shown. */
  showSafety: boolean;
}

export const sectionKey = (section: Section): string => `section:${section}`;
export const volumeKey = (uid: string): string => `volume:${uid}`;
export const snapshotKey = (uid: string): string => `snapshot:${uid}`;

/** The rows, from top to bottom. */
export function buildRows(options: IRowsOptions): Row[] {
  return new Rows(options).build();
}

class Rows {
  constructor(options: IRowsOptions) {
    this._options = options;
    this._words = options.filter.toLowerCase().split(/\s+/).filter(Boolean);
  }

  build(): Row[] {
    const { volumes } = this._options;
    const sections: Section[] = ['shared', 'other'];
    for (const volume of volumes.filter(({ role }) => role === 'workspace')) {
      this._volume(volume, 1, null, 1, 1);
    }
    for (const section of sections) {
      const members = volumes.filter(
        volume => volume.role === section && this._isShown(volume)
      );
      if (members.length > 0) {
        const expanded = this._isExpanded(sectionKey(section));
        this._section(section, expanded, members.length);
        if (expanded) {
          members.forEach((volume, index) =>
            this._volume(
              volume,
              2,
              sectionKey(section),
              index + 1,
              members.length
            )
          );
        }
      }
    }
    this._orphans();
    return this._rows;
  }

  private _section(section: Section, expanded: boolean, count?: number): void {
    this._rows.push({
      kind: 'section',
      key: sectionKey(section),
      level: 1,
      position: 1,
      size: 1,
      parent: null,
      expanded,
      section,
      count
    });
  }

  private _volume(
    volume: Volume,
    level: number,
    parent: string | null,
    position: number,
    size: number
  ): void {
    const key = volumeKey(volume.uid);
    const history = this._options.history(volume.uid);
    const found =
      this._words.length > 0 &&
      !this._matches(textOf(volume)) &&
      (history?.items.some(snapshot => this._isFound(snapshot)) ?? false);
    const expanded = found || this._options.expanded.has(key);
    this._rows.push({
      kind: 'volume',
      key,
      level,
      parent,
      position,
      size,
      expanded,
      volume
    });
    if (expanded) {
      this._snapshots(volume.uid, history, key, level + 1, found);
    }
  }

  private _orphans(): void {
    const history = this._options.history(ORPHANS);
    const expanded = this._options.expanded.has(sectionKey('orphans'));
    this._section('orphans', expanded, history?.items.length);
    if (expanded) {
      const found = this._words.length > 0;
      this._snapshots(ORPHANS, history, sectionKey('orphans'), 2, found);
    }
  }

  private _snapshots(
    uid: string,
    history: IHistory | null,
    parent: string,
    level: number,
    onlyFound: boolean
  ): void {
    const all = history?.items ?? [];
    const items = all.filter(
      snapshot =>
        this._isVisible(snapshot) && (!onlyFound || this._isFound(snapshot))
    );
    if (items.length === 0) {
      this._rows.push({
        kind: 'notice',
        key: `notice:${uid}`,
        level,
        parent,
        position: 1,
        size: 1,
        uid,
        history,
        hidden: all.length > 0
      });
      return;
    }
    let day = NaN;
    items.forEach((snapshot, index) => {
      const dayOf = startOfDay(momentOf(snapshot));
      const key = snapshotKey(snapshot.uid);
      this._rows.push({
        kind: 'snapshot',
        key,
        level,
        parent,
        position: index + 1,
        size: items.length,
        expanded: this._options.expanded.has(key),
        snapshot,
        day: dayOf === day ? null : dayOf
      });
      day = dayOf;
    });
  }

  private _isExpanded(key: string): boolean {
    return this._words.length > 0 || this._options.expanded.has(key);
  }

  private _isVisible({ purpose }: Snapshot): boolean {
    return purpose === 'user' || this._options.showSafety;
  }

  private _isShown(volume: Volume): boolean {
    return (
      this._matches(textOf(volume)) ||
      (this._options
        .history(volume.uid)
        ?.items.some(snapshot => this._isFound(snapshot)) ??
        false)
    );
  }

  private _isFound(snapshot: Snapshot): boolean {
    return this._isVisible(snapshot) && this._matches(textOfSnapshot(snapshot));
  }

  private _matches(text: string): boolean {
    return this._words.every(word => text.includes(word));
  }

  private readonly _options: IRowsOptions;
  private readonly _words: string[];
  private readonly _rows: Row[] = [];
}

function textOf({ name, note, storage_class }: Volume): string {
  return `${name} ${note} ${storage_class}`.toLowerCase();
}

function textOfSnapshot({ name, note, author, origin }: Snapshot): string {
  const { notebook = '', cell = '', commit = '', run = '' } = origin ?? {};
  return `${name} ${note} ${author} ${notebook} ${cell} ${commit} ${run}`.toLowerCase();
}
