import { Component, type ComponentChildren } from "preact";

/** Shows an error of a view in its place: a file that it cannot show must not take the page with it. */
export class Boundary extends Component<{ children: ComponentChildren }, { error?: Error }> {
  override state: { error?: Error } = {};

  override componentDidCatch(error: Error): void {
    console.error(error);
    this.setState({ error });
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div class="empty">
        <h2>This view cannot show the run</h2>
        <p>{error.message}</p>
      </div>
    );
  }
}
