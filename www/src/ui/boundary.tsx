import { Component, type ReactNode } from 'react';

interface Props {
  children: ReactNode;
  /** What is shown instead of a page that broke. */
  broken: (error: unknown) => ReactNode;
}

/** Keeps a fault of the page from leaving nothing at all of it. */
export class Boundary extends Component<Props, { fault: { cause: unknown } | null }> {
  override state = { fault: null as { cause: unknown } | null };

  static getDerivedStateFromError(cause: unknown) {
    return { fault: { cause } };
  }

  override render() {
    const { fault } = this.state;
    return fault ? this.props.broken(fault.cause) : this.props.children;
  }
}
