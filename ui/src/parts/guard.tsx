/** A wall around a part of a page: what fails inside stops alone, and can be loaded again. */

import { Component, type JSX, type ReactNode } from "react";
import { say } from "../words/en";
import { Empty } from "./empty";
import { Button } from "./button";

interface GuardProps {
  readonly children: ReactNode;
  /** Another one begins anew. */
  readonly of?: string;
}

export class Guard extends Component<GuardProps, { error: Error | null; of: string | undefined }> {
  override state = { error: null as Error | null, of: this.props.of };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  static getDerivedStateFromProps(props: GuardProps, state: { of: string | undefined }): { error: null; of: string | undefined } | null {
    return props.of === state.of ? null : { error: null, of: props.of };
  }

  override render(): ReactNode {
    return this.state.error === null ? this.props.children : <Stopped error={this.state.error} onAgain={() => this.setState({ error: null })} />;
  }
}

function Stopped({ error, onAgain }: { error: Error; onAgain: () => void }): JSX.Element {
  return (
    <Empty title={say("wentWrong")} says={say("wentWrongSays")}>
      <pre className="soft">{error.message}</pre>
      <Button onClick={onAgain}>{say("again")}</Button>
    </Empty>
  );
}
