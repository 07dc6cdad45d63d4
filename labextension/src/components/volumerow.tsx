import {
  caretDownIcon,
  caretRightIcon,
  deleteIcon,
  duplicateIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Volume } from '../api/types';
import { CommandIDs } from '../commandids';
import { snapshotIcon, volumeIcon } from '../icons';
import type { ISectionRow, IVolumeRow, Section } from '../model/rows';
import type { IAction } from './actions';
import { ActionBar } from './actions';
import { usePanel } from './hooks';
import { Meter } from './meter';

/** The heading of a group of volumes. */
export function SectionRow(props: { row: ISectionRow }): React.ReactElement {
  const { section, count, expanded } = props.row;
  const { format } = usePanel();
  const { trans } = format;
  const titles: Record<Section, string> = {
    shared: trans.__('Shared volumes'),
    other: trans.__('Other volumes'),
    orphans: trans.__('Snapshots of deleted volumes')
  };
  return (
    <div className="nj-Section">
      <Caret expanded={expanded === true} />
      <span className="nj-Section-title">{titles[section]}</span>
      {count !== undefined && (
        <span className="nj-Count">{format.count(count)}</span>
      )}
    </div>
  );
}

/** One volume; unfolded, it offers its actions above the timeline of its snapshots. */
export function VolumeRow(props: {
  row: IVolumeRow;
  isActive: boolean;
}): React.ReactElement {
  const { row, isActive } = props;
  const { volume, expanded } = row;
  const { format } = usePanel();
  const { trans } = format;
  const isWorkspace = volume.role === 'workspace';
  const size = format.bytes(volume.capacity ?? volume.requested);
  return (
    <div className={`nj-Volume nj-mod-${volume.phase}`}>
      <div className="nj-Volume-head">
        <Caret expanded={expanded === true} />
        {!isWorkspace && (
          <volumeIcon.react tag="span" className="nj-Volume-icon" />
        )}
        <span className="nj-Volume-name" title={volume.name}>
          {isWorkspace ? trans.__('Snapshots') : volume.name}
        </span>
        {!isWorkspace && <span className="nj-Volume-size">{size}</span>}
        <span
          className="nj-Count"
          title={trans._n(
            '%2 snapshot',
            '%2 snapshots',
            volume.snapshots,
            format.count(volume.snapshots)
          )}
        >
          {format.count(volume.snapshots)}
          <span className="nj-visually-hidden">
            {trans._n('snapshot', 'snapshots', volume.snapshots)}
          </span>
        </span>
      </div>
      {volume.phase !== 'bound' && <Phase volume={volume} />}
      {!isWorkspace && volume.note && (
        <div className="nj-hint nj-Volume-note">{volume.note}</div>
      )}
      {!isWorkspace && expanded && (
        <Details volume={volume} tabIndex={isActive ? 0 : -1} />
      )}
    </div>
  );
}

function Phase(props: { volume: Volume }): React.ReactElement {
  const { phase, message } = props.volume;
  const { trans } = usePanel().format;
  const words: Record<Volume['phase'], string> = {
    bound: '',
    pending: trans.__('Pending'),
    lost: trans.__('Lost: its storage is gone'),
    deleting: trans.__('Being deleted')
  };
  return (
    <div className="nj-Volume-phase">
      <span className={`nj-Badge nj-mod-${phase}`}>{words[phase]}</span>{' '}
      <span className="nj-hint">{message}</span>
    </div>
  );
}

function Details(props: {
  volume: Volume;
  tabIndex: number;
}): React.ReactElement {
  const { volume, tabIndex } = props;
  const { format, permissions } = usePanel();
  const { trans } = format;
  const { pods, source } = volume;
  const facts: [string, string | false | null | undefined][] = [
    [trans.__('Class'), volume.storage_class],
    [trans.__('Access'), volume.access_modes.join(', ')],
    [trans.__('Mounted at'), volume.mount_path],
    [trans.__('Used by'), pods && pods.join(', ')],
    [
      trans.__('Made from'),
      source &&
        (source.kind === 'snapshot'
          ? trans.__('the snapshot %1', source.name)
          : trans.__('the volume %1', source.name))
    ]
  ];
  const action = (
    label: string,
    on: keyof Volume['can'],
    command: string,
    icon?: IAction['icon']
  ): IAction => ({
    label,
    icon,
    permission: permissions.onVolume(volume, on),
    command,
    args: { volume: volume.name }
  });
  return (
    <div
      className="nj-Details"
      role="presentation"
      onClick={event => event.stopPropagation()}
    >
      <Meter volume={volume} />
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
        label={trans.__('Actions on %1', volume.name)}
        tabIndex={tabIndex}
        actions={[
          action(
            trans.__('Snapshot'),
            'snapshot',
            CommandIDs.takeSnapshot,
            snapshotIcon
          ),
          action(
            trans.__('Clone…'),
            'clone',
            CommandIDs.cloneVolume,
            duplicateIcon
          ),
          action(trans.__('Resize…'), 'resize', CommandIDs.resizeVolume),
          action(
            trans.__('Delete…'),
            'delete',
            CommandIDs.deleteVolume,
            deleteIcon
          )
        ]}
      />
    </div>
  );
}

function Caret(props: { expanded: boolean }): React.ReactElement {
  const icon = props.expanded ? caretDownIcon : caretRightIcon;
  return <icon.react tag="span" className="nj-Caret" />;
}
