/** Yes or no, or for a box above others: some. */

import type { JSX } from "react";
import css from "./check.module.css";

interface CheckProps {
  readonly label: string;
  readonly hideLabel?: boolean;
  readonly checked: boolean | "some";
  readonly onCheck: (checked: boolean) => void;
  readonly disabled?: boolean;
  readonly tabIndex?: number;
}

export function Check({ label, hideLabel = false, checked, onCheck, disabled = false, tabIndex }: CheckProps): JSX.Element {
  return (
    <label className={css["check"]}>
      <input
        type="checkbox"
        ref={(box) => {
          if (box !== null) box.indeterminate = checked === "some";
        }}
        checked={checked === true}
        disabled={disabled}
        tabIndex={tabIndex}
        onChange={(event) => onCheck(event.target.checked)}
      />
      <span className={hideLabel ? "only-heard" : undefined}>{label}</span>
    </label>
  );
}
