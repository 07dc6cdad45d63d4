import * as React from 'react';
import type { IContext } from '../context';
import { buildRows, sectionKey, volumeKey } from '../model/rows';
import { WorkspaceCard } from './card';
import { Banners, EmptyFace, ErrorFace, Skeleton } from './faces';
import { NowContext, PanelContext, usePanel, useRevision } from './hooks';
import { Operations } from './operations';
import { Tree } from './tree';

/**
 * Everything below the panel's toolbar.
 *
 * @param props.now - The time that ages are told by; the widget around moves it on.
 */
export function Panel(props: {
  context: IContext;
  now: number;
}): React.ReactElement {
  const { context, now } = props;
  useRevision(context.model);
  useRevision(context.state);
  return (
    <PanelContext.Provider value={context}>
      <NowContext.Provider value={now}>
        <Content />
      </NowContext.Provider>
    </PanelContext.Provider>
  );
}

function Content(): React.ReactElement {
  const { model } = usePanel();
  const { error, isLoaded, status, volumes } = model;
  const isFatal =
    error !== null && (!isLoaded || error.reason === 'VersionMismatch');
  const scroller = React.useRef<HTMLDivElement>(null);
  useHistories();
  if (isFatal) {
    return (
      <div className="nj-Scroll">
        <ErrorFace error={error} />
      </div>
    );
  }
  if (!isLoaded || !status) {
    return (
      <div className="nj-Scroll">
        <Skeleton />
      </div>
    );
  }
  return (
    <>
      {volumes.length > 0 && <Filter />}
      <div className="nj-Scroll" ref={scroller}>
        <div className="nj-Scroll-content">
          <div>
            <Banners />
            <Operations />
            {model.workspace ? (
              <WorkspaceCard volume={model.workspace} />
            ) : (
              volumes.length > 0 && <NoWorkspace />
            )}
            {volumes.length === 0 && <EmptyFace />}
          </div>
          <Rows scroller={scroller} />
        </div>
      </div>
    </>
  );
}

function Rows(props: {
  scroller: React.RefObject<HTMLDivElement>;
}): React.ReactElement {
  const { model, state } = usePanel();
  const rows = React.useMemo(
    () =>
      buildRows({
        volumes: model.volumes,
        history: uid => model.history(uid),
        expanded: state.expanded,
        filter: state.filter,
        showSafety: state.showSafety
      }),
    // The revisions stand for everything that is read above.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [model, model.revision, state, state.revision]
  );
  return <Tree rows={rows} scroller={props.scroller} />;
}

/** Fetch the histories that are unfolded; unfold the workspace's on the first look. */
function useHistories(): void {
  const { model, state } = usePanel();
  const { expanded, filter } = state;
  const workspace = model.workspace?.uid;
  React.useEffect(() => {
    if (workspace) {
      state.toggle(volumeKey(workspace), true);
    }
  }, [state, workspace]);
  React.useEffect(() => {
    for (const { uid } of model.volumes) {
      if (expanded.has(volumeKey(uid)) && !model.history(uid)) {
        void model.loadHistory(uid);
      }
    }
  }, [model, model.volumes, expanded]);
  const showsOrphans = expanded.has(sectionKey('orphans'));
  React.useEffect(() => {
    if (showsOrphans) {
      void model.loadOrphans();
    }
  }, [model, showsOrphans]);
  const isFiltered = filter !== '';
  React.useEffect(() => {
    if (isFiltered) {
      void model.loadAllHistories();
    }
  }, [model, isFiltered]);
}

/** A plain field: the application's own FilterBox has a button that no screen reader can name. */
function Filter(): React.ReactElement {
  const { format, state } = usePanel();
  const text = format.trans.__('Filter volumes, snapshots');
  return (
    <div className="nj-Filter">
      <input
        className="jp-mod-styled"
        type="search"
        value={state.filter}
        placeholder={text}
        aria-label={text}
        onChange={event => {
          state.filter = event.target.value;
        }}
        onKeyDown={event => {
          if (event.key === 'Escape') {
            state.filter = '';
          }
        }}
      />
    </div>
  );
}

function NoWorkspace(): React.ReactElement {
  const { trans } = usePanel().format;
  return (
    <div className="nj-Message nj-mod-info">
      <p>{trans.__('No volume was found that holds this workspace.')}</p>
      <p className="nj-hint">
        {trans.__(
          'The files of this server are not on a volume of this namespace, or its administrator has to name it in NetAppJLab.workspace_claim.'
        )}
      </p>
    </div>
  );
}
