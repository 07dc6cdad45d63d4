import { PathExt } from '@jupyterlab/coreutils';
import type { LabIcon } from '@jupyterlab/ui-components';
import {
  codeIcon,
  notebookIcon,
  runIcon,
  tagIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Snapshot } from '../api/types';
import { NowContext, usePanel } from './hooks';

/** Where a snapshot comes from, in short. */
export function OriginChips(props: {
  snapshot: Snapshot;
}): React.ReactElement | null {
  const { trans } = usePanel().format;
  const { origin } = props.snapshot;
  if (!origin) {
    return null;
  }
  return (
    <>
      {origin.notebook && (
        <Chip
          icon={notebookIcon}
          text={PathExt.basename(origin.notebook)}
          title={trans.__('Notebook: %1', origin.notebook)}
        />
      )}
      {origin.cell && (
        <Chip
          icon={codeIcon}
          text={origin.cell.slice(0, 8)}
          title={trans.__('Cell: %1', origin.cell)}
        />
      )}
      {origin.commit && (
        <Chip
          icon={tagIcon}
          text={origin.commit.slice(0, 7)}
          title={trans.__('Commit: %1', origin.commit)}
        />
      )}
      {origin.run && (
        <Chip
          icon={runIcon}
          text={origin.run}
          title={trans.__('Run: %1', origin.run)}
        />
      )}
    </>
  );
}

function Chip(props: {
  icon: LabIcon;
  text: string;
  title: string;
}): React.ReactElement {
  const { icon } = props;
  return (
    <span className="nj-Chip" title={props.title}>
      <icon.react tag="span" className="nj-Chip-icon" />
      <span className="nj-Chip-text">{props.text}</span>
    </span>
  );
}

/** What is special about a snapshot. */
export function Badges(props: { snapshot: Snapshot }): React.ReactElement {
  const { snapshot } = props;
  const { format } = usePanel();
  const { trans } = format;
  const now = React.useContext(NowContext);
  const { expires_at, phase, purpose, stale } = snapshot;
  return (
    <>
      {phase === 'pending' && (
        <Badge kind="pending" text={trans.__('Pending')} />
      )}
      {phase === 'failed' && (
        <Badge
          kind="failed"
          text={trans.__('Failed')}
          title={snapshot.message}
        />
      )}
      {phase === 'deleting' && (
        <Badge kind="pending" text={trans.__('Being deleted')} />
      )}
      {purpose === 'safety' && (
        <Badge
          kind="safety"
          text={trans.__('Safety')}
          title={trans.__('Cut by a restore, so that it can be undone')}
        />
      )}
      {purpose === 'intermediate' && (
        <Badge
          kind="safety"
          text={trans.__('Intermediate')}
          title={trans.__('Cut on the way to a clone; it goes by itself')}
        />
      )}
      {expires_at && (
        <Badge
          kind="expiring"
          text={trans.__(
            'Expires %1',
            format.relative(Date.parse(expires_at), now)
          )}
          title={format.moment(Date.parse(expires_at))}
        />
      )}
      {stale && (
        <Badge
          kind="stale"
          text={trans.__('Of %1', snapshot.volume)}
          title={trans.__('It belongs to a volume that was deleted')}
        />
      )}
    </>
  );
}

function Badge(props: {
  kind: string;
  text: string;
  title?: string;
}): React.ReactElement {
  return (
    <span className={`nj-Badge nj-mod-${props.kind}`} title={props.title}>
      {props.text}
    </span>
  );
}
