import type { Virtualizer } from '@tanstack/react-virtual';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';
import { CommandIDs } from '../commandids';
import { momentOf } from '../model/lists';
import type { Row } from '../model/rows';
import type { TreeMove } from '../model/treekeys';
import { treeMove } from '../model/treekeys';
import { usePanel } from './hooks';
import { NoticeRow } from './noticerow';
import { SnapshotRow } from './snapshotrow';
import { SectionRow, VolumeRow } from './volumerow';

/** What a row is taken to be high before it was measured; pixels. */
const ESTIMATES: Record<Row['kind'], number> = {
  section: 28,
  volume: 32,
  snapshot: 48,
  notice: 32
};

/**
 * Volumes and snapshots as a tree grid, of which only the visible part is in the page.
 *
 * One row at a time can be tabbed to, and from it the buttons in it; arrow keys go from row to row.
 */
export function Tree(props: {
  rows: readonly Row[];
  scroller: React.RefObject<HTMLElement>;
}): React.ReactElement {
  const { rows, scroller } = props;
  const { format, state } = usePanel();
  const grid = React.useRef<HTMLDivElement>(null);
  const margin = useOffset(grid);
  const active = Math.max(
    0,
    rows.findIndex(({ key }) => key === state.active)
  );
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: index => ESTIMATES[rows[index]!.kind],
    getItemKey: index => rows[index]!.key,
    overscan: 8,
    // The active row stays in the page, so that the keyboard always finds its way back.
    rangeExtractor: range => {
      const indexes = defaultRangeExtractor(range);
      return indexes.includes(active) || active >= range.count
        ? indexes
        : [...indexes, active].sort((a, b) => a - b);
    },
    scrollMargin: margin
  });
  const focusRow = useFocusRow(rows, virtualizer, grid);
  const onMove = useMoves(rows, active, focusRow);

  React.useEffect(() => {
    const key = state.takeRevealed();
    const index = rows.findIndex(row => row.key === key);
    if (index >= 0) {
      focusRow(index);
    }
  });

  return (
    <div
      ref={grid}
      className="nj-Tree"
      role="treegrid"
      aria-label={format.trans.__('Volumes and snapshots')}
      aria-rowcount={rows.length}
      style={{ blockSize: virtualizer.getTotalSize() }}
      onKeyDown={event => {
        const target = event.target as HTMLElement;
        if (event.key === 'Escape' && target.getAttribute('role') !== 'row') {
          target.closest<HTMLElement>('[role=row]')?.focus();
          event.stopPropagation();
        }
        if (
          target.getAttribute('role') !== 'row' ||
          event.ctrlKey ||
          event.metaKey ||
          event.altKey
        ) {
          return;
        }
        const move = treeMove(event.key, rows, active, isRtl(target));
        if (move) {
          event.preventDefault();
          event.stopPropagation();
          onMove(move, target);
        }
      }}
    >
      {virtualizer.getVirtualItems().map(item => (
        <TreeRow
          key={item.key}
          row={rows[item.index]!}
          index={item.index}
          isActive={item.index === active}
          start={item.start - margin}
          measure={virtualizer.measureElement}
        />
      ))}
    </div>
  );
}

/** Rows are built anew whenever the model changes, so scrolling renders only those that appear. */
const TreeRow = React.memo(
  (props: {
    row: Row;
    index: number;
    isActive: boolean;
    start: number;
    measure: (node: Element | null) => void;
  }): React.ReactElement => {
    const { row, index, isActive, start, measure } = props;
    const { state } = usePanel();
    const label = useRowLabel(row);
    return (
      <div
        ref={measure}
        className={`nj-Row nj-mod-level${row.level} ${isActive ? 'nj-mod-active' : ''}`}
        role="row"
        aria-level={row.level}
        aria-posinset={row.position}
        aria-setsize={row.size}
        aria-rowindex={index + 1}
        aria-expanded={row.expanded}
        aria-label={label}
        tabIndex={isActive ? 0 : -1}
        data-index={index}
        data-nj-volume={row.kind === 'volume' ? row.volume.name : undefined}
        data-nj-snapshot={
          row.kind === 'snapshot' ? row.snapshot.name : undefined
        }
        style={{ transform: `translateY(${start}px)` }}
        onFocus={() => (state.active = row.key)}
        onClick={event => {
          state.active = row.key;
          if (row.expanded !== undefined && !hasSelection()) {
            state.toggle(row.key, !row.expanded);
          }
          if (event.target === event.currentTarget) {
            event.currentTarget.focus();
          }
        }}
      >
        <div role="gridcell" className="nj-Cell">
          <RowContent row={row} isActive={isActive} />
        </div>
      </div>
    );
  }
);

function RowContent(props: {
  row: Row;
  isActive: boolean;
}): React.ReactElement {
  const { row, isActive } = props;
  switch (row.kind) {
    case 'section':
      return <SectionRow row={row} />;
    case 'volume':
      return <VolumeRow row={row} isActive={isActive} />;
    case 'snapshot':
      return <SnapshotRow row={row} isActive={isActive} />;
    case 'notice':
      return <NoticeRow row={row} isActive={isActive} />;
  }
}

/** What a screen reader says of a snapshot: its day is no row of its own. */
function useRowLabel(row: Row): string | undefined {
  const { trans, moment } = useFormat();
  if (row.kind !== 'snapshot') {
    return undefined;
  }
  const { note, name } = row.snapshot;
  return trans.__('%1, %2', note || name, moment(momentOf(row.snapshot)));
}

function useFormat() {
  const { format } = usePanel();
  return {
    trans: format.trans,
    moment: (then: number) => format.moment(then)
  };
}

/** Focus a row, also one that has to be scrolled into the page first. */
function useFocusRow(
  rows: readonly Row[],
  virtualizer: Virtualizer<HTMLElement, Element>,
  grid: React.RefObject<HTMLElement>
): (index: number) => void {
  const { state } = usePanel();
  const wanted = React.useRef<number | null>(null);
  React.useEffect(() => {
    if (wanted.current !== null) {
      const node = rowNode(grid.current, wanted.current);
      if (node) {
        wanted.current = null;
        node.focus({ preventScroll: true });
      }
    }
  });
  return (index: number) => {
    const row = rows[index];
    if (row) {
      wanted.current = index;
      state.active = row.key;
      virtualizer.scrollToIndex(index, { align: 'auto' });
      const node = rowNode(grid.current, index);
      if (node) {
        wanted.current = null;
        node.focus({ preventScroll: true });
      }
    }
  };
}

/** Carry out what a key means. */
function useMoves(
  rows: readonly Row[],
  active: number,
  focusRow: (index: number) => void
): (move: TreeMove, node: HTMLElement) => void {
  const { app, state } = usePanel();
  return (move, node) => {
    const row = rows[active]!;
    switch (move.move) {
      case 'focus':
        focusRow(move.index);
        break;
      case 'toggle':
        state.toggle(move.key, move.expand);
        break;
      case 'enter':
        node.querySelector<HTMLElement>('button')?.focus();
        break;
      case 'edit':
        state.editing = row.key;
        break;
      case 'delete':
        if (row.kind === 'snapshot') {
          void app.commands.execute(CommandIDs.deleteSnapshot, {
            snapshot: row.snapshot.name
          });
        } else if (row.kind === 'volume') {
          void app.commands.execute(CommandIDs.deleteVolume, {
            volume: row.volume.name
          });
        }
    }
  };
}

/** How far the tree lies below the top of what scrolls; follows what grows above it. */
function useOffset(grid: React.RefObject<HTMLElement>): number {
  const [offset, setOffset] = React.useState(0);
  React.useLayoutEffect(() => {
    const above = grid.current?.previousElementSibling;
    if (!above) {
      return;
    }
    const observer = new ResizeObserver(() =>
      setOffset(grid.current?.offsetTop ?? 0)
    );
    observer.observe(above);
    return () => observer.disconnect();
  }, [grid]);
  return offset;
}

function rowNode(grid: HTMLElement | null, index: number): HTMLElement | null {
  return grid?.querySelector<HTMLElement>(`[data-index="${index}"]`) ?? null;
}

/** Whether text is selected, so that a click was the end of that. */
function hasSelection(): boolean {
  return window.getSelection()?.isCollapsed === false;
}

function isRtl(node: HTMLElement): boolean {
  return getComputedStyle(node).direction === 'rtl';
}
