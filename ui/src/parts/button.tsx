/** Buttons: `main` is the one that a place is there for, `bare` has no border until the mouse is there. */

import type { ButtonHTMLAttributes, JSX, Ref } from "react";
import css from "./button.module.css";
import { names } from "./class-names";
import { Icon, type IconName } from "./icon";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: "plain" | "main" | "bare";
  readonly icon?: IconName;
  readonly ref?: Ref<HTMLButtonElement>;
}

export function Button({ look = "plain", icon, className, children, ...rest }: ButtonProps): JSX.Element {
  return (
    <button type="button" className={names(css["button"], css[look], className)} {...rest}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ButtonProps, "children" | "icon"> {
  readonly icon: IconName;
  /** What it is called: heard, and shown when the mouse rests. */
  readonly says: string;
}

export function IconButton({ icon, says, look = "bare", className, ...rest }: IconButtonProps): JSX.Element {
  return (
    <button type="button" className={names(css["button"], css[look], css["icon"], className)} aria-label={says} title={says} {...rest}>
      <Icon name={icon} />
    </button>
  );
}
