import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Permission } from '../api/types';
import { explain } from '../model/permissions';
import { useBusy, usePanel } from './hooks';

export interface IAction {
  label: string;
  icon?: LabIcon;

  /** Null: always possible. */
  permission: Permission | null;
  command: string;
  args: Record<string, string>;
}

export interface IActionButtonProps extends IAction {
  className?: string;

  /** Only the icon is shown. */
  iconOnly?: boolean;
  tabIndex?: number;

  /** Told why, when the button is pointed at but can't work; empty when that is over. */
  onReason?: (reason: string) => void;
}

/**
 * A button that executes a command. Where that can't work it stays reachable, and says why.
 */
export function ActionButton(props: IActionButtonProps): React.ReactElement {
  const { label, icon, permission, onReason } = props;
  const { app } = usePanel();
  const [isBusy, run] = useBusy();
  const id = React.useId();
  const reason = permission ? explain(permission) : '';
  const disabled = isBusy || reason !== '';
  const tell = (text: string) => () => onReason?.(text);
  return (
    <>
      <button
        type="button"
        className={`nj-Button ${props.className ?? ''}`}
        aria-disabled={disabled}
        aria-busy={isBusy}
        aria-label={props.iconOnly ? label : undefined}
        aria-describedby={reason ? id : undefined}
        title={reason || (props.iconOnly ? label : undefined)}
        tabIndex={props.tabIndex}
        onFocus={tell(reason)}
        onBlur={tell('')}
        onMouseEnter={tell(reason)}
        onMouseLeave={tell('')}
        onClick={event => {
          event.stopPropagation();
          if (!disabled) {
            run(() => app.commands.execute(props.command, props.args));
          }
        }}
      >
        {icon && <icon.react tag="span" className="nj-Button-icon" />}
        {!props.iconOnly && <span>{label}</span>}
      </button>
      {reason && (
        <span id={id} className="nj-visually-hidden">
          {reason}
        </span>
      )}
    </>
  );
}

/** Several actions, and below them why the one pointed at can't work. */
export function ActionBar(props: {
  label: string;
  actions: readonly IAction[];
  tabIndex?: number;
}): React.ReactElement {
  const [reason, setReason] = React.useState('');
  return (
    <div className="nj-ActionBar" role="group" aria-label={props.label}>
      {props.actions.map(action => (
        <ActionButton
          key={action.command}
          {...action}
          tabIndex={props.tabIndex}
          onReason={setReason}
        />
      ))}
      {reason && (
        <p className="nj-ActionBar-reason" aria-hidden="true">
          {reason}
        </p>
      )}
    </div>
  );
}
