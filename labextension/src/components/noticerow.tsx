import { refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { INoticeRow } from '../model/rows';
import { ORPHANS } from '../tokens';
import { usePanel } from './hooks';

/** Stands where there is no snapshot to show, and says why. */
export function NoticeRow(props: {
  row: INoticeRow;
  isActive: boolean;
}): React.ReactElement {
  const { uid, history, hidden } = props.row;
  const { format, model } = usePanel();
  const { trans } = format;
  if (history?.error) {
    return (
      <div className="nj-Notice">
        <p>{history.error.message}</p>
        <button
          type="button"
          className="nj-Button"
          tabIndex={props.isActive ? 0 : -1}
          onClick={() =>
            void (uid === ORPHANS
              ? model.loadOrphans()
              : model.loadHistory(uid))
          }
        >
          <refreshIcon.react tag="span" className="nj-Button-icon" />
          <span>{trans.__('Try again')}</span>
        </button>
      </div>
    );
  }
  const text =
    !history || history.loading
      ? trans.__('Loading…')
      : hidden
        ? trans.__('No snapshot that fits the filter and the settings.')
        : uid === ORPHANS
          ? trans.__('None.')
          : trans.__('No snapshots yet.');
  return <div className="nj-Notice nj-hint">{text}</div>;
}
