import type { LabIcon } from '@jupyterlab/ui-components';
import {
  Button,
  errorIcon,
  infoIcon,
  lockIcon,
  offlineBoltIcon,
  refreshIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';
import type { ApiError } from '../api/errors';
import { Reason } from '../api/errors';
import { API_VERSION } from '../api/types';
import { NowContext, usePanel } from './hooks';

/** Commands are the same in every language. */
const INSTALL =
  'pip install netapp-jlab\njupyter server extension enable netapp_jlab';

/** What is shown instead of the volumes. */
export function Face(props: {
  icon: LabIcon;
  title: string;
  children: React.ReactNode;
  action?: React.ReactNode;
}): React.ReactElement {
  const { icon } = props;
  return (
    <div className="nj-Face" role="status">
      <icon.react tag="div" className="nj-Face-icon" />
      <h2>{props.title}</h2>
      {props.children}
      {props.action}
    </div>
  );
}

/** Lines where the volumes will be. */
export function Skeleton(): React.ReactElement {
  const { trans } = usePanel().format;
  return (
    <div className="nj-Skeleton" role="status">
      <span className="nj-visually-hidden">
        {trans.__('Loading volumes and snapshots…')}
      </span>
      <div className="nj-mod-card" />
      <div />
      <div />
      <div />
    </div>
  );
}

/** Why nothing at all can be shown. */
export function ErrorFace(props: { error: ApiError }): React.ReactElement {
  const { error } = props;
  const { trans } = usePanel().format;
  const again = <TryAgain />;
  switch (error.reason) {
    case Reason.offline:
      return (
        <Face
          icon={offlineBoltIcon}
          title={trans.__('The Jupyter server does not answer')}
          action={again}
        >
          <p>{trans.__('It is tried again by itself.')}</p>
        </Face>
      );
    case Reason.missing:
      return (
        <Face
          icon={errorIcon}
          title={trans.__('The server extension is missing')}
          action={again}
        >
          <p>
            {trans.__(
              'This panel needs the Python package netapp-jlab, installed and enabled where the Jupyter server runs.'
            )}
          </p>
          <pre>{INSTALL}</pre>
          <p className="nj-hint">
            {trans.__('Then restart the server and reload this page.')}
          </p>
        </Face>
      );
    case Reason.version:
      return <VersionFace />;
    case 'NoCluster':
      return (
        <Face
          icon={infoIcon}
          title={trans.__('No Kubernetes here')}
          action={again}
        >
          <p>{error.message}</p>
          <p className="nj-hint">{error.hint}</p>
        </Face>
      );
    case 'Forbidden':
    case 'Unauthorized':
      return (
        <Face
          icon={lockIcon}
          title={trans.__('Not allowed to see volumes')}
          action={again}
        >
          <p>{error.message}</p>
          <p className="nj-hint">{error.hint}</p>
        </Face>
      );
    default:
      return (
        <Face
          icon={errorIcon}
          title={trans.__('Volumes can not be shown')}
          action={again}
        >
          <p>{error.message}</p>
          <p className="nj-hint">
            {error.hint || trans.__('It is tried again by itself.')}
          </p>
        </Face>
      );
  }
}

function VersionFace(): React.ReactElement {
  const { format, model } = usePanel();
  const { trans } = format;
  const server = model.status?.api_version ?? 0;
  return (
    <Face
      icon={errorIcon}
      title={trans.__('Panel and server do not fit together')}
      action={
        <Button className="nj-Button" onClick={() => window.location.reload()}>
          {trans.__('Reload this page')}
        </Button>
      }
    >
      <p>
        {trans.__(
          'The server speaks version %1 of the interface, this panel version %2.',
          server,
          API_VERSION
        )}
      </p>
      <p className="nj-hint">
        {server > API_VERSION
          ? trans.__(
              'Reload this page. If that does not help, the old panel is still installed: pip install --upgrade netapp-jlab.'
            )
          : trans.__(
              'Restart the Jupyter server; it still runs an old netapp-jlab.'
            )}
      </p>
    </Face>
  );
}

/** There are no volumes. */
export function EmptyFace(): React.ReactElement {
  const { format, model } = usePanel();
  const { trans } = format;
  return (
    <Face icon={infoIcon} title={trans.__('No volumes yet')}>
      <p>
        {trans.__(
          'The namespace %1 has no volume. The “+” above makes one.',
          model.status?.namespace ?? ''
        )}
      </p>
    </Face>
  );
}

function TryAgain(): React.ReactElement {
  const { format, model } = usePanel();
  return (
    <button
      type="button"
      className="nj-Button"
      onClick={() => void model.refresh()}
    >
      <refreshIcon.react tag="span" className="nj-Button-icon" />
      <span>{format.trans.__('Try again now')}</span>
    </button>
  );
}

/** What keeps a part from working, above the volumes. */
export function Banners(): React.ReactElement {
  const { format, model } = usePanel();
  const { trans } = format;
  const now = React.useContext(NowContext);
  const { error, staleSince, status } = model;
  return (
    <div className="nj-Banners" aria-live="polite">
      {staleSince ? (
        <Banner
          kind="warning"
          text={trans.__(
            'The Kubernetes API server is out of reach. This is how things were %1.',
            format.relative(staleSince.getTime(), now)
          )}
          hint={trans.__('It is tried again by itself.')}
        />
      ) : (
        error && (
          <Banner
            kind="warning"
            text={
              error.reason === Reason.offline
                ? trans.__('The Jupyter server does not answer.')
                : error.message
            }
            hint={error.hint || trans.__('It is tried again by itself.')}
          />
        )
      )}
      {status?.read_only && (
        <Banner
          kind="info"
          text={trans.__('Read-only: changes are switched off here.')}
          hint=""
        />
      )}
      {!error &&
        !staleSince &&
        status?.problems.map(({ reason, message, hint, severity }) => (
          <Banner key={reason} kind={severity} text={message} hint={hint} />
        ))}
    </div>
  );
}

function Banner(props: {
  kind: string;
  text: string;
  hint: string;
}): React.ReactElement {
  return (
    <div className={`nj-Message nj-mod-${props.kind}`}>
      <p>{props.text}</p>
      {props.hint && <p className="nj-hint">{props.hint}</p>}
    </div>
  );
}
