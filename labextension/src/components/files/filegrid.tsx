import { fileIcon, folderIcon } from '@jupyterlab/ui-components';
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';
import type { FileEntry } from '../../api/types';
import type { FileMove } from '../../model/files';
import { childPath, fileMove, selectedAs } from '../../model/files';
import type { Format } from '../../model/format';

/** Height of a row; pixels. */
const ROW = 28;

export interface IFileGridProps {
  folder: string;
  entries: readonly FileEntry[];
  selection: readonly string[];

  /** The name of the entry that is active at first. */
  start: string;
  format: Format;
  onToggle: (path: string) => void;
  onOpen: (entry: FileEntry) => void;
  onUp: () => void;
}

/**
 * The entries of a folder, of which only the visible ones are in the page.
 *
 * One row at a time can be tabbed to; arrow keys go from row to row, into folders and out of them.
 */
export function FileGrid(props: IFileGridProps): React.ReactElement {
  const { entries, folder, format } = props;
  const scroller = React.useRef<HTMLDivElement>(null);
  const [wanted, setActive] = React.useState(() =>
    Math.max(
      0,
      entries.findIndex(({ name }) => name === props.start)
    )
  );
  const active = Math.min(wanted, entries.length - 1); // a filter may have shortened the list
  const virtualizer = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey: index => entries[index]!.name,
    overscan: 10,
    // The active row stays in the page, so that the keyboard always finds its way back.
    rangeExtractor: range => {
      const indexes = defaultRangeExtractor(range);
      return indexes.includes(active)
        ? indexes
        : [...indexes, active].sort((a, b) => a - b);
    }
  });
  const focus = useFocus(scroller, active);
  const go = (index: number) => {
    setActive(index);
    virtualizer.scrollToIndex(index, { align: 'auto' });
    focus();
  };
  React.useEffect(() => {
    virtualizer.scrollToIndex(active, { align: 'auto' });
    if (mayTakeFocus(scroller.current)) {
      focus();
    }
    // Only when the list appears.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);
  const carryOut = (move: FileMove) => {
    const entry = entries[active]!;
    switch (move.move) {
      case 'focus':
        return go(move.index);
      case 'open':
        return props.onOpen(entry);
      case 'up':
        return props.onUp();
      case 'toggle':
        return props.onToggle(childPath(folder, entry.name));
    }
  };
  return (
    <div ref={scroller} className="nj-Files-scroll">
      <div
        role="grid"
        aria-label={format.trans.__('Files')}
        aria-rowcount={entries.length}
        aria-multiselectable="true"
        style={{ blockSize: virtualizer.getTotalSize() }}
        onKeyDown={event => {
          const { key, ctrlKey, metaKey, altKey } = event;
          const rtl = getComputedStyle(event.currentTarget).direction === 'rtl';
          const move =
            ctrlKey || metaKey || altKey
              ? null
              : fileMove(key, entries.length, active, rtl);
          if (move) {
            event.preventDefault();
            event.stopPropagation();
            carryOut(move);
          }
        }}
      >
        {virtualizer.getVirtualItems().map(({ index, start, key }) => (
          <FileRow
            {...props}
            key={key}
            entry={entries[index]!}
            index={index}
            isActive={index === active}
            start={start}
            onActive={() => setActive(index)}
            onTick={() => {
              props.onToggle(childPath(folder, entries[index]!.name));
              go(index);
            }}
          />
        ))}
      </div>
    </div>
  );
}

function FileRow(
  props: Omit<IFileGridProps, 'start'> & {
    entry: FileEntry;
    index: number;
    isActive: boolean;
    start: number;
    onActive: () => void;
    onTick: () => void;
  }
): React.ReactElement {
  const { entry, folder, format, index, isActive } = props;
  const { trans } = format;
  const selected = selectedAs(props.selection, childPath(folder, entry.name));
  const isFolder = entry.kind === 'directory';
  const modified = entry.modified === null ? null : Date.parse(entry.modified);
  const Icon = isFolder ? folderIcon : fileIcon;
  return (
    <div
      className={`nj-File ${isActive ? 'nj-mod-active' : ''}`}
      role="row"
      aria-rowindex={index + 1}
      aria-selected={selected !== 'no'}
      aria-label={spoken(entry, format)}
      tabIndex={isActive ? 0 : -1}
      data-index={index}
      style={{ transform: `translateY(${props.start}px)` }}
      onFocus={props.onActive}
      onClick={() => props.onOpen(entry)}
    >
      <div role="gridcell" className="nj-File-tick">
        <input
          type="checkbox"
          tabIndex={-1}
          checked={selected !== 'no'}
          disabled={selected === 'within'}
          aria-label={trans.__('Select %1', entry.name)}
          title={
            selected === 'within'
              ? trans.__('Its folder is selected')
              : undefined
          }
          onClick={event => event.stopPropagation()}
          onChange={props.onTick}
        />
      </div>
      <div role="gridcell" className="nj-File-name" title={entry.name}>
        <Icon.react tag="span" className="nj-File-icon" />
        <span className="nj-path">{entry.name}</span>
        {kindOf(entry, format) && (
          <span className="nj-hint">{kindOf(entry, format)}</span>
        )}
      </div>
      <div role="gridcell" className="nj-File-size">
        {entry.kind === 'file' ? format.bytes(entry.size) : ''}
      </div>
      <div role="gridcell" className="nj-File-time">
        {modified !== null && (
          <time dateTime={entry.modified!} title={format.moment(modified)}>
            {format.age(modified, Date.now())}
          </time>
        )}
      </div>
    </div>
  );
}

/** What a screen reader says of a row. */
function spoken(entry: FileEntry, format: Format): string {
  const { trans } = format;
  const what =
    entry.kind === 'directory'
      ? trans.__('folder')
      : kindOf(entry, format) || format.bytes(entry.size);
  return trans.__('%1, %2', entry.name, what);
}

/** What an entry is that is neither a file nor a folder. */
function kindOf({ kind, link }: FileEntry, { trans }: Format): string {
  switch (kind) {
    case 'symlink':
      return trans.__('link to %1', link);
    case 'fifo':
      return trans.__('pipe');
    case 'socket':
      return trans.__('socket');
    case 'device':
      return trans.__('device');
    default:
      return '';
  }
}

/** Focus the active row as soon as it is in the page. */
function useFocus(
  scroller: React.RefObject<HTMLElement>,
  active: number
): () => void {
  const isWanted = React.useRef(false);
  const [, setTimes] = React.useState(0);
  React.useEffect(() => {
    const row = scroller.current?.querySelector<HTMLElement>(
      `[data-index="${active}"]`
    );
    if (isWanted.current && row) {
      isWanted.current = false;
      row.focus({ preventScroll: true });
    }
  });
  return () => {
    isWanted.current = true;
    setTimes(times => times + 1);
  };
}

/** Whether nobody is busy elsewhere: in the filter, or at the buttons of the dialog. */
function mayTakeFocus(node: HTMLElement | null): boolean {
  const focused = document.activeElement;
  return (
    focused === null ||
    focused === document.body ||
    (focused.matches(':not(.nj-Files-filter)') &&
      node?.closest('.nj-Form')?.contains(focused) === true)
  );
}
