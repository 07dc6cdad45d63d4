import {
  copyIcon,
  deleteIcon,
  duplicateIcon,
  editIcon,
  folderIcon,
  undoIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Snapshot } from '../api/types';
import { CommandIDs } from '../commandids';
import { momentOf } from '../model/lists';
import type { ISnapshotRow } from '../model/rows';
import { ActionBar, ActionButton } from './actions';
import { Badges, OriginChips } from './badges';
import { NowContext, usePanel } from './hooks';
import { NoteEditor } from './noteeditor';

/** One snapshot in the timeline; unfolded, it says everything and offers its actions. */
export function SnapshotRow(props: {
  row: ISnapshotRow;
  isActive: boolean;
}): React.ReactElement {
  const { row, isActive } = props;
  const { snapshot } = row;
  const { format, permissions, state } = usePanel();
  const { trans } = format;
  const now = React.useContext(NowContext);
  const moment = momentOf(snapshot);
  const tabIndex = isActive ? 0 : -1;
  return (
    <>
      {row.day !== null && (
        <div className="nj-Day" aria-hidden="true">
          {format.day(row.day, now)}
        </div>
      )}
      <div className={`nj-Snapshot nj-mod-${snapshot.phase}`}>
        <div className="nj-Snapshot-head">
          {state.editing === row.key ? (
            <NoteEditor snapshot={snapshot} />
          ) : (
            <Title snapshot={snapshot} />
          )}
          <time
            className="nj-Snapshot-age"
            dateTime={new Date(moment).toISOString()}
            title={format.moment(moment)}
          >
            {format.age(moment, now)}
          </time>
          <ActionButton
            label={trans.__('Restore…')}
            icon={undoIcon}
            iconOnly
            className="nj-Snapshot-quick"
            permission={permissions.onSnapshot(snapshot, 'restore')}
            command={CommandIDs.restore}
            args={{ snapshot: snapshot.name }}
            tabIndex={tabIndex}
          />
        </div>
        <div className="nj-Snapshot-meta">
          <span>{format.time(moment)}</span>
          {snapshot.author && <span>{snapshot.author}</span>}
          <Badges snapshot={snapshot} />
          <OriginChips snapshot={snapshot} />
        </div>
        {row.expanded && <Details snapshot={snapshot} tabIndex={tabIndex} />}
      </div>
    </>
  );
}

/** The note; without one the name, unless that only repeats the volume and the time. */
function Title(props: { snapshot: Snapshot }): React.ReactElement {
  const { name, note, volume } = props.snapshot;
  const { trans } = usePanel().format;
  const isMadeUp = /^-\d{8}-\d{6}-\w+$/.test(name.slice(volume.length));
  return (
    <span
      className={`nj-Snapshot-title ${note ? '' : 'nj-mod-unnamed'}`}
      title={note || name}
    >
      {note || (isMadeUp ? trans.__('No note') : name)}
    </span>
  );
}

function Details(props: {
  snapshot: Snapshot;
  tabIndex: number;
}): React.ReactElement {
  const { snapshot, tabIndex } = props;
  const { format, permissions } = usePanel();
  const { trans } = format;
  const { origin } = snapshot;
  const facts: [string, string | false | null | undefined][] = [
    [trans.__('Name'), snapshot.name],
    [trans.__('Cut'), snapshot.cut_at && format.moment(momentOf(snapshot))],
    [
      trans.__('Asked for'),
      !snapshot.cut_at && format.moment(momentOf(snapshot))
    ],
    [
      trans.__('Clone needs'),
      snapshot.restore_size !== null && format.bytes(snapshot.restore_size)
    ],
    [trans.__('Class'), snapshot.snapshot_class],
    [trans.__('Notebook'), origin?.notebook],
    [trans.__('Cell'), origin?.cell],
    [trans.__('Commit'), origin?.commit],
    [trans.__('Run'), origin?.run]
  ];
  const args = { snapshot: snapshot.name };
  return (
    <div
      className="nj-Details"
      role="presentation"
      onClick={event => event.stopPropagation()}
    >
      {snapshot.message && (
        <p className="nj-Message nj-mod-error">{snapshot.message}</p>
      )}
      <dl className="nj-Facts">
        {facts.map(
          ([term, value]) =>
            value && (
              <React.Fragment key={term}>
                <dt>{term}</dt>
                <dd>{value}</dd>
              </React.Fragment>
            )
        )}
      </dl>
      <ActionBar
        label={trans.__('Actions on this snapshot')}
        tabIndex={tabIndex}
        actions={[
          {
            label: trans.__('Restore…'),
            icon: undoIcon,
            permission: permissions.onSnapshot(snapshot, 'restore'),
            command: CommandIDs.restore,
            args
          },
          {
            label: trans.__('Browse files…'),
            icon: folderIcon,
            permission: permissions.onSnapshot(snapshot, 'browse'),
            command: CommandIDs.browse,
            args
          },
          {
            label: trans.__('Clone…'),
            icon: duplicateIcon,
            permission: permissions.onSnapshot(snapshot, 'clone'),
            command: CommandIDs.cloneSnapshot,
            args
          },
          {
            label: trans.__('Edit note'),
            icon: editIcon,
            permission: permissions.onSnapshot(snapshot, 'edit'),
            command: CommandIDs.editNote,
            args
          },
          {
            label: trans.__('Copy name'),
            icon: copyIcon,
            permission: null,
            command: CommandIDs.copyName,
            args
          },
          {
            label: trans.__('Delete…'),
            icon: deleteIcon,
            permission: permissions.onSnapshot(snapshot, 'delete'),
            command: CommandIDs.deleteSnapshot,
            args
          }
        ]}
      />
    </div>
  );
}
